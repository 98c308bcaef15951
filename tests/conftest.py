"""What all tests share: the check material, and the rule that an unexpected warning in a log is a failure."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "expects_warnings: the test provokes log messages of level warning")


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


def shared_folder() -> Path:
    """Where the check material is: the folder NIGHT_SHARED, else `shared` beside the repository."""
    return Path(os.environ.get("NIGHT_SHARED", REPOSITORY.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real photographs and rendered scenes."""
    folder = shared_folder()
    if not (folder / "photos").is_dir():
        message = f"the check material is not in {folder}; set NIGHT_SHARED to where it is"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder


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
