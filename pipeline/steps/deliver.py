"""Step deliver: everything of a city as files that open styled: GeoPackage, QGIS project, report; and for
other software as CSV, STAC and, on request, Excel."""

from pathlib import Path

import pandas as pd

from pipeline.deliver.geopackage import write_geopackage
from pipeline.deliver.provenance import facts
from pipeline.deliver.results import RefusedPhoto, read_city
from pipeline.deliver.stac import write_stac
from pipeline.deliver.tables import write_excel, write_tables
from pipeline.files import atomic_write, write_json
from pipeline.models import City
from pipeline.qgis.layers import city_layers, table_layers
from pipeline.qgis.project import project
from pipeline.report.city_answers import city_answers
from pipeline.report.page import report_html
from pipeline.report.summary import city_summary
from pipeline.steps.placed import Placed
from pipeline.steps.step import run_step
from pipeline.steps.unfetched import why_unfetched


def deliver(
    city: City,
    placed: Path,
    grid: Path,
    compared: Path,
    change: list[Path],
    borders: Path,
    motorways: Path,
    cities: Path,
    geopackage: Path,
    qgis: Path,
    tables: Path,
    stac: Path,
    summary: Path,
    report: Path,
) -> None:
    """From what `placed` says of the photos, their folders, the city's grid, `compared` tables, map of
    `change` (no file or one), the border and motorway maps, and the gazetteer's `cities`. The city is named
    by its GeoPackage; `tables` and `stac` are folders."""
    photos = Placed.read(placed)
    folders = [placed.parent / name for name in photos.photos]
    refused = tuple(
        _refused(name, reason, placed.parent / name / "solve.png") for name, reason in photos.refused.items()
    )
    results = read_city(
        geopackage.stem, city.name, folders, grid, compared, borders, motorways, cities, refused
    )
    provenance = facts(results, city)
    for photo in results.photos:
        # Statistics that QGIS once guessed from overviews.
        for guessed in photo.folder.glob("*.tif.aux.xml"):
            guessed.unlink()
    plain = {**results.tables, "metadata": pd.DataFrame(provenance)}
    every_table = [*city_layers(results), *table_layers(plain, results.origins)]
    with atomic_write(geopackage) as file:
        within = project(results, geopackage.name, plain, with_rasters=False)
        write_geopackage(file, every_table, geopackage.stem, within)
    with atomic_write(qgis) as file:
        file.write_bytes(project(results, geopackage.name, plain, change[0].name if change else None))
    write_tables(tables, every_table)
    if city.excel:
        write_excel(tables / f"{geopackage.stem}.xlsx", every_table)
    write_stac(results, stac)
    answers = city_answers(results, city)
    write_json(city_summary(results, answers.asks).model_dump(mode="json"), summary)
    with atomic_write(report) as file:
        file.write_text(report_html(results, city, provenance, answers), encoding="utf-8")


def _refused(name: str, reason: str, solve: Path) -> RefusedPhoto:
    """A photo that is not on the map, with its picture; one that could not be fetched has none."""
    fetched = why_unfetched(solve) is None
    return RefusedPhoto(name, reason, solve if fetched else None, fetched)


if "snakemake" in globals():
    run_step(deliver, globals()["snakemake"])
