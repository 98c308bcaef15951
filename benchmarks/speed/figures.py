"""What the parts of the speed benchmark measure, and where they keep it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
ALERT = 1.3  # so many times worse than when last stored is told; the same work varies by a tenth


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


def store(part: str, figures: list[Figure]) -> list[str]:
    """Keep the figures of a part, with how busy the machine was, in its JSON.

    Gives, and prints, a line for each that is ALERT times worse than what was stored before.
    """
    alerts = worse(stored(part), figures)
    print(*alerts, sep="\n")
    about = {"cores": len(os.sched_getaffinity(0)), "load": round(os.getloadavg()[0], 1)}
    kept = {**about, "figures": [asdict(figure) for figure in figures]}
    (HERE / f"{part}.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return alerts


def stored(part: str) -> list[Figure]:
    """The figures of a part as last measured; none if it never was."""
    file = HERE / f"{part}.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"figures": []}
    return [Figure(**figure) for figure in kept["figures"]]


def load_of(part: str) -> float:
    """How many programs ran or waited while a part was measured, those of the part included."""
    return float(json.loads((HERE / f"{part}.json").read_text(encoding="utf-8"))["load"])


def worse(before: list[Figure], now: list[Figure]) -> list[str]:
    """A line for each figure that is ALERT times worse than the same one before."""
    known = {(figure.work, figure.unit): figure.measured for figure in before}
    lines = []
    for figure in now:
        was = known.get((figure.work, figure.unit))
        if not was or not figure.measured:
            continue
        times = was / figure.measured if figure.unit == "times faster" else figure.measured / was
        if times > ALERT:
            lines.append(
                f"worse {times:.2f} times: {figure.work}, {figure.measured:g} {figure.unit}, was {was:g}"
            )
    return lines
