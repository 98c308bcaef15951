"""The report: one HTML file with its pictures inside, to read offline on a desk or a phone."""

import math
from collections.abc import Sequence
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
from pipeline.ground.country_table import adjective, country_name, country_title
from pipeline.models import City
from pipeline.report import border_charts as plots
from pipeline.report import cards, contrast_charts, explorer, links, maps, pictures
from pipeline.report.answers import of_pair, rows_of, without_source
from pipeline.report.chart_style import CARD_SHEETS, MARK, day
from pipeline.report.city_answers import CityAnswers, notes_on, of_subject
from pipeline.report.contrast_answers import HEADINGS, caution
from pipeline.report.factor_forest import city_rows, factor_forest
from pipeline.report.first_screen import VIEW_KM, Focus, focus, trend_in_words
from pipeline.report.motorway_answers import crossings, of_motorway, unmeasured
from pipeline.report.motorway_chart import motorway
from pipeline.report.number_format import chance, factor, factors, fixed, listed, missing, signed, span
from pipeline.report.pictures import Picture
from pipeline.report.tone_section import ToneFacts, tone_facts

TEMPLATES = Path(__file__).parent / "templates"
SOLVE_WIDTHS_PX = (1200, 720)
# From this number of photos on, pictures shrink so that the whole report stays below about 6 MB.
FULL_SIZE_PHOTOS = 3
NO_EVENTS = "Nothing is known of lights that were switched, dimmed or replaced here at this date and hour."
CHANGES_OF_JPEG = (
    "Two camera pictures have different exposures and colours, so their light and tone cannot be compared as "
    "they are. The difference across a border can, because both sides are in one picture."
)
CHANGES_OF_RAW = "Raw light of one camera, or of two brought to one scale, can be compared as it is."
MAX_CARDS = 4  # unfolded, so that the page stays short
MOST_DAYS = 4  # photos that are named by their dates


@dataclass(frozen=True)
class FirstPicture:
    """The picture of the first screen, what it shows, and the photo it is of."""

    picture: Picture
    alt: str
    photo: str


@dataclass(frozen=True, eq=False)
class Section:
    """What the report shows of one photo."""

    photo: PhotoResults
    light: Picture
    tone: Picture
    solve: Picture
    placed: str
    archive: str
    files: list[tuple[str, str]]
    profile: Picture | None
    along: Picture | None
    colours: ToneFacts
    no_events: str
    true_error: PositionError | None
    planted: dict[str, float]
    planted_everywhere: dict[str, float]
    planted_roads: list[PlantedRoad]


def report_html(city: CityResults, configuration: City, facts: Sequence[Fact], answers: CityAnswers) -> str:
    """The whole report as HTML; every text from files or configuration is escaped."""
    sharpness = min(1.0, math.sqrt(FULL_SIZE_PHOTOS / (len(city.photos) + len(city.refused))))
    sections = [photo_section(photo, city, configuration, sharpness) for photo in city.photos]
    planted = {section.photo.name: section.planted for section in sections}
    road_charts = _road_charts(city)
    compared = any(len(photo.contrasts) for photo in city.photos)
    at = focus(city, configuration, answers.best)
    scripts = [Markup(explorer.leaflet_file("leaflet.js")), *map(own_script, ("explorer.js", "downloads.js"))]
    return (
        environment()
        .get_template("report.html")
        .render(
            city=city,
            photos={photo.name: photo for photo in city.photos},
            configuration=configuration,
            configuration_hash=configuration_hash(configuration),
            facts=facts,
            sections=sections,
            asks=answers.asks,
            first=_first_picture(city, at),
            photo_days=listed([day(photo) for photo in city.photos])
            if len(city.photos) <= MOST_DAYS
            else f"{len(city.photos)} photos",
            map_data=explorer.explorer_data(city, configuration, at),
            policy=explorer.policy(*scripts),
            scripts=scripts,
            tone_ramp=explorer.tone_ramp(),
            towns_forest=_headline_chart(city),
            forest=pictures.svg_picture(partial(contrast_charts.forest, city, planted)) if compared else None,
            by_range=pictures.svg_picture(partial(contrast_charts.by_range, city))
            if contrast_charts.has_ranges(city)
            else None,
            greener=answers.greener,
            border_cards=cards.border_cards(city, answers.greener, answers.best, at.pair),
            borderless=answers.borderless,
            uncontrolled=notes_on(city, "regions"),
            road_cards=cards.road_cards(city, answers.roads, road_charts),
            max_cards=MAX_CARDS,
            road_charts=road_charts,
            unmeasured=unmeasured(city),
            trends=_trends(city),
            changes_note=_changes_note(city),
            refused=[
                (photo, _solve(photo.picture, sharpness, "REFUSED") if photo.picture else None)
                for photo in city.refused
            ],
            n_simulated=sum(photo.simulated for photo in city.photos),
            left_out="refused" if all(photo.fetched for photo in city.refused) else "left out",
            caution=caution(photo.evidence for photo in city.photos),
            has_jpeg=any(photo.evidence == "jpeg" for photo in city.photos),
            files=links.city_files(city),
            tables=links.tables(city),
            palette=palette,
            adjective=adjective,
            country_title=country_title,
            without_source=without_source,
            rows_of=rows_of,
            in_order=in_order,
            of_quantity=of_quantity,
            all_light=ALL_LIGHT,
            of_what=HEADINGS,
            style=Markup(explorer.leaflet_file("leaflet.css")) + style_sheet(),
        )
    )


def style_sheet(*more: str) -> Markup:
    """The style of all pages, and what one has `more`."""
    return Markup("\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", *more)))


def own_script(name: str) -> Markup:
    """A script of the templates."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def _first_picture(city: CityResults, at: Focus) -> FirstPicture:
    """What stands in the map's place before and without scripts."""
    picture = Picture(
        *(
            pictures.svg_uri(maps.light_map(at.photo, city, maps.view_at(at.x, at.y, 1e3 * VIEW_KM, canvas)))
            for canvas in (maps.DESKTOP_CANVAS, maps.PHONE_CANVAS)
        )
    )
    where = f"the border {'–'.join(map(country_title, at.pair.split('-')))}" if at.pair else city.title
    return FirstPicture(picture, f"Light at night around {where}, {at.photo.date}", at.photo.name)


def _headline_chart(city: CityResults) -> Picture | None:
    """The chart of all borders, where any was compared."""
    rows = city_rows(city)
    draw = partial(factor_forest, rows, city.simulated)
    return pictures.svg_picture(draw) if rows else None


def _trends(city: CityResults) -> list[tuple[str, str]]:
    """How the contrast of each border changed in all photos together: the border, and a sentence."""
    by_years = city.pooled.contrasts_by_years
    trends = []
    for row in rows_of(city.pooled.contrast_trends):
        word, _, said = trend_in_words(row, of_pair(by_years, row.pair))
        trends.append((f"{country_title(row.first)} and {country_name(row.second)}", f"{word}. {said}"))
    return trends


def _changes_note(city: CityResults) -> str:
    """What may be compared between two pictures."""
    kinds = {str(kind) for pair in city.pairs for kind in pair.changes["tone_kind"].dropna()}
    return CHANGES_OF_JPEG if "relative" in kinds or not kinds else CHANGES_OF_RAW


def photo_section(photo: PhotoResults, city: CityResults, configuration: City, sharpness: float) -> Section:
    """Draw one photo's pictures and compare with the truth where there is one."""
    threshold = configuration.tone.min_signal_to_noise
    canvas = maps.PHOTO_CANVAS.scaled(sharpness)
    light, tone = (Picture(pictures.svg_uri(svg)) for svg in maps.photo_maps(photo, city, canvas, threshold))
    truth = photo.truth
    all_light = of_quantity(photo.contrasts, ALL_LIGHT)
    near = lights_near(truth, all_light) if truth else {}
    return Section(
        photo=photo,
        light=light,
        tone=tone,
        solve=_solve(photo.folder / "solve.png", sharpness, "SIMULATED" if photo.simulated else ""),
        placed=_placed(photo),
        archive=links.archive_page(photo),
        files=links.photo_files(photo),
        profile=pictures.svg_picture(partial(plots.profile, photo)) if len(photo.profiles) else None,
        along=pictures.svg_picture(partial(plots.along, photo))
        if len(plots.of_measured_borders(photo.segments))
        else None,
        colours=tone_facts(photo),
        no_events=" ".join(of_subject(photo, "events")) or NO_EVENTS,
        true_error=position_error(truth.camera, photo.camera) if truth else None,
        planted=_planted_where_measured(truth, near, photo) if truth else {},
        planted_everywhere=planted_contrasts(near, all_light) if truth else {},
        planted_roads=planted_roads(truth, photo.motorway_ends) if truth and truth.motorways_lit_in else [],
    )


def _placed(photo: PhotoResults) -> str:
    """How well a photo is placed: the solution's own figure, in metres and in pixels of the photo."""
    sigma_m, rmse = photo.position_sigma_m[0], photo.solution
    if math.isnan(sigma_m):
        return ""
    px = "" if not rmse["rmse_m"] else f", {fixed(sigma_m * rmse['rmse_px'] / rmse['rmse_m'], 2)} pixels"
    return f"Each light is placed to about {fixed(sigma_m)} m (1 sigma{px})."


def _planted_where_measured(
    truth: Truth, near: dict[str, pd.DataFrame], photo: PhotoResults
) -> dict[str, float]:
    """By pair, the planted contrast of all lights `near` the border that lie where the photo has a tone."""
    all_light = of_quantity(photo.contrasts, ALL_LIGHT)
    return planted_contrasts(near, all_light, read_has_tone(photo.raster("tone"), truth.lights))


def _solve(png: Path, sharpness: float, mark: str) -> Picture:
    """The picture that shows where cities were found, for both widths; the lines of text above it, which a
    phone shows too small, are in the caption too."""
    wide_px, narrow_px = (round(width * sharpness) for width in SOLVE_WIDTHS_PX)
    whole = maps.opened(png)
    narrow = maps.without_title(whole, pictures.SOLVE_TITLE_PX, narrow_px, mark)
    return Picture(
        *(pictures.webp_uri(maps.encoded(each)) for each in (maps.resized(whole, wide_px), narrow))
    )


def _road_charts(city: CityResults) -> dict[tuple[str, tuple[str, ...]], Picture]:
    """The chart of each motorway at a border, by photo, motorway and pair."""
    return {
        (photo.name, (end.ref, end.pair)): pictures.svg_picture(
            partial(motorway, photo, end, city.borders.geometry), CARD_SHEETS
        )
        for photo in city.photos
        for end in rows_of(crossings(photo))
        if len(of_motorway(photo.motorway_stations, end.ref, end.pair))
    }


def environment() -> Environment:
    """Templates, filters that write numbers in them, and the mark of what is simulated; whatever they show is
    escaped."""
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
    environment.globals["MARK"] = MARK
    return environment
