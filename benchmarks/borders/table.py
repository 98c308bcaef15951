"""Writes docs/borders-benchmark.md from page.md and the stored results.

python -m benchmarks.borders.table
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from scipy.stats import beta

from benchmarks.borders import change, contrast, motorways

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "borders-benchmark.md"
HELD, FALSE_ALARMS = (0.93, 0.97), (0.03, 0.07)
MEDIAN_M, FEW, SCENES = 150, 20, 200
MAX_SECONDS, MAX_GB = 60, 2
TREND = "a trend of 0.3 between the pictures"

Row = dict[str, Any]


def page(towns: Row, roads: Row, dates: Row, frame: Row) -> str:
    """The whole page from contrast.json, motorways.json, change.json and timing.json."""
    ends = {name: row for name, row in roads.items() if name.startswith("end")}
    sides = {name: row for name, row in roads.items() if " both " in name}
    borders = {name: row for name, row in roads.items() if name.startswith("border")}
    trended = dates["coverage"][TREND]
    setting = change.SETTINGS[TREND]
    middle = contrast.CONFIG.contrast_km / 2 / setting.towns.width_km  # of a side, as a part of the frame
    text = (HERE / "page.md").read_text(encoding="utf-8")
    return text.format(
        targets=_targets(towns, ends, sides, dates),
        coverage=_coverage(towns["coverage"]),
        placebo=_placebo(towns["placebo"]),
        segments=_segments(towns["segments"]),
        short=_short(towns["segments"]),
        unfinished=_unfinished(roads),
        ends=_ends(ends),
        sides=_sides(sides),
        borders=_borders(borders),
        change=_change(dates["coverage"]),
        frame=_frame(frame),
        contrast_km=contrast.CONFIG.contrast_km,
        trend=setting.trend,
        share=f"{setting.trend * middle:+.3f}",
        found=f"{trended['first_bias']:+.3f} and {trended['second_bias']:+.3f}",
    )


def _targets(towns: Row, ends: Row, sides: Row, dates: Row) -> str:
    """One line for each thing asked: of how many settings it holds."""
    contrasts = [(row["coverage"], row["given"]) for row in towns["coverage"].values()]
    placebos = [(row["at_5_percent"], row["given"]) for row in towns["placebo"].values()]
    placed = [row for row in ends.values() if row.get("ends_given", 0) >= FEW]
    fine = [row for row in placed if row["resolution_m"] == 20]
    held = [(row["covered"], row["ends_given"]) for row in placed]
    near = sum(row["median_error_m"] <= MEDIAN_M for row in fine)
    false = sum(sum(row["verdicts"].values()) - _right(row) - _open(row) for row in sides.values())
    called, told = sum(map(_right, sides.values())), sum(row["seeds"] for row in sides.values())
    changed = [(row["border_coverage"], row["given"]) for row in dates["coverage"].values()]
    kept = [(row["first_coverage"], row["given"]) for row in dates["coverage"].values()]
    gained = [(row["second_coverage"], row["given"]) for row in dates["coverage"].values()]
    lines = [
        ("planted contrast held by its interval", "93 to 97 %", *_of(contrasts, HELD)),
        ("false alarms of placebos at 5 %", "3 to 7 %", *_of(placebos, FALSE_ALARMS)),
        ("planted end of light held by its interval", "93 to 97 %", *_of(held, HELD)),
        (
            "its median error, pixels of 20 m",
            f"<= {MEDIAN_M} m",
            f"{near} of {len(fine)} settings",
            "met" if near == len(fine) else "missed in some",
        ),
        (
            "lit or dark on both sides, called so",
            "called so",
            f"{called} of {told} scenes, {told - called - false} left open, {false} wrong",
            "met" if called == told else "missed in some",
        ),
        ("change across the border held", "93 to 97 %", *_of(changed, HELD)),
        ("change held on the side that has it", "93 to 97 %", *_of(gained, HELD)),
        ("no change held on the side without", "93 to 97 %", *_of(kept, HELD)),
    ]
    return _table(("quantity", "asked", "measured", ""), lines)


def _of(shares: Sequence[tuple[float, int]], band: tuple[float, float]) -> tuple[str, str]:
    """How many settings are in a band, and whether the others may be so by chance."""
    words = [_word(share, n, band) for share, n in shares]
    worst = next((word for word in ("missed", "unclear") if word in words), "met")
    percent = sorted(100 * share for share, _ in shares)
    text = f"{words.count('met')} of {len(words)} settings; {percent[0]:.1f} to {percent[-1]:.1f} %"
    return text, worst if worst == "met" else f"{worst} in {words.count(worst)}"


def _word(share: float, n: int, band: tuple[float, float]) -> str:
    """met: in the band; unclear: a share in the band may look so in n scenes; missed: it may not."""
    if band[0] <= round(share, 4) <= band[1]:
        return "met"
    low, high = _chance(share, n)
    return "missed" if high < band[0] or low > band[1] else "unclear"


def _chance(share: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share found in n scenes (Clopper and Pearson)."""
    k = round(share * n)
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return low, high


def _share(share: float, n: int) -> str:
    low, high = _chance(share, n)
    return f"{100 * share:.1f} % ({100 * low:.0f} to {100 * high:.0f})"


def _coverage(rows: Row) -> str:
    return _table(
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
                _share(row["coverage"], row["given"]),
                _word(row["coverage"], row["given"], HELD),
                f"{row['bias']:+.3f} +-{row['bias_sigma']:.3f}",
                f"{row['half_width_median']:.2f}",
                f"{100 * row['called_greener']:.0f} %",
                f"{row['plain_bias']:+.3f}",
            )
            for name, row in rows.items()
        ],
    )


def _placebo(rows: Row) -> str:
    return _table(
        ("setting", "scenes", "p given", "p <= 5 %", "", "p <= 20 %"),
        [
            (
                name,
                str(row["scenes"]),
                str(row["given"]),
                _share(row["at_5_percent"], row["given"]),
                _word(row["at_5_percent"], row["given"], FALSE_ALARMS),
                f"{100 * row['at_20_percent']:.0f} %",
            )
            for name, row in rows.items()
        ],
    )


def _segments(rows: Row) -> str:
    return _table(
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
        f"than {SCENES} scenes, measured before the tails of the noise counted in short stretches of road.\n"
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
                _share(row["covered"], n),
                _word(row["covered"], n, HELD),
                str(row["median_error_m"]),
                str(row["p90_error_m"]),
                str(row["median_width_m"]),
            )
        )
    head = ("planted", "scenes", "ends given", "left open", "called dark or lit on both sides")
    return _table((*head, "held", "", "error: median, m", "90 %, m", "interval, m"), lines)


def _sides(rows: Row) -> str:
    return _table(
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
    return _table((*head, "other"), lines)


def _right(row: Row) -> int:
    """Scenes lit or dark on both sides that are called so."""
    return int(row["verdicts"].get(f"{'lit' if row['lit'][0] else 'dark'} on both sides", 0))


def _open(row: Row) -> int:
    return int(row["verdicts"].get("undecidable", 0))


def _setting(name: str) -> str:
    """A name of a setting in words."""
    words = {
        "snr": "signal to noise ",
        "towns": "towns per km2 ",
        "position": "position 1 sigma, m ",
        "line": "line's error, m ",
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
            line.append(_share(row[f"{side}_coverage"], row["given"]))
            line.append(_word(row[f"{side}_coverage"], row["given"], HELD))
        line += [f"{row['border_bias']:+.3f}", f"{100 * row['border_called']:.0f} %"]
        lines.append([*line, f"{row['border_half_width']:.2f}"])
    head = ("setting", "scenes", "first side held", "", "second side held", "", "difference held", "")
    return _table((*head, "its mean error", "difference called", "half width"), lines)


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
        f"four countries meet.\n\n{_table(head, lines)}"
    )


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rule = ["---"] * len(head)
    text = "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))
    return text.replace("+-", "±").replace("<=", "≤")


def stored(name: str) -> Row:
    """A stored result, empty where there is none yet."""
    file = HERE / f"{name}.json"
    return json.loads(file.read_text()) if file.is_file() else {}


def main() -> None:
    names = ("contrast", "motorways", "change", "timing")
    PAGE.write_text(page(*(stored(name) for name in names)), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
