"""What the contrast at a border says, of one photo or of all together: its verdict, its figures, what else
was measured beside it, and the arguments that follow from its numbers alone."""

from collections.abc import Iterable, Iterator
from typing import Any

import geopandas as gpd

from pipeline.borders.quantities import ALL_LIGHT, EQUIVALENCE, MOTORWAYS, OFF_MOTORWAYS, TOWNS
from pipeline.deliver.contrasts import of_quantity
from pipeline.ground.country_table import adjective
from pipeline.report.answers import Answer, Argument, Lean, Source, holds_zero, of_pair, rows_of
from pipeline.report.number_format import fixed, missing, signed, span

# Placebo p from which on chance is no rare explanation: the usual 5 %.
CHANCE = 0.05
# Fewer towns on a side make an interval that one odd town can move.
FEW_TOWNS = 10
# Light left out beside the border counts as much from this part of the compared width on.
WIDE_EXCLUSION = 0.1
JPEG_HIDES_SIZE = (
    "A camera JPEG: the camera changed the colours. Which side is greener can be trusted, but not by how "
    "much."
)
JPEG_IS_ROUGH = "A camera JPEG shows which side is greener; by how much, only roughly."
# As the beginning of a line.
HEADINGS = {
    TOWNS: "A typical town",
    OFF_MOTORWAYS: "Towns without their motorways",
    MOTORWAYS: "Motorways alone",
    ALL_LIGHT: "All light together",
}


def caution(evidence: Iterable[str]) -> str:
    """What must be known of factors wherever they stand, by the evidence of the photos; nothing without a
    JPEG."""
    return JPEG_IS_ROUGH if "jpeg" in set(evidence) else ""


def verdict_on(row: Any) -> tuple[str, Lean, str]:
    """In a word, for the second country's side or not, and in one sentence."""
    if missing(row.contrast_g_r):
        return "Cannot be told", "open", str(row.statement)
    of_towns = row.quantity == TOWNS
    greener = side_of(sides_of(row)[0], of_towns)
    if alike(row):
        what = "Typical towns of the two sides" if of_towns else "The two sides"
        return (
            "No",
            "no",
            f"{what} are alike: they differ by less than {EQUIVALENCE:g} in log2(G/R), a tenth.",
        )
    if holds_zero(row):
        return "Not shown", "open", f"Neither side{'’s typical town' if of_towns else ''} is clearly greener."
    if row.placebo_p >= CHANCE:
        return (
            "Not shown",
            "open",
            f"{capital(greener)} looks greener, but across lines drawn elsewhere in the two countries a "
            "difference as large is not rare.",
        )
    if row.contrast_g_r > 0:
        than = f"one on the {adjective(row.first)} side" if of_towns else f"the {adjective(row.first)} one"
        return "Yes", "yes", f"{capital(greener)} is greener than {than}."
    return "No", "no", f"It is {greener} that is greener."


def side_of(code: str, of_towns: bool) -> str:
    """A side of a border, or a town on it."""
    side = f"the {adjective(code)} side"
    return f"a typical town on {side}" if of_towns else side


def capital(words: str) -> str:
    """As at the beginning of a sentence."""
    return words[0].upper() + words[1:]


def sides_of(row: Any) -> tuple[str, str]:
    """The country of the greener side, as far as the number tells, and the other one."""
    return (row.first, row.second) if row.contrast_g_r < 0 else (row.second, row.first)


def contrast_answer(
    row: Any,
    source: Source,
    figures: tuple[tuple[str, str], ...],
    arguments: tuple[Argument, ...],
    lines: tuple[str, ...],
) -> Answer:
    """The answer of a headline row of `contrasts`, with `lines` beside it."""
    word, lean, verdict = verdict_on(row)
    greener = sides_of(row)[0]
    return Answer(
        source=source,
        word=word,
        lean=lean,
        verdict=verdict,
        claim=f"the {adjective(greener)} side is greener",
        found=_outcome(row, lean),
        claimed=greener,
        figures=figures,
        arguments=arguments,
        beside=lines,
    )


def _outcome(row: Any, lean: Lean) -> str:
    """What is found: the side that is greener, that both are alike, or nothing."""
    return {"yes": str(row.second), "no": "alike" if alike(row) else str(row.first), "open": ""}[lean]


def alike(row: Any) -> bool:
    """Whether the two sides are surely alike to within EQUIVALENCE."""
    return bool(row.low90 > -EQUIVALENCE and row.high90 < EQUIVALENCE)


def figures_of(row: Any) -> tuple[tuple[str, str], ...]:
    """The numbers of a contrast with their labels."""
    if missing(row.n_first):
        towns = ("Towns on the side that has fewer", fixed(row.n_blocks))
    else:
        towns = (
            f"Towns up to {fixed(row.contrast_km)} km, {adjective(row.first)} and {adjective(row.second)}",
            f"{fixed(row.n_first)} and {fixed(row.n_second)}",
        )
    return (
        ("Difference in log2(G/R)", signed(row.contrast_g_r)),
        ("95 % interval", span(row.low95, row.high95)),
        ("Placebo p", fixed(row.placebo_p, 3)),
        towns,
    )


def beside(row: Any, contrasts: gpd.GeoDataFrame) -> tuple[str, ...]:
    """What the other quantities among `contrasts` say of the border of `row`, a sentence each."""
    return tuple(
        in_short(other)
        for quantity in (OFF_MOTORWAYS, MOTORWAYS, ALL_LIGHT)
        if quantity != row.quantity
        for other in rows_of(of_pair(of_quantity(contrasts, quantity), row.pair))
    )


def in_short(row: Any) -> str:
    """A contrast as one short sentence."""
    if missing(row.contrast_g_r):
        return str(row.statement)
    side = row.second if row.contrast_g_r > 0 else row.first
    what = "neither side is clearly greener" if holds_zero(row) else f"the {adjective(side)} side is greener"
    return f"{HEADINGS[row.quantity]}: {what}, {signed(row.contrast_g_r)} ({span(row.low95, row.high95)})."


def off_motorways(row: Any, contrasts: gpd.GeoDataFrame) -> Iterator[Argument]:
    """Whether the difference of towns is that of their motorways."""
    for other in rows_of(of_pair(of_quantity(contrasts, OFF_MOTORWAYS), row.pair)):
        if row.quantity != TOWNS or holds_zero(row) or missing(other.contrast_g_r):
            continue
        figures = f"{signed(other.contrast_g_r)} ({span(other.low95, other.high95)})"
        if holds_zero(other):
            yield Argument(
                False, f"Without motorways no difference of towns is clear, {figures}: they may explain it."
            )
        elif (other.contrast_g_r > 0) == (row.contrast_g_r > 0):
            yield Argument(
                True, f"The difference stays without motorways, {figures}: they do not explain it."
            )
        else:
            yield Argument(False, f"Without motorways the other side is greener, {figures}.")


def interval_arguments(row: Any) -> Iterator[Argument]:
    figures = span(row.low95, row.high95)
    if holds_zero(row):
        yield Argument(False, f"The 95 % interval, {figures}, holds zero.")
    else:
        yield Argument(True, f"The whole 95 % interval, {figures}, is on one side of zero.")
    if abs(row.contrast_g_r) < EQUIVALENCE:
        yield Argument(
            False,
            f"The difference is below {EQUIVALENCE:g}: an error of a tenth in the colours would be as large.",
        )


def placebo_arguments(row: Any) -> Iterator[Argument]:
    if missing(row.placebo_p):
        yield Argument(
            False,
            "The frame has no room for enough other lines, so it is not known how often chance alone makes "
            "such a difference.",
        )
        return
    share = f"p = {fixed(row.placebo_p, 3)}, {fixed(row.n_placebos)} lines"
    elsewhere = "Across lines drawn elsewhere in the two countries a difference as large"
    if row.placebo_p < CHANCE:
        yield Argument(True, f"{elsewhere} is rare ({share}).")
    else:
        yield Argument(False, f"{elsewhere} is not rare ({share}).")


def few_and_near(row: Any) -> Iterator[Argument]:
    if row.n_blocks < FEW_TOWNS:
        yield Argument(False, f"The side with fewer towns has only {fixed(row.n_blocks)}.")
    if row.exclusion_km >= WIDE_EXCLUSION * row.contrast_km:
        yield Argument(
            False,
            f"Light up to {row.exclusion_km:.1f} km from the border is left out: the photo’s position is not "
            "exact enough to tell which side it is on.",
        )
