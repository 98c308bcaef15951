"""What to open at the end of a run, and the main answers, a line each: those that the report begins with."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.raster.bands import marked
from pipeline.steps.names import CLOCKS_DIFFER_S
from pipeline.steps.placed import Placed

OF_AN_EARLIER_RUN = "  (report of an earlier run)"


def summary(results: Path, cities: Iterable[str], regions: Iterable[str], since: float = 0.0) -> str:
    """Of all cities and regions that have a report. Answers of a report that is older than `since`, the start
    of a run (seconds as of `time.time`), may be out of date and are left out."""
    lines: list[str] = []
    for name in (*cities, *regions):
        report, project = results / name / "report.html", results / name / f"{name}.qgz"
        if not report.is_file():
            continue
        of_this_run = report.stat().st_mtime > since - CLOCKS_DIFFER_S
        lines += ["", f"{name}: open {report} in a browser, {project} in QGIS"]
        lines += _answers(results / name / "summary.json") if of_this_run else [OF_AN_EARLIER_RUN]
        refused = _refused(results / name / "placed.json")
        lines += [f"  without {', '.join(refused)}, see below"] if refused else []
    index = results / "index.html"
    return "\n".join([*lines, "", f"All results: open {index} in a browser"] if index.is_file() else lines)


def _answers(file: Path) -> Iterator[str]:
    """Each question with the sentence that answers it, a line each."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        said = [f"{each['question']} {each['word']}. {each['sentence']}" for each in content["said"]]
        simulated = [bool(each["simulated"]) for each in content["said"]]
        caution = str(content["caution"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        # A run does not fail because its last words cannot be found.
        yield f"  (the answers could not be read: {error})"
        return
    if said and all(simulated):
        yield "  SIMULATED, not a measurement:"
        yield from (f"  {answer}" for answer in said)
    else:
        for answer, invented in zip(said, simulated, strict=True):
            yield f"  {marked(answer, invented)}"
    if said and caution:
        yield f"  {caution}"


def _refused(placed: Path) -> list[str]:
    try:
        return list(Placed.read(placed).refused)
    except (OSError, ValueError, KeyError):
        return []  # a region has no such file
