"""The questions that people bring, each as a theme of the project and as a page to print."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.deliver.results import CityResults
from pipeline.qgis.about import CC_BY, GEONAMES, ODBL, OSM
from pipeline.qgis.document import Entry
from pipeline.qgis.layouts import Page
from pipeline.raster.bands import SIMULATED_NOTE, photo_sources

MAP = ("cities", "borders")


# What one photo says, and the layer in which all photos say it: they lie on the same places.
SAID_BY_ALL = {"motorway_ends": "motorway_crossings"}


@dataclass(frozen=True)
class Question:
    """A question: the name of its theme, its words, and the kinds of layer that answer it; those of `of_map`
    only help to find the way, or lie under the answer."""

    name: str
    words: str
    answers: tuple[str, ...]
    of_map: tuple[str, ...] = ()


QUESTIONS = (
    Question("greener?", "Is one side of a border greener?", ("contrasts", "tone"), MAP),
    Question(
        "motorways",
        "Where does the light of motorways end?",
        ("motorway_ends", "motorway_crossings", "motorway_segments"),
        (*MAP, "motorways", "ortho"),
    ),
    Question("what changed", "What changed between two photos?", ("border_changes", "light_change"), MAP),
    Question(
        "how sure is the place",
        "How surely is each place known?",
        ("control_points", "residuals", "geometry"),
        ("footprint", "borders"),
    ),
)


def themes(city: CityResults, entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """The layers of each question that the project can answer, from the first photo, from what all photos say
    together where they do, and from the first pair of photos."""
    owners = {"", *(photo.name for photo in city.photos[:1])}
    owners |= {f"{pair.before}_{pair.after}" for pair in city.pairs[:1]}
    pooled = {entry.kind for entry in entries if entry.owner == city.pooled.name}
    found = {}
    for question in QUESTIONS:
        shown = [
            entry
            for entry in entries
            if entry.kind in (*question.answers, *question.of_map)
            and (entry.owner == city.pooled.name if entry.kind in pooled else entry.owner in owners)
        ]
        kinds = {entry.kind for entry in shown}
        shown = [entry for entry in shown if SAID_BY_ALL.get(entry.kind) not in kinds]
        if kinds & set(question.answers):
            found[question.name] = shown
    return found


def pages(city: CityResults, of_themes: dict[str, list[Entry]]) -> list[Page]:
    """A page for each question that has a theme."""
    photos, pairs = (", ".join(each.heading for each in city.photos), city.pairs[:1])
    changed = pairs[0].title if pairs else photos
    first = city.photos[0].heading if city.photos else ""
    subtitles = {"greener?": photos, "motorways": first, "what changed": changed}
    light = "; ".join(": ".join(source) for source in photo_sources(city.origins))
    sources = f"Light: {light}. Borders and roads: {OSM}, {ODBL}. Places: {GEONAMES}, {CC_BY}."
    return [
        Page(
            question.name,
            question.words,
            f"{city.title}: {subtitles.get(question.name, first)}",
            sources,
            SIMULATED_NOTE.replace(" photograph", "") if city.simulated else "",
            of_themes[question.name],
        )
        for question in QUESTIONS
        if question.name in of_themes
    ]
