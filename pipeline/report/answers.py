"""Questions that photos answer: each with a verdict, its figures, and what speaks for and against it.

All of it is computed from the tables of the borders step, photo by photo and of all photos together; nothing
here is fixed text about a place.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import geopandas as gpd
import pandas as pd

from pipeline.deliver.contrasts import PooledResults
from pipeline.deliver.results import PhotoResults
from pipeline.report.number_format import missing

# Flanders reaches neither Germany nor Luxembourg.
ELSEWHERE = {"BE-DE": ("VLG",), "BE-LU": ("VLG",)}

Lean = Literal["yes", "no", "open"]
Source = PhotoResults | PooledResults


def last_real(photos: Sequence[PhotoResults]) -> PhotoResults:
    """The last of photos that is real; where all are simulated, the last of all."""
    return sorted(photos, key=lambda photo: not photo.simulated)[-1]


@dataclass(frozen=True)
class Argument:
    """A sentence that speaks for a claim, or against it or the measurement."""

    speaks_for: bool
    sentence: str


@dataclass(frozen=True)
class Answer:
    """What one photo says, or all of them together. `word` sums up the `verdict`, `lean` whether it is for
    what the question asks; `figures` are labels with numbers.

    claim: what the arguments are about. found: what the photo finds, nothing where it cannot tell. claimed:
    what a photo finds that confirms the claim. beside: what else was measured, a sentence each.
    """

    source: Source
    word: str
    lean: Lean
    verdict: str
    claim: str
    found: str
    claimed: str
    figures: tuple[tuple[str, str], ...]
    arguments: tuple[Argument, ...]
    beside: tuple[str, ...] = ()

    @property
    def supports(self) -> list[str]:
        """The sentences that speak for the claim."""
        return [argument.sentence for argument in self.arguments if argument.speaks_for]

    @property
    def doubts(self) -> list[str]:
        """The sentences that speak against the claim or the measurement."""
        return [argument.sentence for argument in self.arguments if not argument.speaks_for]


@dataclass(frozen=True)
class Question:
    """A question with the answers of all photos that show what it is about: of all together first, where
    there is one, then in order of time. `key` is its border, or its motorway and border; `notes` are
    sentences on all photos together."""

    anchor: str
    heading: str
    about: str
    key: tuple[str, ...]
    answers: tuple[Answer, ...]
    notes: tuple[str, ...] = ()

    @property
    def of_all(self) -> list[Answer]:
        """The answer of all photos together, if there is one."""
        return [answer for answer in self.answers if isinstance(answer.source, PooledResults)]

    @property
    def of_photos(self) -> list[Answer]:
        """The answers of photos by themselves."""
        return [answer for answer in self.answers if isinstance(answer.source, PhotoResults)]


def with_others(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """The answers with what the city's other photos say as further arguments."""
    return tuple(_with_others(index, answers) for index in range(len(answers)))


def _with_others(index: int, answers: Sequence[Answer]) -> Answer:
    """Simulated photos are compared with simulated ones only."""
    own = answers[index]
    others = [
        answer.found
        for place, answer in enumerate(answers)
        if place != index and answer.source.simulated == own.source.simulated
    ]
    agreeing = others.count(own.claimed)
    differing = sum(found not in ("", own.claimed) for found in others)
    arguments = []
    if agreeing:
        arguments.append(Argument(True, _of_others(agreeing, len(others), "the same")))
    if differing:
        arguments.append(Argument(False, _of_others(differing, len(others), "something else")))
    if others and not arguments:
        arguments.append(Argument(False, _of_others(0, len(others), "anything")))
    return replace(own, arguments=(*own.arguments, *arguments))


def _of_others(count: int, total: int, what: str) -> str:
    if total == 1:
        verb = "finds" if count else "cannot tell"
        return f"The other photo of this city that shows it {verb} {what if count else ''}".rstrip() + "."
    share = "All" if count == total else f"{count or 'None'} of the"
    return f"{share} {total} other photos of this city that show it {'find' if count else 'can tell'} {what}."


def policies(photo: PhotoResults, pair: str, road_class: str, states: Iterable[str]) -> list[Any]:
    """The rows of a photo's `events` on a kind of road in the countries and regions that meet at a border,
    with lights in some states."""
    table = photo.events
    chosen = table["country"].isin(pair.split("-")) & table["state"].isin(list(states))
    chosen &= ~table["region"].isin(ELSEWHERE.get(pair, ()))
    return rows_of(table[chosen & (table["road_class"] == road_class)])


def without_source(event: Any) -> str:
    """An event's sentence; the section of the photo's hour gives its source."""
    return str(event.statement).split(" Source: ", maxsplit=1)[0]


def known(photo: PhotoResults, event: Any, speaks_for: bool, what: str) -> Argument:
    """An event as an argument that does `what`; simulated lamps follow no policy."""
    this = "In a real photo, this" if photo.simulated else "This"
    return Argument(speaks_for, f"{without_source(event)} {this} {what}.")


def place_of(event: Any) -> str:
    """The place that an event names, or nothing."""
    return "" if missing(event.place) else str(event.place)


def rows_of(table: pd.DataFrame) -> list[Any]:
    """The rows of a table, their columns as attributes. `itertuples`, which looks up every column by its
    place, takes three times as long."""
    row = _row_of(tuple(table.columns))
    return [row(*values) for values in pd.DataFrame(table).astype(object).to_numpy().tolist()]


@cache
def _row_of(columns: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple("Row", columns)


def of_pair(table: gpd.GeoDataFrame, pair: str) -> gpd.GeoDataFrame:
    """The rows of a border."""
    return table[table["pair"] == pair]


def holds_zero(row: Any) -> bool:
    """Whether an interval leaves the sign open; one that is missing does."""
    return missing(row.low95) or missing(row.high95) or bool(row.low95 <= 0 <= row.high95)


def evidence_doubt(source: Source, jpeg: str) -> Iterator[Argument]:
    """What a camera's processing takes from a statement."""
    if source.evidence == "jpeg":
        yield Argument(False, jpeg)
