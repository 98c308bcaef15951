"""A function measured alone, in a process of its own."""

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from benchmarks.memory import peak_mb, resident_mb

Row = dict[str, Any]


def measured(function: Callable[..., None], *arguments: Any, loaded: Sequence[str] = ()) -> Row:
    """Seconds of a call and the memory its process held at most, with what it held before: the imports, and
    modules that it finds `loaded`, as a forked step does."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (function, loaded, *arguments))


def _measured(function: Callable[..., None], loaded: Sequence[str], *arguments: Any) -> Row:
    for module in loaded:
        import_module(module)
    os.sync()  # what was written before must not be waited for
    before_mb, start, busy = resident_mb(), time.perf_counter(), time.process_time()
    function(*arguments)
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(time.process_time() - busy, 1),
        "before_mb": before_mb,
        "peak_mb": peak_mb(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
    }
