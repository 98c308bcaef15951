"""QGIS itself opens the project and the files: everything valid, styled by itself, and drawn."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.deliver import palette
from pipeline.deliver.provenance import facts
from pipeline.qgis.project import project
from pipeline.tone.lamps import NOT_IDENTIFIABLE
from tests.scenes.city import BOUNDS
from tests.scenes.delivery import TITLE, Delivery

INSPECT = Path(__file__).with_name("inspect_in_qgis.py")
GROUPS = [f"SIMULATED simulated-{year}, 8 December {year}, 22:13 UTC" for year in (2012, 2022)]
POOLED_KINDS = ("contrasts", "contrasts_by_years", "contrast_trends", "town_units", "motorway_crossings")
PHOTO_RASTERS = ("ortho", "light", "tone", "lamps", "geometry", "photo_in_place")
POOLED = "SIMULATED All photos together"
CHANGE = "SIMULATED change, 8 December 2012 to 8 December 2022"


View = tuple[Path, str, str]
# Of a group one layer is switched on, by the name of the picture.
VIEWS = {
    "contrasts": (GROUPS[0], "Contrast of tone at the border"),
    "segments": (GROUPS[0], "Contrast along the border"),
    "motorways": (GROUPS[0], "Motorways, lit and dark"),
    "change": (CHANGE, "Change of light beside the border"),
}


def inspect(
    python: str, qgz: Path | str, picture: Path, views: Sequence[View] = (), *, pages: bool = False
) -> dict[str, Any]:
    """What QGIS tells of a project; it also draws it, its views and, if asked, its themes and pages. QGIS
    takes long to start."""
    environment = {"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin", "HOME": str(picture.parent)}
    asked = json.dumps([(str(file), *what) for file, *what in views])
    command = [python, str(INSPECT), str(qgz), str(picture), asked, "pages" if pages else ""]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert run.returncode == 0, run.stderr
    told: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return told


@pytest.fixture(scope="module")
def seen(
    delivery: Delivery, qgis_python: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    """The delivered city, moved elsewhere, as QGIS sees it."""
    elsewhere = delivery.copy(tmp_path_factory.mktemp("moved") / "to here")
    picture = elsewhere.folder / "drawn.png"
    views = [(picture.with_name(f"{name}.png"), *view) for name, view in VIEWS.items()]
    return inspect(qgis_python, elsewhere.folder / "demo.qgz", picture, views, pages=True), picture


def colours_of(drawn: Path, name: str) -> NDArray[np.uint8]:
    """The colours (n, 3) of the pixels of a view, which lies beside the picture `drawn`."""
    with Image.open(drawn.with_name(f"{name}.png")) as picture:
        return np.asarray(picture.convert("RGB")).reshape(-1, 3)


def test_opens_complete_and_without_complaint(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    assert told["opened"]
    assert told["said"] == []
    assert len(told["valid"]) == 4 + 5 + 5 + 2 * (11 + 6) + 2 + 2 + 9
    assert all(told["valid"].values())
    empty = [name for name, count in told["counts"].items() if not count]
    assert empty == ["layer_of_lamp_shares"]  # a JPEG tells of no lamps


def test_project_frame(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    assert told["title"] == f"SIMULATED {TITLE}"
    assert told["crs"] == "EPSG:3035"
    # Tables have no reference system; the photos in place have one each that no register has.
    assert told["crss"] == ["", "EPSG:3035"]
    assert told["relative"]
    assert told["background"] == palette.BACKGROUND
    assert told["home"] == pytest.approx(BOUNDS)


def test_groups_and_order(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    assert told["groups"] == [POOLED, "All photos over time", *GROUPS, CHANGE, "Tables"]
    names = [name.removeprefix("layer_of_") for name in told["order"]]
    assert names[:4] == ["cities", "borders", "motorways", "countries"]
    for photo in ("simulated-2012", "simulated-2022"):
        own = [
            name.removesuffix(f"_{photo}") for name in names if name.endswith(photo) and "change" not in name
        ]
        assert own[:4] == ["motorway_ends", "motorway_segments", "contrasts", "segments"]
        assert own[-6:] == ["ortho", "light", "tone", "lamps", "geometry", "photo_in_place"]


def test_first_light_is_switched_on(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    assert "layer_of_ortho_simulated-2012" in told["visible"]
    assert "layer_of_tone_simulated-2012" not in told["visible"]
    assert not any(name.endswith("2022") for name in told["visible"])
    shown = [name.removesuffix("_simulated-2012") for name in told["visible"] if name.endswith("2012")]
    assert shown == [f"layer_of_{kind}" for kind in ("motorway_ends", "footprint", "ortho")]


def test_contrasts_of_all_photos_are_shown_in_place_of_those_of_one(
    seen: tuple[dict[str, Any], Path],
) -> None:
    told, _ = seen
    assert [name for name in told["visible"] if name.startswith("layer_of_contrast")] == [
        "layer_of_contrasts_all"
    ]
    names = [name.removeprefix("layer_of_") for name in told["order"]]
    assert names[4:9] == [f"{kind}_all" for kind in POOLED_KINDS]


def test_files_opened_alone_look_as_in_the_project(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    assert told["alone"] == {name: style for name, style in told["project"].items() if "_change_" not in name}
    light, ortho = (told["alone"][f"layer_of_{kind}_simulated-2012"] for kind in ("light", "ortho"))
    assert light == ortho


def test_rasters_have_the_documented_limits(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    for year in (2012, 2022):
        light, tone, geometry = (
            told["alone"][f"layer_of_{kind}_simulated-{year}"] for kind in ("ortho", "tone", "geometry")
        )
        assert light["type"] == "multibandcolor"
        assert light["limits"] == [0.0, palette.LIGHT_MAX]
        assert light["gamma"] == pytest.approx(palette.LIGHT_GAMMA)
        assert (tone["type"], tone["band"]) == ("singlebandpseudocolor", 1)
        assert tone["limits"] == [-2.0, 0.5]
        assert tone["items"] == [[stop.value, stop.colour, stop.label] for stop in palette.TONE]
        assert (geometry["band"], len(geometry["items"])) == (4, 4)
        lamps = told["alone"][f"layer_of_lamps_simulated-{year}"]
        assert lamps["classes"] == [[8, NOT_IDENTIFIABLE[1], "not identifiable from a JPEG"]]


def test_change_is_drawn_from_the_bands_of_its_pair(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    for band, (what, scale) in enumerate(
        (("light", palette.LIGHT_CHANGE), ("tone", palette.TONE_CHANGE)), start=1
    ):
        style = told["project"][f"layer_of_{what}_change_simulated-2012_simulated-2022"]
        assert style["band"] == band
        assert [label for _, _, label in style["items"]] == [stop.label for stop in scale]


def test_vectors_have_our_colours(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    drawn = {name.removeprefix("layer_of_"): style for name, style in told["alone"].items()}
    assert drawn["borders"] == {"type": "singleSymbol", "colours": [palette.TEXT], "labels": False}
    contrasts = drawn["contrasts_simulated-2012"]
    assert contrasts["type"] == "RuleRenderer"
    assert contrasts["colours"][:6] == [stop.colour for stop in palette.CONTRAST]
    segments = drawn["segments_simulated-2012"]
    assert segments["colours"][:6] == [stop.colour for stop in palette.CONTRAST]
    motorways = drawn["motorway_segments_simulated-2012"]
    assert motorways["colours"] == [palette.LIT, palette.DARK, palette.UNDECIDED]
    assert drawn["motorway_ends_simulated-2012"]["labels"]
    assert drawn["towns_simulated-2012"]["type"] == "graduatedSymbol"
    changes = drawn["changes_simulated-2012_simulated-2022"]
    assert changes["colours"][:6] == [stop.colour for stop in palette.LIGHT_CHANGE]
    assert drawn["strips_simulated-2012"]["type"] == "graduatedSymbol"
    assert drawn["cities"]["labels"]


def test_picture_shows_light_on_a_dark_ground(seen: tuple[dict[str, Any], Path]) -> None:
    told, picture = seen
    assert told["render_errors"] == []
    pixels = np.asarray(Image.open(picture).convert("L"), float)
    assert np.median(pixels) < 30
    assert (pixels > 200).mean() > 0.005


def test_contrast_colours_the_border(seen: tuple[dict[str, Any], Path]) -> None:
    """2012: of towns, Germany minus Belgium is +0.7, drawn in the colour of its class and of no other. The
    Netherlands minus Germany are -0.3, but of all light, which is switched off at first."""
    pixels = colours_of(seen[1], "contrasts")

    def drawn(colour: str) -> int:
        rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        return int((pixels == rgb).all(axis=1).sum())

    first, of_all_light, *_, strongest = (stop.colour for stop in palette.CONTRAST)
    assert drawn(strongest) > 20  # a short line of 4 pixels, its core hidden and its edges softened
    assert drawn(first) == drawn(of_all_light) == 0


def test_change_and_segments_are_drawn_in_the_colours_of_what_they_show(
    seen: tuple[dict[str, Any], Path],
) -> None:
    """The German side became 1.5 times as bright; the Belgian one did not clearly change: grey."""

    def colours(name: str) -> set[tuple[int, ...]]:
        # As one number a pixel: rows of three would be compared bytewise, ten times as slowly.
        codes = colours_of(seen[1], name).astype(int) @ [1 << 16, 1 << 8, 1]
        found, counts = np.unique(codes, return_counts=True)
        return {tuple(int(code).to_bytes(3, "big")) for code in found[counts > 60]}

    def rgb(colour: str) -> tuple[int, ...]:
        return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))

    segments = colours("segments")
    assert {rgb(palette.CONTRAST[-1].colour), rgb(palette.UNDECIDED)} <= segments
    assert rgb(palette.CONTRAST[0].colour) not in segments
    motorways = colours("motorways")
    assert {rgb(palette.LIT), rgb(palette.DARK)} <= motorways
    ground, change = np.array(rgb(palette.BACKGROUND)), colours("change")
    for stop in (palette.LIGHT_CHANGE[4].colour, palette.UNDECIDED):
        through = tuple(int(v) for v in np.round(ground + 0.6 * (np.array(rgb(stop)) - ground)))
        assert any(np.abs(np.array(one) - through).max() <= 2 for one in change), stop


def test_every_field_has_a_name_with_its_unit(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    for layer, fields in told["fields"].items():
        assert all(fields["aliases"].values()), layer
    ends = told["fields"]["layer_of_motorway_ends_simulated-2012"]
    assert ends["aliases"]["end_m"] == "End of light (m)"
    assert ends["aliases"]["ref"] == "Motorway"


def test_codes_are_shown_as_words(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    contrasts = told["fields"]["layer_of_contrasts_simulated-2012"]["codes"]
    assert contrasts["first"] == {"BE": "Belgium", "DE": "Germany"}
    assert contrasts["quantity"]["towns"] == "A typical town"
    lit = told["fields"]["layer_of_motorway_segments_simulated-2012"]["codes"]["lit"]
    assert lit == {"dark": "dark", "lit": "lit"}
    used = told["fields"]["layer_of_control_points_simulated-2012"]["codes"]["used"]
    assert used["check"] == "held out, to check the camera"


def test_forms_begin_with_words_and_end_with_the_photo(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    tabs = told["fields"]["layer_of_contrasts_simulated-2012"]["tabs"]
    assert list(tabs) == ["In words", "Figures", "Photo"]
    assert tabs["Photo"] == ["photo", "taken_at", "evidence", "simulated"]
    assert "statement" in tabs["In words"]
    assert tabs["Figures"][:3] == ["contrast_g_r", "low95", "high95"]
    for layer, fields in told["fields"].items():
        shown = [name for names in fields["tabs"].values() for name in names]
        assert sorted(shown) == sorted(fields["aliases"]), layer


def test_tips_are_sentences(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    tips = {name.removeprefix("layer_of_"): fields["tip"] for name, fields in told["fields"].items()}
    assert tips["borders"] == "The border between Belgium and the Netherlands."
    assert tips["motorway_ends_simulated-2012"] == "The light of the E25 ends at the national border."
    on_map = {name for name, style in told["project"].items() if style["type"] != "table"}
    for name, tip in tips.items():
        if f"layer_of_{name}" in on_map:
            assert tip.endswith("."), (name, tip)
            assert "[%" not in tip, (name, tip)
            assert "NULL" not in tip, (name, tip)


def test_layers_say_what_they_are_and_whose(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    for layer, said in told["itself"].items():
        assert said["abstract"].endswith("."), layer
        assert said["attribution"], layer
        assert said["licences"], layer
    assert told["itself"]["layer_of_borders"]["attribution"] == "© OpenStreetMap contributors"
    tone = told["itself"]["layer_of_tone_simulated-2012"]
    assert tone["abstract"].startswith("SIMULATED, not a measurement.")
    assert "ODbL" in told["itself"]["layer_of_zones_simulated-2012"]["licences"][0]


def test_layers_over_time_show_each_photo_in_its_year(seen: tuple[dict[str, Any], Path]) -> None:
    told, _ = seen
    kinds = ("motorway_ends", "motorway_segments", "contrasts", "segments", "footprint")
    assert set(told["over_time"]) == {f"layer_of_{kind}_over_time" for kind in kinds}
    for layer, counts in told["over_time"].items():
        kind = layer.removeprefix("layer_of_").removesuffix("_over_time")
        for year in (2012, 2022):
            of_photo = told["counts"][f"layer_of_{kind}_simulated-{year}"]
            assert counts[f"{year}-12-08T22:13:00"] == [True, of_photo], layer
    temporal = {name for name, said in told["itself"].items() if said["temporal"]}
    rasters = {f"layer_of_{kind}_simulated-{year}" for kind in PHOTO_RASTERS for year in (2012, 2022)}
    assert temporal == rasters | set(told["over_time"])


def test_the_photo_lies_where_its_camera_sees_it(
    seen: tuple[dict[str, Any], Path], delivery: Delivery
) -> None:
    """QGIS's own middle of the photo, against the solved camera. It widens the box around a turned photo to
    whole pixels, hence the tolerance; a pixel is 57 m."""
    told, _ = seen
    for photo in delivery.results().photos:
        lon, lat = told["centres"][f"layer_of_photo_in_place_{photo.name}"]
        place = [float(value) for value in photo.camera.project(lon, lat)]
        assert place == pytest.approx([599.5, 399.5], abs=1.0)


def test_a_theme_for_each_question(seen: tuple[dict[str, Any], Path]) -> None:
    told, picture = seen
    shown = {
        name: {layer.removeprefix("layer_of_") for layer in layers} for name, layers in told["themes"].items()
    }
    assert shown["greener?"] == {"cities", "borders", "contrasts_all", "tone_simulated-2012"}
    assert shown["motorways"] >= {"motorways", "motorway_crossings_all", "motorway_segments_simulated-2012"}
    pair = "simulated-2012_simulated-2022"
    assert shown["what changed"] >= {f"border_changes_{pair}", f"light_change_{pair}"}
    assert shown["how sure is the place"] >= {"control_points_simulated-2012", "geometry_simulated-2012"}
    for number in range(4):
        assert len(np.unique(colours_of(picture, f"theme_{number}")[::11], axis=0)) > 20


def test_a_page_to_print_for_each_question(seen: tuple[dict[str, Any], Path]) -> None:
    told, picture = seen
    assert list(told["layouts"]) == ["greener?", "motorways", "what changed", "how sure is the place"]
    for number, (name, page) in enumerate(told["layouts"].items()):
        assert page["drawn"], name
        assert {"title", "map", "legend", "scale", "north", "stamp"} <= set(page["items"])
        assert page["texts"]["stamp"] == "SIMULATED, not a measurement"
        assert any("OpenStreetMap" in text for text in page["texts"].values())
        assert any(TITLE in text for text in page["texts"].values())
        assert page["legend"]
        assert set(page["legend"]) <= set(told["themes"][name])
        # West of 10 degrees east true north is to the right of up in EPSG:3035.
        assert page["north"] == [pytest.approx(3.3, abs=0.3)]
        colours = {tuple(colour) for colour in colours_of(picture, f"layout_{number}")[::7].tolist()}
        assert tuple(bytes.fromhex(palette.SIMULATED[1:])) in colours
        assert (255, 255, 255) in colours


def test_the_geopackage_opens_alone(delivery: Delivery, qgis_python: str, tmp_path: Path) -> None:
    """Nothing beside it: all its layers are there, none is broken, and it says what is missing."""
    shutil.copy(delivery.folder / "demo.gpkg", tmp_path)
    within = f"geopackage:{tmp_path / 'demo.gpkg'}?projectName=demo"
    told = inspect(qgis_python, within, tmp_path / "drawn.png")
    assert told["opened"]
    assert told["said"] == told["render_errors"] == []
    assert len(told["valid"]) == 61 - 2 * len(PHOTO_RASTERS) - 2
    assert all(told["valid"].values())
    assert told["groups"][0].startswith("Not in this file: the maps of light")
    assert "Not in this file" in told["metadata"]
    assert list(told["layouts"]) == ["greener?", "motorways", "what changed", "how sure is the place"]
    assert not any("ortho" in layer for layers in told["themes"].values() for layer in layers)


def test_project_escapes_and_repeats(delivery: Delivery) -> None:
    with zipfile.ZipFile(delivery.folder / "demo.qgz") as archive:
        assert archive.namelist() == ["demo.qgs"]
        root = ElementTree.fromstring(archive.read("demo.qgs"))
    assert root.findtext("title") == f"SIMULATED {TITLE}"
    sources = [source.text or "" for source in root.iterfind("projectlayers/maplayer/datasource")]
    assert len(sources) == 61
    assert all(source.startswith("./") for source in sources)
    results = delivery.results()
    tables = results.tables | {"metadata": pd.DataFrame(facts(results, delivery.city))}
    again = project(results, "demo.gpkg", tables, "change.tif")
    assert again == (delivery.folder / "demo.qgz").read_bytes()
