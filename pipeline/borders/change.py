"""Change of light and tone between two photos of one grid, over the same cells of both.

Exposures differ, so light is compared with what the middle of the frame's lit squares did. Of two JPEGs
each picture's colours are shifted by an unknown amount, the same all over the picture: it cancels from
changes that are relative to the rest of the frame, and from their difference across a border. Of two cameras
whose colours are anchored, the later photo is compared as the earlier one's camera would have seen it.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from pipeline.borders.cells import (
    BorderLine,
    Cells,
    Floats,
    Ints,
    Units,
    countries_at,
    places,
    settled,
    squares,
    unit_scales,
)
from pipeline.borders.contrast import MIN_UNITS, Fit, Trend, estimate, mean_fit, ratio_fit, stepped
from pipeline.camera.earth import Array
from pipeline.models import BordersConfig
from pipeline.photo.cameras import AB_SIGMA
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.grid import Grid
from pipeline.raster.tiles import Tile
from pipeline.tone.evidence import carries
from pipeline.tone.transform import CameraTransform, between_cameras, seen_by_target

Kind = Literal["absolute", "relative", "refused"]


Tiles = Iterable[tuple[Tile, Floats, Floats, Floats, Floats]]


@dataclass(frozen=True)
class Allowed:
    """What may be said of the change of tone between two photos, and why not more; `transform` is what makes
    the later photo's colours those of the earlier one's camera, where they are two."""

    kind: Kind
    reason: str
    transform: CameraTransform | None = None

    @property
    def place_sigma(self) -> float:
        """Of the change of log2(G/R) in one place, by the two cameras: what its lamps differ from the
        transform. It is not known which lamps burn, so it is that of ratios without blue."""
        return self.transform.rms_alone if self.transform else 0.0

    @property
    def frame_sigma(self) -> float:
        """The same, all over the frame: how well either camera's colours are tied to the common scale."""
        return math.sqrt(2) * AB_SIGMA / math.log(2) if self.transform else 0.0

    @property
    def note(self) -> str | None:
        """How two cameras were made one, as an English sentence."""
        if self.transform is None:
            return None
        target, source = self.transform.target, self.transform.source
        return (
            f"Two cameras took these photos: colours of the later one are compared as the {target} would "
            f"have seen them, not the {source}. The intervals hold what lamps differ from that "
            f"({self.place_sigma:.2f} in log2(G/R), 1 sigma) and, but for differences across a border, how "
            f"well the two cameras' colours are known ({self.frame_sigma:.2f})."
        )

    def alike(self, tiles: Tiles) -> Iterator[tuple[Tile, Floats, Floats, Floats, Floats]]:
        """Tiles of light and tone before and after, the later ones as the earlier photo's camera sees."""
        for tile, light, tone, later_light, later_tone in tiles:
            yield tile, light, tone, *self.later(later_light, later_tone)

    def later(self, light: Floats, tone: Floats) -> tuple[Floats, Floats]:
        """Light and tone of the later photo as the earlier photo's camera sees them."""
        return seen_by_target(light, tone, self.transform) if self.transform else (light, tone)


def allowed(before: PhotoFacts, after: PhotoFacts) -> Allowed:
    """Change as such needs two raw photos of one camera, or two of anchored colours; any other two allow
    relative change."""
    if before.simulated != after.simulated:
        return Allowed("refused", "one of the photos is simulated and the other is not")
    for one in (before, after):
        if not carries(one.evidence, "change"):
            return Allowed(
                "relative", f"{one.id} is of evidence level {one.evidence}: its colours are shifted"
            )
    if before.evidence != after.evidence:
        return Allowed("relative", f"ratios of {before.evidence} and {after.evidence} are not of one system")
    if before.anchor and after.anchor:
        if before.anchor.xyz_to_camera == after.anchor.xyz_to_camera:
            return Allowed("absolute", "")
        first, second = before.camera or before.id, after.camera or after.id
        transform = between_cameras(second, after.anchor, first, before.anchor)
        return Allowed("absolute", f"colours of the {second} as the {first} would see them", transform)
    if before.camera is None or before.camera != after.camera:
        cameras = f"{before.camera or 'an unknown camera'} and {after.camera or 'an unknown camera'}"
        return Allowed("relative", f"{cameras} see the same lamps in different colours")
    return Allowed("absolute", "")


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
        return PairedCells(*(getattr(self, field.name)[mask] for field in fields(self)))


def pair_cells(tiles: Tiles, areas: gpd.GeoDataFrame, grid: Grid, crs: str) -> PairedCells:
    """Go once through the tiles of light and tone before and after; places in `crs`, areas in the grid's."""
    parts: list[PairedCells] = []
    for tile, light, tone, later_light, later_tone in tiles:
        country = countries_at(areas, grid, tile)
        seen = np.isfinite(light[:2]).all(axis=0) & np.isfinite(later_light[:2]).all(axis=0)
        lit, later_lit = np.isfinite(tone[0]), np.isfinite(later_tone[0])
        row, column = np.nonzero(seen & (lit | later_lit) & (country >= 0))
        x, y = places(row, column, grid, tile, crs)
        red, green, later_red, later_green = (
            v[band, row, column] for v in (light, later_light) for band in (0, 1)
        )
        both = (lit & later_lit)[row, column]
        parts.append(PairedCells(x, y, country[row, column], red, green, later_red, later_green, both))
    return PairedCells(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(PairedCells)))


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
        """The geometric mean of both lights, which no exposure tips to one of them."""
        return np.asarray(np.sqrt(np.maximum(self.before, 0) * np.maximum(self.after, 0)))

    def chosen(self, mask: NDArray[np.bool_]) -> "PairedSquares":
        return PairedSquares(*(getattr(self, field.name)[mask] for field in fields(self)))


def paired_squares(cells: PairedCells) -> PairedSquares:
    """One row a square and country, the same cells of both photos in it."""
    column, row = squares(cells.x, cells.y)
    code = (row * (1 << 20) + column) * 128 + cells.country
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


def paired_scales(cells: PairedCells, block_km: float) -> tuple[Units, ...]:
    """The units of the light of both photos, as if they were equally bright."""
    before, after = cells.red_before + cells.green_before, cells.red_after + cells.green_after
    share = before / max(float(before.sum()), 1e-30), after / max(float(after.sum()), 1e-30)
    return unit_scales(Cells(cells.x, cells.y, *share, cells.country, share[0]), block_km)


@dataclass(frozen=True)
class Common:
    """What the middle of the frame's lit squares did: log2 of light after over before, change of tone."""

    light: float
    tone: float

    @classmethod
    def of(cls, rows: PairedSquares, kind: Kind) -> "Common":
        """Medians over squares: robust where a part of the frame was switched off. Absolute changes of tone
        have nothing in common that is not lighting."""
        good = (rows.before > 0) & (rows.after > 0)
        ratio = np.log2(rows.after[good] / rows.before[good])
        tone = rows.tone_change[np.isfinite(rows.tone_change)]
        light, own = (float(np.median(v)) if len(v) else math.nan for v in (ratio, tone))
        return cls(light, own if kind == "relative" else 0.0)


FitOf = Callable[[PairedSquares, Array, Ints], Fit]
Interval = tuple[float, float, float]
NOTHING: Interval = (math.nan, math.nan, math.nan)
Z95 = 1.96


@dataclass(frozen=True)
class Change:
    """Change of light and of tone, log2, each as value, low95 and high95; NaN where it cannot be told.

    n_blocks: towns (units); at a border of the side that has fewer.
    """

    light: Interval
    tone: Interval
    n_cells: int
    n_blocks: int

    def row(self) -> dict[str, Any]:
        """As columns of a table."""
        names = ("change", "low95", "high95")
        light = {f"light_{name}": value for name, value in zip(names, self.light, strict=True)}
        tone = {f"tone_{name}": value for name, value in zip(names, self.tone, strict=True)}
        return light | tone | {"n_cells": self.n_cells, "n_blocks": self.n_blocks}


def zone_change(
    rows: PairedSquares, scales: Sequence[Units], common: Common, config: BordersConfig, sigma: float = 0.0
) -> Change:
    """Change of light and tone of a zone less what is common to the frame, or less nothing. `sigma` is an
    error of the tone's change that all towns share."""

    def level(chosen: PairedSquares, fit: FitOf, less: float, sigma: float) -> Interval:
        unit = _units(chosen, scales, [chosen.light])
        if len(np.unique(unit)) < MIN_UNITS:
            return NOTHING
        return _interval(fit(chosen, np.ones((len(chosen), 1)), unit), np.ones(1), less, config, sigma)

    n_blocks = len(np.unique(_units(rows, scales, [rows.light])))
    light, tone = _with_light(rows), _with_tone(rows)
    return Change(
        light=level(light, _light_fit, common.light, 0.0),
        tone=level(tone, _tone_fit, common.tone, sigma),
        n_cells=int(rows.n_cells.sum()),
        n_blocks=n_blocks,
    )


def border_change(
    rows: PairedSquares,
    scales: Sequence[Units],
    line: BorderLine,
    second: int,
    exclusion_m: float,
    config: BordersConfig,
    sigma: float = 0.0,
) -> Change:
    """The change on the second side of a border less that on the first: the step that a smooth trend over
    both countries leaves. What is common to a picture cancels. `rows` are of the two countries; `sigma` is an
    error of the tone's change that all towns of a side share."""
    rows = rows.chosen(line.distance_m(rows.x, rows.y, exclusion_m) == np.inf)
    reach_m = 1e3 * config.contrast_km

    def step(chosen: PairedSquares, fit: FitOf, sigma: float) -> tuple[Interval, int]:
        far = ~np.isfinite(line.distance_m(chosen.x, chosen.y, reach_m))
        sides = [~far & (chosen.country != second), ~far & (chosen.country == second)]
        unit = _units(chosen, scales, [chosen.light * side for side in sides])
        fewer = min(len(np.unique(unit[side])) for side in sides)
        if fewer < MIN_UNITS:
            return NOTHING, fewer
        trend = Trend.over(chosen.x, chosen.y, len(np.unique(unit)))
        design, combination = stepped((chosen.country == second) + 2 * far, trend.terms(chosen.x, chosen.y))
        return _interval(fit(chosen, design, unit), combination, 0.0, config, sigma), fewer

    near = rows.chosen(np.isfinite(line.distance_m(rows.x, rows.y, reach_m)))
    light, n_blocks = step(_with_light(rows), _light_fit, 0.0)
    tone, _ = step(_with_tone(rows), _tone_fit, math.sqrt(2) * sigma)
    return Change(light, tone, int(near.n_cells.sum()), n_blocks)


def _units(rows: PairedSquares, scales: Sequence[Units], lights: Sequence[Array]) -> Ints:
    units, _ = settled(scales, rows.x, rows.y, rows.country, lights)
    return units.at(rows.x, rows.y, rows.country)


def _with_light(rows: PairedSquares) -> PairedSquares:
    return rows.chosen(rows.before + rows.after > 0)


def _light_fit(rows: PairedSquares, design: Array, unit: Ints) -> Fit:
    """log2 of light after over before: with levels alone, of its sums."""
    return ratio_fit(rows.before, rows.after, np.ones(len(rows)), design, unit)


def _with_tone(rows: PairedSquares) -> PairedSquares:
    return rows.chosen(np.isfinite(rows.tone_change))


def _tone_fit(rows: PairedSquares, design: Array, unit: Ints) -> Fit:
    """Change of tone square by square, weighted by its light."""
    return mean_fit(rows.tone_change, rows.light, design, unit)


def _interval(fit: Fit, combination: Array, less: float, config: BordersConfig, sigma: float) -> Interval:
    """95 %, with an error of 1 sigma that no number of towns averages away."""
    found = estimate(fit, combination, config.replicates)
    if not math.isfinite(found.half95):
        return NOTHING
    value, half = found.value - less, math.hypot(found.half95, Z95 * sigma)
    return value, value - half, value + half


def zone_statement(change: Change, where: str, kind: Kind) -> str:
    """The change of a zone as one English sentence."""
    if math.isnan(change.light[0]):
        return f"{where}: no change can be given, too little light is seen in both photos."
    text = f"{where}: light changed {_factor(change.light)} relative to the rest of the frame"
    if math.isnan(change.tone[0]):
        return f"{text}; too few cells are lit in both photos to tell a change of tone."
    relative = "" if kind == "absolute" else " relative to the rest of the frame"
    return f"{text}, tone by {_step(change.tone)}{relative}."


def border_statement(change: Change, first: str, second: str) -> str:
    """The difference of the changes on both sides (adjectives) as one English sentence."""
    if math.isnan(change.light[0]):
        return "No change can be given: too little light near the border is seen in both photos."
    text = f"Against the {first} side, light on the {second} one changed {_factor(change.light)}"
    if math.isnan(change.tone[0]):
        return f"{text}; too few cells are lit in both photos to tell a change of tone."
    clear = "clearly" if change.tone[1] > 0 or change.tone[2] < 0 else "not clearly"
    return f"{text}; its tone changed {clear} otherwise, by {_step(change.tone)}."


def _factor(light: Interval) -> str:
    value, low, high = (2**v for v in light)
    return f"by a factor of {value:.2f} ({low:.2f} to {high:.2f})"


def _step(tone: Interval) -> str:
    value, low, high = tone
    return f"{value:+.2f} ({low:+.2f} to {high:+.2f}) in log2(G/R)"


def change_tile(before: Floats, after: Floats, tone: Floats, later_tone: Floats, common: Common) -> Floats:
    """Per cell log2 of light (red, green and blue) after over before and the change of log2(G/R), each less
    what is common: (2, height, width) of tiles of light.tif and tone.tif; NaN but where both are lit."""
    lit = np.isfinite(tone[0]) & np.isfinite(later_tone[0])
    light, later = before[:3].sum(axis=0), after[:3].sum(axis=0)
    good = lit & (light > 0) & (later > 0)
    ratio = np.log2(np.where(good, later, 1) / np.where(good, light, 1)) - common.light
    change = np.where(lit, later_tone[0] - tone[0], np.nan) - common.tone
    return np.stack([np.where(good, ratio, np.nan), change]).astype(np.float32)
