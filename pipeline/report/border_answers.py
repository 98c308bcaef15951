"""Is one side of a border greener than the other? Answers with what speaks for and against them."""

import math
from collections.abc import Iterator
from typing import Any

from pipeline.borders.quantities import ALL_LIGHT, TOWNS
from pipeline.borders.schema import CHANGES
from pipeline.deliver.contrasts import headlines, of_quantity
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.ground.country_table import adjective, country_name
from pipeline.report.answers import (
    Answer,
    Argument,
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
from pipeline.report.contrast_answers import (
    JPEG_HIDES_SIZE,
    beside,
    capital,
    contrast_answer,
    few_and_near,
    figures_of,
    interval_arguments,
    off_motorways,
    placebo_arguments,
    sides_of,
)
from pipeline.report.number_format import missing, signed, span
from pipeline.report.pooled_answers import notes_on, pooled_answer

# The statement that began this: the border between Belgium and Germany where Aachen is seen.
AACHENS_NAME, AACHENS_PAIR = "Aachen", "BE-DE"


def greener_questions(city: CityResults) -> tuple[Question, ...]:
    """One question for each border that a photo shows."""
    pairs = sorted({str(pair) for photo in city.photos for pair in photo.contrasts["pair"]})
    return tuple(_question(pair, city) for pair in pairs)


def heading(first: str, second: str) -> str:
    """The question of a border between two countries, by their codes."""
    return f"Is the {adjective(second)} side greener than the {adjective(first)} one?"


def _question(pair: str, city: CityResults) -> Question:
    shown = [
        (photo, row) for photo in city.photos for row in rows_of(of_pair(headlines(photo.contrasts), pair))
    ]
    of_photos = with_others([border_answer(row, photo) for photo, row in shown])
    pooled = [
        pooled_answer(row, city, of_photos)
        for row in rows_of(of_pair(headlines(city.pooled.contrasts), pair))
    ]
    first, second = pair.split("-")
    aachen = pair == AACHENS_PAIR and any(AACHENS_NAME in set(photo.towns["name"]) for photo, _ in shown)
    side = f"the {adjective(second)} side"
    return Question(
        anchor=f"greener-{pair.lower()}",
        heading="Is Aachen’s side greener?" if aachen else heading(first, second),
        about=(f"{capital(side)} of the border against the {adjective(first)} one, by their towns."),
        key=(pair,),
        answers=(*pooled, *of_photos),
        notes=notes_on(pair, city.pooled) if pooled else (),
    )


def border_answer(row: Any, photo: PhotoResults) -> Answer:
    """The answer of a photo from its headline row of `contrasts` and its other tables."""
    greener, other = sides_of(row)
    measured = not missing(row.contrast_g_r)
    arguments = (
        *(_measured(row, photo, greener, other) if measured else ()),
        *_lighting(row, photo),
        *_view_angle(row, photo),
        *evidence_doubt(photo, JPEG_HIDES_SIZE),
    )
    figures = figures_of(row) if measured else ()
    return contrast_answer(row, photo, figures, arguments, beside(row, photo.contrasts))


def _measured(row: Any, photo: PhotoResults, greener: str, other: str) -> Iterator[Argument]:
    """What the tables say of the claim that one side is greener."""
    sign = math.copysign(1.0, row.contrast_g_r)
    yield from interval_arguments(row)
    yield from placebo_arguments(row)
    yield from off_motorways(row, photo.contrasts)
    yield from _stretches(row, photo, sign, greener, other)
    for light in [row] if row.quantity == ALL_LIGHT else _all_light(row, photo):
        yield from _thirds(light, greener == row.second, greener, other)
        yield from _plain(light, sign)
    yield from _cities(row, photo, greener)
    yield from _control(photo)
    yield from few_and_near(row)


def _all_light(row: Any, photo: PhotoResults) -> list[Any]:
    """The photo's row of all light at the border of `row`."""
    return rows_of(of_pair(of_quantity(photo.contrasts, ALL_LIGHT), row.pair))


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
    plain = (
        "Without matching brightness, distance and view angle, the difference of all light is "
        f"{signed(row.plain_g_r)}"
    )
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
    matched = "" if row.quantity == TOWNS else "View zenith is matched. "
    verdicts = dict(zip(photo.country_tones["country"], photo.country_tones["verdict"], strict=True))
    for code in (row.first, row.second):
        if verdicts.get(code) == CHANGES:
            yield Argument(
                False,
                f"Within {country_name(code)} alone, tone changes with the angle of view. {matched}A "
                "trend over the frame is removed, but some of this effect may remain.",
            )
