"""Step deliver_region: everything of a region as files that open styled: GeoPackage, QGIS project, CSV,
report."""

from pathlib import Path

import pandas as pd

from pipeline.deliver.geopackage import write_geopackage
from pipeline.deliver.provenance import region_facts
from pipeline.deliver.region import read_region, write_contrasts
from pipeline.files import atomic_write, write_json
from pipeline.models import Region
from pipeline.qgis.layers import region_layers, table_layers
from pipeline.qgis.project import region_project
from pipeline.report.region_page import region_answers, region_html
from pipeline.report.summary import region_summary
from pipeline.steps.step import run_step


def deliver_region(
    region: Region,
    pooled: Path,
    borders: Path,
    cities: Path,
    geopackage: Path,
    qgis: Path,
    contrasts: Path,
    summary: Path,
    report: Path,
) -> None:
    """From what was `pooled`, the border map and the gazetteer's `cities`. The region is named by its
    GeoPackage."""
    results = read_region(geopackage.stem, region.name, pooled, borders, cities)
    facts = region_facts(results, region)
    plain = {**results.tables, "metadata": pd.DataFrame(facts)}
    with atomic_write(geopackage) as file:
        within = region_project(results, geopackage.name, plain)
        write_geopackage(
            file, [*region_layers(results), *table_layers(plain, results.origins)], geopackage.stem, within
        )
    with atomic_write(qgis) as file:
        file.write_bytes(within)
    with atomic_write(contrasts) as file:
        write_contrasts(results, file)
    answers = region_answers(results)
    write_json(region_summary(results, answers).model_dump(mode="json"), summary)
    with atomic_write(report) as file:
        file.write_text(region_html(results, region, facts, answers), encoding="utf-8")


if "snakemake" in globals():
    run_step(deliver_region, globals()["snakemake"])
