"""What the parts of the speed benchmark measure, and where they keep it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Figure:
    """One line of the page: what was measured beside what was asked.

    `times faster` is the peer's time over ours, both taken in one run; of all other units less is better.
    """

    work: str
    unit: Literal["s of clock", "s of processor", "GB", "times faster"]
    measured: float
    asked: float | None = None  # none where the figure is only told
    note: str = ""  # the peer's own time, the size of the work

    @property
    def met(self) -> bool:
        if self.asked is None:
            return True
        return self.measured >= self.asked if self.unit == "times faster" else self.measured <= self.asked


def store(part: str, figures: list[Figure]) -> None:
    """Keep the figures of a part, with how busy the machine was, in its JSON."""
    about = {"cores": len(os.sched_getaffinity(0)), "load": round(os.getloadavg()[0], 1)}
    kept = {**about, "figures": [asdict(figure) for figure in figures]}
    (HERE / f"{part}.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def stored(part: str) -> list[Figure]:
    """The figures of a part as last measured."""
    kept = json.loads((HERE / f"{part}.json").read_text(encoding="utf-8"))
    return [Figure(**figure) for figure in kept["figures"]]
