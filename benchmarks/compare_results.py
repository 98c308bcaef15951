"""Do two results folders hold the same tables, rasters and facts, digit for digit?

    python -m benchmarks.compare_results results-before/demo results/demo --renamed donut_km=exclusion_km

Run it before and after a change that must not move a number. Compared are all bands of all
GeoTIFFs, all layers of GeoPackages and Parquet files, and JSON files; pages and pictures follow from these.
A line is printed for each thing that differs, with the largest difference; then the exit code is 1.
"""

import argparse
import json
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
from rasterio.errors import NotGeoreferencedWarning

SUFFIXES = (".tif", ".gpkg", ".parquet", ".json")
# What tells of the software or the day, not of a measurement.
NOT_MEASURED = ("software", "TIFFTAG_SOFTWARE")
TABLES_OF_THE_RUN = ("layer_styles", "metadata")


def differences(before: Path, after: Path, renamed: Mapping[str, str] | None = None) -> Iterator[str]:
    """A line for each difference between two folders; none if they are equal."""
    old, new = (
        {file.relative_to(folder): file for file in folder.rglob("*") if file.suffix in SUFFIXES}
        for folder in (before, after)
    )
    yield from (f"{name}: only in {before}" for name in sorted(old.keys() - new.keys()))
    yield from (f"{name}: only in {after}" for name in sorted(new.keys() - old.keys()))
    compare = {".tif": _rasters, ".json": _facts}
    for name in sorted(old.keys() & new.keys()):
        if name.suffix in compare:
            found = compare[name.suffix](old[name], new[name])
        else:
            found = _tables(old[name], new[name], renamed or {})
        yield from (f"{name}: {line}" for line in found)


def _rasters(before: Path, after: Path) -> Iterator[str]:
    warnings.simplefilter("ignore", NotGeoreferencedWarning)  # photo.tif lies in its own pixels
    with rasterio.open(before) as old, rasterio.open(after) as new:
        for what in ("shape", "count", "dtypes", "crs", "transform", "descriptions", "nodata"):
            was, now = getattr(old, what), getattr(new, what)
            if was != now and not (what == "nodata" and np.isnan([was, now]).all()):
                yield f"{what} was {was}, is {now}"
                return
        for key in {**old.tags(), **new.tags()}:
            if key not in NOT_MEASURED and old.tags().get(key) != new.tags().get(key):
                yield f"tag {key} was {old.tags().get(key)!r}, is {new.tags().get(key)!r}"
        for band in old.indexes:
            yield from _values(old.read(band), new.read(band), f"band {old.descriptions[band - 1] or band}")


def _tables(before: Path, after: Path, renamed: Mapping[str, str]) -> Iterator[str]:
    old, new = _layers(before), _layers(after)
    yield from (f"layer {name} is gone" for name in old.keys() - new.keys())
    yield from (f"layer {name} is new" for name in new.keys() - old.keys())
    for name in sorted(old.keys() & new.keys()):
        was, now = old[name].rename(columns=dict(renamed)), new[name]
        if set(was) != set(now):
            yield f"{name}: columns {sorted(set(was) ^ set(now))} are in one only"
        if len(was) != len(now):
            yield f"{name}: {len(was)} rows were there, {len(now)} are"
            continue
        for column in was.columns.intersection(now.columns):
            yield from _values(_plain(was[column]), _plain(now[column]), f"{name}.{column}")


def _layers(file: Path) -> dict[str, pd.DataFrame]:
    if file.suffix == ".parquet":
        return {file.stem: pd.read_parquet(file)}
    names = [str(name) for name, _ in pyogrio.list_layers(file)]
    return {name: gpd.read_file(file, layer=name) for name in names if name not in TABLES_OF_THE_RUN}


def _plain(column: Any) -> np.ndarray:
    """A column as an array: geometries as their bytes, so that each coordinate counts."""
    if isinstance(column, gpd.GeoSeries):
        return np.asarray(column.to_wkb())
    return np.asarray(column)


def _facts(before: Path, after: Path) -> Iterator[str]:
    old, new = (dict(_flat(json.loads(file.read_text("utf-8")))) for file in (before, after))
    for key in sorted(old.keys() | new.keys()):
        if any(part in NOT_MEASURED for part in key.split(".")):
            continue
        if old.get(key) != new.get(key):
            yield f"{key} was {old.get(key)!r}, is {new.get(key)!r}"


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in items:
            yield from _flat(inner, f"{key}.{name}".lstrip("."))
    else:
        yield key, value


def _values(was: np.ndarray, now: np.ndarray, name: str) -> Iterator[str]:
    if was.dtype.kind in "fiub" and now.dtype.kind in "fiub":
        a, b = was.astype(float), now.astype(float)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        if not same.all():
            off = np.abs(a - b)[~same]
            finite = off[np.isfinite(off)]
            worst = f", by up to {finite.max():.3g}" if finite.size else ""
            lost = f"; {off.size - finite.size} are missing on one side" if finite.size < off.size else ""
            yield f"{name}: {off.size} of {same.size} values differ{worst}{lost}"
        return
    differing = sum(not (a == b or (pd.isna(a) and pd.isna(b))) for a, b in zip(was, now, strict=True))
    if differing:
        yield f"{name}: {differing} of {len(was)} values differ"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--renamed", nargs="*", default=[], metavar="OLD=NEW", help="columns with a new name")
    options = parser.parse_args(arguments)
    renamed = dict(pair.split("=", 1) for pair in options.renamed)
    found = list(differences(options.before, options.after, renamed))
    print("\n".join(found) if found else f"{options.after} equals {options.before}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
