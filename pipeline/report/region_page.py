"""The report of a region: what its photos say together of each border."""

from collections.abc import Sequence
from functools import partial

from pipeline.deliver import palette
from pipeline.deliver.provenance import Fact, configuration_hash
from pipeline.deliver.region import RegionResults
from pipeline.ground.country_table import country_title
from pipeline.models import Region
from pipeline.report import explorer
from pipeline.report.answers import of_pair, rows_of
from pipeline.report.border_answers import heading
from pipeline.report.chart_style import Sheet
from pipeline.report.contrast_answers import caution, verdict_on
from pipeline.report.contrast_charts import ForestRow, drawn_forest
from pipeline.report.factor_forest import factor_forest
from pipeline.report.factor_words import compared
from pipeline.report.first_screen import Ask, trend_in_words
from pipeline.report.number_format import missing
from pipeline.report.page import environment, own_script, style_sheet
from pipeline.report.pictures import svg_picture


def region_html(
    region: RegionResults, configuration: Region, facts: Sequence[Fact], answers: Sequence[Ask]
) -> str:
    """The whole report as HTML, with its `region_answers`; every text from files or configuration is
    escaped."""
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
            answers=answers,
            caution=caution(region.photos["evidence"]),
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


def region_answers(region: RegionResults) -> list[Ask]:
    """The question of each border and its answer, what is clear first."""
    answers = []
    for row in rows_of(region.contrasts):
        word, lean, _ = verdict_on(row)
        question = heading(row.first, row.second)
        answers.append(Ask("greener", question, word, lean, compared(row), simulated=region.simulated))
    return sorted(answers, key=lambda ask: ask.lean == "open")


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
