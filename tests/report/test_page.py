"""The report: complete, marked where simulated, escaped, offline, and fit for a phone."""

import base64
import dataclasses
import hashlib
import json
import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pyogrio
import pytest

from pipeline.deliver.provenance import configuration_hash, facts
from pipeline.deliver.results import CityResults, RefusedPhoto
from pipeline.report.city_answers import city_answers
from pipeline.report.links import archive_page
from pipeline.report.number_format import chance, factor, factors, fixed, signed, span
from pipeline.report.page import report_html
from tests.report.test_maps import real
from tests.scenes.delivery import TITLE, Delivery

MAX_BYTES, MAX_SCRIPT_BYTES = 12_000_000, 1_500_000


def seen(html: str) -> str:
    """What a reader reads."""
    body = re.sub(r"<style>.*?</style>|<script.*?</script>|<[^>]+>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(body))


@pytest.fixture(scope="module")
def html(delivery: Delivery) -> str:
    return (delivery.folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text(html: str) -> str:
    return seen(html)


def written(city: CityResults, delivery: Delivery) -> str:
    answers = city_answers(city, delivery.city)
    return report_html(city, delivery.city, facts(city, delivery.city), answers)


def scripts(html: str) -> list[str]:
    """What runs."""
    return re.findall(r"<script>(.*?)</script>", html, flags=re.S)


def without_scripts(html: str) -> str:
    return re.sub(r"<script.*?</script>", "", html, flags=re.S)


def test_is_one_file_that_asks_no_network_for_anything(html: str) -> None:
    assert len(html.encode()) < MAX_BYTES
    page = without_scripts(html)
    sources = re.findall(r'(?:src|srcset)="([^"]*)"', page)
    assert len(sources) > 10
    assert all(source.startswith("data:image/") for source in sources)
    assert not re.search(r"<link|@import|url\(", page)
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[0]
    assert policy.startswith("default-src 'none'; img-src data: blob:;")


def test_scripts_are_few_and_named_by_their_hashes(html: str) -> None:
    """So that nothing else can run, whatever a name in a table says."""
    inside = scripts(html)
    assert len(inside) == 3
    assert sum(map(len, inside)) < MAX_SCRIPT_BYTES
    policy = html.split("script-src ")[1].split(";")[0]
    assert policy == " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in inside
    )
    assert html.count("<script") == len(inside) + 1  # and the map's data


def test_files_beside_the_report_are_linked(html: str, delivery: Delivery) -> None:
    links = [link for link in re.findall(r'href="([^"#]+)"', without_scripts(html)) if ":" not in link]
    assert {"demo.gpkg", "demo.qgz", "simulated-2012/tone.tif"} <= set(links)
    assert not any(link.endswith(".xlsx") for link in links)
    assert all((delivery.folder / link).is_file() for link in links)


def test_a_photo_of_the_archive_leads_to_its_page(delivery: Delivery) -> None:
    photo = real(delivery.results().photos[0])
    named = dataclasses.replace(photo, facts=photo.facts.model_copy(update={"id": "ISS030-E-163191"}))
    assert archive_page(named).endswith("photo.pl?mission=ISS030&roll=E&frame=163191")
    assert archive_page(photo) == ""


def test_depth_is_folded(html: str) -> None:
    """What is not in a fold is a few screens long: no table, no list of arguments."""
    outside = folded_away(html)
    assert html.count("<table") > 5
    assert "<table" not in outside
    assert "Against, and doubts" not in outside
    assert "log2" not in seen(outside)
    assert len(seen(outside).split()) < 1500


def folded_away(html: str) -> str:
    """The page without what its folds hold."""
    page = without_scripts(html)
    while "<details" in page:
        page = re.sub(r"<details(?:(?!<details).)*?</details>", "", page, flags=re.S)
    return page


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
    pictures = re.findall(r"<figure.*?</figure>", without_scripts(html), flags=re.S)
    # Typical towns, contrasts, by range; a card a border and motorway with a picture; five of each photo, and
    # one motorway of each photo has stations.
    assert len(pictures) >= 3 + 2 * (5 + 1)
    assert all("SIMULATED" in picture for picture in pictures)
    before_tables = re.findall(
        r'<p class="caption">((?:(?!</p>).)*)</p>\s*<div class="scroll"', html, flags=re.S
    )
    tables = html.count("<table")
    assert (
        tables == 1 + 1 + 1 + 2 * 6
    )  # sources, changes, all photos; of each photo colours, view, contrasts, zones, truth (2)
    assert len(before_tables) == tables - 1  # all but the sources
    assert all("SIMULATED" in caption for caption in before_tables)
    articles = re.findall(r'<article class="answer.*?</article>', html, flags=re.S)
    assert len(articles) >= 3
    assert all("SIMULATED" in one for one in articles)
    assert '"mark":"SIMULATED' in html.split('id="map-data">')[1]


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
    photos = re.findall(r'<article class="photo".*?<details', mixed, flags=re.S)
    assert ["SIMULATED" in one for one in photos] == [False, True]
    # An answer on the first screen and a card are marked where they stand on a simulated photo.
    first = dict(re.findall(r'<h2><a href="#([^"]*)">.*?<p class="say">(.*?)<b', mixed, flags=re.S))
    marked = {key: "SIMULATED" in before for key, before in first.items()}
    assert marked == {"greener-be-de": False, "motorways": False, "changes": True}
    cards = re.findall(r'<section class="card" id="([^"]*)".*?<p class="say">(.*?)<b', mixed, flags=re.S)
    assert len(cards) == 5
    assert not any("SIMULATED" in before for _, before in cards)  # the real photo shows them all
    alone = dataclasses.replace(measured[0], contrasts=measured[0].contrasts[:0])
    of_one = written(dataclasses.replace(city, photos=(alone, city.photos[1])), delivery)
    says = re.findall(r'href="#greener-[^"]*">.*?<p class="say">(.*?)<b', of_one, flags=re.S)
    assert len(says) == 1
    assert "SIMULATED" in says[0]


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
    nothing = type(city.pooled)(**{name: table[:0] for name, table in vars(city.pooled).items()})
    html = written(dataclasses.replace(city, photos=(alone,), pairs=(), pooled=nothing), delivery)
    text = seen(html)
    assert "Which side of the border is greener? Not asked. Only <Belgium> is in the frame." in text
    assert "There are no motorways to compare." in text
    assert "No clock." in text
    for part in ('id="greener"', 'id="changes"', "What changed"):
        assert part not in html
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
    for sentence in ("No border was compared.", "Nothing is known of lights that were switched"):
        assert sentence in text


def test_answers_stand_before_photos_and_can_be_linked(html: str, text: str) -> None:
    links = set(re.findall(r'href="#([^"]*)"', without_scripts(html)))
    anchors = re.findall(r' id="([^"]*)"', without_scripts(html))
    assert links <= set(anchors)
    assert len(set(anchors)) == len(anchors)
    questions = {anchor for anchor in anchors if re.match(r"(?:greener|motorway)-.*(?<!-h)$", anchor)}
    assert questions == {
        *("greener-be-de", "greener-be-nl", "greener-de-nl", "motorway-e25-be-nl", "motorway-e40-be-de")
    }
    assert anchors.index("motorway-e40-be-de") < anchors.index("photo-1")
    assert (
        "Is Aachen’s side greener? Yes. Around Aachen a typical town on the German side is 1.6 times" in text
    )
    assert "E25: does its light end at the Belgian-Dutch border? Yes. Its light ends where Belgium" in text
    assert "The E411 is not in the frame." in text


def test_answers_hold_figures_and_both_lists(html: str) -> None:
    articles = [seen(one) for one in re.findall(r'<article class="answer.*?</article>', html, flags=re.S)]
    assert len(articles) == 2 * 5 + 2
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
    assert any(
        "Light ends, km (− Belgian, + Dutch side) −0.30 95 % interval −0.70 to +0.10" in one
        for one in articles
    )


def test_all_photos_together_stand_before_each(html: str, text: str) -> None:
    articles = [seen(one) for one in re.findall(r'<article class="answer.*?</article>', html, flags=re.S)]
    assert "All photos together · evidence: jpeg Yes. A typical town on the Dutch side" in articles[2]
    assert [place for place, one in enumerate(articles) if "All photos together" in one] == [2, 7]
    assert (
        "Is the Dutch side greener than the Belgian one? Yes. A typical town on the Dutch side is 1.32"
        in text
    )
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
    assert f"lost: refused {reason}." in text
    assert "<no>" not in html
    section = html.split('<section id="refused">')[1].split("</section>")[0]
    assert section.count("data:image/webp") == 2
    notes = pyogrio.read_dataframe(made.folder / "demo.gpkg", layer="notes")
    told = notes[notes["subject"] == "georeference"]
    assert told[["photo", "statement"]].to_numpy().tolist() == [["lost", reason]]


@pytest.mark.usefixtures("words_only")
def test_a_photo_that_could_not_be_fetched_is_not_called_refused(delivery: Delivery) -> None:
    absent = RefusedPhoto("ISS030-E-1", "the archive did not answer", None, fetched=False)
    city = dataclasses.replace(delivery.results(), refused=(absent,))
    text = seen(written(city, delivery))
    assert "1 of 3 photos was left out and is not used in any answer" in text
    assert "ISS030-E-1: not fetched the archive did not answer." in text
    assert "refused" not in text


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
    assert "<script>alert" not in html
    assert seen(html).count(evil) > 8


def test_many_photos_stay_within_the_limit(html: str, delivery: Delivery) -> None:
    """Pictures shrink: eight photos weigh clearly less than four times what two weigh."""
    city = delivery.results()
    eight = written(dataclasses.replace(city, photos=city.photos * 4), delivery)
    assert len(eight.encode()) < min(3.5 * len(html.encode()), MAX_BYTES)


def test_configuration_hash_is_printed(html: str, delivery: Delivery) -> None:
    assert configuration_hash(delivery.city) in html


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
