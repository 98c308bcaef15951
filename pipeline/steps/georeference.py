"""Step georeference: find where a photo looks, accept it or refuse it, and show why."""

import json
import logging
from pathlib import Path

import geopandas as gpd

from pipeline.camera.prior import prior_from_facts
from pipeline.config import LookAt
from pipeline.deliver.solve_picture import solve_picture
from pipeline.errors import RefusedError
from pipeline.georeference.cities import gazetteer
from pipeline.georeference.control import accuracy
from pipeline.georeference.layers import camera_json, control_layers
from pipeline.georeference.manual import read_control_points
from pipeline.georeference.search import farthest_px
from pipeline.georeference.solve import solve
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.tiff import read_photo_tif
from pipeline.steps.step import run_step, whole

log = logging.getLogger(__name__)


def georeference(
    light: Path,
    photo_facts: Path,
    borders: Path,
    control_points: list[Path],
    camera: Path,
    control: Path,
    picture: Path,
    refused_picture: Path,
) -> None:
    """Solve a photo. `control_points` (none or one file) are manual. A refused solution leaves no camera,
    only `refused_picture`, which shows what was found."""
    facts = PhotoFacts.model_validate_json(photo_facts.read_text(encoding="utf-8"))
    assert isinstance(facts.look_at, LookAt)
    photo = read_photo_tif(light)
    prior = prior_from_facts(facts, facts.look_at, facts.width, facts.height, facts.id)
    manual = read_control_points(control_points[0], facts.width, facts.height) if control_points else None
    solution = solve(photo, prior, gazetteer(), manual and manual[1])
    log.info("%s: %s: %s", facts.id, "accepted" if solution.accepted else "refused", solution.reason)
    errors = accuracy(solution.points)
    verdict = "solved" if solution.accepted else "REFUSED"
    error = (
        f"; {errors.n_check_points} check cities: RMSE {errors.rmse_px:.1f} px, {errors.rmse_m:.0f} m"
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
    if not solution.accepted:
        with whole(refused_picture) as part:
            figure.savefig(part)
        aim = facts.look_at
        sought = farthest_px(prior) / prior.look_at_radius_px(prior.position_ecef_m)
        radius_km = aim.radius_km * min(1.0, sought)
        raise RefusedError(
            f"{facts.id}: georeference refused: {solution.reason}; tried every roll within "
            f"{radius_km:.0f} km of lon {aim.lon:g}, lat {aim.lat:g} (see {refused_picture}); "
            "correct nadir or look_at, or give control_points: a QGIS .points file or CSV with at least four"
        )
    layers = control_layers(solution, manual, facts.id, facts.simulated)
    with whole(control) as gpkg, whole(picture) as png, whole(camera) as js:
        for name, layer in layers.items():
            layer.to_file(gpkg, layer=name, driver="GPKG", engine="pyogrio")
        figure.savefig(png)
        content = camera_json(solution, errors, facts.evidence, facts.simulated)
        js.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if "snakemake" in globals():
    run_step(georeference, globals()["snakemake"])
