"""Two raw photos of known lamps go through the whole workflow: what is said of them is what was planted.

The hidden cameras, the lamps and the exposure are those of `tests.scenes.raw_scene`; the workflow is told no
more of them than a raw file and the catalogue tell of a real photo.
"""

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.features import rasterize

from pipeline.borders.quantities import ALL_LIGHT
from pipeline.camera.camera import Camera
from pipeline.deliver.truth import position_error
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.tiff import read_photo_tif
from pipeline.tone.evidence import MAY_SAY
from pipeline.tone.lamps import COOL_WHITE, HIGH_SODIUM, LOW_SODIUM, WHITE, Family
from tests.qgis.test_project import inspect
from tests.scenes.raw_cameras import PUBLISHED
from tests.scenes.raw_scene import (
    AFTER,
    BEFORE,
    BLACK,
    CAMERA,
    DATA,
    NIGHTS,
    Night,
    camera_row,
    planted_light,
    planted_picture,
    planted_tone,
    true_camera,
)
from tests.workflow.cluster import Job
from tests.workflow.workdir import Workdir

COUNTRIES = ("BE", "DE", "NL")
FAMILY: dict[str, Family] = {
    "C100S54 (HPS)": HIGH_SODIUM,
    "LPS": LOW_SODIUM,
    "F32T8/TL841 (Triphosphor)": WHITE,
    "LED-B5": COOL_WHITE,
}
LIT = [(night, country) for night in NIGHTS for country in COUNTRIES]
LIT_IDS = [f"{night.year}-{country}" for night, country in LIT]
# log2. The lens and cells on the border bring a country some light of its neighbour: 1 % of Belgium's sodium
# light makes Germany's cool white 0.027 less green. Noise and the anchor's rounding are a tenth of that.
TONE_TOLERANCE = 0.03
# By as much intervals may miss what was planted: they hold how towns scatter, not light from over the border.
SPILL = 0.02
WIDEST = 0.2  # of an interval, so that none holds anything


@pytest.fixture(scope="module")
def results(raw_city: tuple[Workdir, list[Job]]) -> Path:
    """The city's results, of one run of Snakemake."""
    return raw_city[0].folder / "results" / "raw"


def bands(results: Path, night: Night, kind: str) -> NDArray[np.floating]:
    with rasterio.open(results / night.photo / f"{kind}.tif") as source:
        return np.asarray(source.read())


def lit(results: Path, night: Night, country: str) -> NDArray[np.bool_]:
    """The cells of a country whose tone is known."""
    with rasterio.open(results / night.photo / "tone.tif") as source:
        table = gpd.read_file(DATA / "borders.gpkg", layer="countries").to_crs(source.crs)
        shape = table.set_index("country").geometry[country]
        inside = rasterize([shape], source.shape, transform=source.transform).astype(bool)
        found = inside & np.isfinite(source.read(1))
    assert found.sum() > 300, f"{country} is hardly lit in {night.photo}"
    return found


def table(results: Path, name: str) -> gpd.GeoDataFrame:
    """A layer of the delivered GeoPackage."""
    return gpd.read_file(results / "raw.gpkg", layer=name)


def of_border(results: Path, name: str, pair: str = "BE-DE") -> dict[str, float]:
    """Its row of a table, of contrasts that of all light."""
    rows = table(results, name)
    chosen = rows["pair"] == pair
    if "quantity" in rows:
        chosen &= rows["quantity"] == ALL_LIGHT
    (row,) = rows[chosen].to_dict("records")
    return row


def tone_of(night: Night, country: str) -> float:
    return planted_tone(night.lamps[country])[0]


def held(low: float, high: float, planted: float) -> bool:
    """Whether a narrow interval holds what was planted."""
    return high - low < WIDEST and low - SPILL <= planted <= high + SPILL


@pytest.mark.parametrize("lamp", [lamp for lamp in FAMILY if lamp in PUBLISHED])
def test_what_is_planted_is_what_is_published_of_a_d3s(lamp: str) -> None:
    """Air takes from blue first: at this depth 2 % of G/R and 6 % of B/G, beside 0.02 of the response."""
    g_r, b_g = np.exp2(planted_tone(lamp))
    assert (g_r, b_g) == pytest.approx(PUBLISHED[lamp], abs=0.05)


@pytest.mark.parametrize("night", NIGHTS, ids=lambda night: night.photo)
class TestOfAPhoto:
    def test_it_is_anchored_to_its_camera(self, results: Path, night: Night) -> None:
        facts = PhotoFacts.model_validate_json((results / night.photo / "photo.json").read_text("utf-8"))
        assert facts.evidence == "raw_anchored"
        assert (facts.camera, facts.anchor) == (CAMERA, camera_row())
        assert f"black {BLACK} subtracted" in facts.linearisation
        assert not facts.simulated
        # A piece of the sensor is as wide as its samples.
        assert facts.sensor_width_mm == pytest.approx(36 * 1200 / 4256)

    def test_its_light_is_what_fell_on_the_sensor(self, results: Path, night: Night) -> None:
        photo = read_photo_tif(results / night.photo / "photo.tif")
        planted = planted_picture(night)
        height, width = photo.light.shape[1:]
        cells = planted.reshape(3, height, 2, width, 2).mean(axis=(2, 4))
        # A quarter of white stays below saturation with any noise.
        dim = cells.max(axis=0) < 0.25
        away = (photo.light - cells)[:, dim].mean(axis=1)
        # Noise averages to 2e-5 here; a code is 6e-5. Red and blue, sampled once a cell, are a little more.
        assert away == pytest.approx([0, 0, 0], abs=1e-4)

    def test_its_place_is_found(self, results: Path, night: Night) -> None:
        solved = json.loads((results / night.photo / "camera.json").read_text("utf-8"))
        error = position_error(true_camera(night), Camera.from_dict(solved))
        print(f"{night.photo}: {error.rmse_px:.2f} px, {error.rmse_m:.0f} m RMSE")
        assert solved["solution"]["evidence"] == "raw_anchored"
        # Half a cell of the map, so that light lies in its own country's cells.
        assert error.rmse_m < 200

    def test_the_border_between_lamps_has_their_contrast(self, results: Path, night: Night) -> None:
        row = of_border(results, f"contrasts_{night.photo}")
        planted = tone_of(night, "DE") - tone_of(night, "BE")
        print(f"{night.photo}: planted {planted:+.3f}, {row['statement']}")
        assert held(row["low95"], row["high95"], planted)
        assert row["evidence"] == "raw_anchored"


@pytest.mark.parametrize(("night", "country"), LIT, ids=LIT_IDS)
class TestOfACountry:
    def test_its_tone_is_that_of_its_lamp(self, results: Path, night: Night, country: str) -> None:
        tone = bands(results, night, "tone")
        cells = lit(results, night, country)
        light = bands(results, night, "light")
        g_r, b_g = planted_tone(night.lamps[country])
        of_sums = float(np.log2(light[1, cells].sum() / light[0, cells].sum()))
        of_cells = float(np.median(tone[0, cells]))
        print(f"{night.photo} {country}: {of_sums - g_r:+.4f} of sums, {of_cells - g_r:+.4f} of cells")
        assert of_sums == pytest.approx(g_r, abs=TONE_TOLERANCE)
        assert of_cells == pytest.approx(g_r, abs=TONE_TOLERANCE)
        if night.lamps[country] == "LPS":
            return  # it has no blue: where a ratio is given at all, it is one of noise
        blue = float(np.nanmedian(tone[1, cells]))
        print(f"    blue {blue - b_g:+.4f}")
        # Of faint cells only those are given in which noise adds to blue: 0.03 in sodium light.
        assert blue == pytest.approx(b_g, abs=0.06)

    def test_its_lamps_are_named(self, results: Path, night: Night, country: str) -> None:
        codes = bands(results, night, "lamps")[0][lit(results, night, country)]
        share = float((codes == FAMILY[night.lamps[country]].code).mean())
        print(f"{night.photo} {country}: {100 * share:.1f} % of cells")
        # The rest are cells that hold lamps of two countries.
        assert share > 0.9

    def test_the_geopackage_has_its_tone(self, results: Path, night: Night, country: str) -> None:
        zone = table(results, f"zones_{night.photo}").set_index("country").loc[country]
        assert zone["tone_g_r"] == pytest.approx(tone_of(night, country), abs=TONE_TOLERANCE)
        assert zone["evidence"] == "raw_anchored"


class TestOfTheChange:
    """Belgium and the Netherlands keep their lamps, Germany gets others; the later exposure is longer."""

    def test_at_the_border_is_that_of_german_lamps(self, results: Path) -> None:
        row = of_border(results, f"border_changes_{BEFORE.photo}_{AFTER.photo}")
        tone = tone_of(AFTER, "DE") - tone_of(BEFORE, "DE")
        light = float(np.log2(planted_light(AFTER, "DE") / planted_light(BEFORE, "DE")))
        print(f"planted tone {tone:+.3f}, light {light:+.3f} (log2): {row['statement']}")
        assert (row["tone_kind"], row["evidence"]) == ("absolute", "raw_anchored")
        assert held(row["tone_low95"], row["tone_high95"], tone)
        assert held(row["light_low95"], row["light_high95"], light)

    @pytest.mark.parametrize("country", COUNTRIES)
    def test_of_a_country_is_that_of_its_lamps(self, results: Path, country: str) -> None:
        rows = table(results, f"changes_{BEFORE.photo}_{AFTER.photo}")
        (row,) = rows[(rows["scope"] == "country") & (rows["country"] == country)].to_dict("records")
        planted = tone_of(AFTER, country) - tone_of(BEFORE, country)
        print(f"planted {planted:+.3f}: {row['statement']}")
        assert held(row["tone_low95"], row["tone_high95"], planted)

    @pytest.mark.parametrize("country", COUNTRIES)
    def test_is_on_the_map(self, results: Path, country: str) -> None:
        with rasterio.open(results / "change.tif") as source:
            change = source.read(source.descriptions.index(f"tone {BEFORE.photo} to {AFTER.photo}") + 1)
        both = lit(results, BEFORE, country) & lit(results, AFTER, country)
        planted = tone_of(AFTER, country) - tone_of(BEFORE, country)
        assert np.median(change[both]) == pytest.approx(planted, abs=TONE_TOLERANCE)


def test_the_report_names_the_lamps_and_has_no_word_of_jpegs(results: Path) -> None:
    page = (results / "report.html").read_text("utf-8")
    text = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    assert "raw_anchored" in text
    assert MAY_SAY["raw_anchored"] in text
    assert "From raw files" in text
    assert "JPEG" not in text
    assert "SIMULATED" not in text
    for place, country in enumerate(COUNTRIES):
        for night, family in ((night, FAMILY[night.lamps[country]]) for night in NIGHTS):
            # A row of shares by country for each photo, in order of time.
            rows = re.findall(rf"■ {re.escape(family.name)}((?: \d+ %)+)", text)
            shares = [[int(number) for number in re.findall(r"\d+", row)] for row in rows]
            assert len(shares) == len(NIGHTS)
            assert shares[NIGHTS.index(night)][place] > 90, f"{night.photo} {country}: {shares}"


def test_the_project_opens_in_qgis_with_lamp_families(
    results: Path, qgis_python: str, tmp_path: Path
) -> None:
    told = inspect(qgis_python, results / "raw.qgz", tmp_path / "drawn.png")
    assert told["opened"]
    assert told["said"] == []
    assert all(told["valid"].values())
    assert len(told["valid"]) >= 20
    for night in NIGHTS:
        classes = told["project"][f"layer_of_lamps_{night.photo}"]["classes"]
        names = {code: label for code, _, label in classes}
        for family in (FAMILY[lamp] for lamp in night.lamps.values()):
            assert names[family.code].startswith(family.name[:20])


def test_no_step_logs_a_warning(results: Path) -> None:
    logs = sorted(results.rglob("*.log"))
    assert len(logs) >= 12
    for log in logs:
        assert "WARNING" not in log.read_text("utf-8"), log.name
