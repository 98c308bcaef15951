"""What lies on the map to explore: stretches of borders, motorways, crossings, towns and names, each with its
place in cells of the grid and what it tells at a touch."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from pipeline.deliver import dictionary, palette
from pipeline.deliver.palette import DARK, LIT, TEAL, UNDECIDED
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.ground.country_table import adjective, country_title
from pipeline.report.answers import holds_zero, of_pair, rows_of
from pipeline.report.contrast_answers import sides_of
from pipeline.report.explorer_images import cells
from pipeline.report.factor_words import times, times_between, toward_greener
from pipeline.report.motorway_answers import crossings, in_short
from pipeline.report.number_format import fixed, missing

LINE_TOLERANCE_CELLS = 0.5  # as little as a line may leave its place and be drawn the same
MOST_TOWNS = 400  # with figures, the largest first: more are smaller than a finger
MOST_NAMES = 120
ROAD_COLOURS = {"lit": LIT, "dark": DARK, "undecidable": UNDECIDED}

Feature = dict[str, Any]


def photo_features(photo: PhotoResults, city: CityResults) -> dict[str, list[Feature]]:
    """What one photo measured: lines and points by layer."""
    return {
        "borders": list(_segments(photo, city)),
        "motorways": [*_roads(photo, city), *_crossings(photo, city)],
        "towns": list(_towns(photo, city)),
    }


def city_features(city: CityResults) -> dict[str, list[Feature]]:
    """What is the same for all photos: borders as thin lines, and names."""
    borders = [
        {"line": line} for geometry in city.borders.geometry.dropna() for line in lines(geometry, city)
    ]
    names = [
        {"at": point(row.geometry, city), "name": row.name, "people": int(row.population)}
        for row in rows_of(city.cities.head(MOST_NAMES))
    ]
    return {"lines": borders, "names": names}


def lines(geometry: Any, city: CityResults) -> list[list[float]]:
    """The parts of a line as flat lists of x and y in cells, to a tenth."""
    simple = shapely.simplify(geometry, LINE_TOLERANCE_CELLS * city.grid.resolution_m)
    parts = []
    for part in shapely.get_parts(simple):
        if part.geom_type != "LineString" or part.is_empty:
            continue
        east, north = shapely.get_coordinates(part).T
        x, y = cells(east, north, city)
        parts.append(np.stack([x, y], axis=-1).round(1).ravel().tolist())
    return parts


def point(geometry: Any, city: CityResults) -> list[float]:
    """A place in cells; of an area its middle."""
    middle = geometry if geometry.geom_type == "Point" else geometry.centroid
    return [round(part, 1) for part in cells(middle.x, middle.y, city)]


def _segments(photo: PhotoResults, city: CityResults) -> Iterator[Feature]:
    """Stretches of borders in the colours of their contrast."""
    for pair in sorted(set(photo.segments["pair"])):
        stretches = rows_of(of_pair(photo.segments, str(pair)).sort_values("segment"))
        for number, row in enumerate(stretches, 1):
            if row.geometry is None or row.geometry.is_empty:
                continue
            border = f"{country_title(row.first)}–{country_title(row.second)} border"
            name = f"{border}, stretch {number} of {len(stretches)}"
            for line in lines(row.geometry, city):
                yield {"line": line, "colour": _colour(row), "title": name, "told": _stretch(row)}


def _colour(row: Any) -> str:
    """Of a stretch: grey where neither side is clearly greener."""
    if missing(row.contrast_g_r) or holds_zero(row):
        return UNDECIDED
    return next(stop.colour for stop in palette.CONTRAST if row.contrast_g_r <= stop.value)


def _stretch(row: Any) -> str:
    if missing(row.contrast_g_r):
        return "Too little light on both sides to be compared."
    greener, other = sides_of(row)
    middle, low, high = toward_greener(row)
    said = (
        f"All light: the {adjective(greener)} side is {times(middle)} times as green for its red as the "
        f"{adjective(other)} side"
    )
    if missing(row.low95) or missing(row.high95):
        return f"{said}; how surely cannot be told."
    return f"{said} ({times_between(low, high, middle)}){': this may be chance' if holds_zero(row) else ''}."


def _roads(photo: PhotoResults, city: CityResults) -> Iterator[Feature]:
    """Stretches of motorways, lit and dark."""
    for row in rows_of(photo.motorway_segments):
        if row.geometry is None or row.geometry.is_empty:
            continue
        lit = str(row.lit)
        length = fixed(abs(row.to_m - row.from_m) / 1e3, 1)
        told = (
            f"Whether these {length} km are lit cannot be told."
            if lit == "undecidable"
            else f"{lit.capitalize()} for {length} km."
        )
        for line in lines(row.geometry, city):
            yield {
                "line": line,
                "colour": ROAD_COLOURS[lit],
                "title": f"{row.ref}: {dictionary.LIT[lit]}",
                "told": told,
                "wide": 1,
            }


def _crossings(photo: PhotoResults, city: CityResults) -> Iterator[Feature]:
    """Where motorways meet borders."""
    for row in rows_of(crossings(photo)):
        if row.geometry is None or row.geometry.is_empty:
            continue
        first, second = adjective(row.first), adjective(row.second)
        yield {
            "at": point(row.geometry, city),
            "radius": 7,
            "colour": TEAL,
            "title": f"{row.ref} at the {first}–{second} border",
            "told": in_short(row),
            "goto": "Motorways at borders",
        }


def _towns(photo: PhotoResults, city: CityResults) -> Iterator[Feature]:
    """The largest towns by what is special about their tone: against the middle town of the photo, because a
    picture's own tone has no absolute scale."""
    tones = photo.towns.dropna(subset="tone_g_r")
    middle = float(tones["tone_g_r"].median()) if len(tones) else 0.0
    ranked = tones.sort_values(["population", "name"], ascending=[False, True]).head(MOST_TOWNS)
    for row in rows_of(ranked):
        if row.geometry is None or row.geometry.is_empty:
            continue
        against = row.tone_g_r - middle
        than = "as green for its red as the middle town of this photo"
        told = f"{times(against)} times {than}; {fixed(row.lit_area_km2, 1)} km² lit."
        yield {
            "at": point(row.geometry, city),
            "metres": round(1e3 * float(row.radius_km)),
            "colour": palette.tone_colour(row.tone_g_r),
            "title": f"{row.name}, {country_title(row.country)}, {fixed(row.population)} people",
            "told": told,
            "goto": "Towns",
        }
