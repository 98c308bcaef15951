"""How right and how fast the tone step is: writes tone.json beside this file and docs/tone-benchmark.md.

    python -m benchmarks.tone.tone [--only NAME]

With --only, just the parts whose name holds NAME are measured anew. Parts: planted, coded, saturated,
shared, speed, dng, anchors, routes. The shared scenes are looked for in the folder NIGHT_SHARED, else
`shared` beside the repository. Results are stored part by part; the page is written once all parts have been
measured.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np

from benchmarks.memory import peak_mb
from benchmarks.tone.page import write_page
from benchmarks.tone.shared import shared_rows
from pipeline.models import LonLat, PhotoSource, ToneConfig
from pipeline.photo.cameras import read_cameras
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.tiff import read_photo_tif
from pipeline.raster.bands import GEOMETRY_BANDS, ORTHO_BANDS
from pipeline.raster.cog import write_cog
from pipeline.raster.dataset import labelled
from pipeline.raster.grid import Grid
from pipeline.simulate.lamps import LAMP_RGB, LAMPS
from pipeline.simulate.render import spread
from pipeline.steps.acquire import acquire
from pipeline.steps.tone import measure_tone
from pipeline.tone.lamps import lamp_ratios
from pipeline.tone.responses import (
    WAVELENGTH_NM,
    Response,
    carried_response,
    matrix_response,
    measured_response,
)
from tests.scenes.dng import codes, mosaic, write_dng
from tests.scenes.raw_cameras import PUBLISHED, PUBLISHED_MERCURY
from tests.scenes.tone_maps import TONES, country_biases, exposed_for, measured, residual_spread, scene

HERE = Path(__file__).parent
CAMERAS = HERE.parents[1] / "data" / "cameras.csv"
SIDE = 5000  # 25 million cells
EXPOSURES = (1.0, 3.0)
SEEDS = (0, 1)
# Of scenes that the reading of JPEGs and its constants were not tuned on.
CODED_SEEDS = (40, 41, 42)
CODED_QUALITIES = (98, 95, 92, 85, 80, 70, 50)
UNLIKE = 0.4  # of a country's lamps in log2, 1 sigma: some sodium, some white
MOSAICS = 20
Row = dict[str, Any]


def planted() -> list[Row]:
    """Bias of each country's tone, and spread of standardised residuals."""
    rows = []
    for evidence in ("raw", "jpeg"):
        for exposure in EXPOSURES:
            for seed in SEEDS:
                made = scene(seed, evidence, exposure)  # type: ignore[arg-type]
                seen = measured(made)
                rows.append(
                    {
                        **{"evidence": evidence, "exposure": exposure, "seed": seed},
                        "lit_share": float(np.isfinite(seen.tone[0]).mean()),
                        "saturated_lamps": made.saturated_lamps,
                        "bias": country_biases(made, seen, 10),
                        "bias_faint": country_biases(made, seen, 10, 20),
                        "spread_g_r": residual_spread(made, seen, 0),
                        "spread_b_g": residual_spread(made, seen, 1),
                    }
                )
                print(rows[-1], flush=True)
    return rows


def saturated() -> list[Row]:
    """Bias with 5 % of the lamps saturated, with the mask and without."""
    rows = []
    for evidence in ("raw", "jpeg"):
        made = exposed_for(0, evidence, 0.05)  # type: ignore[arg-type]
        for masked in (True, False):
            seen = measured(made, masked)
            bias = country_biases(made, seen, 10)
            rows.append({"evidence": evidence, "saturated_lamps": made.saturated_lamps, "masked": masked})
            rows[-1]["bias"] = bias
            print(rows[-1], flush=True)
    return rows


def shared() -> list[Row]:
    """Contrasts between countries of the rendered scenes."""
    folder = Path(os.environ.get("NIGHT_SHARED", HERE.parents[2] / "shared")) / "scenes"
    return shared_rows(folder)


def speed() -> list[Row]:
    """Seconds and peak memory of the step on 25 million cells and two cores, at both kinds of level."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lit = _large_maps(folder)
        for evidence in ("jpeg", "raw_anchored"):
            command = [sys.executable, "-m", "benchmarks.tone.tone", "--measure", evidence, str(folder)]
            result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            rows.append({"evidence": evidence, "lit_share": lit} | json.loads(result.stdout))
            print(rows[-1], flush=True)
    return rows


def _large_maps(folder: Path) -> float:
    """`ortho.tif` and `geometry.tif` of scenes side by side; the share of lit cells."""
    made = scene(0, "raw", 3.0)
    times = -(-SIDE // made.ortho.shape[1])
    grid = Grid("EPSG:3035", 100.0, (4e6, 3e6, 4e6 + SIDE * 100, 3e6 + SIDE * 100))
    ortho = np.tile(made.ortho, (1, times, times))[:, :SIDE, :SIDE]
    array = da.from_array(ortho, chunks=(4, 1024, 1024))
    write_cog(folder / "ortho.tif", labelled(array, grid, ORTHO_BANDS))
    seen = np.broadcast_to(np.reshape(np.float32([20, 0, 100, 50]), (4, 1, 1)), (4, SIDE, SIDE))
    array = da.from_array(seen, chunks=(4, 1024, 1024))
    write_cog(folder / "geometry.tif", labelled(array, grid, GEOMETRY_BANDS))
    return float(np.isfinite(measured(made).tone[0]).mean())


def measure_speed(evidence: str, folder: Path) -> Row:
    """The step in this process, which does nothing else."""
    anchor = read_cameras(CAMERAS)["D3S"] if evidence == "raw_anchored" else None
    facts = PhotoFacts.model_validate(
        {
            **{"id": "a", "width": 1, "height": 1, "source": "", "linearisation": "", "camera": "D3S"},
            **{"evidence": evidence, "anchor": anchor},
        }
    )
    (folder / "photo.json").write_text(facts.model_dump_json())
    inputs = [folder / file for file in ("ortho.tif", "geometry.tif", "photo.json")]
    outputs = [folder / file for file in ("tone.tif", "light.tif", "lamps.tif")]
    os.sync()  # what was written before must not be waited for
    start, busy = time.perf_counter(), time.process_time()
    measure_tone(*inputs, ToneConfig(), *outputs)  # type: ignore[misc, arg-type]
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(time.process_time() - busy, 1),
        "peak_mb": peak_mb(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
    }


def coded() -> list[Row]:
    """How wrong contrasts are and how honest sigmas by how a JPEG was written; lamps alike and unlike."""
    rows = []
    for subsampling, quality in product((2, 0), CODED_QUALITIES):
        row: Row = {"quality": quality, "subsampling": subsampling}
        for unlike in (0.0, UNLIKE):
            errors, spreads = [], []
            for exposure, seed in product(EXPOSURES, CODED_SEEDS):
                made = scene(seed, "jpeg", exposure, quality, subsampling, unlike)
                seen = measured(made)
                pairs = combinations(country_biases(made, seen, 10), 2)
                errors += [second - first for first, second in pairs]
                spreads.append([residual_spread(made, seen, band) for band in (0, 1)])
            row["unlike" if unlike else "alike"] = {
                "worst": float(np.abs(errors).max()),
                "rms": float(np.sqrt(np.mean(np.square(errors)))),
                **dict(zip(("spread_g_r", "spread_b_g"), np.mean(spreads, axis=0).tolist(), strict=True)),
            }
        rows.append(row)
        print(rows[-1], flush=True)
    return rows


def dng() -> list[Row]:
    """Lamps of the simulator as DNGs' mosaics, through the acquire step: error of the ratios of sums over all
    mosaics, and the standard error of that, by how the mosaics differ."""
    sums = np.array([_town_sums(np.random.default_rng(seed)) for seed in range(MOSAICS)])
    rows = []
    for k, (lamp, rgb) in enumerate(zip(LAMPS, LAMP_RGB, strict=True)):
        row: Row = {"lamp": lamp}
        for name, over, under in (("g_r", 1, 0), ("b_g", 2, 1)):
            error, sigma = _ratio_error(sums[:, k, over], sums[:, k, under], rgb[over] / rgb[under])
            told = rgb[2] > 0.05 or name == "g_r"  # low sodium has no blue to speak of
            row |= {f"{name}_error": error if told else None, f"{name}_sigma": sigma if told else None}
        rows.append(row)
        print(row, flush=True)
    return rows


def _ratio_error(over: np.ndarray, under: np.ndarray, true: float) -> tuple[float, float]:
    """Relative error of the ratio of two sums over mosaics, and its standard error."""
    ratio = over.sum() / under.sum()
    away = (over - ratio * under) / under.mean() / true
    return float(ratio / true - 1), float(away.std(ddof=1) / len(away) ** 0.5)


def _town_sums(rng: np.random.Generator) -> list[np.ndarray]:
    """Red, green and blue of a town of each lamp, as acquire reads them from one mosaic."""
    picture = np.zeros((3, 800, 1000))
    places = [(200 + 200 * (k // 4), 125 + 250 * (k % 4)) for k in range(len(LAMP_RGB))]
    for (row, column), rgb in zip(places, LAMP_RGB, strict=True):
        for _ in range(60):
            y, x = (int(v) for v in rng.normal((row, column), 20))
            picture[:, y, x] += 4 * rgb / rgb.max()
    light = np.stack([spread(band, ((1.2, 0.95), (5.0, 0.05))) for band in picture])
    noisy = light + rng.normal(0, 5e-4, light.shape)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = write_dng(folder / "a.dng", codes(mosaic(noisy), 600, 16383), black=(600,), camera="NIKON D3S")
        out = folder / "photo.tif", folder / "photo.json"
        acquire(file, [], PhotoSource(id="a"), LonLat(lon=6, lat=50), [], [], CAMERAS, {}, *out)
        seen = read_photo_tif(out[0]).light
    # Three sigmas of a town; farther out there is noise alone.
    near = [
        np.s_[:, row // 2 - 30 : row // 2 + 30, column // 2 - 30 : column // 2 + 30] for row, column in places
    ]
    return [np.nansum(seen[town], axis=(1, 2)) for town in near]


def anchors() -> list[Row]:
    """Lamps through the response used for a D3S, against their published places."""
    response = carried_response("Nikon D3S", read_cameras(CAMERAS)["D3S"].xyz_to_camera)
    known = PUBLISHED | PUBLISHED_MERCURY
    found = lamp_ratios(response, tuple(known))
    return [
        {"lamp": lamp, "published": list(known[lamp]), "here": [float(v) for v in ratios]}
        for lamp, ratios in zip(known, found, strict=True)
    ]


def routes() -> list[Row]:
    """By which way from spectra to a D3S's ratios the published places could have been found: the worst lamp
    but mercury, and clear mercury's G/R."""
    matrix = read_cameras(CAMERAS)["D3S"].xyz_to_camera
    carried, nikon = carried_response("Nikon D3S", matrix), measured_response()
    ways = {
        "Nikon 5100 turned to the D3S, used here": carried,
        "the same, wavelengths 1 nm shorter": _shifted(carried, -1),
        "the same, wavelengths 1 nm longer": _shifted(carried, 1),
        "Nikon 5100 as it is": nikon,
        "colour matching functions through the D3S's matrix": matrix_response("Nikon D3S", matrix),
    }
    lamps = PUBLISHED | PUBLISHED_MERCURY
    rows = []
    for name, response in ways.items():
        error = lamp_ratios(response, tuple(lamps)) - list(lamps.values())
        mercury = len(PUBLISHED) + 1
        rows.append(
            {
                **{"way": name, "worst": float(np.abs(error[: len(PUBLISHED)]).max())},
                "clear_mercury": float(error[mercury, 0] + PUBLISHED_MERCURY["H38HT-100 (Mercury)"][0]),
            }
        )
    return rows


def _shifted(response: Response, nm: float) -> Response:
    """A camera that sees at each wavelength what this one sees `nm` shorter."""
    moved = [np.interp(WAVELENGTH_NM - nm, WAVELENGTH_NM, band) for band in response.sensitivity.T]
    return Response(f"{response.name} {nm:+g} nm", np.stack(moved, axis=1))


PARTS: dict[str, Callable[[], list[Row]]] = {
    part.__name__: part for part in (planted, coded, saturated, shared, speed, dng, anchors, routes)
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the tone step.")
    parser.add_argument("--only", default="")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure_speed(args.measure[0], Path(args.measure[1]))))
        return
    out = HERE / "tone.json"
    results = json.loads(out.read_text()) if out.is_file() else {}
    results["tones"] = list(TONES)
    for name, part in PARTS.items():
        if args.only in name:
            results[name] = part()
            out.write_text(json.dumps(results, indent=1) + "\n")
    if set(PARTS) <= set(results):
        write_page(results)


if __name__ == "__main__":
    main()
