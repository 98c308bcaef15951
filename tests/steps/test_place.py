import json
from pathlib import Path

import pytest

from pipeline.steps.place import place
from pipeline.steps.placed import refused_json

OF_PHOTO = {
    *("ortho.tif", "geometry.tif", "tone.tif", "light.tif", "lamps.tif", "country_tones.gpkg"),
    "squares.parquet",
    "photo_in_place.vrt",
}
OF_CITY = {"report.html", "liege.qgz", "liege.gpkg", "borders.gpkg", "change.tif"}
BESIDE = {"tone.qml", "tone.tif.aux.xml"}
KEPT = {"camera.json", "solve.png", "photo.tif", "control.gpkg"}


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A city as an earlier run has left it, when both its photos were placed."""
    folder = tmp_path / "liege"
    for photo in ("one", "two"):
        for name in OF_PHOTO | KEPT:
            write(folder / photo / name, "earlier")
        for beside in BESIDE:
            write(folder / photo / beside, "earlier")
        write(folder / photo / "camera.json", json.dumps({"solution": {"accepted": True}}))
    for name in OF_CITY | {"grid.json", "notes.gpkg"}:
        write(folder / name, "earlier")
    return folder


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def refuse(city: Path, *photos: str) -> None:
    """What the run now makes of photos, and the step after it."""
    for photo in photos:
        write(city / photo / "camera.json", json.dumps(refused_json(photo, "too dark")))
    place([city / photo / "camera.json" for photo in ("one", "two")], city / "placed.json")


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if file.is_file()}


def test_says_who_is_on_the_map_and_touches_nothing_else(city: Path) -> None:
    refuse(city)
    assert json.loads((city / "placed.json").read_text()) == {"photos": ["one", "two"], "refused": {}}
    assert files(city / "one") == files(city / "two") == OF_PHOTO | KEPT | BESIDE
    assert files(city) == OF_CITY | {"grid.json", "notes.gpkg", "placed.json"}


def test_of_a_photo_refused_now_no_map_of_before_is_left(city: Path) -> None:
    refuse(city, "two")
    assert json.loads((city / "placed.json").read_text()) == {
        "photos": ["one"],
        "refused": {"two": "too dark"},
    }
    assert files(city / "one") >= OF_PHOTO
    assert files(city / "two") == KEPT
    # The other photo has them made anew, but for the change.
    assert files(city) == {"grid.json", "notes.gpkg", "placed.json"}


def test_results_without_the_refused_photo_stay_when_nothing_has_changed(city: Path) -> None:
    refuse(city, "two")
    for name in OF_CITY - {"change.tif"}:
        write(city / name, "made anew")
    refuse(city, "two")
    assert files(city) >= OF_CITY - {"change.tif"}


def test_of_a_city_without_any_photo_no_result_of_before_is_left(city: Path) -> None:
    refuse(city, "one", "two")
    assert files(city / "one") == files(city / "two") == KEPT
    assert files(city) == {"grid.json", "notes.gpkg", "placed.json"}  # what a user put there stays
