"""Step georeference: find where a photo looks, accept it or refuse it, and show why."""

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from pipeline.camera.earth import to_ecef, to_geodetic
from pipeline.camera.orbit import State, nearest, parse_elements, station_state
from pipeline.camera.prior import Prior, prior_from_facts
from pipeline.camera.terrain import FLAT, Bounds, Terrain
from pipeline.errors import FactsError
from pipeline.files import atomic_write
from pipeline.georeference.adjust import Observations
from pipeline.georeference.channels import measure_channels
from pipeline.georeference.control import check_errors
from pipeline.georeference.extent import Extent, night_lights, streets
from pipeline.georeference.hypotheses import hypotheses, positions
from pipeline.georeference.joint import clock_offset_s, lens_from, shared_clock
from pipeline.georeference.manual import read_control_points
from pipeline.georeference.outputs import camera_json, control_layers
from pipeline.georeference.solve import Solution, adjusted_again, solve
from pipeline.ground.cities import gazetteer
from pipeline.ground.elevation import read_terrain
from pipeline.models import Dem, LookAt
from pipeline.photo.photo import Photo, PhotoFacts
from pipeline.photo.raw import jpeg_size_px, jpeg_to_binned_px
from pipeline.photo.tiff import read_photo_tif
from pipeline.report.solve_picture import solve_picture
from pipeline.steps.placed import refused_json
from pipeline.steps.step import run_step

log = logging.getLogger(__name__)

AROUND_DEG = 4.0


def georeference(
    light: Path,
    photo_facts: Path,
    borders: Path,
    control_points: list[Path],
    roads: list[Path],
    night_light: list[Path],
    dem: list[Path],
    pass_light: list[Path],
    pass_facts: list[Path],
    heights: Dem | None,
    camera: Path,
    control: Path,
    picture: Path,
    threads: int = 2,
) -> None:
    """Solve a photo. `control_points`, `roads`, `night_light` and `dem` are none or one file; `pass_light`
    and `pass_facts` are of the other photos of its pass. Of a refused solution `camera` and `control` tell
    why and nothing that could be taken for a place; `picture` shows what was found."""
    facts = _facts(photo_facts)
    photo = read_photo_tif(light)
    prior, orbit = _prior(facts)
    around = _around(facts)
    extent = _extent(roads, night_light, around)
    terrain = FLAT
    if dem:
        assert heights is not None
        terrain = read_terrain(dem[0], heights.heights, heights.geoid_m, around)
    manual = manual_points(control_points[0], facts, terrain) if control_points else None
    solution = solve(photo, prior, gazetteer(), manual and manual[1], extent, terrain, threads)
    log.info("%s: %s: %s", facts.id, "accepted" if solution.accepted else "refused", solution.reason)
    clock = None
    if solution.accepted:
        others = [
            (_facts(file), read_photo_tif(tif)) for file, tif in zip(pass_facts, pass_light, strict=True)
        ]
        solution, clock = _with_pass(solution, facts, orbit, others, extent, terrain, threads)
    errors = check_errors(solution.points)
    verdict = "solved" if solution.accepted else "REFUSED"
    error = (
        f"; {errors.n} check cities: RMSE {errors.rmse_px:.1f} px, {errors.rmse_m:.0f} m"
        if errors.rmse_px
        else ""
    )
    figure = solve_picture(
        photo,
        solution.camera,
        solution.points,
        gpd.read_file(borders, layer="borders"),
        f"{facts.id}: {verdict}{error}",
        facts.simulated,
    )
    with atomic_write(control) as gpkg, atomic_write(picture) as png, atomic_write(camera) as js:
        figure.savefig(png)
        if solution.accepted:
            content = camera_json(solution, measure_channels(photo), facts, clock)
            for name, layer in control_layers(solution, manual, facts.id, facts.simulated).items():
                layer.to_file(gpkg, layer=name, driver="GPKG", engine="pyogrio")
        else:
            reason = _refusal(facts, prior, solution, picture)
            content = refused_json(facts.id, reason)
            table = pd.DataFrame({"photo": [facts.id], "statement": [reason]})
            pyogrio.write_dataframe(table, gpkg, layer="refused", driver="GPKG")
            print(f"{facts.id}: georeference refused; the run goes on without it", file=sys.stderr)
        js.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _facts(file: Path) -> PhotoFacts:
    return PhotoFacts.model_validate_json(file.read_text(encoding="utf-8"))


def _prior(facts: PhotoFacts) -> tuple[Prior, State | None]:
    """The prior of a photo, and the station's orbit where element sets were given."""
    assert isinstance(facts.look_at, LookAt)
    orbit = None
    if facts.tle is not None:
        if facts.taken_at is None:
            raise FactsError(f"{facts.id}: taken_at: is not known; tle gives a position only with a time")
        elements = parse_elements(facts.tle, f"{facts.id}: tle")
        orbit = station_state(nearest(elements, facts.taken_at), facts.taken_at)
    return prior_from_facts(facts, facts.look_at, facts.width, facts.height, facts.id, orbit), orbit


def _around(facts: PhotoFacts) -> Bounds:
    """Degrees around the look-at point in which light and heights are read."""
    assert isinstance(facts.look_at, LookAt)
    lon, lat = facts.look_at.lon, facts.look_at.lat
    return lon - 2 * AROUND_DEG, lat - AROUND_DEG, lon + 2 * AROUND_DEG, lat + AROUND_DEG


def _extent(roads: list[Path], night_light: list[Path], around: Bounds) -> Extent | None:
    if roads:
        return streets(roads[0], around)
    return night_lights(night_light[0], around) if night_light else None


def manual_points(file: Path, facts: PhotoFacts, terrain: Terrain) -> tuple[list[str], Observations]:
    """Names and observations of the manual control points, on the ground of the terrain. Those of a raw file
    were picked on its JPEG, for no program shows a mosaic."""
    if facts.evidence == "jpeg":
        names, seen = read_control_points(file, facts.width, facts.height)
    else:
        names, seen = read_control_points(file, *jpeg_size_px(facts.width, facts.height))
        pixel = np.stack(jpeg_to_binned_px(*seen.pixel.T), -1)
        seen = replace(seen, pixel=pixel, sigma=seen.sigma / 2, window_px=seen.window_px / 2)
    lon, lat, _ = to_geodetic(seen.ground_m)
    return names, replace(seen, ground_m=to_ecef(lon, lat, terrain.height_m(lon, lat)))


def _with_pass(
    solution: Solution,
    facts: PhotoFacts,
    orbit: State | None,
    others: list[tuple[PhotoFacts, Photo]],
    extent: Extent | None,
    terrain: Terrain,
    threads: int,
) -> tuple[Solution, tuple[float, float] | None]:
    """The solution with lens and clock as the accepted other photos of its pass show them, and the clock
    offset (s, 1 sigma) where orbits are known."""
    solved = []
    for other, photo in others:
        prior, state = _prior(other)
        found = solve(photo, prior, gazetteer(), None, extent, terrain, threads)
        log.info(
            "%s: of the same pass: %s", other.id, "used" if found.accepted else f"unused: {found.reason}"
        )
        if found.accepted:
            solved.append((found, state))
    offsets = [
        clock_offset_s(found.camera, found.covariance, state, facts.clock_sigma_s)
        for found, state in solved
        if state is not None
    ]
    clock = None
    if orbit is not None:
        # Of the photo's own light alone: once adjusted with the others, it would count them twice.
        own = clock_offset_s(solution.camera, solution.covariance, orbit, facts.clock_sigma_s)
        orbit_s = orbit.along_sigma_m / orbit.speed_m_s
        clock = shared_clock([own, *offsets], facts.clock_sigma_s, orbit_s)
    if solved:
        known = on_time(facts, offsets) if orbit is not None and offsets else facts
        prior = lens_from(_prior(known)[0], [(found.camera, found.covariance) for found, _ in solved])
        shared = "lens and clock" if orbit is not None and offsets else "lens"
        method = f"{solution.method}, {shared} shared with {len(solved)} of its pass"
        solution = replace(adjusted_again(solution, prior), method=method)
    return solution, clock


def on_time(facts: PhotoFacts, offsets: Sequence[tuple[float, float]]) -> PhotoFacts:
    """Facts of a photo whose clock is known by the offsets (s, 1 sigma) of other photos of its pass."""
    assert facts.taken_at is not None
    offset_s, sigma_s = shared_clock(offsets, facts.clock_sigma_s)
    moved_to = facts.taken_at + timedelta(seconds=offset_s)
    return facts.model_copy(update={"taken_at": moved_to, "clock_sigma_s": sigma_s})


def _refusal(facts: PhotoFacts, prior: Prior, solution: Solution, picture: Path) -> str:
    """What was tried, how close it was, and what the user can supply."""
    aim, count = prior.look_at, len(positions(prior))
    places = "" if count == 1 else f" from {count} positions of the station"
    tried = len(hypotheses(prior))
    views = "" if tried == count else f" ({tried} views)"
    return (
        f"{facts.id}: georeference refused: {solution.reason}; tried every roll within "
        f"{aim.radius_km:.0f} km of lon {aim.lon:g}, lat {aim.lat:g}{places}{views} (see {picture}); "
        "correct nadir or look_at (a place, a city's name), give tle for the position, or control_points: "
        "a QGIS .points file or CSV, of which one point often is enough and four always are"
    )


if "snakemake" in globals():
    run_step(georeference, globals()["snakemake"])
