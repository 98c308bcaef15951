"""Writes docs/tone-benchmark.md from the stored results."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "tone-benchmark.md"
Row = dict[str, Any]

TEXT = """\
# How right tone is

Written by `python -m benchmarks.tone.tone` from the stored results; do not edit.

Errors are in log2(G/R) unless said otherwise: 0.14 is 10 %.

## Targets

{targets}

What to know of them:

- *JPEG*: scenes are real JPEG files of quality 92 with one colour for 2 x 2 pixels (4:2:0), read as users'
  photos are. Their lamps are hardly wider than a pixel, the hardest case. It is compression that is wrong:
  the same scenes rounded to 8 bits along the curve and clipped at zero, but not compressed, are as right
  as raw light (0.008 at worst). Compression stores colour as waves over blocks, and the weak waves of a small
  lamp not at all; its colour is drawn towards grey, sodium's most. As colours are read now (next section but
  one), contrasts are right to what the table says. What is left goes into each photo's facts as
  `tone_systematic`, by the steps that its own file states, and from there into intervals.
- *JPEG residuals*: a ratio is never held surer than the `colour_codes` in the photo's facts, codes of Cb and
  Cr, which compression shares among 8 x 8 or 16 x 16 pixels. They are chosen for lamps that are alike within
  such a block. Where sodium and white lamps stand side by side, a cell of a 4:2:0 file shows the tone of the
  block rather than its own, and its tone alone is up to 2.3 times as wrong as stated. Sums over countries
  suffer little (contrasts, next section but one). With lamps alike the spread is 0.87 to 1.09 in means of
  twelve scenes, a little too modest in B/G; single scenes vary by a tenth.
- *5 % of lamps saturated, JPEG*: just met. What is left is the same loss of colour, as large without
  saturated lamps.
- *Time*: anchored raw has 20 bands to write, of which 15 are ratios and lamps: half of its time goes into
  their overviews and packing. One pass over the light, chunks at work while others are written, and ZSTD take
  three fifths of the time of the step before: 16 and 25 s against 28 and 40 s, one after the other on this
  machine, which is about half as fast as the one before it and varies by a fifth.
- *Clear mercury* is the worst anchor, too green by 11 %. Its light is a few narrow lines, and where one
  falls on the flank of a channel a camera's wavelengths count: 1 nm moves it by 0.1, other lamps by 0.01
  (last table). No way from spectra to ratios that was tried gives the published places of all lamps back
  within 0.02. The published clear mercury wants a camera that sees about 1.2 nm shorter, in which another
  lamp is off by 0.027. How it was computed is not known.

## Countries with a planted tone

Towns in four countries with log2(G/R) of {tones}; bias of each, of cells at a signal-to-noise of 10 and more.

{planted}

## By how a JPEG was written

Twelve scenes a row, at both exposures. Errors are those of the contrast between any two countries: the worst,
and the root mean square, which is what `tone_systematic` states. Lamps of a country are alike, or differ by
0.4 in log2(G/R) and in log2(B/G) (1 sigma).

{coded}

## Ways to give small lamps their colour back

The worst contrast of two scenes as above, at exposure 1, with 4:2:0.

| way | quality 92 | 80 |
| --- | --- | --- |
| as decoded, colour shared by brightness | 0.100 | 0.212 |
| compressed once more with the same steps, blocks moved by 5 pixels, extrapolated back | 0.064 | 0.148 |
| the same with steps half as coarse again | 0.059 | 0.113 |
| the same, blocks not moved | 0.101 | 0.244 |
| only the fifth of the cells whose light is widest | 0.081 | 0.190 |
| sums over whole hills of light, 8 pixels wider | 0.119 | 0.228 |
| sums over whole hills of light, 16 pixels wider | 0.176 | 0.272 |
| weak waves follow brightness within their block | 0.022 | 0.042 |

The last is what is done. To compress again takes away less than the first time did, and the more so the fewer
blocks move. Wide light is paled less, but a small lamp beside it still is. The sum of a hill keeps its
colour in codes, not in light, since light is not proportional to codes. The way taken knows what the others
do not: each stored number tells between which two bounds the wave was, and brightness, stored four times as
densely, where between them. Repeated until the bounds are met best, with the blocks around or with means of
blocks taken in, it is no better (0.01 more or less).

In other scenes it left white lamps 0.02 to 0.03 too red, since the colour of the dark ground was multiplied
where a lamp shone. Colour and brightness are now taken above the ground, as in the section before this one.

## With 5 % of the lamps saturated

{saturated}

## Rendered scenes of another generator

Photos of Black Marble light, one tone a country, read and measured through their true camera.

{shared}

## Speed

{speed}

## A DNG read back

Lamps of the simulator through 20 mosaics, each drawn anew: error of ratios of sums over a town, and the
standard error of that, by how the mosaics differ.

{dng}

## Lamps as a D3S sees them

G/R and B/G in AB, through the response of a Nikon 5100 turned to the D3S.

{anchors}

By which way the published places could have been found (clear mercury there: G/R 1.43):

{routes}
"""


def write_page(results: Row) -> None:
    """The whole page."""
    planted, saturated, shared = results["planted"], results["saturated"], results["shared"]
    text = TEXT.format(
        targets=_targets(results),
        tones=", ".join(f"{tone:g}" for tone in results["tones"]),
        planted=_table(
            ["level", "exposure", "seed", "lit", "bias by country", "residuals G/R", "B/G"],
            (
                [
                    *(
                        row["evidence"],
                        f"{row['exposure']:g}",
                        row["seed"],
                        f"{100 * row['lit_share']:.1f} %",
                    ),
                    *(_signed(row["bias"]), f"{row['spread_g_r']:.2f}", f"{row['spread_b_g']:.2f}"),
                ]
                for row in planted
            ),
        ),
        saturated=_table(
            ["level", "saturated lamps", "mask", "bias by country"],
            (
                [
                    *(row["evidence"], f"{100 * row['saturated_lamps']:.1f} %"),
                    *("yes" if row["masked"] else "left out", _signed(row["bias"])),
                ]
                for row in saturated
            ),
        ),
        shared=_table(
            ["scene", "pair", "planted", "measured", "error"],
            (
                [
                    *(row["scene"], row["pair"], f"{row['planted']:+.3f}", f"{row['measured']:+.3f}"),
                    f"{row['measured'] - row['planted']:+.3f}",
                ]
                for row in shared
            ),
        ),
        speed=_table(
            ["level", "cells", "seconds", "of processor", "peak MB", "cores", "load of the machine"],
            (
                [
                    *(row["evidence"], "25 million", row["seconds"], row["cpu_seconds"]),
                    *(row["peak_mb"], row["cores"], row["load"]),
                ]
                for row in results["speed"]
            ),
        ),
        coded=_table(
            [
                *("quality", "one colour for", "lamps", "worst contrast", "root mean square"),
                *("residuals G/R", "B/G"),
            ],
            (
                [
                    *(row["quality"], "2 x 2 pixels" if row["subsampling"] else "each pixel", lamps),
                    *(
                        f"{row[lamps][key]:.{digits}f}"
                        for key, digits in (("worst", 3), ("rms", 3), ("spread_g_r", 2), ("spread_b_g", 2))
                    ),
                ]
                for row in results["coded"]
                for lamps in ("alike", "unlike")
            ),
        ),
        dng=_table(
            ["lamp", "G/R", "+-", "B/G", "+-"],
            (
                [
                    row["lamp"],
                    *(
                        _percent(row[f"{name}_{what}"], what == "error")
                        for name in ("g_r", "b_g")
                        for what in ("error", "sigma")
                    ),
                ]
                for row in results["dng"]
            ),
        ),
        routes=_table(
            ["way", "worst lamp but mercury", "clear mercury, G/R"],
            ([row["way"], f"{row['worst']:.3f}", f"{row['clear_mercury']:.2f}"] for row in results["routes"]),
        ),
        anchors=_table(
            ["lamp", "published", "here"],
            (
                [row["lamp"], *(", ".join(f"{v:.2f}" for v in row[key]) for key in ("published", "here"))]
                for row in results["anchors"]
            ),
        ),
    )
    PAGE.write_text(text, encoding="utf-8")


def _targets(results: Row) -> str:
    """Each target with what was measured."""
    rows = []
    for level in ("raw", "jpeg"):
        own = [row for row in results["planted"] if row["evidence"] == level]
        bias = _worst(v for row in own for v in row["bias"])
        rows.append([f"bias of a country, {level}", "< 0.02", f"{bias:.3f}", bias < 0.02])
        low, high = (f(row[f"spread_{key}"] for row in own for key in ("g_r", "b_g")) for f in (min, max))
        rows.append(
            [
                f"spread of residuals, {level}",
                "0.9 to 1.1",
                f"{low:.2f} to {high:.2f}",
                0.9 <= low <= high <= 1.1,
            ]
        )
        own = [row for row in results["saturated"] if row["evidence"] == level]
        masked, bare = (
            _worst(v for row in own if row["masked"] is m for v in row["bias"]) for m in (True, False)
        )
        rows.append([f"bias, 5 % of lamps saturated, {level}", "< 0.05", f"{masked:.3f}", masked < 0.05])
        rows.append([f"the same without the mask, {level}", "> 0.05", f"{bare:.3f}", bare > 0.05])
    for quality, limit in ((92, 0.04), (80, 0.08)):
        own = [row for row in results["coded"] if row["quality"] == quality]
        error = max(row[lamps]["worst"] for row in own for lamps in ("alike", "unlike"))
        rows.append([f"contrast, jpeg of quality {quality}", f"< {limit}", f"{error:.3f}", error < limit])
    error = _worst(row["measured"] - row["planted"] for row in results["shared"])
    rows.append(["contrast of countries, rendered scenes", "<= 0.03", f"{error:.3f}", error <= 0.03])
    for row in results["speed"]:
        name = f"25 million cells, {row['evidence']}"
        rows.append([f"{name}: time", "<= 20 s", f"{row['seconds']} s", row["seconds"] <= 20])
        rows.append(
            [f"{name}: memory", "<= 1.5 GB", f"{row['peak_mb'] / 1e3:.2f} GB", row["peak_mb"] <= 1500]
        )
    for key, name in (("g_r_error", "G/R"), ("b_g_error", "B/G")):
        error = _worst(row[key] for row in results["dng"] if row[key] is not None)
        rows.append([f"DNG read back, {name}", "<= 1 %", f"{100 * error:.2f} %", error <= 0.01])
    for title, mercury in (("lamps but mercury", False), ("mercury", True)):
        own = [row for row in results["anchors"] if ("Mercury" in row["lamp"]) is mercury]
        error = _worst(a - b for row in own for a, b in zip(row["here"], row["published"], strict=True))
        rows.append([f"anchors, {title}", "<= 0.02", f"{error:.3f}", error <= 0.02])
    return _table(
        ["target", "asked", "measured", ""], ([*row[:3], "met" if row[3] else "**missed**"] for row in rows)
    )


def _worst(values: Iterable[float]) -> float:
    return max(abs(value) for value in values)


def _signed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:+.3f}" for value in values)


def _percent(value: float | None, signed: bool) -> str:
    return "-" if value is None else f"{100 * value:{'+' if signed else ''}.2f} %"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
