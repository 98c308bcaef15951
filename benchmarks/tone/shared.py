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
from pipeline.models import GridConfig, LonLat, ToneConfig
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.reader import read_photo
from pipeline.photo.tiff import write_photo
from pipeline.raster.read import raster_grid, read_rows
from pipeline.steps.grid import make_grid
from pipeline.steps.orthorectify import bring_onto_grid
from pipeline.steps.tone import measure_tone

SCENES = ("scene-101", "scene-102", "scene-103", "scene-104")
INLAND_M = 1000.0  # light of both sides is blurred into one nearer to a border
MIN_CELLS = 500


def shared_rows(folder: Path) -> list[dict[str, Any]]:
    """A row for each pair of countries of each scene that is there."""
    rows = []
    for name in SCENES:
        if (folder / f"{name}.jpg").is_file():
            tones, truth = country_tones(folder / name), planted_tones(folder / name)
            for first, second in combinations(sorted(tones), 2):
                row = {
                    **{"scene": name, "pair": f"{first}-{second}"},
                    "measured": tones[second] - tones[first],
                    "planted": truth[second] - truth[first],
                }
                rows.append(row)
                print(row, flush=True)
    return rows


def planted_tones(scene: Path) -> dict[str, float]:
    """log2(G/R) of each country."""
    light = json.loads(Path(f"{scene}.truth.json").read_text())["tone"]
    return {country: float(np.log2(rgb[1] / rgb[0])) for country, rgb in light.items()}


def country_tones(scene: Path) -> dict[str, float]:
    """log2 of sums of green over red of each country's lit cells, away from its borders."""
    truth = json.loads(Path(f"{scene}.truth.json").read_text())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reading = read_photo(scene.with_suffix(".jpg"))
        write_photo(reading.photo, folder / "photo.tif")
        facts = PhotoFacts(
            id=scene.name,
            width=reading.photo.light.shape[2],
            height=reading.photo.light.shape[1],
            simulated=True,
            source=scene.name,
            linearisation=reading.linearisation,
        )
        (folder / "photo.json").write_text(facts.model_dump_json())
        solved = Camera.from_dict(truth).to_dict() | {
            "parameter_order": ["rotation_x_rad", "rotation_y_rad"],
            "covariance": (np.eye(2) * 1e-8).tolist(),
            "solution": {"accepted": True, "evidence": "jpeg", "simulated": True},
        }
        (folder / "camera.json").write_text(json.dumps(solved))
        lon, lat = truth["centre_lonlat"]
        make_grid(
            [folder / "camera.json"],
            LonLat(lon=lon, lat=lat),
            GridConfig(radius_km=100),
            folder / "grid.json",
        )
        ortho, geometry = folder / "ortho.tif", folder / "geometry.tif"
        bring_onto_grid(
            folder / "photo.tif", folder / "camera.json", folder / "grid.json", ortho, geometry, threads=2
        )
        outputs = [folder / f"{kind}.tif" for kind in ("tone", "light", "lamps")]
        measure_tone(ortho, geometry, folder / "photo.json", ToneConfig(), *outputs, threads=2)  # type: ignore[misc, arg-type]
        return _sums(outputs[0], outputs[1])


def _sums(tone: Path, light: Path) -> dict[str, float]:
    from rasterio.features import rasterize
    from rasterio.windows import Window
    from rasterio.windows import transform as moved

    grid = raster_grid(tone)
    countries = gpd.read_file(BORDERS, layer="countries").to_crs(grid.crs)
    inland = countries.geometry.buffer(-INLAND_M)
    codes = list(countries["country"])
    sums = np.zeros((len(codes), 3))
    for tile, (tones, lights) in read_rows(tone, light):
        corner = moved(Window(tile.column, tile.row, tile.width, tile.height), grid.transform)
        shapes = [(shape, place) for place, shape in enumerate(inland, 1)]
        where = rasterize(shapes, (tile.height, tile.width), transform=corner, dtype="uint8")
        lit = np.isfinite(tones[0]) & np.isfinite(lights[0])
        for place in range(len(codes)):
            own = lit & (where == place + 1)
            sums[place] += lights[0][own].sum(dtype=float), lights[1][own].sum(dtype=float), own.sum()
    return {
        code: float(np.log2(green / red))
        for code, (red, green, n) in zip(codes, sums, strict=True)
        if n >= MIN_CELLS
    }
