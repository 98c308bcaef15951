"""The map of change: what one half of the frame did, and nothing of what all of it did."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from pipeline.photo.photo import PhotoFacts
from pipeline.raster.workers import HERE, Workers
from pipeline.steps.change import map_change
from pipeline.tone.transform import between_cameras
from tests.borders.test_change_of_camera import row
from tests.scenes.raw_cameras import D3S, D850
from tests.steps.test_borders import EVENING, GRID, YEARS_BEFORE, Shot, run, table

GREENER, LIGHTER = 0.4, 1.0


def changed_in_the_west(folder: Path) -> None:
    """The west half of a written photo twice as bright and greener, all of it three times as bright."""
    west = np.arange(GRID.width) < GRID.width // 4
    for kind, factor in (("light", 3 * 2 ** (LIGHTER * west)), ("tone", GREENER * west)):
        with rasterio.open(folder / f"{kind}.tif", "r+") as raster:
            values = raster.read()
            if kind == "light":
                values[:3] *= factor
            else:
                values[0] += factor
            raster.write(values.astype("float32"))


def mapped(folder: Path, *shots: Shot, simulated: str = "", workers: Workers = HERE) -> Path:
    folders = [folder / shot.name for shot in shots]
    for shot, one in zip(shots, folders, strict=True):
        shot.write(one)
        if shot.name == simulated:
            file = one / "photo.json"
            facts = PhotoFacts.model_validate_json(file.read_text())
            file.write_text(facts.model_copy(update={"simulated": True}).model_dump_json())
        if shot.taken_at != YEARS_BEFORE:
            changed_in_the_west(one)
    names = ("tone.tif", "light.tif", "photo.json", "camera.json")
    map_change(
        *([one / name for one in folders] for name in names),
        ["BE", "DE", "LU", "NL"],
        folder / "change.tif",
        folder / "change.qml",
        workers=workers,
    )
    return folder / "change.tif"


def test_the_west_changed_and_the_frame_is_taken_off(tmp_path: Path) -> None:
    # Given in the wrong order: it is the time that counts.
    file = mapped(tmp_path, Shot("later"), Shot("sooner", YEARS_BEFORE))
    assert "<qgis" in file.with_suffix(".qml").read_text(encoding="utf-8")
    with rasterio.open(file) as raster:
        assert raster.descriptions == ("light sooner to later", "tone sooner to later")
        assert raster.tags()["evidence"] == "jpeg"
        meaning = raster.tags(2)["meaning"]
        assert "minus the change of the whole frame: sooner is of evidence level jpeg" in meaning
        light, tone = raster.read()
    west = np.arange(GRID.width) < GRID.width // 4
    lit = np.isfinite(light) & np.isfinite(tone)
    assert lit.any()
    # A quarter of the frame changed, so the median of its squares did not; rasters are of 32 bits.
    for values, step in ((light, LIGHTER), (tone, GREENER)):
        assert values[lit & west] == pytest.approx(step, abs=1e-4)
        assert values[lit & ~west] == pytest.approx(0.0, abs=1e-4)


def test_no_cell_has_a_value_where_no_change_can_be_given(tmp_path: Path) -> None:
    file = mapped(tmp_path, Shot("sooner", YEARS_BEFORE), Shot("later"), simulated="later")
    with rasterio.open(file) as raster:
        assert np.isnan(raster.read()).all()
        assert raster.tags(1)["meaning"].startswith("none can be given: one of the photos is simulated")
        assert raster.tags()["simulated"] == "true"


def test_three_photos_make_three_pairs(tmp_path: Path) -> None:
    early = YEARS_BEFORE.replace(year=2011)
    file = mapped(tmp_path, Shot("b", YEARS_BEFORE), Shot("a", early), Shot("c"))
    with rasterio.open(file) as raster:
        pairs = ("a to b", "b to c", "a to c")
        assert raster.descriptions == tuple(f"{what} {pair}" for pair in pairs for what in ("light", "tone"))


def by_camera(name: str, taken_at: datetime, camera: str, matrix: np.ndarray) -> Shot:
    told = {"evidence": "raw_anchored", "camera": camera, "anchor": row(matrix)}
    return Shot(name, taken_at, facts=told)


def test_two_anchored_cameras_are_made_one_in_the_map_and_in_the_tables(tmp_path: Path) -> None:
    """Both photos are written with the same ratios, so what changes is the transform's alone."""
    shots = (by_camera("sooner", YEARS_BEFORE, "D3S", D3S), by_camera("later", EVENING, "D850", D850))
    changes = table(run(tmp_path, *shots), "changes")
    assert "as the D3S would have seen them, not the D850" in " ".join(changes["statement"])
    folders = [tmp_path / shot.name for shot in shots]
    names = ("tone.tif", "light.tif", "photo.json", "camera.json")
    file = tmp_path / "change.tif"
    lists = ([one / name for one in folders] for name in names)
    map_change(*lists, ["BE", "DE", "LU", "NL"], file, file.with_suffix(".qml"))
    with rasterio.open(file) as raster, rasterio.open(tmp_path / "later" / "tone.tif") as later:
        found, tone = raster.read(2), later.read()
    expected = between_cameras("D850", row(D850), "D3S", row(D3S)).apply(tone[0], tone[1])[0] - tone[0]
    lit = np.isfinite(found)
    assert lit.any()
    assert found[lit] == pytest.approx(expected[lit], abs=1e-5)  # rasters are of 32 bits
