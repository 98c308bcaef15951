"""Names and dates of what users give that would be in the way of the run's own files, or of Snakemake."""

import shlex
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pipeline.errors import ConfigError, InputFileError
from pipeline.models import Run

# The folder of a photo lies beside files of its city, those of cities and regions beside files of the run.
KINDS_OF_FILES = (
    *(".html", ".json", ".geojson", ".gpkg", ".qgz", ".qgs", ".tif", ".tiff", ".qml", ".xml", ".png"),
    *(".csv", ".xlsx", ".parquet", ".jpg", ".jpeg"),
)
RESERVED = ("logs", "refusals", "borders", "tables", "stac")
CLOCKS_DIFFER_S = (
    10.0  # of computers on one network, at most; a step takes as long, so that no output is older
)


def check_run(run: Run, file: Path) -> None:
    """The folders of a run can be part of Snakemake's patterns, and cities and regions have names of their
    own."""
    for key, folder in (("results", run.results), ("photo_store", run.photo_store)):
        if _has_braces(folder):
            raise ConfigError(file, key, str(folder), "cannot hold { or }; choose another name")
    if run.results.resolve() in (Path().resolve(), Path("/").resolve()):
        raise ConfigError(file, "results", str(run.results), "must be a folder of its own; try results")
    for key, names in (("cities", run.cities), ("regions", run.regions)):
        for name in names:
            check_name(name, file, key)


def check_name(name: str, file: Path, key: str) -> None:
    """A photo, a city or a region must not be called as a file that lies beside its folder is."""
    if name.lower() in RESERVED or name.lower().endswith(KINDS_OF_FILES):
        raise ConfigError(file, key, name, "could be the name of a file of the results; choose another name")


def check_given(files: Iterable[str]) -> None:
    """Raise InputFileError for a name that Snakemake would take for a pattern, and for a file dated later
    than a network's clocks differ: Snakemake would remove what is made of it, as older."""
    for file in map(Path, files):
        if _has_braces(file):
            raise InputFileError(f"{file}: the name of a file cannot hold {{ or }}; rename it")
        dated = file.stat().st_mtime if file.exists() else 0.0
        if dated > time.time() + CLOCKS_DIFFER_S:
            shown = datetime.fromtimestamp(dated).strftime("%Y-%m-%d %H:%M")
            raise InputFileError(
                f"{file}: is dated in the future ({shown}), so nothing made of it would count as up to date; "
                f"give it today's date: touch {shlex.quote(str(file))}"
            )


def _has_braces(path: Path) -> bool:
    return "{" in str(path) or "}" in str(path)
