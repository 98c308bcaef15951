"""A city that takes a quarter of the demo's time: one small simulated photo of the store, on a coarse map."""

import yaml

from pipeline.simulate.scene import simulate_frame
from tests.scenes.frames import HALF
from tests.scenes.pictures import save_jpeg
from tests.workflow.workdir import Workdir

AIM = (5.72, 50.7)
NAME = "small"
CITY = ("--config", f"cities={NAME}")


def write_small_city(workdir: Workdir, seed: int = 1) -> None:
    """Its YAML, and its photo `seen` with facts beside it."""
    store = workdir.folder / "data" / "photos"
    store.mkdir(exist_ok=True)
    frame = simulate_frame(seed, aim=AIM, must_see=(), shape=HALF)
    save_jpeg(frame.picture, store / "seen.jpg")
    facts = frame.facts.model_dump(mode="json", exclude_unset=True)
    (store / "seen.yaml").write_text(yaml.safe_dump(facts), encoding="utf-8")
    workdir.write_city(
        NAME,
        location=dict(zip(("lon", "lat"), AIM, strict=True)),
        countries=["BE", "NL"],
        photos=[{"id": "seen"}],
        grid={"radius_km": 30, "resolution_m": 200},
        borders={"replicates": 200},
    )
