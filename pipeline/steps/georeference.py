"""Step georeference: find where a photo looks, accept it or refuse it, and show why."""

import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from pipeline.camera.terrain import FLAT, Bounds, Terrain
from pipeline.files import atomic_write, json_text
from pipeline.georeference.adjust import Observations
from pipeline.georeference.channels import measure_channels
from pipeline.georeference.control import check_errors
from pipeline.georeference.control_text import read_control_text
from pipeline.georeference.extent import LIGHT_OF_STREET, Extent, lit_cells, lit_streets
from pipeline.georeference.hypotheses import hypotheses, positions
from pipeline.georeference.manual import manual_points
from pipeline.georeference.outputs import camera_json, control_layers
from pipeline.georeference.photo_pass import KnownGround, others_placed, shared_with_pass, solved_alone
from pipeline.georeference.solve import Solution
from pipeline.ground.cities import read_cities
from pipeline.ground.elevation import read_terrain
from pipeline.ground.fetched import read_problem
from pipeline.ground.night_light import read_night_light
from pipeline.ground.relief import read_relief_m
from pipeline.ground.streets import read_streets
from pipeline.models import Dem, LookAt
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.tiff import read_photo_tif
from pipeline.report.solve_picture import solve_picture
from pipeline.steps.placed import refused_json
from pipeline.steps.step import run_step

log = logging.getLogger(__name__)

FAST_PNG = {"compress_level": 1}  # half the time of Pillow's own level 6, and a tenth more bytes
CROP = "crop: [left, top, width, height] in pixels of the full frame"
AROUND_DEG = 4.0  # of latitude, and twice as many of longitude

RELIEF = (
    "No heights of the ground were given: the sigma of positions holds {:.0f} m of relief, times the tangent "
    "of the view zenith; dem: copernicus fetches heights."
)

Manual = tuple[list[str], Observations]
"""Names and observations of control points by hand."""


@dataclass(frozen=True)
class Inputs:
    """A photo and what helps to place it: each of `control_points`, `roads`, `night_light` and `dem` (read as
    `heights` says) is no file or one, which may say of itself why it could not be fetched; `relief` tells how
    uneven the ground is where there is no `dem`; `pass_light` and `pass_facts` are of the other photos of its
    pass."""

    light: Path
    photo_facts: Path
    borders: Path
    cities: Path
    control_points: list[Path]
    roads: list[Path]
    night_light: list[Path]
    dem: list[Path]
    heights: Dem | None
    relief: Path
    pass_light: list[Path]
    pass_facts: list[Path]


def georeference(given: Inputs, camera: Path, control: Path, picture: Path, threads: int = 2) -> None:
    """Solve a photo. Of a refused solution `camera` and `control` tell why and nothing that could be taken
    for a place; `picture` shows what was found."""
    facts, photo = _facts(given.photo_facts), read_photo_tif(given.light)
    given, notes = _without_empty(given)
    ground = _known_ground(given, facts)
    manual = _manual(given.control_points, facts, ground.terrain)
    solution = solved_alone(facts, photo, ground, manual and manual[1], threads)
    log.info("%s: %s: %s", facts.id, "accepted" if solution.accepted else "refused", solution.reason)
    clock = None
    if solution.accepted:
        _warn_of_shift(solution, facts)
        files = zip(given.pass_facts, given.pass_light, strict=True)
        others = ((_facts(file), read_photo_tif(tif)) for file, tif in files)
        solution, clock = shared_with_pass(
            solution, facts, others_placed(others, ground, threads), ground.cities
        )
    shown = gpd.read_file(given.borders, layer="borders")
    figure = solve_picture(
        photo, solution.camera, solution.points, shown, _title(facts, solution), facts.simulated
    )
    with atomic_write(control) as gpkg, atomic_write(picture) as png, atomic_write(camera) as js:
        figure.savefig(png, pil_kwargs=FAST_PNG)
        if solution.accepted:
            content = camera_json(solution, measure_channels(photo), facts, clock)
            content["height_sigma_m"] = relief_m = _relief_m(given, facts)
            content["solution"]["notes"] = notes + ([RELIEF.format(relief_m)] if relief_m else [])
            _write_control(gpkg, solution, manual, facts)
        else:
            content = _refused(gpkg, solution, facts, picture)
        js.write_text(json_text(content), encoding="utf-8")


def _warn_of_shift(solution: Solution, facts: PhotoFacts) -> None:
    """The place is right, but not as precise as its light alone would say."""
    accuracy = solution.accuracy
    if accuracy.shift_stands_out:
        east_m, north_m = accuracy.shift_m
        log.warning(
            "%s: towns whose coordinates come from old maps seem to be off as a whole; without them the "
            "photo would lie %.0f m farther east and %.0f m farther north; its sigma of %.0f m holds this",
            facts.id,
            east_m,
            north_m,
            accuracy.sigma_m,
        )


def _without_empty(given: Inputs) -> tuple[Inputs, list[str]]:
    """The inputs without files that could not be fetched, and the sentences that these say of themselves."""
    files = [*given.roads, *given.night_light, *given.dem]
    problems = {file: problem for file in files if (problem := read_problem(file)) is not None}
    roads, night_light, dem = (
        [file for file in some if file not in problems]
        for some in (given.roads, given.night_light, given.dem)
    )
    return replace(given, roads=roads, night_light=night_light, dem=dem), list(problems.values())


def _relief_m(given: Inputs, facts: PhotoFacts) -> float:
    """1 sigma of the ground's height where it is taken for the ellipsoid; that of simulated worlds is."""
    if given.dem or facts.simulated:
        return 0.0
    assert isinstance(facts.look_at, LookAt)
    return read_relief_m(facts.look_at.lon, facts.look_at.lat, given.relief)


def _facts(file: Path) -> PhotoFacts:
    return PhotoFacts.model_validate_json(file.read_text(encoding="utf-8"))


def _around(facts: PhotoFacts) -> Bounds:
    """Degrees around the look-at point in which light and heights are read."""
    assert isinstance(facts.look_at, LookAt)
    lon, lat = facts.look_at.lon, facts.look_at.lat
    return lon - 2 * AROUND_DEG, lat - AROUND_DEG, lon + 2 * AROUND_DEG, lat + AROUND_DEG


def _known_ground(given: Inputs, facts: PhotoFacts) -> KnownGround:
    """Cities, light with extent and heights around the look-at point."""
    around = _around(facts)
    extent = _extent(given.roads, given.night_light, around)
    return KnownGround(read_cities(given.cities), extent, _terrain(given.dem, given.heights, around))


def _extent(roads: list[Path], night_light: list[Path], around: Bounds) -> Extent | None:
    seen = lit_cells(read_night_light(night_light[0], around)) if night_light else None
    return lit_streets(read_streets(roads[0], around, LIGHT_OF_STREET)).over(seen) if roads else seen


def _terrain(dem: list[Path], heights: Dem | None, around: Bounds) -> Terrain:
    if not dem:
        return FLAT
    assert heights is not None
    return read_terrain(dem[0], heights.heights, heights.geoid_m, around)


def _manual(files: list[Path], facts: PhotoFacts, terrain: Terrain) -> Manual | None:
    if not files:
        return None
    text = read_control_text(files[0])
    return manual_points(text, str(files[0]), facts, terrain)


def _title(facts: PhotoFacts, solution: Solution) -> str:
    """The heading of the picture: the verdict, and the errors at check cities."""
    errors = check_errors(solution.points)
    verdict = "solved" if solution.accepted else "REFUSED"
    if not errors.rmse_px:
        return f"{facts.id}: {verdict}"
    return (
        f"{facts.id}: {verdict}; {errors.n} check cities: RMSE {errors.rmse_px:.1f} px, {errors.rmse_m:.0f} m"
    )


def _write_control(file: Path, solution: Solution, manual: Manual | None, facts: PhotoFacts) -> None:
    for name, layer in control_layers(solution, manual, facts.id, facts.simulated).items():
        layer.to_file(file, layer=name, driver="GPKG", engine="pyogrio")


def _refused(file: Path, solution: Solution, facts: PhotoFacts, picture: Path) -> dict[str, Any]:
    """The content of `camera.json` of a refused photo; its reason goes into the control file too."""
    reason = _refusal(facts, solution, picture)
    table = pd.DataFrame({"photo": [facts.id], "statement": [reason]})
    pyogrio.write_dataframe(table, file, layer="refused", driver="GPKG")
    print(f"{facts.id}: georeference refused; the run goes on without it", file=sys.stderr)
    return refused_json(facts.id, reason)


def _refusal(facts: PhotoFacts, solution: Solution, picture: Path) -> str:
    """What was tried, how close it was, and what the user can supply."""
    prior, settings = solution.problem.prior, solution.problem.settings.hypotheses
    aim, count = prior.look_at, len(positions(prior, settings))
    places = "" if count == 1 else f" from {count} positions of the station"
    tried = len(hypotheses(prior, settings))
    views = "" if tried == count else f" ({tried} views)"
    return (
        f"{facts.id}: georeference refused: {solution.reason}; tried every roll within "
        f"{aim.radius_km:.0f} km of lon {aim.lon:g}, lat {aim.lat:g}{places}{views} (see {picture}); "
        f"{_as_a_crop(facts)}correct nadir or look_at (a place, a city's name), give tle for the position, "
        "or control_points: a QGIS .points file or CSV; one point is often enough, four always are"
        f"{'' if facts.cut else f'; if it was cut from its full frame, state {CROP}, or crop: unknown'}"
    )


def _as_a_crop(facts: PhotoFacts) -> str:
    """That it looks like a crop, and what to state, unless it is stated."""
    if facts.cut is None or isinstance(facts.crop, tuple):
        return ""
    return f"it looks like a crop, because {facts.cut}: state {CROP}; "


if "snakemake" in globals():
    run_step(georeference, globals()["snakemake"])
