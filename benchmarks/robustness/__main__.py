"""`python -m benchmarks.robustness`: try the suites, store figures, write the page; half an hour."""

import json
import sys
import time
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
    """Try all, or as many as until Ctrl-C; 1 if any input did not end clean."""
    began = time.monotonic()
    trials = []
    try:
        for trial in run(inputs()):
            trials.append(trial)
            if trial.outcome != "clean":
                print(_line(trial), flush=True)
    except KeyboardInterrupt:
        print(f"stopped after {len(trials)} of {TOTAL}")
    found = {
        "table": counted(trials),
        "not clean": [_line(trial) for trial in trials if trial.outcome != "clean"],
        "minutes": round((time.monotonic() - began) / 60, 1),
    }
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_page()
    return int(any(trial.outcome != "clean" for trial in trials))


def inputs() -> Iterator[tuple[str, Input]]:
    """Inputs of all suites, TOTAL together, the same each time."""
    counted_out = {name: suite.count for name, suite in SUITES.items() if suite.count is not None}
    numbered = NUMBERED | counted_out
    each, rest = divmod(TOTAL - sum(numbered.values()), len(TEXTS))
    given: dict[str, Sequence[Input]] = {name: range(count) for name, count in numbered.items()}
    for index, (name, strategy) in enumerate(TEXTS.items()):
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
