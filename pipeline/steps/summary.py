"""What to open at the end of a run, and the main answers, a line each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.steps.placed import Placed

MAIN = "towns"  # the quantity that answers what a country decides about
ALL = "all"  # all photos of a city as one measurement


def summary(results: Path, cities: list[str], regions: list[str]) -> str:
    """Of all cities and regions that have a report."""
    lines: list[str] = []
    for name in (*cities, *regions):
        report, project = results / name / "report.html", results / name / f"{name}.qgz"
        if not report.is_file():
            continue
        lines += ["", f"{name}: open {report} in a browser, {project} in QGIS"]
        lines += [f"  {answer}" for answer in _answers(results / name / "borders.gpkg")]
        refused = _refused(results / name / "placed.json")
        lines += [f"  without {', '.join(refused)}, see below"] if refused else []
    return "\n".join(lines)


def _answers(tables: Path) -> Iterator[str]:
    """The sentence of each border: of all photos together where there are several, else of the one."""
    try:
        import pyogrio

        columns = ["photo", "pair", "quantity", "statement", "simulated"]
        table = pyogrio.read_dataframe(tables, layer="contrasts", columns=columns, read_geometry=False)
    except Exception as error:  # a run does not fail because its last words cannot be found
        yield f"(the answers could not be read: {error})"
        return
    rows: list[dict[str, Any]] = table[table["quantity"] == MAIN].to_dict("records")
    pooled = [row for row in rows if row["photo"] == ALL]
    if any(bool(row["simulated"]) for row in rows):
        yield "SIMULATED, not a measurement:"
    yield from (str(row["statement"]) for row in pooled or rows)


def _refused(placed: Path) -> list[str]:
    try:
        return list(Placed.read(placed).refused)
    except (OSError, ValueError, KeyError):
        return []  # a region has no such file
