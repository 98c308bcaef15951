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

- *JPEG bias in dim scenes*: the same scenes as raw light do not show it, so it comes with the coding: 8 bits
  along a curve and compression. Which of them does it was not found out.
- *JPEG residuals*: a ratio is never held surer than one code of 8 bits, because files share one chroma value
  among 16 x 16 pixels; those of this benchmark do not.
- *DNG, B/G*: the worst is high-pressure sodium, whose blue is so faint that the noise put into the mosaic
  gives its sum an error of about 1.4 % (1 sigma).
- *Clear mercury* is the worst anchor, too green by 11 %: its light is a few narrow lines.

## Countries with a planted tone

Towns in four countries with log2(G/R) of {tones}; bias of each, of cells at a signal-to-noise of 10 and more.

{planted}

## With 5 % of the lamps saturated

{saturated}

## Rendered scenes of another generator

Photos of Black Marble light, one tone a country, read and measured through their true camera.

{shared}

## Speed

{speed}

## A DNG read back

Lamps of the simulator through a mosaic: error of ratios of sums over a town.

{dng}

## Lamps as a D3S sees them

G/R and B/G in AB, through the response of a Nikon 5100 turned to the D3S.

{anchors}
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
        dng=_table(
            ["lamp", "G/R", "B/G"],
            ([row["lamp"], _percent(row["g_r_error"]), _percent(row["b_g_error"])] for row in results["dng"]),
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
        low, high = (f(row["spread_g_r"] for row in own) for f in (min, max))
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
        rows.append([f"DNG read back, {name}", "<= 1 %", f"{100 * error:.1f} %", error <= 0.01])
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


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:+.1f} %"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
