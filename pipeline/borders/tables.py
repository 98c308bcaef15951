"""The tables of a photo: light and tone of zones, strips and towns, and how they differ across borders."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.borders import profiles, urban
from pipeline.borders.cells import Beside, Cells, Floats, beside, patches, unit_scales
from pipeline.borders.contrast import border_contrast, near_patches, statement
from pipeline.borders.placebo import DistanceField, Placebo, placebo_test
from pipeline.borders.scene import Border, Scene, borders_in, reach_m
from pipeline.borders.schema import OF_A_PHOTO, layer, of_photo
from pipeline.borders.zones import (
    AREA_CRS,
    SCATTER_KM,
    Scan,
    border_strips,
    country_zones,
    in_strips,
    no_border,
    polygons,
    scan,
    scatter_sigma,
    statistics,
    tone_quantiles,
    weighted_quantiles,
)
from pipeline.ground.cities import Cities
from pipeline.ground.countries import Countries, clipped
from pipeline.ground.country_table import country_name
from pipeline.ground.events import LightingEvent, event_rows
from pipeline.models import BordersConfig
from pipeline.raster.grid import Grid
from pipeline.raster.tiles import Tile

TOWN_SQUARES_KM = 1.0


def compare(
    scene: Scene,
    tiles: Iterable[tuple[Tile, Floats, Floats]],
    countries: Countries,
    config: BordersConfig,
    places: Cities | None = None,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers of a photo named in OF_A_PHOTO, from tiles of its light and tone.

    `countries` are in AREA_CRS, in which all areas and distances are taken; without `places` the layers of
    towns are empty.
    """
    frame, codes = scene.frame(), list(countries.areas["country"])
    towns = urban.towns(places if places is not None else urban.nowhere(), countries, frame)
    layers = {
        "zones": country_zones(countries, frame),
        "strips": border_strips(countries, frame, config.bands_km),
        "towns": towns,
    }
    everything = gpd.GeoDataFrame(pd.concat(layers.values(), ignore_index=True), crs=AREA_CRS)
    scanned = scan(tiles, everything, countries, scene.grid)
    cells = scanned.cells
    borders = borders_in([scene], countries, frame, config)
    near = {one.pair: beside(cells, one.line, *one.places, reach_m(config)) for one in borders}
    members = urban.cells_of_towns(towns, urban.Lookup.of(cells), codes)
    parts: list[tuple[float, Iterable[Cells]]] = [
        (SCATTER_KM, (cells.chosen(cells.country == codes.index(c)) for c in layers["zones"]["country"])),
        (SCATTER_KM, in_strips(layers["strips"], near)),
        (TOWN_SQUARES_KM, (cells.chosen(index) for index in members)),
    ]
    numbers = _numbers(everything, scanned, scene.grid, parts)
    ends = np.cumsum([len(zones) for zones in layers.values()])
    for (name, zones), end in zip(layers.items(), ends, strict=True):
        layers[name] = zones.join(numbers.iloc[end - len(zones) : end].set_axis(zones.index))
    layers["cores"] = urban.compare_cores(urban.rings(towns), cells, members, config)
    layers |= _compare_borders(scene, countries, frame, cells, borders, near, config)
    reason = no_border([country_name(code) for code in layers["zones"]["country"]], len(borders))
    layers["notes"] = notes(scene, "borders", [reason] if reason else [])
    return {name: of_photo(layers[name], name, scene.facts) for name in OF_A_PHOTO}


def notes(scene: Scene, subject: str, sentences: Iterable[str]) -> gpd.GeoDataFrame:
    """The layer `notes`: why a photo, or a file given for it, says nothing of a subject."""
    frame = polygons(scene.frame())
    rows = [{"subject": subject, "statement": sentence, "geometry": frame} for sentence in sentences]
    return of_photo(layer(rows, "notes"), "notes", scene.facts)


def events_of(
    scene: Scene, zones: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, events: Sequence[LightingEvent]
) -> gpd.GeoDataFrame:
    """The table `events`: lighting policies in force where and when a photo was taken, by its own tables of
    countries and towns and its frame."""
    frame = gpd.GeoSeries([scene.frame()], crs=AREA_CRS).to_crs(4326).iloc[0]
    rows = event_rows(scene.facts.taken_at, zones["country"], set(towns["name"]), frame, events)
    return of_photo(layer(rows, "events"), "events", scene.facts)


def _numbers(
    zones: gpd.GeoDataFrame, scanned: Scan, grid: Grid, parts: Iterable[tuple[float, Iterable[Cells]]]
) -> pd.DataFrame:
    """The statistics of zones from their sums and, by the squares (km) given, from their cells."""
    inner = [
        tone_quantiles(own) | {"sigma_g_r": scatter_sigma(own, km)} for km, part in parts for own in part
    ]
    columns = ["tone_median", "tone_q10", "tone_q25", "tone_q50", "tone_q75", "tone_q90", "sigma_g_r"]
    return statistics(zones, scanned.sums, grid).join(pd.DataFrame(inner, zones.index, columns))


def _compare_borders(
    scene: Scene,
    countries: Countries,
    frame: BaseGeometry,
    cells: Cells,
    borders: Sequence[Border],
    near: Mapping[str, Beside],
    config: BordersConfig,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers contrasts, segments and profiles."""
    rows: dict[str, list[dict[str, Any]]] = {"contrasts": [], "segments": [], "profiles": []}
    scales, light = unit_scales(cells, config.block_km), patches(cells)
    edges = weighted_quantiles(cells.tone, cells.red + cells.green, (1 / 3, 2 / 3))
    areas = clipped(countries, frame).areas.set_index("country").geometry
    for one in borders:
        own = light.chosen(np.isin(light.country, one.places))
        field = DistanceField.of(
            one.line, tuple(areas.get(c, shapely.Polygon()) for c in one.codes), reach_m(config)
        )
        close, view = near_patches(near[one.pair], one.exclusion_m, config), scene.view_zenith_deg
        found, fit = border_contrast(close, own, scales, one.line, one.places[1], view, one.codes, config)
        test = placebo_test(own, fit, field, one.exclusion_m, view, config) if fit else Placebo(None, 0)
        rows["contrasts"].append(
            one.about
            | {"contrast_g_r": found.contrast, "low95": found.low, "high95": found.high}
            | {"n_blocks": found.n_blocks, "n_cells": found.n_cells, "contrast_km": config.contrast_km}
            | {"border_km": one.geometry.length / 1e3, "statement": statement(found, *one.codes, test.p)}
            | {"verdict": profiles.verdict(found.low, found.high, found.alike)}
            | {"low90": found.low90, "high90": found.high90, "plain_g_r": found.plain}
            | {"placebo_p": test.p, "n_placebos": test.n, "exclusion_km": one.exclusion_m / 1e3}
            | profiles.thirds(near[one.pair], one.exclusion_m, edges, config)
            | {"geometry": one.geometry}
        )
        along = profiles.along(fit, one.geometry, one.line, view, config)
        rows["segments"] += [row | one.about for row in along]
        across = profiles.across(near[one.pair], scales[-1], field, one.codes, config)
        course = {"pair": one.pair, "geometry": one.geometry.simplify(1e3 * config.block_km / 4)}
        rows["profiles"] += [row | course for row in across]
    return {name: layer(rows[name], name) for name in rows}
