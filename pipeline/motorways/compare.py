"""Motorways at the borders of a photo: lit and dark stretches, where the light ends, and what that says."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Floats
from pipeline.borders.scene import Scene
from pipeline.borders.schema import OF_MOTORWAYS, layer, of_photo
from pipeline.borders.squares import AREA_CRS
from pipeline.camera.earth import transformer
from pipeline.ground.countries import Countries
from pipeline.ground.roads import Motorways
from pipeline.motorways.chainage import Crossing, find_crossings
from pipeline.motorways.light_end import Finding, Road, judge_motorway
from pipeline.motorways.lit_segments import find_segments, lit_light, profile_of
from pipeline.motorways.ridge import Band, Ridge, find_ridge
from pipeline.motorways.road_chain import chain_of, levels_of, weighed
from pipeline.motorways.settings import MOTORWAY_SETTINGS, MotorwaySettings
from pipeline.raster.strips import Strips, of_each
from pipeline.raster.tiles import Tile
from pipeline.robust import NORMAL_95

NOT_SEEN = "the photo shows too little of it"


def compare_motorways(
    scene: Scene,
    strips: Strips,
    countries: Countries,
    motorways: Motorways,
    regions: gpd.GeoDataFrame | None = None,
    settings: MotorwaySettings = MOTORWAY_SETTINGS,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers named in OF_MOTORWAYS, from strips of the photo's light as `roads_along` takes them.

    `countries`, `motorways` and `regions` are in AREA_CRS. A motorway that cannot be measured, and a fault of
    the file of motorways, has a row that says why.
    """
    resolution_m = scene.grid.resolution_m
    spacing_m = max(resolution_m, settings.min_spacing_m)
    crossings, reasons = find_crossings(motorways, countries, scene.frame, spacing_m, settings, regions)
    roads = roads_along(_bands(crossings, scene, settings), strips, resolution_m, settings)
    measured = {id(road.crossing) for road in roads}
    reasons |= {crossing.ref: NOT_SEEN for crossing in crossings if id(crossing) not in measured}
    lit = lit_light([(road.followed, road.segments) for road in roads], settings)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in OF_MOTORWAYS}
    for road in roads:
        finding = judge_motorway(road, lit, resolution_m, settings)
        rows["motorway_ends"].append(end_row(road, finding, lit, settings))
        rows["motorway_segments"] += _segment_rows(road)
        rows["motorway_stations"] += _station_rows(road)
    notes = [("", problem) for problem in motorways.problems]
    if motorways.lines.empty and not notes:
        notes.append(("", "There are no motorways to compare."))
    notes += [(ref, f"The light of the {ref} is not measured: {reason}.") for ref, reason in reasons.items()]
    rows["motorway_ends"] += [
        {"ref": ref, "verdict": "not measured", "statement": statement, "geometry": None}
        for ref, statement in notes
    ]
    return {name: of_photo(layer(rows[name], name), name, scene.facts) for name in rows}


def _bands(crossings: Sequence[Crossing], scene: Scene, settings: MotorwaySettings) -> list[Band]:
    """The ground beside each crossing in which a photo may show it."""
    to_degrees = transformer(AREA_CRS, "EPSG:4326")
    bands = []
    for crossing in crossings:
        lon, lat = to_degrees.transform(crossing.x, crossing.y)
        # Stations beyond the frame's edge show nothing; any sigma does for them.
        sigma_m = np.nan_to_num(scene.solved.ground_sigma_m(lon, lat, margin_px=np.inf))
        pixel_m = float(np.nanmedian(scene.solved.camera.ground_sample_distance_m(lon, lat)))
        bands.append(Band.of(crossing, scene.grid, sigma_m, pixel_m, settings))
    return bands


def roads_along(
    bands: Sequence[Band], strips: Strips, resolution_m: float, settings: MotorwaySettings
) -> list[Road]:
    """The roads of bands, followed together, from one pass over strips of light (red, green and the noise of
    green); without those of which the photo shows too little.

    The light is that of red and green: sodium has no blue, and what a JPEG keeps of it is noise.
    """
    samples = [np.full((2, *band.row.shape), np.nan, np.float32) for band in bands]
    cells = [(band.row, band.column) for band in bands]
    for of_strip in of_each(partial(_sampled, cells), strips):
        for sample, (inside, values) in zip(samples, of_strip, strict=True):
            sample[:, inside] = values
    found: list[tuple[Band, Ridge]] = []
    for band, (light, noise) in zip(bands, samples, strict=True):
        ridge = find_ridge(band, light, noise, resolution_m, settings)
        if ridge is not None:
            found.append((band, ridge))
    if not found:
        return []
    levels = levels_of([ridge for _, ridge in found], settings)
    followed = weighed([chain_of(ridge, levels, settings) for _, ridge in found], settings)
    roads = []
    for (band, _), each in zip(found, followed, strict=True):
        profile = profile_of(each, settings)
        segments = find_segments(each, profile, settings)
        roads.append(Road(band.crossing, each, profile, segments, band.position_sigma_m))
    return roads


def _sampled(
    cells: Sequence[tuple[NDArray[np.int32], NDArray[np.int32]]], tile: Tile, light: Floats
) -> list[tuple[NDArray[np.bool_], Floats]]:
    """Of each list of rows and columns: which lie in a strip, and its light and noise there."""
    red, green, sigma = light
    values, found = np.stack([red + green, sigma]), []
    for rows, columns in cells:
        row, column = rows - tile.row, columns - tile.column
        inside = (row >= 0) & (row < tile.height) & (column >= 0) & (column < tile.width)
        found.append((inside, values[:, row[inside], column[inside]]))
    return found


def end_row(road: Road, finding: Finding, lit: float | None, settings: MotorwaySettings) -> dict[str, Any]:
    """The row of `motorway_ends` of a road, without its photo; `lit` is the light per km of a lit motorway in
    the photo."""
    crossing, end = road.crossing, finding.end
    chainage_m = end.chainage_m if end else 0.0
    beside = np.abs(road.profile.chainage_m) <= settings.both_sides_m
    row: dict[str, Any] = {
        "ref": crossing.ref,
        "name": crossing.name,
        "pair": crossing.pair,
        "first": crossing.first,
        "second": crossing.second,
        "verdict": finding.verdict,
        "statement": finding.statement,
        "lit_side": finding.lit_side,
        "position_sigma_m": float(road.position_sigma_m[road.station(chainage_m)]),
        "line_error_m": road.line_error_m(chainage_m),
        "lit_per_km": lit,
        "seen_share": float(road.profile.seen[beside].mean()),
        "geometry": road.registered.point(chainage_m),
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
        "regional_error_m": None if nearest is None else nearest.error_m,
        "change_sigma_m": end.change_sigma_m,
        "beyond_share": end.beyond_per_km / lit if lit else None,
        "beyond_share_high95": (end.beyond_per_km + NORMAL_95 * end.beyond_sigma) / lit if lit else None,
    }


def _segment_rows(road: Road) -> list[dict[str, Any]]:
    """Stretches on the line that is registered to its light, with how well it is known."""
    crossing, line, followed = road.crossing, road.registered, road.followed
    half = followed.chain.ridge.block_m / 2
    rows = []
    for segment in road.segments:
        low, high = road.profile.chainage_m[[segment.start, segment.stop - 1]] + (-half, half)
        first, last = np.searchsorted(crossing.chainage_m, (low, high))
        rows.append(
            {
                "ref": crossing.ref,
                "pair": crossing.pair,
                "lit": segment.lit,
                "from_m": low,
                "to_m": high,
                "light_per_km": segment.light,
                "sigma": segment.sigma,
                "seen_share": segment.seen,
                "town_share": segment.town,
                "line_sigma_m": float(followed.offset_sigma_m[segment.start : segment.stop].mean()),
                "geometry": line.line(min(first, len(crossing.x) - 2), last),
            }
        )
    return rows


def _station_rows(road: Road) -> list[dict[str, Any]]:
    """One row for each block."""
    crossing, profile, followed = road.crossing, road.profile, road.followed
    what = np.where(~profile.seen, "not seen", np.where(profile.town, "town, undecidable", "seen"))
    return [
        {
            "ref": crossing.ref,
            "pair": crossing.pair,
            "chainage_m": profile.chainage_m[k],
            "light_per_km": profile.light[k],
            "sigma": profile.sigma[k],
            "flank_per_km": profile.flank[k],
            "lit_probability": followed.lit[k],
            "offset_m": followed.offset_m[k],
            "offset_sigma_m": followed.offset_sigma_m[k],
            "what": str(what[k]),
            "geometry": road.registered.point(profile.chainage_m[k]),
        }
        for k in range(len(profile.chainage_m))
    ]
