"""`solve.png`: the photo with cities, residuals and borders drawn through its camera."""

import geopandas as gpd
import matplotlib.patheffects as effects
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array
from pipeline.deliver import palette
from pipeline.georeference.control import ControlPoints
from pipeline.photo.photo import Photo
from pipeline.report.pictures import SOLVE_TITLE_PX

LONG_SIDE_IN = 12.0  # of the photo: 1440 pixels, about as many as a screen shows at once
SOLVE_DPI = 120  # dots an inch
TITLE_HEIGHT_IN = SOLVE_TITLE_PX / SOLVE_DPI  # room for two lines of text
# Cities named, the largest first; more would cover the photo.
NAMED = 25
# Residuals are a few pixels; drawn ten times longer they show their pattern.
EXAGGERATION = 10
HALO = [effects.withStroke(linewidth=2.5, foreground="black", alpha=0.8)]
COLOUR = {"fit": "#63e6f0", "check": "#ffd166", "unmatched": "#8a94a0"}


def solve_picture(
    photo: Photo,
    camera: Camera,
    points: ControlPoints,
    borders: gpd.GeoDataFrame,
    title: str,
    simulated: bool,
) -> Figure:
    """The figure; `borders` are lines in degrees."""
    scale = LONG_SIDE_IN / max(camera.width, camera.height)
    width, height = camera.width * scale, camera.height * scale + TITLE_HEIGHT_IN
    figure = Figure(figsize=(width, height), dpi=SOLVE_DPI, facecolor=palette.BACKGROUND)
    axes = figure.add_axes((0, 0, 1, 1 - TITLE_HEIGHT_IN / height))
    picture = _visible(photo, round(LONG_SIDE_IN * SOLVE_DPI))
    axes.imshow(picture, extent=(-0.5, camera.width - 0.5, camera.height - 0.5, -0.5))
    _draw_borders(axes, camera, borders)
    _draw_cities(axes, points, camera)
    axes.set_xlim(-0.5, camera.width - 0.5)
    axes.set_ylim(camera.height - 0.5, -0.5)
    axes.set_axis_off()
    _write_title(figure, height, title, simulated)
    return figure


def _write_title(figure: Figure, height: float, title: str, simulated: bool) -> None:
    """The title and the key above a picture of this height in inches."""
    figure.text(
        0.01, 1 - 0.22 / height, title, color=palette.TEXT, fontsize=11, va="center", fontweight="bold"
    )
    figure.text(
        0.01,
        1 - 0.43 / height,
        "circles: cities (blue in the fit, yellow held out to check, grey unmatched); "
        f"lines: residuals x {EXAGGERATION}; white: national borders",
        color=palette.MUTED,
        fontsize=8.5,
        va="center",
    )
    if simulated:
        figure.text(
            0.99,
            1 - 0.22 / height,
            "SIMULATED",
            color=palette.SIMULATED,
            fontsize=13,
            ha="right",
            va="center",
            fontweight="bold",
        )


def _visible(photo: Photo, long_side_px: int) -> NDArray[np.uint8]:
    """Codes (height, width, 3) of light as the eye would have it, at the size in which it is shown, and faint
    towns raised until they show."""
    factor = min(long_side_px / max(photo.size), 1.0)
    height, width = (round(factor * side) for side in photo.size)
    # Averaged before it is drawn: matplotlib works in float64 on all pixels, 4 s for 12 million.
    channels = [Image.fromarray(np.nan_to_num(channel)) for channel in photo.light]
    small = [channel.resize((width, height), Image.Resampling.BOX) for channel in channels]
    light = np.stack([np.asarray(channel) for channel in small], axis=-1)
    white = max(float(np.quantile(light.max(axis=-1), 0.995)), 1e-6)
    return np.asarray(255 * np.clip(light / np.float32(white), 0, 1) ** np.float32(1 / 2.4) + 0.5, np.uint8)


def _draw_borders(axes: Axes, camera: Camera, borders: gpd.GeoDataFrame) -> None:
    xy, line = shapely.get_coordinates(borders.geometry.explode(index_parts=False), return_index=True)
    column, row = camera.project(*xy.T)
    near = camera.inside(column, row, 0.05 * camera.width)
    places = np.where(near[:, None], np.stack([column, row], -1), np.nan)
    starts = np.flatnonzero(np.diff(line)) + 1
    shown = [part for part in np.split(places, starts) if np.isfinite(part).any()]
    _draw_lines(axes, shown, "white", width=0.9, alpha=0.75)


def _draw_lines(axes: Axes, lines: list[Array], colour: str, width: float, alpha: float = 1.0) -> None:
    """Lines of (column, row), as one artist: hundreds of them took a second."""
    drawn = LineCollection(lines, colors=colour, linewidths=width, alpha=alpha, capstyle="projecting")
    axes.add_collection(drawn, autolim=False)


def _draw_cities(axes: Axes, points: ControlPoints, camera: Camera) -> None:
    column, row = camera.project(points.cities.lon, points.cities.lat)
    place = np.stack([column, row], -1)
    size = 6 + 22 * np.clip(np.log10(points.cities.population / 1000) / 3, 0, 1) ** 2
    for used, colour in COLOUR.items():
        chosen = points.used == used
        axes.scatter(
            column[chosen],
            row[chosen],
            s=size[chosen] ** 1.5,
            facecolors="none",
            edgecolors=colour,
            linewidths=0.9,
        )
        lines = np.stack([place, place + EXAGGERATION * points.residual_px], axis=1)[chosen]
        lines = lines[np.isfinite(lines).all(axis=(1, 2))]
        _draw_lines(axes, list(lines), colour, width=0.8)
    _name_cities(axes, points, column, row, camera.width)


def _name_cities(axes: Axes, points: ControlPoints, column: Array, row: Array, width_px: int) -> None:
    """The names of the largest cities that find room, beside them."""
    taken: list[tuple[float, float]] = []
    room = 0.055 * width_px, 0.02 * width_px
    for place in range(len(points.cities)):  # in order of population
        if len(taken) == NAMED:
            break
        if any(abs(column[place] - x) < 2 * room[0] and abs(row[place] - y) < room[1] for x, y in taken):
            continue
        taken.append((column[place], row[place]))
        left = column[place] > 0.85 * width_px
        axes.annotate(
            points.cities.name[place],
            (column[place], row[place]),
            xytext=(-8 if left else 8, 5),
            textcoords="offset points",
            ha="right" if left else "left",
            color="white",
            fontsize=8.5,
            path_effects=HALO,
            annotation_clip=True,
        )
