"""The tables of one photo: its zones, its strips and the contrasts at its borders."""

from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from pipeline.borders.cells import Beside, BorderLine, Cells, Floats, beside
from pipeline.borders.contrast import border_contrast
from pipeline.borders.countries import Countries, clipped
from pipeline.borders.zones import (
    AREA_CRS,
    border_strips,
    country_zones,
    scan,
    scatter_in_strips,
    scatter_sigma,
    statistics,
)
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.config import BordersConfig
from pipeline.ortho.grid import Grid, visible_area
from pipeline.ortho.warp import Tile
from pipeline.photo.photo import PhotoFacts
from pipeline.tone.ratios import HALO_PX

DONUT_SIGMAS = 3.0
DONUT_SPACING_M = 2000.0
LIGHT = ["light_r", "light_g", "light_b", "tone_g_r", "sigma_g_r", "tone_b_g", "n_cells", "masked_share"]
COLUMNS = {
    "zones": ["country", "area_km2", "lit_area_km2", *LIGHT],
    "strips": ["pair", "side", "band_from_km", "band_to_km", "area_km2", "lit_area_km2", *LIGHT],
    "contrasts": [
        *("pair", "first", "second", "contrast_g_r", "low95", "high95", "n_blocks", "n_cells"),
        *("contrast_km", "border_km", "statement"),
    ],
}
GEOMETRY = {"zones": "MultiPolygon", "strips": "MultiPolygon", "contrasts": "MultiLineString"}


@dataclass(frozen=True, eq=False)
class Scene:
    """A photo on the map: its facts, its camera and the grid."""

    facts: PhotoFacts
    solved: SolvedCamera
    grid: Grid


def compare(
    scene: Scene,
    tiles: Iterable[tuple[Tile, Floats, Floats]],
    countries: Countries,
    config: BordersConfig,
) -> dict[str, gpd.GeoDataFrame]:
    """Layers zones, strips and contrasts of a photo, from tiles of its light and tone.

    `countries` are in AREA_CRS, in which all areas and distances are taken.
    """
    frame = _frame(scene)
    zones, strips = country_zones(countries, frame), border_strips(countries, frame, config.bands_km)
    everything = gpd.GeoDataFrame(pd.concat([zones, strips], ignore_index=True), crs=AREA_CRS)
    scanned = scan(tiles, everything, countries, scene.grid)
    lines, near = _besides(countries, frame, scanned.cells, config)
    table = everything.join(statistics(everything, scanned.sums, scene.grid))
    codes = list(countries.areas["country"])
    by_country = [scanned.cells.chosen(scanned.cells.country == codes.index(c)) for c in zones["country"]]
    table["sigma_g_r"] = [*map(scatter_sigma, by_country), *scatter_in_strips(strips, near)]
    layers = {"zones": table[: len(zones)], "strips": table[len(zones) :]}
    layers["contrasts"] = _contrasts(scene, clipped(countries, frame).borders, lines, near, config)
    return {name: _labelled(layer, name, scene.facts) for name, layer in layers.items()}


def _frame(scene: Scene) -> BaseGeometry:
    """What the photo shows of the grid, in AREA_CRS."""
    seen = visible_area(scene.solved.camera, scene.grid.crs, shapely.box(*scene.grid.bounds))
    on_map: BaseGeometry = gpd.GeoSeries([seen], crs=scene.grid.crs).to_crs(AREA_CRS).iloc[0]
    return on_map


def _besides(
    countries: Countries, frame: BaseGeometry, cells: Cells, config: BordersConfig
) -> tuple[dict[str, BorderLine], dict[str, Beside]]:
    """By pair: the border in and around the frame, and the lit cells beside it."""
    reach_m = 1e3 * max(config.contrast_km, config.bands_km[-1])
    around = shapely.box(*frame.buffer(reach_m).bounds)
    codes = list(countries.areas["country"])
    lines, near = {}, {}
    for border in clipped(countries, frame).borders.itertuples():
        whole = countries.borders.set_index("pair").geometry[border.pair]
        line = BorderLine.of(whole & around, 1e3 * config.block_km)
        lines[border.pair] = line
        sides = codes.index(border.first), codes.index(border.second)
        near[border.pair] = beside(cells, line, *sides, reach_m)
    return lines, near


def _contrasts(
    scene: Scene,
    borders: gpd.GeoDataFrame,
    lines: dict[str, BorderLine],
    near: dict[str, Beside],
    config: BordersConfig,
) -> gpd.GeoDataFrame:
    """One row per border in the frame."""
    rows = []
    for border in borders.itertuples():
        result = border_contrast(
            near[border.pair],
            lines[border.pair],
            donut_m(scene.solved, border.geometry),
            border.first,
            border.second,
            config,
        )
        rows.append(
            {
                "contrast_g_r": result.contrast,
                "low95": result.low,
                "high95": result.high,
                "n_blocks": result.n_blocks,
                "n_cells": result.n_cells,
                "contrast_km": config.contrast_km,
                "border_km": border.geometry.length / 1e3,
                "statement": result.statement,
            }
        )
    numbers = pd.DataFrame(rows, index=borders.index, columns=COLUMNS["contrasts"][3:])
    return borders[["pair", "first", "second", "geometry"]].join(
        numbers.astype({"contrast_g_r": float, "low95": float, "high95": float})
    )


def donut_m(solved: SolvedCamera, line: BaseGeometry) -> float:
    """How far from a border light is too near to tell its side: by the position's error or by blur."""
    points = shapely.get_coordinates(line.segmentize(DONUT_SPACING_M).simplify(DONUT_SPACING_M / 2))
    lon, lat = Transformer.from_crs(AREA_CRS, "EPSG:4326", always_xy=True).transform(*points.T)
    # Points on the frame's edge may fall a rounding error outside.
    sigma_m = float(np.max(solved.ground_sigma_m(lon, lat, margin_px=np.inf)))
    blur_m = HALO_PX * float(np.max(solved.camera.ground_sample_distance_m(lon, lat)))
    return max(DONUT_SIGMAS * sigma_m, blur_m)


def _labelled(layer: gpd.GeoDataFrame, name: str, facts: PhotoFacts) -> gpd.GeoDataFrame:
    """The layer with its columns in order, and whose photo it is of."""
    layer = layer[[*COLUMNS[name], "geometry"]].reset_index(drop=True)
    taken = facts.taken_at and facts.taken_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    layer.insert(0, "photo", facts.id)
    layer.insert(1, "taken_at", pd.Series([taken] * len(layer), dtype=object))
    evidence: ArrayLike = [facts.evidence] * len(layer)
    return layer.assign(evidence=evidence, simulated=facts.simulated)
