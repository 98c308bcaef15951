"""Writes docs/georeferencing-benchmark.md from the stored results and page.md.

python -m benchmarks.georeferencing.table
"""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from scipy.stats import beta

from benchmarks.georeferencing.crops_table import crops_tables
from benchmarks.georeferencing.design import PRIORS
from benchmarks.georeferencing.formats import table
from benchmarks.georeferencing.megacities_table import (
    megacities_figures,
    megacities_table,
    megacities_targets,
)
from benchmarks.georeferencing.runner import Row
from pipeline.georeference.accept import AcceptanceSettings

HERE = Path(__file__).parent
MAX_FALSE_ALARM = AcceptanceSettings().max_false_alarm
PAGE = HERE.parents[1] / "docs" / "georeferencing-benchmark.md"
# An accepted frame is wrong, not just poor, when it is farther off than this and than it says itself.
WRONG_PX, WRONG_SIGMAS = 10.0, 3.0
WIDE_MM = (24.0, 85.0)
MAX_AWAY_PX = 0.2
STRICTER = 1e-5  # a limit that the text compares with


def page(
    suite: Row,
    nulls: Row,
    streets: Row,
    priors: Row,
    megacities: Row,
    crops: Row,
    full: Row,
    coverage: Row,
    unlisted: Row,
    gazetteer: Row,
) -> str:
    """The whole page."""
    rows = [row for row in suite["rows"] if row["kind"] == "simulated"]
    other = [row for row in suite["rows"] if row["kind"] != "simulated"]
    clear = [row for row in rows if row["cloud_cover"] == 0]
    parts = {"suite": suite, "null frames": nulls, "streets": streets, "priors": priors}
    parts |= {"megacities": megacities, "crops": crops, "full frame": full}
    parts |= {"coverage": coverage, "unlisted": unlisted}
    scenes = [row for row in coverage["rows"] if "tried" in row]
    photos = [row for row in coverage["rows"] if "sigmas" in row]
    text = (HERE / "page.md").read_text(encoding="utf-8")
    return text.format(
        count=len(rows),
        limit=MAX_FALSE_ALARM,
        wrong_px=WRONG_PX,
        wrong_sigmas=WRONG_SIGMAS,
        targets=_targets(rows, nulls["rows"], streets["rows"], priors["rows"], megacities["rows"], full)
        + _coverage_targets(scenes, unlisted["rows"], rows, photos),
        coverage=_covered([("scenes of a satellite's light", scenes), ("simulated light", unlisted["rows"])]),
        scenes=_scenes(scenes),
        cross_1=100 * coverage["cross_validated"]["within_1"],
        cross_196=100 * coverage["cross_validated"]["within_196"],
        photos=_blocks(photos),
        unlisted_count=len(unlisted["rows"]),
        clear=_grouped("lens", clear, lambda row: row["focal_length_mm"], "{:g} mm"),
        lens=_grouped("lens", rows, lambda row: row["focal_length_mm"], "{:g} mm"),
        prior=_grouped("prior", rows, lambda row: PRIORS.index(row["prior"]), PRIORS),
        tilt=_grouped("off nadir", rows, lambda row: row["off_nadir_deg"][0], "from {:g}°"),
        cloud=_grouped("cloud", rows, lambda row: 100 * row["cloud_cover"], "{:g} %"),
        other=_others(other),
        nulls=_nulls(nulls["rows"]),
        streets=_streets(streets["rows"]),
        priors=_priors(priors["rows"]),
        megacities=megacities_table(megacities["rows"]),
        **megacities_figures(megacities["rows"]),
        **_stricter(rows),
        least_null=min(row["probability"] for row in nulls["rows"] if "probability" in row),
        gazetteer=_gazetteer(gazetteer["rows"]),
        crops=crops_tables(crops["rows"]),
        full=_full(full),
        versions=", ".join(f"{name} {part['solver']}" for name, part in parts.items()),
    )


def _by_limit(row: Row) -> Row:
    """The row of a frame, accepted if it is by the limit in force, where its probability is told."""
    within = row.get("probability", 0.0) <= MAX_FALSE_ALARM
    return row | {"accepted": row["accepted"] and within}


def _targets(
    rows: Sequence[Row],
    nulls: Sequence[Row],
    streets: Sequence[Row],
    priors: Sequence[Row],
    megacities: Sequence[Row],
    full: Row,
) -> str:
    clear = [row for row in rows if row["cloud_cover"] == 0]
    wide = [row for row in rows if WIDE_MM[0] <= row["focal_length_mm"] <= WIDE_MM[1]]
    narrow = [row for row in rows if row["focal_length_mm"] == 180]
    solved_wide, solved_narrow = _share(wide), _share(narrow)
    px, metres = _errors(wide, "rmse_px"), _errors(wide, "rmse_m")
    middle_px, worst_px, middle_m = _at(px, 50), _at(px, 95), _at(metres, 50)
    narrow_px = _at(_errors(narrow, "rmse_px"), 50)
    false, n = sum(row["accepted"] for row in nulls), len(nulls)
    wrong = sum(_is_wrong(row) for row in rows)
    lit_px = max(row["rmse_px"] for row in streets if row["streets"] and row["accepted"])
    full_frame, seconds = f"solve of {full['megapixels']:.0f} Mpx, {full['cores']} cores", full["seconds"]
    lines = [
        (
            "solved, 24 to 85 mm",
            ">= 90 %",
            f"{solved_wide:.0f} % ({_share(r for r in wide if r in clear):.0f} % cloud-free)",
            solved_wide >= 90,
        ),
        (
            "solved, 180 mm",
            ">= 70 %",
            f"{solved_narrow:.0f} % ({_share(r for r in narrow if r in clear):.0f} % cloud-free)",
            solved_narrow >= 70,
        ),
        ("false accepts among null frames", "0 in 1000", f"{false} in {n}", false == 0 and n >= 1000),
        ("accepted but wrong among the scenes", "0", f"{wrong} in {len(rows)}", wrong == 0),
        (
            "error of accepted frames, 24 to 85 mm, median",
            "<= 1.5 px",
            f"{middle_px:.2f} px",
            middle_px <= 1.5,
        ),
        ("the same, 95 % of frames", "<= 3 px", f"{worst_px:.2f} px", worst_px <= 3),
        ("the same, median", "<= 300 m", f"{middle_m:.0f} m", middle_m <= 300),
        ("error of accepted frames, 180 mm, median", "<= 4 px", f"{narrow_px:.2f} px", narrow_px <= 4),
        ("180 and 400 mm with streets, worst frame", "<= 1 px", f"{lit_px:.2f} px", lit_px <= 1),
        ("one frame from ten look-at points", *_alike(priors, "looking_elsewhere")),
        ("the same, nadir and focal length moved too", *_alike(priors, "elsewhere")),
        *megacities_targets(megacities),
        (full_frame, "<= 10 s", f"{seconds:.1f} s", seconds <= 10),
    ]
    return table(
        ("quantity", "target", "measured", ""),
        [(what, target, measured, "met" if met else "missed") for what, target, measured, met in lines],
    )


def _coverage_targets(
    scenes: Sequence[Row], simulated: Sequence[Row], suite: Sequence[Row], photos: Sequence[Row]
) -> str:
    """Rows of the table of targets for the stated sigma."""
    lines = []
    for what, rows in (
        ("scenes of a satellite's light", scenes),
        ("simulated light", simulated),
        ("the suite", suite),
    ):
        for key, sigma, wanted, room in (("within_1", "1", 68, 5), ("within_196", "1.96", 95, 3)):
            share, error = _coverage(rows, key)
            met = abs(share - wanted) <= room
            measured = f"{share:.0f} +-{error:.0f} %"
            lines.append((f"coverage of {sigma} sigma, {what}", f"{wanted} +-{room} %", measured, met))
    worst = max(row["sigmas"] for row in photos)
    lines.append(("blocks of real photos off the raster", "<= 1.2 sigma", f"{worst:.2f}", worst <= 1.2))
    added = table((), [(what, target, m, "met" if met else "missed") for what, target, m, met in lines])
    return "\n" + "\n".join(added.splitlines()[2:])


def _stricter(rows: Sequence[Row]) -> dict[str, str]:
    """How many frames a lower limit of acceptance would solve, and how well."""
    kept = [row | {"accepted": row["accepted"] and row["probability"] <= STRICTER} for row in rows]
    wide = [row for row in kept if WIDE_MM[0] <= row["focal_length_mm"] <= WIDE_MM[1]]
    narrow = [row for row in kept if row["focal_length_mm"] == 180]
    wide_px, narrow_px = _at(_errors(wide, "rmse_px"), 95), _at(_errors(narrow, "rmse_px"), 50)
    solved = f"{_share(wide):.0f} % and {_share(narrow):.0f} % solved"
    return {"stricter": f"with {STRICTER:.5f}: {solved}, {wide_px:.2f} px and {narrow_px:.2f} px"}


def _gazetteer(rows: Sequence[Row]) -> str:
    """How far light lies from places, by the kind of their coordinates."""
    return table(
        ("around", "coordinates", "places", "share of their light", "off, m", "east, m", "north, m"),
        [
            (
                row["around"],
                row["coordinates"],
                f"{row['places']}",
                f"{100 * row['light_share']:.0f} %",
                f"{row['off_m']:.0f}",
                *(f"{v:+.0f}" for v in row["east_north_m"]),
            )
            for row in rows
        ],
    )


def _covered(groups: Sequence[tuple[str, Sequence[Row]]]) -> str:
    """Coverage by lens of several kinds of light."""
    lines = []
    for kind, rows in groups:
        for name, (least, most) in {
            "24 to 50 mm": (0, 50),
            "85 mm": (51, 100),
            "135 mm and more": (101, 1e3),
            "all": (0, 1e3),
        }.items():
            part = [r for r in rows if least <= r["focal_length_mm"] <= most and r["accepted"]]
            shares = [_coverage(part, key) for key in ("within_1", "within_196")]
            square = np.mean([r["mean_square"] for r in part]) if part else np.nan
            lines.append(
                (kind, name, f"{len(part)}", *(f"{v:.0f} +-{e:.0f} %" for v, e in shares), f"{square:.2f}")
            )
    return table(("light", "lens", "accepted", "in 1 sigma", "in 1.96", "mean square"), lines)


def _scenes(rows: Sequence[Row]) -> str:
    return table(
        ("scene", "lens", "px", "m", "stated sigma, m", "in 1 sigma", "in 1.96", "mean square"),
        [
            (
                row["name"],
                f"{row['focal_length_mm']:g} mm",
                f"{row['rmse_px']:.2f}",
                f"{row['rmse_m']:.0f}",
                f"{row['sigma_m']:.0f}",
                f"{100 * row['within_1']:.0f} %",
                f"{100 * row['within_196']:.0f} %",
                f"{row['mean_square']:.2f}",
            )
            for row in rows
        ],
    )


def _blocks(rows: Sequence[Row]) -> str:
    return table(
        ("photo", "blocks", "off the raster, m", "stated sigma, m", "off, in sigma", "shift of old maps, m"),
        [
            (
                row["name"],
                f"{row['blocks']}",
                f"{row['offset_m']:.0f}",
                f"{row['sigma_m']:.0f}",
                f"{row['sigmas']:.2f}",
                f"{np.hypot(*row['shift_m']):.0f}{', told' if row['shift_stands_out'] else ''}",
            )
            for row in rows
        ],
    )


def _grouped(
    name: str, rows: Sequence[Row], value: Callable[[Row], float], label: str | Sequence[str]
) -> str:
    """Counts, errors, coverage and time of each group of frames of one value, and of all."""
    lines = []
    for each in sorted({value(row) for row in rows}):
        part = [row for row in rows if value(row) == each]
        lines.append((label.format(each) if isinstance(label, str) else label[int(each)], *_summary(part)))
    head = (
        "frames",
        "solved",
        "wrong",
        "shy",
        "px: median",
        "95 %",
        "m: median",
        "95 %",
        "in 1 sigma",
        "in 1.96",
        "s",
    )
    return table((name, *head), [*lines, ("all", *_summary(rows))])


def _summary(rows: Sequence[Row]) -> tuple[str, ...]:
    px, metres = _errors(rows, "rmse_px"), _errors(rows, "rmse_m")
    covered = [_coverage(rows, key) for key in ("within_1", "within_196")]
    return (
        str(len(rows)),
        f"{_share(rows):.0f} %",
        str(sum(_is_wrong(row) for row in rows)),
        str(sum(not row["accepted"] and row["rmse_px"] <= WRONG_PX for row in rows)),
        f"{_at(px, 50):.2f}",
        f"{_at(px, 95):.2f}",
        f"{_at(metres, 50):.0f}",
        f"{_at(metres, 95):.0f}",
        *(f"{mean:.0f} +-{error:.0f} %" for mean, error in covered),
        f"{median(row['cpu_seconds'] for row in rows):.1f}" if rows else "-",
    )


def _others(rows: Sequence[Row]) -> str:
    return table(
        ("frame", "lens", "accepted", "px", "m", "false-alarm probability", "s"),
        [
            (
                row["name"],
                f"{row['focal_length_mm']:g} mm" if "focal_length_mm" in row else "-",
                "yes" if row["accepted"] else "no",
                f"{row.get('rmse_px', np.nan):.2f}",
                f"{row.get('rmse_m', np.nan):.0f}",
                f"{row.get('probability', np.nan):.1g}",
                f"{row['cpu_seconds']:.1f}",
            )
            for row in rows
        ],
    )


def _nulls(rows: Sequence[Row]) -> str:
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    groups = {kind: [row for row in rows if row["kind"] == kind] for kind in kinds}
    groups["all"] = list(rows)
    lines = []
    for kind, part in groups.items():
        false, n = sum(row["accepted"] for row in part), len(part)
        bound = float(beta.ppf(0.95, false + 1, n - false)) if false < n else 1.0
        seconds = median(row["cpu_seconds"] for row in part)
        lines.append((kind, str(n), str(false), f"{100 * bound:.1f} %", f"{seconds:.1f}"))
    return table(("kind", "frames", "accepted", "bound", "s"), lines)


def _streets(rows: Sequence[Row]) -> str:
    return table(
        ("frame", "accepted", "px", "m"),
        [
            (row["name"], "yes" if row["accepted"] else "no", f"{row['rmse_px']:.2f}", f"{row['rmse_m']:.0f}")
            for row in rows
        ],
    )


def _priors(rows: Sequence[Row]) -> str:
    head = ("look-at: accepted", "away: median, px", "largest, px")
    return table(
        ("frame", *head, *(name.replace("look-at", "all") for name in head)),
        [(row["name"], *_away(row["looking_elsewhere"]), *_away(row["elsewhere"])) for row in rows],
    )


def _away(part: Row) -> tuple[str, str, str]:
    away = part["away_px"]
    return f"{part['accepted']} of {len(away)}", f"{_at(away, 50):.2f}", f"{max(away):.2f}"


def _alike(rows: Sequence[Row], kind: str) -> tuple[str, str, bool]:
    """Target, measure and verdict of how alike solutions from several priors are."""
    away = {row["name"]: float(np.max(row[kind]["away_px"])) for row in rows}
    astray = [f"{name} {px:.2f} px" for name, px in away.items() if not px <= MAX_AWAY_PX]
    found = f"{len(away) - len(astray)} of {len(away)} frames" + (f"; {', '.join(astray)}" if astray else "")
    return f"<= {MAX_AWAY_PX:g} px", found, not astray


def _full(full: Row) -> str:
    return (
        f"{full['megapixels']:g} Mpx on {full['cores']} cores: {full['seconds']:.1f} s; {full['peak_mb']} MB "
        f"of memory at most, {full['peak_mb_before']} MB with program, gazetteer and photo before it began.\n"
        f"The solution is off by {full['rmse_px']:.2f} px, {full['rmse_m']:.0f} m."
    )


def _is_wrong(row: Row) -> bool:
    far = row["accepted"] and row["rmse_px"] > WRONG_PX
    return bool(far and (row["mean_square"] or np.inf) > WRONG_SIGMAS**2)


def _share(rows: Iterable[Row]) -> float:
    """Solved frames in percent."""
    rows = list(rows)
    solved = sum(row["accepted"] and not _is_wrong(row) for row in rows)
    return 100 * solved / len(rows) if rows else np.nan


def _errors(rows: Iterable[Row], key: str) -> list[float]:
    return [row[key] for row in rows if row["accepted"]]


def _at(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else np.nan


def _coverage(rows: Iterable[Row], key: str) -> tuple[float, float]:
    """Mean over accepted frames and its standard error, percent."""
    shares = [row[key] for row in rows if row["accepted"] and row[key] is not None]
    if len(shares) < 2:
        return np.nan, np.nan
    return 100 * float(np.mean(shares)), 100 * float(np.std(shares, ddof=1)) / len(shares) ** 0.5


def stored(name: str) -> Row:
    """A stored result. One with failed frames is none: a solver that raises accepts nothing falsely."""
    result: Row = json.loads((HERE / f"{name}.json").read_text())
    failed = [row["name"] for row in result.get("rows", []) if "error" in row]
    if failed:
        raise SystemExit(f"{name}.json: the solver failed on {', '.join(failed)}; mend it and run again")
    if "rows" in result:
        result["rows"] = [_by_limit(row) if "accepted" in row else row for row in result["rows"]]
    return result


def main() -> None:
    names: tuple[str, ...] = (
        "suite",
        "null_frames",
        "streets",
        "priors",
        "megacities",
        "crops",
        "full_frame",
    )
    names += ("coverage", "unlisted", "gazetteer")
    parts = (stored(name) for name in names)
    PAGE.write_text(page(*parts), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
