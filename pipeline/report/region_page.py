"""The report of a region: what its photos say together of each border."""

from collections.abc import Sequence
from functools import partial

from markupsafe import Markup

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


def pooled_forest(region: RegionResults, sheet: Sheet) -> str:
    """The contrasts at every border, of all photos and by years, with 95 % intervals."""
    of_all = [*rows_of(region.contrasts), *rows_of(region.other_contrasts)]
    rows = [ForestRow(row, "all photos", palette.TEXT) for row in of_all]
    by_years = rows_of(region.contrasts_by_years)
    rows += [ForestRow(row, str(row.photo), palette.DATES[0]) for row in by_years]
    return drawn_forest(rows, region.simulated, sheet)
