"""What the report says of tone: by level of evidence, by country, by view angle."""

import dataclasses
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import rasterio

from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.models import City
from pipeline.photo.cameras import read_cameras
from pipeline.report.page import _environment
from pipeline.report.tone_section import ToneFacts, lit_cells, tone_facts
from pipeline.tone.lamps import FAMILIES, HIGH_SODIUM, WHITE
from tests.scenes.city import TONE, TOWNS, fabricate
from tests.scenes.delivery import Delivery

D3S = read_cameras(Path(__file__).parents[2] / "data" / "cameras.csv")["D3S"]


@pytest.fixture(scope="module")
def fabricated(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    """The files of a city, of which nothing was delivered yet."""
    city = {"name": "Liège", "location": {"lon": 5.72, "lat": 50.7}, "photos": [{"id": "ISS034-E-5935"}]}
    return Delivery(fabricate(tmp_path_factory.mktemp("tone")), City.model_validate(city))


@pytest.fixture(scope="module")
def city(fabricated: Delivery) -> CityResults:
    return fabricated.results()


@pytest.fixture
def copied(fabricated: Delivery, tmp_path: Path) -> tuple[CityResults, PhotoResults]:
    """A copy whose rasters may be changed, and its photo of 2012."""
    city = fabricated.copy(tmp_path).results()
    return city, city.photos[0]


def rewrite(photo: PhotoResults, kind: str, band: int, values: np.ndarray) -> None:
    with rasterio.open(photo.raster(kind), "r+") as target:
        target.write(values.astype(target.dtypes[0]), band)


def anchored(photo: PhotoResults) -> PhotoResults:
    facts = photo.facts.model_copy(
        update={"evidence": "raw_anchored", "anchor": D3S, "hot_pixels": 7, "vignetting": "corrected; known"}
    )
    return dataclasses.replace(photo, facts=facts)


def shown(facts: ToneFacts, mark: str = "") -> str:
    """The text a reader sees of the partial."""
    page = _environment().from_string('{% from "tone.html" import tone_facts %}{{ tone_facts(facts, mark) }}')
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.render(facts=facts, mark=mark))))


def test_countries_have_the_tone_they_were_given(city: CityResults) -> None:
    for photo, year in zip(city.photos, (2012, 2022), strict=True):
        found = tone_facts(photo, city)
        # Cells that the border cuts are the country's of their middle, as their tone is.
        codes = {"Belgium": "BE", "Germany": "DE", "The Netherlands": "NL"}
        wanted = {name: TONE[year][code] for name, code in codes.items()}
        assert {row.country: row.tone for row in found.countries} == pytest.approx(wanted, abs=0.01)


def test_lit_cells_are_in_their_country_and_place(city: CityResults) -> None:
    cells = lit_cells(city.photos[0], city)
    tone = {"BE": -1.2, "NL": -0.7, "DE": -0.4}
    for place, code in enumerate(city.countries["country"], 1):
        assert np.median(cells.tone[cells.country == place]) == pytest.approx(tone[code])
    assert (cells.zenith_deg == 20).all()
    # The camera looks at a place between the towns: none is beyond the corner, some are near the middle.
    assert cells.radius.min() < 0.1
    assert len(np.unique(cells.block)) > len(TOWNS) / 2


def test_thinned_cells_have_the_same_countries(city: CityResults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.report.tone_section.SAMPLES", 5000)  # every third row and column
    thin = {row.country: row.tone for row in tone_facts(city.photos[0], city).countries}
    monkeypatch.undo()
    whole = {row.country: row.tone for row in tone_facts(city.photos[0], city).countries}
    # Borders as sharp as the cells: a cell given to its neighbour shifts a country by more than this.
    assert thin == pytest.approx({name: whole[name] for name in thin}, abs=0.01)


def test_of_a_jpeg_it_says_what_cannot_be_told_and_why(city: CityResults) -> None:
    found = tone_facts(city.photos[0], city)
    text = shown(found)
    assert "lamp types not identifiable from a JPEG, because the camera shifted all colours" in text
    assert "Hot pixels: not looked for in a JPEG." in text
    assert "Vignetting: not corrected." in text
    assert "Lamp families" not in text
    assert not any(row.lamps for row in found.countries)


def test_of_an_anchored_raw_it_shows_families_by_light(copied: tuple[CityResults, PhotoResults]) -> None:
    city, photo = copied
    with rasterio.open(photo.raster("lamps")) as source:
        lit = source.read(1) > 0
    columns = np.arange(lit.shape[1])
    rewrite(photo, "lamps", 1, np.where(lit, np.where(columns % 2, HIGH_SODIUM.code, WHITE.code), 0))
    found = tone_facts(anchored(photo), city)
    for row in found.countries:
        shares = {one.name: one.share for one in row.lamps}
        assert len(shares) == len(FAMILIES)
        # Every other column; towns are tens of columns wide, and speckled.
        assert shares[HIGH_SODIUM.name] == pytest.approx(0.5, abs=0.1)
        assert sum(shares.values()) == pytest.approx(1)
    text = shown(found)
    assert WHITE.name in text
    assert "not identifiable" not in text
    assert "Hot pixels: 7 isolated ones masked." in text
    assert "anchored to daylight by the colour matrix of <i>Nikon</i> D3S" in text


def test_of_an_unanchored_raw_it_says_why(city: CityResults) -> None:
    stated = {"evidence": "raw", "unanchored": "its camera is <b>odd</b>"}
    facts = city.photos[0].facts.model_copy(update=stated)
    text = shown(tone_facts(dataclasses.replace(city.photos[0], facts=facts), city))
    assert "Colours: not anchored; its camera is <b>odd</b>." in text


def test_a_slope_with_the_view_is_found(copied: tuple[CityResults, PhotoResults]) -> None:
    """View zenith that rises to the east, tone with it by 0.5 in 10 degrees; else the verdict is none."""
    city, photo = copied
    assert "cannot be told" in tone_facts(photo, city).countries[0].verdict  # all at one angle
    with rasterio.open(photo.raster("tone")) as source:
        tone = source.read(1)
    zenith = np.broadcast_to(np.linspace(10, 30, tone.shape[1]), tone.shape)
    rewrite(photo, "geometry", 1, zenith)
    rewrite(photo, "tone", 1, tone + 0.05 * zenith)
    verdicts = {row.country: row.verdict for row in tone_facts(photo, city).countries}
    assert verdicts["Belgium"].startswith("Tone changes with view zenith")
    assert "+0.50 (" in verdicts["Belgium"]


def test_countries_at_other_angles_are_not_compared(copied: tuple[CityResults, PhotoResults]) -> None:
    city, photo = copied
    found = tone_facts(photo, city)
    assert found.overlap == pytest.approx(1)
    for row in found.countries:
        assert row.matched_tone == pytest.approx(row.tone)
    with rasterio.open(photo.raster("tone")) as source:
        tone = source.read(1)
    country = np.select([np.isclose(tone, value) for value in TONE[2012].values()], [10.0, 25.0, 40.0], 10.0)
    rewrite(photo, "geometry", 1, country)
    found = tone_facts(photo, city)
    assert found.overlap == 0
    assert all(np.isnan(row.matched_tone) for row in found.countries)
    assert "0 % of the light is seen at angles that all these countries have, too little" in shown(found)


def test_a_city_without_countries_has_facts_too(city: CityResults) -> None:
    found = tone_facts(city.photos[0], dataclasses.replace(city, countries=city.countries[:0]))
    assert found.countries == ()
    assert found.overlap is None
    assert "What this photo cannot tell" in shown(found)


def test_the_mark_of_simulated_photos_stands_at_every_table(city: CityResults) -> None:
    text = shown(tone_facts(city.photos[0], city), "SIMULATED ")
    assert text.count("SIMULATED") == 2
