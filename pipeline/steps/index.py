"""Step index: all cities and regions of the results folder on one page (`index.html`)."""

from pathlib import Path

from pipeline.files import atomic_write
from pipeline.ground.countries import read_countries
from pipeline.models import COUNTRIES
from pipeline.report.index_page import index_html
from pipeline.report.summary import Summary, absent
from pipeline.steps.placed import Placed
from pipeline.steps.step import run_step
from pipeline.steps.unfetched import why_unfetched


def write_index(
    summaries: list[Path], placed: list[Path], titles: dict[str, str], borders: Path, index: Path
) -> None:
    """From the `summary.json` of cities and regions that have a report, those of earlier runs in the folder
    of `index` included; of a city without one, from what `placed` says of its photos. All are named by their
    folders, and cities have `titles`."""
    earlier = sorted(set(index.parent.glob("*/summary.json")) - set(summaries))
    files = [*summaries, *earlier]
    known = [Summary.model_validate_json(file.read_text(encoding="utf-8")) for file in files]
    names = {summary.name for summary in known}
    known += [_unplaced(titles[file.parent.name], file) for file in placed if file.parent.name not in names]
    areas = read_countries("EPSG:4326", COUNTRIES, borders).areas
    with atomic_write(index) as part:
        part.write_text(index_html(known, areas), encoding="utf-8")


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
