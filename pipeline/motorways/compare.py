"""Motorways at the borders of a photo: lit and dark stretches, where the light ends, and what that says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.borders.cells import Floats
from pipeline.borders.scene import Scene
from pipeline.borders.schema import OF_MOTORWAYS, layer, of_photo
from pipeline.borders.zones import AREA_CRS
from pipeline.camera.earth import Array, transformer
from pipeline.ground.countries import Countries
from pipeline.ground.roads import Motorways
from pipeline.motorways.chainage import Crossing, find_crossings
from pipeline.motorways.corridors import corridor_half_width_m, image_blur_m
from pipeline.motorways.light_end import Finding, Road, judge_motorway
from pipeline.motorways.lit_segments import (
    Profile,
    Segment,
    classified,
    find_segments,
    grouped,
    lit_light,
    make_profile,
)
from pipeline.motorways.settings import MOTORWAY_SETTINGS, MotorwaySettings
from pipeline.raster.grid import Grid
from pipeline.raster.strips import Strips, of_each
from pipeline.raster.tiles import Tile

NO_TOWNS = shapely.Polygon()


def compare_motorways(
    scene: Scene,
    strips: Strips,
    countries: Countries,
    motorways: Motorways,
    regions: gpd.GeoDataFrame | None = None,
    towns: gpd.GeoDataFrame | None = None,
    settings: MotorwaySettings = MOTORWAY_SETTINGS,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers named in OF_MOTORWAYS, from strips of the photo's light as `roads_along` takes them.

    `countries`, `motorways`, `regions` and `towns` (polygons) are in AREA_CRS. A motorway that cannot be
    measured, and a fault of the file of motorways, has a row that says why.
    """
    spacing_m = max(scene.grid.resolution_m, settings.min_spacing_m)
    crossings, reasons = find_crossings(motorways, countries, scene.frame, spacing_m, settings, regions)
    built = shapely.union_all([] if towns is None else towns.geometry.to_numpy())
    roads = measure(crossings, scene, strips, built, settings)
    lit = lit_light([segment for road in roads for segment in road.segments], settings)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in OF_MOTORWAYS}
    for road in roads:
        segments = classified(road.segments, lit, settings)
        finding = judge_motorway(road, segments, lit, scene.grid.resolution_m, settings)
        rows["motorway_ends"].append(_end_row(road, finding, lit))
        rows["motorway_segments"] += _segment_rows(road, segments)
        rows["motorway_stations"] += _station_rows(road, lit, settings.town_share)
    notes = [("", problem) for problem in motorways.problems]
    if motorways.lines.empty and not notes:
        notes.append(("", "There are no motorways to compare."))
    notes += [(ref, f"The light of the {ref} is not measured: {reason}.") for ref, reason in reasons.items()]
    rows["motorway_ends"] += [
        {"ref": ref, "verdict": "not measured", "statement": statement, "geometry": None}
        for ref, statement in notes
    ]
    return {name: of_photo(layer(rows[name], name), name, scene.facts) for name in rows}


@dataclass(frozen=True, eq=False)
class Corridor:
    """The ground to be sampled along a crossing: rows and columns (strips, places across, stations)."""

    crossing: Crossing
    half_width_m: Array
    position_sigma_m: Array
    blur_m: float
    row: NDArray[np.int32]
    column: NDArray[np.int32]
    hidden: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        crossing: Crossing,
        grid: Grid,
        position_sigma_m: Array,
        pixel_m: float,
        settings: MotorwaySettings,
        built: BaseGeometry = NO_TOWNS,
    ) -> "Corridor":
        """As wide as it must be to hold the motorway, however far off the line and the photo may be.

        It is hidden where its line is not sure and a town is in it (`built`, the area of towns): that light
        may be the town's. `pixel_m` is the size of the photo's pixels on the ground.
        """
        half_width_m = corridor_half_width_m(position_sigma_m, crossing.error_m, grid.resolution_m, settings)
        reaching = round(settings.flanks_m / (2 * float(np.median(half_width_m))))
        count = int(np.clip(reaching, settings.min_strips, settings.max_strips))
        blur_m = float(image_blur_m(pixel_m, grid.resolution_m, settings))
        x, y = crossing.strips(half_width_m, settings.gap_blurs * blur_m, count, grid.resolution_m)
        if grid.crs != AREA_CRS:
            x, y = transformer(AREA_CRS, grid.crs).transform(x, y)
        row = np.floor((grid.bounds[3] - y) / grid.resolution_m).astype(np.int32)
        column = np.floor((x - grid.bounds[0]) / grid.resolution_m).astype(np.int32)
        stations = shapely.points(crossing.x, crossing.y)
        in_town = shapely.distance(built, stations) < half_width_m
        hidden = (crossing.error_m > settings.sure_line_m) & in_town
        return cls(crossing, half_width_m, position_sigma_m, blur_m, row, column, hidden)

    def profile(
        self, light: Floats, noise: Floats, resolution_m: float, settings: MotorwaySettings
    ) -> Profile:
        """The profile from the light and the noise of the cells (strips, places across, stations)."""
        finite = np.isfinite(light)
        count = finite.sum(axis=1)
        total = np.where(finite, light, 0).sum(axis=1, dtype=float)
        mean = np.where(count >= light.shape[1] / 2, total / np.maximum(count, 1), np.nan)
        mean[:, self.hidden | (self.crossing.error_m > settings.max_line_error_m)] = np.nan
        cells_a_km = 2e3 * self.half_width_m / resolution_m**2
        cells_a_station = np.maximum(cells_a_km * self.crossing.spacing_m / 1e3, 1)
        # Red is as noisy as green, more or less; strips beside the road tell what their noise is in truth.
        cell = math.sqrt(2) * float(np.nanmedian(noise)) if np.isfinite(noise).any() else math.nan
        sigma = cell * cells_a_km / np.sqrt(cells_a_station)
        return make_profile(self.crossing.chainage_m, mean * cells_a_km, sigma, self.blur_m, settings)


def measure(
    crossings: Sequence[Crossing],
    scene: Scene,
    strips: Strips,
    built: BaseGeometry,
    settings: MotorwaySettings,
) -> list[Road]:
    """Profiles of motorways and their segments, from one pass over strips of a photo's light; `built` is
    the area of towns."""
    to_degrees = transformer(AREA_CRS, "EPSG:4326")
    corridors = []
    for crossing in crossings:
        lon, lat = to_degrees.transform(crossing.x, crossing.y)
        # Stations beyond the frame's edge show nothing; any sigma does for them.
        sigma_m = np.nan_to_num(scene.solved.ground_sigma_m(lon, lat, margin_px=np.inf))
        pixel_m = float(np.nanmedian(scene.solved.camera.ground_sample_distance_m(lon, lat)))
        corridors.append(Corridor.of(crossing, scene.grid, sigma_m, pixel_m, settings, built))
    return roads_along(corridors, strips, scene.grid.resolution_m, settings)


def roads_along(
    corridors: Sequence[Corridor],
    strips: Strips,
    resolution_m: float,
    settings: MotorwaySettings,
) -> list[Road]:
    """Profiles and segments of corridors, from strips of light (red, green and the noise of green).

    The light is that of red and green: sodium has no blue, and what a JPEG keeps of it is noise.
    """
    samples = [np.full((2, *corridor.row.shape), np.nan, np.float32) for corridor in corridors]
    cells = [(corridor.row, corridor.column) for corridor in corridors]
    for of_strip in of_each(partial(_sampled, cells), strips):
        for sample, (inside, values) in zip(samples, of_strip, strict=True):
            sample[:, inside] = values
    roads = []
    for corridor, (light, noise) in zip(corridors, samples, strict=True):
        profile = corridor.profile(light, noise, resolution_m, settings)
        segments = find_segments(profile, settings)
        roads.append(Road(corridor.crossing, profile, segments, corridor.position_sigma_m))
    return roads


def _sampled(
    cells: Sequence[tuple[NDArray[np.int32], NDArray[np.int32]]], tile: Tile, light: Floats
) -> list[tuple[NDArray[np.bool_], Floats]]:
    """Of each list of rows and columns: which lie in a strip, and its light and noise there."""
    (red, green, sigma), found = light, []
    for rows, columns in cells:
        row, column = rows - tile.row, columns - tile.column
        inside = (row >= 0) & (row < tile.height) & (column >= 0) & (column < tile.width)
        at = row[inside], column[inside]
        found.append((inside, np.stack([red[at] + green[at], sigma[at]])))
    return found


def _end_row(road: Road, finding: Finding, lit: float | None) -> dict[str, Any]:
    crossing, end = road.crossing, finding.end
    station = int(np.abs(crossing.chainage_m - (end.chainage_m if end else 0.0)).argmin())
    row: dict[str, Any] = {
        "ref": crossing.ref,
        "name": crossing.name,
        "pair": crossing.pair,
        "first": crossing.first,
        "second": crossing.second,
        "verdict": finding.verdict,
        "statement": finding.statement,
        "position_sigma_m": float(road.position_sigma_m[station]),
        "line_error_m": road.line_error_m(station),
        "lit_per_km": lit,
        "seen_share": float((road.profile.weight > 0).mean()),
        "geometry": crossing.point(end.chainage_m if end else 0.0),
    }
    if end is None:
        return row
    nearest = min(crossing.regional, key=lambda border: abs(border.chainage_m - end.chainage_m), default=None)
    return row | {
        "lit_side": crossing.first if end.lit_before else crossing.second,
        "end_m": end.chainage_m,
        "low95_m": end.low_m,
        "high95_m": end.high_m,
        "to_national_m": abs(end.chainage_m),
        "to_regional_m": None if nearest is None else abs(end.chainage_m - nearest.chainage_m),
        "regional_at_m": None if nearest is None else nearest.chainage_m,
        "change_sigma_m": end.change_sigma_m,
    }


def _segment_rows(road: Road, segments: Sequence[Segment]) -> list[dict[str, Any]]:
    crossing = road.crossing
    half = crossing.spacing_m / 2
    return [
        {
            "ref": crossing.ref,
            "pair": crossing.pair,
            "lit": segment.lit,
            "from_m": crossing.chainage_m[segment.start] - half,
            "to_m": crossing.chainage_m[segment.stop - 1] + half,
            "light_per_km": segment.light,
            "sigma": segment.sigma,
            "seen_share": segment.seen,
            "town_share": segment.town,
            "geometry": crossing.line(segment.start, segment.stop),
        }
        for segment in segments
    ]


def _station_rows(road: Road, lit: float | None, town_share: float) -> list[dict[str, Any]]:
    """One row for each block of stations."""
    crossing, profile = road.crossing, road.profile
    light, weight = profile.blocks(0, len(profile.light))
    ones = np.ones(len(profile.light))
    flank, chainage = (
        grouped(values, ones, profile.group)[0] for values in (profile.near, crossing.chainage_m)
    )
    town = grouped(profile.in_town(lit, town_share).astype(float), ones, profile.group)[0] >= 0.5
    what = np.where(weight == 0, "not seen", np.where(town, "town, undecidable", "seen"))
    sigma = profile.noise.spread / np.sqrt(np.where(weight > 0, weight, np.nan))
    return [
        {
            "ref": crossing.ref,
            "pair": crossing.pair,
            "chainage_m": chainage[k],
            "light_per_km": light[k] if weight[k] > 0 else None,
            "sigma": sigma[k],
            "flank_per_km": flank[k],
            "what": str(what[k]),
            "geometry": crossing.point(chainage[k]),
        }
        for k in range(len(light))
    ]
