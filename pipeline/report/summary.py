"""A city or a region in a few lines: its answers, its photos, where they look, and a small picture. What the
page of all results is made of, without a raster or a table read again."""

from collections.abc import Sequence
from typing import Any, Literal

import geopandas as gpd
import rasterio
from PIL import Image
from rasterio.enums import Resampling

from pipeline.deliver.region import RegionResults
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.models import Model
from pipeline.raster.read import band_numbers
from pipeline.report import maps
from pipeline.report.answers import Lean, last_real, rows_of
from pipeline.report.contrast_answers import caution
from pipeline.report.first_screen import Ask
from pipeline.report.pictures import webp_uri

THUMBNAIL_PX = (320, 200)
# Of the outline of a photo on the map of all results, metres: less than a pixel there.
OUTLINE_M = 2000.0

Place = tuple[float, float]  # degrees, east and north


class Said(Model):
    """A question, the word and the sentence that answer it, and whether it stands on simulated photos."""

    question: str
    word: str
    lean: Lean
    sentence: str
    simulated: bool


class Shown(Model):
    """A photo: when it was taken, in words, whether it is on the map, and how well or why not."""

    photo: str
    date: str
    state: Literal["placed", "refused", "not fetched"]
    about: str


class Summary(Model):
    """What is said of a city or a region on the page of all results. `outlines`: frames of the photos, each a
    ring of places; `thumbnail`: the address of a picture, nothing without one; `caution`: what must be known
    of the factors that are said."""

    name: str
    title: str
    kind: Literal["city", "region"]
    simulated: bool
    said: list[Said]
    photos: list[Shown]
    outlines: list[list[Place]]
    thumbnail: str = ""
    caution: str = ""


def city_summary(city: CityResults, answers: Sequence[Ask]) -> Summary:
    """Of a city, with the answers of its first screen."""
    frames = [photo.footprint for photo in city.photos]
    return Summary(
        name=city.name,
        title=city.title,
        kind="city",
        simulated=city.simulated,
        said=list(map(_said, answers)),
        caution=caution(photo.evidence for photo in city.photos),
        photos=[
            *(_placed(photo) for photo in city.photos),
            *(absent(photo.name, photo.statement, photo.fetched) for photo in city.refused),
        ],
        outlines=[ring for frame in frames for ring in outlines(frame)],
        thumbnail=_thumbnail(last_real(city.photos)) if city.photos else "",
    )


def region_summary(region: RegionResults, answers: Sequence[Ask]) -> Summary:
    """Of a region, with the answers of its page."""
    return Summary(
        name=region.name,
        title=region.title,
        kind="region",
        simulated=region.simulated,
        said=list(map(_said, answers)),
        caution=caution(region.photos["evidence"]),
        photos=[
            Shown(photo=str(row.photo), date=str(row.taken_at or "")[:10], state="placed", about="pooled")
            for row in rows_of(region.photos)
        ],
        outlines=outlines(region.photos),
    )


def _said(ask: Ask) -> Said:
    return Said(
        question=ask.heading,
        word=ask.word,
        lean=ask.lean,
        sentence=ask.sentence,
        simulated=ask.simulated,
    )


def absent(photo: str, reason: str, fetched: bool) -> Shown:
    """A photo that is not on the map: refused, or not even fetched."""
    return Shown(photo=photo, date="", state="refused" if fetched else "not fetched", about=reason)


def outlines(frames: gpd.GeoDataFrame) -> list[list[Place]]:
    """The outer rings of frames, in degrees, as coarse as a small map shows them."""
    shapes = frames.geometry.dropna().simplify(OUTLINE_M).to_crs(4326).explode()
    return [[(round(x, 3), round(y, 3)) for x, y in shape.exterior.coords] for shape in shapes]


def _placed(photo: PhotoResults) -> Shown:
    sigma_m = photo.position_sigma_m[0]
    about = f"placed to {sigma_m:.0f} m (1 sigma, median)" if sigma_m == sigma_m else "placed"
    return Shown(photo=photo.name, date=photo.date, state="placed", about=about)


def _thumbnail(photo: PhotoResults) -> str:
    """The photo's light on the map, small."""
    with rasterio.open(photo.raster("ortho")) as source:
        shrink = max(source.width / THUMBNAIL_PX[0], source.height / THUMBNAIL_PX[1], 1.0)
        shape = round(source.height / shrink), round(source.width / shrink)
        bands = band_numbers(source, maps.COLOURS)
        light: Any = source.read(bands, out_shape=(len(bands), *shape), resampling=Resampling.average)
    return webp_uri(maps.encoded(Image.fromarray(maps.light_colours(light))))
