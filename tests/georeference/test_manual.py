"""Manual control points: both file forms, the pixel convention, and every way they can be wrong."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.camera.earth import to_geodetic
from pipeline.errors import ControlPointError
from pipeline.georeference.manual import read_control_points

CSV = "name,lon,lat,column_px,row_px\nFrankfurt,8.679,50.1137,449.4,323.1\nMainz,8.274,49.999,455.7,182.7\n"
POINTS = (
    "#CRS: EPSG:3857\nmapX,mapY,sourceX,sourceY,enable,dX,dY,residual\n"
    "1113194.908,6446275.841,449.9,-323.6,1,0,0,0\n0,0,1,-1,0,0,0,0\n"
)


def write(folder: Path, text: str) -> Path:
    file = folder / "control.csv"
    file.write_text(text)
    return file


def test_csv(tmp_path: Path) -> None:
    names, seen = read_control_points(write(tmp_path, CSV), 857, 569)
    assert names == ["Frankfurt", "Mainz"]
    assert np.allclose(seen.pixel, [[449.4, 323.1], [455.7, 182.7]])
    assert seen.known.all()


def test_qgis_points_count_from_the_corner_downwards_in_any_crs(tmp_path: Path) -> None:
    _, seen = read_control_points(write(tmp_path, POINTS), 857, 569)
    lon, lat, _ = to_geodetic(seen.ground_m)
    assert np.allclose(
        seen.pixel, [[449.4, 323.1]]
    )  # half a pixel from the corner, the disabled point left out
    # 10 E, 50 N in Web Mercator, to the millimetre as written above.
    assert np.allclose([lon[0], lat[0]], [10.0, 50.0], atol=1e-7)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no control points"),
        ("name,lon,lat\nx,1,2\n", "column column_px is missing"),
        ("lon,lat,column_px,row_px\n1,2,x,3\n", "not all numbers"),
        ("lon,lat,column_px,row_px\n1,95,3,3\n", "not on the Earth"),
        ("lon,lat,column_px,row_px\n1,5,3000,3\n", "outside the photo of 857 x 569"),
        ("#CRS: nonsense\nmapX,mapY,sourceX,sourceY,enable\n1,2,3,-4,1\n", "no known coordinate reference"),
        ("mapX,mapY,sourceX,sourceY,enable\n1,2,3,-4,0\n", "every control point is disabled"),
    ],
)
def test_wrong_files_say_why_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ControlPointError, match=reason) as error:
        read_control_points(write(tmp_path, text), 857, 569)
    assert "\n" not in str(error.value)
    assert "control.csv" in str(error.value)
