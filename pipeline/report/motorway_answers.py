"""Does a motorway's light end at the border? Answers with what speaks for and against it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.deliver.contrasts import PooledResults
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.ground.country_table import adjective, country_name
from pipeline.ground.events import road_numbers
from pipeline.motorways.verdicts import DIFFERS
from pipeline.report.answers import (
    Answer,
    Argument,
    Lean,
    Question,
    Source,
    evidence_doubt,
    known,
    place_of,
    policies,
    rows_of,
    with_others,
)
from pipeline.report.number_format import fixed, listed, missing, signed, span
from pipeline.robust import NORMAL_95

APPROXIMATE_M = 100.0  # of a drawn line: said from here on, as the borders step does
BESIDE_M = 5000.0  # of the border: where it matters whether lit can be told from dark
MUCH_UNTOLD = 0.2  # share of the road near the border of which lit cannot be told from dark: a doubt above it
MUCH_LEFT = 50.0  # % of a lit motorway's light behind an end: a doubt from here on, as the road is half lit
LITTLE_SEEN = 0.8  # share of the road beside the border that is seen: a doubt below it
REF = "{ref}"  # where a sentence has the motorway's name
JPEG_BRIGHTENS_FAINT_LIGHT = (
    "A camera JPEG: its tone curve brightens faint light. Whether the road is lit can be told, but not how "
    "bright it is."
)
# Verdicts by which a part of the road is dark.
DARKNESS = {
    *("ends at the national border", "ends at the regional border", "ends elsewhere", "dark on both sides"),
}
WORDS: dict[str, tuple[str, Lean]] = {
    "ends at the national border": ("Yes", "yes"),
    "ends at the regional border": ("No", "no"),
    "ends elsewhere": ("No", "no"),
    "lit up to the border": ("Lit up to it", "open"),
    "lit on both sides": ("No", "no"),
    "dark on both sides": ("No", "no"),
    "undecidable": ("Cannot be told", "open"),
    DIFFERS: ("Not the same in all photos", "open"),
    "not measured": ("Not measured", "open"),
}


def motorway_questions(city: CityResults) -> tuple[Question, ...]:
    """One question for each motorway and border that a photo shows it cross."""
    keys = {
        (str(row.ref), str(row.pair)): str(row.name)
        for photo in city.photos
        for row in rows_of(crossings(photo))
    }
    return tuple(_question(ref, pair, keys[ref, pair], city) for ref, pair in sorted(keys))


def crossings(photo: PhotoResults) -> gpd.GeoDataFrame:
    """The rows of `motorway_ends` that are of a motorway at a border."""
    return photo.motorway_ends[photo.motorway_ends["pair"].notna()]


def unmeasured(city: CityResults) -> list[tuple[str, list[PhotoResults]]]:
    """Why other motorways, or all, were not measured, and in which photos; those of one
    reason together."""
    said: dict[tuple[str, str], list[PhotoResults]] = {}
    for photo in city.photos:
        rows = photo.motorway_ends[photo.motorway_ends["pair"].isna()]
        for key in dict.fromkeys(zip(rows["ref"].fillna(""), rows["statement"], strict=True)):
            said.setdefault(key, []).append(photo)
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (ref, sentence), photos in said.items():
        shape = sentence.replace(ref, REF, 1) if ref else sentence
        together.setdefault((shape, tuple(photo.facts.id for photo in photos)), []).append(ref)
    by_id = {photo.facts.id: photo for photo in city.photos}
    return [
        (shape.replace(REF, listed(refs)), [by_id[name] for name in names])
        for (shape, names), refs in together.items()
    ]


def _question(ref: str, pair: str, name: str, city: CityResults) -> Question:
    shown = [
        (photo, row) for photo in city.photos for row in rows_of(of_motorway(crossings(photo), ref, pair))
    ]
    first, second = pair.split("-")
    known = f" ({name.replace('/', ', ')})" if name not in ("", ref, "nan", "None") else ""
    of_photos = with_others([motorway_answer(row, photo) for photo, row in shown])
    # Of all photos first, then of those of one policy.
    together = rows_of(of_motorway(city.pooled.motorway_crossings, ref, pair))
    return Question(
        anchor=f"motorway-{re.sub('[^a-z0-9]+', '-', f'{ref}-{pair}'.lower())}",
        heading=f"{ref}: does its light end at the {adjective(first)}-{adjective(second)} border?",
        about=f"The {ref}{known} from {country_name(first)} to {country_name(second)}.",
        key=(ref, pair),
        answers=(
            *(pooled_answer(row, city.pooled, of_photos) for row in together[:1]),
            *of_photos,
        ),
        notes=tuple(f"{row.policy}: {row.statement}" for row in together[1:]),
    )


def of_motorway(table: gpd.GeoDataFrame, ref: str, pair: str) -> gpd.GeoDataFrame:
    """The rows of a motorway at a border."""
    return table[(table["ref"] == ref) & (table["pair"] == pair)]


def motorway_answer(row: Any, photo: PhotoResults) -> Answer:
    """The answer of a photo from its row of `motorway_ends` and its other tables."""
    segments = of_motorway(photo.motorway_segments, row.ref, row.pair)
    arguments = (
        *(_without_end(segments) if missing(row.end_m) else _end(row, segments)),
        *_told(row, segments),
        *_position(row),
        *_policies(row, photo),
    )
    return _answer(row, photo, arguments)


def _answer(row: Any, source: Source, arguments: Sequence[Argument], beside: tuple[str, ...] = ()) -> Answer:
    """What a row says of the claim that light ends at the border."""
    word, lean = WORDS[row.verdict]
    return Answer(
        source=source,
        word=word,
        lean=lean,
        verdict=_verdict(row),
        claim=f"the light of the {row.ref} ends at the border",
        found="" if lean == "open" else row.verdict,
        claimed="ends at the national border",
        figures=_figures(row),
        arguments=(*arguments, *evidence_doubt(source, JPEG_BRIGHTENS_FAINT_LIGHT)),
        beside=beside,
    )


def place(row: Any, chainage_m: float) -> str:
    """A chainage as so many kilometres on one side."""
    country = row.second if chainage_m > 0 else row.first
    return f"{abs(chainage_m) / 1e3:.2f} km on the {adjective(country)} side"


def _verdict(row: Any) -> str:
    """In one sentence; the tables' own where that gives a reason."""
    first, second = country_name(row.first), country_name(row.second)
    if row.verdict == "ends at the national border":
        return f"Its light ends where {first} meets {second}."
    if row.verdict == "ends at the regional border":
        return f"Its light ends at the border between two regions, {place(row, row.regional_at_m)}."
    if row.verdict == "ends elsewhere":
        return f"Its light ends away from the border, {place(row, row.end_m)}."
    return str(row.statement)


def pooled_answer(row: Any, pooled: PooledResults, of_photos: Sequence[Answer]) -> Answer:
    """The answer of all photos together from a row of `motorway_crossings`; `of_photos` is what each says by
    itself."""
    agreeing = sum(answer.found == row.verdict for answer in of_photos)
    differing = sum(answer.found not in ("", row.verdict) for answer in of_photos)
    arguments = []
    if not missing(row.end_m):
        holds = row.low95_m <= 0 <= row.high95_m
        width = _km(row.high95_m - row.low95_m)
        said = "holds" if holds else "does not hold"
        interval = f"The 95 % interval of the end, {width} wide, {said} the national border."
        arguments.append(Argument(bool(holds), interval))
    if agreeing:
        same = f"{agreeing} of {len(of_photos)} photos find the same by themselves."
        arguments.append(Argument(True, same))
    if differing:
        found = f"{differing} of {len(of_photos)} photos find something else by themselves."
        arguments.append(Argument(False, found))
    return _answer(row, pooled, arguments, (f"Lights at these hours: {row.policy}.",))


def in_short(row: Any) -> str:
    """The verdict, and within which stretch of road the light ends."""
    verdict = _verdict(row)
    if missing(row.low95_m) or missing(row.high95_m) or row.verdict == "undecidable":
        return verdict
    ends = f"{place(row, row.low95_m)} and {place(row, row.high95_m)}"
    return f"{verdict} Surely (95 %) between {ends}."


def _figures(row: Any) -> tuple[tuple[str, str], ...]:
    """Chainages in km, as charts have them."""
    if missing(row.end_m):
        return ()
    end, low, high, regional = (
        value / 1e3 for value in (row.end_m, row.low95_m, row.high95_m, row.regional_at_m)
    )
    return (
        (f"Light ends, km (− {adjective(row.first)}, + {adjective(row.second)} side)", signed(end)),
        ("95 % interval", span(low, high)),
        *(() if missing(regional) else (("Regional border, km", signed(regional)),)),
    )


def _km(length_m: float) -> str:
    return f"{length_m / 1e3:.2f} km"


def _end(row: Any, segments: pd.DataFrame) -> Iterator[Argument]:
    """Where the light ends, against both borders."""
    at = f"{_km(row.high95_m - row.low95_m)} wide"
    if row.low95_m <= 0 <= row.high95_m:
        yield Argument(True, f"The 95 % interval of the end, {at}, holds the national border.")
    else:
        yield Argument(False, f"The 95 % interval of the end, {at}, does not hold the national border.")
    if not missing(row.to_regional_m):
        national, regional = _km(row.to_national_m), _km(row.to_regional_m)
        nearer = row.to_national_m < row.to_regional_m
        than = "nearer to" if nearer else "farther from"
        yield Argument(
            bool(nearer),
            f"The end lies {than} the national border ({national}) than {than.split()[1]} the regional one "
            f"({regional}).",
        )
        if row.low95_m <= row.regional_at_m <= row.high95_m:
            yield Argument(False, "The interval holds the border between regions as well.")
    sign = 1 if row.lit_side == row.second else -1
    lit = _length_km(segments, "lit", sign, row.end_m)
    dark = _length_km(segments, "dark", -sign, row.end_m)
    if lit or dark:
        yield Argument(
            True,
            f"The road is lit for {lit:.1f} km on one side of this place, and dark for {dark:.1f} km on the "
            "other.",
        )
    if not missing(row.beyond_share_high95):
        most = max(1.0, 100 * row.beyond_share_high95)
        yield Argument(
            most < MUCH_LEFT,
            f"Behind its end the road has at most {most:.0f} % of the light of a lit motorway (95 %).",
        )


def _without_end(segments: pd.DataFrame) -> Iterator[Argument]:
    """How much of a road whose light has no end here is lit, and dark."""
    lit, dark = (_length_km(segments, what, 1, float("-inf")) for what in ("lit", "dark"))
    lengths = [f"{length:.1f} km are {what}" for what, length in (("lit", lit), ("dark", dark)) if length]
    if lengths:
        yield Argument(False, f"Of the road that is seen, {listed(lengths)}.")


def _length_km(segments: pd.DataFrame, what: str, sign: int, end_m: float) -> float:
    """How much of one side of a place is lit, or dark."""
    alike = segments[segments["lit"] == what]
    low, high = (end_m, float("inf")) if sign > 0 else (float("-inf"), end_m)
    inside = alike["to_m"].clip(low, high) - alike["from_m"].clip(low, high)
    return float(inside.sum()) / 1e3


def _told(row: Any, segments: pd.DataFrame) -> Iterator[Argument]:
    """How much of the road tells anything."""
    if row.seen_share < LITTLE_SEEN:
        yield Argument(False, f"Only {100 * row.seen_share:.0f} % of the road beside the border can be seen.")
    near_km = (
        segments["to_m"].clip(-BESIDE_M, BESIDE_M) - segments["from_m"].clip(-BESIDE_M, BESIDE_M)
    ) / 1e3
    untold = float(near_km[segments["lit"] == "undecidable"].sum())
    total = float(near_km.sum())
    if total and untold / total > MUCH_UNTOLD:
        yield Argument(
            False,
            f"On {untold:.1f} of the {total:.1f} km of road within {BESIDE_M / 1e3:.0f} km of the border it "
            "cannot be told whether it is lit: towns or noise hide it, or it is not seen.",
        )


def _position(row: Any) -> Iterator[Argument]:
    """How sure line and photo are."""
    if row.line_error_m >= APPROXIMATE_M:
        yield Argument(False, f"The motorway’s line on the map may be wrong by {fixed(row.line_error_m)} m.")
    if not missing(row.regional_at_m) and NORMAL_95 * row.position_sigma_m > abs(row.regional_at_m) / 2:
        yield Argument(
            False,
            f"The photo’s position is known to {fixed(row.position_sigma_m)} m (1 sigma); the national and "
            f"the regional border are {_km(abs(row.regional_at_m))} apart on this road.",
        )


def _policies(row: Any, photo: PhotoResults) -> Iterator[Argument]:
    """What is known of the lights of motorways at this date and hour."""
    dark = {row.first, row.second} - {row.lit_side}
    for event in policies(photo, row.pair, "motorway", ("off", "dimmed", "lit")):
        named = road_numbers(place_of(event))
        if place_of(event) and not named & (road_numbers(row.ref) | road_numbers(str(row.name))):
            continue
        if event.state == "lit" and event.country == row.lit_side:
            yield known(photo, event, True, "fits the lit side")
        elif event.state != "lit" and event.country in dark and row.verdict in DARKNESS:
            yield known(photo, event, False, "may explain why a part of the road is dark")
