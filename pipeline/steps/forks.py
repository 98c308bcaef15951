"""Steps are forked from one process that has loaded what they need, which saves each a second of imports.

Snakemake starts a step as `<python> <script>`. Where all steps of a run are on this machine, `fork_steps`
puts a stand-in in the place of that Python, and starts one process that loads all steps once. The stand-in
asks it for a fork that runs the script with the stand-in's folder, environment and streams. A fork ends when
its stand-in does, and with the run; what it holds of libraries it shares with all others.
"""

import atexit
import marshal
import os
import runpy
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from pipeline.steps.interpreter import ALGEBRA_THREADS
from pipeline.steps.stand_in import ASKED_AT, BEGUN, LENGTH_BYTES, LOOK_EVERY_S, STREAMS

SHARED_MB = "BORDERLIGHT_SHARED_MB"  # in the environment of a fork: what it held when it began
RULES = Path(__file__).parents[1] / "rules"
# What steps and libraries load where they need it, and most do.
LOADED_LATE = (
    *("snakemake.script", "pipeline.raster.kernels", "pipeline.borders.kernels"),
    *("dask.array", "dask.threaded", "matplotlib.backends.backend_agg"),
    *("pyarrow.dataset", "pyarrow.pandas_compat", "pydantic.dataclasses"),
)


def fork_steps() -> subprocess.Popen[bytes] | None:
    """Fork the steps of this run from now on: the process that does so, which ends with this one.

    On Linux alone: elsewhere not all libraries can be used in a fork. All is left as it is where there is no
    place for temporary files, or they may not be executed or hold no socket.
    """
    if sys.platform != "linux":
        return None
    try:
        folder = Path(tempfile.mkdtemp(prefix="borderlight-"))
    except OSError:
        return None
    asked_at, stand_in = folder / "forks", folder / "python"
    call = shlex.join([sys.executable, "-I", "-S", str(Path(__file__).with_name("stand_in.py"))])
    with socket.socket(socket.AF_UNIX) as listening, suppress(OSError):
        stand_in.write_text(f'#!/bin/sh\nexec {call} "$@"\n', encoding="utf-8")
        stand_in.chmod(0o700)
        listening.bind(str(asked_at))
        listening.listen()
        if os.access(stand_in, os.X_OK) and shlex.quote(str(stand_in)) == str(stand_in):
            forks = _started(listening, folder)
            os.environ[ASKED_AT], sys.executable = str(asked_at), str(stand_in)
            return forks
    shutil.rmtree(folder, ignore_errors=True)
    return None


def _started(listening: socket.socket, folder: Path) -> subprocess.Popen[bytes]:
    """The process that forks: it ends when this one does, for that closes its input."""
    ours = f"import sys; sys.path.insert(0, {str(RULES.parents[1])!r})"
    call = f"{ours}; from {__name__} import serve; serve({listening.fileno()}, {str(folder)!r})"
    forks = subprocess.Popen(
        [sys.executable, "-P", "-c", call],
        env=os.environ | {ALGEBRA_THREADS: "1"},
        pass_fds=[listening.fileno()],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(forks.communicate)  # so that what it took is counted as this one's
    return forks


def serve(listening_fd: int, folder: str) -> None:
    """Load the steps and fork one for each that asks, also before all are loaded, until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=listening_fd) as listening, selectors.DefaultSelector() as asked:
        listening.setblocking(False)
        asked.register(listening, selectors.EVENT_READ)
        asked.register(sys.stdin, selectors.EVENT_READ)
        steps = [f"pipeline.steps.{rule.stem}" for rule in sorted(RULES.glob("*.smk"))]
        unloaded = [*LOADED_LATE, *steps][::-1]
        while True:
            if unloaded:
                with suppress(Exception):  # the step itself will tell
                    import_module(unloaded.pop())
                    if not unloaded:
                        _make_transformers()
            for ready, _ in asked.select(0 if unloaded else LOOK_EVERY_S):
                if ready.fileobj is sys.stdin:
                    shutil.rmtree(folder, ignore_errors=True)
                    _wait_for_ended(0)
                    return
                _fork(listening)
            _wait_for_ended(os.WNOHANG)


def _fork(listening: socket.socket) -> None:
    """Fork for who asks next, whatever becomes of it."""
    with suppress(OSError, ValueError, EOFError, TypeError):
        connection, _ = listening.accept()
        with connection:
            connection.setblocking(True)
            length, streams, _, _ = socket.recv_fds(connection, LENGTH_BYTES, len(STREAMS))
            script, directory, environment = marshal.loads(
                _received(connection, int.from_bytes(length, "big"))
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of threads, which are Arrow's and heed forks
                child = os.fork()
            if child == 0:
                listening.close()  # or who asks after the end of this process would wait for the fork's
                _run(script, directory, environment, streams, connection)
            for stream in streams:
                os.close(stream)


def _make_transformers() -> None:
    """Those that most steps ask for, 25 ms each, also by way of geopandas, which keeps its own. What PROJ has
    opened for them it opens anew in a fork."""
    from pipeline.borders.squares import AREA_CRS
    from pipeline.camera.earth import ECEF, GEODETIC, transformer
    from pipeline.ground.countries import read_countries

    for pair in (("EPSG:4326", AREA_CRS), (AREA_CRS, "EPSG:4326"), (GEODETIC, ECEF)):
        transformer(*pair)
    read_countries(AREA_CRS, [])


def _received(connection: socket.socket, length: int) -> bytes:
    """So many bytes; ValueError where there are fewer."""
    found = b""
    while len(found) < length:
        part = connection.recv(length - len(found))
        if not part:
            raise ValueError(f"{length - len(found)} bytes are missing")
        found += part
    return found


def _run(
    script: str,
    directory: str,
    environment: dict[str, str],
    streams: list[int],
    connection: socket.socket,
) -> NoReturn:
    """In the fork: be the process that was asked for, run its script, and end."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for place, stream in zip(STREAMS, streams, strict=True):
            os.dup2(stream, place)
            os.close(stream)
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(environment, **{SHARED_MB: f"{_held_mb():.0f}"})
        sys.argv = [script]
        connection.sendall(BEGUN)
        threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
        code = _code_of(script)
        # What is left to do at the end of Python, without taking apart all that was loaded.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(bytes([code]))
    finally:
        os._exit(code)


def _code_of(script: str) -> int:
    """Run a script as Python would; its exit code."""
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) % 256
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end_with(connection: socket.socket) -> None:
    """End this process when who asked for it has ended: nothing else is ever sent."""
    with suppress(OSError):
        connection.recv(1)
    os._exit(1)


def _held_mb() -> float:
    """The memory of this process now, in 10^6 bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def _wait_for_ended(options: int) -> None:
    """Wait for forks that have ended, so that what they took is counted as the run's."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass
