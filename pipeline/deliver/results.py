"""Reads what the earlier steps left for a city: tables into the grid's reference system, facts, cameras."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
from pyogrio.errors import DataLayerError

from pipeline.borders.schema import (
    ALL_COLUMNS,
    COLUMNS,
    OF_TWO_PHOTOS,
    POOLED_COLUMNS,
    TEXT_COLUMNS,
    TONE_COLUMNS,
)
from pipeline.camera.camera import Camera
from pipeline.deliver.contrasts import PooledResults
from pipeline.deliver.palette import Stop, sigma_stops
from pipeline.ground.cities import Cities, read_cities
from pipeline.ground.roads import read_motorways
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.bands import Origin, marked
from pipeline.raster.grid import Grid
from pipeline.raster.read import band_numbers, read_overview

# Tables of all photos in one, without a place on the map.
PLAIN_TABLES = ("notes", "events", "profiles", "motorway_stations", "contrast_by_range", "left_out")
# Of all photos together and of no single one.
OF_ALL_PHOTOS = (*(name for name in POOLED_COLUMNS if name != "contrast_by_range"), "motorway_crossings")


@dataclass(frozen=True, eq=False)
class Truth:
    """What a simulated photo hides: its camera, its lights (lon, lat, r, g, b, country), and which countries
    light their motorways, none where an older simulation did not say."""

    camera: Camera
    lights: pd.DataFrame
    motorways_lit_in: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class PhotoResults:
    """One photo's facts, camera and tables, all of them in the grid's reference system.

    The tables from `zones` to `events` are its rows of the layers of `borders.gpkg`, the two after them are
    those of its `country_tones.gpkg` (`pipeline.borders.schema`). `contrasts` has a row for each border and
    quantity (`pipeline.deliver.contrasts`). `position_sigma_m`: median and 95th percentile over the map of
    the position's 1-sigma uncertainty, metres; `sigma_stops`: classes that fit it. `in_place_crs`: the
    reference system of the photo in place.
    """

    folder: Path
    facts: PhotoFacts
    camera: Camera
    solution: dict[str, Any]
    control_points: gpd.GeoDataFrame
    residuals: gpd.GeoDataFrame
    footprint: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    strips: gpd.GeoDataFrame
    contrasts: gpd.GeoDataFrame
    contrast_by_range: gpd.GeoDataFrame
    segments: gpd.GeoDataFrame
    profiles: gpd.GeoDataFrame
    towns: gpd.GeoDataFrame
    cores: gpd.GeoDataFrame
    motorway_ends: gpd.GeoDataFrame
    motorway_segments: gpd.GeoDataFrame
    motorway_stations: gpd.GeoDataFrame
    regional_zones: gpd.GeoDataFrame
    regional_contrasts: gpd.GeoDataFrame
    regional_segments: gpd.GeoDataFrame
    regional_profiles: gpd.GeoDataFrame
    notes: gpd.GeoDataFrame
    events: pd.DataFrame
    country_tones: pd.DataFrame
    lamp_shares: pd.DataFrame
    position_sigma_m: tuple[float, float]
    sigma_stops: tuple[Stop, ...]
    in_place_crs: str
    truth: Truth | None

    @property
    def name(self) -> str:
        """The photo's id, which its folder is named by."""
        return self.folder.name

    @property
    def simulated(self) -> bool:
        """Whether the photo was rendered and shows no real light."""
        return self.facts.simulated

    @property
    def evidence(self) -> str:
        """What its file can tell: an evidence level."""
        return self.facts.evidence

    @property
    def date(self) -> str:
        """When it was taken, to the minute, in words."""
        taken = self.facts.taken_at
        return f"{taken.day} {taken:%B %Y, %H:%M} UTC" if taken else "date unknown"

    @property
    def heading(self) -> str:
        """Name and date."""
        return f"{self.name}, {self.date}"

    @property
    def title(self) -> str:
        """Name and date, marked if it is simulated."""
        return marked(self.heading, self.simulated)

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Itself, and whether it is simulated: by which it is credited."""
        return ((self.name, self.simulated),)

    def raster(self, kind: str) -> Path:
        """The file of a raster: `ortho`, `geometry`, `tone`, `light`, `lamps` or `photo_in_place`."""
        return self.folder / (f"{kind}.vrt" if kind == "photo_in_place" else f"{kind}.tif")


@dataclass(frozen=True)
class RefusedPhoto:
    """A photo that could not be placed, or not even `fetched`: why, and a picture of the best that was found,
    if there is one."""

    name: str
    statement: str
    picture: Path | None
    fetched: bool = True

    @property
    def why_absent(self) -> str:
        """In a word."""
        return "refused" if self.fetched else "not fetched"


@dataclass(frozen=True, eq=False)
class PairResults:
    """What changed between two photos, by their names: countries and sides of borders, and across borders."""

    before: str
    after: str
    changes: gpd.GeoDataFrame
    border_changes: gpd.GeoDataFrame

    @property
    def title(self) -> str:
        """Both dates (names where there are none), marked if one photo is simulated."""
        first = self.changes.iloc[0]
        dates = [_day(first[f"taken_{end}"]) or first[end] for end in ("before", "after")]
        return marked(f"change, {dates[0]} to {dates[1]}", self.simulated)

    @property
    def simulated(self) -> bool:
        """Whether one of the photos is simulated."""
        return bool(self.changes["simulated"].any())


@dataclass(frozen=True, eq=False)
class CityResults:
    """All of a city: its map frame, what is common to all photos, the photos and the pairs of them that were
    compared, in order of time, what all photos say together, the tables without a map, and the photos that
    are not on it."""

    name: str
    title: str
    grid: Grid
    borders: gpd.GeoDataFrame
    countries: gpd.GeoDataFrame
    motorways: gpd.GeoDataFrame
    cities: gpd.GeoDataFrame
    photos: tuple[PhotoResults, ...]
    pairs: tuple[PairResults, ...]
    pooled: PooledResults
    tables: dict[str, pd.DataFrame]
    refused: tuple[RefusedPhoto, ...] = ()

    @property
    def frame(self) -> shapely.Polygon:
        """The map frame as an area."""
        return shapely.box(*self.grid.bounds)

    @property
    def simulated(self) -> bool:
        """Whether any of its photos is simulated."""
        return any(photo.simulated for photo in self.photos)

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Its photos by name, and whether each is simulated."""
        return tuple((photo.name, photo.simulated) for photo in self.photos)


def read_city(
    name: str,
    title: str,
    folders: list[Path],
    grid_file: Path,
    compared: Path,
    borders: Path,
    motorways: Path,
    cities: Path,
    refused: tuple[RefusedPhoto, ...] = (),
) -> CityResults:
    """A city from its photos' folders, `grid.json`, its `borders.gpkg`, the two map files of `data/`, the
    gazetteer's `cities` and the photos that were refused."""
    grid = Grid.from_dict(json.loads(grid_file.read_text(encoding="utf-8")))
    tables = {name: read_table(compared, name, grid.crs) for name in COLUMNS}
    shared = {*OF_TWO_PHOTOS, *OF_ALL_PHOTOS}
    of_photos = {name: table for name, table in tables.items() if name not in shared}
    photos = [read_photo(folder, of_photos, grid.crs) for folder in folders]
    plain = {name: without_geometry(tables[name]) for name in PLAIN_TABLES}
    tones = {
        name: pd.concat([getattr(photo, name) for photo in photos], ignore_index=True)
        for name in TONE_COLUMNS
        if photos
    }
    return CityResults(
        name=name,
        title=title,
        grid=grid,
        borders=inside(read_layer(borders, "borders", grid.crs), grid),
        countries=inside(read_layer(borders, "countries", grid.crs), grid),
        motorways=inside(read_motorways(grid.crs, motorways).lines, grid),
        cities=cities_in(grid, read_cities(cities)),
        photos=tuple(sorted(photos, key=lambda photo: (str(photo.facts.taken_at), photo.name))),
        pairs=_pairs(tables["changes"], tables["border_changes"]),
        pooled=PooledResults.of(tables, [folder.name for folder in folders]),
        tables=plain | tones | {"notes": _with_refusals(plain["notes"], refused)},
        refused=refused,
    )


def read_photo(folder: Path, tables: dict[str, gpd.GeoDataFrame], crs: str) -> PhotoResults:
    """One photo from its folder and its rows of the city's `tables`, by layer of `borders.gpkg`."""
    solved = json.loads((folder / "camera.json").read_text(encoding="utf-8"))
    control = folder / "control.gpkg"
    facts = PhotoFacts.model_validate_json((folder / "photo.json").read_text(encoding="utf-8"))
    rows = {layer: table[table["photo"] == folder.name] for layer, table in tables.items()}
    return PhotoResults(
        folder=folder,
        facts=facts,
        camera=Camera.from_dict(solved),
        solution=solved["solution"],
        control_points=read_layer(control, "control_points", crs),
        residuals=read_layer(control, "residuals", crs),
        footprint=read_layer(control, "footprint", crs),
        position_sigma_m=_read_position_sigma(folder / "geometry.tif"),
        sigma_stops=sigma_stops(read_overview(folder / "geometry.tif", "position_sigma_m")),
        in_place_crs=ElementTree.parse(folder / "photo_in_place.vrt").findtext("SRS") or "",
        truth=_read_truth(folder) if facts.simulated else None,
        **rows,
        **{
            name: without_geometry(read_table(folder / "country_tones.gpkg", name, crs))
            for name in TONE_COLUMNS
        },
    )


def _read_position_sigma(geometry: Path) -> tuple[float, float]:
    """Median and 95th percentile of the position's sigma, metres, on about 500 by 500 cells; NaN of none."""
    with rasterio.open(geometry) as source:
        shrink = max(1, max(source.shape) // 500)
        shape = source.height // shrink, source.width // shrink
        sigma = source.read(band_numbers(source, ["position_sigma_m"])[0], out_shape=shape)
    sigma = sigma[np.isfinite(sigma)]
    if not sigma.size:
        return float("nan"), float("nan")
    median, high = np.percentile(sigma, [50, 95])
    return float(median), float(high)


def _read_truth(folder: Path) -> Truth:
    planted = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    lights = pd.read_parquet(folder / "truth_lights.parquet")
    return Truth(Camera.from_dict(planted["camera"]), lights, tuple(planted.get("motorways_lit_in", ())))


def cities_in(grid: Grid, places: Cities) -> gpd.GeoDataFrame:
    """The places inside the map frame, the largest first."""
    left, bottom, right, top = (
        gpd.GeoSeries([shapely.box(*grid.bounds)], crs=grid.crs).to_crs(4326).total_bounds
    )
    near = places[(places.lon >= left) & (places.lon <= right) & (places.lat >= bottom) & (places.lat <= top)]
    frame = gpd.GeoDataFrame(
        {"name": near.name, "country": near.country, "population": near.population.astype("int64")},
        geometry=gpd.points_from_xy(near.lon, near.lat),
        crs=4326,
    ).to_crs(grid.crs)
    inside = frame[frame.within(shapely.box(*grid.bounds))]
    return inside.sort_values(["population", "name"], ascending=[False, True], ignore_index=True)


def read_layer(file: Path, layer: str, crs: str) -> gpd.GeoDataFrame:
    """A layer in the map's reference system; an empty table where the file has no such layer."""
    try:
        table = pyogrio.read_dataframe(file, layer=layer)
    except DataLayerError:
        return gpd.GeoDataFrame({"photo": []}, geometry=[], crs=crs)
    plain = not isinstance(table, gpd.GeoDataFrame)
    return gpd.GeoDataFrame(table.assign(geometry=None), crs=crs) if plain else table.to_crs(crs)


def read_table(file: Path, name: str, crs: str) -> gpd.GeoDataFrame:
    """A layer with all the columns that `pipeline.borders.schema` names, NaN for a missing number: a column
    without a number is read as None."""
    table, columns = read_layer(file, name, crs), ALL_COLUMNS.get(name, [])
    labels = ("before", "after") if name in OF_TWO_PHOTOS else ("photo",)
    if absent := [column for column in (*labels, *columns) if column not in table]:
        table = table.assign(**dict.fromkeys(absent))
    may_be_empty = [column for column in columns if table.dtypes[column].kind not in "fib"]
    empty = [column for column in may_be_empty if column not in TEXT_COLUMNS and table[column].isna().all()]
    return table.astype(dict.fromkeys(empty, float)) if empty else table


def without_geometry(table: gpd.GeoDataFrame) -> pd.DataFrame:
    """A table that has no place on the map."""
    return pd.DataFrame(table.drop(columns="geometry"))


def _with_refusals(notes: pd.DataFrame, refused: Sequence[RefusedPhoto]) -> pd.DataFrame:
    """The table `notes` with a row for each refused photo."""
    if not refused:
        return notes
    rows = [
        {"photo": photo.name, "subject": "georeference", "statement": photo.statement} for photo in refused
    ]
    return pd.concat([notes, pd.DataFrame(rows)], ignore_index=True)


def _pairs(changes: gpd.GeoDataFrame, border_changes: gpd.GeoDataFrame) -> tuple[PairResults, ...]:
    """The pairs of photos in the order of the table; each has a row of `changes`, which may be only a
    sentence."""

    def of(table: gpd.GeoDataFrame, before: str, after: str) -> gpd.GeoDataFrame:
        return table[(table["before"] == before) & (table["after"] == after)]

    names = dict.fromkeys(zip(changes["before"], changes["after"], strict=True))
    return tuple(PairResults(*pair, of(changes, *pair), of(border_changes, *pair)) for pair in names)


def _day(taken: str | None) -> str:
    """8 December 2012 for 2012-12-08T22:13:00Z; nothing for no date."""
    if taken is None:
        return ""
    when = datetime.fromisoformat(taken)
    return f"{when.day} {when:%B %Y}"


def inside(table: gpd.GeoDataFrame, grid: Grid) -> gpd.GeoDataFrame:
    """What of a layer lies in the map frame, without the points where it only touches it."""
    return gpd.clip(table, shapely.box(*grid.bounds), keep_geom_type=True, sort=True) if len(table) else table
