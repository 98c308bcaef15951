"""The report: complete, marked where simulated, escaped, offline, and fit for a phone."""

import dataclasses
import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import numpy as np
import pyogrio
import pytest

from pipeline.deliver.provenance import configuration_hash, facts
from pipeline.deliver.results import CityResults
from pipeline.report.number_format import chance, factor, factors, fixed, signed, span
from pipeline.report.page import report_html
from tests.report.test_maps import real
from tests.scenes.delivery import TITLE, Delivery

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


def seen(html: str) -> str:
    """What a reader reads."""
    body = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(body))


@pytest.fixture(scope="module")
def html(delivery: Delivery) -> str:
    return (delivery.folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text(html: str) -> str:
    return seen(html)


def written(city: CityResults, delivery: Delivery) -> str:
    return report_html(city, delivery.city, facts(city, delivery.city))


def test_is_one_small_file_that_needs_no_network(html: str) -> None:
    assert len(html.encode()) < MAX_BYTES
    targets = re.findall(r'(?:src|srcset|href)="([^"]*)"', html)
    assert len(targets) > 10
    assert all(target.startswith(("data:image/", "#")) for target in targets)
    assert not re.search(r"<script|<link|@import|url\(", html)


def test_tables_and_arguments_are_folded_away_on_a_phone(html: str) -> None:
    """Unfolded, the page is half as long again there; a wide page shows them all by its style sheet."""
    outside = re.sub(r"<details class=\"more\">.*?</details>", "", html, flags=re.S)
    assert html.count("<table") > 5
    assert "<table" not in outside
    assert "Against, and doubts" not in outside
    assert "details-content" in html.split("</style>")[0]


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
    pictures = re.findall(r"<figure.*?</figure>", re.sub(r'"data:[^"]*"', "", html), flags=re.S)
    assert len(pictures) == 2 + 2 * (5 + 1)  # contrasts, by range; one motorway of each photo has stations
    assert all("SIMULATED" in picture for picture in pictures)
    before_tables = re.findall(r'<p class="caption">(.*?)</p>\s*<div class="scroll"', html, flags=re.S)
    tables = html.count("<table")
    assert (
        tables == 1 + 1 + 1 + 2 * 6
    )  # sources, changes, all photos; of each photo colours, view, contrasts, zones, truth (2)
    assert len(before_tables) == tables - 1  # all but the sources
    assert all("SIMULATED" in caption for caption in before_tables)
    for part in ("article", 'li><span class="when"'):
        parts = re.findall(rf"<{part}.*?</(?:article|li)>", html, flags=re.S)
        assert len(parts) >= 3
        assert all("SIMULATED" in one for one in parts)


@pytest.mark.usefixtures("words_only")
def test_real_photos_are_not_called_simulated(delivery: Delivery) -> None:
    city = delivery.results()
    measured = tuple(dataclasses.replace(real(photo), truth=None) for photo in city.photos)
    tables = {name: table.assign(simulated=False) for name, table in vars(city.pooled).items()}
    together = dataclasses.replace(city.pooled, **tables)
    html = written(dataclasses.replace(city, photos=measured, pooled=together), delivery)
    assert "SIMULATED" not in html
    assert "true error" not in html
    mixed = written(dataclasses.replace(city, photos=(measured[0], city.photos[1])), delivery)
    assert "1 of the 2 photos" in mixed
    glance = re.findall(r'<ul class="glance">.*?</ul>', mixed, flags=re.S)
    assert glance[0].count("SIMULATED") == 6  # one of two photos on five questions, both together on one


@pytest.mark.usefixtures("words_only")
def test_a_city_where_nothing_was_compared_says_why(delivery: Delivery) -> None:
    """Every part is there, with the sentences of the tables in place of figures."""
    city = delivery.results()
    one = city.photos[0]
    empty = {
        name: getattr(one, name)[:0]
        for name in (
            *("zones", "strips", "contrasts", "segments", "profiles", "towns", "cores", "events"),
            *("motorway_segments", "motorway_stations"),
        )
    }
    reasons = {
        "borders": "Only <Belgium> is in the frame.",
        "regions": "No border between regions crosses the frame.",
        "change": "One photo only.",
        "events": "No clock.",
    }
    notes = one.notes.iloc[[0] * len(reasons)].assign(subject=list(reasons), statement=list(reasons.values()))
    ends = one.motorway_ends.iloc[[-1]].assign(ref="", statement="There are no motorways to compare.")
    alone = dataclasses.replace(one, **empty, notes=notes, motorway_ends=ends, truth=None)
    html = written(dataclasses.replace(city, photos=(alone,), pairs=()), delivery)
    text = seen(html)
    for heading in ("In short", "Which side of the border is greener?", "What changed between the dates"):
        assert heading in text
    for reason in (*reasons.values(), "There are no motorways to compare."):
        assert reason in text
    assert "Where each pixel lies" in text
    bodies = re.findall(r"<(?:section|ul|tbody|dl)[^>]*>(.*?)</(?:section|ul|tbody|dl)>", html, flags=re.S)
    assert all(seen(body).strip() for body in bodies)


@pytest.mark.usefixtures("words_only")
def test_silent_tables_leave_sentences(delivery: Delivery) -> None:
    """Without even a note: the report's own words."""
    city = delivery.results()
    one = city.photos[0]
    tables = ("contrasts", "segments", "profiles", "motorway_ends", "notes", "events")
    bare = dataclasses.replace(one, truth=None, **{name: getattr(one, name)[:0] for name in tables})
    text = seen(written(dataclasses.replace(city, photos=(bare,), pairs=()), delivery))
    for sentence in (
        "No border was compared.",
        "No motorway was measured.",
        "No two photos of this city were compared.",
        "Nothing is known of lights that were switched",
    ):
        assert sentence in text


def test_answers_stand_before_photos_and_can_be_linked(html: str, text: str) -> None:
    links = re.findall(r'href="#([^"]*)"', html)
    anchors = re.findall(r' id="([^"]*)"', html)
    assert set(links) <= set(anchors)
    assert len(set(anchors)) == len(anchors)
    questions = [anchor for anchor in anchors if anchor.startswith(("greener-", "motorway-"))]
    assert questions == [
        *("greener-be-de", "greener-be-nl", "greener-de-nl", "motorway-e25-be-nl", "motorway-e40-be-de")
    ]
    assert anchors.index("motorway-e40-be-de") < anchors.index("photo-1")
    assert "Is Aachen’s side greener? 8 Dec 2012 Yes 8 Dec 2022 Cannot be told" in text
    assert "E25: does its light end at the Belgian-Dutch border? 8 Dec 2012 Yes 8 Dec 2022 Yes" in text
    assert "The E411 is not in the frame." in text


def test_answers_hold_figures_and_both_lists(html: str) -> None:
    articles = [seen(one) for one in re.findall(r"<article.*?</article>", html, flags=re.S)]
    assert len(articles) == 2 * 5 + 1
    assert all("For: the " in one and "Against, and doubts" in one for one in articles)
    aachen = articles[0]
    for words in (
        "simulated-2012, 8 December 2012, 22:13 UTC · evidence: jpeg",
        "Yes. A typical town on the German side is greener than one on the Belgian side.",
        "Difference in log2(G/R) +0.70 95 % interval +0.62 to +0.77",
        "Aachen is greener than the towns around it. So the city may explain the difference.",
        "The other photo of this city that shows it cannot tell.",
    ):
        assert words in aachen
    assert "Light ends, km (− Belgian, + Dutch side) −0.30 95 % interval −0.70 to +0.10" in articles[7]


def test_all_photos_together_stand_before_each(html: str, text: str) -> None:
    articles = [seen(one) for one in re.findall(r"<article.*?</article>", html, flags=re.S)]
    assert "All photos together · evidence: jpeg Yes. A typical town on the Dutch side" in articles[2]
    assert [place for place, one in enumerate(articles) if "All photos together" in one] == [2]
    assert "Is the Dutch side greener than the Belgian one? All photos Yes 8 Dec 2012 Yes" in text
    assert "Belgium → The Netherlands A typical town all 2 +0.40 +0.30 to +0.50" in text


def test_changes_are_factors_of_light_and_steps_of_tone(text: str) -> None:
    """2 ** 0.58 = 1.49, 2 ** 0.48 = 1.39, both +-0.3."""
    assert "8 Dec 2012 to 8 Dec 2022" in text
    assert "German side, BE-DE × 1.49 × 1.21 to × 1.84 0.00 −0.10 to +0.10 14" in text
    assert "German minus Belgian side × 1.39 × 1.13 to × 1.72 −0.20 −0.30 to −0.10 14" in text
    assert "Tone, too, is relative to the rest of the frame" in text


@pytest.mark.usefixtures("words_only")
def test_a_refused_photo_is_named_with_its_reason_and_picture(delivery: Delivery, tmp_path: Path) -> None:
    made = delivery.copy(tmp_path)
    reason = "lost: georeference refused: <no> light agrees (see solve.png); correct nadir"
    placed = {"photos": ["simulated-2012", "simulated-2022"], "refused": {"lost": reason}}
    (made.folder / "placed.json").write_text(json.dumps(placed))
    (made.folder / "lost").mkdir()
    shutil.copy(made.folder / "simulated-2012" / "solve.png", made.folder / "lost")
    made.run()
    html = (made.folder / "report.html").read_text(encoding="utf-8")
    text = seen(html)
    assert "1 of 3 photos was refused and is not used in any answer" in text
    assert f"{reason}." in text
    assert "<no>" not in html
    section = html.split('<section id="refused">')[1].split("</section>")[0]
    assert section.count("data:image/webp") == 2
    notes = pyogrio.read_dataframe(made.folder / "demo.gpkg", layer="notes")
    told = notes[notes["subject"] == "georeference"]
    assert told[["photo", "statement"]].to_numpy().tolist() == [["lost", reason]]


def test_where_no_photo_is_refused_nothing_is_said_of_it(text: str) -> None:
    assert "refused" not in text


@pytest.mark.usefixtures("words_only")
def test_changes_that_are_refused_say_why(delivery: Delivery) -> None:
    city = delivery.results()
    reason = "No change can be given: the photos do not <overlap>."
    refused = city.pairs[0].changes[:1].assign(scope="frame", tone_kind="refused", statement=reason)
    pair = dataclasses.replace(
        city.pairs[0], changes=refused, border_changes=city.pairs[0].border_changes[:0]
    )
    text = seen(written(dataclasses.replace(city, pairs=(pair,)), delivery))
    assert reason in text
    assert "× 1" not in text


def test_events_name_their_source(text: str) -> None:
    assert (
        text.count("2012-12-08 23:13 local time Walloon motorway lights were in part lit. Source: made up.")
        == 1
    )


@pytest.mark.usefixtures("words_only")
def test_new_tables_are_escaped(delivery: Delivery) -> None:
    city = delivery.results()
    evil = "<script>alert('x')</script>"
    photos = []
    for photo in city.photos:
        tables = {
            name: getattr(photo, name).assign(statement=evil) for name in ("events", "cores", "motorway_ends")
        }
        ends = tables["motorway_ends"].assign(ref=evil, verdict="undecidable")
        photos.append(dataclasses.replace(photo, **tables | {"motorway_ends": ends}))
    pairs = [
        dataclasses.replace(p, border_changes=p.border_changes.assign(statement=evil)) for p in city.pairs
    ]
    html = written(dataclasses.replace(city, photos=tuple(photos), pairs=tuple(pairs)), delivery)
    assert "<script" not in html
    assert seen(html).count(evil) > 8


def test_many_photos_stay_within_the_limit(html: str, delivery: Delivery) -> None:
    """Pictures shrink: eight photos weigh clearly less than four times what two weigh."""
    city = delivery.results()
    eight = written(dataclasses.replace(city, photos=city.photos * 4), delivery)
    assert len(eight.encode()) < min(3.5 * len(html.encode()), MAX_BYTES)


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


def test_span_and_factor() -> None:
    assert [span(-0.1, 0.25), span(None, 0.2), span(0.1, np.nan)] == ["−0.10 to +0.25", "–", "–"]
    assert [factor(0.0), factor(-1.0), factor(np.nan)] == ["× 1.00", "× 0.50", "–"]
    assert [factors(0.0, 1.0), factors(np.nan, 1.0)] == ["× 1.00 to × 2.00", "–"]


def test_chance() -> None:
    said = [chance(value) for value in (0.3, 1e-4, 0.012, 1e-9, None)]
    assert said == ["30 %", "1 in 10 000", "1 in 80", "below 1 in a million", "–"]


def test_nothing_has_no_sign() -> None:
    assert fixed(-0.001, 2) == signed(-0.001) == "0.00"
    assert signed(-0.01) == "−0.01"
