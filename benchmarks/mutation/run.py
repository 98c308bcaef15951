"""Do the tests notice small faults? Mutation testing of the files on which all figures stand.

    pip install mutmut                          # BSD-3; not needed for anything else
    python -m benchmarks.mutation.run [camera accept ratios zones contrast]
    python -m benchmarks.mutation.page          # docs/mutation-testing.md

Each mutant changes one operator, sign, constant or argument of one function in a copy of the repository; it
is killed if a test of the file's own fails (but for the slow ones of coverage, which would take an hour).
mutmut leaves constants at the top of a file alone: those have tests of their own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
RESULTS = Path(__file__).with_name("results.json")
TARGETS = {
    "camera": (
        "pipeline/camera/camera.py",
        ["tests/camera/test_camera.py", "tests/camera/test_footprint.py"],
    ),
    "lens": ("pipeline/camera/lens.py", ["tests/camera/test_lens.py"]),
    "accept": ("pipeline/georeference/accept.py", ["tests/georeference/test_accept.py"]),
    "agreement": ("pipeline/georeference/agreement.py", ["tests/georeference/test_agreement.py"]),
    "ratios": ("pipeline/tone/ratios.py", ["tests/tone/test_ratios.py"]),
    "zones": ("pipeline/borders/zones.py", ["tests/borders/test_zones.py"]),
    "exclusion zone": ("pipeline/borders/exclusion_zone.py", ["tests/borders/test_exclusion_zone.py"]),
    "contrast": ("pipeline/borders/contrast.py", ["tests/borders/test_contrast.py"]),
    "fit": ("pipeline/borders/fit.py", ["tests/borders/test_contrast.py"]),
    "interval": ("pipeline/borders/interval.py", ["tests/borders/test_contrast.py"]),
    "trend": ("pipeline/borders/trend.py", ["tests/borders/test_contrast.py"]),
    "matching": ("pipeline/borders/matching.py", ["tests/borders/test_contrast.py"]),
}
SETTINGS = """
[tool.mutmut]
source_paths = ["pipeline"]
only_mutate = ["{file}"]
also_copy = ["benchmarks", "data", "configs", "Snakefile", "README.md"]
pytest_add_cli_args = ["-n", "0", "-p", "no:cacheprovider", "-k", "not covers_what_was_planted"]
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
process_isolation = "forkserver"
"""
STATES = {
    0: "survived",
    1: "killed",
    3: "killed",
    5: "no tests",
    33: "no tests",
    36: "timeout",
    24: "timeout",
    -24: "timeout",
}


def mutated(name: str, copy: Path) -> dict[str, Any]:
    """Run all mutants of a target in a copy of the repository; its figures and survivors."""
    file, tests = TARGETS[name]
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    (copy / "pyproject.toml").write_text(project + SETTINGS.format(file=file, tests=json.dumps(tests)))
    mutmut = [sys.executable, "-m", "mutmut"]
    subprocess.run([*mutmut, "run", "--max-children", "1"], cwd=copy, check=True, stdout=subprocess.DEVNULL)
    meta = json.loads((copy / "mutants" / f"{file}.meta").read_text(encoding="utf-8"))
    states = {key: STATES.get(code, "not run") for key, code in meta["exit_code_by_key"].items()}
    alive = [key for key, state in states.items() if state in ("survived", "no tests", "not run")]
    shown = (
        subprocess.run([*mutmut, "show", key], cwd=copy, capture_output=True, text=True) for key in alive
    )
    survivors = [
        {"function": _function(key)} | _change(text.stdout) for key, text in zip(alive, shown, strict=True)
    ]
    counts = {state: list(states.values()).count(state) for state in sorted(set(states.values()))}
    return {"file": file, "tests": tests, "mutants": len(states), **counts, "survivors": survivors}


def _function(key: str) -> str:
    """Of `pipeline.camera.camera.xǁCameraǁproject__mutmut_1`: Camera.project."""
    name = key.rsplit(".", 1)[1].rsplit("__mutmut_", 1)[0]
    return name.removeprefix("xǁ").removeprefix("x_").replace("ǁ", ".")


def _change(diff: str) -> dict[str, str]:
    """The line before and after."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    before, after = (" ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return {"before": before, "after": after}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", default=list(TARGETS), metavar="TARGET")
    options = parser.parse_args(arguments)
    stored = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True)
    for name in options.targets:
        with tempfile.TemporaryDirectory() as folder:
            for file in filter(None, tracked.stdout.decode().split("\0")):
                source, target = REPOSITORY / file, Path(folder) / file
                if source.is_file():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(source.read_bytes())
            stored[name] = mutated(name, Path(folder))
        RESULTS.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        figures = {key: value for key, value in stored[name].items() if isinstance(value, int)}
        print(name, figures, flush=True)


if __name__ == "__main__":
    main()
