"""What docs/georeferencing-benchmark.md says of megacities, from megacities.json."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from benchmarks.georeferencing.formats import table
from benchmarks.georeferencing.megacities import BLACK_MARBLE, CITIES
from benchmarks.georeferencing.runner import Row
from pipeline.camera.earth import distance_km

MARKED = (("px", 1), ("m", 0), ("sigma_m", 0))
MOST_M, MOST_SIGMAS = 300, 2
Target = tuple[str, str, str, bool]


def megacities_targets(rows: Sequence[Row]) -> Iterator[Target]:
    """What, target, measured, met: of frames with night light and of those by cities alone."""
    lit, by_cities = (_by(rows, reference) for reference in (BLACK_MARBLE, CITIES))
    lit_m = [_metres(mark) for row in lit for mark in row["marks"]]
    lit_sigmas = [_sigmas(mark) for row in lit for mark in row["marks"]]
    # A refusal is not wrong.
    sigmas = [_sigmas(mark) for row in by_cities if row["accepted"] for mark in row["marks"]]
    placed, refused = sum(row["accepted"] for row in lit), sum(not row["accepted"] for row in by_cities)
    yield (
        "Osaka, Los Angeles (800 to 3200 px), Sapporo with night light",
        "all placed",
        f"{placed} of {len(lit)}",
        placed == len(lit),
    )
    yield (
        "their landmarks",
        f"<= {MOST_M} m",
        f"{np.median(lit_m):.0f} m in the middle, {max(lit_m):.0f} m at most",
        max(lit_m) <= MOST_M,
    )
    yield (
        "the same in stated sigma",
        f"<= {MOST_SIGMAS}",
        f"{np.median(lit_sigmas):.1f} in the middle, {max(lit_sigmas):.1f} at most",
        max(lit_sigmas) <= MOST_SIGMAS,
    )
    yield (
        "the same from cities alone",
        f"refused, or within {MOST_SIGMAS} sigma",
        f"{refused} of {len(by_cities)} refused; the others within {max(sigmas, default=0.0):.1f} sigma",
        max(sigmas, default=0.0) <= MOST_SIGMAS,
    )


def megacities_figures(rows: Sequence[Row]) -> dict[str, str]:
    """What the text tells of the frames."""
    lit, by_cities = (_by(rows, reference) for reference in (BLACK_MARBLE, CITIES))
    pairs = [(a, b) for a, b in combinations(lit, 2) if a["photo"] == b["photo"]]
    apart_m = [1e3 * float(distance_km(*a["middle_lon_lat"], *b["middle_lon_lat"])) for a, b in pairs]
    lit_marks, city_marks = ([mark for row in part for mark in row["marks"]] for part in (lit, by_cities))
    far = dict.fromkeys(mark["name"] for mark in lit_marks if _metres(mark) > MOST_M)
    matched = sum(row["matched"] for row in by_cities) / sum(row["patches"] for row in by_cities)
    beyond = [
        f"{mark['name']} at {row['long_side_px']} px, {_sigmas(mark):.1f} sigma"
        for row in by_cities
        for mark in row["marks"]
        if row["accepted"] and _sigmas(mark) > MOST_SIGMAS
    ]
    sized = [row["probability"] for row in by_cities if row["photo"] == pairs[0][0]["photo"]]
    return {
        "mega_apart_m": f"{max(apart_m):.0f}",
        "mega_far": "; ".join(far) or "none",
        "mega_matched": f"{100 * matched:.0f}",
        "mega_beyond": "; ".join(beyond) or "none",
        "mega_reading": f"{max(map(_with_reading, city_marks)):.1f}",
        "mega_lit_reading": f"{max(map(_with_reading, lit_marks)):.1f}",
        "mega_odds": f"{min(sized):.1e} to {max(sized):.1e}",
    }


def megacities_table(rows: Sequence[Row]) -> str:
    """A row for each landmark of each frame."""
    head = ("frame", "long side", "reference", "accepted", "false-alarm probability", "landmark")
    return table(
        (*head, "px", "m", "stated sigma, m"),
        [
            (
                row["photo"],
                f"{row['long_side_px']} px",
                row["reference"],
                "yes" if row["accepted"] else "no",
                f"{row['probability']:.2g}",
                mark["name"],
                *(f"{np.nan if mark[key] is None else mark[key]:.{digits}f}" for key, digits in MARKED),
            )
            for row in rows
            for mark in row["marks"]
        ],
    )


def _by(rows: Sequence[Row], reference: str) -> list[Row]:
    return [row for row in rows if row["reference"] == reference]


def _metres(mark: Row) -> float:
    """How far off a landmark is; infinite where the camera sees sky there."""
    return np.inf if mark["m"] is None else float(mark["m"])


def _sigmas(mark: Row) -> float:
    return np.inf if mark["sigma_m"] is None else _metres(mark) / float(mark["sigma_m"])


def _with_reading(mark: Row) -> float:
    """How far off in units of the stated sigma and the error of reading together."""
    return _metres(mark) / float(np.hypot(mark["sigma_m"], mark["reading_m"]))
