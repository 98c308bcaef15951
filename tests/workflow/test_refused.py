"""A photo that cannot be placed: its city's results come from the others, and the run says so and fails."""

from typing import Any

import pytest
import yaml

from pipeline.simulate.scene import simulate_frame
from tests.scenes.frames import HALF
from tests.scenes.pictures import night_codes, save_jpeg
from tests.workflow.test_demo import job_counts
from tests.workflow.workdir import Outcome, Workdir

# Noise with the facts of a photo: no light of it agrees with any city's.
LOST: dict[str, Any] = {
    "id": "lost",
    "nadir": {"lon": 6.2, "lat": 50.6},
    "altitude_km": 391,
    "focal_length_mm": 85,
    "sensor_width_mm": 36,
    "look_at": {"lon": 5.72, "lat": 50.7, "radius_km": 40},
}
AWAY: dict[str, Any] = LOST | {"id": "ISS030-E-1"}  # in an archive that nobody can reach
AIM = (5.72, 50.7)
QUICK: dict[str, Any] = {
    "location": dict(zip(("lon", "lat"), AIM, strict=True)),
    "grid": {"radius_km": 30, "resolution_m": 200},
    "borders": {"replicates": 200},
}
CITIES = ("--config", "cities=alone,both")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, Outcome]:
    """A city whose only photo is refused, and one with a sound photo beside it; in one plain run."""
    workdir = Workdir.make(tmp_path_factory.mktemp("refused"))
    store = workdir.folder / "data" / "photos"
    store.mkdir()
    save_jpeg(night_codes(320, 213), store / "lost.jpg")
    # A small frame is solved as a large one is, and goes through the steps in half the time.
    frame = simulate_frame(1, aim=AIM, must_see=(), shape=HALF)
    save_jpeg(frame.picture, store / "seen.jpg")
    facts = frame.facts.model_dump(mode="json", exclude_unset=True)
    (store / "seen.yaml").write_text(yaml.safe_dump(facts), encoding="utf-8")
    write_city(workdir, LOST)
    workdir.write_city("alone", photos=[LOST])
    return workdir, workdir.snakemake(*CITIES)


def write_city(workdir: Workdir, lost: dict[str, Any]) -> None:
    workdir.write_city("both", photos=[{"id": "seen"}, lost, AWAY], **QUICK)


def test_the_run_fails_in_the_end_with_one_line_for_each(run: tuple[Workdir, Outcome]) -> None:
    _, outcome = run
    assert outcome.code != 0
    assert len(outcome.errors) == 3
    assert outcome.errors[-1].startswith(
        f"error: {AWAY['id']}: could not be fetched: https://eol.jsc.nasa.gov/"
    )
    for city, line in zip(("alone", "both"), outcome.errors[:2], strict=True):
        assert line.startswith("error: lost: georeference refused: city light agrees by ")
        assert f"(see results/{city}/lost/solve.png); correct nadir or look_at" in line
    assert "Traceback" not in outcome.text
    assert outcome.text.index("write the report") < outcome.text.index("error: ")


def test_the_sound_photo_is_delivered_and_the_refused_one_named(run: tuple[Workdir, Outcome]) -> None:
    results = run[0].folder / "results"
    for name in ("report.html", "both.qgz", "both.gpkg", "seen/ortho.tif"):
        assert (results / "both" / name).stat().st_size > 0
    report = (results / "both" / "report.html").read_text(encoding="utf-8")
    assert "lost: georeference refused: city light agrees by " in report


def test_of_a_refused_photo_nothing_is_made_that_looks_placed(run: tuple[Workdir, Outcome]) -> None:
    made = run[0].results()
    kept = ["camera.json", "control.gpkg", "photo.json", "photo.tif", "solve.png"]
    for city in ("alone", "both"):
        assert [f for f in made if f.startswith(f"{city}/lost/")] == [f"{city}/lost/{n}" for n in kept]
    assert [file for file in made if file.startswith("alone/")][-1] == "alone/placed.json"
    assert "both/change.tif" not in made
    outcome = run[0].snakemake("results/both/lost/ortho.tif", *CITIES)
    assert outcome.code != 0
    assert [line[:35] for line in outcome.errors] == ["error: lost: georeference refused: "]


def test_a_photo_that_cannot_be_fetched_is_named_like_a_refused_one(run: tuple[Workdir, Outcome]) -> None:
    workdir, outcome = run
    told = [line for line in outcome.text.splitlines() if line.startswith(f"{AWAY['id']}: ")]
    assert "attempt 1 of 4" in told[0]  # within a second
    assert told[0].endswith("; trying again")
    assert told[-1].endswith("; the run goes on without it, and the next one tries again")
    report = (workdir.folder / "results" / "both" / "report.html").read_text(encoding="utf-8")
    assert f"{AWAY['id']}: could not be fetched: " in report
    assert not list((workdir.folder / "data" / "photos" / "nasa").glob("*.jpg*"))


def test_a_second_run_says_it_again_and_makes_nothing_but_asks_again(run: tuple[Workdir, Outcome]) -> None:
    workdir, first = run
    before = {file: (workdir.folder / "results" / file).stat().st_mtime_ns for file in workdir.results()}
    again = workdir.snakemake(*CITIES)
    assert again.code != 0
    assert again.errors == first.errors
    asked = ("download", "acquire", "georeference", "place", "deliver", "index", "refusals", "all")
    assert job_counts(again.log) == dict.fromkeys(asked, 1)
    after = {f: (workdir.folder / "results" / f).stat().st_mtime_ns for f in workdir.results()}
    anew = {file for file in before if before[file] != after.pop(file)}
    assert not after
    delivered = {
        "index.html",
        *(f"both/{name}" for name in ("report.html", "both.qgz", "both.gpkg", "summary.json")),
    }
    assert anew <= {
        *delivered,
        "both/placed.json",
        *(f for f in before if f.startswith((f"both/{AWAY['id']}/", "both/tables/", "both/stac/"))),
    }


def test_a_corrected_yaml_tries_the_refused_photo_again(run: tuple[Workdir, Outcome]) -> None:
    workdir, _ = run
    write_city(workdir, LOST | {"nadir": {"lon": 5.0, "lat": 50.0}})
    try:
        counts = job_counts(workdir.snakemake("--dry-run", *CITIES).text)
    finally:
        write_city(workdir, LOST)
    assert counts.pop("all") == 1
    # The refused photo, and the one that could not be fetched.
    assert {rule: counts[rule] for rule in ("acquire", "georeference", "place")} == {
        "acquire": 2,
        "georeference": 2,
        "place": 1,
    }
