"""How every step runs and writes: one line for a user's mistake, whole files or none.

A step is a function whose parameters bear the names of its rule's inputs, outputs and params, in a file
that ends with

    if "snakemake" in globals():
        run_step(function, globals()["snakemake"])

so it can be imported and called without Snakemake.
"""

import gc
import inspect
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import validate_call

from pipeline.config import CONFIGS, load_run, read_yaml
from pipeline.errors import PipelineError, said_by
from pipeline.raster.workers import Workers
from pipeline.steps.disk import full_disk, libraries_talk_to
from pipeline.steps.figures import figure
from pipeline.steps.forks import SHARED_MB
from pipeline.steps.terminal import TERMINAL
from pipeline.steps.unfetched import PASSED_ON, why_unfetched, write_unfetched

log = logging.getLogger(__name__)
# What GeoPackages give as their `last_change`, so that a run made anew writes the same bytes.
LAST_CHANGE = "2000-01-01T00:00:00.000Z"


def run_step(function: Callable[..., None], snakemake: Any) -> None:
    """Call a step with its rule's named inputs, outputs and params; on failure say one line and exit with 1.

    Values are converted as the function's annotations ask: file names to Path, mappings to models.
    """
    log_file, began = Path(str(snakemake.log)), time.monotonic()
    os.environ["OGR_CURRENT_DATE"] = LAST_CHANGE
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        _log_to(log_file)
        with libraries_talk_to(log_file):
            if not _passed_on(snakemake):
                validate_call(function)(**_arguments(function, snakemake))
            _log_found(snakemake)
    except KeyboardInterrupt:
        sys.exit(130)  # the user's wish, nothing to explain
    except Exception as error:
        _fail(_why(error, snakemake, log_file))
    finally:
        _log_cost(time.monotonic() - began, snakemake.resources.get("mem_mb"))
        # Python ends by looking through all that libraries hold for rubbish, 0.2 s a step: there is no need.
        gc.freeze()


def _why(error: Exception, snakemake: Any, log_file: Path) -> str:
    """What the user is told of an error; a traceback goes to the log if no input is to blame."""
    outputs = [Path(file) for _, file in snakemake.output.items()]
    inputs = [str(file) for file in snakemake.input]
    said = log_file.read_text(encoding="utf-8", errors="replace") if log_file.is_file() else ""
    full = full_disk(error, said, snakemake.rule, inputs, outputs)
    if full is None and isinstance(error, PipelineError):
        return str(error)
    log.exception("the step failed")
    if full is not None:
        return full
    if isinstance(error, OSError):
        return _refusal(error)
    if isinstance(error, MemoryError):
        return "out of memory: set a smaller grid.radius_km or a coarser grid.resolution_m for the city"
    return f"bug in step {snakemake.rule}: {type(error).__name__}: {said_by(error)}; traceback in {log_file}"


def _passed_on(snakemake: Any) -> bool:
    """Whether the step's photo could not be fetched, which its outputs then say as its inputs do."""
    if snakemake.rule not in PASSED_ON:
        return False
    for file in dict(snakemake.input.items()).values():
        reason = why_unfetched(Path(file)) if isinstance(file, str) else None
        if reason is not None:
            log.info("nothing is done for %s", reason)
            write_unfetched(
                [Path(file) for _, file in snakemake.output.items()], snakemake.wildcards.photo, reason
            )
            return True
    return False


def _arguments(function: Callable[..., None], snakemake: Any) -> dict[str, Any]:
    """The rule's named items by name, its threads or who works out tiles where the function asks for them;
    items that are fields of one of the function's dataclasses together, as that."""
    named: dict[str, Any] = {}
    for items in (snakemake.input, snakemake.output, snakemake.params):
        named |= {
            key: _found(value, snakemake.rule) if isinstance(value, list) else value
            for key, value in items.items()
        }
    named.pop("contents", None)  # of the inputs: a param that tells Snakemake when they are others
    if "threads" in inspect.signature(function).parameters:
        named["threads"] = snakemake.threads
    for name, annotation in get_type_hints(function).items():
        if annotation is Workers:
            named[name] = _workers(snakemake)
        elif is_dataclass(annotation):
            named[name] = {field.name: named.pop(field.name) for field in fields(annotation)}
    return named


def _found(values: list[Any], rule: str) -> list[Any]:
    """A list of files, for a photo's own steps without those of photos that could not be fetched."""
    if rule not in PASSED_ON:
        return list(values)
    return [v for v in values if not (isinstance(v, str) and why_unfetched(Path(v)) is not None)]


def _workers(snakemake: Any) -> Workers:
    """Who works out tiles: as `configs/run.yaml` and the command line say. That is no param of the rules, for
    another answer makes no results out of date."""
    run = load_run({**read_yaml(CONFIGS / "run.yaml"), **snakemake.config})
    return Workers(run.dask.scheduler, snakemake.threads)


def _end_with(parent: int) -> None:
    """End this process soon after its parent: a step must not outlive a killed Snakemake and write into the
    run that follows."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _log_to(file: Path) -> None:
    """What the package logs, and all warnings, go to the rule's log file, nothing to the terminal."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"")
    logging.basicConfig(
        filename=file,
        filemode="a",  # as libraries do, see `libraries_talk_to`
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    for ours in ("pipeline", "__main__"):
        logging.getLogger(ours).setLevel(logging.INFO)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a log that cannot be written, on a full disk, is no second failure


def _log_found(snakemake: Any) -> None:
    """What the step has found, which the terminal shows too. No step fails because that cannot be told."""
    try:
        log.info("found: %s", figure(snakemake.rule, {k: Path(v) for k, v in snakemake.output.items()}))
    except Exception as error:
        log.info("what was found cannot be told: %r", error)


def _log_cost(seconds: float, asked_mb: int | None) -> None:
    """What the step took and its rule asked for, by which `resources` is calibrated and tested; memory and
    processor time are those since the process began, with the imports, or of a fork, which shares some."""
    peak, took = peak_mb(), f"took {seconds:.1f} s, {time.process_time():.1f} s of processor"
    held = "" if peak is None else f", {peak:.0f} MB of memory"
    shared = f", {os.environ[SHARED_MB]} MB of it shared by all steps" if SHARED_MB in os.environ else ""
    log.info("%s%s%s; asked for %s MB", took, held, shared, asked_mb)


def peak_mb() -> float | None:
    """The most memory that this process has held since it began, in 10^6 bytes; None where the system does
    not tell. `getrusage` would count what the parent held when it started the process."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6
    except (OSError, StopIteration):
        return None


def _refusal(error: OSError) -> str:
    """What the system refused; the file is named where the system tells it."""
    reason = said_by(error)
    place = "" if error.filename is None else f"{error.filename}: "
    return f"{place}{reason[:1].lower()}{reason[1:]}"


def _fail(message: str) -> None:
    for line in message.splitlines():
        log.error("error: %s", line)
        if TERMINAL not in os.environ:  # else the run tells it in the end
            print(f"error: {line}", file=sys.stderr)
    sys.exit(1)
