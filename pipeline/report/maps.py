"""Pictures of a photo on the map as SVG: its light and its tone as a WebP, and over it borders, cities, scale
bar and north arrow, which are drawn once for both."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont
from pyproj import Geod, Proj
from rasterio.enums import Resampling
from rasterio.windows import from_bounds

from pipeline.camera.earth import Array
from pipeline.deliver import palette
from pipeline.deliver.palette import BACKGROUND, MUTED, SIMULATED, TEXT
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.raster.read import band_numbers
from pipeline.report.chart_style import FONTS, MARK
from pipeline.report.pictures import webp_uri
from pipeline.report.svg_chart import BOLD_LETTER, box, dot, path, tag, text

WEBP_QUALITY = 72  # of 100; a judgement: no traces to be seen, and a report small enough to mail
MARK_SHARE = 0.045  # of a picture's width, how large its mark is: 16 of 360 pixels
WEBP_EFFORT = 2  # of 6: half the time of 4, for a file 3 % larger
# How bright, at most, the light is drawn beneath the tone.
CONTEXT = 0.4
NICE = (1, 2, 5, 10, 20, 50, 100, 200, 500)
# Lines may leave their place by half a pixel of the picture.
LINE_TOLERANCE_PX = 0.5


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


# The first screen's, shown about 860 and 390 CSS pixels wide.
DESKTOP_CANVAS = Canvas(1290, 900, 21.0, 14)
PHONE_CANVAS = Canvas(780, 600, 26.0, 7)
# Of a whole photo, and of a border from close by, shown 340 to 540 CSS pixels wide.
PHOTO_CANVAS = Canvas(900, 760, 24.0, 9)
CLOSE_CANVAS = Canvas(800, 440, 23.0, 6)

COLOURS, TONE = ("red", "green", "blue"), ("log2_g_r", "signal_to_noise")
Bounds = tuple[float, float, float, float]
# The ground of pictures, where there is no cell.
GROUND = np.array(palette.rgb(BACKGROUND), np.uint8)


@dataclass(frozen=True)
class View:
    """What of the map a picture shows."""

    bounds: Bounds
    canvas: Canvas

    @property
    def metres(self) -> float:
        """Of a pixel."""
        return (self.bounds[2] - self.bounds[0]) / self.canvas.width_px

    def pixels(self, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """Places on the map as pixels from the upper left corner."""
        east, south = np.asarray(x) - self.bounds[0], self.bounds[3] - np.asarray(y)
        return east / self.metres, south / self.metres


def photo_maps(
    photo: PhotoResults, city: CityResults, canvas: Canvas, min_signal_to_noise: float
) -> tuple[str, str]:
    """The photo's light in its own colours, stretched as in QGIS; and the tone of lit cells in the fixed
    colours of the scale, over all light in dim grey."""
    view = View(_bounds(photo, city, canvas), canvas)
    light, extent = _read(photo, "ortho", COLOURS, view, Resampling.average)
    (tone, signal_to_noise), _ = _read(photo, "tone", TONE, view, Resampling.nearest)
    tone = np.where(signal_to_noise >= min_signal_to_noise, tone, np.nan)
    overlay = "".join(_overlay(photo, city, view))
    colours = light_colours(light), tone_picture(tone, light)
    of_light, of_tone = (_svg(view, _webp(part, extent, view), overlay) for part in colours)
    return of_light, of_tone


def view_at(x: float, y: float, width_m: float, canvas: Canvas) -> View:
    """A view so wide around a place on the map."""
    half_x, half_y = width_m / 2, width_m * canvas.height_px / canvas.width_px / 2
    return View((x - half_x, y - half_y, x + half_x, y + half_y), canvas)


def light_map(photo: PhotoResults, city: CityResults, view: View) -> str:
    """The photo's light in its own colours, stretched as in QGIS, in a view that may be closer than cells."""
    light, extent = _read(photo, "ortho", COLOURS, view, Resampling.average)
    overlay = "".join(_overlay(photo, city, view))
    return _svg(view, _webp(light_colours(light), extent, view, smooth=True), overlay)


def light_colours(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Bands of light (3, height, width) as (height, width, 3)."""
    shown = _screen(np.nan_to_num(light))
    shown[:, ~np.isfinite(light).all(axis=0)] = GROUND[:, None]
    return np.asarray(np.moveaxis(shown, 0, -1))


def _screen(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Linear light as `palette.display` shows it, 0..255, by a table: powers took most of the time."""
    table = _display_table()
    steps = len(table) - 1
    place = np.clip(light * np.float32(steps / palette.LIGHT_MAX), 0, steps).astype(np.uint16)
    return np.asarray(table[place])


@cache
def _display_table() -> NDArray[np.uint8]:
    light = np.linspace(0, palette.LIGHT_MAX, np.iinfo(np.uint16).max + 1, dtype=np.float32)
    return np.rint(255 * palette.display(light)).astype(np.uint8)


def tone_picture(tone: NDArray[np.float32], light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Tone where there is one, else light in grey (height, width, 3)."""
    grey = np.rint(CONTEXT * _screen(np.nan_to_num(light).mean(axis=0))).astype(np.uint8)
    shown = grey[..., None].repeat(3, axis=-1)
    shown[~np.isfinite(light).all(axis=0)] = GROUND
    lit = np.isfinite(tone)
    shown[lit] = palette.tone_colours(tone[lit])
    return np.asarray(shown)


def _bounds(photo: PhotoResults, city: CityResults, canvas: Canvas) -> Bounds:
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
    view: View,
    resampling: Resampling,
) -> tuple[NDArray[np.float32], Bounds]:
    """Bands of a raster in the view at about the picture's resolution, and their own bounds."""
    bounds = view.bounds
    with rasterio.open(photo.raster(kind)) as source:
        edge = source.bounds
        left, right = max(bounds[0], edge.left), min(bounds[2], edge.right)
        bottom, top = max(bounds[1], edge.bottom), min(bounds[3], edge.top)
        shrink = min(1.0, source.res[0] / view.metres)
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


def _webp(colours: NDArray[np.uint8], extent: Bounds, view: View, smooth: bool = False) -> bytes:
    """Cells that cover `extent`, on the whole picture; outside them its ground. What is `smooth` has no
    corners of cells; colours that are a scale must keep them, as between two values lies a third."""
    rows, columns = colours.shape[:2]
    left, top = (float(value) for value in view.pixels(extent[0], extent[3]))
    right, bottom = (float(value) for value in view.pixels(extent[2], extent[1]))
    across, down = columns / (right - left), rows / (bottom - top)
    picture = Image.fromarray(colours).transform(
        (view.canvas.width_px, view.canvas.height_px),
        Image.Transform.AFFINE,
        (across, 0.0, -left * across, 0.0, down, -top * down),
        Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST,
        fillcolor=BACKGROUND,
    )
    return encoded(picture)


def _svg(view: View, webp: bytes, overlay: str) -> str:
    """The file of a map."""
    width, height = view.canvas.width_px, view.canvas.height_px
    picture = tag("image", href=webp_uri(webp), width=width, height=height)
    return tag(
        "svg",
        picture + overlay,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        font_family=FONTS,
        fill=TEXT,
    )


def _overlay(photo: PhotoResults, city: CityResults, view: View) -> Iterator[str]:
    """All that is drawn over the cells."""
    unit_px = 1.4 * view.canvas.type_px / 20
    yield _lines(photo.footprint.boundary, view, MUTED, 0.7 * unit_px, dotted=True)
    yield _lines(city.motorways.geometry, view, MUTED, 0.7 * unit_px)
    yield _lines(city.borders.geometry, view, TEXT, 1.2 * unit_px)
    yield from _cities(city.cities[city.cities.within(photo.footprint.union_all())], view, photo.simulated)
    yield from _scale_bar(view)
    yield from _north(city, view)
    if photo.simulated:
        yield from _mark(view)


def _lines(lines: gpd.GeoSeries, view: View, colour: str, width_px: float, dotted: bool = False) -> str:
    """Thin lines with a dark casing, so that they hold over bright light."""
    near = shapely.clip_by_rect(lines.dropna().to_numpy(), *view.bounds)
    simple = shapely.get_parts(shapely.simplify(near, LINE_TOLERANCE_PX * view.metres))
    ends = np.cumsum(shapely.get_num_coordinates(simple))[:-1]
    # A missing place between two lines lifts the pen.
    x, y = (np.insert(part, ends, np.nan) for part in view.pixels(*shapely.get_coordinates(simple).T))
    casing = path(x, y, stroke=BACKGROUND, stroke_width=3 * width_px, stroke_opacity=0.45)
    dots = f"{width_px:.1f} {1.65 * width_px:.1f}" if dotted else None
    return casing + path(x, y, stroke=colour, stroke_width=width_px, stroke_dasharray=dots)


def _cities(cities: gpd.GeoDataFrame, view: View, simulated: bool) -> Iterator[str]:
    """Name the largest cities that find room, each beside its ring; none beneath the mark of a simulation."""
    em = view.canvas.type_px
    taken: list[Bounds] = [_mark_place(view)] if simulated else []
    n_named = len(taken) + view.canvas.cities
    columns, rows = view.pixels(cities.geometry.x, cities.geometry.y)
    for name, x, y in zip(cities["name"], columns.tolist(), rows.tolist(), strict=True):
        if len(taken) == n_named:
            break
        width = (0.62 * len(name) + 0.8) * em
        for sign, anchor in ((1, "start"), (-1, "end")):
            reach = sorted((x - sign * 0.4 * em, x + sign * width))
            place = (reach[0], y - 0.8 * em, reach[1], y + 0.8 * em)
            if _inside(place, view.canvas) and not any(_overlap(place, other) for other in taken):
                taken.append(place)
                yield dot(x, y, 0.45 * em, fill="none", stroke=BACKGROUND, stroke_width=0.16 * em)
                yield dot(x, y, 0.45 * em, fill="none", stroke=TEXT, stroke_width=0.08 * em)
                yield _word(x + sign * 0.5 * em, y + 0.32 * em, name, view, text_anchor=anchor)
                break


def _word(x: float, y: float, content: str, view: View, **attributes: object) -> str:
    """Words with a dark edge, so that they hold over bright light."""
    em = view.canvas.type_px
    edge = {"stroke": BACKGROUND, "stroke_width": 0.2 * em, "stroke_opacity": 0.85, "paint_order": "stroke"}
    return text(x, y, content, font_size=0.9 * em, **{**edge, **attributes})


def _inside(place: Bounds, canvas: Canvas) -> bool:
    return place[0] >= 0 and place[1] >= 0 and place[2] <= canvas.width_px and place[3] <= canvas.height_px


def _overlap(a: Bounds, b: Bounds) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _scale_bar(view: View) -> Iterator[str]:
    """A bar of a round number of kilometres, about a fifth of the width, bottom left."""
    width_m = view.metres * view.canvas.width_px
    length_km = max((n for n in NICE if n * 1e3 <= 0.25 * width_m), default=NICE[0])
    em = view.canvas.type_px
    left, foot = 1.2 * em, view.canvas.height_px - 1.2 * em
    ends = [left, left + length_km * 1e3 / view.metres], [foot, foot]
    yield path(*ends, stroke=BACKGROUND, stroke_width=0.5 * em, stroke_opacity=0.85)
    yield path(*ends, stroke=TEXT, stroke_width=0.15 * em)
    yield _word(left, foot - 0.5 * em, f"{length_km} km", view)


def _north(city: CityResults, view: View) -> Iterator[str]:
    """An arrow to true north, which the map's grid leaves by some degrees, bottom right."""
    em = view.canvas.type_px
    at = np.array([view.canvas.width_px, view.canvas.height_px]) - 1.8 * em
    x, y = view.bounds[0] + view.metres * at[0], view.bounds[3] - view.metres * at[1]
    on_map = Proj(city.grid.crs)
    ahead = Geod(ellps="WGS84").fwd(*on_map(x, y, inverse=True), 0.0, 1000.0)[:2]
    up = np.array(view.pixels(*on_map(*ahead))) - at
    up /= np.hypot(*up)
    side = np.array([-up[1], up[0]])
    tip, tail = at + 1.1 * em * up, at - 0.6 * em * up
    corners = [tip, tail + 0.5 * em * side, tail + 0.45 * em * up, tail - 0.5 * em * side, tip]
    yield path(*np.transpose(corners), fill=TEXT, stroke=BACKGROUND, stroke_width=0.06 * em)
    column, row = (tip + 0.6 * em * up).tolist()
    yield _word(column, row + 0.32 * em, "N", view, text_anchor="middle")


def _mark(view: View) -> Iterator[str]:
    """The words that must be on every picture of a simulated photo."""
    em = view.canvas.type_px
    left, top, right, foot = _mark_place(view)
    frame = {"fill": BACKGROUND, "stroke": SIMULATED, "stroke_width": 0.08 * em}
    yield box(left, right, top, foot, **frame)
    style = {"fill": SIMULATED, "font_weight": "bold", "font_size": 0.9 * em, "text_anchor": "middle"}
    yield text((left + right) / 2, 2.02 * em, MARK, **style)


def _mark_place(view: View) -> Bounds:
    """Where they stand."""
    em = view.canvas.type_px
    width = (BOLD_LETTER * 0.9 * len(MARK) + 0.8) * em
    return 0.9 * em, 0.9 * em, 0.9 * em + width, 2.5 * em


def opened(file: Path) -> Image.Image:
    """A picture in red, green and blue."""
    with Image.open(file) as picture:
        return picture.convert("RGB")


def resized(picture: Image.Image, width_px: int) -> Image.Image:
    """A picture so wide, or as it is where that is less."""
    share = min(1.0, width_px / picture.width)
    size = round(picture.width * share), round(picture.height * share)
    return picture.resize(size, Image.Resampling.LANCZOS)


def without_title(picture: Image.Image, title_px: int, width_px: int, mark: str) -> Image.Image:
    """A picture without the lines of text above it, with a word in its upper left corner, which a phone
    shows as large as the page's own text."""
    small = resized(picture.crop((0, title_px, picture.width, picture.height)), width_px)
    if mark:
        size = max(12, round(MARK_SHARE * small.width))
        ImageDraw.Draw(small).text(
            (size // 2, size // 3),
            mark,
            palette.rgb(palette.SIMULATED),
            ImageFont.load_default(size),
            stroke_width=max(1, size // 8),
            stroke_fill=palette.rgb(palette.BACKGROUND),
        )
    return small


def encoded(picture: Image.Image) -> bytes:
    """As WebP."""
    target = io.BytesIO()
    picture.save(target, "WEBP", quality=WEBP_QUALITY, method=WEBP_EFFORT)
    return target.getvalue()
