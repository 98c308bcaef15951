"""The report of a region: what its photos say together of each border."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from pipeline.borders.quantities import TOWNS
from pipeline.deliver import palette
from pipeline.deliver.provenance import Fact, configuration_hash
from pipeline.deliver.region import RegionResults
from pipeline.ground.country_table import country_title
from pipeline.models import Region
from pipeline.report.answers import rows_of
from pipeline.report.chart_style import Sheet
from pipeline.report.contrast_charts import ForestRow, drawn_forest
from pipeline.report.page import TEMPLATES, environment, svg_picture


def region_html(region: RegionResults, configuration: Region, facts: Sequence[Fact]) -> str:
    """The whole report as HTML; every text from files or configuration is escaped."""
    compared = sum(map(len, (region.contrasts, region.other_contrasts, region.contrasts_by_years)))
    return (
        environment()
        .get_template("region.html")
        .render(
            region=region,
            configuration_hash=configuration_hash(configuration),
            facts=facts,
            forest=svg_picture(partial(pooled_forest, region)) if compared else None,
            n_simulated=int(region.photos["simulated"].sum()),
            country_title=country_title,
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        )
    )


def pooled_forest(region: RegionResults, sheet: Sheet) -> bytes:
    """The contrasts at every border, of all photos and by years, with 95 % intervals."""
    of_all, others, by_years = (
        rows_of(table) for table in (region.contrasts, region.other_contrasts, region.contrasts_by_years)
    )
    rows = [ForestRow(row, _label(row, sheet), palette.TEXT) for row in of_all]
    rows += [ForestRow(row, _label(row, sheet), palette.MUTED) for row in others]
    rows += [ForestRow(row, f"{_label(row, sheet)}, {row.photo}", palette.DATES[0]) for row in by_years]
    return drawn_forest(rows, region.simulated, sheet)


def _label(row: Any, sheet: Sheet) -> str:
    """What a contrast is of, short enough for a phone."""
    quantity = str(row.quantity)
    return quantity.removeprefix(f"{TOWNS} ") if sheet.narrow else quantity
