"""The report: complete, marked where simulated, escaped, offline, and fit for a phone."""

import dataclasses
import re
import subprocess
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from pipeline.deliver.provenance import configuration_hash, facts
from pipeline.deliver.report import chance, fixed, report_html, signed
from pipeline.deliver.results import CityResults
from tests.deliver.conftest import TITLE, Delivery
from tests.deliver.test_maps import real

MAX_BYTES = 6_000_000
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=5000"),
]
# A window is never narrower than 500 px; a frame in it is, and tells the outer page what it measured.
OUTER = """<iframe src="inner.html" width="{width}" height="800" style="border:0"></iframe><script>
onmessage = message => Object.assign(document.body.dataset, message.data);
</script>"""
MEASURE = """<script>onload = () => parent.postMessage({
  width: innerWidth,
  content: document.documentElement.scrollWidth,
  broken: [...document.images].filter(image => !image.naturalWidth).length,
}, "*")</script>"""


@pytest.fixture(scope="module")
def html(delivery: Delivery) -> str:
    return (delivery.folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text(html: str) -> str:
    """What a reader reads."""
    body = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(body))


def written(city: CityResults, delivery: Delivery) -> str:
    return report_html(city, delivery.city, facts(city, delivery.city))


def test_is_one_small_file_that_needs_no_network(html: str) -> None:
    assert len(html.encode()) < MAX_BYTES
    targets = re.findall(r'(?:src|srcset|href)="([^"]*)"', html)
    assert len(targets) > 10
    assert all(target.startswith(("data:image/", "#")) for target in targets)
    assert not re.search(r"<script|<link|@import|url\(", html)


def test_escapes_what_users_and_files_say(html: str, text: str) -> None:
    assert TITLE in text
    assert "<b>x" not in html
    for tag in ("<b>&", "<i>Nikon", "<on>"):
        assert tag not in html
    assert "<i>Nikon</i> D3S" in text
    assert "too few lit cells <on> the German side" in text


def test_states_accuracy_contrasts_and_zones(text: str) -> None:
    for words in (
        "0.90 px, 95 m",
        "1.40 px, 150 m",
        "8 used, 2 held out to check",
        "1 in 10 000",
        "+0.50 +0.42 to +0.57",
        "The NL side is greener than the BE one by 0.50 in log2(G/R).",
        "Countries in the frame",
        "no lamp types",
        "Open Database Licence",
    ):
        assert words in text


def test_true_error_and_planted_contrasts_stand_beside_the_measured(text: str) -> None:
    assert text.count("Simulated: the true error") == 2
    # Belgium to Germany 2022: planted 0.6, not measured.
    assert "Belgium → Germany +0.60 – – –" in text
    assert "Belgium → The Netherlands +0.50 +0.50 +0.42 to +0.57 yes" in text


def test_simulated_is_said_on_every_picture_and_table(html: str, text: str) -> None:
    assert "SIMULATED: not a measurement" in text
    pictures = re.findall(r"<figure.*?</figure>", html, flags=re.S)
    assert len(pictures) == 1 + 2 * 4
    assert all("SIMULATED" in picture for picture in pictures)
    before_tables = re.findall(r'<p class="caption">(.*?)</p>\s*<div class="scroll"', html, flags=re.S)
    tables = html.count("<table")
    assert tables == 1 + 2 * 3
    assert len(before_tables) == tables - 1  # all but the sources
    assert all("SIMULATED" in caption for caption in before_tables)


def test_real_photos_are_not_called_simulated(delivery: Delivery) -> None:
    city = delivery.results()
    measured = tuple(dataclasses.replace(real(photo), truth=None) for photo in city.photos)
    html = written(dataclasses.replace(city, photos=measured), delivery)
    assert "SIMULATED" not in html
    assert "true error" not in html
    mixed = written(dataclasses.replace(city, photos=(measured[0], city.photos[1])), delivery)
    assert "1 of the 2 photos" in mixed


def test_a_city_without_borders_still_has_a_report(delivery: Delivery) -> None:
    city = delivery.results()
    alone = dataclasses.replace(
        city.photos[0],
        zones=city.photos[0].zones[:0],
        strips=city.photos[0].strips[:0],
        contrasts=city.photos[0].contrasts[:0],
        truth=None,
    )
    html = written(dataclasses.replace(city, photos=(alone,)), delivery)
    assert "Contrast of tone at each border" not in html
    assert "Where each pixel lies" in html


def test_many_photos_stay_within_the_limit(delivery: Delivery) -> None:
    """Pictures shrink: twelve photos weigh less than three times what two weigh."""
    city = delivery.results()
    two, twelve = (
        len(written(dataclasses.replace(city, photos=city.photos * n), delivery).encode()) for n in (1, 6)
    )
    assert twelve < min(5 * two, MAX_BYTES)


def test_configuration_hash_is_printed(html: str, delivery: Delivery) -> None:
    assert configuration_hash(delivery.city) in html


@pytest.mark.parametrize("width", [390, 1280])
def test_fits_the_screen(html: str, chromium: str, tmp_path: Path, width: int) -> None:
    (tmp_path / "inner.html").write_text(html + MEASURE, encoding="utf-8")
    outer = tmp_path / "outer.html"
    outer.write_text(OUTER.format(width=width), encoding="utf-8")
    command = [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1400,900"]
    run = subprocess.run(
        [*command, "--dump-dom", outer.as_uri()], capture_output=True, text=True, timeout=180, check=True
    )
    told = dict(re.findall(r'data-(width|content|broken)="(\d+)"', run.stdout))
    assert int(told["width"]) == width
    assert int(told["content"]) <= width
    assert told["broken"] == "0"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "–"), (np.nan, "–"), (1234567, "1 234 567"), (-1.4, "−1"), (np.int64(7), "7")],
)
def test_fixed(value: float | None, expected: str) -> None:
    assert fixed(value, 0) == expected


def test_signed() -> None:
    assert [signed(value) for value in (0.314, -0.314, 0.0, None)] == ["+0.31", "−0.31", "0.00", "–"]


def test_chance() -> None:
    said = [chance(value) for value in (0.3, 1e-4, 0.012, 1e-9, None)]
    assert said == ["30 %", "1 in 10 000", "1 in 80", "below 1 in a million", "–"]
