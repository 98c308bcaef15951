"""Stands where Snakemake expects Python: asks for a fork that runs the step (see `forks`), and ends with it.

Where no one answers it becomes Python, and the step starts as it would have. It loads next to nothing, for
its own start is what a fork costs.
"""

import json
import os
import signal
import socket
import sys

ASKED_AT = "BORDERLIGHT_FORKS"  # in the environment of steps: the file of the socket
LENGTH_BYTES = 4  # of what is asked, which stand before it
STREAMS = (0, 1, 2)
BEGUN = b"+"
KILLED = 128 + signal.SIGKILL
LOOK_EVERY_S = 0.5


def ask(script: str) -> int | None:
    """The exit code of a fork that has run the script; None where there is no one to ask."""
    asked = {"script": script, "folder": os.path.realpath("."), "environment": dict(os.environ)}
    message, parent = json.dumps(asked).encode(), os.getppid()
    try:
        with socket.socket(socket.AF_UNIX) as forks:
            forks.connect(os.environ[ASKED_AT])
            socket.send_fds(forks, [len(message).to_bytes(LENGTH_BYTES, "big")], STREAMS)
            forks.sendall(message)
            if forks.recv(1) != BEGUN:
                return None
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the fork hears it too, and ends
            return _wait(forks, parent)
    except (KeyError, OSError):
        return None


def _wait(fork: socket.socket, parent: int) -> int:
    """The code of a fork that has begun, which ends without one when it is killed; soon after the parent of
    this process has ended it is of no use to anyone, and the fork ends with this process."""
    fork.settimeout(LOOK_EVERY_S)
    while os.getppid() == parent:
        try:
            code = fork.recv(1)
        except TimeoutError:
            continue
        except ConnectionError:
            break
        return code[0] if code else KILLED
    return KILLED


if __name__ == "__main__":
    code = ask(sys.argv[1]) if len(sys.argv) == 2 and sys.argv[1].endswith(".py") else None
    if code is not None:
        sys.exit(code)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
