"""Write `geoid.tif`: the geoid EGM96 above the WGS84 ellipsoid at the crossings of whole degrees.

    pip install egm96==0.3.0      # needs Python 3.12 or later; holds the model's grid of 5 minutes
    python data/build_geoid.py

Centimetres as 16-bit integers, one band, 181 x 361 cells whose middles are whole degrees.
"""

from pathlib import Path

import egm96
import numpy as np
import rasterio
from affine import Affine

FILE = Path(__file__).with_name("geoid.tif")


def main() -> None:
    lon, lat = np.meshgrid(np.arange(-180.0, 181.0), np.arange(90.0, -91.0, -1.0))
    centimetres = np.round(100 * egm96.undulation(lat, lon)).astype(np.int16)
    profile = {
        "driver": "GTiff",
        "height": 181,
        "width": 361,
        "count": 1,
        "dtype": "int16",
        "crs": "EPSG:4326",
        "transform": Affine(1, 0, -180.5, 0, -1, 90.5),
        "compress": "deflate",
        "predictor": 2,
    }
    with rasterio.open(FILE, "w", **profile) as table:
        table.write(centimetres, 1)
        table.scales = (0.01,)
        table.units = ("m",)
        table.update_tags(source="EGM96, NIMA and NASA, public domain; from the package egm96 0.3.0 (MIT)")


if __name__ == "__main__":
    main()
