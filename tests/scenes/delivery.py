"""A fabricated city, delivered once for all tests of this folder."""

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from markupsafe import Markup

from pipeline.deliver.results import CityResults, read_city
from pipeline.models import City
from pipeline.report import explorer, maps, pictures
from pipeline.steps.deliver import deliver
from pipeline.steps.placed import Placed
from pipeline.steps.style import style
from tests.scenes.city import fabricate

RASTERS = ("ortho", "geometry", "tone", "light", "lamps", "photo_in_place")
# A title that would break HTML or XML that is glued together without escaping.
TITLE = 'Liège <b>& "Maastricht"</b>'


@dataclass(frozen=True)
class Delivery:
    """A city's results folder and its configuration."""

    folder: Path
    city: City

    @property
    def data(self) -> Path:
        return self.folder.parents[1] / "data"

    @property
    def photos(self) -> list[Path]:
        """The folders of those that are on the map."""
        return [self.folder / name for name in Placed.read(self.folder / "placed.json").photos]

    def run(self) -> None:
        """The steps `style` and `deliver`, as their rules call them."""
        self.style_photos()
        deliver(
            city=self.city,
            placed=self.folder / "placed.json",
            grid=self.folder / "grid.json",
            compared=self.folder / "borders.gpkg",
            change=[self.folder / "change.tif"],
            borders=self.data / "borders.gpkg",
            motorways=self.data / "motorways.gpkg",
            cities=self.folder.parent / "cities.parquet",
            geopackage=self.folder / f"{self.folder.name}.gpkg",
            qgis=self.folder / f"{self.folder.name}.qgz",
            tables=self.folder / "tables",
            stac=self.folder / "stac",
            summary=self.folder / "summary.json",
            report=self.folder / "report.html",
        )

    def style_photos(self) -> None:
        """The step `style` of each photo."""
        for photo in self.photos:
            style(
                photo / "photo.json",
                photo / "camera.json",
                photo / "geometry.tif",
                **{name: photo / f"{name}.qml" for name in RASTERS},
                place=photo / "photo_in_place.vrt",
            )

    def results(self) -> CityResults:
        """Read once: tests put other tables in the place of these, and do not write into them."""
        return self._results

    @cached_property
    def _results(self) -> CityResults:
        return read_city(
            self.folder.name,
            self.city.name,
            self.photos,
            self.folder / "grid.json",
            self.folder / "borders.gpkg",
            self.data / "borders.gpkg",
            self.data / "motorways.gpkg",
            self.folder.parent / "cities.parquet",
        )

    def copy(self, root: Path) -> "Delivery":
        """The same city elsewhere, to be spoilt."""
        shutil.copytree(self.folder.parents[1], root, dirs_exist_ok=True)
        return Delivery(root / "results" / self.folder.name, self.city)


@pytest.fixture
def words_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without their pictures, which take most of the time."""
    monkeypatch.setattr(maps, "photo_maps", lambda *_: ("", ""))
    monkeypatch.setattr(maps, "encoded", lambda _: b"")
    monkeypatch.setattr(pictures, "svg_picture", lambda *_: pictures.Picture(Markup(""), Markup("")))
    monkeypatch.setattr(maps, "light_map", lambda *_: "")
    monkeypatch.setattr(explorer, "explorer_data", lambda *_: Markup("{}"))


@pytest.fixture(scope="session")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    folder = fabricate(tmp_path_factory.mktemp("deliver"))
    photos = [{"simulate": {"seed": seed, "year": year}} for seed, year in ((1, 2012), (2, 2022))]
    city = City.model_validate({"name": TITLE, "location": {"lon": 5.72, "lat": 50.7}, "photos": photos})
    made = Delivery(folder, city)
    made.run()
    return made
