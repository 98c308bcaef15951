"""Rasters as labelled arrays: an `xarray.Dataset` with one variable for each band, by the band's name.

Dimensions are `y, x`; the reference system is a CF coordinate `spatial_ref`, which rioxarray and odc-geo
understand; units, meaning and the photo's tags are attributes. Values are read when they are computed.
"""

from pathlib import Path
from typing import Any

import numpy as np
import odc.geo.xr  # noqa: F401 (gives datasets their `odc` accessor)
import rioxarray
import xarray as xr

from pipeline.raster.tiles import TILE

# What GDAL notes for itself, and statistics, which would not hold for a part of the raster.
_NOT_KEPT = ("_FillValue", "scale_factor", "add_offset", "AREA_OR_POINT")


def read_raster(file: Path, chunk_cells: int = TILE) -> xr.Dataset:
    """A COG of the pipeline, lazy, in chunks of whole blocks; a window of the file is read for each chunk.

    A class map has its classes as the CF attributes `flag_values` and `flag_meanings`, separated by blanks.
    """
    chunks = {"y": chunk_cells, "x": chunk_cells}
    opened = rioxarray.open_rasterio(file, chunks=chunks, band_as_variable=True, lock=False, cache=False)
    assert isinstance(opened, xr.Dataset)
    named = opened.rename({key: band.attrs["long_name"] for key, band in opened.data_vars.items()})
    named.attrs = {key: value for key, value in opened.attrs.items() if key not in _NOT_KEPT}
    for band in named.data_vars.values():
        band.attrs = _described(band.attrs)
    return named


def _described(attributes: dict[str, Any]) -> dict[str, Any]:
    """A band's unit and meaning, and its classes where it has some."""
    told = {"long_name": attributes.get("meaning", attributes["long_name"])}
    if "units" in attributes:
        told["units"] = attributes["units"]
    classes = {int(key[6:]): text for key, text in attributes.items() if key.startswith("class_")}
    if classes:
        told["flag_values"] = np.array(sorted(classes), np.uint8)
        told["flag_meanings"] = " ".join(classes[value].replace(" ", "_") for value in sorted(classes))
    return told
