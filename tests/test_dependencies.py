"""What is installed with the project: versions that are pinned, licences that are permissive or named."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement  # pytest depends on it

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|HPND|Zlib|Unlicense|CC0|Public Domain)\b", re.I
)
OTHER = re.compile(
    r"\b(A?L?GPL|General Public|MPL|Mozilla|EPL|Eclipse|CDDL|ODbL|Open Database|EUPL|Proprietary|"
    r"Commercial|CC-BY-SA|SSPL|BUSL)",
    re.I,
)
# Not permissive, or not only: what they are, and why they may be used. None is copied into this code.
NAMED = {
    "certifi": "MPL-2.0, by file: the list of certificate authorities, used unchanged",
    "docutils": "public domain and BSD; GPL is one file for Emacs that is not used",
    "hypothesis": "MPL-2.0, by file: tests and benchmarks only, used unchanged",
    "pathspec": "MPL-2.0, by file: of mypy and of snakefmt's black, used unchanged",
    "timezonefinder-data": "ODbL: the data of time zones, for developers only",
}
# Libraries that wheels carry inside, of which their metadata do not tell. They are used as they come;
# whoever passes an installation on passes these licences on with it.
CARRIED = {
    "shapely": "GEOS: LGPL-2.1",
    "pyogrio": "GDAL: MIT, with GEOS: LGPL-2.1",
    "rasterio": "GDAL: MIT, with GEOS: LGPL-2.1",
    "rawpy": "LibRaw: LGPL-2.1 or CDDL-1.0",
    "scipy": "libgfortran: GPL-3 with the runtime library exception; libquadmath: LGPL-2.1",
    "numpy": "libgfortran: GPL-3 with the runtime library exception; libquadmath: LGPL-2.1",
}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def dependencies() -> set[str]:
    """All packages that the project's dependencies, those of developers too, bring along here."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    wanted, seen = [Requirement(line) for line in declared], set()
    while wanted:
        requirement = wanted.pop()
        key = plain(requirement.name), frozenset(requirement.extras)
        if key in seen:
            continue
        seen.add(key)
        for line in importlib.metadata.distribution(key[0]).requires or ():
            needed = Requirement(line)
            extras = ("", *requirement.extras)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                wanted.append(needed)
    return {name for name, _ in seen}


def stated(name: str) -> str:
    """What a package says of its licence: its metadata, or else the head of its licence file."""
    package = importlib.metadata.distribution(name)
    about = package.metadata
    classes = [line.split(" :: ")[-1] for line in about.get_all("Classifier") or () if "License ::" in line]
    said = " ".join([about.get("License-Expression") or "", *classes, (about.get("License") or "")[:200]])
    if PERMISSIVE.search(said) or OTHER.search(said):
        return said
    files = [file for file in package.files or () if "LICEN" in file.name.upper()]
    return said + " ".join(file.read_text(encoding="utf-8")[:200] for file in files)


@pytest.fixture(scope="module")
def installed() -> set[str]:
    return dependencies()


def test_every_dependency_is_permissive_or_named(installed: set[str]) -> None:
    unclear = {
        name: " ".join(stated(name).split())
        for name in installed - set(NAMED)
        if OTHER.search(stated(name)) or not PERMISSIVE.search(stated(name))
    }
    assert unclear == {}


def test_what_is_named_is_needed_and_not_permissive(installed: set[str]) -> None:
    assert set(NAMED) | set(CARRIED) <= installed
    assert all(OTHER.search(stated(name)) for name in NAMED)


@pytest.mark.parametrize(
    ("said", "permissive"),
    [
        ("MIT AND PSF-2.0", True),
        ("BSD License", True),
        ("LGPL-2.1-or-later", False),
        ("MIT OR GPL-3.0-only", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("Creative Commons BY-NC", False),
        ("", False),
    ],
)
def test_licences_are_told_apart(said: str, permissive: bool) -> None:
    assert bool(PERMISSIVE.search(said) and not OTHER.search(said)) == permissive


def test_conda_installs_what_is_pinned() -> None:
    """One version of each, the lock's: whoever uses conda has what the tests were run with."""
    environment = yaml.safe_load(PROJECT.with_name("environment.yaml").read_text(encoding="utf-8"))
    *pinned, from_lock = environment["dependencies"]
    assert all(re.fullmatch(r"[a-z]+=\d+(\.\d+)+", line) for line in pinned)
    assert from_lock == {"pip": ["--require-hashes", "-r requirements.lock"]}
    locked = re.findall(r"(?m)^(\S+)==", PROJECT.with_name("requirements.lock").read_text(encoding="utf-8"))
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    assert {plain(re.split(r"[^\w-]", line)[0]) for line in project["dependencies"]} <= set(locked)
