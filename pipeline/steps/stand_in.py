"""Stands where Snakemake expects Python: asks for a fork that runs the step (see `forks`), and ends with it.

Where no one answers it becomes Python, and the step starts as it would have. Its own start is what a fork
costs: `socket` and `json`, which it could use too, take as long to load as Python itself.
"""

import _socket
import marshal
import os
import signal
import sys

ASKED_AT = "BORDERLIGHT_FORKS"  # in the environment of steps: the file of the socket
LENGTH_BYTES = 4  # of what is asked, which stand before it
STREAMS = (0, 1, 2)
BEGUN = b"+"
KILLED = 128 + signal.SIGKILL
LOOK_EVERY_S = 0.5


def ask(script: str) -> int | None:
    """The exit code of a fork that has run the script; None where there is no one to ask."""
    message = marshal.dumps((script, os.path.realpath("."), dict(os.environ)))
    streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in STREAMS)
    parent, heard = os.getppid(), signal.signal(signal.SIGINT, signal.SIG_IGN)  # the fork ends by it
    try:
        forks = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        forks.connect(os.environ[ASKED_AT])
        length = len(message).to_bytes(LENGTH_BYTES, "big")
        forks.sendmsg([length], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
        forks.sendall(message)
        if forks.recv(1) == BEGUN:
            return _wait(forks, parent)
    except (KeyError, OSError):
        pass
    signal.signal(signal.SIGINT, heard)
    return None


def _wait(fork: _socket.socket, parent: int) -> int:
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
