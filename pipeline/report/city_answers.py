"""All that is asked of a city, and its answers: worked out once for report and the page of all results."""

from dataclasses import dataclass

from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.models import City
from pipeline.report.answers import Question
from pipeline.report.border_answers import greener_questions
from pipeline.report.first_screen import Ask, Headline, asks, best_rows
from pipeline.report.motorway_answers import motorway_questions

NO_BORDER = "No border was compared."


@dataclass(frozen=True)
class CityAnswers:
    """The questions on borders and on motorways, the best row of each border, the answers that the page
    begins with, and why no border was compared, with the photos of which that is said."""

    greener: tuple[Question, ...]
    roads: tuple[Question, ...]
    best: list[Headline]
    asks: list[Ask]
    borderless: list[tuple[str, list[PhotoResults]]]


def city_answers(city: CityResults, configuration: City) -> CityAnswers:
    """From the tables of all photos."""
    greener, roads, best = greener_questions(city), motorway_questions(city), best_rows(city)
    borderless = _borderless(city)
    first = asks(city, configuration, best, greener, roads, [sentence for sentence, _ in borderless])
    return CityAnswers(greener, roads, best, first, borderless)


def _borderless(city: CityResults) -> list[tuple[str, list[PhotoResults]]]:
    """Nothing where a border was compared in all photos."""
    compared = any(len(photo.contrasts) for photo in city.photos)
    return notes_on(city, "borders") or ([] if compared else [(NO_BORDER, [])])


def notes_on(city: CityResults, subject: str) -> list[tuple[str, list[PhotoResults]]]:
    """Why nothing can be said of a subject, and in which photos."""
    said: dict[str, list[PhotoResults]] = {}
    for photo in city.photos:
        for sentence in of_subject(photo, subject):
            said.setdefault(sentence, []).append(photo)
    return list(said.items())


def of_subject(photo: PhotoResults, subject: str) -> list[str]:
    """Why one photo says nothing of a subject, in sentences."""
    return list(photo.notes["statement"][photo.notes["subject"] == subject])
