"""`python -m benchmarks.robustness [SUITE ...]`: try suites, store figures, write the page. 90 minutes."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from benchmarks.robustness.page import write_page
from tests.scenes.hostile_facts import CITIES, CONTROL_POINTS, ELEMENT_SETS, FACTS_BESIDE_PHOTOS
from tests.scenes.trials import SUITES, Input, Trial, counted, run

RESULTS = Path(__file__).with_name("inputs.json")
# Texts are as many of each kind; of pictures and maps, whose readers have more to go wrong, there are more.
TEXTS = {
    "cities": CITIES,
    "facts": FACTS_BESIDE_PHOTOS,
    "control points": CONTROL_POINTS,
    "element sets": ELEMENT_SETS,
}
NUMBERED = {"photos": 3000, "maps": 1500, "rasters": 1500}
TOTAL = 10_000


def main() -> int:
    """Try all suites, or those named, or as many inputs as until Ctrl-C; 1 if any did not end clean."""
    parser = argparse.ArgumentParser(description="Try hostile inputs.")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; else all")
    asked = parser.parse_args().suites or [*SUITES]
    if unknown := {*asked} - {*SUITES}:
        parser.error(f"no such suite: {', '.join(unknown)}")
    trials = []
    try:
        for trial in run(inputs(asked)):
            trials.append(trial)
            if trial.outcome != "clean":
                print(_line(trial), flush=True)
    except KeyboardInterrupt:
        print(f"stopped after {len(trials)} of {TOTAL}")
    store(trials)
    return int(any(trial.outcome != "clean" for trial in trials))


def store(trials: Sequence[Trial]) -> None:
    """What became of suites, in place of their last rows, and the page."""
    table = json.loads(RESULTS.read_text("utf-8"))["table"] if RESULTS.exists() else {}
    found = {
        "table": table | counted(trials),
        "not clean": [_line(trial) for trial in trials if trial.outcome != "clean"],
    }
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_page()


def inputs(asked: Sequence[str]) -> Iterator[tuple[str, Input]]:
    """Inputs of the suites asked for, TOTAL together where these are all, the same each time."""
    counted_out = {name: suite.count for name, suite in SUITES.items() if suite.count is not None}
    numbered = NUMBERED | counted_out
    each, rest = divmod(TOTAL - sum(numbered.values()), len(TEXTS))
    given: dict[str, Sequence[Input]] = {
        name: range(count) for name, count in numbered.items() if name in asked
    }
    for index, (name, strategy) in enumerate(TEXTS.items()):
        if name in asked:
            given[name] = drawn(strategy, each + (index < rest))
    # In turns, so that a run which is stopped has tried some of each.
    for number in range(max(map(len, given.values()))):
        yield from ((name, these[number]) for name, these in given.items() if number < len(these))


def drawn(strategy: SearchStrategy[str] | SearchStrategy[bytes], count: int) -> list[bytes]:
    """So many examples of a strategy, as bytes."""
    found: list[bytes] = []

    @seed(1)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(text: str | bytes) -> None:
        found.append(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))

    collect()
    return found[:count]


def _line(trial: Trial) -> str:
    given = trial.given if isinstance(trial.given, int) else trial.given[:300].decode("utf-8", "replace")
    return f"{trial.suite}, {given!r}: {trial.outcome} {trial.told}"


if __name__ == "__main__":
    sys.exit(main())
