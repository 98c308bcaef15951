"""The photos that are pooled: each once, however many maps show it, and where they look."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.borders.light_squares import ARRAYS, LightSquares
from pipeline.borders.squares import AREA_CRS, SQUARE_M, code_of


def one_of_each(maps: Iterable[LightSquares]) -> list[LightSquares]:
    """Every photo once, in order of time, those of no known time last. A photo may lie on the maps of several
    cities, which show different parts of it."""
    by_photo: dict[str, list[LightSquares]] = {}
    for of_map in maps:
        by_photo.setdefault(of_map.photo, []).append(of_map)
    photos = [_merged(of_photo) for of_photo in by_photo.values()]
    return sorted(photos, key=lambda photo: (str(photo.taken_at), photo.photo))


def _merged(maps: Sequence[LightSquares]) -> LightSquares:
    """One photo: each square from the first map that shows it whole, at the edge of all maps from any."""
    first, parts, taken = maps[0], [], np.zeros(0, np.int64)
    for at_edge in (False, True):
        for of_map in maps:
            code = code_of(of_map.column, of_map.row)
            new = (_at_edge(of_map) == at_edge) & ~np.isin(code, taken)
            taken = np.union1d(taken, code[new])
            parts.append(of_map.chosen(new))
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in ARRAYS
    }
    cells = np.concatenate([part.n_cells * (part.cell_km2 / first.cell_km2) for part in parts])
    arrays["n_cells"] = np.maximum(1, np.rint(cells)).astype(np.int64)
    zones_m: dict[str, float] = {}
    for pair, zone_m in ((pair, zone_m) for of_map in maps for pair, zone_m in of_map.exclusion_m.items()):
        zones_m[pair] = max(zone_m, zones_m.get(pair, 0.0))
    return replace(first, **arrays, exclusion_m=zones_m)


def _at_edge(squares: LightSquares) -> NDArray[np.bool_]:
    """Which squares may be cut by the edge of their map."""
    if not len(squares):
        return np.zeros(0, bool)
    in_column, in_row = (
        np.isin(number, (number.min(), number.max())) for number in (squares.column, squares.row)
    )
    return in_column | in_row


def photo_frames(photos: Sequence[LightSquares]) -> gpd.GeoDataFrame:
    """The layer `photos`: each with the box around its light; without one where it shows none."""
    rows = [
        {
            "photo": photo.photo,
            "n_cells": int(photo.n_cells.sum()),
            "geometry": _box(photo),
            "evidence": photo.evidence,
            "simulated": photo.simulated,
        }
        for photo in photos
    ]
    table = gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=AREA_CRS)
    taken_at = [photo.taken_at and photo.taken_at.strftime("%Y-%m-%dT%H:%M:%SZ") for photo in photos]
    table.insert(1, "taken_at", pd.Series(taken_at, dtype=object))  # pandas would make None a number
    return table


def _box(photo: LightSquares) -> shapely.Polygon | None:
    if not len(photo):
        return None
    low, high = ((end(photo.column), end(photo.row)) for end in (np.min, np.max))
    return shapely.box(*(SQUARE_M * np.array([*low, high[0] + 1, high[1] + 1])))
