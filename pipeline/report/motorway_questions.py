"""One question for each motorway at a border, answered by all photos together and by each of them."""

import re

from pipeline.deliver.results import CityResults
from pipeline.ground.country_table import adjective, country_name
from pipeline.report.answers import Question, rows_of, with_others
from pipeline.report.motorway_answers import crossings, motorway_answer, of_motorway
from pipeline.report.pooled_crossings import pooled_crossing


def motorway_questions(city: CityResults) -> tuple[Question, ...]:
    """One question for each motorway and border that a photo shows it cross."""
    keys = {
        (str(row.ref), str(row.pair)): str(row.name)
        for photo in city.photos
        for row in rows_of(crossings(photo))
    }
    return tuple(_question(ref, pair, keys[ref, pair], city) for ref, pair in sorted(keys))


def _question(ref: str, pair: str, name: str, city: CityResults) -> Question:
    shown = [
        (photo, row) for photo in city.photos for row in rows_of(of_motorway(crossings(photo), ref, pair))
    ]
    answers = [motorway_answer(row, photo) for photo, row in shown]
    first, second = pair.split("-")
    known = f" ({name.replace('/', ', ')})" if name not in ("", ref, "nan", "None") else ""
    return Question(
        anchor=f"motorway-{re.sub('[^a-z0-9]+', '-', f'{ref}-{pair}'.lower())}",
        heading=f"{ref}: does its light end at the {adjective(first)}-{adjective(second)} border?",
        about=f"The {ref}{known} from {country_name(first)} to {country_name(second)}.",
        key=(ref, pair),
        answers=(*pooled_crossing(ref, pair, city, answers), *with_others(answers)),
    )
