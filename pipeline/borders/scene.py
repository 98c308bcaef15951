"""A photo on the map, and the borders that photos show."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.borders.border_line import BorderLine
from pipeline.borders.exclusion_zone import exclusion_m
from pipeline.borders.settings import BorderSettings
from pipeline.borders.squares import AREA_CRS
from pipeline.camera.earth import Array, transformer
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.ground.countries import Countries, clipped
from pipeline.models import BordersConfig
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.grid import Grid, visible_area


@dataclass(frozen=True, eq=False)
class Scene:
    """A photo on the map: its facts, its camera and the grid."""

    facts: PhotoFacts
    solved: SolvedCamera
    grid: Grid

    @cached_property  # many ask for it
    def frame(self) -> BaseGeometry:
        """What the photo shows of the grid, in AREA_CRS."""
        seen = visible_area(self.solved.camera, self.grid.crs, shapely.box(*self.grid.bounds))
        on_map: BaseGeometry = gpd.GeoSeries([seen], crs=self.grid.crs).to_crs(AREA_CRS).iloc[0]
        return on_map

    @cached_property
    def whole_map(self) -> BaseGeometry:
        """What holds all of the map, in AREA_CRS."""
        to_areas = transformer(self.grid.crs, AREA_CRS)
        return shapely.box(*to_areas.transform_bounds(*self.grid.bounds))

    def view_zenith_deg(self, x: Array, y: Array) -> Array:
        """The view zenith at places in AREA_CRS."""
        return self.solved.camera.view(*transformer(AREA_CRS, "EPSG:4326").transform(x, y))[0]


@dataclass(frozen=True, eq=False)
class Border:
    """A border in the frame: its countries by code and place in the list, its line in and around the frame,
    and how near to it light is too near to tell its side."""

    pair: str
    codes: tuple[str, str]
    places: tuple[int, int]
    geometry: BaseGeometry
    line: BorderLine
    exclusion_m: float

    @property
    def about(self) -> dict[str, str]:
        """The columns of a table that name the border."""
        return {"pair": self.pair, "first": self.codes[0], "second": self.codes[1]}


def borders_in(
    scenes: Sequence[Scene],
    countries: Countries,
    frame: BaseGeometry,
    config: BordersConfig,
    settings: BorderSettings,
) -> list[Border]:
    """The borders in a frame (in AREA_CRS) that all scenes show, with the widest of their exclusion zones."""
    around = shapely.box(*frame.buffer(reach_m(config)).bounds)
    whole, codes = countries.borders.set_index("pair").geometry, list(countries.areas["country"])
    return [
        Border(
            pair=row.pair,
            codes=(row.first, row.second),
            places=(codes.index(row.first), codes.index(row.second)),
            geometry=row.geometry,
            line=BorderLine.of(whole[row.pair] & around, 1e3 * config.block_km, settings.line),
            exclusion_m=max(exclusion_m(scene.solved, row.geometry, settings.exclusion) for scene in scenes),
        )
        for row in clipped(countries, frame).borders.itertuples()
    ]


def reach_m(config: BordersConfig) -> float:
    """How far (m) from a border anything is compared."""
    return 1e3 * max(config.contrast_km, config.bands_km[-1])
