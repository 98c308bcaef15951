"""What runs again, and what never does. On the first step alone: what triggers is the same for all."""

import re
from pathlib import Path

import pytest

from tests.scenes.pictures import night_codes, save_jpeg
from tests.workflow.workdir import Workdir

FACTS = {"nadir": {"lon": 6.2, "lat": 50.6}, "altitude_km": 391, "focal_length_mm": 50, "sensor_width_mm": 36}
TARGETS = ("results/a/own/photo.json", "results/b/own/photo.json")
CITIES = ("--config", "cities=a,b")


@pytest.fixture
def workdir(tmp_path: Path) -> Workdir:
    """Two cities that share a photo of the store, both with their first step done."""
    made = Workdir.make(tmp_path)
    store = tmp_path / "data" / "photos"
    store.mkdir()
    save_jpeg(night_codes(640, 480), store / "own.jpg")
    for city in ("a", "b"):
        made.write_city(city, photos=[FACTS | {"id": "own"}])
    outcome = made.snakemake(*TARGETS, *CITIES)
    assert outcome.code == 0, outcome.text
    return made


def pending(workdir: Workdir) -> list[str]:
    """The lines that announce jobs, were the same run asked for again."""
    outcome = workdir.snakemake("--dry-run", *TARGETS, *CITIES)
    assert outcome.code == 0, outcome.text
    return sorted(re.findall(r"^Job \d+: (.*)", outcome.text, flags=re.MULTILINE))


def test_what_runs_again(workdir: Workdir) -> None:
    store = workdir.folder / "data" / "photos"

    # 1. Nothing changed: nothing to do.
    assert pending(workdir) == []

    # 2. Files that were saved again, but say the same, change nothing.
    for city in ("a", "b"):
        workdir.write_city(city, photos=[FACTS | {"id": "own"}], tone={"background_km": 12})
    assert pending(workdir) == []

    # 3. A fact in one city's YAML concerns that city alone.
    workdir.write_city("a", photos=[FACTS | {"id": "own", "focal_length_mm": 51}])
    assert pending(workdir) == ["a, own: read the photo"]
    workdir.write_city("a", photos=[FACTS | {"id": "own"}])

    # 4. Facts that come to lie beside the photo concern every city that shows it.
    (store / "own.yaml").write_text("iso: 6400")
    assert pending(workdir) == ["a, own: read the photo", "b, own: read the photo"]
    (store / "own.yaml").unlink()

    # 5. So does another picture.
    save_jpeg(night_codes(640, 480, seed=1), store / "own.jpg")
    assert pending(workdir) == ["a, own: read the photo", "b, own: read the photo"]


def test_photos_of_the_store_are_never_touched(workdir: Workdir) -> None:
    """Not even if everything is forced: neither the user's own nor what was once fetched."""
    store = workdir.folder / "data" / "photos"
    (store / "nasa").mkdir()
    fetched = save_jpeg(night_codes(640, 480, seed=2), store / "nasa" / "ISS030-E-1.jpg")
    workdir.write_city("a", photos=[FACTS | {"id": "own"}, FACTS | {"id": "ISS030-E-1"}])
    files = (store / "own.jpg", fetched)
    before = [(file.stat().st_ino, file.read_bytes()) for file in files]

    targets = ("results/a/own/photo.json", "results/a/ISS030-E-1/photo.json")
    outcome = workdir.snakemake("--forceall", *targets, *CITIES)

    assert outcome.code == 0, outcome.text
    assert "fetch the photo" in outcome.text  # the rule ran, and left the file alone
    assert [(file.stat().st_ino, file.read_bytes()) for file in files] == before
