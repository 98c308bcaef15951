"""Planted ends of a motorway's light: does the interval hold them, and are the verdicts right?

    python -m benchmarks.borders.motorways [--seeds 200] [--workers 2] [--only NAME ...]

The scenes are those of `tests.scenes.motorway_light`. Results of the settings that were run replace those in
motorways.json.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np

from tests.scenes.motorway_light import Setting, found, found_together

RESULTS = Path(__file__).with_name("motorways.json")
SETTINGS = {
    f"end snr{snr:g} towns{towns:g}": Setting(snr, towns)
    for towns in (0.0, 0.05, 0.3, 1.0)
    for snr in (0.5, 1.0, 3.0, 10.0, 30.0)
}
SETTINGS |= {
    f"end position100 towns{towns:g}": Setting(10.0, towns, position_sigma_m=100.0) for towns in (0.0, 0.3)
}
SETTINGS |= {
    f"end line{error:g} towns{towns:g}": Setting(10.0, towns, line_error_m=error)
    for error in (300.0, 500.0)
    for towns in (0.05, 0.3)
}
SETTINGS |= {f"end cells50 towns{towns:g}": Setting(10.0, towns, resolution_m=50.0) for towns in (0.05, 0.3)}
SETTINGS |= {
    f"{'lit' if lit else 'dark'} both snr{snr:g} towns{towns:g}": Setting(snr, towns, lit=(lit, lit))
    for lit in (True, False)
    for towns in (0.0, 0.3, 1.0)
    for snr in (1.0, 10.0)
}
SETTINGS |= {
    f"{name} other lit": replace(setting, other_lit=True)
    for name, setting in SETTINGS.items()
    if " both " in name and setting.towns < 1
}
SETTINGS |= {
    f"border at {end:g} position{sigma:g}": Setting(
        10.0, 0.05, end_m=end, position_sigma_m=sigma, regional=(-500.0,)
    )
    for end in (0.0, -500.0)
    for sigma in (20.0, 150.0)
}
SETTINGS |= {
    f"end photos{photos} snr{snr:g} towns{towns:g}": Setting(snr, towns, photos=photos)
    for photos in (3, 10)
    for snr, towns in ((1.0, 0.05), (10.0, 0.3))
}


def run(setting: Setting, seeds: int, workers: int) -> dict[str, Any]:
    """The figures of a setting; `seconds` are those of the clock for a scene, by so many workers."""
    start = time.perf_counter()
    with Pool(workers) as pool:
        results = pool.starmap(
            found if setting.photos == 1 else found_together,
            [(setting, 1000 + seed) for seed in range(seeds)],
        )
    given = np.array(
        [(f.end.chainage_m - end, f.end.low_m - end, f.end.high_m - end) for f, end in results if f.end]
    ).reshape(-1, 3)
    planted = setting.lit[0] != setting.lit[1]
    error = np.abs(given[:, 0])
    summary = {
        "seeds": seeds,
        "verdicts": dict(Counter(finding.verdict for finding, _ in results).most_common()),
        "seconds": round((time.perf_counter() - start) / seeds, 3),
    }
    if planted and len(given):
        summary |= {
            "ends_given": len(given),
            "covered": round(float(np.mean((given[:, 1] <= 0) & (given[:, 2] >= 0))), 3),
            "median_error_m": round(float(np.median(error))),
            "p90_error_m": round(float(np.quantile(error, 0.9))),
            "median_width_m": round(float(np.median(given[:, 2] - given[:, 1]))),
        }
    return asdict(setting) | summary


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--only", nargs="*", default=list(SETTINGS), help="names of settings, or their starts"
    )
    args = parser.parse_args(arguments)
    for name, setting in SETTINGS.items():
        if not any(name.startswith(start) for start in args.only):
            continue
        summary = run(setting, args.seeds, args.workers)
        print(name, json.dumps({k: v for k, v in summary.items() if k not in asdict(setting)}), flush=True)
        stored = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
        ordered = {key: (stored | {name: summary}).get(key) for key in SETTINGS}
        RESULTS.write_text(json.dumps({k: v for k, v in ordered.items() if v}, indent=1) + "\n")


if __name__ == "__main__":
    main()
