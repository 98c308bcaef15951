"""The tables of what changed between two photos of one grid."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.borders.allowed_change import Allowed, allowed
from pipeline.borders.change import border_change, zone_change
from pipeline.borders.change_statements import border_statement, zone_statement
from pipeline.borders.paired_cells import (
    Common,
    PairedSquares,
    pair_cells,
    paired_scales,
    paired_squares,
)
from pipeline.borders.scene import Border, Scene, borders_in
from pipeline.borders.schema import OF_TWO_PHOTOS, layer, of_two_photos
from pipeline.borders.settings import IN_FORCE, BorderSettings
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.units import Units
from pipeline.borders.zones import country_zones, no_border, polygons, widened
from pipeline.ground.countries import Countries
from pipeline.ground.country_table import adjective, country_name
from pipeline.models import BordersConfig
from pipeline.raster.strips import Strips

Row = dict[str, Any]


def compare_dates(
    before: Scene,
    after: Scene,
    strips: Strips,
    countries: Countries,
    config: BordersConfig,
    settings: BorderSettings = IN_FORCE,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers of two photos of one grid named in OF_TWO_PHOTOS, from strips as `pair_cells` takes them.
    `countries` are in AREA_CRS."""
    frame = before.frame & after.frame
    rows: dict[str, list[Row]] = {name: [] for name in OF_TWO_PHOTOS}
    comparison = _compared(before, after, frame, strips, countries, config, settings)
    if isinstance(comparison, str):
        whole = polygons(frame if not frame.is_empty else before.frame | after.frame)
        sentence = f"No change can be given: {comparison}."
        rows["changes"] = [_row("frame", allowed(before.facts, after.facts), whole) | {"statement": sentence}]
    else:
        borders = borders_in([before, after], countries, frame, config, settings)
        rows["changes"] = list(comparison.changes(countries, frame, borders))
        rows["border_changes"] = [comparison.border(border) for border in borders]
    return {
        name: of_two_photos(layer(rows[name], name), name, before.facts, after.facts)
        for name in OF_TWO_PHOTOS
    }


@dataclass(frozen=True, eq=False)
class _Comparison:
    """What is compared between two photos: the same squares of ground in both."""

    may: Allowed
    squares: PairedSquares
    scales: tuple[Units, ...]
    common: Common
    config: BordersConfig
    settings: BorderSettings

    def changes(self, countries: Countries, frame: BaseGeometry, borders: Sequence[Border]) -> Iterator[Row]:
        """The rows of `changes`: the cameras, countries, sides of borders, or why there is none."""
        zones, codes = country_zones(countries, frame), list(countries.areas["country"])
        areas = zones.set_index("country").geometry
        if self.may.note:
            yield _row("cameras", self.may, polygons(frame)) | {"statement": self.may.note}
        for code, area in areas.items():
            change = self._zone(self.squares.country == codes.index(code), country_name(str(code)))
            yield _row("country", self.may, area) | {"country": code} | change
        for border in borders:
            yield from self._sides(border, areas)
        if missing := no_border([country_name(code) for code in zones["country"]], len(borders)):
            yield _row("borders", self.may, polygons(frame)) | {"statement": missing}

    def _sides(self, border: Border, areas: gpd.GeoSeries) -> Iterator[Row]:
        """The rows of both sides of a border, as far as contrasts reach."""
        reach_m, at = 1e3 * self.config.contrast_km, (self.squares.x, self.squares.y)
        frame = shapely.box(*shapely.total_bounds(areas.to_numpy()))
        away_m = border.line.distance_m(*at, reach_m)
        near, around = (
            np.isfinite(away_m) & (away_m >= border.exclusion_m),
            widened(border.geometry, reach_m, frame),
        )
        for code, place in zip(border.codes, border.places, strict=True):
            where = f"The {adjective(code)} side within {self.config.contrast_km:g} km"
            change = self._zone(near & (self.squares.country == place), where)
            area = polygons(areas.get(code, shapely.Polygon()) & around)
            yield _row("side", self.may, area) | {"pair": border.pair, "side": code} | change

    def border(self, border: Border) -> Row:
        """The row of `border_changes` of a border."""
        both = self.squares.chosen(np.isin(self.squares.country, border.places))
        contrast = self.settings.contrast
        line = border.line, border.places[1], border.exclusion_m
        # How well the colours of a whole photo are known cancels across a border.
        change = border_change(both, self.scales, *line, self.config, contrast, self.may.place_sigma)
        sentence = border_statement(change, *(adjective(code) for code in border.codes))
        words = {"tone_kind": self.may.kind, "statement": sentence}
        return border.about | change.row() | words | {"geometry": border.geometry}

    def _zone(self, mask: NDArray[np.bool_], where: str) -> Row:
        """The columns of the change of some squares."""
        sigma = math.hypot(self.may.place_sigma, self.may.frame_sigma)
        rows, contrast = self.squares.chosen(mask), self.settings.contrast
        change = zone_change(rows, self.scales, self.common, self.config, contrast, sigma)
        return change.row() | {"statement": zone_statement(change, where, self.may.kind)}


def _compared(
    before: Scene,
    after: Scene,
    frame: BaseGeometry,
    strips: Strips,
    countries: Countries,
    config: BordersConfig,
    settings: BorderSettings,
) -> _Comparison | str:
    """What is compared within the frame of both photos, or why nothing can be."""
    may = allowed(before.facts, after.facts)
    if may.kind == "refused":
        return may.reason
    if frame.is_empty:
        return "the photos do not overlap"
    areas = countries.areas.to_crs(before.grid.crs)
    cells = pair_cells(strips, may, areas, before.grid, AREA_CRS)
    if not len(cells):
        return "no lit place is seen in both photos"
    squares = paired_squares(cells)
    scales = paired_scales(cells, config.block_km, settings.contrast.smoothing_blocks)
    return _Comparison(may, squares, scales, Common.of(squares, may.kind), config, settings)


def _row(scope: str, may: Allowed, area: BaseGeometry) -> Row:
    """What every row of `changes` has."""
    return {"scope": scope, "tone_kind": may.kind, "geometry": area}
