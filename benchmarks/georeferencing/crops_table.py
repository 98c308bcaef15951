"""The tables of crops for docs/georeferencing-benchmark.md."""

from collections.abc import Sequence
from statistics import median

from benchmarks.georeferencing.runner import Row

MAX_OFF = 3.0
SHARES = ((0.0, 0.06), (0.06, 0.2), (0.2, 0.6))


def crops_tables(rows: Sequence[Row]) -> str:
    """By what is told of a crop, how much is cut off, and by lens; and each that is off by too much."""
    cut = [row for row in rows if row["share"]]
    groups: list[tuple[str, list[Row]]] = [("whole frames", [row for row in rows if not row["share"]])]
    groups += [
        (f"crops, told {told}", [row for row in cut if row["told"] == told]) for told in _values(cut, "told")
    ]
    groups += [
        (f"{100 * low:.0f} to {100 * high:.0f} % cut off", _between(cut, low, high)) for low, high in SHARES
    ]
    groups += [
        (f"cut at {edge}", [row for row in cut if row["edge"] == edge]) for edge in _values(cut, "edge")
    ]
    groups += [
        (f"{mm:g} mm, crops", [row for row in cut if row["focal_length_mm"] == mm])
        for mm in sorted(_values(cut, "focal_length_mm"))
    ]
    head = "| frames | n | seen as crops | accepted | px: median | worst | off: median | worst | over 3 |"
    lines = [
        head,
        "|---|---|---|---|---|---|---|---|---|",
        *(_line(name, part) for name, part in groups if part),
    ]
    wrong = [
        f"{row['name']}: {row['rmse_px']:.1f} px, {_off(row):.1f} sigma" for row in rows if _is_wrong(row)
    ]
    return "\n".join(lines) + "\n\nOff by more than 3 sigma: " + ("; ".join(wrong) or "none") + "."


def _line(name: str, rows: Sequence[Row]) -> str:
    accepted = [row for row in rows if row["accepted"]]
    seen = sum(row["held_for_a_crop"] or row["as_a_crop"] for row in rows)
    px, off = ([float(each(row)) for row in accepted] for each in (lambda row: row["rmse_px"], _off))
    figures = (f"{f(values):.{digits}f}" for values, digits in ((px, 2), (off, 1)) for f in (median, max))
    shown = " | ".join(figures) if accepted else "- | - | - | -"
    return f"| {name} | {len(rows)} | {seen} | {len(accepted)} | {shown} | {sum(map(_is_wrong, rows))} |"


def _values(rows: Sequence[Row], key: str) -> list[object]:
    return list(dict.fromkeys(row[key] for row in rows))


def _between(rows: Sequence[Row], low: float, high: float) -> list[Row]:
    return [row for row in rows if low <= row["share"] < high]


def _off(row: Row) -> float:
    """Error over stated sigma, root mean square; infinite where the camera sees no ground."""
    return float("inf") if row["mean_square"] is None else float(row["mean_square"]) ** 0.5


def _is_wrong(row: Row) -> bool:
    return bool(row["accepted"]) and _off(row) > MAX_OFF
