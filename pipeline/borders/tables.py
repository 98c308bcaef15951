"""The tables of a photo (zones, strips, borders, towns) and of what changed between two photos."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from pipeline.borders import change, profiles, urban
from pipeline.borders.cells import Beside, BorderLine, Cells, Floats, beside, patches, unit_scales
from pipeline.borders.contrast import (
    ADJECTIVES,
    border_contrast,
    near_patches,
    statement,
)
from pipeline.borders.countries import Countries, clipped
from pipeline.borders.placebo import Placebo, Ribbon, placebo_test
from pipeline.borders.zones import (
    AREA_CRS,
    NAMES,
    SCATTER_KM,
    Scan,
    border_strips,
    country_zones,
    donut_m,
    in_strips,
    no_border,
    polygons,
    scan,
    scatter_sigma,
    statistics,
    tone_quantiles,
    weighted_quantiles,
    widened,
)
from pipeline.camera.earth import Array
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.georeference.cities import Cities
from pipeline.models import BordersConfig
from pipeline.ortho.grid import Grid, visible_area
from pipeline.ortho.warp import Tile
from pipeline.photo.photo import PhotoFacts

TOWN_SQUARES_KM = 1.0
LIGHT = [
    *("light_r", "light_g", "light_b", "tone_g_r", "sigma_g_r", "tone_b_g", "n_cells", "masked_share"),
    *("tone_median", "tone_q10", "tone_q25", "tone_q50", "tone_q75", "tone_q90"),
]
CHANGE = [
    *("light_change", "light_low95", "light_high95", "tone_change", "tone_low95", "tone_high95"),
    *("n_cells", "n_blocks", "statement"),
]
COLUMNS = {
    "zones": ["country", "area_km2", "lit_area_km2", *LIGHT],
    "strips": ["pair", "side", "band_from_km", "band_to_km", "area_km2", "lit_area_km2", *LIGHT],
    "contrasts": [
        *("pair", "first", "second", "contrast_g_r", "low95", "high95", "n_blocks", "n_cells"),
        *("contrast_km", "border_km", "statement", "verdict", "low90", "high90", "plain_g_r"),
        *("placebo_p", "n_placebos", "donut_km"),
        *("orange_first", "green_first", "orange_second", "green_second"),
    ],
    "segments": [
        *("pair", "first", "second", "segment", "contrast_g_r", "low95", "high95", "n_cells", "verdict"),
    ],
    "profiles": [
        *("pair", "side", "from_km", "to_km", "area_km2", "light_per_km2", "light_low95", "light_high95"),
        *("tone_g_r", "tone_low95", "tone_high95", "n_cells", "n_blocks"),
    ],
    "towns": ["name", "country", "population", "radius_km", "area_km2", "lit_area_km2", *LIGHT],
    "cores": [
        *("name", "country", "population", "n_towns", "tone_core", "tone_ring", "contrast_g_r", "low95"),
        *("high95", "n_core", "n_ring", "statement"),
    ],
    "notes": ["subject", "statement"],
    "changes": ["scope", "country", "pair", "side", "tone_kind", *CHANGE],
    "border_changes": ["pair", "first", "second", "tone_kind", *CHANGE],
}
OF_TWO_PHOTOS = ("changes", "border_changes")
LINES = ("contrasts", "segments", "profiles", "border_changes")
_GEOMETRY = {name: "MultiLineString" if name in LINES else "MultiPolygon" for name in COLUMNS}
GEOMETRY = {name: kind for name, kind in _GEOMETRY.items() if name not in OF_TWO_PHOTOS}
CHANGE_GEOMETRY = {name: _GEOMETRY[name] for name in OF_TWO_PHOTOS}
_TO_DEGREES = Transformer.from_crs(AREA_CRS, "EPSG:4326", always_xy=True)


@dataclass(frozen=True, eq=False)
class Scene:
    """A photo on the map: its facts, its camera and the grid."""

    facts: PhotoFacts
    solved: SolvedCamera
    grid: Grid

    def frame(self) -> BaseGeometry:
        """What the photo shows of the grid, in AREA_CRS."""
        seen = visible_area(self.solved.camera, self.grid.crs, shapely.box(*self.grid.bounds))
        on_map: BaseGeometry = gpd.GeoSeries([seen], crs=self.grid.crs).to_crs(AREA_CRS).iloc[0]
        return on_map

    def view_zenith_deg(self, x: Array, y: Array) -> Array:
        """The view zenith at places in AREA_CRS."""
        return self.solved.camera.view(*_TO_DEGREES.transform(x, y))[0]


@dataclass(frozen=True, eq=False)
class Border:
    """A border in the frame: its countries by code and place in the list, its line in and around the frame,
    and how near to it light is too near to tell its side."""

    pair: str
    codes: tuple[str, str]
    places: tuple[int, int]
    geometry: BaseGeometry
    line: BorderLine
    donut_m: float

    @property
    def about(self) -> dict[str, str]:
        return {"pair": self.pair, "first": self.codes[0], "second": self.codes[1]}


def compare(
    scene: Scene,
    tiles: Iterable[tuple[Tile, Floats, Floats]],
    countries: Countries,
    config: BordersConfig,
    places: Cities | None = None,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers of a photo named in GEOMETRY, from tiles of its light and tone.

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
    near = {one.pair: beside(cells, one.line, *one.places, _reach_m(config)) for one in borders}
    members = urban.cells_of_towns(towns, urban.Lookup.of(cells), codes)
    parts: list[tuple[float, Iterable[Cells]]] = [
        (SCATTER_KM, (cells.chosen(cells.country == codes.index(c)) for c in layers["zones"]["country"])),
        (SCATTER_KM, in_strips(layers["strips"], near)),
        (TOWN_SQUARES_KM, (cells.chosen(index) for index in members)),
    ]
    numbers = _numbers(everything, scanned, scene.grid, parts)
    ends = np.cumsum([len(layer) for layer in layers.values()])
    for (name, layer), end in zip(layers.items(), ends, strict=True):
        layers[name] = layer.join(numbers.iloc[end - len(layer) : end].set_axis(layer.index))
    layers["cores"] = urban.compare_cores(urban.rings(towns), cells, members, config)
    layers |= _compare_borders(scene, countries, frame, cells, borders, near, config)
    layers["notes"] = _notes(frame, [NAMES[code] for code in layers["zones"]["country"]], len(borders))
    facts = scene.facts
    return {name: _labelled(layers[name], name, {"photo": facts, "taken_at": facts}) for name in GEOMETRY}


def _numbers(
    zones: gpd.GeoDataFrame, scanned: Scan, grid: Grid, parts: Iterable[tuple[float, Iterable[Cells]]]
) -> pd.DataFrame:
    """The statistics of zones from their sums and, by the squares (km) given, from their cells."""
    inner = [
        tone_quantiles(own) | {"sigma_g_r": scatter_sigma(own, km)} for km, part in parts for own in part
    ]
    columns = ["tone_median", "tone_q10", "tone_q25", "tone_q50", "tone_q75", "tone_q90", "sigma_g_r"]
    return statistics(zones, scanned.sums, grid).join(pd.DataFrame(inner, zones.index, columns))


def borders_in(
    scenes: Sequence[Scene], countries: Countries, frame: BaseGeometry, config: BordersConfig
) -> list[Border]:
    """The borders in a frame that all scenes show."""
    around = shapely.box(*frame.buffer(_reach_m(config)).bounds)
    whole, codes = countries.borders.set_index("pair").geometry, list(countries.areas["country"])
    return [
        Border(
            pair=row.pair,
            codes=(row.first, row.second),
            places=(codes.index(row.first), codes.index(row.second)),
            geometry=row.geometry,
            line=BorderLine.of(whole[row.pair] & around, 1e3 * config.block_km),
            donut_m=max(donut_m(scene.solved, row.geometry) for scene in scenes),
        )
        for row in clipped(countries, frame).borders.itertuples()
    ]


def _reach_m(config: BordersConfig) -> float:
    return 1e3 * max(config.contrast_km, config.bands_km[-1])


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
        ribbon = Ribbon.of(
            one.line, tuple(areas.get(c, shapely.Polygon()) for c in one.codes), _reach_m(config)
        )
        close, view = near_patches(near[one.pair], one.donut_m, config), scene.view_zenith_deg
        found, fit = border_contrast(close, own, scales, one.line, one.places[1], view, one.codes, config)
        test = placebo_test(own, fit, ribbon, one.donut_m, view, config) if fit else Placebo(None, 0)
        rows["contrasts"].append(
            one.about
            | {"contrast_g_r": found.contrast, "low95": found.low, "high95": found.high}
            | {"n_blocks": found.n_blocks, "n_cells": found.n_cells, "contrast_km": config.contrast_km}
            | {"border_km": one.geometry.length / 1e3, "statement": statement(found, *one.codes, test.p)}
            | {"verdict": profiles.verdict(found.low, found.high, found.alike)}
            | {"low90": found.low90, "high90": found.high90, "plain_g_r": found.plain}
            | {"placebo_p": test.p, "n_placebos": test.n, "donut_km": one.donut_m / 1e3}
            | profiles.thirds(near[one.pair], one.donut_m, edges, config)
            | {"geometry": one.geometry}
        )
        along = profiles.along(fit, one.geometry, one.line, view, config)
        rows["segments"] += [row | one.about for row in along]
        across = profiles.across(near[one.pair], scales[-1], ribbon, one.codes, config)
        course = {"pair": one.pair, "geometry": one.geometry.simplify(1e3 * config.block_km / 4)}
        rows["profiles"] += [row | course for row in across]
    return {name: _layer(rows[name], name) for name in rows}


def _layer(rows: list[dict[str, Any]], name: str) -> gpd.GeoDataFrame:
    """Rows as a layer; what is not words or a count is a number, NaN where there is none."""
    table = pd.DataFrame(rows, columns=[*COLUMNS[name], "geometry"])
    words = {
        "pair",
        "first",
        "second",
        "side",
        "country",
        "scope",
        "tone_kind",
        "statement",
        "verdict",
        "subject",
    }
    counts = {"n_blocks", "n_cells", "n_placebos", "segment"}
    numbers = [column for column in COLUMNS[name] if column not in words | counts]
    return gpd.GeoDataFrame(table.astype(dict.fromkeys(numbers, float)), geometry="geometry", crs=AREA_CRS)


def _notes(frame: BaseGeometry, names: list[str], borders: int) -> gpd.GeoDataFrame:
    """Why a photo says nothing of borders, if it does not."""
    reason = no_border(names, borders)
    rows = [{"subject": "borders", "statement": reason, "geometry": polygons(frame)}] if reason else []
    return _layer(rows, "notes")


def compare_dates(
    before: Scene,
    after: Scene,
    tiles: Iterable[tuple[Tile, Floats, Floats, Floats, Floats]],
    countries: Countries,
    config: BordersConfig,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers of two photos of one grid named in CHANGE_GEOMETRY, from tiles of light and tone before and
    of light and tone after. `countries` are in AREA_CRS."""
    frame = before.frame() & after.frame()
    may = change.allowed(before.facts, after.facts)
    zones = country_zones(countries, frame)
    borders = borders_in([before, after], countries, frame, config)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in CHANGE_GEOMETRY}

    def say(scope: str, **more: Any) -> None:
        rows["changes"].append({"scope": scope, "tone_kind": may.kind} | more)

    cells = None
    if may.kind != "refused" and not frame.is_empty:
        cells = change.pair_cells(tiles, countries.areas.to_crs(before.grid.crs), before.grid, AREA_CRS)
    whole = polygons(frame if not frame.is_empty else before.frame() | after.frame())
    if cells is None or not len(cells):
        shown = "no lit place is seen in both photos" if cells is not None else "the photos do not overlap"
        reason = may.reason if may.kind == "refused" else shown
        say("frame", statement=f"No change can be given: {reason}.", geometry=whole)
    else:
        light, scales = change.paired_squares(cells), change.paired_scales(cells, config.block_km)
        common = change.Common.of(light)
        less = common if may.kind == "relative" else change.Common(common.light, 0.0)
        codes = list(countries.areas["country"])

        def of(mask: NDArray[np.bool_], where: str) -> dict[str, Any]:
            found = change.zone_change(light.chosen(mask), scales, less, config)
            return found.row() | {"statement": change.zone_statement(found, where, may.kind)}

        for zone in zones.itertuples():
            own = of(light.country == codes.index(zone.country), NAMES[zone.country])
            say("country", country=zone.country, geometry=zone.geometry, **own)
        areas = zones.set_index("country").geometry
        for one in borders:
            away_m = one.line.distance_m(light.x, light.y, 1e3 * config.contrast_km)
            ribbon = widened(one.geometry, 1e3 * config.contrast_km)
            for code, place in zip(one.codes, one.places, strict=True):
                near = (light.country == place) & np.isfinite(away_m) & (away_m >= one.donut_m)
                own = of(near, f"The {ADJECTIVES[code]} side within {config.contrast_km:g} km")
                shape = polygons(areas.get(code, shapely.Polygon()) & ribbon)
                say("side", pair=one.pair, side=code, geometry=shape, **own)
            both = light.chosen(np.isin(light.country, one.places))
            found = change.border_change(both, scales, one.line, one.places[1], one.donut_m, config)
            sentence = change.border_statement(found, *(ADJECTIVES[code] for code in one.codes))
            rows["border_changes"].append(
                one.about
                | found.row()
                | {"tone_kind": may.kind, "statement": sentence, "geometry": one.geometry}
            )
        if missing := no_border([NAMES[code] for code in zones["country"]], len(borders)):
            say("borders", statement=missing, geometry=whole)
    first, second = before.facts, after.facts
    label = {"before": first, "taken_before": first, "after": second, "taken_after": second}
    return {name: _labelled(_layer(rows[name], name), name, label) for name in CHANGE_GEOMETRY}


def _labelled(layer: gpd.GeoDataFrame, name: str, photos: Mapping[str, PhotoFacts]) -> gpd.GeoDataFrame:
    """The layer with its columns in order, and whose photo it is of: its id, or when it was taken."""
    layer = layer[[*COLUMNS[name], "geometry"]].reset_index(drop=True)
    for place, (column, facts) in enumerate(photos.items()):
        taken = facts.taken_at and facts.taken_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        values = [taken if column.startswith("taken") else facts.id] * len(layer)
        layer.insert(place, column, pd.Series(values, dtype=object))
    levels = [
        level for level in ("jpeg", "raw", "raw_anchored") for f in photos.values() if f.evidence == level
    ]
    return layer.assign(evidence=levels[0], simulated=any(facts.simulated for facts in photos.values()))
