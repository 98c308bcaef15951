"""Manual control points: both file forms, the pixel convention, and every way they can be wrong."""

import numpy as np
import pytest

from pipeline.camera.earth import to_geodetic
from pipeline.camera.terrain import FLAT
from pipeline.errors import ControlPointError
from pipeline.georeference.manual import MANUAL_SIGMA_PX, manual_points, parse_control_points
from pipeline.photo.photo import PhotoFacts

CSV = "name,lon,lat,column_px,row_px\nFrankfurt,8.679,50.1137,449.4,323.1\nMainz,8.274,49.999,455.7,182.7\n"
POINTS = (
    "#CRS: EPSG:3857\nmapX,mapY,sourceX,sourceY,enable,dX,dY,residual\n"
    "1113194.908,6446275.841,449.9,-323.6,1,0,0,0\n0,0,1,-1,0,0,0,0\n"
)


def test_csv() -> None:
    names, seen = parse_control_points(CSV, "control.csv", 857, 569)
    assert names == ["Frankfurt", "Mainz"]
    assert np.allclose(seen.pixel, [[449.4, 323.1], [455.7, 182.7]])
    assert seen.known.all()


def test_qgis_points_count_from_the_corner_downwards_in_any_crs() -> None:
    _, seen = parse_control_points(POINTS, "control.csv", 857, 569)
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
        ("lon,lat,column_px,row_px\n1,2,x,3\n", "line 2: column_px = 'x': is not a number"),
        ("lon,lat,column_px,row_px\n1,95,3,3\n", "not on the Earth"),
        ("lon,lat,column_px,row_px\n1,5,3000,3\n", "outside the photo of 857 x 569"),
        ("#CRS: nonsense\nmapX,mapY,sourceX,sourceY,enable\n1,2,3,-4,1\n", "no known coordinate reference"),
        ("mapX,mapY,sourceX,sourceY,enable\n1,2,3,-4,0\n", "every control point is disabled"),
    ],
)
def test_wrong_files_say_why_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(ControlPointError, match=reason) as error:
        parse_control_points(text, "control.csv", 857, 569)
    assert "\n" not in str(error.value)
    assert "control.csv" in str(error.value)


def test_points_of_a_raw_file_are_picked_on_its_jpeg() -> None:
    """A JPEG of 2116 x 1404 px is the sensor less 6 px at each edge; a raw photo has half as many."""
    as_jpeg = PhotoFacts(id="a", width=1064, height=708, source="a", linearisation="none", evidence="jpeg")
    as_raw = as_jpeg.model_copy(update={"evidence": "raw"})
    text = "lon,lat,column_px,row_px\n6,50.7,100,50\n6.1,50.8,2115,1403\n"
    with pytest.raises(ControlPointError, match=r"point 2: pixel \(2115, 1403\) is outside the photo"):
        manual_points(text, "points.csv", as_jpeg, FLAT)
    seen = manual_points(text, "points.csv", as_raw, FLAT)[1]
    # Pixel 100 of the JPEG is sample 106, the left half of cell 53.
    assert np.allclose(seen.pixel, [[52.75, 27.75], [1060.25, 704.25]])
    assert (seen.sigma == MANUAL_SIGMA_PX / 2).all()
    text = "lon,lat,column_px,row_px\n6,50.7,2116,50\n"
    with pytest.raises(ControlPointError, match="outside the photo of 2116 x 1404"):
        manual_points(text, "points.csv", as_raw, FLAT)
