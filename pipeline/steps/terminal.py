"""What a run says on the terminal: one line a step with its figure, what takes long, and in the end what
failed.

Everything else is in Snakemake's own log. `snakemake_logger_plugin_borderlight` hands the events on.
"""

import re
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from pipeline.steps.names import CLOCKS_DIFFER_S

ERROR_LINE = re.compile(r"^\S+ \S+ ERROR pipeline\.steps\.step: error: (.*)$", re.MULTILINE)
FOUND_LINE = re.compile(r"^\S+ \S+ INFO pipeline\.steps\.step: found: (.*)$", re.MULTILINE)
SAID_LINE = re.compile(r"^\S+ \S+ (?:INFO|WARNING) \S+: (.*)$", re.MULTILINE)
TERMINAL = "BORDERLIGHT_TERMINAL"  # in the environment of steps whose errors the run reads in their logs
LONG_S = 30.0  # a step that takes longer says so, and again after as long
WITHOUT_A_WORD = "ended without a word, as a step does that runs out of memory"


@dataclass
class Running:
    """A step under way."""

    message: str
    logs: list[Path]
    began: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)
    since: float = field(default_factory=time.time)

    def lines(self, pattern: re.Pattern[str]) -> list[str]:
        """What its log says, as far as it can be read here. Until the step itself has begun, a log is that of
        an earlier run."""
        found: list[str] = []
        with suppress(OSError):
            for log in self.logs:
                if log.stat().st_mtime >= self.since - CLOCKS_DIFFER_S:
                    found += pattern.findall(log.read_text("utf-8", "replace"))
        return found


class Terminal:
    """Writes to `stream` what the methods are told of; they are called in the order of events."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._lock = stream, threading.Lock()
        self._running: dict[int, Running] = {}
        self._done, self._total, self._errors = 0, 0, list[str]()

    def planned(self, total: int) -> None:
        """So many steps are to be done; told again when the plan has changed."""
        self._total = total

    def started(self, job: int, message: str, logs: Iterable[str]) -> None:
        self._running[job] = Running(message.rstrip("."), [Path(log) for log in logs])

    def finished(self, job: int) -> None:
        step = self._running.pop(job, None)
        self._done += 1
        if step is None or not step.logs:  # `all`, which is no step
            return
        found = step.lines(FOUND_LINE)
        took = time.monotonic() - step.began
        self._say(f"{self._counted()} {step.message}{f': {found[-1]}' if found else ''} ({took:.0f} s)")

    def failed(self, job: int, rule: str, logs: Iterable[str]) -> None:
        step = self._running.pop(job, None) or Running(rule, [Path(log) for log in logs])
        errors = step.lines(ERROR_LINE) or [
            f"{step.message}: {WITHOUT_A_WORD}; see {', '.join(map(str, step.logs)) or 'the log'}"
        ]
        self._errors += [error for error in errors if error not in self._errors]
        self._say(f"{self._counted()} {step.message}: failed, see the end of the run")

    def other_error(self, text: str) -> None:
        """What Snakemake itself says went wrong."""
        self._errors.append(" ".join(text.split()))

    def say(self, text: str) -> None:
        """Lines as they are."""
        self._say(text)

    def tell_what_takes_long(self) -> None:
        """To be called now and then."""
        now = time.monotonic()
        for step in list(self._running.values()):
            if step.logs and now - step.told >= LONG_S:
                step.told = now
                said = [line for line in step.lines(SAID_LINE) if not line.startswith("found: ")]
                doing = f": {said[-1]}" if said else ""
                self._say(
                    f"{' ' * len(self._counted())} {step.message}, {now - step.began:.0f} s so far{doing}"
                )

    def end(self) -> None:
        """What failed, one line each; nothing where nothing did."""
        errors, self._errors = self._errors, []
        for error in errors:
            self._say(f"error: {error}")

    def _counted(self) -> str:
        width = len(str(self._total))
        return f"[{min(self._done, self._total):{width}d}/{self._total}]"

    def _say(self, text: str) -> None:
        with self._lock:
            self._stream.write(f"{text}\n")
            self._stream.flush()


def is_of_a_step(event: Mapping[str, Any]) -> bool:
    """Whether an error that Snakemake tells is only that a step's process failed, which is told by the
    step."""
    text = str(event.get("msg") or "")
    return "CalledProcessError" in text or "At least one job did not complete" in text
