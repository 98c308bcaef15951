"""The report: one HTML file with its pictures inside, to read offline on a desk or a phone."""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.deliver import maps, palette, plots
from pipeline.deliver.provenance import Fact, configuration_hash
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.deliver.truth import PositionError, planted_contrasts, position_error
from pipeline.models import City

TEMPLATES = Path(__file__).parent / "templates"
SOLVE_WIDTHS_PX = (1200, 720)
# From this number of photos on, pictures shrink so that the whole report stays below about 6 MB.
FULL_SIZE_PHOTOS = 3


@dataclass(frozen=True)
class Picture:
    """A picture as data URIs, for wide pages and for phones."""

    wide: Markup
    narrow: Markup


@dataclass(frozen=True, eq=False)
class Section:
    """What the report shows of one photo."""

    photo: PhotoResults
    light: Picture
    tone: Picture
    solve: Picture
    profile: Picture | None
    sigma_m: tuple[float, float]
    true_error: PositionError | None
    planted: dict[str, float]
    planted_everywhere: dict[str, float]


def report_html(city: CityResults, configuration: City, facts: Sequence[Fact]) -> str:
    """The whole report as HTML; every text from files or configuration is escaped."""
    sharpness = min(1.0, math.sqrt(FULL_SIZE_PHOTOS / len(city.photos)))
    sections = [section(photo, city, configuration, sharpness) for photo in city.photos]
    planted = {one.photo.name: one.planted for one in sections}
    compared = any(len(photo.contrasts) for photo in city.photos)
    return (
        _environment()
        .get_template("report.html")
        .render(
            city=city,
            configuration=configuration,
            configuration_hash=configuration_hash(configuration),
            facts=facts,
            sections=sections,
            forest=_svg(
                *(plots.forest(city.photos, planted, sheet) for sheet in (plots.DESKTOP, plots.PHONE))
            )
            if compared
            else None,
            n_simulated=sum(photo.simulated for photo in city.photos),
            has_jpeg=any(photo.facts.evidence == "jpeg" for photo in city.photos),
            palette=palette,
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        )
    )


def section(photo: PhotoResults, city: CityResults, configuration: City, sharpness: float) -> Section:
    """Draw one photo's pictures and compare with the truth where there is one."""
    canvases = [canvas.scaled(sharpness) for canvas in (maps.DESKTOP, maps.PHONE)]
    threshold = configuration.tone.min_signal_to_noise
    solve = (photo.folder / "solve.png").read_bytes()
    profile = None
    if len(photo.strips):
        profile = _svg(*(plots.profile(photo, sheet) for sheet in (plots.DESKTOP, plots.PHONE)))
    truth = photo.truth
    return Section(
        photo=photo,
        light=_webp(*(maps.light_map(photo, city, canvas) for canvas in canvases)),
        tone=_webp(*(maps.tone_map(photo, city, canvas, threshold) for canvas in canvases)),
        solve=_webp(*(maps.shrunk(solve, round(width * sharpness)) for width in SOLVE_WIDTHS_PX)),
        profile=profile,
        sigma_m=_position_sigma(photo),
        true_error=position_error(truth.camera, photo.camera) if truth else None,
        planted=planted_contrasts(truth, photo.contrasts, photo.raster("tone")) if truth else {},
        planted_everywhere=planted_contrasts(truth, photo.contrasts) if truth else {},
    )


def _position_sigma(photo: PhotoResults) -> tuple[float, float]:
    """Median and 95th percentile over the map of the position's 1-sigma uncertainty, metres."""
    with rasterio.open(photo.raster("geometry")) as source:
        shrink = max(1, max(source.shape) // 500)
        sigma = source.read(4, out_shape=(source.height // shrink, source.width // shrink))
    good = sigma[np.isfinite(sigma)]
    if not good.size:
        return float("nan"), float("nan")
    median, high = np.percentile(good, [50, 95])
    return float(median), float(high)


def _webp(wide: bytes, narrow: bytes) -> Picture:
    return Picture(_data_uri("image/webp", wide), _data_uri("image/webp", narrow))


def _svg(wide: bytes, narrow: bytes) -> Picture:
    return Picture(_data_uri("image/svg+xml", wide), _data_uri("image/svg+xml", narrow))


def _data_uri(kind: str, content: bytes) -> Markup:
    return Markup(f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"fixed": fixed, "signed": signed, "chance": chance}
    environment.tests["missing"] = missing
    return environment


def missing(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and math.isnan(value))


def fixed(value: Any, digits: int = 0) -> str:
    """A number with so many decimals and thin spaces between thousands; a dash where there is none."""
    return "–" if missing(value) else f"{float(value):,.{digits}f}".replace(",", " ").replace("-", "−")


def signed(value: Any, digits: int = 2) -> str:
    return "–" if missing(value) else ("+" if value > 0 else "") + fixed(value, digits)


def chance(value: Any) -> str:
    """A small probability in words a reader can weigh."""
    if missing(value):
        return "–"
    if value >= 0.1:
        return f"{100 * value:.0f} %"
    return (
        "below 1 in a million"
        if value < 1e-6
        else f"1 in {fixed(round(1 / value, -int(math.log10(1 / value))))}"
    )
