"""What all tests share: the check material, and the rule that an unexpected warning in a log is a failure."""

import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

REPOSITORY = Path(__file__).parents[1]
NEEDS_PHOTOGRAPHS = "needs NASA photographs and rendered scenes"
HOW_TO_GET_THEM = "set NIGHT_SHARED to the folder that has them, see CONTRIBUTING.md"
# Files of whole solves: minutes each, where most take seconds.
LONG = {"test_solve.py", "test_georeference.py", "test_rendered_scenes.py"}
# Folders whose tests look at the fabricated city that `tests.scenes.delivery` delivers.
OF_THE_DELIVERY = {"deliver", "qgis", "report"}

pytest_plugins = ["tests.scenes.cluster", "tests.scenes.delivery"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "expects_warnings: the test provokes log messages of level warning")


class ByFile(LoadFileScheduling):
    """Files run side by side, but for those that look at one run of the demo or at one delivered city: what
    they look at is made once, on one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        if file.endswith(("/test_demo.py", "/test_results.py")):
            return "demo"
        if file.endswith(("/test_raw.py", "/test_cluster.py", "/test_pooled.py")):
            return "raw"
        return "delivery" if Path(file).parent.name in OF_THE_DELIVERY else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The workflow comes first, then whole solves and the delivered city: nothing long is left when all
    others have ended."""

    def place(item: pytest.Item) -> tuple[bool, bool, bool]:
        folder = item.path.parent.name
        return folder != "workflow", item.path.name not in LONG, folder not in OF_THE_DELIVERY

    items.sort(key=place)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once what was not tested for lack of the check material, and how to have it."""
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    n = sum(NEEDS_PHOTOGRAPHS in reason for reason in skipped)
    if n:
        terminalreporter.section("not tested", yellow=True)
        were = "test was" if n == 1 else "tests were"
        terminalreporter.line(
            f"{n} {were} skipped that need NASA photographs and rendered scenes: {HOW_TO_GET_THEM}."
        )


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


def shared_folder() -> Path:
    """Where the check material is: the folder NIGHT_SHARED, else `shared` beside the repository."""
    return Path(os.environ.get("NIGHT_SHARED", REPOSITORY.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real photographs and rendered scenes, for what simulated frames cannot show."""
    folder = shared_folder()
    if not (folder / "photos").is_dir():
        absent(f"{NEEDS_PHOTOGRAPHS}, which are not in {folder}; {HOW_TO_GET_THEM}")
    return folder


@pytest.fixture(scope="session")
def qgis_python() -> str:
    """A Python that has QGIS: the system's."""
    python = "/usr/bin/python3"
    found = subprocess.run([python, "-c", "import qgis.core"], capture_output=True, check=False)
    return python if found.returncode == 0 else absent("python3-qgis is not installed for /usr/bin/python3")


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or absent("no chromium is installed")


def absent(reason: str) -> str:
    """What a machine lacks skips the tests that need it, but never in continuous integration."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _no_warnings(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A warning that the package logs and the test does not expect is a defect."""
    yield
    if request.node.get_closest_marker("expects_warnings"):
        return
    warned = [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.levelno >= logging.WARNING and record.name.startswith("pipeline")
    ]
    assert not warned, warned
