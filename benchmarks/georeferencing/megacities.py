"""Osaka, Los Angeles and Sapporo, by cities alone and with NASA's night light: how far are landmarks from
where the solver puts them?

    python -m benchmarks.georeferencing.megacities --workers 2

Writes megacities.json beside this file. NASA's tiles of the three places come from a server on this machine;
those that it has not are of the sea, and dark. Los Angeles is solved at half, at all and at twice its pixels.
"""

import argparse
import io
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from benchmarks.georeferencing.measure import solved
from benchmarks.georeferencing.runner import Row, Task, run
from pipeline.archive.black_marble import CRS, TILE_PX, fetch_night_light
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.prior import Prior
from pipeline.camera.reach import ground_of
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.georeference.extent import Extent, lit_cells
from pipeline.ground.night_light import read_night_light
from pipeline.steps.fetched import write_raster
from tests.archive.server import Answer, files_of, serve_by
from tests.conftest import shared_folder
from tests.scenes.frames import LANDMARKS, SAPPORO_LANDMARKS, Landmark, landmark_error, real_photo

OSAKA, LOS_ANGELES, SAPPORO = "ISS030-E-184140", "ISS040-E-91208", "ISS030-E-188140"
# Long sides in px; the files have 640, 1600 and 640.
SIZES = {OSAKA: (640,), LOS_ANGELES: (800, 1600, 3200), SAPPORO: (640,)}
MARKS = LANDMARKS | {SAPPORO: SAPPORO_LANDMARKS}
CITIES, BLACK_MARBLE = "cities", "black_marble"


def megacity_row(name: str, long_side_px: int, reference: str) -> Row:
    """A real photo, solved, and its landmarks: how far off in px of the file and m, the stated sigma there,
    and the error of reading, a pixel of the file."""
    photo, prior = real_photo(shared_folder(), name, long_side_px)
    extent = night_light(prior) if reference == BLACK_MARBLE else None
    solution, row = solved(photo, prior, extent)
    found = SolvedCamera(solution.camera, PARAMETERS, solution.covariance)
    scale = long_side_px / max(real_photo(shared_folder(), name)[0].light.shape)
    middle = found.camera.to_ground((found.camera.width - 1) / 2, (found.camera.height - 1) / 2)
    return row | {
        "middle_lon_lat": [round(float(v), 4) for v in middle],
        "marks": [_mark(found, mark, scale) for mark in MARKS[name]],
    }


def night_light(prior: Prior) -> Extent:
    """The light around a photo as the steps night_light and georeference have it."""
    dark = io.BytesIO()
    Image.new("RGB", (TILE_PX, TILE_PX)).save(dark, "PNG")
    stored = files_of(shared_folder() / "blackmarble", "image/png")

    def answer(path: str) -> Answer:
        given = stored(path)
        return given if given.status == 200 else Answer(content=dark.getvalue(), kind="image/png")

    around = ground_of(prior)
    with TemporaryDirectory() as folder, serve_by(answer) as server:
        seen = fetch_night_light(around, Path(folder), server.url)
        file = Path(folder) / "night_light.tif"
        write_raster(file, seen.light, CRS, seen.transform, seen.told)
        return lit_cells(read_night_light(file, around))


def _mark(found: SolvedCamera, mark: Landmark, scale: float) -> Row:
    """None where the camera does not see the landmark, or sees sky where it is read."""
    error = landmark_error(found, mark, scale)
    away = {"px": error.away_px, "m": error.away_m, "sigma_m": error.sigma_m, "reading_m": error.reading_m}
    return {"name": mark.name} | {k: round(v, 1) if np.isfinite(v) else None for k, v in away.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve the photos of megacities.")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("megacities.json"))
    args = parser.parse_args()
    tasks = {
        f"{name}, {long_side_px} px, {reference}": Task(
            {"photo": name, "long_side_px": long_side_px, "reference": reference},
            partial(megacity_row, name, long_side_px, reference),
        )
        for reference in (BLACK_MARBLE, CITIES)
        for name, sizes in SIZES.items()
        for long_side_px in sizes
    }
    for row in run(tasks, args.out, {}, args.workers):
        print(row["name"], row["accepted"], row.get("marks"))


if __name__ == "__main__":
    main()
