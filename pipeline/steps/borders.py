"""Step borders: light and tone across borders, along motorways and between dates (`borders.gpkg`)."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np

from pipeline.borders.dates import compare_dates
from pipeline.borders.pooled_photos import one_of_each
from pipeline.borders.pooling import each_photo, pool
from pipeline.borders.schema import COLUMNS, OF_REGIONS, joined
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.squares_file import read_light_squares
from pipeline.borders.tables import compare, events_of, notes
from pipeline.files import atomic_write
from pipeline.ground.cities import Cities, read_cities
from pipeline.ground.countries import Countries, read_countries
from pipeline.ground.events import LightingEvent, read_events
from pipeline.ground.regions import internal, read_regions
from pipeline.ground.roads import Motorways, read_motorways
from pipeline.models import BordersConfig
from pipeline.motorways.compare import compare_motorways
from pipeline.motorways.pooled_crossings import pool_crossings
from pipeline.motorways.settings import MOTORWAY_SETTINGS
from pipeline.raster.workers import HERE, Workers
from pipeline.steps.layers import write_layer
from pipeline.steps.photos import OnePhoto, Pair, pairs, read_photos
from pipeline.steps.step import run_step

ALONE = "One photo of the city is on the map: no change between dates can be given."
UNKNOWN_TIME = "When the photo was taken is not known: no lighting policy can be looked up."
NO_INTERNAL = "No border between regions crosses the frame."

Tables = dict[str, gpd.GeoDataFrame]
Call = Callable[[], Iterator[Tables]]


@dataclass(frozen=True, eq=False)
class BorderMaps:
    """The maps that light is compared on, in AREA_CRS; `problems` are sentences, by subject, on what of the
    files could not be used."""

    countries: Countries
    cities: Cities
    motorways: Motorways
    regions: gpd.GeoDataFrame | None
    internal: Countries | None
    events: list[LightingEvent]
    problems: dict[str, tuple[str, ...]]

    @classmethod
    def read(
        cls, codes: list[str], cities: Path, motorways: Path, regions: list[Path], events: Path
    ) -> "BorderMaps":
        """Read the maps of some countries (by code); `regions` is no file or one."""
        countries, roads = read_countries(AREA_CRS, codes), read_motorways(AREA_CRS, motorways)
        problems = {"motorways": roads.problems}
        areas, within = None, None
        for file in regions:
            areas, problems["regions"] = read_regions(AREA_CRS, file)
        if areas is not None:
            within, more = internal(areas, countries)
            problems["regions"] += more
        return cls(countries, read_cities(cities), roads, areas, within, read_events(events), problems)


def compare_borders(
    tones: list[Path],
    lights: list[Path],
    photo_facts: list[Path],
    cameras: list[Path],
    squares: list[Path],
    cities: Path,
    motorways: Path,
    regions: list[Path],
    events: Path,
    countries: list[str],
    options: BordersConfig,
    borders: Path,
    workers: Workers = HERE,
) -> None:
    """Compare both sides of each border in every photo of a city, and the photos with each other; the lists
    of `tones` to `squares` run over the photos. Every layer is in the file, even one without rows."""
    maps = BorderMaps.read(countries, cities, motorways, regions, events)
    photos = read_photos(photo_facts, cameras, lights, tones)
    by_cells: list[Call] = [partial(_of_motorways, photo, maps) for photo in photos]
    by_cells += [partial(_of_photo, photo, maps, options) for photo in photos]
    by_cells += [partial(_of_pair, pair, maps, options) for pair in pairs(photos)]
    by_towns: list[Call] = [partial(_of_towns, squares, countries, maps, options)]
    # Towns take as long as all that looks at cells, and no memory: two threads without helpers take less time
    # than one with a helper. The cells of one photo, or pair, are in memory at a time.
    with replace(workers, threads=1).at_work(), ThreadPoolExecutor(workers.threads) as pool:
        tables = [layers for found in pool.map(_each, (by_cells, by_towns)) for layers in found]
    tables.append({"motorway_crossings": _of_crossings(tables, photos, maps)})
    if len(photos) == 1:
        tables.append({"notes": notes(photos[0].scene, "change", [ALONE])})
    with atomic_write(borders) as unfinished:
        for name in COLUMNS:
            table = joined([layers[name] for layers in tables if name in layers], name)
            write_layer(unfinished, name, table)


def _each(calls: Iterable[Call]) -> list[Tables]:
    return [layers for call in calls for layers in call()]


def _of_photo(photo: OnePhoto, maps: BorderMaps, options: BordersConfig) -> Iterator[Tables]:
    """What one photo shows at borders, and at those of regions as control."""
    scene = photo.scene
    national = compare(scene, photo.strips(), maps.countries, options, maps.cities)
    yield national
    yield {"events": events_of(scene, national["zones"], national["towns"], maps.events)}
    if scene.facts.taken_at is None:
        yield {"notes": notes(scene, "events", [UNKNOWN_TIME])}
    if maps.internal is not None and len(maps.internal.borders):
        regional = compare(scene, photo.strips(), maps.internal, options)
        yield {name: regional[name.removeprefix("regional_")] for name in OF_REGIONS}
        if regional["contrasts"].empty:
            yield {"notes": notes(scene, "regions", [NO_INTERNAL])}
    for subject, sentences in maps.problems.items():
        yield {"notes": notes(scene, subject, sentences)}


def _of_motorways(photo: OnePhoto, maps: BorderMaps) -> Iterator[Tables]:
    """What one photo shows along motorways."""
    yield compare_motorways(photo.scene, photo.road_strips(), maps.countries, maps.motorways, maps.regions)


def _of_towns(
    squares: list[Path], codes: list[str], maps: BorderMaps, options: BordersConfig
) -> Iterator[Tables]:
    """How typical towns differ across borders, in each photo and in all of them together."""
    photos = [read_light_squares(file) for file in squares]
    photos = one_of_each(photo.chosen(np.isin(photo.country, codes)) for photo in photos)
    yield each_photo(photos, maps.countries, maps.cities, options)
    if len(photos) > 1:
        yield pool(photos, maps.countries, maps.cities, options)


def _of_crossings(tables: list[Tables], photos: list[OnePhoto], maps: BorderMaps) -> gpd.GeoDataFrame:
    """Each motorway at a border in all photos together."""
    ends = joined([each["motorway_ends"] for each in tables if "motorway_ends" in each], "motorway_ends")
    return pool_crossings(ends, photos[0].scene.grid.resolution_m, maps.events, MOTORWAY_SETTINGS)


def _of_pair(pair: Pair, maps: BorderMaps, options: BordersConfig) -> Iterator[Tables]:
    """What changed from one photo to another."""
    yield compare_dates(pair.before.scene, pair.after.scene, pair.strips(), maps.countries, options)


if "snakemake" in globals():
    run_step(compare_borders, globals()["snakemake"])
