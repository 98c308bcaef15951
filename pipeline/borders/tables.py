"""The tables of a photo: light and tone of zones, strips and towns, and how they differ across borders."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.borders import profiles, segments, urban
from pipeline.borders.beside import Beside, beside, edges_m
from pipeline.borders.cells import Cells
from pipeline.borders.contrast import BorderFit, Contrast, border_contrast, statement, verdict
from pipeline.borders.distance_field import DistanceField
from pipeline.borders.matching import near_patches
from pipeline.borders.patches import Patches, patches
from pipeline.borders.placebo import Placebo, placebo_test
from pipeline.borders.quantities import ALL_LIGHT
from pipeline.borders.scene import Border, Scene, borders_in, reach_m
from pipeline.borders.schema import OF_A_PHOTO, layer, of_photo
from pipeline.borders.settings import IN_FORCE, BorderSettings, ZoneSettings
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.units import Units, unit_scales
from pipeline.borders.zones import (
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
)
from pipeline.ground.cities import Cities
from pipeline.ground.countries import Countries, clipped
from pipeline.ground.country_table import country_name
from pipeline.ground.events import LightingEvent, event_rows
from pipeline.models import BordersConfig
from pipeline.raster.grid import Grid
from pipeline.raster.strips import Strips
from pipeline.robust import weighted_quantiles

Layers = dict[str, gpd.GeoDataFrame]


def compare(
    scene: Scene,
    strips: Strips,
    countries: Countries,
    config: BordersConfig,
    places: Cities | None = None,
    settings: BorderSettings = IN_FORCE,
) -> Layers:
    """The layers of a photo named in OF_A_PHOTO, from strips of its light and tone as `scan` takes them.

    `countries` are in AREA_CRS, in which all areas and distances are taken; without `places` the layers of
    towns are empty.
    """
    frame, codes = scene.frame, list(countries.areas["country"])
    layers: Layers = {
        "zones": country_zones(countries, frame),
        "strips": border_strips(countries, frame, scene.whole_map, config.bands_km),
        "towns": urban.towns(
            places if places is not None else urban.nowhere(), countries, frame, settings.urban.min_population
        ),
    }
    everything = gpd.GeoDataFrame(pd.concat(layers.values(), ignore_index=True), crs=AREA_CRS)
    scanned = scan(strips, everything, countries, scene.grid)
    cells = scanned.cells
    borders = borders_in([scene], countries, frame, config, settings)
    near = {border.pair: _beside(cells, border, config, settings) for border in borders}
    members = urban.cells_of_towns(layers["towns"], urban.Lookup.of(cells), codes)
    lists = _cells_of_zones(layers, cells, codes, near, members, settings.zones)
    numbers = _numbers(everything, scanned, scene.grid, lists, settings.zones)
    around = urban.rings(layers["towns"], settings.urban)
    layers = _with_numbers(layers, numbers)
    layers["cores"] = urban.compare_cores(around, cells, members, config, settings)
    layers |= _compare_borders(scene, countries, frame, cells, borders, near, config, settings)
    reason = no_border([country_name(code) for code in layers["zones"]["country"]], len(borders))
    layers["notes"] = notes(scene, "borders", [reason] if reason else [])
    return {name: of_photo(layers[name], name, scene.facts) for name in OF_A_PHOTO}


def _beside(cells: Cells, border: Border, config: BordersConfig, settings: BorderSettings) -> Beside:
    edges = edges_m(border.exclusion_m, config, settings.profiles)
    return beside(cells, border.line, *border.places, reach_m(config), edges)


def notes(scene: Scene, subject: str, sentences: Iterable[str]) -> gpd.GeoDataFrame:
    """The layer `notes`: why a photo, or a file given for it, says nothing of a subject."""
    frame = polygons(scene.frame)
    rows = [{"subject": subject, "statement": sentence, "geometry": frame} for sentence in sentences]
    return of_photo(layer(rows, "notes"), "notes", scene.facts)


def events_of(
    scene: Scene, zones: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, events: Sequence[LightingEvent]
) -> gpd.GeoDataFrame:
    """The table `events`: lighting policies in force where and when a photo was taken, by its own tables of
    countries and towns and its frame."""
    frame = gpd.GeoSeries([scene.frame], crs=AREA_CRS).to_crs(4326).iloc[0]
    rows = event_rows(scene.facts.taken_at, zones["country"], set(towns["name"]), frame, events)
    return of_photo(layer(rows, "events"), "events", scene.facts)


def _cells_of_zones(
    layers: Layers,
    cells: Cells,
    codes: Sequence[str],
    near: Mapping[str, Beside],
    members: Sequence[Any],
    settings: ZoneSettings,
) -> list[tuple[float, Iterable[Cells]]]:
    """The cells of every zone, strip and town in the order of their rows, each layer with the side (km) of
    the squares its scatter is taken between; made one by one, for together they are many."""
    countries = (cells.chosen(cells.country == codes.index(code)) for code in layers["zones"]["country"])
    return [
        (settings.scatter_km, countries),
        (settings.scatter_km, in_strips(layers["strips"], near)),
        (settings.town_scatter_km, (cells.chosen(index) for index in members)),
    ]


def _numbers(
    zones: gpd.GeoDataFrame,
    scanned: Scan,
    grid: Grid,
    lists: Iterable[tuple[float, Iterable[Cells]]],
    settings: ZoneSettings,
) -> pd.DataFrame:
    """The statistics of zones from their sums and, by the squares (km) given, from their cells."""
    inner = [
        tone_quantiles(cells, settings.tone_step)
        | {"sigma_g_r": scatter_sigma(cells, square_km, settings.min_squares)}
        for square_km, cells_of_zones in lists
        for cells in cells_of_zones
    ]
    columns = ["tone_median", "tone_q10", "tone_q25", "tone_q50", "tone_q75", "tone_q90", "sigma_g_r"]
    sums = statistics(zones, scanned.sums, grid, settings.min_blue)
    return sums.join(pd.DataFrame(inner, zones.index, columns))


def _with_numbers(layers: Layers, numbers: pd.DataFrame) -> Layers:
    """Layers with their part of the numbers, whose rows are those of the layers one after another."""
    joined, start = {}, 0
    for name, zones in layers.items():
        own = numbers.iloc[start : start + len(zones)].set_axis(zones.index)
        joined[name], start = zones.join(own), start + len(zones)
    return joined


def _compare_borders(
    scene: Scene,
    countries: Countries,
    frame: BaseGeometry,
    cells: Cells,
    borders: Sequence[Border],
    near: Mapping[str, Beside],
    config: BordersConfig,
    settings: BorderSettings,
) -> Layers:
    """The layers contrasts, segments and profiles."""
    rows: dict[str, list[dict[str, Any]]] = {"contrasts": [], "segments": [], "profiles": []}
    scales = unit_scales(cells, config.block_km, settings.contrast.smoothing_blocks)
    light = patches(cells, settings.patches)
    edges = weighted_quantiles(cells.tone, cells.red + cells.green, (1 / 3, 2 / 3), settings.zones.tone_step)
    areas = clipped(countries, frame).areas.set_index("country").geometry
    for border in borders:
        sides = tuple(areas.get(code, shapely.Polygon()) for code in border.codes)
        step_m = settings.placebo.field_step_m
        field = DistanceField.of(border.line, sides, reach_m(config), step_m)
        own, lit = light.chosen(np.isin(light.country, border.places)), near[border.pair]
        contrast, fit, test = _contrast(scene, border, lit, own, scales, field, config, settings)
        thirds = profiles.thirds(lit, border.exclusion_m, edges, config)
        rows["contrasts"].append(
            _contrast_row(border, contrast, test, scene.facts.tone_systematic, config) | thirds
        )
        along = segments.along(fit, border.geometry, border.line, scene.view_zenith_deg, settings)
        rows["segments"] += [row | border.about for row in along]
        across = profiles.across(lit, scales[-1], field, border.codes, config, settings)
        course = border.geometry.simplify(1e3 * config.block_km / 4)
        rows["profiles"] += [row | {"pair": border.pair, "geometry": course} for row in across]
    return {name: layer(rows[name], name) for name in rows}


def _contrast(
    scene: Scene,
    border: Border,
    lit: Beside,
    own: Patches,
    scales: Sequence[Units],
    field: DistanceField,
    config: BordersConfig,
    settings: BorderSettings,
) -> tuple[Contrast, BorderFit | None, Placebo]:
    """The contrast at a border, its fit and its placebos, from the cells beside it (`lit`) and all light of
    its two countries (`own`)."""
    view, exclusion_m = scene.view_zenith_deg, border.exclusion_m
    close = near_patches(lit, exclusion_m, config, settings.patches)
    where = border.line, border.places[1], view, border.codes
    systematic = scene.facts.tone_systematic
    contrast, fit = border_contrast(close, own, scales, *where, config, settings.contrast, systematic)
    if fit is None:
        return contrast, None, Placebo(None, 0)
    return contrast, fit, placebo_test(own, fit, field, exclusion_m, view, config, settings)


def _contrast_row(
    border: Border, contrast: Contrast, test: Placebo, systematic: float, config: BordersConfig
) -> dict[str, Any]:
    """A border's row of `contrasts`, but for the thirds of its light."""
    return border.about | {
        "contrast_g_r": contrast.contrast,
        "low95": contrast.low,
        "high95": contrast.high,
        "low90": contrast.low90,
        "high90": contrast.high90,
        "plain_g_r": contrast.plain,
        "n_blocks": contrast.n_blocks,
        "n_cells": contrast.n_cells,
        "contrast_km": config.contrast_km,
        "border_km": border.geometry.length / 1e3,
        "exclusion_km": border.exclusion_m / 1e3,
        "statement": statement(contrast, *border.codes, test.p),
        "verdict": verdict(contrast.low, contrast.high, contrast.alike),
        "placebo_p": test.p,
        "n_placebos": test.n,
        "quantity": ALL_LIGHT,
        "n_photos": 1,
        "systematic": systematic,
        "geometry": border.geometry,
    }
