"""All photos of an area as one measurement of the borders they show.

White balance and exposure cancel in each photo's own level, its haze and lens in its own trend; towns are
the same in all of them. What is left between photos is stated, with where the contrast of one more photo
would lie.
"""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import shapely

from pipeline.borders.border_line import BorderLine
from pipeline.borders.light_squares import LightSquares
from pipeline.borders.quantities import ALL
from pipeline.borders.schema import OF_POOLED, of_pooled, pooled_layer
from pipeline.borders.settings import IN_FORCE, BorderSettings
from pipeline.borders.squares import SQUARE_M
from pipeline.borders.town_influence import left_out
from pipeline.borders.town_rows import PooledBorder, Row, Units, contrasts_of
from pipeline.borders.town_tones import shown
from pipeline.borders.town_units import motorway_stretches, town_units
from pipeline.borders.town_years import by_years
from pipeline.ground.cities import Cities
from pipeline.ground.countries import Countries
from pipeline.models import BordersConfig


def pool(
    photos: Sequence[LightSquares],
    countries: Countries,
    places: Cities,
    config: BordersConfig,
    settings: BorderSettings = IN_FORCE,
) -> dict[str, gpd.GeoDataFrame]:
    """The layers OF_POOLED of some photos, each given once: `contrasts` of all of them, and by years.
    `countries` are in AREA_CRS."""
    photos = with_light(photos)
    rows: dict[str, list[Row]] = {name: [] for name in OF_POOLED}
    if photos:
        units = units_of(photos, places, settings)
        rows["town_units"] = _units_rows(photos, units, settings)
        for border in borders_shown(photos, countries, config, settings):
            _compare(photos, units, border, config, settings, rows)
    return _layers(photos, rows)


def each_photo(
    photos: Sequence[LightSquares],
    countries: Countries,
    places: Cities,
    config: BordersConfig,
    settings: BorderSettings = IN_FORCE,
) -> dict[str, gpd.GeoDataFrame]:
    """`contrasts` and `contrast_by_range` of every photo by itself; its towns are those of all."""
    photos = with_light(photos)
    rows: dict[str, list[Row]] = {"contrasts": [], "contrast_by_range": []}
    if photos:
        units = units_of(photos, places, settings)
        for photo in photos:
            for border in borders_shown([photo], countries, config, settings):
                contrasts, curve, _ = contrasts_of([photo], units, border, settings, config.trend_sigma)
                taken = photo.taken_at and photo.taken_at.strftime("%Y-%m-%dT%H:%M:%SZ")
                labels: Row = {"photo": photo.photo, "taken_at": taken, "geometry": border.geometry}
                rows["contrasts"] += [row | labels for row in contrasts]
                rows["contrast_by_range"] += [row | labels | {"geometry": None} for row in curve]
    return _layers(photos, rows)


def with_light(photos: Sequence[LightSquares]) -> list[LightSquares]:
    """The photos that show any light."""
    return [photo for photo in photos if (photo.red + photo.green > 0).any()]


def _layers(photos: Sequence[LightSquares], rows: dict[str, list[Row]]) -> dict[str, gpd.GeoDataFrame]:
    about = [(photo.evidence, photo.simulated) for photo in photos]
    return {name: of_pooled(pooled_layer(rows[name], name), name, about) for name in rows}


def units_of(photos: Sequence[LightSquares], places: Cities, settings: BorderSettings) -> Units:
    """Towns and stretches of motorway, from the light of all photos together."""
    return Units(town_units(photos, places, settings.towns), motorway_stretches(photos, settings.towns))


def borders_shown(
    photos: Sequence[LightSquares], countries: Countries, config: BordersConfig, settings: BorderSettings
) -> list[PooledBorder]:
    """The borders that have light of both of their countries within the longest range."""
    x, y, country = (
        np.concatenate([getattr(photo, name) for photo in photos]) for name in ("x", "y", "country")
    )
    reach_m = 1e3 * settings.towns.ranges_km[-1]
    around = shapely.box(x.min() - reach_m, y.min() - reach_m, x.max() + reach_m, y.max() + reach_m)
    lit = shapely.box(x.min(), y.min(), x.max() + SQUARE_M, y.max() + SQUARE_M)
    borders = []
    for row in countries.borders.itertuples():
        both = all((country == code).any() for code in (row.first, row.second))
        if both and row.geometry.intersects(lit):
            line = BorderLine.of(row.geometry & around, 1e3 * config.block_km, settings.line)
            borders.append(PooledBorder(row.pair, (row.first, row.second), row.geometry & lit, line))
    return borders


def _compare(
    photos: Sequence[LightSquares],
    units: Units,
    border: PooledBorder,
    config: BordersConfig,
    settings: BorderSettings,
    rows: dict[str, list[Row]],
) -> None:
    """The rows of a border of all photos together."""
    contrasts, curve, best = contrasts_of(photos, units, border, settings, config.trend_sigma)
    labels: Row = {"photo": ALL, "geometry": border.geometry}
    rows["contrasts"] += [row | labels for row in contrasts]
    rows["contrast_by_range"] += [row | labels | {"geometry": None} for row in curve]
    if best is not None:
        rows["left_out"] += [
            border.about | row | {"photo": ALL, "geometry": None} for row in left_out(best, settings)
        ]
        for layer, of_years in by_years(best, border, settings).items():
            rows[layer] += [labels | row for row in of_years]


def _units_rows(photos: Sequence[LightSquares], units: Units, settings: BorderSettings) -> list[Row]:
    """Towns as rows, with their tone against the middle of each photo's towns."""
    seen = shown(photos, units.towns, settings.towns)
    with np.errstate(all="ignore"):
        middle = np.array([np.nanmedian(row) if np.isfinite(row).any() else np.nan for row in seen.tone])
    apart = seen.tone - middle[:, None]
    n_photos = np.isfinite(apart).sum(axis=0)
    tone = np.where(n_photos > 0, np.nansum(apart, axis=0) / np.maximum(n_photos, 1), np.nan)
    towns = units.towns
    return [
        {
            "name": str(towns.name[i]) or None,
            "country": str(towns.country[i]),
            "population": int(towns.population[i]),
            "radius_km": towns.radius_m[i] / 1e3,
            "light_share": towns.light[i],
            "motorway_share": towns.motorway[i],
            "tone_g_r": tone[i],
            "n_photos": int(n_photos[i]),
            "is_town": bool(towns.is_town[i]),
            "geometry": shapely.Point(towns.x_m[i], towns.y_m[i]),
        }
        for i in range(len(towns))
    ]
