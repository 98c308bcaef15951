"""Reads what the earlier steps left for a city: tables into the grid's reference system, facts, cameras."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from pipeline.camera.camera import Camera
from pipeline.georeference.cities import gazetteer
from pipeline.ortho.grid import Grid
from pipeline.photo.photo import PhotoFacts

WORDS = (
    "photo",
    "taken_at",
    "country",
    "pair",
    "side",
    "first",
    "second",
    "evidence",
    "statement",
    "geometry",
)


@dataclass(frozen=True, eq=False)
class Truth:
    """What a simulated photo hides: its camera and its lights (lon, lat, r, g, b, country)."""

    camera: Camera
    lights: pd.DataFrame


@dataclass(frozen=True, eq=False)
class PhotoResults:
    """One photo's facts, camera and tables, all of them in the grid's reference system."""

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
    truth: Truth | None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def simulated(self) -> bool:
        return self.facts.simulated

    @property
    def date(self) -> str:
        taken = self.facts.taken_at
        return f"{taken.day} {taken:%B %Y, %H:%M} UTC" if taken else "date unknown"

    @property
    def title(self) -> str:
        return f"{'SIMULATED ' if self.simulated else ''}{self.name}, {self.date}"

    def raster(self, kind: str) -> Path:
        return self.folder / f"{kind}.tif"


@dataclass(frozen=True, eq=False)
class CityResults:
    """All of a city: its map frame, what is common to all photos, and the photos in order of time."""

    name: str
    title: str
    grid: Grid
    borders: gpd.GeoDataFrame
    countries: gpd.GeoDataFrame
    motorways: gpd.GeoDataFrame
    cities: gpd.GeoDataFrame
    photos: tuple[PhotoResults, ...]

    @property
    def frame(self) -> shapely.Polygon:
        """The map frame as an area."""
        return shapely.box(*self.grid.bounds)

    @property
    def simulated(self) -> bool:
        return any(photo.simulated for photo in self.photos)


def read_city(
    name: str,
    title: str,
    folders: list[Path],
    grid_file: Path,
    compared: Path,
    borders: Path,
    motorways: Path,
) -> CityResults:
    """A city from its photos' folders, `grid.json`, its `borders.gpkg` and the two map files of `data/`."""
    grid = Grid.from_dict(json.loads(grid_file.read_text(encoding="utf-8")))
    tables = {
        layer: _numbers(_layer(compared, layer, grid.crs)) for layer in ("zones", "strips", "contrasts")
    }
    photos = [read_photo(folder, tables, grid.crs) for folder in folders]
    return CityResults(
        name=name,
        title=title,
        grid=grid,
        borders=_clipped(borders, "borders", grid),
        countries=_clipped(borders, "countries", grid),
        motorways=_clipped(motorways, "motorways", grid),
        cities=cities_in(grid),
        photos=tuple(sorted(photos, key=lambda photo: (str(photo.facts.taken_at), photo.name))),
    )


def read_photo(folder: Path, tables: dict[str, gpd.GeoDataFrame], crs: str) -> PhotoResults:
    """One photo from its folder and its rows of the city's tables."""
    solved = json.loads((folder / "camera.json").read_text(encoding="utf-8"))
    control = folder / "control.gpkg"
    facts = PhotoFacts.model_validate_json((folder / "photo.json").read_text(encoding="utf-8"))
    rows = {layer: table[table["photo"] == folder.name] for layer, table in tables.items()}
    return PhotoResults(
        folder=folder,
        facts=facts,
        camera=Camera.from_dict(solved),
        solution=solved["solution"],
        control_points=_layer(control, "control_points", crs),
        residuals=_layer(control, "residuals", crs),
        footprint=_layer(control, "footprint", crs),
        truth=_truth(folder) if facts.simulated else None,
        **rows,
    )


def _truth(folder: Path) -> Truth:
    planted = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return Truth(Camera.from_dict(planted["camera"]), pd.read_parquet(folder / "truth_lights.parquet"))


def cities_in(grid: Grid) -> gpd.GeoDataFrame:
    """The gazetteer's places inside the map frame, the largest first."""
    left, bottom, right, top = (
        gpd.GeoSeries([shapely.box(*grid.bounds)], crs=grid.crs).to_crs(4326).total_bounds
    )
    places = gazetteer()
    near = places[(places.lon >= left) & (places.lon <= right) & (places.lat >= bottom) & (places.lat <= top)]
    frame = gpd.GeoDataFrame(
        {"name": near.name, "country": near.country, "population": near.population.astype("int64")},
        geometry=gpd.points_from_xy(near.lon, near.lat),
        crs=4326,
    ).to_crs(grid.crs)
    inside = frame[frame.within(shapely.box(*grid.bounds))]
    return inside.sort_values(["population", "name"], ascending=[False, True], ignore_index=True)


def _layer(file: Path, layer: str, crs: str) -> gpd.GeoDataFrame:
    """A layer in the map's reference system; an empty table where the file has no such layer."""
    if layer not in set(pyogrio.list_layers(file)[:, 0]):
        return gpd.GeoDataFrame({"photo": []}, geometry=[], crs=crs)
    return gpd.read_file(file, layer=layer).to_crs(crs)


def _numbers(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The table with NaN for a missing number: a column without a single number is read as None."""
    empty = [name for name in table.columns if table[name].isna().all() and name not in WORDS]
    return table.astype(dict.fromkeys(empty, float))


def _clipped(file: Path, layer: str, grid: Grid) -> gpd.GeoDataFrame:
    """What of a layer lies in the map frame, without the points where it only touches it."""
    table = _layer(file, layer, grid.crs)
    return gpd.clip(table, shapely.box(*grid.bounds), keep_geom_type=True, sort=True) if len(table) else table
