"""A whole simulated photograph: light on the ground, a hidden camera, and what a catalogue would tell."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import MEAN_RADIUS_KM, to_ecef
from pipeline.ground.cities import Cities, gazetteer
from pipeline.models import Facts, LonLat, LookAt
from pipeline.simulate.clouds import covered, with_station_part
from pipeline.simulate.lights import METRES_PER_DEGREE, LampPoints
from pipeline.simulate.render import MARGIN_PX, Optics, developed, ground_light, imaged, noisy
from pipeline.simulate.sky import sees_sky, sky_light
from pipeline.simulate.streets import Ground, motorway_lights, street_lights
from pipeline.simulate.town import TILE_DEG, town_lights
from pipeline.simulate.unlisted import places_as_lit

SIMULATED_SENSOR_MM = 36.0  # width of a full-frame sensor
NAUTICAL_MILE_KM = 1.852  # by definition
WORLD = 1  # the layout of towns that all photos of the demo share
LIEGE, MAASTRICHT, AACHEN = (5.57, 50.64), (5.69, 50.85), (6.08, 50.78)
SHAPE = (2128, 1416)  # width and height in pixels
DRAWS = 10_000  # of a camera, until one sees all that it must
TILES = 200  # drawn at a time: of a wide frame's lamps many fall outside it
# Random streams of a seed; 0 is the view's and 3 the noise's.
CLOUDS, SKY, STATION = 5, 6, 7


@dataclass(frozen=True, eq=False)
class Frame:
    """A simulated photograph: 8-bit sRGB picture, true camera, catalogue facts, the light it shows."""

    picture: NDArray[np.uint8]
    camera: Camera
    facts: Facts
    lights: LampPoints


def simulate_frame(
    seed: int,
    year: int = 2012,
    ground: Ground | None = None,
    aim: tuple[float, float] = (5.92, 50.72),
    must_see: tuple[tuple[float, float], ...] = (LIEGE, MAASTRICHT, AACHEN),
    focal_length_mm: float = 85.0,
    off_nadir_deg: tuple[float, float] = (15.0, 35.0),
    shape: tuple[int, int] = SHAPE,
    cloud_cover: float = 0.0,
    station_part: bool = False,
    as_listed: bool = True,
) -> Frame:
    """A photograph near `aim` (lon, lat); without `ground` it shows towns only, anywhere on Earth.

    `seed` chooses camera, facts, clouds and noise; the layout of the light is WORLD's. `must_see` are places
    (lon, lat) that lie in the frame, `off_nadir_deg` the least and greatest angle between view and nadir,
    `shape` is width and height in pixels. `cloud_cover` is the share of the ground in frame under cloud; with
    `station_part` a piece of the station stands in the way. Light is laid out about the places that the
    gazetteer lists, or, unless `as_listed`, about what it does not describe too (`unlisted`). Raises
    ValueError where no camera sees them all.
    """
    camera, facts = view(seed, year, aim, must_see, focal_length_mm, off_nadir_deg, shape)
    lights = lights_seen(camera, WORLD, year, ground, as_listed)
    light = ground_light(camera, lights)
    if cloud_cover > 0:
        light = covered(camera, light, cloud_cover, np.random.default_rng([seed, CLOUDS]))
    if sees_sky(camera):
        light += sky_light(camera, np.random.default_rng([seed, SKY]))
    if station_part:
        light = with_station_part(light, np.random.default_rng([seed, STATION]))
    optics = Optics()
    return Frame(developed(noisy(imaged(camera, light, optics), seed, optics)), camera, facts, lights)


def lights_seen(
    camera: Camera, world: int, year: int, ground: Ground | None, as_listed: bool = True
) -> LampPoints:
    """All light in the frame or its margin. With `ground`, real streets where known."""
    cities = gazetteer() if ground is None else ground.cities
    if not as_listed:
        cities = places_as_lit(cities, world)
    tiles = tiles_seen(camera, cities)
    parts = [
        _in_frame(camera, _towns(world, year, tiles[start : start + TILES], cities, ground))
        for start in range(0, len(tiles), TILES)
    ]
    if ground is not None:
        parts.append(_in_frame(camera, street_lights(world, year, ground.streets)))
        parts.append(_in_frame(camera, motorway_lights(world, year, ground.motorways, ground.countries)))
    return LampPoints.joined(parts)


def _in_frame(camera: Camera, lights: LampPoints) -> LampPoints:
    return lights[camera.inside(*camera.project(lights.lon, lights.lat), MARGIN_PX)]


def _towns(
    world: int, year: int, tiles: NDArray[np.intp], cities: Cities, ground: Ground | None
) -> LampPoints:
    """Town light of some tiles. With `ground`, without what strays over a border or lies where streets
    are known."""
    towns = town_lights(world, year, tiles, cities)
    if ground is None:
        return towns
    country = ground.countries.at(towns.lon, towns.lat)
    home = np.where(np.isin(towns.country, ground.countries.code), towns.country, "")
    towns = LampPoints(towns.lon, towns.lat, towns.rgb, country)
    return towns[(country == home) & ~((country == "BE") & ground.covered(towns.lon, towns.lat))]


def view(
    seed: int,
    year: int,
    aim: tuple[float, float],
    must_see: tuple[tuple[float, float], ...],
    focal_length_mm: float,
    off_nadir_deg: tuple[float, float],
    shape: tuple[int, int],
) -> tuple[Camera, Facts]:
    """A camera aimed near a place so that all of `must_see` is in the frame, and its catalogue facts."""
    rng = np.random.default_rng([seed, 0])
    wander_deg = 0.15 * 85 / focal_length_mm
    for _ in range(DRAWS):
        lon = aim[0] + rng.normal(0, wander_deg / np.cos(np.radians(aim[1])))
        lat = aim[1] + rng.normal(0, wander_deg)
        camera = _camera(rng, lon, lat, focal_length_mm, rng.uniform(*off_nadir_deg), shape)
        if all(camera.inside(*camera.project(*place), -0.03 * camera.width) for place in must_see):
            return camera, _facts(rng, year, camera, (lon, lat), focal_length_mm)
    raise ValueError(f"no camera of {focal_length_mm:g} mm aimed at {aim} sees all of {must_see}")


def tiles_seen(camera: Camera, cities: Cities) -> NDArray[np.intp]:
    """Tiles (column, row) of the layout that reach into the frame or its margin."""
    x, y = np.meshgrid(np.linspace(0, 1, 60), np.linspace(0, 1, 40))
    lon, lat = camera.to_ground(
        x * (camera.width + 2 * MARGIN_PX) - MARGIN_PX, y * (camera.height + 2 * MARGIN_PX) - MARGIN_PX
    )
    # The lattice is too coarse near the horizon; there every town counts its own tile.
    seen = cities.seen_by(camera, MARGIN_PX)
    lon, lat = np.append(lon, seen.lon), np.append(lat, seen.lat)
    tiles = np.floor(np.stack([lon, lat], axis=-1) / TILE_DEG)
    return np.unique(tiles[np.isfinite(tiles).all(axis=1)].astype(np.intp), axis=0)


def _camera(
    rng: np.random.Generator,
    lon: float,
    lat: float,
    focal_mm: float,
    off_nadir: float,
    shape: tuple[int, int],
) -> Camera:
    """A station that sees (lon, lat) at an angle `off_nadir` (degrees) from any side, with any roll."""
    altitude_km = rng.uniform(400, 415)
    tilt = np.radians(off_nadir)
    zenith = np.arcsin((1 + altitude_km / MEAN_RADIUS_KM) * np.sin(tilt))
    away_deg = np.degrees(zenith - tilt)
    azimuth = rng.uniform(0, 2 * np.pi)
    nadir_lat = lat + away_deg * np.cos(azimuth)
    nadir_lon = lon + away_deg * np.sin(azimuth) / np.cos(np.radians(lat))
    width, height = shape
    position = to_ecef(nadir_lon, nadir_lat, altitude_km * 1e3)
    shift = rng.normal(0, 0.0015 * width, 2)
    return Camera(
        position_ecef_m=position,
        rotation_ecef_to_camera=look_at_rotation(position, to_ecef(lon, lat), rng.uniform(-180, 180)),
        focal_px=focal_mm / SIMULATED_SENSOR_MM * width * (1 + rng.uniform(-0.01, 0.01)),
        principal_point_px=((width - 1) / 2 + shift[0], (height - 1) / 2 + shift[1]),
        width=width,
        height=height,
        k1=rng.uniform(-0.02, 0.04),
    )


def _facts(
    rng: np.random.Generator, year: int, camera: Camera, aim: tuple[float, float], focal_mm: float
) -> Facts:
    """What a catalogue would tell: rounded, the lens as engraved, and the centre up to 40 km wrong."""
    lon, lat, altitude_km = camera.nadir()
    off_km, bearing = 40 * np.sqrt(rng.random()), 2 * np.pi * rng.random()
    km_per_deg = METRES_PER_DEGREE / 1e3
    evening = datetime(year, 2, 1, 20, 30, tzinfo=UTC)
    look_at = LookAt(
        lon=round(aim[0] + off_km * np.sin(bearing) / km_per_deg / np.cos(np.radians(aim[1])), 2),
        lat=round(aim[1] + off_km * np.cos(bearing) / km_per_deg, 2),
        radius_km=80.0,
    )
    return Facts(
        taken_at=evening + timedelta(days=int(rng.integers(0, 28)), seconds=int(rng.integers(0, 7200))),
        nadir=LonLat(lon=round(lon, 1), lat=round(lat, 1)),
        altitude_km=round(round(altitude_km / NAUTICAL_MILE_KM) * NAUTICAL_MILE_KM, 1),
        camera="NIKON D3S",
        focal_length_mm=focal_mm,
        sensor_width_mm=SIMULATED_SENSOR_MM,
        aperture=1.4,
        exposure_s=1 / 60,
        iso=6400,
        look_at=look_at,
    )
