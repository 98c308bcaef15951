"""The Python that runs the steps, in whatever folder it lies, and what it is told."""

import os
import shlex
import sys
from pathlib import Path

# Steps share out tiles among threads. On matrices as small as theirs (200 to 800 rows were measured) a second
# thread of the algebra takes two to six times the processor and no less time; and what it gives differs in
# the last digits, which results must not. So this variable is 1 before a step loads anything.
ALGEBRA_THREADS = "OPENBLAS_NUM_THREADS"


def find_python_through_path() -> None:
    """Let Snakemake start each step as plain `python`, found through PATH, where the interpreter's own path
    would need quotes in a shell.

    Snakemake writes `sys.executable` unquoted into the command line of each `script:`, so that a blank in the
    name of a folder above `.venv` ends every step with "No such file or directory".
    """
    if shlex.quote(sys.executable) == sys.executable:
        return
    python = Path(sys.executable)
    os.environ["PATH"] = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
    sys.executable = python.name
