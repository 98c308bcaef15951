import json
import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.errors import OutputError, RefusedError
from pipeline.steps.place import place
from pipeline.steps.placed import Placed, read_camera
from pipeline.steps.plan import check_writable, plan_or_exit
from pipeline.steps.refusals import refusals
from pipeline.steps.unfetched import write_unfetched
from tests.workflow.workdir import Workdir

ISS = """1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991
2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482
"""
FACTS = {"nadir": {"lon": 6.2, "lat": 50.6}, "altitude_km": 391, "focal_length_mm": 50}


@dataclass
class Wildcards:
    city: str = ""
    photo: str = ""
    region: str = ""


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
        FACTS | {"id": "own"},
        FACTS | {"id": "ISS030-E-1"},
        FACTS | {"path": "some.jpg"},
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


@dataclass
class Checkpoint:
    """Of Snakemake's checkpoints what a plan asks for: the city's `placed.json`."""

    @property
    def place(self) -> "Checkpoint":
        return self

    def get(self, city: str) -> "Checkpoint":
        self.output = [Path(f"results/{city}/placed.json")]
        return self


def test_a_refused_photo_is_left_out_of_what_is_made(workdir: Workdir) -> None:
    for city, photos in {"x": (1, 2, 3), "y": (1,)}.items():
        workdir.write_city(city, photos=[FACTS | {"id": f"ISS030-E-{name}"} for name in photos])
        for name in photos:
            folder = workdir.folder / "results" / city / f"ISS030-E-{name}"
            folder.mkdir(parents=True)
            refused = {"accepted": (city, name) == ("x", 2), "reason": f"{name} is dark"}
            (folder / "camera.json").write_text(json.dumps({"solution": refused}))
        cameras = [Path(f"results/{city}/ISS030-E-{name}/camera.json") for name in photos]
        place(cameras, Path(f"results/{city}/placed.json"))

    plan = plan_or_exit({"cities": "x,y"}, Checkpoint())

    assert plan.placed("x").refused == {"ISS030-E-1": "1 is dark", "ISS030-E-3": "3 is dark"}
    assert plan.each_photo("photo.tif")(Wildcards("x"))[0] == "results/x/ISS030-E-1/photo.tif"
    assert plan.each_placed("tone.tif")(Wildcards("x")) == ["results/x/ISS030-E-2/tone.tif"]
    assert plan.change(Wildcards("x")) == []  # one photo is left
    asked = [files(None) for files in plan.results(["{city}.gpkg"], ["ortho.tif"], ["change.tif"])]
    assert asked == [["results/x/x.gpkg", "results/x/ISS030-E-2/ortho.tif"], []]
    assert plan.refusals(None) == ["results/refusals"]
    with pytest.raises(RefusedError, match=r"^1 is dark\n3 is dark\n1 is dark$"):
        refusals([Path(file) for file in plan.of_each_city("placed.json")], [])
    with pytest.raises(RefusedError, match=r"^1 is dark$"):
        read_camera(Path("results/y/ISS030-E-1/camera.json"))


def test_nothing_refused_is_no_error(workdir: Workdir) -> None:
    workdir.write_city("x", photos=[FACTS | {"id": "ISS030-E-1"}])
    folder = workdir.folder / "results" / "x" / "ISS030-E-1"
    folder.mkdir(parents=True)
    (folder / "camera.json").write_text(json.dumps({"solution": {"accepted": True, "reason": "stands out"}}))
    place([Path("results/x/ISS030-E-1/camera.json")], Path("results/x/placed.json"))
    plan = plan_or_exit({"cities": "x"}, Checkpoint())
    assert plan.placed("x") == Placed(("ISS030-E-1",), {})
    assert plan.refusals(None) == []


def test_a_region_takes_its_photos_from_the_maps_of_its_cities(workdir: Workdir) -> None:
    """One of its cities is not asked for itself: no report of it is made."""
    for city, photos in {"x": (1, 2), "y": (2, 3), "z": (4,)}.items():
        workdir.write_city(city, photos=[FACTS | {"id": f"ISS030-E-{name}"} for name in photos])
        placed = Placed(tuple(f"ISS030-E-{n}" for n in photos if n < 4), {})
        (workdir.folder / "results" / city).mkdir(parents=True)
        (workdir.folder / "results" / city / "placed.json").write_text(placed.to_json())
    workdir.write_region("both", cities=["x", "y"])
    workdir.write_region("chosen", cities=["x", "y"], photos=["ISS030-E-2"], countries=["NL", "BE"])
    workdir.write_region("empty", cities=["z"])

    plan = plan_or_exit({"cities": "x", "regions": "both,chosen,empty"}, Checkpoint())

    assert list(plan.cities) == ["x", "y", "z"]
    assert [files(None) for files in plan.results(["{city}.gpkg"], [], [])] == [["results/x/x.gpkg"]]
    squares = plan.each_pooled("squares.parquet")
    folders = ["x/ISS030-E-1", "x/ISS030-E-2", "y/ISS030-E-2", "y/ISS030-E-3"]
    expected = {"both": folders, "chosen": folders[1:3], "empty": []}
    for region, names in expected.items():
        assert squares(Wildcards(region=region)) == [f"results/{name}/squares.parquet" for name in names]
    made = [files(None) for files in plan.region_results(["{region}.csv"])]
    assert made == [["results/both/both.csv"], ["results/chosen/chosen.csv"], []]
    assert plan.region(Wildcards(region="chosen"))["countries"] == ["BE", "NL"]
    assert plan.region_file(Wildcards(region="both")) == "configs/regions/both.yaml"
    assert plan.empty_regions(None) == ["empty"]
    for region in plan.regions:  # of an earlier run
        (workdir.folder / "results" / region).mkdir()
        (workdir.folder / "results" / region / "report.html").touch()
    told = [line.split(":")[0] for line in plan.summary(whole=True).splitlines() if " open results/" in line]
    assert told == ["both", "chosen"]
    with pytest.raises(RefusedError, match=r"^empty: no photo of this region is on a map$"):
        refusals([Path("results/z/placed.json")], ["empty"])


def test_a_mistake_in_a_region_is_one_line(workdir: Workdir) -> None:
    workdir.write_city("x", photos=[FACTS | {"id": "ISS030-E-1"}])
    workdir.write_region("wrong", cities=["xx"])
    with pytest.raises(SystemExit) as caught:
        plan_or_exit({"cities": "x", "regions": "wrong"})
    reason = "cities = 'xx': there is no configs/xx.yaml; did you mean 'x'?"
    assert str(caught.value) == f"error: configs/regions/wrong.yaml: {reason}"


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


def test_element_sets_are_a_file_or_their_text(workdir: Workdir) -> None:
    (workdir.folder / "iss.tle").write_text(ISS)
    photos = [
        FACTS | {"id": "ISS030-E-1", "tle": "iss.tle"},
        FACTS | {"id": "ISS030-E-2", "tle": ISS},
        FACTS | {"id": "ISS030-E-3"},
        {"simulate": {"seed": 1, "year": 2012}},
    ]
    workdir.write_city("x", photos=photos)
    plan = plan_or_exit({"cities": "x"})
    names = ("ISS030-E-1", "ISS030-E-2", "ISS030-E-3", "simulated-2012")
    assert [plan.tle(Wildcards("x", name)) for name in names] == [["iss.tle"], [], [], []]
    assert plan.photo_option(Wildcards("x", "ISS030-E-2"))["tle"] == ISS.strip()


def test_element_sets_that_the_stores_facts_name(workdir: Workdir) -> None:
    store = workdir.folder / "data" / "photos"
    store.mkdir()
    for name in ("own", "other"):
        (store / f"{name}.jpg").touch()
        (store / f"{name}.yaml").write_text("tle: store.tle")
    workdir.write_city("x", photos=[{"id": "own"}, {"id": "other", "tle": ISS}])
    with pytest.raises(SystemExit) as caught:
        plan_or_exit({"cities": "x"})
    line = "error: data/photos/own.yaml: tle = 'store.tle': there is no such file"
    assert str(caught.value) == line
    (workdir.folder / "store.tle").write_text(ISS)
    plan = plan_or_exit({"cities": "x"})
    assert plan.tle(Wildcards("x", "own")) == ["store.tle"]
    assert plan.tle(Wildcards("x", "other")) == []  # the city's text wins


def test_photos_of_a_pass_know_each_other(workdir: Workdir) -> None:
    passes = {"a1": "a", "a2": "a", "a3": "a", "b1": "b", "alone": None, "aside": None}
    store = workdir.folder / "data" / "photos"
    store.mkdir()
    for name in passes:
        (store / f"{name}.jpg").touch()
    photos = [FACTS | {"id": name} | ({} if one is None else {"pass": one}) for name, one in passes.items()]
    for city in ("x", "y"):  # photos of another city are none of their pass
        workdir.write_city(city, photos=photos)
    plan = plan_or_exit({"cities": "x,y"})
    files = {name: plan.same_pass("photo.tif")(Wildcards("x", name)) for name in passes}
    assert files["a2"] == ["results/x/a1/photo.tif", "results/x/a3/photo.tif"]
    assert [name for name, others in files.items() if others] == ["a1", "a2", "a3"]
    assert plan.photo_option(Wildcards("x", "a1")) == FACTS | {"id": "a1", "pass": "a"}


def test_files_that_the_city_may_name(workdir: Workdir) -> None:
    for name in ("streets.gpkg", "dem.tif"):
        (workdir.folder / name).touch()
    dem = {"path": "dem.tif", "heights": "ellipsoidal"}
    photos = [FACTS | {"id": "ISS030-E-1"}]
    workdir.write_city("x", photos=photos, roads="streets.gpkg", dem=dem)
    workdir.write_city("y", photos=photos)
    plan = plan_or_exit({"cities": "x,y"})
    keys = ("roads", "night_light", "dem")
    assert [plan.ground(key)(Wildcards("x", "a")) for key in keys] == [["streets.gpkg"], [], ["dem.tif"]]
    assert [plan.ground(key)(Wildcards("y", "a")) for key in keys] == [[], [], []]
    assert plan.heights(Wildcards("x", "a")) == dem | {"geoid_m": None}
    assert plan.heights(Wildcards("y", "a")) is None


def test_the_ground_that_is_fetched_is_each_photos_own(workdir: Workdir) -> None:
    asked = {"roads": "openstreetmap", "night_light": "black_marble", "dem": "copernicus"}
    workdir.write_city("x", photos=[FACTS | {"id": "ISS030-E-1"}], **asked)
    plan, photo = plan_or_exit({"cities": "x"}), Wildcards("x", "ISS030-E-1")
    folder = "results/x/ISS030-E-1"
    assert [plan.ground(key)(photo) for key in asked] == [
        [f"{folder}/streets.gpkg"],
        [f"{folder}/night_light.tif"],
        [f"{folder}/heights.tif"],
    ]
    heights = {"path": f"{folder}/heights.tif", "heights": "ellipsoidal", "geoid_m": None}
    assert plan.heights(photo) == heights


def test_folders_that_can_be_written(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "deep")
    assert list(tmp_path.iterdir()) == []


def test_folders_that_cannot(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    for name in ("file", "nowhere"):
        with pytest.raises(OutputError, match=f"{name}: is in the way of the results folder"):
            check_writable(tmp_path / name / "x")


def test_maps_for_borders_are_inputs_of_the_rule(workdir: Workdir) -> None:
    for name in ("own.gpkg", "regions.gpkg"):
        (workdir.folder / name).touch()
    photos = [{"simulate": {"seed": 1, "year": 2012}}]
    workdir.write_city("shipped", photos=photos)
    workdir.write_city("own", photos=photos, motorways="own.gpkg", regions="regions.gpkg")

    workdir.write_city("fetched", photos=photos, motorways="openstreetmap")
    workdir.write_city("planted", photos=photos, motorways="simulated")

    plan = plan_or_exit({"cities": "shipped,own,fetched,planted"})

    found = [
        (plan.motorways(Wildcards(city)), plan.city_path("regions")(Wildcards(city)))
        for city in ("shipped", "own", "fetched", "planted")
    ]
    fetched = f"{plan.run.results}/fetched/motorways.gpkg"
    planted = f"{plan.run.results}/planted/simulated-2012/motorways.gpkg"
    named = [("data/motorways.gpkg", []), ("own.gpkg", ["regions.gpkg"]), (fetched, []), (planted, [])]
    assert found == named


@pytest.mark.parametrize("file", ["data/photos/own.jpg", "data/photos/own.yaml", "dem.tif", "configs/x.yaml"])
def test_a_file_dated_in_the_future_is_said_before_anything_runs(workdir: Workdir, file: str) -> None:
    """Snakemake would end every run with words of its own, and remove what was made."""
    (workdir.folder / "data" / "photos").mkdir()
    (workdir.folder / "data" / "photos" / "own.jpg").touch()
    (workdir.folder / "data" / "photos" / "own.yaml").write_text("iso: 100")
    (workdir.folder / "dem.tif").touch()
    workdir.write_city("x", photos=[{"id": "own"}], dem={"path": "dem.tif", "heights": "ellipsoidal"})
    later = time.time() + 3600
    os.utime(workdir.folder / file, (later, later))
    with pytest.raises(SystemExit) as caught:
        plan_or_exit({"cities": "x"})
    shown = datetime.fromtimestamp(later).strftime("%Y-%m-%d %H:%M")
    assert str(caught.value) == (
        f"error: {file}: is dated in the future ({shown}), so nothing made of it would count as up to date; "
        f"give it today's date: touch {file}"
    )


@pytest.mark.parametrize("name", ["report.html", "Grid.json", "logs", "x.gpkg", "borders.gpkg", "x.qgz"])
def test_a_photo_is_not_called_as_a_file_of_the_results(workdir: Workdir, name: str) -> None:
    (workdir.folder / "own.jpg").touch()
    workdir.write_city("x", photos=[{"path": "own.jpg"}, {"path": "own.jpg", "id": name}])
    with pytest.raises(SystemExit) as caught:
        plan_or_exit({"cities": "x"})
    told = f"{name!r}: could be the name of a file of the results; choose another name"
    assert str(caught.value) == f"error: configs/x.yaml: the second photo ({name}): id = {told}"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"cities": "logs"},
            "cities = 'logs': could be the name of a file of the results; choose another name",
        ),
        (
            {"cities": "index.html"},
            "cities = 'index.html': could be the name of a file of the results; choose",
        ),
        ({"results": "{x}"}, "results = '{x}': cannot hold { or }; choose another name"),
        ({"results": "a{b"}, "results = 'a{b': cannot hold { or }; choose another name"),
        (
            {"photo_store": "{x}/photos"},
            "photo_store = '{x}/photos': cannot hold { or }; choose another name",
        ),
        ({"results": "."}, "results = '.': must be a folder of its own; try results"),
        ({"results": "/"}, "results = '/': must be a folder of its own; try results"),
    ],
)
def test_names_that_a_run_cannot_work_with(workdir: Workdir, values: dict[str, str], told: str) -> None:
    workdir.write_city("x", photos=[FACTS | {"id": "ISS030-E-1"}])
    with pytest.raises(SystemExit) as caught:
        plan_or_exit({"cities": "x"} | values)
    assert str(caught.value).startswith(f"error: configs/run.yaml: {told}")


def test_a_file_that_snakemake_would_take_for_a_pattern(workdir: Workdir) -> None:
    (workdir.folder / "my{own}.jpg").touch()
    workdir.write_city("x", photos=[{"path": "my{own}.jpg", "id": "own"}])
    with pytest.raises(SystemExit) as caught:
        plan_or_exit({"cities": "x"})
    assert str(caught.value) == "error: my{own}.jpg: the name of a file cannot hold { or }; rename it"


def test_each_run_asks_again_for_a_photo_that_could_not_be_fetched(workdir: Workdir) -> None:
    """What Snakemake remembers of a run differs from what the next one sees, until the photo is there."""
    workdir.write_city("x", photos=[FACTS | {"id": "ISS030-E-1"}])
    plan, at = plan_or_exit({"cities": "x"}), Wildcards("x", "ISS030-E-1")
    seen = plan.contents(plan.picture)
    assert seen(at) == [""]
    light = workdir.folder / "results" / "x" / "ISS030-E-1" / "photo.tif"
    light.parent.mkdir(parents=True)
    write_unfetched([light], "ISS030-E-1", "no answer")
    (after_one,) = seen(at)
    assert after_one
    os.utime(light, ns=(light.stat().st_atime_ns, light.stat().st_mtime_ns + 1_000_000_000))  # a later run's
    assert seen(at) not in ([after_one], [""])
    picture = workdir.folder / "data" / "photos" / "nasa" / "ISS030-E-1.jpg"
    write_unfetched([picture], "ISS030-E-1", "no answer")  # of a run that was killed: no photo
    assert seen(at) not in ([after_one], [""])
    picture.write_bytes(b"")
    assert seen(at) == [""]


def test_an_error_of_asking_is_not_taken_for_nobody_can_tell(workdir: Workdir) -> None:
    """A KeyError is a fault of ours."""
    workdir.write_city("x", photos=[FACTS | {"id": "ISS030-E-1"}])

    class Broken:
        @property
        def place(self) -> None:
            raise KeyError("x")

    with pytest.raises(KeyError):
        plan_or_exit({"cities": "x"}, Broken()).placed("x")
