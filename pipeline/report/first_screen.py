"""The first screen: one plain sentence a question, which border the map begins at, and which photo."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pandas as pd
import shapely
import shapely.ops

from pipeline.borders.quantities import ALL, TOWNS
from pipeline.camera.earth import transformer
from pipeline.deliver.contrasts import headlines, of_quantity
from pipeline.deliver.dictionary import END_VERDICTS
from pipeline.deliver.results import CityResults, PairResults, PhotoResults
from pipeline.ground.country_table import adjective, country_name
from pipeline.models import City
from pipeline.motorways.verdicts import DIFFERS
from pipeline.report.answers import Answer, Lean, Question, Source, holds_zero, last_real, of_pair, rows_of
from pipeline.report.border_answers import AACHENS_NAME, AACHENS_PAIR
from pipeline.report.contrast_answers import alike, capital, sides_of, verdict_on
from pipeline.report.factor_words import compared, in_brief, times
from pipeline.report.motorway_answers import WORDS
from pipeline.report.number_format import listed, missing

# Of the map's first view: wide enough for a border with the cities on both sides of it.
VIEW_KM = 80.0
AT_BORDER, DARK = "ends at the national border", "dark on both sides"
UNLIKE = WORDS[DIFFERS][0]


# Whose it is, and a row of `contrasts`.
Headline = tuple[Source, Any]


@dataclass(frozen=True)
class Ask:
    """A question of the first screen: a word and a sentence that answer it, what else there is to say, and
    the part of the page with its evidence; `simulated` if any of it stands on simulated photos."""

    anchor: str
    heading: str
    word: str
    lean: Lean
    sentence: str
    also: str = ""
    simulated: bool = False


@dataclass(frozen=True)
class Focus:
    """Where the map begins: its middle on the map, metres, a photo that shows it, and the border, if any."""

    x: float
    y: float
    photo: PhotoResults
    pair: str | None


def best_rows(city: CityResults) -> list[Headline]:
    """One headline for each border that a photo shows: of real light before simulated; of all photos together
    where there is one, else of the photo that says most, the later of equals."""
    sources: list[Source] = [*city.photos, city.pooled]
    rows = [(source, row) for source in sources for row in rows_of(headlines(source.contrasts))]

    def rank(headline: Headline) -> tuple[bool, bool, float]:
        source, row = headline
        return source.simulated, source is not city.pooled, _width(row)

    by_pair: dict[str, Headline] = {}
    for headline in sorted(reversed(rows), key=rank):
        by_pair.setdefault(str(headline[1].pair), headline)
    seen = {str(pair) for photo in city.photos for pair in photo.contrasts["pair"]}
    return [headline for pair, headline in sorted(by_pair.items()) if pair in seen]


def _width(row: Any) -> float:
    """Of a row's interval; endless where it has none."""
    if missing(row.contrast_g_r) or missing(row.low95) or missing(row.high95):
        return float("inf")
    return float(row.high95 - row.low95)


def lead(city: CityResults, configuration: City, best: Sequence[Headline]) -> Headline | None:
    """The headline of the border that the page begins with: one of real light before simulated; one that is
    answered; Aachen's, where its towns are seen, before others, as it is what this began with; else the
    nearest to the city."""
    place = _city_place(city, configuration)

    def rank(headline: Headline) -> tuple[bool, bool, bool, float]:
        source, row = headline
        line = _line(row, city)
        away = line.distance(place) if line is not None else float("inf")
        return source.simulated, verdict_on(row)[1] == "open", not _is_aachens(row, city), away

    return min(best, key=rank, default=None)


def _is_aachens(row: Any, city: CityResults) -> bool:
    """Whether it is Aachen's border, with Aachen in sight."""
    return row.pair == AACHENS_PAIR and any(AACHENS_NAME in set(photo.towns["name"]) for photo in city.photos)


def _city_place(city: CityResults, configuration: City) -> shapely.Point:
    location = configuration.location
    x, y = transformer("EPSG:4326", city.grid.crs).transform(location.lon, location.lat)
    return shapely.Point(float(x), float(y))


def _line(row: Any, city: CityResults) -> Any | None:
    """The border of a row, inside the map frame."""
    lines = [
        part
        for photo in city.photos
        for part in of_pair(photo.segments, row.pair).geometry.dropna().to_numpy()
    ] or [row.geometry]
    known = [line for line in lines if line is not None and not line.is_empty]
    # As they are: many photos show the same stretches, and to merge them took longer than all else here.
    return shapely.multilinestrings(shapely.get_parts(known)) if known else None


def focus(city: CityResults, configuration: City, best: Sequence[Headline]) -> Focus:
    """The place on the leading border that is nearest to the city, and the last photo that shows it, a real
    one before simulated; without a border the city itself, or the middle of what is seen."""
    place, first = _city_place(city, configuration), lead(city, configuration, best)
    row = first[1] if first else None
    line = None if row is None else _line(row, city)
    showing = [
        photo for photo in city.photos if row is not None and (photo.contrasts["pair"] == row.pair).any()
    ]
    photo = last_real(showing or city.photos)
    seen = photo.footprint.union_all().intersection(city.frame)
    if line is not None:
        # Stretch by stretch: together, those that many photos show would be cut at each other.
        parts = shapely.intersection(shapely.get_parts(line), seen)
        near = shapely.GeometryCollection(list(parts[~shapely.is_empty(parts)]))
        place = shapely.ops.nearest_points(line if near.is_empty else near, place)[0]
    elif not seen.is_empty and not seen.contains(place):
        place = seen.centroid
    return Focus(place.x, place.y, photo, None if row is None else str(row.pair))


def asks(
    city: CityResults,
    configuration: City,
    best: Sequence[Headline],
    greener: Sequence[Question],
    roads: Sequence[Question],
    silent: Sequence[str],
) -> list[Ask]:
    """The questions that this city answers, in the order they are asked, from the `best_rows` of its borders;
    `silent` is why no border was compared."""
    first = lead(city, configuration, best)
    return [
        *([_greener(first, city, best, greener)] if first is not None else _not_compared(silent, city)),
        *([of_roads(roads)] if roads else []),
        *_changed(city, None if first is None else str(first[1].pair)),
    ]


def _not_compared(silent: Sequence[str], city: CityResults) -> Iterator[Ask]:
    if silent:
        question, simulated = "Which side of the border is greener?", last_real(city.photos).simulated
        yield Ask("photos", question, "Not asked", "open", " ".join(silent), simulated=simulated)


def _greener(
    first: Headline, city: CityResults, best: Sequence[Headline], questions: Sequence[Question]
) -> Ask:
    """The leading border, and in a sentence the others, simulated ones only beside a simulated one."""
    source, row = first
    question = next(one for one in questions if one.key == (str(row.pair),))
    word, lean, _ = verdict_on(row)
    others = [other for its, other in best if other.pair != row.pair and its.simulated == source.simulated]
    return Ask(
        question.anchor,
        question.heading,
        word,
        lean,
        compared(row, f"Around {AACHENS_NAME} " if _is_aachens(row, city) else ""),
        _elsewhere(others),
        source.simulated,
    )


def _elsewhere(rows: Sequence[Any]) -> str:
    """What is clear at other borders, and between which countries nothing is."""
    clear = [row for row in rows if verdict_on(row)[1] != "open"]
    greener = [in_brief(row) for row in clear if not alike(row)]
    open_between = [_between(row) for row in rows if row not in clear]
    parts = [f"Elsewhere {listed(greener)}."] if greener else []
    parts += (
        [f"{country_pairs([row for row in clear if alike(row)])} are alike."]
        if any(map(alike, clear))
        else []
    )
    if open_between:
        parts.append(f"Not clear between {', nor between '.join(open_between)}.")
    return " ".join(parts)


def country_pairs(rows: Sequence[Any]) -> str:
    """The sides of borders, named."""
    return listed(
        [f"the {adjective(row.first)} and {adjective(row.second)} side" for row in rows]
    ).capitalize()


def _between(row: Any) -> str:
    return f"{country_name(row.first)} and {country_name(row.second)}"


def told(question: Question) -> tuple[str, Lean, Answer]:
    """What the photos, real ones before simulated, say of a crossing: all together where they do; else what
    those that can tell agree on, or that they differ; and an answer that stands for it."""
    answers = [answer for answer in question.answers if not answer.source.simulated] or question.answers
    of_all = [answer for answer in answers if answer in question.of_all]
    if of_all and of_all[0].word == UNLIKE:
        return DIFFERS, "open", of_all[0]
    telling = of_all or [answer for answer in answers if answer.found]
    if not telling:
        return "", "open", answers[-1]
    if len({answer.found for answer in telling}) > 1:
        return DIFFERS, "open", telling[-1]
    return telling[-1].found, telling[-1].lean, telling[-1]


def differing(question: Question, simulated: bool) -> str:
    """What is found at a crossing where photos, real or simulated ones, differ, each with how many find it;
    their ends may differ where what they find is called the same."""
    found = [answer.found for answer in question.of_photos if answer.source.simulated == simulated]
    counts = Counter(what for what in found if what)
    if len(counts) < 2:
        return "photos differ by more than chance"
    parts = [f"{END_VERDICTS[what]} in {count}" for what, count in counts.most_common()]
    return f"{', '.join(parts)} of {len(found)} photos"


def of_roads(questions: Sequence[Question]) -> Ask:
    """All crossings in one sentence each of what was found; where any is of real photos, only those."""
    outcomes = [(question, *told(question)) for question in questions]
    simulated = all(answer.source.simulated for *_, answer in outcomes)
    outcomes = [outcome for outcome in outcomes if outcome[-1].source.simulated == simulated]
    at_border = [question for question, found, *_ in outcomes if found == AT_BORDER]
    dark = [question for question, found, *_ in outcomes if found == DARK]
    unlike = [question for question, found, *_ in outcomes if found == DIFFERS]
    untold = [question for question, found, lean, _ in outcomes if lean == "open" and found != DIFFERS]
    said = [f"The light of {_by_border(at_border)}."] if at_border else []
    for question, found, lean, answer in outcomes:
        if lean == "no" and found != DARK:
            said.append(f"{question.key[0]}: {answer.verdict[0].lower()}{answer.verdict[1:]}")
    word, lean = _road_word(len(at_border), len(said) - bool(at_border), len(dark), len(unlike), len(untold))
    differ = "; ".join(f"{_crossings([question])}: {differing(question, simulated)}" for question in unlike)
    also = [f"Dark on both sides: {_crossings(dark)}."] if dark else []
    if unlike:
        also.append(f"{capital(differ)}." if word == UNLIKE else f"{UNLIKE}: {differ}.")
    also += [f"Cannot be told: {_crossings(untold)}."] if untold else []
    if not said:
        said, also = also, []
    alone = len(questions) == 1
    heading = questions[0].heading if alone else "Do the motorways’ lights end at the border?"
    anchor = questions[0].anchor if alone else "motorways"
    return Ask(anchor, heading, word, lean, " ".join(said), " ".join(also), simulated)


def _road_word(ends: int, goes_on: int, dark: int, unlike: int, untold: int) -> tuple[str, Lean]:
    """From how many crossings there are of each kind."""
    if ends:
        return ("Some do" if goes_on or unlike or untold else "Yes"), "yes"
    if goes_on or dark:
        return "No", "no"
    return (UNLIKE if unlike else "Cannot be told"), "open"


def _by_border(questions: Sequence[Question]) -> str:
    """E40 and E42 ends where Belgium meets Germany, that of E25 ..., for roads whose light ends at it."""
    by_pair = sorted(questions, key=lambda question: question.key[1])
    parts = []
    for pair, group in groupby(by_pair, key=lambda question: question.key[1]):
        first, second = pair.split("-")
        refs = listed([f"the {question.key[0]}" for question in group])
        parts.append(f"{refs} where {country_name(first)} meets {country_name(second)}")
    return listed(
        [parts[0].replace(" where ", " ends where ", 1), *(f"that of {part}" for part in parts[1:])]
    )


def _crossings(questions: Sequence[Question]) -> str:
    return listed([f"the {question.key[0]} ({question.key[1].replace('-', '–')})" for question in questions])


def _changed(city: CityResults, pair: str | None) -> Iterator[Ask]:
    """How the leading border's difference changed, from all photos by years, else between the last two photos
    (real ones before simulated)."""
    trends = rows_of(of_pair(city.pooled.contrast_trends, pair)) if pair else []
    if trends and pair:
        yield _trend(trends[0], of_pair(city.pooled.contrasts_by_years, pair), city.pooled.simulated)
    elif city.pairs:
        last = max(city.pairs, key=lambda each: (not each.simulated, city.pairs.index(each)))
        statements = [str(row.statement) for row in rows_of(last.border_changes)]
        if statements:
            yield Ask("changes", _question_of(last), "In short", "open", statements[0], "", last.simulated)


def _question_of(pair: PairResults) -> str:
    return f"What changed{pair.title.partition('change')[2].replace(', ', ' from ', 1)}?"


def _trend(trend: Any, by_years: pd.DataFrame, simulated: bool) -> Ask:
    """The change of the leading border's difference."""
    heading = f"Did the difference change from {trend.from_years} to {trend.to_years}?"
    return Ask("changes", heading, *trend_in_words(trend, by_years), simulated=simulated)


def trend_in_words(trend: Any, by_years: pd.DataFrame) -> tuple[str, Lean, str]:
    """A word, what it leans to, and a sentence on how the difference of towns changed, from a row of
    `contrast_trends` and the contrasts of its border by years."""
    ends = {str(row.photo): row for row in rows_of(of_quantity(by_years, TOWNS)) if row.photo != ALL}
    first, last = (ends.get(str(years)) for years in (trend.from_years, trend.to_years))
    if first is None or last is None or missing(trend.change_g_r):
        return "Cannot be told", "open", str(trend.statement)
    if missing(first.contrast_g_r) or missing(last.contrast_g_r):
        return "Cannot be told", "open", str(trend.statement)
    greener, other = sides_of(first)
    sign = 1 if greener == trend.second else -1
    before, after = sign * first.contrast_g_r, sign * last.contrast_g_r
    said = (
        f"A typical {adjective(greener)} town was {times(before)} times as green for its red as a "
        f"{adjective(other)} one in {trend.from_years}, and {times(after, before)} times in {trend.to_years}"
    )
    if holds_zero(trend):
        return "Not shown", "open", f"{said}: this may be chance."
    word = "It shrank" if abs(after) < before else "It grew"
    return word, "yes", f"{said}."
