"""Builds data/streets_liege.parquet: the streets one can drive in and around Liège, one multiline a class.

    python data/build_streets.py

The streets are OpenStreetMap's, as they come with the source archive of neatnet, which pip fetches.
"""

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import geopandas as gpd
import shapely

OUT = Path(__file__).with_name("streets_liege.parquet")
RELEASE = "0.1.6"
MEMBER = f"neatnet-{RELEASE}/data/liege_1656/original.parquet"
LINKED = ("motorway", "trunk", "primary", "secondary", "tertiary")
CLASSES = (*LINKED, *(f"{name}_link" for name in LINKED), "unclassified", "residential", "living_street")
TOLERANCE_M = 10.0
DEGREES = 1e-5


def source() -> gpd.GeoDataFrame:
    """All street segments of the archive, in metres (UTM 31N)."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*pip, f"neatnet=={RELEASE}", "--dest", folder], check=True)
        with tarfile.open(Path(folder) / f"neatnet-{RELEASE}.tar.gz") as archive:
            archive.extract(MEMBER, folder, filter="data")
        return gpd.read_parquet(Path(folder) / MEMBER)


def main() -> None:
    streets = source()
    streets = streets[streets["highway"].isin(CLASSES)]
    merged = streets.dissolve("highway", as_index=False)[["highway", "geometry"]]
    merged["geometry"] = merged.line_merge().simplify(TOLERANCE_M).to_crs("EPSG:4326")
    merged["geometry"] = shapely.set_precision(merged.geometry.array, DEGREES, mode="pointwise")
    merged.sort_values("highway", ignore_index=True).to_parquet(OUT, compression="zstd", index=False)


if __name__ == "__main__":
    main()
