"""Writes docs/mutation-testing.md from the stored results and the reasons for survivors.

python -m benchmarks.mutation.page
"""

import json
from typing import Any

from benchmarks.mutation.run import REPOSITORY, RESULTS

REASONS = RESULTS.with_name("reasons.json")
PAGE = REPOSITORY / "docs" / "mutation-testing.md"
HEAD = """# Do the tests notice small faults?

Written by `python -m benchmarks.mutation.page` from the stored results; do not edit.

In the files on which all figures stand, every operator, sign, constant and argument of every function was
changed, one at a time, and the tests of the file's own room were run (`python -m benchmarks.mutation.run`,
with mutmut). Asked: at least 85 % of them killed. Constants at the top of a file have tests of their own.

| file | mutants | killed | survived | killed, % |
| --- | --- | --- | --- | --- |
"""


def page(results: dict[str, Any], reasons: dict[str, str]) -> str:
    """The page as Markdown. `reasons` are by function and changed line, see `key`."""
    rows, lists = [], []
    for entry in results.values():
        killed = entry["mutants"] - len(entry["survivors"])
        share = 100 * killed / entry["mutants"]
        verdict = "" if share >= 85 else " (missed)"
        rows.append(
            f"| `{entry['file']}` | {entry['mutants']} | {killed} | {len(entry['survivors'])} "
            f"| {share:.0f}{verdict} |"
        )
        lists.append(f"\n## Survivors in `{entry['file']}`\n")
        lists.append("| function | was | became | why it lives |\n| --- | --- | --- | --- |")
        for one in entry["survivors"]:
            why = reasons.get(key(one), "**a gap**")
            lists.append(
                f"| `{one['function']}` | `{_cell(one['before'])}` | `{_cell(one['after'])}` | {why} |"
            )
    return HEAD + "\n".join(rows) + "\n" + "\n".join(lists) + "\n"


def key(survivor: dict[str, str]) -> str:
    """By what a survivor's reason is found."""
    return f"{survivor['function']}: {survivor['before']} -> {survivor['after']}"


def _cell(code: str) -> str:
    """Code within a table: a bar would end the cell."""
    return code.replace("|", "\\|").replace("`", "'")


def main() -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    reasons = json.loads(REASONS.read_text(encoding="utf-8"))
    PAGE.write_text(page(results, reasons), encoding="utf-8")


if __name__ == "__main__":
    main()
