"""Cloud-optimised GeoTIFFs: written tile by tile, with exact statistics, whole or not at all."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import rasterio
import rasterio.shutil
from dask.base import compute
from dask.delayed import delayed
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.windows import Window

from pipeline.errors import OutputError
from pipeline.ortho.grid import Grid
from pipeline.ortho.warp import TILE, Tile, tiled

BLOCK = 512
CACHE_BYTES = 256 << 20
OVERVIEW_CELLS = 512
SIMULATED_NOTE = "SIMULATED photograph, not a measurement"


@dataclass(frozen=True)
class Band:
    """A band's name, its unit ("1" for none) and what a user should know of it."""

    name: str
    unit: str
    meaning: str


ORTHO_BANDS = (
    Band("red", "1", "linear light, 0 to 1"),
    Band("green", "1", "linear light, 0 to 1"),
    Band("blue", "1", "linear light, 0 to 1"),
    Band("saturated", "1", "share of the cell that shows saturated pixels"),
)
GEOMETRY_BANDS = (
    Band("view_zenith_deg", "deg", "angle at the ground between the vertical and the camera"),
    Band("view_azimuth_deg", "deg", "direction from the ground to the camera, clockwise from north"),
    Band("ground_sample_distance_m", "m", "geometric mean side of a pixel on the ground"),
    Band("position_sigma_m", "m", "circular 1 sigma of where the pixel lies on the ground"),
)


@dataclass
class Statistics:
    """Count, mean, spread and range of a stream of values (Chan, Golub and LeVeque's update)."""

    count: int = 0
    total: int = 0
    mean: float = 0.0
    squares: float = 0.0
    low: float = np.inf
    high: float = -np.inf

    def add(self, values: NDArray[Any]) -> None:
        good = values[np.isfinite(values)].astype(float)
        self.total += values.size
        if good.size == 0:
            return
        mean, count = float(good.mean()), self.count + good.size
        step = mean - self.mean
        self.squares += float(((good - mean) ** 2).sum()) + step * step * self.count * good.size / count
        self.mean += step * good.size / count
        self.count, self.low, self.high = count, min(self.low, good.min()), max(self.high, good.max())

    def tags(self) -> dict[str, str]:
        """As GDAL and QGIS read them; none for a band without a value."""
        if self.count == 0:
            return {}
        return {
            "STATISTICS_MINIMUM": repr(float(self.low)),
            "STATISTICS_MAXIMUM": repr(float(self.high)),
            "STATISTICS_MEAN": repr(self.mean),
            "STATISTICS_STDDEV": repr(float(np.sqrt(self.squares / self.count))),
            "STATISTICS_VALID_PERCENT": f"{100 * self.count / self.total:.4g}",
        }


@dataclass(frozen=True)
class Class:
    """What a value of a class map means, and its colour as #rrggbb; none is transparent."""

    name: str
    colour: str | None


@dataclass(frozen=True)
class ClassMap:
    """A map of classes: where it is written, the name of its one band, and what its values mean."""

    file: Path
    name: str
    classes: Mapping[int, Class]


def write_cog(
    file: Path,
    array: da.Array,
    grid: Grid,
    bands: tuple[Band, ...],
    tags: Mapping[str, str],
    class_map: ClassMap | None = None,
) -> None:
    """Compute a (band, height, width) array row of chunks by row of chunks and write it as a float32 COG.

    At any time only one row of chunks is in memory. The file appears, and replaces an older one, when whole.
    With a `class_map` the array has one band more, its class numbers: 0 is no data, the others are written as
    a paletted uint8 COG in the same pass. An overview's cell has the class most of its cells have. GeoTIFF
    has no place for the classes' names: they are in the band's tags `class_1`, `class_2`, ...
    """
    # Noise packs no better at levels above 1.
    how = {"predictor": "FLOATING_POINT", "level": 1}

    def fill(target: rasterio.io.DatasetWriter) -> None:
        if class_map is None:
            _fill(target, computed(array), bands, tags)
            return

        def fill_both(beside: rasterio.io.DatasetWriter) -> None:
            _describe_classes(beside, class_map, tags)
            _fill(target, _less_classes(computed(array), beside), bands, tags)

        one = {"dtype": "uint8", "count": 1, "nodata": 0, "photometric": "palette"}
        _write(class_map.file, grid, one, fill_both, Resampling.mode, {})

    profile = {"dtype": "float32", "count": len(bands), "nodata": np.nan}
    _write(file, grid, profile, fill, Resampling.average, how)


Parts = Iterator[tuple[Window, NDArray[np.float32]]]


def _fill(
    target: rasterio.io.DatasetWriter, parts: Parts, bands: tuple[Band, ...], tags: Mapping[str, str]
) -> None:
    statistics = [Statistics() for _ in bands]
    for window, values in parts:
        target.write(values, window=window)
        for band, one in zip(values, statistics, strict=True):
            one.add(band)
    target.update_tags(**tags)
    for index, (band, one) in enumerate(zip(bands, statistics, strict=True), 1):
        target.set_band_description(index, band.name)
        target.set_band_unit(index, band.unit)
        target.update_tags(index, meaning=band.meaning, **one.tags())


def _less_classes(parts: Parts, target: rasterio.io.DatasetWriter) -> Parts:
    """The parts without their last band, which is written to `target`."""
    for window, values in parts:
        target.write(values[-1:].astype(np.uint8), window=window)
        yield window, values[:-1]


def _describe_classes(
    target: rasterio.io.DatasetWriter, class_map: ClassMap, tags: Mapping[str, str]
) -> None:
    colours = {
        value: (*bytes.fromhex(one.colour[1:]), 255) if one.colour else (0, 0, 0, 0)
        for value, one in class_map.classes.items()
    }
    target.write_colormap(1, colours)
    target.update_tags(**tags)
    target.set_band_description(1, class_map.name)
    target.update_tags(1, **{f"class_{value}": one.name for value, one in class_map.classes.items()})


def _write(
    file: Path,
    grid: Grid,
    profile: Mapping[str, Any],
    fill: Callable[[rasterio.io.DatasetWriter], None],
    resampling: Resampling,
    how: Mapping[str, Any],
) -> None:
    """Fill a plain tiled GeoTIFF and copy it to a COG beside `file`, which it then replaces.

    Overviews are made of the plain one: the COG driver would compress and unpack them on the way.
    """
    levels = math.ceil(math.log2(max(grid.width, grid.height) / BLOCK))
    tiles, part = (file.with_name(f".{kind}-{file.name}") for kind in ("tiles", "part"))
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
            with rasterio.open(
                tiles,
                "w",
                driver="GTiff",
                width=grid.width,
                height=grid.height,
                crs=grid.crs,
                transform=grid.transform,
                tiled=True,
                blockxsize=BLOCK,
                blockysize=BLOCK,
                interleave="band",
                bigtiff="YES",
                **profile,
            ) as target:
                fill(target)
                if levels > 0:
                    target.build_overviews([2**k for k in range(1, levels + 1)], resampling)
            rasterio.shutil.copy(
                tiles,
                part,
                driver="COG",
                compress="DEFLATE",
                blocksize=BLOCK,
                num_threads="ALL_CPUS",
                overviews="FORCE_USE_EXISTING" if levels > 0 else "NONE",
                bigtiff="IF_SAFER",
                **how,
            )
        part.replace(file)
        # Statistics of an older file would be believed by QGIS.
        file.with_name(f"{file.name}.aux.xml").unlink(missing_ok=True)
    except rasterio.errors.RasterioError as error:
        raise OutputError(f"{file}: cannot be written: {' '.join(str(error).split())}") from error
    finally:
        for left in (tiles, part):
            with suppress(OSError):
                left.unlink(missing_ok=True)


def photo_tags(photo: str, evidence: str, simulated: bool, **more: str) -> dict[str, str]:
    """What every raster of a photo says of itself."""
    software = f"borderlight {version('borderlight')}"
    tags = {"photo": photo, "evidence": evidence, "simulated": str(simulated).lower(), "software": software}
    if simulated:
        tags["TIFFTAG_IMAGEDESCRIPTION"] = SIMULATED_NOTE
    return tags | {"TIFFTAG_SOFTWARE": software} | more


def computed(array: da.Array) -> Parts:
    """The chunks of a (band, height, width) array with their windows, a row of chunks computed at a time."""
    heights, widths = array.chunks[1:]
    chunks = array.to_delayed()[0]  # type: ignore[no-untyped-call]
    top = 0
    for height, row in zip(heights, chunks, strict=True):
        left = 0
        arrays = compute(*row)  # type: ignore[no-untyped-call]
        for width, values in zip(widths, arrays, strict=True):
            yield Window(left, top, width, height), values
            left += width
        top += height


def read_tile(file: Path, tile: Tile, margin: int = 0, bands: int | None = None) -> NDArray[np.float32]:
    """All bands, or the first few, of a window of a raster, widened by a margin; NaN beyond the raster's
    edge."""
    top, left = max(0, tile.row - margin), max(0, tile.column - margin)
    with rasterio.open(file) as source:
        bottom = min(source.height, tile.row + tile.height + margin)
        right = min(source.width, tile.column + tile.width + margin)
        first = range(1, 1 + (bands or source.count))
        values: NDArray[np.float32] = source.read(
            list(first), window=Window(left, top, right - left, bottom - top)
        )
    above, before = top - (tile.row - margin), left - (tile.column - margin)
    shape = values.shape[0], tile.height + 2 * margin, tile.width + 2 * margin
    if shape == values.shape:
        return values
    padded = np.full(shape, np.nan, np.float32)
    padded[:, above : above + bottom - top, before : before + right - left] = values
    return padded


def opened(file: Path) -> da.Array:
    """A raster of the pipeline as a (band, height, width) array that is read when computed."""
    with rasterio.open(file) as source:
        shape = source.count, source.height, source.width
    return tiled(shape, TILE, lambda tile: delayed(read_tile)(file, tile))


def mapped(
    file: Path, bands: int, margin: int, function: Callable[[NDArray[np.float32], Tile], NDArray[np.float32]]
) -> da.Array:
    """The array of what `function` makes of each tile of a raster, given the tile widened by a margin."""
    with rasterio.open(file) as source:
        shape = bands, source.height, source.width
    shared = delayed(function, traverse=False)
    return tiled(shape, TILE, lambda tile: shared(delayed(read_tile)(file, tile, margin), tile))


def median_of_band(file: Path, band: str) -> float:
    """The median of a band by name, from its overviews."""
    with rasterio.open(file) as source:
        index = source.descriptions.index(band) + 1
        shape = tuple(min(OVERVIEW_CELLS, side) for side in source.shape)
        return float(np.nanmedian(source.read(index, out_shape=shape)))


def raster_grid(file: Path) -> Grid:
    """The grid of a raster of the pipeline."""
    with rasterio.open(file) as source:
        xmin, ymin, xmax, ymax = source.bounds
        return Grid(source.crs.to_string(), source.res[0], (xmin, ymin, xmax, ymax))


def read_rows(
    *files: Path, bands: Sequence[int] | None = None
) -> Iterator[tuple[Tile, list[NDArray[np.float32]]]]:
    """Rasters on one grid, rows of tiles' height at a time, from north to south; `bands` tells how many of
    each are read, all without it."""
    grid = raster_grid(files[0])
    counts = [None] * len(files) if bands is None else bands
    for top in range(0, grid.height, TILE):
        tile = Tile(top, 0, min(TILE, grid.height - top), grid.width)
        yield tile, [read_tile(file, tile, bands=n) for file, n in zip(files, counts, strict=True)]
