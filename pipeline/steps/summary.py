"""What to open at the end of a run, and the main answers, a line each: those that the report begins with."""

import json
from collections.abc import Iterator
from pathlib import Path

from pipeline.raster.bands import marked
from pipeline.steps.placed import Placed


def summary(results: Path, cities: list[str], regions: list[str]) -> str:
    """Of all cities and regions that have a report."""
    lines: list[str] = []
    for name in (*cities, *regions):
        report, project = results / name / "report.html", results / name / f"{name}.qgz"
        if not report.is_file():
            continue
        lines += ["", f"{name}: open {report} in a browser, {project} in QGIS"]
        lines += [f"  {answer}" for answer in _answers(results / name / "summary.json")]
        refused = _refused(results / name / "placed.json")
        lines += [f"  without {', '.join(refused)}, see below"] if refused else []
    index = results / "index.html"
    return "\n".join([*lines, "", f"All results: open {index} in a browser"] if index.is_file() else lines)


def _answers(file: Path) -> Iterator[str]:
    """Each question with the sentence that answers it."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        said = [f"{each['question']} {each['word']}. {each['sentence']}" for each in content["said"]]
        simulated = [bool(each["simulated"]) for each in content["said"]]
        caution = str(content["caution"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        # A run does not fail because its last words cannot be found.
        yield f"(the answers could not be read: {error})"
        return
    if said and all(simulated):
        yield "SIMULATED, not a measurement:"
        yield from said
    else:
        for answer, invented in zip(said, simulated, strict=True):
            yield marked(answer, invented)
    if said and caution:
        yield caution


def _refused(placed: Path) -> list[str]:
    try:
        return list(Placed.read(placed).refused)
    except (OSError, ValueError, KeyError):
        return []  # a region has no such file
