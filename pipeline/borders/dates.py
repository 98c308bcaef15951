"""The tables of what changed between two photos of one grid."""

import math
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.borders import change
from pipeline.borders.cells import Floats
from pipeline.borders.scene import Scene, borders_in
from pipeline.borders.schema import OF_TWO_PHOTOS, layer, of_two_photos
from pipeline.borders.zones import (
    AREA_CRS,
    country_zones,
    no_border,
    polygons,
    widened,
)
from pipeline.ground.countries import Countries
from pipeline.ground.country_table import adjective, country_name
from pipeline.models import BordersConfig
from pipeline.raster.tiles import Tile


def compare_dates(
    before: Scene,
    after: Scene,
    tiles: Iterable[tuple[Tile, Floats, Floats, Floats, Floats]],
    countries: Countries,
    config: BordersConfig,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers of two photos of one grid named in OF_TWO_PHOTOS, from tiles of light and tone before and
    of light and tone after. `countries` are in AREA_CRS."""
    frame = before.frame() & after.frame()
    may = change.allowed(before.facts, after.facts)
    zones = country_zones(countries, frame)
    borders = borders_in([before, after], countries, frame, config)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in OF_TWO_PHOTOS}

    def say(scope: str, **more: Any) -> None:
        rows["changes"].append({"scope": scope, "tone_kind": may.kind} | more)

    cells = None
    if may.kind != "refused" and not frame.is_empty:
        cells = change.pair_cells(
            may.alike(tiles), countries.areas.to_crs(before.grid.crs), before.grid, AREA_CRS
        )
    whole = polygons(frame if not frame.is_empty else before.frame() | after.frame())
    if cells is None or not len(cells):
        shown = "no lit place is seen in both photos" if cells is not None else "the photos do not overlap"
        reason = may.reason if may.kind == "refused" else shown
        say("frame", statement=f"No change can be given: {reason}.", geometry=whole)
    else:
        light, scales = change.paired_squares(cells), change.paired_scales(cells, config.block_km)
        less = change.Common.of(light, may.kind)
        codes = list(countries.areas["country"])
        sigma = math.hypot(may.place_sigma, may.frame_sigma)
        if may.note:
            say("cameras", statement=may.note, geometry=whole)

        def of(mask: NDArray[np.bool_], where: str) -> dict[str, Any]:
            found = change.zone_change(light.chosen(mask), scales, less, config, sigma)
            return found.row() | {"statement": change.zone_statement(found, where, may.kind)}

        for zone in zones.itertuples():
            own = of(light.country == codes.index(zone.country), country_name(zone.country))
            say("country", country=zone.country, geometry=zone.geometry, **own)
        areas = zones.set_index("country").geometry
        for one in borders:
            away_m = one.line.distance_m(light.x, light.y, 1e3 * config.contrast_km)
            field = widened(one.geometry, 1e3 * config.contrast_km)
            for code, place in zip(one.codes, one.places, strict=True):
                near = (light.country == place) & np.isfinite(away_m) & (away_m >= one.exclusion_m)
                own = of(near, f"The {adjective(code)} side within {config.contrast_km:g} km")
                shape = polygons(areas.get(code, shapely.Polygon()) & field)
                say("side", pair=one.pair, side=code, geometry=shape, **own)
            both = light.chosen(np.isin(light.country, one.places))
            line = one.line, one.places[1], one.exclusion_m
            found = change.border_change(both, scales, *line, config, may.place_sigma)
            sentence = change.border_statement(found, *(adjective(code) for code in one.codes))
            rows["border_changes"].append(
                one.about
                | found.row()
                | {"tone_kind": may.kind, "statement": sentence, "geometry": one.geometry}
            )
        if missing := no_border([country_name(code) for code in zones["country"]], len(borders)):
            say("borders", statement=missing, geometry=whole)
    return {
        name: of_two_photos(layer(rows[name], name), name, before.facts, after.facts)
        for name in OF_TWO_PHOTOS
    }
