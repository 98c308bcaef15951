"""Pictures of a photo on the map: its light or its tone with borders, cities, scale bar and north arrow."""

import io
from dataclasses import dataclass

import geopandas as gpd
import matplotlib.patheffects as effects
import numpy as np
import rasterio
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.typing import NDArray
from PIL import Image
from pyproj import Geod, Transformer
from rasterio.enums import Resampling
from rasterio.windows import from_bounds

from pipeline.deliver import palette
from pipeline.deliver.palette import BACKGROUND, MUTED, SIMULATED, TEXT
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.raster.read import band_numbers

MAP_DPI = 100  # dots an inch: only ties sizes in points to pixels, it does not change the picture
WEBP_QUALITY = 72  # of 100; a judgement: no traces to be seen, and a report small enough to mail
# How bright, at most, the light is drawn beneath the tone.
CONTEXT = 0.4
NICE = (1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True)
class Canvas:
    """The size of a picture and of its type, in picture pixels, and how many cities it names."""

    width_px: int
    height_px: int
    type_px: float
    cities: int

    def scaled(self, factor: float) -> "Canvas":
        """The same picture with more or fewer pixels."""
        return Canvas(
            round(self.width_px * factor), round(self.height_px * factor), self.type_px * factor, self.cities
        )

    @property
    def type_pt(self) -> float:
        """Size of the type in points, as matplotlib counts it at MAP_DPI."""
        return self.type_px * 72 / MAP_DPI


# Shown 1100 and 358 CSS pixels wide.
DESKTOP_CANVAS = Canvas(1540, 1040, 20.0, 16)
PHONE_CANVAS = Canvas(800, 900, 25.0, 8)

COLOURS, TONE = ("red", "green", "blue"), ("log2_g_r", "signal_to_noise")
Bounds = tuple[float, float, float, float]


def light_map(photo: PhotoResults, city: CityResults, canvas: Canvas) -> bytes:
    """The photo's light in its own colours, stretched as in QGIS; a WebP."""
    bounds = _view(photo, city, canvas)
    bands, extent = _read(photo, "ortho", COLOURS, bounds, canvas, Resampling.average)
    valid = np.isfinite(bands).all(axis=0)
    colours = np.dstack([*palette.display(np.nan_to_num(bands)), valid.astype("float32")])
    return _map(photo, city, canvas, bounds, colours, extent)


def tone_map(photo: PhotoResults, city: CityResults, canvas: Canvas, min_signal_to_noise: float) -> bytes:
    """The tone of lit cells in the fixed colours of the scale, over all light in dim grey; a WebP."""
    bounds = _view(photo, city, canvas)
    light, extent = _read(photo, "ortho", COLOURS, bounds, canvas, Resampling.average)
    (tone, signal_to_noise), _ = _read(photo, "tone", TONE, bounds, canvas, Resampling.nearest)
    tone = np.where(signal_to_noise >= min_signal_to_noise, tone, np.nan)
    scaled = (tone - palette.TONE_MIN) / (palette.TONE_MAX - palette.TONE_MIN)
    lit = np.isfinite(tone)[..., None]
    grey = CONTEXT * palette.display(np.nan_to_num(light).mean(axis=0))[..., None]
    colours = np.where(lit, palette.tone_map()(np.clip(scaled, 0, 1))[..., :3], grey)
    shown = np.isfinite(light.sum(axis=0))[..., None] | lit
    return _map(photo, city, canvas, bounds, np.dstack([colours, shown]).astype("float32"), extent)


def _view(photo: PhotoResults, city: CityResults, canvas: Canvas) -> Bounds:
    """The part of the grid that the photo covers, with a margin, widened to the canvas's proportions."""
    left, bottom, right, top = photo.footprint.union_all().intersection(city.frame).bounds
    width, height = 1.06 * (right - left), 1.06 * (top - bottom)
    metres_a_pixel = max(width / canvas.width_px, height / canvas.height_px)
    x, y = (left + right) / 2, (bottom + top) / 2
    half_x, half_y = metres_a_pixel * canvas.width_px / 2, metres_a_pixel * canvas.height_px / 2
    return x - half_x, y - half_y, x + half_x, y + half_y


def _read(
    photo: PhotoResults,
    kind: str,
    bands: tuple[str, ...],
    bounds: Bounds,
    canvas: Canvas,
    resampling: Resampling,
) -> tuple[NDArray[np.float32], Bounds]:
    """Bands of a raster inside `bounds` at about the picture's resolution, and their own bounds."""
    with rasterio.open(photo.raster(kind)) as source:
        edge = source.bounds
        left, right = max(bounds[0], edge.left), min(bounds[2], edge.right)
        bottom, top = max(bounds[1], edge.bottom), min(bounds[3], edge.top)
        shrink = min(1.0, canvas.width_px / ((bounds[2] - bounds[0]) / source.res[0]))
        shape = (
            max(1, round(shrink * (top - bottom) / source.res[1])),
            max(1, round(shrink * (right - left) / source.res[0])),
        )
        values = source.read(
            band_numbers(source, bands),
            window=from_bounds(left, bottom, right, top, source.transform),
            out_shape=(len(bands), *shape),
            resampling=resampling,
        )
    return values, (left, bottom, right, top)


def _map(
    photo: PhotoResults,
    city: CityResults,
    canvas: Canvas,
    bounds: Bounds,
    colours: NDArray[np.float32],
    extent: Bounds,
) -> bytes:
    figure = Figure(
        figsize=(canvas.width_px / MAP_DPI, canvas.height_px / MAP_DPI), dpi=MAP_DPI, facecolor=BACKGROUND
    )
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    left, bottom, right, top = extent
    axes.imshow(colours, extent=(left, right, bottom, top), interpolation="nearest", aspect="auto")
    axes.set_xlim(bounds[0], bounds[2])
    axes.set_ylim(bounds[1], bounds[3])
    unit_px = canvas.type_px / 20
    _lines(axes, photo.footprint.boundary, MUTED, 0.7 * unit_px, dashed=True)
    _lines(axes, city.motorways.geometry, MUTED, 0.7 * unit_px)
    _lines(axes, city.borders.geometry, TEXT, 1.2 * unit_px)
    _cities(axes, city.cities[city.cities.within(photo.footprint.union_all())], canvas, bounds)
    _scale_bar(axes, canvas, bounds)
    _north(axes, city, canvas, bounds)
    if photo.simulated:
        _mark(axes, canvas)
    return _webp(figure)


def _lines(axes: Axes, lines: gpd.GeoSeries, colour: str, width_px: float, dashed: bool = False) -> None:
    """Thin lines with a dark casing, so that they hold over bright light."""
    width_pt = width_px * 72 / MAP_DPI * 1.4
    for line in lines.explode().dropna():
        drawn = axes.plot(*line.xy, color=colour, linewidth=width_pt, linestyle=":" if dashed else "-")[0]
        drawn.set_path_effects(
            [effects.withStroke(linewidth=3 * width_pt, foreground=BACKGROUND, alpha=0.45)]
        )


def _cities(axes: Axes, cities: gpd.GeoDataFrame, canvas: Canvas, bounds: Bounds) -> None:
    """Name the largest cities that find room, each beside its ring."""
    metres = (bounds[2] - bounds[0]) / canvas.width_px
    em = canvas.type_px * metres
    taken: list[Bounds] = []
    for city in cities.itertuples():
        if len(taken) == canvas.cities:
            break
        x, y = city.geometry.x, city.geometry.y
        width = (0.62 * len(city.name) + 0.8) * em
        for sign, align in ((1, "left"), (-1, "right")):
            reach = sorted((x - sign * 0.4 * em, x + sign * width))
            box = (reach[0], y - 0.8 * em, reach[1], y + 0.8 * em)
            if _inside(box, bounds) and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                axes.plot(
                    x, y, "o", mfc="none", mec=TEXT, ms=0.45 * canvas.type_pt, mew=0.08 * canvas.type_pt
                ).pop().set_path_effects([_halo(canvas, 0.16)])
                axes.text(
                    x + sign * 0.5 * em,
                    y,
                    city.name,
                    color=TEXT,
                    fontsize=0.9 * canvas.type_pt,
                    ha=align,
                    va="center_baseline",
                    parse_math=False,
                    path_effects=[_halo(canvas, 0.2)],
                )
                break


def _halo(canvas: Canvas, share: float) -> effects.AbstractPathEffect:
    return effects.withStroke(linewidth=share * canvas.type_pt, foreground=BACKGROUND, alpha=0.85)


def _inside(box: Bounds, frame: Bounds) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


def _overlap(a: Bounds, b: Bounds) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _scale_bar(axes: Axes, canvas: Canvas, bounds: Bounds) -> None:
    """A bar of a round number of kilometres, about a fifth of the width, bottom left."""
    width_m = bounds[2] - bounds[0]
    length_km = max((n for n in NICE if n * 1e3 <= 0.25 * width_m), default=NICE[0])
    em = canvas.type_px / canvas.width_px * width_m
    x, y = bounds[0] + 1.2 * em, bounds[1] + 1.2 * em
    axes.plot(
        [x, x + length_km * 1e3],
        [y, y],
        color=TEXT,
        linewidth=0.15 * canvas.type_pt,
        solid_capstyle="butt",
        path_effects=[_halo(canvas, 0.4)],
    )
    label = axes.text(x, y + 0.45 * em, f"{length_km} km", color=TEXT, fontsize=0.85 * canvas.type_pt)
    label.set_path_effects([_halo(canvas, 0.2)])


def _north(axes: Axes, city: CityResults, canvas: Canvas, bounds: Bounds) -> None:
    """An arrow to true north, which the map's grid leaves by some degrees, bottom right."""
    em = canvas.type_px / canvas.width_px * (bounds[2] - bounds[0])
    x, y = bounds[2] - 1.8 * em, bounds[1] + 1.8 * em
    to_map = Transformer.from_crs(4326, city.grid.crs, always_xy=True)
    lon, lat = to_map.transform(x, y, direction="INVERSE")
    ahead = np.array(to_map.transform(*Geod(ellps="WGS84").fwd(lon, lat, 0.0, 1000.0)[:2])) - (x, y)
    up = ahead / np.hypot(*ahead)
    side = np.array([up[1], -up[0]])
    tip, tail = np.array([x, y]) + 1.1 * em * up, np.array([x, y]) - 0.6 * em * up
    corners = [tip, tail + 0.5 * em * side, tail + 0.45 * em * up, tail - 0.5 * em * side]
    axes.add_patch(Polygon(corners, facecolor=TEXT, edgecolor=BACKGROUND, linewidth=0.06 * canvas.type_pt))
    x, y = tip + 0.6 * em * up
    axes.text(
        x,
        y,
        "N",
        color=TEXT,
        fontsize=0.85 * canvas.type_pt,
        ha="center",
        va="center",
        path_effects=[_halo(canvas, 0.2)],
    )


def _mark(axes: Axes, canvas: Canvas) -> None:
    """The word that must be on every picture of a simulated photo."""
    axes.text(
        1.2 * canvas.type_px / canvas.width_px,
        1 - 1.2 * canvas.type_px / canvas.height_px,
        "SIMULATED: not a measurement",
        transform=axes.transAxes,
        color=SIMULATED,
        fontsize=0.9 * canvas.type_pt,
        fontweight="bold",
        ha="left",
        va="top",
        bbox={"facecolor": BACKGROUND, "edgecolor": SIMULATED, "linewidth": 0.06 * canvas.type_pt, "pad": 5},
    )


def shrunk(file: bytes, width_px: int) -> bytes:
    """A picture no wider than `width_px`; a WebP."""
    target = io.BytesIO()
    with Image.open(io.BytesIO(file)) as picture:
        shrink = min(1.0, width_px / picture.width)
        size = round(picture.width * shrink), round(picture.height * shrink)
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    small.save(target, "WEBP", quality=WEBP_QUALITY, method=4)
    return target.getvalue()


def _webp(figure: Figure) -> bytes:
    pixels, target = io.BytesIO(), io.BytesIO()
    figure.savefig(pixels, format="raw", facecolor=figure.get_facecolor())
    size = round(figure.get_figwidth() * MAP_DPI), round(figure.get_figheight() * MAP_DPI)
    picture = Image.frombytes("RGBA", size, pixels.getvalue()).convert("RGB")
    picture.save(target, "WEBP", quality=WEBP_QUALITY, method=4)
    return target.getvalue()
