"""Step deliver: whole files or none, and no leftovers that would override a style."""

from pathlib import Path

import pytest

from tests.scenes.delivery import RASTERS, Delivery


def test_writes_all_files_and_no_others(delivery: Delivery) -> None:
    made = {path.name for path in delivery.folder.iterdir() if path.is_file()}
    given = {"grid.json", "placed.json", "borders.gpkg", "change.tif"}
    assert made - given == {"demo.gpkg", "demo.qgz", "report.html", "summary.json"}
    folders = {path.name for path in delivery.folder.iterdir() if path.is_dir()}
    assert folders - {photo.name for photo in delivery.photos} == {"tables", "stac"}
    for photo in delivery.photos:
        assert {path.name for path in photo.glob("*.qml")} == {f"{name}.qml" for name in RASTERS}


@pytest.mark.usefixtures("words_only")
def test_removes_guessed_statistics(delivery: Delivery, tmp_path: Path) -> None:
    copy = delivery.copy(tmp_path)
    stale = copy.photos[0] / "tone.tif.aux.xml"
    stale.write_text("<PAMDataset/>")
    copy.run()
    assert not stale.exists()


@pytest.mark.usefixtures("words_only")
def test_a_workbook_that_is_asked_for_is_made_and_linked(delivery: Delivery, tmp_path: Path) -> None:
    made = delivery.copy(tmp_path)
    Delivery(made.folder, made.city.model_copy(update={"excel": True})).run()
    assert (made.folder / "tables" / "demo.xlsx").is_file()
    assert 'href="tables/demo.xlsx"' in (made.folder / "report.html").read_text(encoding="utf-8")


def test_a_failure_leaves_no_half_report(delivery: Delivery, tmp_path: Path) -> None:
    copy = delivery.copy(tmp_path)
    (copy.folder / "report.html").unlink()
    (copy.photos[0] / "solve.png").write_bytes(b"no picture")
    with pytest.raises(OSError, match="cannot identify image"):
        copy.run()
    assert not (copy.folder / "report.html").exists()
    assert not list(copy.folder.glob(".*"))
