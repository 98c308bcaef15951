"""The cities that are measured: the demo's photos smaller and larger, on finer and coarser grids."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image

from tests.workflow.workdir import REPOSITORY, Workdir

YEARS = (2012, 2022)
PLACE = {"lon": 5.72, "lat": 50.70}  # the demo's
COUNTRIES = ["BE", "NL", "DE", "LU"]


@dataclass(frozen=True)
class Measured:
    """A city whose photos are the demo's, `enlarged` so many times, on a grid of `resolution_m`; of a large
    photo only the steps up to the map, which do not know of its size later."""

    name: str
    enlarged: float
    resolution_m: float
    years: tuple[int, ...]
    only_mapped: bool = False
    roads: bool = False

    def photo(self, year: int) -> str:
        return f"{self.name}-{year}"

    def write(self, workdir: Workdir) -> None:
        """Its YAML, and its photos with their facts into the photo store."""
        store = workdir.folder / "data" / "photos"
        store.mkdir(exist_ok=True)
        for year in self.years:
            scene = workdir.folder / "results" / "demo" / f"simulated-{year}" / "scene.jpg"
            file = store / f"{self.photo(year)}.jpg"
            if not file.exists():
                with Image.open(scene) as picture:
                    side = tuple(round(self.enlarged * pixels) for pixels in picture.size)
                    picture.resize(side, Image.Resampling.BICUBIC).save(file, quality=92, subsampling=0)
                shutil.copy(scene.with_suffix(".yaml"), file.with_suffix(".yaml"))
        values: dict[str, Any] = {"roads": "data/streets_liege.parquet"} if self.roads else {}
        workdir.write_city(
            self.name,
            location=PLACE,
            countries=COUNTRIES,
            photos=[{"id": self.photo(year)} for year in self.years],
            grid={"resolution_m": self.resolution_m},
            **values,
        )

    def targets(self) -> Iterator[str]:
        """What Snakemake is asked for."""
        if self.only_mapped:
            yield from (f"results/{self.name}/{self.photo(year)}/ortho.tif" for year in self.years)
        else:
            yield "all"


CITIES = (
    Measured("small", 0.5, 400, (2012,)),
    Measured("photo-12", 2, 200, (2012,), only_mapped=True),
    Measured("photo-48", 4, 400, (2012,), only_mapped=True),
    Measured("streets", 1, 200, (2012,), only_mapped=True, roads=True),
    Measured("grid-16", 1, 50, (2012,)),
    Measured("grid-64", 1, 25, YEARS),
)


def write_demo(workdir: Workdir) -> None:
    shutil.copy(REPOSITORY / "configs" / "demo.yaml", workdir.folder / "configs")
