from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.errors import OutputError
from pipeline.steps.plan import check_writable, plan_or_exit
from tests.workflow.workdir import Workdir

FACTS = {"nadir": {"lon": 6.2, "lat": 50.6}, "altitude_km": 391, "focal_length_mm": 50}


@dataclass
class Wildcards:
    city: str
    photo: str = ""


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workdir:
    """A run's folder, which is also the current one."""
    made = Workdir.make(tmp_path)
    monkeypatch.chdir(tmp_path)
    return made


def test_where_the_light_of_a_photo_comes_from(workdir: Workdir) -> None:
    store = workdir.folder / "data" / "photos"
    store.mkdir()
    for name in ("own.tif", "own.yaml"):
        (store / name).touch()
    (store / "own.yaml").write_text("iso: 100")
    (workdir.folder / "some.jpg").touch()
    photos = [
        {"id": "own"},
        {"id": "ISS030-E-1"},
        {"path": "some.jpg"},
        {"simulate": {"seed": 1, "year": 2012}},
    ]
    workdir.write_city("x", photos=photos)

    plan = plan_or_exit({"cities": "x"})

    simulated = "results/x/simulated-2012"
    expected = {
        "own": ("data/photos/own.tif", ["data/photos/own.yaml"]),
        "ISS030-E-1": ("data/photos/nasa/ISS030-E-1.jpg", []),
        "some": ("some.jpg", []),
        "simulated-2012": (f"{simulated}/scene.jpg", [f"{simulated}/scene.yaml"]),
    }
    for name, (picture, facts) in expected.items():
        assert plan.picture(Wildcards("x", name)) == picture
        assert plan.facts(Wildcards("x", name)) == facts
    files = plan.each_photo("camera.json")(Wildcards("x"))
    assert files == [f"results/x/{name}/camera.json" for name in expected]


def test_params_are_plain_and_only_what_is_stated(workdir: Workdir) -> None:
    workdir.write_city("x", photos=[FACTS | {"id": "ISS030-E-1"}])
    plan = plan_or_exit({"cities": "x"})
    assert plan.photo_option(Wildcards("x", "ISS030-E-1")) == FACTS | {"id": "ISS030-E-1"}
    assert plan.option("location")(Wildcards("x")) == {"lon": 5.57, "lat": 50.64}
    assert plan.option("grid")(Wildcards("x"))["crs"] == "EPSG:3035"


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ("nadir: {lon: -150, lat: 0}", "nadir = 'lon -150, lat 0': the place looked at is 13929 km away"),
        ("focal_lenght_mm: 50", "focal_lenght_mm: unknown key; did you mean 'focal_length_mm'?"),
    ],
)
def test_facts_in_the_store_are_checked_before_any_work(workdir: Workdir, facts: str, line: str) -> None:
    store = workdir.folder / "data" / "photos"
    store.mkdir()
    (store / "own.jpg").touch()
    (store / "own.yaml").write_text(facts)
    workdir.write_city("x", photos=[{"id": "own"}])
    with pytest.raises(SystemExit) as caught:
        plan_or_exit({"cities": "x"})
    assert str(caught.value).startswith(f"error: data/photos/own.yaml: {line}")


def test_the_citys_facts_win_over_the_stores(workdir: Workdir) -> None:
    store = workdir.folder / "data" / "photos"
    store.mkdir()
    (store / "own.jpg").touch()
    (store / "own.yaml").write_text("nadir: {lon: -150, lat: 0}")
    workdir.write_city("x", photos=[FACTS | {"id": "own"}])
    plan_or_exit({"cities": "x"})


def test_folders_that_can_be_written(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "deep")
    assert list(tmp_path.iterdir()) == []


def test_folders_that_cannot(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    for name in ("file", "nowhere"):
        with pytest.raises(OutputError, match=f"{name}: is in the way of the results folder"):
            check_writable(tmp_path / name / "x")
