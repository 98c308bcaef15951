"""Rasters as labelled arrays: an `xarray.Dataset` with one variable for each band, by the band's name.

Dimensions are `y, x`; the reference system is a CF coordinate `spatial_ref`, which rioxarray and odc-geo
understand; units, meaning and the photo's tags are attributes. A class map is a variable of whole numbers
with the CF attributes `flag_values`, `flag_meanings` (separated by blanks; those within are underscores) and
`flag_colors`.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import rasterio
import xarray as xr
from numpy.typing import NDArray
from pyproj import CRS

from pipeline.raster.bands import Band, Class
from pipeline.raster.grid import Grid
from pipeline.raster.read import raster_grid, read_bands
from pipeline.raster.tiled import tiled
from pipeline.raster.tiles import TILE

TRANSPARENT = "#00000000"
# Statistics would not hold for a part of the raster; GDAL's notes are its own.
_NOT_KEPT = ("STATISTICS_", "AREA_OR_POINT", "OVR_RESAMPLING_ALG")


def labelled(
    values: da.Array | NDArray[Any], grid: Grid, bands: Sequence[Band], tags: Mapping[str, str] | None = None
) -> xr.Dataset:
    """A (band, height, width) array on a grid as a dataset, its bands by their names."""
    layers = {
        band.name: (("y", "x"), values[place], {"long_name": band.meaning, "units": band.unit})
        for place, band in enumerate(bands)
    }
    return xr.Dataset(layers, coordinates(grid), dict(tags or {}))


def class_map(
    codes: da.Array | NDArray[Any],
    grid: Grid,
    name: str,
    classes: Mapping[int, Class],
    tags: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Codes of classes (height, width) on a grid as a dataset of one variable; 0 is no data."""
    about = {
        "long_name": name,
        "flag_values": np.array(list(classes), np.uint8),
        "flag_meanings": " ".join(each.name.replace(" ", "_") for each in classes.values()),
        "flag_colors": " ".join(each.colour or TRANSPARENT for each in classes.values()),
    }
    return xr.Dataset(
        {name: (("y", "x"), codes.astype(np.uint8), about)}, coordinates(grid), dict(tags or {})
    )


def classes_of(codes: xr.DataArray) -> dict[int, Class]:
    """The classes of a variable of a class map, by value; none of any other variable."""
    about = codes.attrs
    if "flag_values" not in about:
        return {}
    names = [name.replace("_", " ") for name in about["flag_meanings"].split()]
    colours = [None if colour == TRANSPARENT else colour for colour in about["flag_colors"].split()]
    return {
        int(value): Class(name, colour)
        for value, name, colour in zip(about["flag_values"], names, colours, strict=True)
    }


def coordinates(grid: Grid) -> dict[str, Any]:
    """The coordinates of a grid's datasets: `y` and `x` of the cells' centres, and CF's `spatial_ref`."""
    x, y = grid.centres(np.arange(float(grid.width)), np.arange(float(grid.height)))
    place = {"units": "m", "standard_name": "projection_{}_coordinate", "long_name": "{}"}
    transform = " ".join(repr(float(value)) for value in grid.transform.to_gdal())
    return {
        "y": ("y", y, {name: value.format("y") for name, value in place.items()}),
        "x": ("x", x, {name: value.format("x") for name, value in place.items()}),
        "spatial_ref": ((), 0, CRS.from_user_input(grid.crs).to_cf() | {"GeoTransform": transform}),
    }


def grid_of(raster: xr.Dataset) -> Grid:
    """The grid that a dataset of the pipeline lies on."""
    about = raster["spatial_ref"].attrs
    crs = CRS.from_wkt(about["crs_wkt"])
    xmin, side_m, _, ymax, _, _ = (float(value) for value in about["GeoTransform"].split())
    bounds = (xmin, ymax - side_m * raster.sizes["y"], xmin + side_m * raster.sizes["x"], ymax)
    return Grid(f"EPSG:{crs.to_epsg()}" if crs.to_epsg() else about["crs_wkt"], side_m, bounds)


def read_raster(file: Path, chunk_cells: int = TILE) -> xr.Dataset:
    """A COG of the pipeline, lazy, in chunks of whole blocks: a window of the file is read for each chunk,
    all its bands at once, by the worker that needs it."""
    grid = raster_grid(file)
    with rasterio.open(file) as source:
        names, units, kind = source.descriptions, source.units, source.dtypes[0]
        tags = {key: value for key, value in source.tags().items() if not key.startswith(_NOT_KEPT)}
        notes = [source.tags(index) for index in source.indexes]
        colours = source.colormap(1) if kind == "uint8" else {}
    read = partial(read_bands, file.absolute(), names)
    values = tiled((len(names), grid.height, grid.width), chunk_cells, read)
    if colours:
        known = {int(key[6:]): text for key, text in notes[0].items() if key.startswith("class_")}
        classes = {value: Class(known[value], _hexadecimal(colours[value])) for value in sorted(known)}
        return class_map(values[0], grid, names[0], classes, tags)
    bands = [
        Band(name, unit or "1", note.get("meaning", name))
        for name, unit, note in zip(names, units, notes, strict=True)
    ]
    return labelled(values, grid, bands, tags)


def _hexadecimal(colour: tuple[int, int, int, int]) -> str | None:
    """A palette's colour as #rrggbb; none if it is transparent."""
    return "#" + bytes(colour[:3]).hex() if colour[3] else None
