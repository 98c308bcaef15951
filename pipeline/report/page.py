"""The report: one HTML file with its pictures inside, to read offline on a desk or a phone."""

import base64
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.borders.quantities import ALL_LIGHT
from pipeline.deliver import palette
from pipeline.deliver.contrasts import in_order, of_quantity
from pipeline.deliver.provenance import Fact, configuration_hash
from pipeline.deliver.results import CityResults, PhotoResults, Truth
from pipeline.deliver.truth import (
    PlantedRoad,
    PositionError,
    lights_near,
    planted_contrasts,
    planted_roads,
    position_error,
    read_has_tone,
)
from pipeline.ground.country_table import adjective, country_title
from pipeline.models import City
from pipeline.report import border_charts as plots
from pipeline.report import contrast_charts, maps
from pipeline.report.answers import rows_of, without_source
from pipeline.report.border_answers import greener_questions
from pipeline.report.chart_style import SHEETS, Sheet, day
from pipeline.report.contrast_answers import HEADINGS
from pipeline.report.motorway_answers import crossings, motorway_questions, of_motorway, unmeasured
from pipeline.report.motorway_chart import motorway
from pipeline.report.number_format import chance, factor, factors, fixed, missing, signed, span
from pipeline.report.tone_section import ToneFacts, tone_facts

TEMPLATES = Path(__file__).parent / "templates"
SOLVE_WIDTHS_PX = (1200, 720)
# What may not stand as it is in the address of a picture; a space would end it in a `srcset`.
ESCAPED = str.maketrans({letter: f"%{ord(letter):02X}" for letter in ' "#%&<>'})
# From this number of photos on, pictures shrink so that the whole report stays below about 6 MB.
FULL_SIZE_PHOTOS = 3
NO_EVENTS = "Nothing is known of lights that were switched, dimmed or replaced here at this date and hour."
NO_PAIR = "No two photos of this city were compared."
NO_BORDER = "No border was compared."
NO_ROAD = "No motorway was measured."


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
    along: Picture | None
    colours: ToneFacts
    no_events: str
    true_error: PositionError | None
    planted: dict[str, float]
    planted_everywhere: dict[str, float]
    planted_roads: list[PlantedRoad]


def report_html(city: CityResults, configuration: City, facts: Sequence[Fact]) -> str:
    """The whole report as HTML; every text from files or configuration is escaped."""
    sharpness = min(1.0, math.sqrt(FULL_SIZE_PHOTOS / (len(city.photos) + len(city.refused))))
    sections = [photo_section(photo, city, configuration, sharpness) for photo in city.photos]
    photos = {photo.name: photo for photo in city.photos}
    planted = {section.photo.name: section.planted for section in sections}
    roads = motorway_questions(city)
    compared = any(len(photo.contrasts) for photo in city.photos)
    return (
        environment()
        .get_template("report.html")
        .render(
            city=city,
            photos=photos,
            configuration=configuration,
            configuration_hash=configuration_hash(configuration),
            facts=facts,
            sections=sections,
            forest=svg_picture(partial(contrast_charts.forest, city, planted)) if compared else None,
            by_range=svg_picture(partial(contrast_charts.by_range, city))
            if contrast_charts.has_ranges(city)
            else None,
            greener=greener_questions(city),
            borderless=_notes(city, "borders") or ([] if compared else [(NO_BORDER, [])]),
            uncontrolled=_notes(city, "regions"),
            motorways=roads,
            road_charts=_road_charts(city),
            unmeasured=unmeasured(city) or ([] if roads else [(NO_ROAD, [])]),
            unchanged=_notes(city, "change") or [(NO_PAIR, [])],
            refused=[(photo, _solve(photo.picture, sharpness)) for photo in city.refused],
            n_simulated=sum(photo.simulated for photo in city.photos),
            has_jpeg=any(photo.facts.evidence == "jpeg" for photo in city.photos),
            palette=palette,
            adjective=adjective,
            country_title=country_title,
            without_source=without_source,
            rows_of=rows_of,
            in_order=in_order,
            of_quantity=of_quantity,
            all_light=ALL_LIGHT,
            of_what=HEADINGS,
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        )
    )


def photo_section(photo: PhotoResults, city: CityResults, configuration: City, sharpness: float) -> Section:
    """Draw one photo's pictures and compare with the truth where there is one."""
    canvases = [canvas.scaled(sharpness) for canvas in (maps.DESKTOP_CANVAS, maps.PHONE_CANVAS)]
    threshold = configuration.tone.min_signal_to_noise
    of_canvases = [maps.photo_maps(photo, city, canvas, threshold) for canvas in canvases]
    light, tone = (Picture(*map(svg_uri, of_kind)) for of_kind in zip(*of_canvases, strict=True))
    truth = photo.truth
    all_light = of_quantity(photo.contrasts, ALL_LIGHT)
    near = lights_near(truth, all_light) if truth else {}
    return Section(
        photo=photo,
        light=light,
        tone=tone,
        solve=_solve(photo.folder / "solve.png", sharpness),
        profile=svg_picture(partial(plots.profile, photo)) if len(photo.profiles) else None,
        along=svg_picture(partial(plots.along, photo))
        if len(plots.of_measured_borders(photo.segments))
        else None,
        colours=tone_facts(photo),
        no_events=" ".join(_of_subject(photo, "events")) or NO_EVENTS,
        true_error=position_error(truth.camera, photo.camera) if truth else None,
        planted=_planted_where_measured(truth, near, photo) if truth else {},
        planted_everywhere=planted_contrasts(near, all_light) if truth else {},
        planted_roads=planted_roads(truth, photo.motorway_ends) if truth and truth.motorways_lit_in else [],
    )


def _planted_where_measured(
    truth: Truth, near: dict[str, pd.DataFrame], photo: PhotoResults
) -> dict[str, float]:
    """By pair, the planted contrast of all lights `near` the border that lie where the photo has a tone."""
    all_light = of_quantity(photo.contrasts, ALL_LIGHT)
    return planted_contrasts(near, all_light, read_has_tone(photo.raster("tone"), truth.lights))


def _solve(png: Path, sharpness: float) -> Picture:
    """The picture that shows where cities were found, for both widths."""
    return Picture(*map(webp_uri, maps.resized(png, [round(width * sharpness) for width in SOLVE_WIDTHS_PX])))


def _road_charts(city: CityResults) -> dict[tuple[str, tuple[str, str]], Picture]:
    """The chart of each motorway at a border, by photo, motorway and pair."""
    return {
        (photo.name, (end.ref, end.pair)): svg_picture(partial(motorway, photo, end, city.borders.geometry))
        for photo in city.photos
        for end in rows_of(crossings(photo))
        if len(of_motorway(photo.motorway_stations, end.ref, end.pair))
    }


def _notes(city: CityResults, subject: str) -> list[tuple[str, list[PhotoResults]]]:
    """Why nothing can be said of a subject, and in which photos."""
    said: dict[str, list[PhotoResults]] = {}
    for photo in city.photos:
        for sentence in _of_subject(photo, subject):
            said.setdefault(sentence, []).append(photo)
    return list(said.items())


def _of_subject(photo: PhotoResults, subject: str) -> list[str]:
    return list(photo.notes["statement"][photo.notes["subject"] == subject])


def svg_picture(draw: Callable[[Sheet], str]) -> Picture:
    """A chart, drawn for both widths."""
    return Picture(*(svg_uri(draw(sheet)) for sheet in SHEETS))


def svg_uri(content: str) -> Markup:
    """An SVG file as the address of a picture; escaped, as its text is shorter than in base64."""
    return Markup(f"data:image/svg+xml,{content.translate(ESCAPED)}")


def webp_uri(content: bytes) -> Markup:
    """A WebP file as the address of a picture."""
    return Markup(f"data:image/webp;base64,{base64.b64encode(content).decode('ascii')}")


def environment() -> Environment:
    """Templates, and the filters that write numbers in them; whatever they show is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        function.__name__: function for function in (fixed, signed, span, factor, factors, chance, day)
    }
    environment.tests["missing"] = missing
    return environment
