"""A photograph whose camera is known, brought onto the map by the steps after the georeference.

Tests of the borders and the benchmark of tone look at the same files: those of a photo's results folder, and
`grid.json` beside them.
"""

import json
from pathlib import Path

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.models import GridConfig, LonLat, ToneConfig
from pipeline.photo.photo import Photo, PhotoFacts
from pipeline.photo.tiff import write_photo
from pipeline.raster.workers import HERE, Workers
from pipeline.steps.grid import make_grid
from pipeline.steps.orthorectify import bring_onto_grid
from pipeline.steps.tone import measure_tone

ORDER = ["rotation_x_rad", "rotation_y_rad"]
SIGMA_RAD = 1e-4  # of the camera's attitude: about 50 m on the ground, as of a good solution


def lay_on_map(
    photo: Photo,
    camera: Camera,
    centre: tuple[float, float],
    radius_km: float,
    folder: Path,
    workers: Workers = HERE,
) -> None:
    """Write the photo's files, from `photo.tif` to `tone.tif`, around `centre` (longitude, latitude).

    The photo is called like its folder.
    """
    _, height, width = photo.light.shape
    stated = {"id": folder.name, "width": width, "height": height, "simulated": True, "source": ""}
    write_photo(photo, folder / "photo.tif")
    facts = PhotoFacts(**stated, linearisation="sRGB")
    (folder / "photo.json").write_text(facts.model_dump_json())
    solved = camera.to_dict() | {
        "parameter_order": ORDER,
        "covariance": (np.eye(2) * SIGMA_RAD**2).tolist(),
        "solution": {"accepted": True, "evidence": "jpeg", "simulated": True},
    }
    (folder / "camera.json").write_text(json.dumps(solved))

    names = ("photo.tif", "camera.json", "grid.json", "ortho.tif", "geometry.tif")
    light, placed, grid, ortho, geometry = (folder / name for name in names)
    lon, lat = centre
    make_grid([placed], LonLat(lon=lon, lat=lat), GridConfig(radius_km=radius_km), grid)
    bring_onto_grid(light, placed, folder / "photo.json", grid, ortho, geometry, workers=workers)
    tone, light_map, lamps = (folder / f"{kind}.tif" for kind in ("tone", "light", "lamps"))
    measure_tone(ortho, geometry, folder / "photo.json", ToneConfig(), tone, light_map, lamps, workers)
