"""Typical towns of rendered scenes, where every country has one colour: the contrast is known exactly.

    python -m benchmarks.borders.rendered

Scenes are those of $NIGHT_SHARED (default ../shared); the light is a satellite's, the towns are the world's.
Writes rendered.json beside this file.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.borders.pooling import each_photo
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.squares_file import read_light_squares
from pipeline.camera.camera import Camera
from pipeline.ground.cities import gazetteer
from pipeline.ground.countries import BORDERS, read_countries
from pipeline.ground.roads import MOTORWAYS
from pipeline.models import BordersConfig
from pipeline.photo.reader import read_photo
from pipeline.steps.squares import sum_light
from tests.scenes.frames import planted_tones
from tests.scenes.on_map import lay_on_map

RADIUS_KM = 70.0
COUNTRIES = ("BE", "DE", "LU", "NL")


def contrasts(scene: Path) -> Iterator[dict[str, Any]]:
    """Measured and planted contrasts of a scene (its picture)."""
    truth = json.loads(scene.with_suffix(".truth.json").read_text())
    tones, countries = planted_tones(truth["tone"]), read_countries(AREA_CRS, COUNTRIES)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / scene.stem
        folder.mkdir()
        reading = read_photo(scene)
        lay_on_map(reading.photo, Camera.from_dict(truth), truth["centre_lonlat"], RADIUS_KM, folder)
        facts = json.loads((folder / "photo.json").read_text())
        facts["tone_systematic"] = reading.errors.tone_systematic
        (folder / "photo.json").write_text(json.dumps(facts))
        files = (folder / name for name in ("tone.tif", "light.tif", "photo.json", "camera.json"))
        sum_light(*files, MOTORWAYS, BORDERS, folder / "squares.parquet")
        photo = read_light_squares(folder / "squares.parquet")
    for row in each_photo([photo], countries, gazetteer(), BordersConfig())["contrasts"].itertuples():
        yield {
            "scene": scene.stem,
            "pair": row.pair,
            "quantity": row.quantity,
            "planted": tones[row.second] - tones[row.first],
            **{key: getattr(row, key) for key in ("contrast_g_r", "low95", "high95", "n_first", "n_second")},
        }


def main() -> None:
    shared = Path(os.environ.get("NIGHT_SHARED", Path(__file__).parents[3] / "shared"))
    rows = []
    for scene in sorted((shared / "scenes").glob("scene-*.jpg")):
        rows += contrasts(scene)
        print(*rows[-1:], flush=True)
    given = [row for row in rows if row["contrast_g_r"] == row["contrast_g_r"]]
    Path(__file__).with_suffix(".json").write_text(json.dumps(given, indent=1) + "\n")


if __name__ == "__main__":
    main()
