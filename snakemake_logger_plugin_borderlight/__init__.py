"""The terminal of a run, as a logger plugin of Snakemake: `logger: borderlight` in `profiles/default`.

Snakemake finds it by the name of this package. A dry run, and whoever asks for more words (`--verbose`,
`--printshellcmds`, `--debug-dag`), get Snakemake's own.
"""

import logging
import os
import sys
import threading
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from pipeline.steps.terminal import TERMINAL, Terminal, is_of_a_step

LOOK_EVERY_S = 1.0
# Said of every run, or of every one that failed, which the end of the run tells.
KNOWN = (
    *("Assuming unrestricted shared filesystem", "Building DAG", "Exiting because a job", "Complete log"),
    *(
        "Using shell",
        "Conda environments",
        "Provided cores",
        "Rules claiming",
        "Provided resources",
        "Job stats",
    ),
    *("Removing output files of failed job", "Shutting down", "Select jobs", "Will exit after"),
)


class LogHandler(LogHandlerBase):
    """Hands what happens on to a `Terminal`."""

    def __post_init__(self) -> None:
        asked = self.common_settings
        self._plain = asked.dryrun or asked.verbose or asked.printshellcmds or asked.debug_dag
        self._stream = sys.stdout if asked.stdout else sys.stderr
        self._terminal, self._began = Terminal(self._stream), False
        self._ended = threading.Event()
        if not self._plain:
            os.environ[TERMINAL] = "1"
            threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            self._terminal.tell_what_takes_long()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._plain:
                text = self.format(record)
                if text and text != "None":
                    self._terminal.say(text)
            else:
                self._tell(record)
        except Exception:
            self.handleError(record)

    def _tell(self, record: logging.LogRecord) -> None:
        event: LogEvent | None = getattr(record, "event", None)
        told: dict[str, Any] = record.__dict__
        if event is LogEvent.RUN_INFO:
            self._began = True
            self._terminal.planned(int((told.get("stats") or {}).get("total", 0)))
        elif event is LogEvent.PROGRESS:
            self._terminal.planned(int(told["total"]))
        elif event is LogEvent.JOB_INFO:
            message = told["rule_msg"] or told["rule_name"]
            self._terminal.started(told["jobid"], message, told["log"] or [])
        elif event is LogEvent.JOB_FINISHED:
            self._terminal.finished(told["job_id"])
        elif event is LogEvent.JOB_ERROR:
            self._terminal.failed(told["jobid"], told["rule_name"], told["log"] or [])
        elif event is LogEvent.ERROR:
            if not is_of_a_step(told):
                self._terminal.other_error(record.getMessage())
        elif event is None and self._is_for_all(record):
            self._terminal.say(record.getMessage())

    def _is_for_all(self, record: logging.LogRecord) -> bool:
        """Warnings, the end of the run, and what Snakemake says before anything runs: that is an answer, as
        of --lint or where nothing is to do."""
        if str(record.msg).startswith(KNOWN):
            return False
        of_the_run = bool(getattr(record, "of_the_run", False))
        return record.levelno >= logging.WARNING or not self._began or of_the_run

    def close(self) -> None:
        self._ended.set()
        self._terminal.end()
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        return True

    @property
    def writes_to_file(self) -> bool:
        return False

    @property
    def has_filter(self) -> bool:
        return not self._plain  # in place of Snakemake's, which heeds --quiet

    @property
    def has_formatter(self) -> bool:
        return not self._plain

    @property
    def needs_rulegraph(self) -> bool:
        return False
