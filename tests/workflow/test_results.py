"""What the whole workflow gives: the demo against its hidden truth, and a real photograph of NASA's."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib.pyplot as plt
import numpy as np
import pytest
import rasterio
from rio_cogeo.cogeo import cog_validate

from pipeline.borders.quantities import ALL_LIGHT
from pipeline.camera.camera import Camera
from pipeline.deliver.contrasts import of_quantity
from pipeline.deliver.results import Truth, read_city
from pipeline.deliver.truth import lights_near, planted_contrasts, position_error, read_has_tone
from tests.qgis.test_project import inspect
from tests.scenes.frames import check_points
from tests.strict_json import strict_json
from tests.workflow.workdir import REPOSITORY, Outcome, Workdir

YEARS = (2012, 2022)
RASTERS = ("ortho", "geometry", "tone", "light")


@pytest.fixture
def results(demo: tuple[Workdir, Outcome]) -> Path:
    return demo[0].folder / "results" / "demo"


@pytest.fixture(scope="module")
def rhine_main(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter configuration with the real photo, through Snakemake, without a manual point."""
    workdir = Workdir.make(tmp_path_factory.mktemp("rhine-main"))
    config = (REPOSITORY / "configs" / "rhine-main.yaml").read_text(encoding="utf-8")
    (workdir.folder / "configs" / "rhine-main.yaml").write_text(config, encoding="utf-8")
    outcome = workdir.snakemake("--config", "cities=rhine-main", f"photo_store={shared / 'photos'}")
    assert outcome.code == 0, outcome.text
    return workdir.folder / "results" / "rhine-main"


@pytest.mark.parametrize("year", YEARS)
def test_the_demo_is_placed_within_two_pixels_of_its_hidden_truth(results: Path, year: int) -> None:
    folder = results / f"simulated-{year}"
    truth = Camera.from_dict(json.loads((folder / "truth.json").read_text())["camera"])
    solved = json.loads((folder / "camera.json").read_text())
    error = position_error(truth, Camera.from_dict(solved))
    print(f"simulated-{year}: {error.rmse_px:.2f} px, {error.rmse_m:.0f} m RMSE; worst {error.worst_m:.0f} m")
    assert solved["solution"]["accepted"]
    assert error.rmse_px <= 2.0


def test_every_json_file_is_strictly_valid(results: Path) -> None:
    """Of all photos and of the city: other programs' readers stop at NaN."""
    files = sorted(results.rglob("*json"))
    assert len(files) >= 2 + 3 * len(YEARS)  # grid and placed; photo, camera and truth of each year
    for file in files:
        strict_json(file)


def test_planted_contrasts_lie_inside_their_intervals(results: Path) -> None:
    data = REPOSITORY / "data"
    folders = [results / f"simulated-{year}" for year in YEARS]
    city = read_city(
        "demo", "demo", folders, results / "grid.json", results / "borders.gpkg", data / "borders.gpkg",
        data / "motorways.gpkg", results.parent / "cities.parquet",
    )  # fmt: skip
    held = []
    for photo in city.photos:
        assert isinstance(photo.truth, Truth)
        contrasts = of_quantity(photo.contrasts, ALL_LIGHT)
        near = lights_near(photo.truth, contrasts)
        counted = read_has_tone(photo.raster("tone"), photo.truth.lights)
        planted = planted_contrasts(near, contrasts, counted)
        for row in contrasts.itertuples():
            print(f"{photo.name} {row.pair}: planted {planted[row.pair]:+.2f}, {row.statement}")
            if np.isfinite(row.contrast_g_r):
                held.append(row.low95 <= planted[row.pair] <= row.high95)
    assert len(held) >= 6  # Belgium, Germany and the Netherlands in pairs, twice
    assert all(held)


@pytest.mark.parametrize("kind", RASTERS)
@pytest.mark.parametrize("year", YEARS)
def test_rasters_are_valid_cogs_on_the_same_grid_and_say_that_they_are_simulated(
    results: Path, year: int, kind: str
) -> None:
    file = results / f"simulated-{year}" / f"{kind}.tif"
    valid, errors, warnings = cog_validate(file, quiet=True)
    assert valid, errors
    assert not warnings
    grid = json.loads((results / "grid.json").read_text())
    with rasterio.open(file) as raster:
        assert raster.crs.to_string() == grid["crs"]
        assert (raster.width, raster.height) == (grid["width"], grid["height"])
        assert "SIMULATED" in json.dumps(raster.tags())


def test_every_layer_opens_valid_and_styled_in_qgis(results: Path, qgis_python: str, tmp_path: Path) -> None:
    told = inspect(qgis_python, results / "demo.qgz", tmp_path / "drawn.png")
    assert told["opened"]
    assert told["said"] == []
    assert all(told["valid"].values())
    assert len(told["valid"]) >= 20


def test_the_real_photo_goes_from_file_to_report_without_a_manual_point(
    rhine_main: Path, shared: Path
) -> None:
    camera = Camera.from_dict(json.loads((rhine_main / "ISS030-E-163191" / "camera.json").read_text()))
    lon, lat, column, row = check_points(shared, "ISS030-E-163191")
    away = np.hypot(*(np.stack(camera.project(lon, lat)) - (column, row)))
    print(
        f"Rhine-Main through Snakemake: {np.sqrt((away**2).mean()):.2f} px RMSE on {len(away)} check points"
    )
    assert np.sqrt((away**2).mean()) <= 1.5
    assert "SIMULATED" not in (rhine_main / "report.html").read_text(encoding="utf-8")


def test_light_of_the_real_photo_lies_on_its_city(rhine_main: Path) -> None:
    """Frankfurt airport's apron, the brightest light of the frame, at 50.048 N, 8.575 E, within two cells."""
    with rasterio.open(rhine_main / "ISS030-E-163191" / "ortho.tif") as ortho:
        place = gpd.GeoSeries.from_xy([8.575], [50.048], crs=4326).to_crs(ortho.crs).iloc[0]
        row, column = ortho.index(place.x, place.y)
        green = ortho.read(2)
    near = green[row - 3 : row + 4, column - 3 : column + 4]
    assert np.nanmax(near) > np.nanquantile(green, 0.998)


def test_the_notebook_runs_on_the_demo(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell, in order; its pictures are not looked at here, its table is the zones' own."""
    monkeypatch.chdir(results.parents[1])
    drawn: list[int] = []
    monkeypatch.setattr(plt, "show", lambda: drawn.append(len(plt.gcf().axes)))
    notebook = json.loads(
        (REPOSITORY / "docs" / "how-to" / "results-in-a-notebook.ipynb").read_text(encoding="utf-8")
    )
    names: dict[str, Any] = {}
    with plt.rc_context({"backend": "agg"}):
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                assert not cell["outputs"], "the notebook is kept without its outputs"
                exec(compile("".join(cell["source"]), "results-in-a-notebook.ipynb", "exec"), names)
        plt.close("all")
    assert len(drawn) == 3
    zones = gpd.read_file(results / "borders.gpkg", layer="zones")
    tone = zones[zones["photo"] == "simulated-2012"].set_index("country")["tone_g_r"]
    by_country = names["by_country"].sel(photo="simulated-2012").to_pandas()
    # Zones count cells on a border by their part, the notebook by their centre.
    for country in ("BE", "DE", "NL"):
        assert by_country[country] == pytest.approx(tone[country], abs=0.002)
