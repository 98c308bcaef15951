"""Time and memory of pooling many photos of one border.

    python -m benchmarks.borders.pooling [--photos N]

Photos are those of `tests.scenes.border_photos`, of some 350 towns, each with a trend of its own. Writes
pooling.json beside this file.
"""

import argparse
import json
import multiprocessing
import resource
import time
from pathlib import Path
from typing import Any

import geopandas as gpd

from pipeline.borders.pooling import pool
from pipeline.borders.squares import AREA_CRS
from pipeline.ground.countries import Countries
from pipeline.models import BordersConfig
from tests.scenes.border_photos import CODES, Photos, places_of, shots, squares_of
from tests.scenes.border_towns import SETTINGS, scene

PHOTOS = Photos(trend=0.15, own=0.05, clouded=0.1, unlike=True)


def pooled(count: int) -> dict[str, Any]:
    """Seconds on the clock, seconds of processor and the memory that is in use at most (GB)."""
    setting = SETTINGS["dense"]
    first = scene(setting, 0)
    made = shots(Photos(count, PHOTOS.trend, PHOTOS.own, PHOTOS.clouded, PHOTOS.unlike), 0)
    photos = [squares_of(scene(setting, 0, shot), f"photo {n}", 20 * n) for n, shot in enumerate(made)]
    areas = gpd.GeoDataFrame({"country": CODES}, geometry=list(first.sides), crs=AREA_CRS)
    pair = {"pair": ["BE-DE"], "first": ["BE"], "second": ["DE"]}
    borders = gpd.GeoDataFrame(pair, geometry=[first.border], crs=AREA_CRS)
    start, processor = time.perf_counter(), time.process_time()
    tables = pool(photos, Countries(areas, borders, areas[:0]), places_of(first, 0), BordersConfig())
    (row,) = tables["contrasts"].query("photo == 'all' and quantity == 'towns'").itertuples()
    return {
        "photos": count,
        "seconds": time.perf_counter() - start,
        "processor_seconds": time.process_time() - processor,
        "memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "towns": row.n_first + row.n_second,
        "contrast_g_r": row.contrast_g_r,
        "low95": row.low95,
        "high95": row.high95,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=200)
    with multiprocessing.get_context("spawn").Pool(1) as process:  # whose memory is its own
        found = process.apply(pooled, (parser.parse_args().photos,))
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    print(found)


if __name__ == "__main__":
    main()
