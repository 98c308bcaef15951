"""Step deliver: everything of a city as files that open styled: GeoPackage, QGIS project, report, QML."""

from pathlib import Path

from pipeline.deliver.geopackage import write_geopackage
from pipeline.deliver.provenance import facts
from pipeline.deliver.results import RefusedPhoto, read_city
from pipeline.files import atomic_write
from pipeline.models import City
from pipeline.qgis.layers import city_layers
from pipeline.qgis.project import project, raster_styles
from pipeline.qgis.styles import light_change, qml
from pipeline.report.page import report_html
from pipeline.steps.placed import Placed
from pipeline.steps.step import run_step


def deliver(
    name: str,
    city: City,
    folders: list[Path],
    placed: Path,
    grid: Path,
    compared: Path,
    change: list[Path],
    borders: Path,
    motorways: Path,
    geopackage: Path,
    qgis: Path,
    report: Path,
) -> None:
    """From the folder of each photo that is on the map, what `placed` says of the others, the city's grid,
    `compared` tables, map of `change` (none or one), and the border and motorway maps.

    `<raster>.qml` is written beside each raster, so that it opens styled alone.
    """
    refused = tuple(
        RefusedPhoto(photo, reason, placed.parent / photo / "solve.png")
        for photo, reason in Placed.read(placed).refused.items()
    )
    results = read_city(name, city.name, folders, grid, compared, borders, motorways, refused)
    told = facts(results, city)
    for photo in results.photos:
        for raster, text in raster_styles(photo).items():
            with atomic_write(raster.with_suffix(".qml")) as file:
                file.write_text(text, encoding="utf-8")
            # Statistics that QGIS once guessed from overviews.
            raster.with_name(f"{raster.name}.aux.xml").unlink(missing_ok=True)
    for raster in change:
        with atomic_write(raster.with_suffix(".qml")) as file:
            file.write_text(qml(light_change(1)), encoding="utf-8")
    with atomic_write(geopackage) as file:
        write_geopackage(file, city_layers(results), results.tables, told)
    with atomic_write(qgis) as file:
        file.write_bytes(project(results, geopackage.name, change[0].name if change else None))
    with atomic_write(report) as file:
        file.write_text(report_html(results, city, told), encoding="utf-8")


if "snakemake" in globals():
    run_step(deliver, globals()["snakemake"])
