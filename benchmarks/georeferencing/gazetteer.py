"""How far the light of a satellite's raster lies from the places of the gazetteer, by how their coordinates
are rounded: what `pipeline.ground.cities.MAP_SHIFT_SIGMA_KM` holds.

    python -m benchmarks.georeferencing.gazetteer --rasters FOLDER

FOLDER holds the rasters that `coverage` makes. Writes gazetteer.json beside this file; no photo is used.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer

from benchmarks.georeferencing.runner import Row
from pipeline.camera.earth import Array
from pipeline.ground.cities import WHOLE_SECOND, Cities, gazetteer

PLACES = {"Sapporo": "ISS030-E-188140", "Osaka": "ISS030-E-184140", "Los Angeles": "ISS040-E-91208"}
LEAST_PEOPLE = 1000
AROUND_M = 3000.0  # in which the middle of a place's light is looked for, on the ground
ROUNDS = 6  # of moving to the middle of the light around the last one
BACKGROUND = 0.3  # quantile of the light around a place that is not its own
LEAST_LIGHT = 30.0  # sum of the raster's counts: less is no place that is lit
FEWEST = 5  # places of one kind whose middle is told


def place_row(raster: Path) -> list[Row]:
    """Of the places in a raster, by kind of coordinates: how many, which share of their light, and how far
    their light lies from them (east and north, m: the median, and its length)."""
    cities = gazetteer()
    with rasterio.open(raster) as source:
        x, y = Transformer.from_crs(4326, source.crs, always_xy=True).transform(cities.lon, cities.lat)
        column, row = ~source.transform * (x, y)
        light, pixel_m = source.read(1).astype(float), source.res[0]
    ground_px_m = pixel_m * np.cos(np.radians(cities.lat))  # a web-mercator pixel shrinks with latitude
    margin = 3 * AROUND_M / ground_px_m
    inside = (np.minimum(column, light.shape[1] - column) > margin) & (
        np.minimum(row, light.shape[0] - row) > margin
    )
    chosen = np.flatnonzero(inside & (cities.population >= LEAST_PEOPLE))
    found = cities[chosen]
    moved_px = np.array(
        [_to_light(light, column[k] - 0.5, row[k] - 0.5, AROUND_M / ground_px_m[k]) for k in chosen]
    )
    moved_m = moved_px * ground_px_m[chosen, None] * (1, -1)
    near = np.hypot(*moved_m.T) < AROUND_M
    rows = []
    for kind, of_kind in _kinds(found).items():
        here = of_kind & near
        if here.sum() < FEWEST:
            continue
        middle_m = np.median(moved_m[here], axis=0)
        rows.append(
            {
                "coordinates": kind,
                "places": int(here.sum()),
                "light_share": round(float(found.light[here].sum() / found.light[near].sum()), 2),
                "east_north_m": middle_m.round().tolist(),
                "off_m": round(float(np.hypot(*middle_m))),
            }
        )
    return rows


def _kinds(cities: Cities) -> dict[str, NDArray[np.bool_]]:
    """Which places have coordinates in whole minutes, in whole seconds and neither."""
    seconds = np.stack([cities.lon, cities.lat]) * 3600
    second = (np.abs(seconds - np.round(seconds)) < WHOLE_SECOND).all(axis=0)
    minute = (np.abs(seconds / 60 - np.round(seconds / 60)) < 0.01).all(axis=0)
    return {"whole minutes": minute, "whole seconds": second & ~minute, "others": ~second & ~minute}


def _to_light(light: Array, column: float, row: float, radius_px: float) -> tuple[float, float]:
    """How far (columns, rows) the middle of the light around a pixel is from it; NaN where there is none."""
    half = int(radius_px) + 2
    at_column, at_row = column, row
    for _ in range(ROUNDS):
        left, top = max(int(at_column) - half, 0), max(int(at_row) - half, 0)
        part = light[top : int(at_row) + half + 1, left : int(at_column) + half + 1]
        rows, columns = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]]
        own = np.clip(part - np.quantile(part, BACKGROUND), 0, None)
        own *= np.hypot(columns - at_column, rows - at_row) < radius_px
        if own.sum() < LEAST_LIGHT:
            return np.nan, np.nan
        at_column, at_row = (float((own * v).sum() / own.sum()) for v in (columns, rows))
    return at_column - column, at_row - row


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the gazetteer with a satellite's light.")
    parser.add_argument("--rasters", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("gazetteer.json"))
    args = parser.parse_args()
    rows = [
        {"around": around, **row}
        for around, photo in PLACES.items()
        for row in place_row(args.rasters / f"{photo}.tif")
    ]
    for row in rows:
        print(row)
    args.out.write_text(json.dumps({"rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
