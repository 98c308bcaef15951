"""The report of a region: what its photos say together of each border."""

from collections.abc import Sequence
from functools import partial

from pipeline.deliver import palette
from pipeline.deliver.provenance import Fact, configuration_hash
from pipeline.deliver.region import RegionResults
from pipeline.ground.country_table import country_title
from pipeline.models import Region
from pipeline.report import explorer
from pipeline.report.answers import Lean, of_pair, rows_of
from pipeline.report.chart_style import Sheet
from pipeline.report.contrast_answers import verdict_on
from pipeline.report.contrast_charts import ForestRow, drawn_forest
from pipeline.report.factor_forest import factor_forest
from pipeline.report.factor_words import compared
from pipeline.report.first_screen import trend_in_words
from pipeline.report.number_format import missing
from pipeline.report.page import environment, own_script, style_sheet
from pipeline.report.pictures import svg_picture


def region_html(region: RegionResults, configuration: Region, facts: Sequence[Fact]) -> str:
    """The whole report as HTML; every text from files or configuration is escaped."""
    compared_rows = sum(map(len, (region.contrasts, region.other_contrasts, region.contrasts_by_years)))
    towns = [item for item in _headline_rows(region) if not missing(item.row.contrast_g_r)]
    scripts = [own_script("downloads.js")]
    return (
        environment()
        .get_template("region.html")
        .render(
            region=region,
            configuration_hash=configuration_hash(configuration),
            facts=facts,
            answers=_answers(region),
            trends=_trends(region),
            towns_forest=svg_picture(partial(factor_forest, towns, region.simulated)) if towns else None,
            forest=svg_picture(partial(pooled_forest, region)) if compared_rows else None,
            n_simulated=int(region.photos["simulated"].sum()),
            country_title=country_title,
            policy=explorer.policy(*scripts),
            scripts=scripts,
            style=style_sheet(),
        )
    )


def _answers(region: RegionResults) -> list[tuple[str, str, Lean, str]]:
    """Of each border: its countries, a word, what it leans to, and a sentence; what is clear first."""
    answers = []
    for row in rows_of(region.contrasts):
        word, lean, _ = verdict_on(row)
        countries = f"{country_title(row.first)} → {country_title(row.second)}"
        answers.append((countries, word, lean, compared(row)))
    return sorted(answers, key=lambda answer: answer[2] == "open")


def _trends(region: RegionResults) -> list[tuple[str, str]]:
    """How the difference at each border changed: the countries, and sentences."""
    trends = []
    for row in rows_of(region.tables["contrast_trends"]):
        word, _, said = trend_in_words(row, of_pair(region.contrasts_by_years, row.pair))
        trends.append((f"{country_title(row.first)} → {country_title(row.second)}", f"{word}. {said}"))
    return trends


def _headline_rows(region: RegionResults) -> list[ForestRow]:
    """Typical towns: of all photos, and by years."""
    rows = [ForestRow(row, "all photos", palette.TEXT) for row in rows_of(region.contrasts)]
    years = rows_of(region.contrasts_by_years)
    return [*rows, *(ForestRow(row, str(row.photo), palette.DATES[0]) for row in years)]


def pooled_forest(region: RegionResults, sheet: Sheet) -> str:
    """The contrasts at every border, of all photos and by years, with 95 % intervals."""
    of_all = [*rows_of(region.contrasts), *rows_of(region.other_contrasts)]
    rows = [ForestRow(row, "all photos", palette.TEXT) for row in of_all]
    by_years = rows_of(region.contrasts_by_years)
    rows += [ForestRow(row, str(row.photo), palette.DATES[0]) for row in by_years]
    return drawn_forest(rows, region.simulated, sheet)
