"""Step index: all cities and regions of the results folder on one page (`index.html`)."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.errors import said_by
from pipeline.files import atomic_write
from pipeline.ground.countries import read_countries
from pipeline.models import COUNTRIES
from pipeline.report.index_page import index_html
from pipeline.report.summary import Summary, absent
from pipeline.steps.placed import Placed
from pipeline.steps.step import run_step
from pipeline.steps.unfetched import why_unfetched

log = logging.getLogger(__name__)


def write_index(
    summaries: list[Path],
    placed: list[Path],
    titles: dict[str, str],
    empty_regions: list[str],
    borders: Path,
    index: Path,
) -> None:
    """From the `summary.json` of cities and regions that have a report, those of earlier runs in the folder
    of `index` included; of a city without one, from what `placed` says of its photos. All are named by their
    folders, and cities have `titles`. `empty_regions` are those of this run of which no photo is on a map."""
    known = [Summary.model_validate_json(file.read_text(encoding="utf-8")) for file in summaries]
    names = {file.parent.name for file in summaries}
    known += [_unplaced(titles[file.parent.name], file) for file in placed if file.parent.name not in names]
    of_this_run = {*names, *(file.parent.name for file in placed), *empty_regions}
    earlier = sorted(index.parent.glob("*/summary.json"))
    known += _read_earlier(file for file in earlier if file.parent.name not in of_this_run)
    areas = read_countries("EPSG:4326", COUNTRIES, borders).areas
    with atomic_write(index) as part:
        part.write_text(index_html(known, areas), encoding="utf-8")


def _read_earlier(files: Iterable[Path]) -> Iterator[Summary]:
    """Those that can be read: another version may have written other ones, and a killed one half of one."""
    for file in files:
        try:
            yield Summary.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            log.warning("%s: is left out, for it cannot be read: %s", file, said_by(error))


def _unplaced(title: str, placed: Path) -> Summary:
    """A city of which no photo is on the map."""
    refused = Placed.read(placed).refused
    return Summary(
        name=placed.parent.name,
        title=title,
        kind="city",
        simulated=False,
        said=[],
        photos=[
            absent(photo, reason, why_unfetched(placed.parent / photo / "solve.png") is None)
            for photo, reason in refused.items()
        ],
        outlines=[],
    )


if "snakemake" in globals():
    run_step(write_index, globals()["snakemake"])
