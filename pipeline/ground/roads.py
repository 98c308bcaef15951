"""Motorways as lines with their error, from the map that comes with the project or the user's own."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.camera.earth import Array
from pipeline.ground.fetched import PROBLEM
from pipeline.ground.map_files import WAY_OUT, kept_parts, left_out, read_layer

MOTORWAYS = Path(__file__).parents[2] / "data" / "motorways.gpkg"
LAYER = "motorways"
DEFAULT_ERROR_M = 30.0  # of lines that state none: half the road's width, and OpenStreetMap's own error


# Of one road in a file. Germany's longest motorway has 960 km, and in OpenStreetMap both carriageways about
# 50,000 vertices. Following one of 100,000 takes about 5 s of processor.
MAX_ROAD_KM, MAX_ROAD_VERTICES = 5000, 100_000


@dataclass(frozen=True, eq=False)
class Motorways:
    """Lines (ref, name, error_m, approximate, geometry); in sentences what of the file could not be used."""

    lines: gpd.GeoDataFrame
    problems: tuple[str, ...]


def read_motorways(crs: str, file: Path = MOTORWAYS) -> Motorways:
    """The lines of a file's layer `motorways`, or else of its first one.

    All lines of one road must share a value of the column `ref`, or else `name`; `error_m` (a 95 % bound) and
    `approximate` (drawn by hand) are optional. Whatever cannot be used becomes a sentence, not an error; so
    does what the layer's metadata state under PROBLEM.
    """
    columns = ("ref", "name", "error_m", "approximate")
    nothing = gpd.GeoDataFrame({column: [] for column in columns}, geometry=[], crs=crs)
    table = read_layer(file, LAYER)
    if isinstance(table, str):
        return Motorways(nothing, (table,))
    key = next((column for column in ("ref", "name") if column in table), None)
    if key is None:
        return Motorways(nothing, (f"{file} has no column ref that names the motorways.",))
    lines = gpd.GeoDataFrame(
        {
            "ref": table[key].fillna("").astype(str),
            "name": table["name"].fillna("").astype(str) if "name" in table else "",
            "error_m": _errors_m(table),
            "approximate": table["approximate"].fillna(False).astype(bool)
            if "approximate" in table
            else False,
        },
        geometry=kept_parts(table.to_crs(crs), dimension=1),
        crs=crs,
    )
    good = ~lines.geometry.is_empty & (lines["ref"] != "")
    problems = [] if good.all() else [left_out(file, good, "lines of a named road")]
    endless = _endless(lines)
    if endless:
        problems.append(
            f"Roads of {file} ({', '.join(endless[:3])}) are longer than {MAX_ROAD_KM:,} km or have more "
            f"than {MAX_ROAD_VERTICES:,} vertices and were left out; {WAY_OUT}."
        )
        good &= ~lines["ref"].isin(endless)
    problems += [str(table.attrs[PROBLEM])] if PROBLEM in table.attrs else []
    return Motorways(lines[good].reset_index(drop=True), tuple(problems))


def _endless(lines: gpd.GeoDataFrame) -> list[str]:
    """Roads too long, or drawn too finely, to be followed in a reasonable time."""
    size = pd.DataFrame(
        {"km": lines.length / 1e3, "vertices": shapely.get_num_coordinates(lines.geometry.to_numpy())}
    )
    of_road = size.groupby(lines["ref"]).sum()
    return of_road.index[(of_road["km"] > MAX_ROAD_KM) | (of_road["vertices"] > MAX_ROAD_VERTICES)].to_list()


def _errors_m(table: gpd.GeoDataFrame) -> Array:
    """Stated errors; DEFAULT_ERROR_M where there is none that makes sense."""
    stated = pd.to_numeric(table["error_m"], errors="coerce") if "error_m" in table else np.nan
    error = np.broadcast_to(np.asarray(stated, float), len(table))
    return np.where(np.isfinite(error) & (error >= 0), error, DEFAULT_ERROR_M)
