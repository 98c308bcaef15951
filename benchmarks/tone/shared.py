"""The rendered scenes with exact truth, through their true camera: tone of countries against the planted."""

import json
import tempfile
from itertools import combinations
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from pipeline.camera.camera import Camera
from pipeline.ground.countries import BORDERS
from pipeline.photo.reader import read_photo
from pipeline.raster.read import raster_grid
from pipeline.raster.strips import strips
from tests.scenes.frames import planted_tones
from tests.scenes.on_map import lay_on_map

SCENES = ("scene-101", "scene-102", "scene-103", "scene-104")
INLAND_M = 1000.0  # light of both sides is blurred into one nearer to a border
MIN_CELLS = 500
RADIUS_KM = 100.0


def shared_rows(folder: Path) -> list[dict[str, Any]]:
    """A row for each pair of countries of each scene that is there."""
    rows = []
    for name in SCENES:
        if (folder / f"{name}.jpg").is_file():
            tones, truth = country_tones(folder / name)
            for first, second in combinations(sorted(tones), 2):
                row = {
                    **{"scene": name, "pair": f"{first}-{second}"},
                    "measured": tones[second] - tones[first],
                    "planted": truth[second] - truth[first],
                }
                rows.append(row)
                print(row, flush=True)
    return rows


def country_tones(scene: Path) -> tuple[dict[str, float], dict[str, float]]:
    """log2 of sums of green over red of each country's lit cells away from its borders, and as planted."""
    truth = json.loads(Path(f"{scene}.truth.json").read_text())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = read_photo(scene.with_suffix(".jpg")).photo
        lay_on_map(photo, Camera.from_dict(truth), truth["centre_lonlat"], RADIUS_KM, folder)
        return _sums(folder / "tone.tif", folder / "light.tif"), planted_tones(truth["tone"])


def _sums(tone: Path, light: Path) -> dict[str, float]:
    from rasterio.features import rasterize
    from rasterio.windows import Window
    from rasterio.windows import transform as moved

    grid = raster_grid(tone)
    countries = gpd.read_file(BORDERS, layer="countries").to_crs(grid.crs)
    inland = countries.geometry.buffer(-INLAND_M)
    codes = list(countries["country"])
    sums = np.zeros((len(codes), 3))
    for strip in strips((tone, ("log2_g_r",)), (light, ("red", "green"))):
        tile, (green_red,), lights = strip.read()
        corner = moved(Window(tile.column, tile.row, tile.width, tile.height), grid.transform)
        shapes = [(shape, place) for place, shape in enumerate(inland, 1)]
        where = rasterize(shapes, (tile.height, tile.width), transform=corner, dtype="uint8")
        lit = np.isfinite(green_red) & np.isfinite(lights[0])
        for place in range(len(codes)):
            own = lit & (where == place + 1)
            sums[place] += lights[0][own].sum(dtype=float), lights[1][own].sum(dtype=float), own.sum()
    return {
        code: float(np.log2(green / red))
        for code, (red, green, n) in zip(codes, sums, strict=True)
        if n >= MIN_CELLS
    }
