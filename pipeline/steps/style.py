"""Step style: `<raster>.qml` beside each raster of a photo, with which QGIS opens it styled."""

from pathlib import Path

from pipeline.files import atomic_write
from pipeline.photo.photo import PhotoFacts
from pipeline.qgis.raster_styles import raster_qml
from pipeline.steps.step import run_step


def style(photo_facts: Path, ortho: Path, geometry: Path, tone: Path, light: Path, lamps: Path) -> None:
    """The styles, all five outputs, of a photo of the evidence level that its facts tell."""
    facts = PhotoFacts.model_validate_json(photo_facts.read_text(encoding="utf-8"))
    styles = raster_qml(facts.evidence)
    for file in (ortho, geometry, tone, light, lamps):
        with atomic_write(file) as part:
            part.write_text(styles[file.stem], encoding="utf-8")


if "snakemake" in globals():
    run_step(style, globals()["snakemake"])
