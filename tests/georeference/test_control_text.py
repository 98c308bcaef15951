"""Files of control points as QGIS and spreadsheets write them; each is read, or refused in words."""

from pathlib import Path

import numpy as np
import pytest
from pyproj import CRS, Transformer

from pipeline.errors import ControlPointError
from pipeline.georeference.control_text import MAX_BYTES, decoded, parse_points, read_control_text

CSV = "name,lon,lat,column_px,row_px\nLüttich,5.5718,50.6412,449.5,323\nMaastricht,5.691,50.8492,1207,644\n"
LON, LAT = [5.5718, 5.691], [50.6412, 50.8492]
UTM = "EPSG:32632"
EAST, NORTH = Transformer.from_crs("EPSG:4326", UTM, always_xy=True).transform(LON, LAT)
# The reference systems as QGIS writes them: WKT 2 and WKT 1, whose quotes and commas nobody escapes.
WKT_2, WKT_1 = CRS(UTM).to_wkt("WKT2_2019"), CRS(UTM).to_wkt("WKT1_GDAL")
HEAD = "mapX,mapY,pixelX,pixelY,enable,dX,dY,residual"


def points(crs: list[str], head: str = HEAD, places: tuple[object, object] = (EAST, NORTH)) -> str:
    """A `.points` file with a reference system at the end of each row."""
    rows = zip(*places, ("450,-323.5", "1207.5,-644.5"), crs, strict=True)
    return "\n".join(
        [head, *(f"{x:.4f},{y:.4f},{pixel},1,0,0,0,{of_row}" for x, y, pixel, of_row in rows), ""]
    )


def seen(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Places and pixels of a text, each (n, 2)."""
    found = parse_points(text, "a.points")
    return np.stack([found.lon, found.lat], -1), np.stack([found.column, found.row], -1)


PLACES, PIXELS = np.stack([LON, LAT], -1), np.array([[449.5, 323], [1207, 644]])
TENTH_OF_A_MM_DEG = 1e-9  # four decimals of metres, which are 1e-5 degrees each


@pytest.mark.parametrize(
    "of_rows",
    [
        [WKT_2, WKT_2],
        [WKT_1, WKT_1],
        [UTM, WKT_2],
        ['"' + WKT_2.replace('"', '""') + '"'] * 2,
    ],
    ids=["WKT 2", "WKT 1", "mixed", "quoted"],
)
@pytest.mark.parametrize("head", [HEAD, f"{HEAD},CRS", HEAD.replace("pixel", "source")])
def test_a_reference_system_in_each_row(of_rows: list[str], head: str) -> None:
    places, pixels = seen(points(of_rows, head))
    np.testing.assert_allclose(places, PLACES, atol=TENTH_OF_A_MM_DEG)
    np.testing.assert_allclose(pixels, PIXELS)


def test_rows_of_several_reference_systems_and_rows_of_the_heads() -> None:
    both = points([UTM, "EPSG:4326"]).replace(f"{EAST[1]:.4f},{NORTH[1]:.4f}", f"{LON[1]},{LAT[1]}")
    np.testing.assert_allclose(seen(both)[0], PLACES, atol=TENTH_OF_A_MM_DEG)
    of_head = f"#CRS: {WKT_2}\n" + points(["", ""])
    np.testing.assert_allclose(seen(of_head)[0], PLACES, atol=TENTH_OF_A_MM_DEG)


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        CSV.replace(",", ";"),
        CSV.replace(",", "\t"),
        CSV.replace(",", ";").replace(".", ","),
        CSV.replace(",", "\t").replace(".", ","),
        CSV.replace("name,lon,lat,column_px,row_px", " Name , LON, Lat ,Column_PX, row_px "),
        CSV.replace("name,lon,lat", '"name","lon","lat"').replace("Lüttich", '"Lüttich, Liège"'),
        "sep=;\n" + CSV.replace(",", ";"),
        CSV.replace("\n", "\r\n"),
        CSV.replace("\n", "\r"),
        CSV.replace("name,", "name,note,")
        .replace("Lüttich", "Lüttich,x")
        .replace("Maastricht", "Maastricht,"),
        "# my points\n\n" + CSV,
    ],
)
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
def test_what_spreadsheets_write(tmp_path: Path, text: str, encoding: str) -> None:
    file = tmp_path / "points.csv"
    file.write_bytes(text.encode(encoding))
    found = parse_points(read_control_text(file), str(file))
    assert found.names[0].startswith("Lüttich")
    assert found.names[1] == "Maastricht"
    np.testing.assert_allclose(np.stack([found.lon, found.lat], -1), PLACES)
    np.testing.assert_allclose(np.stack([found.column, found.row], -1), PIXELS)


ENGINEERING = (
    'ENGCRS["site",EDATUM["a"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]'
)
MOON = "IAU_2015:30100"  # longitude and latitude on the Moon


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no control points"),
        ("name,lon,lat,column_px,row_px\n", "holds no control points"),
        (
            f"#CRS: {ENGINEERING}\n" + points(["", ""]),
            "CRS = 'ENGCRS.* ...': does not lead to places on the Earth",
        ),
        (points([ENGINEERING, ""]), "CRS = 'ENGCRS.* ...': does not lead to places on the Earth"),
        (f"#CRS: {MOON}\n" + points(["", ""]), f"CRS = '{MOON}': does not lead to places on the Earth"),
        (
            points(["nonsense", ""]),
            "CRS = 'nonsense': is no known coordinate reference system; try EPSG:4326",
        ),
        (
            points(["", ""]),
            r"point 1: lon 2\d*, lat 5.* is not on the Earth; give degrees, or .* #CRS: EPSG:32632",
        ),
        (CSV.replace("Lüttich", "x" * 140_000), r"line 2: is no line of control points \(field larger than"),
        (
            CSV.replace("449.5", "449,5"),
            "line 2: has 6 fields for 5 columns; write numbers with decimal points",
        ),
        (CSV.replace("5.691", "east"), "line 3: lon = 'east': is not a number"),
        (CSV.replace("5.691", "1e999"), "line 3: lon = '1e999': is not a number"),
        (CSV.replace(",1207,644", ""), "line 3: column_px = '': is not a number"),
        (
            CSV.replace("lon", "longitude"),
            "column lon is missing; needed are lon, lat, column_px, row_px, found are",
        ),
        (CSV.replace("name", "lat"), "column lat is there twice; keep one of them"),
        (
            CSV.replace("Lüttich", "L\x1b[2J").replace("50.64", "150.64"),
            r"L\\x1b\[2J: lon 5.57.* is not on the Earth",
        ),
        (points([UTM, UTM]).replace(",1,0,0,0", ",0,0,0,0"), "every control point is disabled"),
        (
            points([UTM, UTM]).replace("pixelY", "rowY"),
            "column pixely is missing; needed are mapx, mapy, pixelx",
        ),
    ],
)
def test_the_rest_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(ControlPointError, match=f"^a.csv: {reason}") as caught:
        parse_points(text, "a.csv")
    assert str(caught.value).isprintable()


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    assert decoded(bytes(range(256)))  # whatever it means
    (tmp_path / "large.csv").write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(
        ControlPointError, match=r"large.csv: is larger than 10 MB: no file of control points$"
    ):
        read_control_text(tmp_path / "large.csv")
    with pytest.raises(ControlPointError, match=r"none.csv: no such file or directory$"):
        read_control_text(tmp_path / "none.csv")
