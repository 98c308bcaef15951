"""Is one side of a border greener in all photos together? The answer with what speaks for and against it, and
notes on what it stands on."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.borders.quantities import ALL_LIGHT
from pipeline.deliver.contrasts import PooledResults, headlines, of_quantity
from pipeline.deliver.results import CityResults
from pipeline.ground.country_table import adjective
from pipeline.report.answers import Answer, Argument, evidence_doubt, holds_zero, of_pair, rows_of
from pipeline.report.contrast_answers import (
    HEADINGS,
    JPEG_HIDES_SIZE,
    beside,
    contrast_answer,
    few_and_near,
    figures_of,
    interval_arguments,
    off_motorways,
    placebo_arguments,
    sides_of,
)
from pipeline.report.number_format import fixed, missing, signed, span


def pooled_answer(row: Any, city: CityResults, of_photos: Sequence[Answer]) -> Answer:
    """The answer of all photos together from its headline row of `contrasts`; `of_photos` is what each says
    by itself."""
    pooled = city.pooled
    measured = not missing(row.contrast_g_r)
    arguments = (
        *(_measured(row, pooled) if measured else ()),
        *_by_themselves(sides_of(row)[0], of_photos),
        *evidence_doubt(pooled, JPEG_HIDES_SIZE),
    )
    lines = (*beside(row, pooled.contrasts), *_all_light(row, city))
    return contrast_answer(row, pooled, _figures(row) if measured else (), arguments, lines)


def _figures(row: Any) -> tuple[tuple[str, str], ...]:
    figures = [*figures_of(row), ("Photos", fixed(row.n_photos))]
    if not missing(row.next_low95):
        figures.append(("One more photo would lie within", span(row.next_low95, row.next_high95)))
    return tuple(figures)


def _measured(row: Any, pooled: PooledResults) -> Iterator[Argument]:
    """What the tables say of the claim that one side is greener."""
    yield from interval_arguments(row)
    yield from placebo_arguments(row)
    yield from off_motorways(row, pooled.contrasts)
    yield from _without_one(row, pooled)
    yield from few_and_near(row)


def _without_one(row: Any, pooled: PooledResults) -> Iterator[Argument]:
    """Whether the difference hangs on one photo or one town."""
    tried = rows_of(of_pair(pooled.left_out, row.pair))
    if holds_zero(row) or not tried:
        return
    open_without = [f"{other.what} {other.name}" for other in tried if holds_zero(other)]
    if open_without:
        yield Argument(False, f"It is no longer clear without {open_without[0]} alone.")
    else:
        yield Argument(True, "It stays clear whichever single photo or town is left out.")


def _by_themselves(greener: str, of_photos: Sequence[Answer]) -> Iterator[Argument]:
    """How many photos say the same alone."""
    agreeing = sum(answer.found == greener for answer in of_photos)
    differing = sum(answer.found not in ("", greener) for answer in of_photos)
    if agreeing:
        yield Argument(True, f"{agreeing} of {len(of_photos)} photos find the same by themselves.")
    if differing:
        yield Argument(False, f"{differing} of {len(of_photos)} photos find something else by themselves.")


def _all_light(row: Any, city: CityResults) -> Iterator[str]:
    """All light is compared photo by photo: in how many which side is greener."""
    rows = [
        other
        for photo in city.photos
        for other in rows_of(of_pair(of_quantity(photo.contrasts, ALL_LIGHT), row.pair))
    ]
    if row.quantity == ALL_LIGHT or not rows:
        return
    sure = [other.contrast_g_r > 0 for other in rows if not holds_zero(other)]
    first, second = (adjective(code) for code in (row.first, row.second))
    yield (
        f"{HEADINGS[ALL_LIGHT]}, photo by photo: the {second} side is greener in {sum(sure) or 'none'} of "
        f"{len(rows)}, the {first} one in {len(sure) - sum(sure) or 'none'}."
    )


def notes_on(pair: str, pooled: PooledResults) -> tuple[str, ...]:
    """What carries the contrast of all photos at a border, how photos differ, and how it changes."""
    return (
        *_carried(pair, pooled),
        *_between_photos(pair, pooled),
        *(str(row.statement) for row in rows_of(of_pair(pooled.contrast_trends, pair))),
    )


def _carried(pair: str, pooled: PooledResults) -> Iterator[str]:
    """The photo and the town that move the contrast most when they are left out."""
    tried = of_pair(pooled.left_out, pair)
    most = [
        max(rows_of(tried[tried["what"] == what]), key=lambda row: abs(row.moves_by))
        for what in ("photo", "town")
        if (tried["what"] == what).any()
    ]
    if most:
        moves = " and ".join(
            f"without {_named(row)} it would be {signed(row.contrast_g_r)} ({span(row.low95, row.high95)})"
            for row in most
        )
        yield f"What carries it most: {moves}."


def _named(row: Any) -> str:
    """A photo or a town; light without a place is named by where it is."""
    unnamed = str(row.name).startswith("light at ")
    return f"the unnamed {row.name}" if unnamed else f"the {row.what} {row.name}"


def _between_photos(pair: str, pooled: PooledResults) -> Iterator[str]:
    """How far photos differ beyond their noise, where there are enough to tell."""
    for row in rows_of(of_pair(headlines(pooled.contrasts), pair)):
        if missing(row.between_photos) or missing(row.next_low95):
            continue
        yield (
            f"Photos differ by {fixed(row.between_photos, 2)} (1 sigma) beyond their noise; the contrast of "
            f"one more photo would lie within {span(row.next_low95, row.next_high95)}."
        )
