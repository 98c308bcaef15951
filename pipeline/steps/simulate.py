"""Step simulate: a night photograph of the Liège region with known truth, labelled as simulated everywhere.

Writes the picture, its catalogue facts and the motorways of its world, which later steps read, and the truth,
which only tests and the report's comparison with it read.
"""

from pathlib import Path

import geopandas as gpd
import pyogrio
import shapely
import yaml
from PIL import Image

from pipeline.files import atomic_write, write_json
from pipeline.ground.cities import Cities, read_cities
from pipeline.models import PhotoSource
from pipeline.simulate.lights import CountryMap, LampPoints
from pipeline.simulate.scene import Frame, simulate_frame
from pipeline.simulate.streets import MOTORWAYS_LIT_IN, Ground
from pipeline.steps.step import run_step

LABEL = "SIMULATED, not a photograph"
CELL_M = 50.0  # the truth sums lamps over map cells of this size
# How far (m, a 95 % bound) lamps stand from their line on the map: they are set along straight lines between
# longitudes and latitudes, which on the map bend by 2.4 m at the 95th percentile, by 5.2 m at most.
LAMP_OFFSET_M = 5.0
LAMPS_STAND = "the lines along which the lamps of a simulated scene stand"
IMAGE_DESCRIPTION_TAG, SOFTWARE_TAG = 270, 305  # EXIF tags


def simulate(
    source: PhotoSource,
    streets: Path,
    motorways: Path,
    countries: Path,
    cities: Path,
    picture: Path,
    facts: Path,
    truth: Path,
    lights: Path,
    known_motorways: Path,
) -> None:
    """Simulate the photograph that `source` asks for from the streets, motorways and countries in `data/` and
    the gazetteer's `cities`. In the simulated world the `motorways` run where `known_motorways` says."""
    assert source.simulate is not None  # only such a photo gets this step
    seed, year = source.simulate.seed, source.simulate.year
    ground = read_ground(streets, motorways, countries, read_cities(cities))
    frame = simulate_frame(seed, year, ground)
    exif = Image.Exif()
    exif[IMAGE_DESCRIPTION_TAG] = exif[SOFTWARE_TAG] = LABEL
    stated = frame.facts.model_dump(mode="json", exclude_unset=True)
    with atomic_write(picture) as file:
        # Full colour resolution: halved colour would mix the tones of neighbouring lights.
        Image.fromarray(frame.picture).save(file, "JPEG", quality=92, subsampling=0, exif=exif)
    with atomic_write(facts) as file:
        file.write_text(f"# {LABEL}\n" + yaml.safe_dump(stated, sort_keys=False), encoding="utf-8")
    write_json(truth_of(frame, seed, year), truth)
    with atomic_write(lights) as file:
        # Splitting floats into their bytes saves a third of the file.
        frame.lights.gathered(CELL_M).to_parquet(
            file,
            compression="zstd",
            index=False,
            use_dictionary=["country"],
            use_byte_stream_split=["lon", "lat", "r", "g", "b"],
        )
    with atomic_write(known_motorways) as file:
        write_known_motorways(motorways, file)


def write_known_motorways(motorways: Path, file: Path) -> None:
    """The lines that carry the lamps, with the error that they have in the simulated world: nobody draws a
    line by hand there."""
    lines = gpd.read_file(motorways, layer="motorways")
    lines = lines.assign(source="simulated", approximate=False, error_m=LAMP_OFFSET_M)
    pyogrio.write_dataframe(
        lines, file, layer="motorways", driver="GPKG", layer_metadata={"source": f"{LABEL}: {LAMPS_STAND}"}
    )


def read_ground(streets: Path, motorways: Path, countries: Path, cities: Cities) -> Ground:
    """The known lines and countries of the region, with the world's cities."""
    street = gpd.read_parquet(streets)
    motorway = gpd.read_file(motorways, layer="motorways")
    country = gpd.read_file(countries, layer="countries")
    return Ground(
        streets=dict(zip(street["highway"], street.geometry, strict=True)),
        motorways=shapely.MultiLineString(list(motorway.geometry)),
        countries=CountryMap(tuple(country["country"]), tuple(country.geometry)),
        cities=cities,
    )


def truth_of(frame: Frame, seed: int, year: int) -> dict[str, object]:
    """The true camera and the tone of each country's light in the frame."""
    inside = frame.camera.inside(*frame.camera.project(frame.lights.lon, frame.lights.lat))
    shown: LampPoints = frame.lights[inside]
    return {
        "simulated": True,
        "seed": seed,
        "year": year,
        "camera": frame.camera.to_dict(),
        "tone_system": "balanced camera channels, as written to the picture",
        "tone": shown.tone(),
        "motorways_lit_in": MOTORWAYS_LIT_IN,
    }


if "snakemake" in globals():
    run_step(simulate, globals()["snakemake"])
