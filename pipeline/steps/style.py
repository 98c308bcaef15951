"""Step style: what makes the rasters of a photo open styled and in place in QGIS: `<raster>.qml` beside each,
and `photo_in_place.vrt`, `photo.tif` where its camera sees it."""

import json
from pathlib import Path

from pipeline.camera.camera import Camera
from pipeline.deliver.palette import sigma_stops
from pipeline.files import atomic_write
from pipeline.ortho.in_place import perspective, placed_vrt
from pipeline.photo.photo import PhotoFacts
from pipeline.qgis.raster_styles import raster_qml
from pipeline.raster.bands import photo_tags
from pipeline.raster.read import read_overview
from pipeline.steps.step import run_step


def style(
    photo_facts: Path,
    camera: Path,
    position: Path,
    ortho: Path,
    geometry: Path,
    tone: Path,
    light: Path,
    lamps: Path,
    photo_in_place: Path,
    place: Path,
) -> None:
    """The styles, all outputs but the last, of a photo of the evidence level that its facts tell and with
    classes that fit how surely its `position` is known; and its place."""
    facts = PhotoFacts.model_validate_json(photo_facts.read_text(encoding="utf-8"))
    styles = raster_qml(facts.evidence, sigma_stops(read_overview(position, "position_sigma_m")))
    for file in (ortho, geometry, tone, light, lamps, photo_in_place):
        with atomic_write(file) as part:
            part.write_text(styles[file.stem], encoding="utf-8")
    placed = perspective(Camera.from_dict(json.loads(camera.read_text(encoding="utf-8"))))
    tags = photo_tags(facts.id, facts.evidence, facts.simulated, facts.taken_at)
    with atomic_write(place) as part:
        part.write_text(placed_vrt(placed, tags, facts.width, facts.height), encoding="utf-8")


if "snakemake" in globals():
    run_step(style, globals()["snakemake"])
