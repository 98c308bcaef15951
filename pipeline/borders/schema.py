"""The layers of `borders.gpkg` and the tables of each photo's `country_tones.gpkg`: their columns and kinds
of geometry, and rows made into them.

Layers of a photo begin with `photo` and `taken_at`, those of two photos with `before`, `taken_before`,
`after` and `taken_after`; all end with `geometry`, `evidence` and `simulated`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.borders.squares import AREA_CRS
from pipeline.models import EvidenceLevel
from pipeline.photo.photo import PhotoFacts
from pipeline.tone.evidence import weakest

LIGHT = [
    *("light_r", "light_g", "light_b", "tone_g_r", "sigma_g_r", "tone_b_g", "n_cells", "masked_share"),
    *("tone_median", "tone_q10", "tone_q25", "tone_q50", "tone_q75", "tone_q90"),
]
CHANGE_COLUMNS = [
    *("light_change", "light_low95", "light_high95", "tone_change", "tone_low95", "tone_high95"),
    *("n_cells", "n_blocks", "statement"),
]
COLUMNS = {
    "zones": ["country", "area_km2", "lit_area_km2", *LIGHT],
    "strips": ["pair", "side", "band_from_km", "band_to_km", "area_km2", "lit_area_km2", *LIGHT],
    "contrasts": [
        *("pair", "first", "second", "contrast_g_r", "low95", "high95", "n_blocks", "n_cells"),
        *("contrast_km", "border_km", "statement", "verdict", "low90", "high90", "plain_g_r"),
        *("placebo_p", "n_placebos", "exclusion_km"),
        *("orange_first", "green_first", "orange_second", "green_second"),
        *("quantity", "n_first", "n_second", "n_photos", "n_passes", "between_photos", "next_low95"),
        *("next_high95", "trend_g_r", "systematic"),
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
    "motorway_ends": [
        *("ref", "name", "pair", "first", "second", "verdict", "statement", "lit_side"),
        *("end_m", "low95_m", "high95_m", "to_national_m", "to_regional_m", "regional_at_m"),
        "regional_error_m",
        *("change_sigma_m", "beyond_share", "beyond_share_high95"),
        *("position_sigma_m", "line_error_m", "lit_per_km", "seen_share"),
    ],
    "motorway_segments": [
        *("ref", "pair", "lit", "from_m", "to_m", "light_per_km", "sigma", "seen_share", "town_share"),
        "line_sigma_m",
    ],
    "motorway_stations": [
        *("ref", "pair", "chainage_m", "light_per_km", "sigma", "flank_per_km", "lit_probability"),
        *("offset_m", "offset_sigma_m", "what"),
    ],
    "motorway_crossings": [
        *("ref", "name", "pair", "first", "second", "verdict", "statement", "policy", "lit_side", "end_m"),
        *("low95_m", "high95_m", "between_photos_m", "n_photos", "n_ends", "regional_at_m"),
    ],
    "events": [
        *("country", "region", "place", "road_class", "state", "extent", "local_time", "statement", "source"),
    ],
    "changes": ["scope", "country", "pair", "side", "tone_kind", *CHANGE_COLUMNS],
    "border_changes": ["pair", "first", "second", "tone_kind", *CHANGE_COLUMNS],
}
# Of all photos of a city or a region together.
POOLED_COLUMNS = {
    "contrast_by_range": [
        *("pair", "first", "second", "quantity", "contrast_km", "contrast_g_r", "low95", "high95"),
        *("n_first", "n_second", "n_photos"),
    ],
    "left_out": ["pair", "first", "second", "what", "name", "contrast_g_r", "low95", "high95", "moves_by"],
    "contrast_trends": [
        *("pair", "first", "second", "from_years", "to_years", "change_g_r", "low95", "high95"),
        *("per_year", "per_year_low95", "per_year_high95", "n_windows", "statement"),
    ],
    "town_units": [
        *("name", "country", "population", "radius_km", "light_share", "motorway_share", "tone_g_r"),
        *("n_photos", "is_town"),
    ],
}
COLUMNS |= POOLED_COLUMNS
COLUMNS |= {f"regional_{name}": COLUMNS[name] for name in ("zones", "contrasts", "segments", "profiles")}
# The column `verdict` of `country_tones`: whether tone depends on the view angle within a country.
CHANGES, NONE_FOUND, CANNOT_BE_TOLD = "changes with the view", "no change found", "cannot be told"
# Tables without geometry, of `country_tones.gpkg`.
TONE_COLUMNS = {
    "country_tones": [
        *("country", "tone_g_r", "matched_tone_g_r", "view_zenith_deg", "n_cells", "verdict", "statement"),
        "overlap",
    ],
    "lamp_shares": ["country", "family", "green_share"],
}
ALL_COLUMNS = COLUMNS | TONE_COLUMNS
OF_A_PHOTO = ("zones", "strips", "contrasts", "segments", "profiles", "towns", "cores", "notes")
OF_MOTORWAYS = ("motorway_ends", "motorway_segments", "motorway_stations")
OF_REGIONS = tuple(name for name in COLUMNS if name.startswith("regional_"))
OF_POOLED = ("contrasts", *POOLED_COLUMNS)
OF_TWO_PHOTOS = ("changes", "border_changes")
_KINDS = {
    "MultiPolygon": ("zones", "strips", "towns", "cores", "notes", "regional_zones", "changes"),
    "MultiLineString": (
        "contrasts",
        "segments",
        "profiles",
        "border_changes",
        "contrast_trends",
        *OF_REGIONS[1:],
    ),
    "LineString": ("motorway_segments",),
    "Point": ("motorway_ends", "motorway_crossings", "motorway_stations", "town_units"),
}
# By layer; `events` is a table without geometry.
GEOMETRY = {name: kind for kind, names in _KINDS.items() for name in names}
TEXT_COLUMNS = {
    *("pair", "first", "second", "side", "country", "scope", "tone_kind", "statement", "verdict", "subject"),
    *("ref", "name", "lit_side", "lit", "what", "region", "place", "road_class", "state", "extent"),
    *("local_time", "source", "family", "quantity", "policy", "from_years", "to_years", "photo", "taken_at"),
}
COUNTS = {"n_blocks", "n_cells", "n_placebos", "segment", "n_towns", "n_core", "n_ring", "population"}
COUNTS |= {"n_first", "n_second", "n_photos", "n_passes", "n_windows", "is_town", "n_ends"}


def layer(rows: Sequence[Mapping[str, Any]], name: str) -> gpd.GeoDataFrame:
    """Rows as a layer; what is not words or a count is a number, NaN where there is none."""
    table = pd.DataFrame(rows, columns=[*ALL_COLUMNS[name], "geometry"])
    numbers = [column for column in ALL_COLUMNS[name] if column not in TEXT_COLUMNS | COUNTS]
    return gpd.GeoDataFrame(table.astype(dict.fromkeys(numbers, float)), geometry="geometry", crs=AREA_CRS)


def pooled_layer(rows: Sequence[Mapping[str, Any]], name: str) -> gpd.GeoDataFrame:
    """Rows that say which photos they are of, as a layer."""
    table = layer(rows, name)
    for place, column in enumerate(("photo", "taken_at")):
        values = [row.get(column) for row in rows]
        table.insert(place, column, pd.Series(values, table.index, dtype=object))
    return table


def of_pooled(
    table: gpd.GeoDataFrame, name: str, photos: Sequence[tuple[EvidenceLevel, bool]]
) -> gpd.GeoDataFrame:
    """The layer with its columns in order, of photos of some evidence, simulated or not."""
    table = table[["photo", "taken_at", *ALL_COLUMNS[name], "geometry"]].reset_index(drop=True)
    return table.assign(
        evidence=weakest(evidence for evidence, _ in photos) if photos else None,
        simulated=any(simulated for _, simulated in photos),
    )


def of_photo(table: gpd.GeoDataFrame, name: str, photo: PhotoFacts) -> gpd.GeoDataFrame:
    """The layer with its columns in order, of the photo it was made from."""
    return _labelled(table, name, {"photo": photo, "taken_at": photo})


def of_two_photos(
    table: gpd.GeoDataFrame, name: str, before: PhotoFacts, after: PhotoFacts
) -> gpd.GeoDataFrame:
    """The layer with its columns in order, of the two photos that it compares."""
    photos = {"before": before, "taken_before": before, "after": after, "taken_after": after}
    return _labelled(table, name, photos)


def joined(parts: Sequence[gpd.GeoDataFrame], name: str) -> gpd.GeoDataFrame:
    """One layer of several photos' rows, with all its columns even where there is no row."""
    filled = [part for part in parts if len(part)] or list(parts)
    if filled:
        return gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), geometry="geometry", crs=AREA_CRS)
    labels = ["before", "taken_before", "after", "taken_after"]
    first = labels if name in OF_TWO_PHOTOS else ["photo", "taken_at"]
    columns = [*first, *COLUMNS[name], "geometry", "evidence", "simulated"]
    return gpd.GeoDataFrame(pd.DataFrame(columns=columns), geometry="geometry", crs=AREA_CRS)


def _labelled(table: gpd.GeoDataFrame, name: str, photos: Mapping[str, PhotoFacts]) -> gpd.GeoDataFrame:
    """The layer with whose photo it is of: its id, or when it was taken."""
    table = table[[*ALL_COLUMNS[name], "geometry"]].reset_index(drop=True)
    for place, (column, facts) in enumerate(photos.items()):
        taken = facts.taken_at and facts.taken_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        values = [taken if column.startswith("taken") else facts.id] * len(table)
        table.insert(place, column, pd.Series(values, dtype=object))
    return table.assign(
        evidence=weakest(facts.evidence for facts in photos.values()),
        simulated=any(facts.simulated for facts in photos.values()),
    )
