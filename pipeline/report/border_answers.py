"""Is one side of a border greener than the other? Answers with what speaks for and against them."""

import math
from collections.abc import Iterator
from typing import Any

from pipeline.borders.contrast import EQUIVALENCE
from pipeline.borders.country_tones import CHANGES
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.ground.country_table import adjective, country_name
from pipeline.report.answers import (
    Answer,
    Argument,
    Lean,
    Question,
    evidence_doubt,
    holds_zero,
    known,
    of_pair,
    place_of,
    policies,
    rows_of,
    with_others,
)
from pipeline.report.number_format import fixed, missing, signed, span

# The statement that began this: the border between Belgium and Germany where Aachen is seen.
AACHENS_NAME, AACHENS_PAIR = "Aachen", "BE-DE"
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


def greener_questions(city: CityResults) -> tuple[Question, ...]:
    """One question for each border that a photo shows."""
    pairs = sorted({str(pair) for photo in city.photos for pair in photo.contrasts["pair"]})
    return tuple(_question(pair, city) for pair in pairs)


def _question(pair: str, city: CityResults) -> Question:
    shown = [(photo, row) for photo in city.photos for row in rows_of(of_pair(photo.contrasts, pair))]
    first, second = pair.split("-")
    aachen = pair == AACHENS_PAIR and any(AACHENS_NAME in set(photo.towns["name"]) for photo, _ in shown)
    side = f"the {adjective(second)} side"
    return Question(
        anchor=f"greener-{pair.lower()}",
        heading="Is Aachen’s side greener?"
        if aachen
        else f"Is {side} greener than the {adjective(first)} one?",
        about=(
            f"{side[0].upper()}{side[1:]} of the border against the {adjective(first)} one, "
            f"light up to {fixed(shown[0][1].contrast_km)} km from it."
        ),
        key=(pair,),
        answers=with_others([border_answer(row, photo) for photo, row in shown]),
    )


def border_answer(row: Any, photo: PhotoResults) -> Answer:
    """The answer of a photo from its row of `contrasts` and its other tables."""
    word, lean, verdict = _verdict(row)
    outcome = {"yes": row.second, "no": "alike" if alike(row) else row.first, "open": ""}[lean]
    greener, other = (row.first, row.second) if row.contrast_g_r < 0 else (row.second, row.first)
    measured = not missing(row.contrast_g_r)
    return Answer(
        photo=photo,
        word=word,
        lean=lean,
        verdict=verdict,
        claim=f"the {adjective(greener)} side is greener",
        found=outcome,
        claimed=greener,
        figures=_figures(row) if measured else (),
        arguments=(
            *(_measured(row, photo, greener, other) if measured else ()),
            *_lighting(row, photo),
            *_view_angle(row, photo),
            *evidence_doubt(photo, JPEG_HIDES_SIZE),
        ),
    )


def _verdict(row: Any) -> tuple[str, Lean, str]:
    """In a word, for the second country's side or not, and in one sentence."""
    if missing(row.contrast_g_r):
        return "Cannot be told", "open", str(row.statement)
    first, second = adjective(row.first), adjective(row.second)
    greener = second if row.contrast_g_r > 0 else first
    if alike(row):
        return (
            "No",
            "no",
            f"The two sides are alike: they differ by less than {EQUIVALENCE:g} in log2(G/R), a tenth.",
        )
    if holds_zero(row):
        return "Not shown", "open", "Neither side is clearly greener."
    if row.placebo_p >= CHANCE:
        return (
            "Not shown",
            "open",
            f"The {greener} side looks greener, but across lines drawn elsewhere in the two countries a "
            "difference as large is not rare.",
        )
    if row.contrast_g_r > 0:
        return "Yes", "yes", f"The {second} side is greener than the {first} one."
    return "No", "no", f"It is the {first} side that is greener."


def alike(row: Any) -> bool:
    """Whether the two sides are surely alike to within EQUIVALENCE."""
    return bool(row.low90 > -EQUIVALENCE and row.high90 < EQUIVALENCE)


def _figures(row: Any) -> tuple[tuple[str, str], ...]:
    return (
        ("Difference in log2(G/R)", signed(row.contrast_g_r)),
        ("95 % interval", span(row.low95, row.high95)),
        ("Placebo p", fixed(row.placebo_p, 3)),
        ("Towns on the side that has fewer", fixed(row.n_blocks)),
    )


def _measured(row: Any, photo: PhotoResults, greener: str, other: str) -> Iterator[Argument]:
    """What the tables say of the claim that one side is greener."""
    sign = math.copysign(1.0, row.contrast_g_r)
    yield from _interval(row)
    yield from _placebos(row)
    yield from _stretches(row, photo, sign, greener, other)
    yield from _thirds(row, greener == row.second, greener, other)
    yield from _plain(row, sign)
    yield from _cities(row, photo, greener)
    yield from _control(photo)
    yield from _few_and_near(row)


def _interval(row: Any) -> Iterator[Argument]:
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


def _placebos(row: Any) -> Iterator[Argument]:
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


def _stretches(row: Any, photo: PhotoResults, sign: float, greener: str, other: str) -> Iterator[Argument]:
    """Which side is greener on each of the border's segments."""
    stretches = of_pair(photo.segments, row.pair)
    measured = stretches.dropna(subset="contrast_g_r")
    if len(stretches) > 1 and measured.empty:
        yield Argument(False, "No single stretch of the border has enough light on both sides to be judged.")
    if len(measured) < 2:
        return
    leaning = sign * measured["contrast_g_r"] > 0
    sure = ~((measured["low95"] <= 0) & (measured["high95"] >= 0)) & measured["low95"].notna()
    clear, against = int((leaning & sure).sum()), int((~leaning & sure).sum())
    count = f"On {int(leaning.sum())} of the {len(measured)} stretches of the border that have light"
    yield Argument(
        bool(leaning.mean() > 0.5),
        f"{count}, the {adjective(greener)} side is greener, on {clear or 'none'} of them clearly.",
    )
    if against:
        yield Argument(
            False,
            f"On {against} of the {len(measured)} stretches the {adjective(other)} side is clearly greener.",
        )


def _thirds(row: Any, on_second: bool, greener: str, other: str) -> Iterator[Argument]:
    """The shares of the photo's greenest and most orange light."""
    ends = ("second", "first") if on_second else ("first", "second")
    own, its = ((getattr(row, f"green_{end}"), getattr(row, f"orange_{end}")) for end in ends)
    if any(missing(share) for share in (*own, *its)):
        return
    if own[0] > its[0] and own[1] < its[1]:
        yield Argument(
            True,
            f"{100 * own[0]:.0f} % of the light on the {adjective(greener)} side belongs to the greenest "
            f"third of the photo’s light, and {100 * its[0]:.0f} % on the {adjective(other)} side.",
        )
    elif own[0] < its[0] and own[1] > its[1]:
        yield Argument(
            False, f"The {adjective(other)} side has a larger share of the photo’s greenest light."
        )


def _plain(row: Any, sign: float) -> Iterator[Argument]:
    """Whether the difference stands without matching and trend."""
    if missing(row.plain_g_r):
        return
    plain = f"Without matching brightness, distance and view angle, the difference is {signed(row.plain_g_r)}"
    same = sign * row.plain_g_r > 0
    yield Argument(same, f"{plain}, of {'the same' if same else 'opposite'} sign.")


def _cities(row: Any, photo: PhotoResults, greener: str) -> Iterator[Argument]:
    """Whether a side is greener because of one large city, or the towns around that are like it."""
    near = towns_beside(row, photo)
    for city in rows_of(photo.cores):
        if city.country != greener or city.name not in near or missing(city.contrast_g_r):
            continue
        sentence = str(city.statement)
        if holds_zero(city):
            yield Argument(True, f"{sentence} So one city alone does not explain the difference.")
        elif city.contrast_g_r < 0:
            yield Argument(True, f"{sentence} So the city does not explain the difference.")
        else:
            yield Argument(False, f"{sentence} So the city may explain the difference.")


def towns_beside(row: Any, photo: PhotoResults) -> set[str]:
    """The towns of both countries within the compared width of the border."""
    towns = photo.towns[photo.towns["country"].isin([row.first, row.second])]
    away = towns.geometry.distance(row.geometry.simplify(100.0))
    return set(towns["name"][away <= 1e3 * row.contrast_km])


def _control(photo: PhotoResults) -> Iterator[Argument]:
    """Borders inside a country, which should divide nothing."""
    for control in rows_of(photo.regional_contrasts.dropna(subset="contrast_g_r")):
        step = f"{signed(control.contrast_g_r)} ({span(control.low95, control.high95)})"
        name = f"The border between {control.first} and {control.second}, inside one country,"
        if holds_zero(control):
            yield Argument(True, f"{name} shows no clear difference: {step}.")
        else:
            yield Argument(False, f"{name} shows a difference, too: {step}.")


def _few_and_near(row: Any) -> Iterator[Argument]:
    if row.n_blocks < FEW_TOWNS:
        yield Argument(False, f"The side with fewer towns has only {fixed(row.n_blocks)}.")
    if row.exclusion_km >= WIDE_EXCLUSION * row.contrast_km:
        yield Argument(
            False,
            f"Light up to {row.exclusion_km:.1f} km from the border is left out: the photo’s position is not "
            "exact enough to tell which side it is on.",
        )


def _lighting(row: Any, photo: PhotoResults) -> Iterator[Argument]:
    """What is known of lamps at this date and hour that may explain the difference."""
    near = towns_beside(row, photo)
    streets = policies(photo, row.pair, "street", ("lamps", "off", "dimmed", "lit"))
    roads = policies(photo, row.pair, "motorway", ("off", "dimmed"))
    of_towns = [event for event in streets if place_of(event) in near]
    of_all_roads = [event for event in roads if not place_of(event)]
    for event in of_towns + of_all_roads:
        yield known(photo, event, False, "may explain part of the difference")


def _view_angle(row: Any, photo: PhotoResults) -> Iterator[Argument]:
    """Whether tone depends on the view angle within one of both countries."""
    verdicts = dict(zip(photo.country_tones["country"], photo.country_tones["verdict"], strict=True))
    for code in (row.first, row.second):
        if verdicts.get(code) == CHANGES:
            yield Argument(
                False,
                f"Within {country_name(code)} alone, tone changes with the angle of view. View "
                "zenith is matched and a smooth trend is removed, but some of this effect may remain.",
            )
