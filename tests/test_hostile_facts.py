"""Whatever is written in YAML, facts, control points and element sets: it is read, or refused in one line.

`HOSTILE_EXAMPLES=10000 pytest tests/test_hostile_facts.py` takes more of them.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from pipeline.camera.orbit import nearest, parse_elements, station_state
from pipeline.config import load_city, load_facts
from pipeline.errors import PipelineError
from pipeline.georeference.control_text import parse_points, read_control_text
from tests.scenes.hostile_facts import CITIES, CONTROL_POINTS, ELEMENT_SETS, FACTS_BESIDE_PHOTOS

# Of all four readers together; the same ones each time, so that a run can be repeated.
EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "300")) // 4
many = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def read_or_refused(read: Callable[[], object]) -> object:
    """What a reader gives, or None for what it refuses in one printable line of moderate length."""
    try:
        return read()
    except PipelineError as error:
        message = str(error)
        assert message.isprintable(), message
        assert len(message) < 1000
        return None


@many
@given(data=CITIES)
def test_cities(folder: Path, data: bytes) -> None:
    (folder / "x.yaml").write_bytes(data)
    read_or_refused(lambda: load_city("x", folder))


@many
@given(data=FACTS_BESIDE_PHOTOS)
def test_facts_beside_a_photo(folder: Path, data: bytes) -> None:
    (folder / "facts.yaml").write_bytes(data)
    read_or_refused(lambda: load_facts(folder / "facts.yaml"))


@many
@given(data=CONTROL_POINTS)
def test_control_points(folder: Path, data: bytes) -> None:
    file = folder / "points.csv"
    file.write_bytes(data)
    points = read_or_refused(lambda: parse_points(read_control_text(file), "points.csv"))
    if points is not None:
        assert np.isfinite([points.lon, points.lat, points.column, points.row]).all()


@many
@given(text=ELEMENT_SETS)
def test_element_sets(text: str) -> None:
    when = datetime(2019, 12, 9, 20, 42, tzinfo=UTC)
    state = read_or_refused(lambda: station_state(nearest(parse_elements(text, "iss.tle"), when), when))
    if state is not None:
        assert np.isfinite(state.position_ecef_m).all()
