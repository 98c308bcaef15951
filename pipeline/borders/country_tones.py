"""The tone of each country in a photo: of all its lit cells and at matched view zenith, whether it depends on
the view angle there, and the shares of lamp families. The tables `country_tones` and `lamp_shares`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import array_bounds

from pipeline.borders.schema import CANNOT_BE_TOLD, CHANGES, NONE_FOUND, layer, of_photo
from pipeline.borders.squares import square_codes
from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, transformer
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.grid import Grid
from pipeline.tone.evidence import carries
from pipeline.tone.lamps import FAMILIES
from pipeline.tone.view_angle import AngleCheck, angle_check, matched

# About the most cells of the grid that are looked at: a second of work, and far more cells than towns.
SAMPLED_CELLS = 1_000_000
# A country with fewer sampled lit cells is a corner of the frame: it is left out.
MIN_CELLS = 100
# Side of a stretch of land, the independent unit of the check on the view angle, metres: towns are smaller.
BLOCK_M = 5e3
# Share of the light that all countries must have at the same view zenith; below it too little is compared.
MIN_OVERLAP = 0.1


@dataclass(frozen=True, eq=False)
class SampledMap:
    """Every few rows and columns of a photo's rasters, (rows, columns) each: log2(G/R), linear light, view
    zenith and the code of the lamp family. `transform` takes (column, row) of cell corners to (x, y)."""

    tone: NDArray[np.floating]
    red: NDArray[np.floating]
    green: NDArray[np.floating]
    zenith_deg: NDArray[np.floating]
    family: NDArray[np.floating | np.integer]
    transform: Affine
    crs: str


@dataclass(frozen=True, eq=False)
class LitCells:
    """Sampled cells (n,) that lie in a country and have a tone: country by its place in a list, from 1 on,
    log2(G/R), light, view zenith, place in the frame (0 in its centre, 1 in its corners), number of the
    stretch of land, and lamp family."""

    country: NDArray[np.integer]
    tone: Array
    red: Array
    green: Array
    zenith_deg: Array
    radius: Array
    block: NDArray[np.integer]
    family: NDArray[np.floating | np.integer]

    def chosen(self, mask: NDArray[np.bool_]) -> "LitCells":
        """The cells where the mask is true."""
        return LitCells(**{name: values[mask] for name, values in vars(self).items()})


def sampling_step(grid: Grid) -> int:
    """Every how many-th row and column is looked at."""
    return max(1, math.ceil(math.sqrt(grid.width * grid.height / SAMPLED_CELLS)))


def sampled_transform(grid: Grid, step: int) -> Affine:
    """(column, row) of the corners of every `step`-th cell, drawn `step` times as wide, to (x, y)."""
    shift = 0.5 - step / 2  # the middle of a wide cell is that of the cell it stands for
    return grid.transform @ Affine.translation(shift, shift) @ Affine.scale(step)


def lit_cells(sampled: SampledMap, areas: gpd.GeoDataFrame, camera: Camera) -> LitCells:
    """The sampled cells with light in the countries of `areas`, which are in the map's reference system."""
    country = np.zeros(sampled.tone.shape, np.uint8)
    if len(areas):
        rows, columns = sampled.tone.shape
        # Whole countries take as long to hand over as the rest takes.
        seen = shapely.clip_by_rect(
            areas.geometry.to_numpy(), *array_bounds(rows, columns, sampled.transform)
        )
        shapes = [(shape, place) for place, shape in enumerate(seen, 1) if not shape.is_empty]
        if shapes:
            country = rasterize(shapes, country.shape, transform=sampled.transform, dtype="uint8")
    good = np.isfinite(sampled.tone) & np.isfinite(sampled.zenith_deg) & (country > 0)
    good &= (sampled.red > 0) & (sampled.green > 0)
    row, column = np.nonzero(good)
    to_map: Any = sampled.transform  # it takes arrays, which its types do not know
    x, y = to_map @ (column + 0.5, row + 0.5)
    pixel = camera.project(*transformer(sampled.crs, "EPSG:4326").transform(x, y))
    away_px = np.hypot(pixel[0] - (camera.width - 1) / 2, pixel[1] - (camera.height - 1) / 2)
    return LitCells(
        country=country[good],
        tone=sampled.tone[good].astype(float),
        red=sampled.red[good].astype(float),
        green=sampled.green[good].astype(float),
        zenith_deg=sampled.zenith_deg[good].astype(float),
        radius=away_px / (np.hypot(camera.width, camera.height) / 2),
        # One number for each square: its row in the upper half of the bits, its column in the lower.
        block=square_codes(x, y, BLOCK_M),
        family=sampled.family[good],
    )


def country_tables(cells: LitCells, codes: Sequence[str], facts: PhotoFacts) -> dict[str, gpd.GeoDataFrame]:
    """The tables `country_tones` and `lamp_shares` of a photo; `codes` are the countries by their place.

    Tones are log2 of sums of green over sums of red. Lamp shares are of green light, and there are none where
    the evidence does not carry lamp families.
    """
    by_country = {code: cells.chosen(cells.country == place) for place, code in enumerate(codes, 1)}
    by_country = {code: own for code, own in by_country.items() if len(own.tone) >= MIN_CELLS}
    overlap, factors = _matched(list(by_country.values()))
    tones = [
        {"country": code, "overlap": overlap, **_tone_row(own, factor)}
        for (code, own), factor in zip(by_country.items(), factors, strict=True)
    ]
    shares = (
        [{"country": code, **share} for code, own in by_country.items() for share in _lamp_shares(own)]
        if carries(facts.evidence, "lamp_family")
        else []
    )
    rows = {"country_tones": tones, "lamp_shares": shares}
    return {
        name: of_photo(layer([row | {"geometry": None} for row in of_table], name), name, facts)
        for name, of_table in rows.items()
    }


def _matched(countries: Sequence[LitCells]) -> tuple[float, Sequence[Array | float]]:
    """The share of light that all countries have at the same view zenith, NaN of one alone, and the factors
    that match their light, NaN where too little can be matched."""
    unmatched = [math.nan] * len(countries)
    if len(countries) < 2:
        return math.nan, unmatched
    same = matched([own.zenith_deg for own in countries], [own.red + own.green for own in countries])
    return same.overlap, same.factors if same.overlap >= MIN_OVERLAP else unmatched


def _tone_row(cells: LitCells, factor: Array | float) -> dict[str, Any]:
    """What `country_tones` says of one country; `factor` matches its light to the others' view zenith."""
    light = cells.red + cells.green
    check = angle_check(cells.tone, light, cells.zenith_deg, cells.radius, cells.block)
    return {
        "tone_g_r": _tone(cells, 1.0),
        "matched_tone_g_r": _tone(cells, factor),
        "view_zenith_deg": float(np.average(cells.zenith_deg, weights=light)),
        "n_cells": len(cells.tone),
        "verdict": _verdict(check),
        "statement": check.verdict,
    }


def _verdict(check: AngleCheck) -> str:
    if check.zenith is None or check.radius is None:
        return CANNOT_BE_TOLD
    return CHANGES if check.zenith.sure or check.radius.sure else NONE_FOUND


def _tone(cells: LitCells, factor: Array | float) -> float:
    """log2 of sums of green over red, NaN of none."""
    red, green = (float(np.sum(factor * light)) for light in (cells.red, cells.green))
    return math.log2(green / red) if red > 0 and green > 0 else math.nan


def _lamp_shares(cells: LitCells) -> list[dict[str, Any]]:
    """Each family's share of a country's green light, by the most probable family of each cell."""
    total = cells.green.sum()
    return [
        {
            "family": family.name,
            "green_share": float(cells.green[cells.family == family.code].sum() / total),
        }
        for family in FAMILIES
    ]
