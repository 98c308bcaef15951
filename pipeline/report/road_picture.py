"""The light along a motorway from above, turned so that the road runs from left to right."""

import base64
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import from_bounds

from pipeline.camera.earth import Array
from pipeline.deliver.palette import BACKGROUND, MUTED, TEXT
from pipeline.deliver.results import PhotoResults
from pipeline.raster.read import band_numbers
from pipeline.report.maps import COLOURS, encoded, light_colours
from pipeline.report.svg_chart import Panel, path, segment, tag

HALF_WIDTH_M = 2000.0  # of the ground that is shown: as far as the eye looks for towns beside the road
STRAIGHT_M = 1000.0  # bends shorter than this are not followed: the ground is turned with the road's course
STEP_M = 100.0  # between the places of a border that are drawn
SHARPNESS = 2  # picture pixels a CSS pixel, across and down: screens of phones and laptops show as many


def road_picture(
    photo: PhotoResults, stations: gpd.GeoDataFrame, borders: gpd.GeoSeries, panel: Panel
) -> str:
    """The photo's light beside a motorway, in the panel whose x is chainage (km): `stations` are its rows of
    `motorway_stations`, by chainage. Over it the road as it was registered, and borders, both thin."""
    course = _Course(stations)
    shape = round(SHARPNESS * panel.height), round(SHARPNESS * panel.width)
    low_km, high_km = panel.x.low, panel.x.high
    chainage_m = 1e3 * (low_km + (np.arange(shape[1]) + 0.5) / shape[1] * (high_km - low_km))
    offset_m = HALF_WIDTH_M * (1 - 2 * (np.arange(shape[0]) + 0.5) / shape[0])
    light = _sampled(photo, *course.places(chainage_m, offset_m))
    webp = encoded(Image.fromarray(light_colours(light)))
    address = f"data:image/webp;base64,{base64.b64encode(webp).decode('ascii')}"
    parts = [tag("image", href=address, width=panel.width, height=panel.height, preserveAspectRatio="none")]
    middle = panel.height / 2
    parts.append(
        segment(0, panel.width, middle, middle, stroke=MUTED, stroke_opacity=0.7, stroke_dasharray="2 4")
    )
    for at_m, away_m in course.lines(borders):
        x, y = panel.x(at_m / 1e3), middle * (1 - away_m / HALF_WIDTH_M)
        parts += [
            path(x, y, stroke=BACKGROUND, stroke_width=3.0, stroke_opacity=0.6),
            path(x, y, stroke=TEXT, stroke_width=1.2),
        ]
    return panel.marks(*parts)


class _Course:
    """A road's places by chainage, and the way across it."""

    def __init__(self, stations: gpd.GeoDataFrame) -> None:
        self.chainage_m = stations["chainage_m"].to_numpy(float)
        self.x, self.y = stations.geometry.x.to_numpy(), stations.geometry.y.to_numpy()
        window = max(1, round(STRAIGHT_M / float(np.median(np.diff(self.chainage_m)))))
        along = np.stack([_smooth(np.gradient(part), window) for part in (self.x, self.y)])
        self.along = along / np.hypot(*along)

    def places(self, chainage_m: Array, offset_m: Array) -> tuple[Array, Array]:
        """x and y (offsets, chainages) of places beside the road, to its left."""
        x, y, ahead_x, ahead_y = (
            np.interp(chainage_m, self.chainage_m, part) for part in (self.x, self.y, *self.along)
        )
        return x - offset_m[:, None] * ahead_y, y + offset_m[:, None] * ahead_x

    def lines(self, lines: gpd.GeoSeries) -> Iterator[tuple[Array, Array]]:
        """Chainage and offset (m) of the parts of lines that lie beside the road."""
        near = shapely.buffer(shapely.linestrings(np.column_stack([self.x, self.y])), 1.5 * HALF_WIDTH_M)
        parts = shapely.get_parts(shapely.intersection(lines.dropna().to_numpy(), near))
        for part in shapely.segmentize(parts[shapely.length(parts) > 0], STEP_M):
            x, y = shapely.get_coordinates(part).T
            away2 = (x[:, None] - self.x) ** 2 + (y[:, None] - self.y) ** 2
            at = away2.argmin(axis=1)
            east, north = x - self.x[at], y - self.y[at]
            ahead_x, ahead_y = self.along[:, at]
            yield self.chainage_m[at] + east * ahead_x + north * ahead_y, north * ahead_x - east * ahead_y


def _smooth(values: Array, window: int) -> Array:
    """Running mean, the ends of what there is."""
    kernel = np.ones(window)
    return np.asarray(np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same"))


def _sampled(photo: PhotoResults, x: Array, y: Array) -> NDArray[np.float32]:
    """Light (3, height, width) of the cells at places on the map, NaN beyond it."""
    with rasterio.open(photo.raster("ortho")) as source:
        side_m = source.res[0]
        window = (
            from_bounds(
                x.min() - side_m, y.min() - side_m, x.max() + side_m, y.max() + side_m, source.transform
            )
            .round_offsets()
            .round_lengths()
        )
        cells = source.read(band_numbers(source, COLOURS), window=window, boundless=True, fill_value=np.nan)
        column, row = ~source.window_transform(window) @ (x, y)
    column, row = (
        np.clip(np.floor(part), 0, most - 1).astype(int)
        for part, most in ((column, cells.shape[2]), (row, cells.shape[1]))
    )
    return np.asarray(cells[:, row, column], np.float32)
