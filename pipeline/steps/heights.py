"""Step heights: those of a photo's ground and its city's map (`heights.tif`), where they are asked for."""

from pathlib import Path

from pipeline.archive.copernicus import CRS, MAX_TILES, SERVER, fetch_heights, tile_count
from pipeline.camera.reach import bounds_around, reach_km
from pipeline.camera.terrain import Bounds
from pipeline.errors import DownloadError
from pipeline.ground.geoid import above_ellipsoid_m, read_geoid
from pipeline.models import GridConfig, LonLat
from pipeline.steps.fetched import Raster, facts_and_prior, write_raster_or_why
from pipeline.steps.step import run_step

# Around the look-at point: some 20 tiles, 60 MB. Beyond it a wide lens has pixels of hundreds of metres, and
# the ground is taken to be at the mean height.
REACH_KM = 150.0


def fetch_ground(
    photo_facts: Path,
    geoid: Path,
    location: LonLat,
    grid: GridConfig,
    store: str,
    heights: Path,
    server: str = SERVER,
) -> None:
    """Fetch the tiles of Copernicus GLO-90 of the ground that a photo may show, within REACH_KM of where it
    looks, and of the city's map, and write heights above the ellipsoid. Tiles are kept in the photo store.

    Where that fails, write a raster that says why; the photo is then placed on the ellipsoid, with a sigma
    that holds what relief does."""
    facts, prior = facts_and_prior(photo_facts)
    aim, city = prior.look_at, bounds_around(location.lon, location.lat, grid.radius_km)
    around = _both(bounds_around(aim.lon, aim.lat, min(reach_km(prior), REACH_KM)), city)

    def fetched() -> Raster:
        count = tile_count(around)
        if count > MAX_TILES:
            raise DownloadError(
                f"the map and what the photo may show need {count} tiles, more than {MAX_TILES}; "
                "set a smaller grid.radius_km, or look_at nearer to the city"
            )
        found = fetch_heights(around, Path(store) / "copernicus", server)
        heights_m = above_ellipsoid_m(found.above_geoid_m, found.transform, read_geoid(geoid))
        return Raster(heights_m, CRS, found.transform, found.told)

    instead = "on the ellipsoid, and its sigma holds what relief does"
    write_raster_or_why(facts.id, heights, "Heights (dem: copernicus)", fetched, instead)


def _both(one: Bounds, other: Bounds) -> Bounds:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


if "snakemake" in globals():
    run_step(fetch_ground, globals()["snakemake"])
