"""Files that users give lead nowhere, end soon, and are refused in one line."""

import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.errors import GivenFileError, PipelineError, ReferenceLightError
from pipeline.ground import map_files
from pipeline.ground.elevation import read_terrain
from pipeline.ground.fetched import read_problem
from pipeline.ground.map_files import kept_parts, read_map
from pipeline.ground.night_light import read_night_light
from pipeline.ground.regions import read_regions
from pipeline.ground.roads import read_motorways
from pipeline.ground.streets import read_streets
from tests.scenes.canary import Canary, canary
from tests.scenes.hostile_maps import AREA, RASTERS, ROAD, VECTORS, Place, write_map, write_raster

AROUND = (5.1, 50.1, 5.9, 50.9)
WIDE = (-2.5, 46.5, 13.5, 54.5)  # as around a photo
# Ten times what the slowest takes on an idle machine; the promise is 20 s.
END_S = 20.0


@pytest.fixture
def bird():
    with canary() as seen:
        yield seen


def place(tmp_path: Path, bird: Canary) -> Place:
    folder = tmp_path / "given"
    folder.mkdir()
    return Place(folder, bird.url)


def refusal_of(call) -> str:
    """The one line of a refusal; empty where there is none."""
    try:
        call()
    except PipelineError as error:
        line = str(error)
    else:
        return ""
    assert "\n" not in line
    return line


def ended(file: Path, bird: Canary, *readers) -> list[str]:
    """What readers of a file say, once they have ended in time, asked nobody and written nothing."""
    before, began = sorted(file.parent.iterdir()), time.monotonic()
    refused = [refusal_of(reader) for reader in readers]
    assert time.monotonic() - began < END_S
    assert bird.requests == []
    assert sorted(file.parent.iterdir()) == before
    assert all(str(file) in line for line in refused if line)
    return refused


SOUND_RASTERS = {
    "WMS beside as overviews",
    "WMS beside as mask",
    "notes beside with overviews",
    "values not finite",
}


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")  # of writing them
@pytest.mark.expects_warnings
@pytest.mark.parametrize("name", RASTERS)
def test_a_raster_leads_nowhere_and_ends(tmp_path: Path, bird: Canary, name: str) -> None:
    there = place(tmp_path, bird)
    write_raster(there.secret)
    file = RASTERS[name](there)
    night_light, dem = ended(
        file,
        bird,
        lambda: read_night_light(file, WIDE),
        lambda: read_terrain(file, "ellipsoidal", None, WIDE),
    )
    if name in SOUND_RASTERS:
        assert night_light == dem == ""
    else:
        # What is one cell has a height.
        assert dem or name in ("one cell", "cells of a billion degrees")
        # Dark light is refused where it is used, and a single value of 1e38 is no light.
        assert night_light or name in ("all NaN", "values of 1e38")


SOUND_MAPS = {
    "GeoPackage with a trigger",
    "an empty line",
    "empty line in Parquet",
    "vertices not finite",
    "vertices of 1e300 degrees",
    "all kinds of shapes",
    "scribbled line of 1,000 vertices",
    "line of a million vertices",
    "area of a million vertices",
    "scribbled area of 300 vertices",
    "scribbled area of a million vertices",
    "columns of other kinds",
    "GeoJSON without properties",
    "GeoJSON without geometry",
    "all empty",
}


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")  # of writing them
@pytest.mark.parametrize("name", VECTORS)
def test_a_map_leads_nowhere_and_ends(tmp_path: Path, bird: Canary, name: str) -> None:
    there = place(tmp_path, bird)
    write_map(there.secret.with_suffix(".geojson"), ROAD).rename(there.secret)
    file = VECTORS[name](there)
    refused = ended(
        file,
        bird,
        lambda: read_motorways("EPSG:3035", file),
        lambda: read_regions("EPSG:3035", file),
        lambda: read_streets(file, AROUND, ["primary"]),
        lambda: read_problem(file),
    )
    # Of motorways and regions a sentence goes into the report, and the run goes on.
    assert refused[:2] == ["", ""]
    if name not in SOUND_MAPS:
        assert refused[2]
        assert not len(read_motorways("EPSG:3035", file).lines)


def test_what_may_be_a_vrt_is_refused_with_the_way_out(tmp_path: Path, bird: Canary) -> None:
    file = RASTERS["VRT named tif"](place(tmp_path, bird))
    with pytest.raises(ReferenceLightError, match=r"named\.tif: night_light: .*\(VRT, WMS\).*gdal_translate"):
        read_night_light(file, AROUND)


def test_only_what_is_near_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the streets of a whole country are no burden: those beyond the bounds do not even count."""
    monkeypatch.setattr(map_files, "MAX_FEATURES", 2)
    far = [shapely.LineString([(x, 40), (x + 0.1, 40)]) for x in range(10)]
    file = write_map(tmp_path / "roads.gpkg", *far, ROAD)
    assert len(read_streets(file, AROUND, ["primary"]).lines) == 1
    with pytest.raises(GivenFileError, match=r"has 3 features with .* too many; cut it"):
        read_map(file)


def test_more_features_than_usual_are_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_files, "USUAL_FEATURES", 2)
    lines = [shapely.LineString([(x, 40), (x + 0.1, 40)]) for x in range(10)]
    file = write_map(tmp_path / "roads.gpkg", *lines, ROAD)
    assert len(read_map(file)) == 11


@pytest.mark.parametrize("suffix", ["geojson", "fgb", "shp", "parquet", "gpkg"])
def test_every_promised_format_is_read(tmp_path: Path, suffix: str) -> None:
    file = write_map(tmp_path / f"map.{suffix}", ROAD, ROAD)
    (table,) = {len(read_map(file)), len(read_map(file, columns=["highway"], around=AROUND))}
    assert table == 2
    assert read_map(file).crs.equals("EPSG:4326", ignore_axis_order=True)
    assert shapely.equals_exact(read_map(file).geometry.iloc[0], ROAD, 1e-9)


def test_a_bow_tie_is_mended_and_a_scribble_left_out() -> None:
    """300 crossings are many in outlines that were drawn, few in a scribble of 100 vertices."""
    tie = shapely.Polygon([(0, 0), (1, 1), (0, 1), (1, 0)])
    scribble = shapely.Polygon(np.random.default_rng(1).random((100, 2)))
    table = gpd.GeoDataFrame(geometry=[tie, scribble, AREA], crs="EPSG:3035")
    mended, nothing, area = kept_parts(table, dimension=2)
    assert mended.area == pytest.approx(0.5)
    assert nothing.is_empty
    assert area.area == pytest.approx(AREA.area)
