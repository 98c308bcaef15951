"""Every part of the speed benchmark, and its page; ends with 1 if anything has become clearly slower.

    python -m benchmarks.speed [PART ...] [--stored]

With --stored nothing is measured, only the page is written from what was.
"""

import argparse
import importlib
import os
import subprocess
import sys

from benchmarks.speed.figures import stored, worse
from benchmarks.speed.page import PARTS, write_page


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how long the work takes.")
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if none is named"
    )
    parser.add_argument("--stored", action="store_true", help="only write the page")
    options = parser.parse_args()
    alerts: list[str] = []
    for part in [] if options.stored else options.parts or PARTS:
        importlib.import_module(f"benchmarks.speed.{part}")  # a name that is none ends here
        before = stored(part)
        one_thread = {"OPENBLAS_NUM_THREADS": "1"}  # as in the workflow
        subprocess.run(
            [sys.executable, "-m", f"benchmarks.speed.{part}"], check=True, env=os.environ | one_thread
        )
        alerts += worse(before, stored(part))
    write_page()
    sys.exit("\n".join(alerts) or 0)


if __name__ == "__main__":
    main()
