"""The smallest city that goes through all steps but `simulate`: two raw photos of known lamps."""

from tests.scenes.raw_scene import AIM, NIGHTS, write_raw_photo
from tests.workflow.workdir import Workdir


def write_raw_city(workdir: Workdir) -> None:
    """`configs/raw.yaml` with a coarse grid, and its photos."""
    workdir.write_city(
        "raw",
        location={"lon": AIM[0], "lat": AIM[1]},
        countries=["BE", "DE", "NL"],
        photos=[write_raw_photo(workdir.folder, night) for night in NIGHTS],
        grid={"radius_km": 30, "resolution_m": 400},
        borders={"replicates": 200},
    )
