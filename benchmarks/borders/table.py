"""Writes docs/borders-benchmark.md from page.md and the stored results.

python -m benchmarks.borders.table
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.borders import change, contrast, motorways
from benchmarks.borders.formats import HELD, chance_share, markdown, word
from benchmarks.borders.towns_table import rendered_table, towns_table, towns_targets
from tests.scenes.border_towns import CONFIG

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "borders-benchmark.md"
FALSE_ALARMS = (0.03, 0.07)
MEDIAN_M, FEW, SCENES = 150, 20, 200
CALLED, CALLED_BESIDE_ANOTHER, MOST_WRONG = 0.8, 0.95, 0.005
MAX_SECONDS, MAX_GB = 60, 2
TREND = "a trend of 0.3 between the pictures"

Row = dict[str, Any]


def page(
    lights: Row, roads: Row, dates: Row, frame: Row, towns: Row, rendered: list[Row], pooling: Row
) -> str:
    """The whole page from contrast.json, motorways.json, change.json, timing.json, towns.json,
    rendered.json and pooling.json."""
    ends = {name: row for name, row in roads.items() if name.startswith("end")}
    sides = {name: row for name, row in roads.items() if " both " in name}
    borders = {name: row for name, row in roads.items() if name.startswith("border")}
    trended = dates["coverage"][TREND]
    setting = change.SETTINGS[TREND]
    middle = CONFIG.contrast_km / 2 / setting.towns.width_km  # of a side, as a part of the frame
    text = (HERE / "page.md").read_text(encoding="utf-8")
    return text.format(
        targets=_targets(towns_targets(towns, rendered, pooling), lights, ends, sides, dates),
        towns=towns_table(towns),
        rendered=rendered_table(rendered),
        pooling=_pooling(pooling),
        coverage=_coverage(lights["coverage"]),
        placebo=_placebo(lights["placebo"]),
        segments=_segments(lights["segments"]),
        short=_short(lights["segments"]),
        unfinished=_unfinished(roads),
        ends=_ends(ends),
        sides=_sides(sides),
        borders=_borders(borders),
        change=_change(dates["coverage"]),
        frame=_frame(frame),
        contrast_km=CONFIG.contrast_km,
        trend=setting.trend,
        share=f"{setting.trend * middle:+.3f}",
        found=f"{trended['first_bias']:+.3f} and {trended['second_bias']:+.3f}",
    )


def _targets(
    of_towns: list[tuple[str, str, str, str]], lights: Row, ends: Row, sides: Row, dates: Row
) -> str:
    """One line for each thing asked: of how many settings it holds."""
    contrasts = [(row["coverage"], row["given"]) for row in lights["coverage"].values()]
    placebos = [(row["at_5_percent"], row["given"]) for row in lights["placebo"].values()]
    placed = [row for row in ends.values() if row.get("ends_given", 0) >= FEW]
    fine = [row for row in placed if row["resolution_m"] == 20]
    held = [(row["covered"], row["ends_given"]) for row in placed]
    near = sum(row["median_error_m"] <= MEDIAN_M for row in fine)
    changed = [(row["border_coverage"], row["given"]) for row in dates["coverage"].values()]
    kept = [(row["first_coverage"], row["given"]) for row in dates["coverage"].values()]
    gained = [(row["second_coverage"], row["given"]) for row in dates["coverage"].values()]
    lines = [
        *of_towns,
        ("all light's contrast held by its interval", "93 to 97 %", *_of(contrasts, HELD)),
        ("false alarms of placebos at 5 %", "3 to 7 %", *_of(placebos, FALSE_ALARMS)),
        ("planted end of light held by its interval", "93 to 97 %", *_of(held, HELD)),
        (
            "its median error, pixels of 20 m",
            f"<= {MEDIAN_M} m",
            f"{near} of {len(fine)} settings",
            "met" if near == len(fine) else "missed in some",
        ),
        *_called({name: row for name, row in sides.items() if not row["other_lit"]}, "", CALLED),
        *_called(
            {name: row for name, row in sides.items() if row["other_lit"]},
            ", with another lit motorway",
            CALLED_BESIDE_ANOTHER,
        ),
        ("change across the border held", "93 to 97 %", *_of(changed, HELD)),
        ("change held on the side that has it", "93 to 97 %", *_of(gained, HELD)),
        ("no change held on the side without", "93 to 97 %", *_of(kept, HELD)),
    ]
    return markdown(("quantity", "asked", "measured", ""), lines)


def _of(shares: Sequence[tuple[float, int]], band: tuple[float, float]) -> tuple[str, str]:
    """How many settings are in a band, and whether the others may be so by chance."""
    words = [word(share, n, band) for share, n in shares]
    worst = next((word for word in ("missed", "unclear") if word in words), "met")
    percent = sorted(100 * share for share, _ in shares)
    text = f"{words.count('met')} of {len(words)} settings; {percent[0]:.1f} to {percent[-1]:.1f} %"
    return text, worst if worst == "met" else f"{worst} in {words.count(worst)}"


def _coverage(rows: Row) -> str:
    return markdown(
        (
            "setting",
            "scenes",
            "given",
            "held",
            "",
            "mean error",
            "half width",
            "called greener",
            "plain is off",
        ),
        [
            (
                name,
                str(row["scenes"]),
                str(row["given"]),
                chance_share(row["coverage"], row["given"]),
                word(row["coverage"], row["given"], HELD),
                f"{row['bias']:+.3f} +-{row['bias_sigma']:.3f}",
                f"{row['half_width_median']:.2f}",
                f"{100 * row['called_greener']:.0f} %",
                f"{row['plain_bias']:+.3f}",
            )
            for name, row in rows.items()
        ],
    )


def _placebo(rows: Row) -> str:
    return markdown(
        ("setting", "scenes", "p given", "p <= 5 %", "", "p <= 20 %"),
        [
            (
                name,
                str(row["scenes"]),
                str(row["given"]),
                chance_share(row["at_5_percent"], row["given"]),
                word(row["at_5_percent"], row["given"], FALSE_ALARMS),
                f"{100 * row['at_20_percent']:.0f} %",
            )
            for name, row in rows.items()
        ],
    )


def _segments(rows: Row) -> str:
    return markdown(
        ("setting", "scenes", "segments", "too dark", "held", "half width"),
        [
            (
                name,
                str(row["scenes"]),
                str(row["given"]),
                str(row["too_dark"]),
                f"{100 * row['coverage']:.1f} %",
                f"{row['half_width_median']:.2f}",
            )
            for name, row in rows.items()
        ],
    )


def _short(rows: Row) -> str:
    """Which settings of segments are still to be run, wholly or with more scenes."""
    missing = [name for name in contrast.SEGMENT_SETTINGS if name not in rows]
    few = [name for name, row in rows.items() if row["scenes"] < SCENES]
    told = [f"Still to be run: *{name}*.\n" for name in missing]
    told += [f"Fewer than {SCENES} scenes: *{', '.join(few)}*.\n"] if few else []
    return "".join(told) + "\n" * bool(told)


def _unfinished(rows: Row) -> str:
    """What of the motorways is still to be run, in a sentence."""
    few = [name for name, row in rows.items() if row["seeds"] < SCENES]
    missing = [name for name in motorways.SETTINGS if name not in rows]
    if not few and not missing:
        return ""
    return (
        f"Of {len(motorways.SETTINGS)} settings {len(missing)} are still to be run; {len(few)} have fewer "
        f"than {SCENES} scenes.\n"
    )


def _ends(rows: Row) -> str:
    lines = []
    for name, row in rows.items():
        n, verdicts = row.get("ends_given", 0), row["verdicts"]
        false = sum(verdicts.get(f"{kind} on both sides", 0) for kind in ("lit", "dark"))
        told = (str(row["seeds"]), str(n), str(row["seeds"] - n - false), str(false))
        if n < FEW:
            lines.append((_setting(name), *told, *["-"] * 5))
            continue
        lines.append(
            (
                _setting(name),
                *told,
                chance_share(row["covered"], n),
                word(row["covered"], n, HELD),
                str(row["median_error_m"]),
                str(row["p90_error_m"]),
                str(row["median_width_m"]),
            )
        )
    head = ("planted", "scenes", "ends given", "left open", "called dark or lit on both sides")
    return markdown((*head, "held", "", "error: median, m", "90 %, m", "interval, m"), lines)


def _sides(rows: Row) -> str:
    return markdown(
        ("planted", "scenes", "called so", "left open", "wrong"),
        [
            (
                _setting(name),
                str(row["seeds"]),
                str(_right(row)),
                str(_open(row)),
                str(row["seeds"] - _right(row) - _open(row)),
            )
            for name, row in rows.items()
        ],
    )


def _borders(rows: Row) -> str:
    kinds = ("ends at the national border", "ends at the regional border", "ends elsewhere", "undecidable")
    lines = []
    for row in rows.values():
        found = [row["verdicts"].get(kind, 0) for kind in kinds]
        place = "regional border, 500 m off" if row["end_m"] else "national border"
        sigma = f"{row['position_sigma_m']:.0f} m"
        lines.append((place, sigma, *map(str, (row["seeds"], *found, row["seeds"] - sum(found)))))
    head = ("light ends at", "position, 1 sigma", "scenes", "national", "regional", "elsewhere", "left open")
    return markdown((*head, "other"), lines)


def _called(rows: Row, which: str, least: float) -> Iterator[tuple[str, str, str, str]]:
    """Of all scenes lit or dark on both sides together: how many are called so, and how many otherwise."""
    scenes, called = sum(row["seeds"] for row in rows.values()), sum(map(_right, rows.values()))
    if not scenes:
        return
    wrong = scenes - called - sum(map(_open, rows.values()))
    told = f"{100 * called / scenes:.0f} % of {scenes} scenes"
    yield (
        f"lit or dark on both sides, called so{which}",
        f">= {100 * least:.0f} %",
        told,
        "met" if called >= least * scenes else "missed",
    )
    share = f"{wrong} of {scenes} scenes"
    met = "met" if wrong <= MOST_WRONG * scenes else "missed"
    yield (f"and otherwise{which}", f"<= {100 * MOST_WRONG:.1f} %", share, met)


def _right(row: Row) -> int:
    """Scenes lit or dark on both sides that are called so."""
    return int(row["verdicts"].get(f"{'lit' if row['lit'][0] else 'dark'} on both sides", 0))


def _open(row: Row) -> int:
    """Those of which both sides are not told; of a dark road it would be wrong to call one side lit."""
    kinds = ("undecidable", "lit up to the border") if row["lit"][0] else ("undecidable",)
    return sum(row["verdicts"].get(kind, 0) for kind in kinds)


def _setting(name: str) -> str:
    """A name of a setting in words."""
    words = {
        "snr": "signal to noise ",
        "towns": "towns per km2 ",
        "position": "position 1 sigma, m ",
        "line": "line's error, m ",
        "photos": "photos of the road ",
    }
    parts = []
    for part in name.split():
        key = next((key for key in words if part.startswith(key) and part != key), None)
        parts.append(words[key] + part.removeprefix(key) if key else part.replace("cells50", "cells of 50 m"))
    head = [part for part in parts if part in ("end", "lit", "dark", "both")]
    return f"{' '.join(head)}: {', '.join(part for part in parts if part not in head)}"


def _change(rows: Row) -> str:
    lines = []
    for name, row in rows.items():
        line = [name, str(row["scenes"])]
        for side in ("first", "second", "border"):
            line.append(chance_share(row[f"{side}_coverage"], row["given"]))
            line.append(word(row[f"{side}_coverage"], row["given"], HELD))
        line += [f"{row['border_bias']:+.3f}", f"{100 * row['border_called']:.0f} %"]
        lines.append([*line, f"{row['border_half_width']:.2f}"])
    head = ("setting", "scenes", "first side held", "", "second side held", "", "difference held", "")
    return markdown((*head, "its mean error", "difference called", "half width"), lines)


def _pooling(found: Row) -> str:
    if not found:
        return "Not measured."
    return (
        f"{found['photos']} photos that show {found['towns']:.0f} towns near one border: "
        f"{found['seconds']:.0f} s on the clock, {found['processor_seconds']:.0f} s of processor, "
        f"{found['memory_gb']:.1f} GB."
    )


def _frame(found: Row) -> str:
    if not found:
        return "Not measured."
    lines = []
    for photos in ("one photo", "two photos"):
        row = found[photos]
        seconds, own = f"{row['seconds']:.0f} s", f"{row['processor_seconds']:.0f} s"
        met = row["processor_seconds"] <= MAX_SECONDS and row["peak_gb"] <= MAX_GB
        memory = f"{row['peak_gb']:.1f} GB"
        # Asked was one photo; the second adds its own tables and those of the change.
        word = ("met" if met else "missed") if photos == "one photo" else ""
        lines.append((photos, seconds, own, memory, word))
    head = ("tables of", "time", f"processor (asked: {MAX_SECONDS} s)", f"memory (asked: {MAX_GB} GB)", "")
    return (
        f"{found['cells'] / 1e6:.0f} million cells, {100 * found['lit_share']:.0f} % of them lit, in which "
        f"four countries meet.\n\n{markdown(head, lines)}"
    )


def stored(name: str) -> Row:
    """A stored result, empty where there is none yet."""
    file = HERE / f"{name}.json"
    return json.loads(file.read_text()) if file.is_file() else {}


def main() -> None:
    names = ("contrast", "motorways", "change", "timing", "towns", "rendered", "pooling")
    PAGE.write_text(page(*(stored(name) for name in names)), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
