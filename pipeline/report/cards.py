"""Questions as cards: the answer in a sentence, a picture from close by, and the evidence to unfold."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.deliver.results import CityResults
from pipeline.motorways.verdicts import DIFFERS
from pipeline.report import close_ups, pictures
from pipeline.report.answers import Answer, Lean, Question, rows_of
from pipeline.report.chart_style import day
from pipeline.report.contrast_answers import capital, verdict_on
from pipeline.report.explorer_images import cells
from pipeline.report.factor_words import compared
from pipeline.report.first_screen import UNLIKE, Headline, differing, told
from pipeline.report.motorway_answers import crossings, of_motorway
from pipeline.report.number_format import fixed
from pipeline.report.pictures import Picture

CROSSING_KM = 12.0  # of the map around a crossing, when the card leads there


@dataclass(frozen=True)
class Card:
    """A question with the answer that stands for it and its sentence; `go` is where the map should show it:
    column, row and half a width in cells."""

    question: Question
    shown: Answer
    word: str
    lean: Lean
    sentence: str
    figure: Picture | None
    caption: str
    go: str


def border_cards(
    city: CityResults, questions: Sequence[Question], best: Sequence[Headline], first: str | None
) -> list[Card]:
    """One card a border, from the `best` headline of each; the `first` pair, then what is clear."""
    by_pair = {str(row.pair): (source, row) for source, row in best}
    cards = []
    for question in questions:
        (pair,) = question.key
        source, row = by_pair[pair]
        word, lean, _ = verdict_on(row)
        shown = next((one for one in question.answers if one.source is source), question.answers[0])
        figure, caption, go = _border_picture(city, pair)
        cards.append(Card(question, shown, word, lean, compared(row), figure, caption, go))
    return sorted(cards, key=lambda card: (card.question.key != (first,), card.lean == "open"))


def _border_picture(city: CityResults, pair: str) -> tuple[Picture | None, str, str]:
    photo = close_ups.showing(city, pair)
    if photo is None:
        return None, "", ""
    drawn, place = close_ups.close_up(photo, city, pair)
    caption = f"{fixed(close_ups.WIDTH_KM)} km of the border on {day(photo)}."
    return Picture(pictures.svg_uri(drawn)), caption, _go(place.x, place.y, close_ups.WIDTH_KM, city)


def _go(x: float, y: float, width_km: float, city: CityResults) -> str:
    column, row = cells(x, y, city)
    return f"{column:.0f} {row:.0f} {500 * width_km / city.grid.resolution_m:.0f}"


def road_cards(
    city: CityResults,
    questions: Sequence[Question],
    charts: dict[tuple[str, tuple[str, ...]], Picture],
) -> list[Card]:
    """One card a motorway and border, those with a chart first."""
    cards = [_road_card(city, question, charts) for question in questions]
    return sorted(cards, key=lambda card: (card.lean == "open", card.figure is None))


def _road_card(
    city: CityResults, question: Question, charts: dict[tuple[str, tuple[str, ...]], Picture]
) -> Card:
    found, lean, shown = told(question)
    word, sentence = shown.word, shown.verdict
    if found == DIFFERS and shown.found:
        word, sentence = UNLIKE, f"{capital(differing(question, shown.source.simulated))}."
    drawn = [photo for photo in city.photos if (photo.name, question.key) in charts]
    best = next((photo for photo in drawn if photo.name == shown.source.name), drawn[-1] if drawn else None)
    figure = charts[best.name, question.key] if best else None
    caption = f"Light along the {question.key[0]} on {day(best)}." if best else ""
    go = ""
    for photo in city.photos:
        for row in rows_of(of_motorway(crossings(photo), *question.key)):
            if row.geometry is not None and not row.geometry.is_empty:
                place = row.geometry.centroid
                go = _go(place.x, place.y, CROSSING_KM, city)
    return Card(question, shown, word, lean, sentence, figure, caption, go)
