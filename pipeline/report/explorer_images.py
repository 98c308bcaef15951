"""The pictures of the map to explore: a photo's light in its own colours, its tone and how sure its place is,
each at half the grid's resolution, and the first two at the grid's own along borders and at crossings."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from rasterio.windows import Window

from pipeline.deliver import palette
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.raster.read import band_numbers
from pipeline.report import maps
from pipeline.report.motorway_answers import crossings
from pipeline.report.pictures import webp_uri

TILE_CELLS = 256  # of a sharp picture: small enough to follow a border, large enough to be few
BORDER_KM, CROSSING_KM = 3.0, 6.0  # how far from borders and crossings the map is sharp
# Longest side of the map of uncertainty, pixels: it is as smooth as the camera.
SMOOTH_PX = 400
# Longest side of a picture, pixels, whatever the grid: phones decode no more.
MOST_PX = 4096

Cells = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True)
class PhotoImages:
    """Pictures of one photo, as the page's script reads them; sigma in metres, NaN where there is none."""

    photo: list[dict[str, Any]]
    tone: list[dict[str, Any]]
    sigma: list[dict[str, Any]]
    sigma_limits_m: tuple[float, float]


def photo_images(
    photo: PhotoResults, city: CityResults, min_signal_to_noise: float, shrink: float, sharp: bool
) -> PhotoImages:
    """Draw one photo; `shrink` is how many cells a pixel is wide away from borders (2 or more), `sharp`
    whether borders have the grid's own."""
    seen = _seen(photo, city)
    step = max(shrink, (seen[2] - seen[0]) / MOST_PX, (seen[3] - seen[1]) / MOST_PX)
    boxes = list(_sharp_boxes(photo, city, seen)) if sharp else []
    light: list[dict[str, Any]] = []
    tone: list[dict[str, Any]] = []
    with rasterio.open(photo.raster("ortho")) as ortho, rasterio.open(photo.raster("tone")) as tones:
        for box in [seen, *boxes]:
            pixel = step if box is seen else 1.0
            of_light = _read(ortho, maps.COLOURS, box, pixel, Resampling.average)
            of_tone, signal_to_noise = _read(tones, maps.TONE, box, pixel, Resampling.nearest)
            if box is not seen and not np.isfinite(of_light).any():
                continue
            known = np.where(signal_to_noise >= min_signal_to_noise, of_tone, np.nan)
            light.append(_image(maps.light_colours(of_light), box))
            tone.append(_image(maps.tone_picture(known, of_light), box))
    sigma, limits = _sigma(photo, seen)
    return PhotoImages(light, tone, sigma, limits)


def _seen(photo: PhotoResults, city: CityResults) -> Cells:
    """The cells that a photo covers, as their outer edges."""
    covered = photo.footprint.union_all().intersection(city.frame)
    bounds = city.frame.bounds if covered.is_empty else covered.bounds
    left, top = cells(bounds[0], bounds[3], city)
    right, bottom = cells(bounds[2], bounds[1], city)
    whole = math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)

    return max(whole[0], 0), max(whole[1], 0), min(whole[2], city.grid.width), min(whole[3], city.grid.height)


def cells(x: Any, y: Any, city: CityResults) -> tuple[Any, Any]:
    """Places on the map, numbers or arrays, in cells right of and below the grid's upper left corner."""
    left, _, _, top = city.grid.bounds
    return (x - left) / city.grid.resolution_m, (top - y) / city.grid.resolution_m


def _sharp_boxes(photo: PhotoResults, city: CityResults, seen: Cells) -> Iterator[Cells]:
    """The tiles along borders and at crossings that the photo shows."""
    near = _near_borders(photo, city)
    if near.is_empty:
        return
    shapely.prepare(near)
    left, _, _, top = city.grid.bounds
    side = city.grid.resolution_m
    for row in range(seen[1], seen[3], TILE_CELLS):
        for column in range(seen[0], seen[2], TILE_CELLS):
            box = column, row, min(column + TILE_CELLS, seen[2]), min(row + TILE_CELLS, seen[3])
            ground = shapely.box(
                left + box[0] * side, top - box[3] * side, left + box[2] * side, top - box[1] * side
            )
            if near.intersects(ground):
                yield box


def _near_borders(photo: PhotoResults, city: CityResults) -> Any:
    """The ground that is drawn as sharp as the grid."""
    seen = photo.footprint.union_all()
    lines = city.borders.geometry.dropna().simplify(0.2e3 * BORDER_KM)
    ends = crossings(photo).geometry.dropna()
    zones = [*lines.buffer(1e3 * BORDER_KM), *ends.buffer(1e3 * CROSSING_KM)]
    return shapely.union_all(zones).intersection(seen) if zones else shapely.Polygon()


def _read(
    source: Any, bands: Sequence[str], box: Cells, pixel: float, resampling: Resampling
) -> NDArray[np.float32]:
    """Bands of a raster in a box of cells, a pixel so many cells wide."""
    width, height = (max(1, round((box[k + 2] - box[k]) / pixel)) for k in (0, 1))
    return np.asarray(
        source.read(
            band_numbers(source, tuple(bands)),
            window=Window(box[0], box[1], box[2] - box[0], box[3] - box[1]),
            out_shape=(len(bands), height, width),
            resampling=resampling,
        )
    )


def _image(colours: NDArray[np.uint8], box: Cells) -> dict[str, Any]:
    return {"box": box, "src": webp_uri(maps.encoded(Image.fromarray(colours)))}


def _sigma(photo: PhotoResults, seen: Cells) -> tuple[list[dict[str, Any]], tuple[float, float]]:
    """How sure the place of each cell is, from its least to its largest uncertainty."""
    longest = max(seen[2] - seen[0], seen[3] - seen[1])
    with rasterio.open(photo.raster("geometry")) as source:
        (sigma,) = _read(
            source, ("position_sigma_m",), seen, max(1.0, longest / SMOOTH_PX), Resampling.nearest
        )
    known = np.isfinite(sigma)
    if not known.any():
        return [], (float("nan"), float("nan"))
    low, high = (float(part) for part in np.percentile(sigma[known], [1, 99]))
    share = np.clip((sigma - low) / max(high - low, 1e-9), 0, 1)
    places = np.linspace(0, 1, len(palette.SIGMA))
    stops = np.array([palette.rgb(stop.colour) for stop in palette.SIGMA], float)
    shown = np.stack([np.interp(share, places, stops[:, band]) for band in range(3)], axis=-1)
    shown[~known] = maps.GROUND
    return [_image(np.rint(shown).astype(np.uint8), seen)], (low, high)
