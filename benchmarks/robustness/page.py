"""Writes docs/robustness.md from page.md and the stored figures."""

import json
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "robustness.md"
# Each has a `table` of suites: of inputs, and of whole runs that are killed, starved or doubled.
INPUTS, RUNS = HERE / "inputs.json", HERE / "runs.json"
TRIED = "`python -m benchmarks.robustness.runs` does so with whole runs: the last rows of the table."
NOT_TRIED = (
    "`python -m benchmarks.robustness.runs` disturbs whole runs; its figures are not stored yet, so this "
    "page is of readers alone."
)
COLUMNS = ("tried", "clean", "traceback", "hang", "crash", "wrong")


def write_page() -> None:
    """The page, of what has been measured so far."""
    rows: dict[str, dict[str, int]] = {}
    for file in (INPUTS, RUNS):
        if file.is_file():
            rows |= json.loads(file.read_text("utf-8"))["table"]
    total = {column: sum(row.get(column, 0) for row in rows.values()) for column in COLUMNS}
    lines = [f"| | {' | '.join(COLUMNS)} |", "| --- |" + " ---: |" * len(COLUMNS)]
    for name, row in (rows | {"**all**": total}).items():
        lines.append(f"| {name} | {' | '.join(f'{row.get(column, 0):,}' for column in COLUMNS)} |")
    text = (HERE / "page.md").read_text("utf-8").replace("{table}", "\n".join(lines))
    PAGE.write_text(text.replace("{runs}", TRIED if RUNS.is_file() else NOT_TRIED), encoding="utf-8")


if __name__ == "__main__":
    write_page()
