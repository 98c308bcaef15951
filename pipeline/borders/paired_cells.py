"""The same cells in two photos of one grid, and their sums over squares of ground."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Floats, Ints
from pipeline.borders.allowed_change import Allowed, Kind
from pipeline.borders.cells import Cells, countries_at, places
from pipeline.borders.patches import MAX_COUNTRIES
from pipeline.borders.squares import square_codes
from pipeline.borders.units import Units, unit_scales
from pipeline.camera.earth import Array
from pipeline.raster.grid import Grid
from pipeline.raster.strips import Strips, of_each
from pipeline.raster.tiles import Tile


@dataclass(frozen=True, eq=False)
class PairedCells:
    """Cells that both photos show and that are lit in at least one: centre (m), country by its place in a
    list, light of both, and whether both have a tone there."""

    x: Array
    y: Array
    country: NDArray[np.int8]
    red_before: Floats
    green_before: Floats
    red_after: Floats
    green_after: Floats
    both_lit: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.x)

    def chosen(self, mask: NDArray[np.bool_]) -> "PairedCells":
        """The cells where the mask is true."""
        return PairedCells(*(getattr(self, field.name)[mask] for field in fields(self)))


def pair_cells(strips: Strips, may: Allowed, areas: gpd.GeoDataFrame, grid: Grid, crs: str) -> PairedCells:
    """Go once through strips of light (red, green) and tone (log2 G/R) before and after, after also log2 B/G;
    the later photo as the earlier one's camera sees. Places in `crs`, areas in the grid's."""
    parts = of_each(partial(_of_strip, may, areas, grid, crs), strips)
    return PairedCells(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(PairedCells)))


def _of_strip(
    may: Allowed,
    areas: gpd.GeoDataFrame,
    grid: Grid,
    crs: str,
    tile: Tile,
    light: Floats,
    tone: Floats,
    later_light: Floats,
    later_tone: Floats,
) -> PairedCells:
    """The cells of a strip."""
    later_light, later_tone = may.later(later_light, later_tone)
    country = countries_at(areas, grid, tile)
    (red, green), (later_red, later_green) = light[:2], later_light[:2]
    seen = np.isfinite([red, green, later_red, later_green]).all(axis=0)
    lit, later_lit = np.isfinite(tone[0]), np.isfinite(later_tone[0])
    row, column = np.nonzero(seen & (lit | later_lit) & (country >= 0))
    x, y = places(row, column, grid, tile, crs)
    cells = row, column
    both = (lit & later_lit)[cells]
    return PairedCells(
        x, y, country[cells], red[cells], green[cells], later_red[cells], later_green[cells], both
    )


@dataclass(frozen=True, eq=False)
class PairedSquares:
    """Cells summed over squares of one country: light (red and green) of all of them, change of log2(G/R) of
    those lit in both photos (NaN without)."""

    x: Array
    y: Array
    country: Ints
    n_cells: Ints
    before: Array
    after: Array
    tone_change: Array

    def __len__(self) -> int:
        return len(self.x)

    @property
    def light(self) -> Array:
        """The geometric mean of both lights: a longer exposure of one photo does not favour it."""
        return np.asarray(np.sqrt(np.maximum(self.before, 0) * np.maximum(self.after, 0)))

    def chosen(self, mask: NDArray[np.bool_]) -> "PairedSquares":
        """The squares where the mask is true."""
        return PairedSquares(*(getattr(self, field.name)[mask] for field in fields(self)))


def paired_squares(cells: PairedCells) -> PairedSquares:
    """One row for each square and country, with the same cells in both photos."""
    code = square_codes(cells.x, cells.y) * MAX_COUNTRIES + cells.country
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    n = np.bincount(index)

    def total(values: NDArray[Any]) -> Array:
        return np.asarray(np.bincount(index, values, len(first)), float)

    lit = [
        total(np.where(cells.both_lit, values, 0))
        for values in (cells.red_before, cells.green_before, cells.red_after, cells.green_after)
    ]
    good = np.all([values > 0 for values in lit], axis=0)
    red, green, later_red, later_green = (np.log2(np.where(good, values, 1)) for values in lit)
    return PairedSquares(
        x=total(cells.x) / n,
        y=total(cells.y) / n,
        country=cells.country[first].astype(np.int64),
        n_cells=n.astype(np.int64),
        before=total(cells.red_before + cells.green_before),
        after=total(cells.red_after + cells.green_after),
        tone_change=np.where(good, (later_green - later_red) - (green - red), np.nan),
    )


def paired_scales(
    cells: PairedCells, block_km: float, smoothing_blocks: Sequence[float]
) -> tuple[Units, ...]:
    """Units, from coarse to fine, made from the light of both photos scaled to equal brightness."""
    before, after = cells.red_before + cells.green_before, cells.red_after + cells.green_after
    share = before / max(float(before.sum()), 1e-30), after / max(float(after.sum()), 1e-30)
    return unit_scales(Cells(cells.x, cells.y, *share, cells.country, share[0]), block_km, smoothing_blocks)


@dataclass(frozen=True)
class Common:
    """What the middle of the frame's lit squares did: log2 of light after over before, change of tone."""

    light: float
    tone: float

    @classmethod
    def of(cls, rows: PairedSquares, kind: Kind) -> "Common":
        """Medians over squares: robust where a part of the frame was switched off. An absolute
        change of tone is all lighting, so nothing common is taken off."""
        good = (rows.before > 0) & (rows.after > 0)
        ratio = np.log2(rows.after[good] / rows.before[good])
        tone = rows.tone_change[np.isfinite(rows.tone_change)]
        light, shift = (float(np.median(v)) if len(v) else math.nan for v in (ratio, tone))
        return cls(light, shift if kind == "relative" else 0.0)


def change_tile(before: Floats, after: Floats, tone: Floats, later_tone: Floats, common: Common) -> Floats:
    """Per cell log2 of light (red, green and blue) after over before and the change of log2(G/R), each less
    what is common: (2, height, width) of tiles of light.tif and tone.tif; NaN but where both are lit."""
    lit = np.isfinite(tone[0]) & np.isfinite(later_tone[0])
    light, later = before[:3].sum(axis=0), after[:3].sum(axis=0)
    good = lit & (light > 0) & (later > 0)
    ratio = np.log2(np.where(good, later, 1) / np.where(good, light, 1)) - common.light
    change = np.where(lit, later_tone[0] - tone[0], np.nan) - common.tone
    return np.stack([np.where(good, ratio, np.nan), change]).astype(np.float32)
