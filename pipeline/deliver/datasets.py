"""Results as labelled arrays, for notebooks: a city's map as one dataset, and a photo in its own geometry.

    from pipeline import open_city, open_photo

    city = open_city("results/demo")             # photo, y, x: light, tone, sigmas, geometry, country
    photo = open_photo("results/demo/simulated-2012")
    photo.camera.project(5.57, 50.64)            # column and row of a place, and back with to_ground

Nothing is read before it is computed.
"""

import json
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import odc.geo.xr  # noqa: F401 (gives datasets their `odc` accessor)
import rioxarray  # noqa: F401 (and `rio`)
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from pipeline.borders.cells import countries_at
from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array
from pipeline.errors import ResultsError
from pipeline.ground.countries import read_countries
from pipeline.models import COUNTRIES
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.tiff import PhotoTif
from pipeline.raster.dataset import read_raster
from pipeline.raster.grid import Grid
from pipeline.raster.tiled import tiled
from pipeline.raster.tiles import TILE, Tile

PHOTO_BANDS = ("red", "green", "blue", "saturated")
RASTERS = ("light", "tone", "geometry", "lamps")
# Two rasters have a band of that name.
RENAMED = {"light": {"sigma": "sigma_light"}}


def open_city(folder: str | Path) -> xr.Dataset:
    """All photos of a city that are on the map, on its grid, as one lazy dataset.

    Dimensions `photo` (by id, in order of time, with `time`, `evidence` and `simulated` on it), `y` and `x`
    in metres. Variables: `red`, `green`, `blue`, `sigma_light` (light above the background), `log2_g_r`,
    `log2_b_g`, their sigmas, `signal_to_noise`, the viewing geometry, `lamp_family`; of anchored raw photos
    also what lamps tell. `country` on `y, x` is the place of a cell's country in its attribute
    `flag_meanings`, -1 outside. Raises ResultsError if the folder holds no results.
    """
    root = Path(folder)
    photos = _placed(root)
    facts = [_facts(root / name) for name in photos]
    order = sorted(range(len(photos)), key=lambda k: (facts[k].taken_at is None, str(facts[k].taken_at)))
    layers = [_on_map(root / photos[k]) for k in order]
    city = xr.concat(
        layers,
        "photo",
        join="exact",
        compat="equals",
        coords="minimal",
        data_vars="all",
        combine_attrs="drop_conflicts",
    )
    known = [facts[k] for k in order]
    times = [None if one.taken_at is None else one.taken_at.replace(tzinfo=None) for one in known]
    grid = Grid.from_dict(json.loads((root / "grid.json").read_text("utf-8")))
    return city.assign_coords(
        photo=("photo", [one.id for one in known]),
        time=("photo", np.array(times, "datetime64[s]")),
        evidence=("photo", [one.evidence for one in known]),
        simulated=("photo", [one.simulated for one in known]),
    ).assign(country=_countries(grid))


def open_photo(folder: str | Path) -> xr.Dataset:
    """A photo in its own geometry, lazy: `red`, `green`, `blue` (linear light, NaN where invalid) and
    `saturated` on `y, x`, which are row and column with pixel centres at integers.

    Its camera is the accessor `camera` (CameraAccessor); a refused photo has none. Raises ResultsError.
    """
    root = Path(folder)
    facts = _facts(root)
    file = root / "photo.tif"
    if not file.is_file():
        raise ResultsError(f"{file}: there is no such file; run snakemake, which makes it")
    size = (len(PHOTO_BANDS), facts.height, facts.width)
    values = tiled(size, TILE, partial(_photo_tile, file.absolute()))
    photo = xr.Dataset(
        {name: (("y", "x"), values[k]) for k, name in enumerate(PHOTO_BANDS)},
        coords={"y": np.arange(facts.height), "x": np.arange(facts.width)},
    )
    photo["saturated"] = photo["saturated"].astype(bool)
    for name in PHOTO_BANDS[:3]:
        photo[name].attrs = {"long_name": "linear light, white = 1; NaN where invalid", "units": "1"}
    photo["saturated"].attrs = {"long_name": "any channel at 95 % of white or more"}
    photo.attrs = {"photo": facts.id, "evidence": facts.evidence, "simulated": str(facts.simulated).lower()}
    solved = root / "camera.json"
    if solved.is_file():
        photo.attrs["camera_json"] = solved.read_text("utf-8")
    return photo


@xr.register_dataset_accessor("camera")  # type: ignore[no-untyped-call]
class CameraAccessor:
    """The camera of a photo that `open_photo` has opened: `photo.camera.project(lon, lat)` and back."""

    def __init__(self, photo: xr.Dataset) -> None:
        self._photo = photo

    @cached_property
    def model(self) -> Camera:
        """The camera itself. Raises ResultsError where the photo has none."""
        content: dict[str, Any] = json.loads(self._photo.attrs.get("camera_json", "{}"))
        if "position_ecef_m" not in content:
            why = content.get("solution", {}).get("reason", "it has not been georeferenced")
            raise ResultsError(f"{self._photo.attrs.get('photo')}: has no camera: {why}")
        return Camera.from_dict(content)

    def project(self, lon: ArrayLike, lat: ArrayLike, height_m: ArrayLike = 0.0) -> tuple[Array, Array]:
        """Ground in degrees and metres to (column, row): the photo's `x` and `y`; NaN out of sight."""
        return self.model.project(lon, lat, height_m)

    def to_ground(self, column: ArrayLike, row: ArrayLike, height_m: ArrayLike = 0.0) -> tuple[Array, Array]:
        """(column, row) to longitude and latitude in degrees at a height; NaN for the sky."""
        return self.model.to_ground(column, row, height_m)


def _placed(root: Path) -> list[str]:
    """The names of the photos on the map."""
    file = root / "placed.json"
    if not file.is_file():
        raise ResultsError(f"{root}: holds no results of a city (no placed.json); run snakemake first")
    names: list[str] = json.loads(file.read_text("utf-8"))["photos"]
    if not names:
        raise ResultsError(f"{root}: no photo of this city is on the map; its placed.json says why")
    return names


def _facts(folder: Path) -> PhotoFacts:
    file = folder / "photo.json"
    if not file.is_file():
        raise ResultsError(f"{folder}: holds no photo (no photo.json); run snakemake first")
    return PhotoFacts.model_validate_json(file.read_text("utf-8"))


def _on_map(folder: Path) -> xr.Dataset:
    """The rasters of a photo as one dataset."""
    rasters = [read_raster(folder / f"{name}.tif").rename(RENAMED.get(name, {})) for name in RASTERS]
    return xr.merge(rasters, join="exact", compat="equals", combine_attrs="drop_conflicts")


def _countries(grid: Grid) -> xr.DataArray:
    """The country of each cell by its centre, made when computed."""
    areas = read_countries(grid.crs, COUNTRIES).areas
    codes = list(areas["country"])
    cells = tiled((1, grid.height, grid.width), TILE, partial(_country_tile, areas, grid))
    about = {"flag_values": np.arange(len(codes), dtype=np.int8), "flag_meanings": " ".join(codes)}
    return xr.DataArray(
        cells[0].astype(np.int8), dims=("y", "x"), attrs=about | {"long_name": "country, -1 outside all"}
    )


def _country_tile(areas: gpd.GeoDataFrame, grid: Grid, tile: Tile) -> NDArray[np.float32]:
    return countries_at(areas, grid, tile)[None].astype(np.float32)


def _photo_tile(file: Path, tile: Tile) -> NDArray[np.float32]:
    """PHOTO_BANDS of a window of `photo.tif`."""
    rows = slice(tile.row, tile.row + tile.height)
    photo = PhotoTif(file).window(rows, slice(tile.column, tile.column + tile.width))
    return np.concatenate([photo.light, photo.saturated[None].astype(np.float32)])
