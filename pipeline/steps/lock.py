"""One run at a time on a results folder: an advisory lock of the main process, which ends with it however it
ends.

Steps, and what a cluster starts on its nodes, take no lock: they belong to the run that holds it.
"""

import atexit
import errno
import os
import socket
import sys
from datetime import datetime
from pathlib import Path

from pipeline.errors import OutputError, PipelineError, ResultsInUseError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"  # in the results folder
# What file systems without locks answer, as some network file systems do: runs there are not kept apart.
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
TAKEN = {errno.EWOULDBLOCK, errno.EACCES}


def hold(results: Path) -> bool:
    """Keep other runs from writing to `results` until this process ends; False where files cannot be locked.

    ResultsInUseError names the process that holds the folder. The lock is the kernel's, so a killed run
    leaves none behind; over NFS it holds for all computers that mount the folder.
    """
    if fcntl is None:
        return False
    try:
        results.mkdir(parents=True, exist_ok=True)
        while True:
            # Open for writing, which NFS asks of an exclusive lock. Programs that are started do not inherit
            # it.
            lock = os.open(results / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(lock, results / LOCK):
                break
            os.close(lock)  # of a run that has just ended and taken its file away
    except OSError as error:
        if error.errno in TAKEN and error.filename is None:
            holder = os.pread(lock, 500, 0).decode("utf-8", "replace").strip() or "another process"
            raise ResultsInUseError(
                f"{results}: another run is writing here ({holder}); wait until it has ended, "
                "or set another results folder"
            ) from None
        if error.errno in NO_LOCKS:
            return False
        reason = (error.strerror or "refused").lower()
        raise OutputError(f"{results}: cannot be written to ({reason}); set another results folder") from None
    since = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()}, since {since}".encode(), 0)
    atexit.register(_release, lock, os.getpid(), results / LOCK)
    return True


def hold_or_exit(results: Path) -> None:
    """The same for a run: one line and exit 1 where another one holds the folder."""
    try:
        hold(results)
    except PipelineError as error:
        sys.exit(f"error: {error}")


def is_held(results: Path) -> bool:
    """Whether a run is writing to `results`, this one or another."""
    if fcntl is None:
        return False
    try:
        lock = os.open(results / LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in TAKEN
    finally:
        os.close(lock)
    return False


def _is_still(lock: int, file: Path) -> bool:
    """Whether `file` is what `lock` was opened as."""
    try:
        return os.path.samestat(os.fstat(lock), file.stat())
    except FileNotFoundError:
        return False


def _release(lock: int, holder: int, file: Path) -> None:
    """At the end of the process that holds it; one that was forked has the same duty registered, but no
    right."""
    if os.getpid() == holder:
        file.unlink(missing_ok=True)
        os.close(lock)
