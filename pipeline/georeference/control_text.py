"""Files of control points by hand, as QGIS, spreadsheets and people write them, to places and pixels.

QGIS's `.points` has a line `#CRS`, or, from QGIS 3.16 to 3.20, a reference system as the last field of each
row; older ones have neither. A CSV may come in UTF-8, UTF-16 or a Windows code page, with commas, semicolons
or tabs between its fields, and with decimal commas where those are not commas.
"""

import codecs
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from pipeline.camera.earth import Array
from pipeline.errors import ControlPointError, printable

CSV_COLUMNS = ("lon", "lat", "column_px", "row_px")
QGIS_COLUMNS = ("mapx", "mapy", "enable", "sourcex", "sourcey", "pixelx", "pixely", "dx", "dy", "residual")
CRS_COLUMNS = ("crs", "srs", "proj", "projection")
DELIMITERS = (",", ";", "\t")
MAX_BYTES = 10_000_000  # 100,000 points; nobody picks more by hand
CODE_PAGE = "cp1252"  # of Windows in western Europe; where it has no character, Latin-1 has one


class PickedPoints(NamedTuple):
    """n points: degrees WGS84, and pixels of the photo from 0 at the middle of the top left one."""

    names: list[str]
    lon: Array
    lat: Array
    column: Array
    row: Array


class Table(NamedTuple):
    """The rows of a file: each its line's number and text, and its fields by the columns' names in small
    letters. `head` are the lines that begin with #."""

    columns: list[str]
    rows: list[tuple[int, str, dict[str, str]]]
    delimiter: str
    head: list[str]


def read_control_text(file: Path) -> str:
    """The text of a file of control points, whatever its encoding. Raises ControlPointError."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ControlPointError(
                f"{file}: is larger than {MAX_BYTES / 1e6:.0f} MB: no file of control points"
            )
        return decoded(file.read_bytes())
    except OSError as error:
        raise ControlPointError(f"{file}: {(error.strerror or 'cannot be read').lower()}") from None


def decoded(data: bytes) -> str:
    """A text by its byte order mark; without one it is UTF-16 if every other byte is 0, else UTF-8 if it can
    be, else of a Windows code page."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    zeros = [data[start:400:2].count(0) for start in (0, 1)]
    if max(zeros) > len(data[:400]) / 4:
        return data.decode("utf-16-le" if zeros[1] > zeros[0] else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode(CODE_PAGE)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def parse_points(text: str, file: str) -> PickedPoints:
    """The points of a `.points` file or a CSV, which messages call `file`. Raises ControlPointError."""
    table = _table(text, file)
    points = _qgis(table, file) if "mapx" in table.columns else _csv(table, file)
    for name, lon, lat in zip(points.names, points.lon, points.lat, strict=True):
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise ControlPointError(
                printable(
                    f"{file}: {name}: lon {lon:g}, lat {lat:g} is not on the Earth; give degrees, or in a "
                    ".points file the reference system of its numbers in a line such as #CRS: EPSG:32632"
                )
            )
    return points


def _table(text: str, file: str) -> Table:
    """The head, the columns and the rows of a text."""
    lines = [(k, line) for k, line in enumerate(text.lstrip("\ufeff").splitlines(), 1) if line.strip()]
    head = [line for _, line in lines if line.startswith("#")]
    lines = [(k, line) for k, line in lines if not line.startswith("#")]
    if lines and lines[0][1].lower().startswith("sep="):  # which spreadsheets write for each other
        lines = lines[1:]
    if len(lines) < 2:
        raise ControlPointError(f"{file}: holds no control points")
    named = {mark: _columns(lines[0][1], mark) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: len({*CSV_COLUMNS, *QGIS_COLUMNS} & set(named[mark])))
    columns = named[delimiter]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise ControlPointError(printable(f"{file}: column {twice[0]} is there twice; keep one of them"))
    rows = []
    for k, line in lines[1:]:
        fields = _split(line, delimiter, f"{file}: line {k}")
        if len(fields) > len(columns) and "mapx" not in columns:
            raise ControlPointError(
                f"{file}: line {k}: has {len(fields)} fields for {len(columns)} columns; write numbers with "
                "decimal points, or put semicolons between the fields"
            )
        rows.append((k, line, dict(zip(columns, (field.strip() for field in fields), strict=False))))
    return Table(columns, rows, delimiter, head)


def _columns(line: str, delimiter: str) -> list[str]:
    return [name.strip(" \t\"'").casefold() for name in line.split(delimiter)]


def _split(line: str, delimiter: str, where: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        raise ControlPointError(f"{where}: is no line of control points ({error})") from None


def _csv(table: Table, file: str) -> PickedPoints:
    lon, lat, column, row = _numbers(table, CSV_COLUMNS, table.rows, file)
    names = [fields.get("name") or f"point {k}" for k, (_, _, fields) in enumerate(table.rows, 1)]
    return PickedPoints(names, lon, lat, column, row)


def _qgis(table: Table, file: str) -> PickedPoints:
    """QGIS counts source pixels from the upper left corner of the picture, rows downwards as negative."""
    rows = [row for row in table.rows if (row[2].get("enable") or "1") != "0"]
    if not rows:
        raise ControlPointError(f"{file}: every control point is disabled")
    source = ("sourcex", "sourcey") if "sourcex" in table.columns else ("pixelx", "pixely")
    x, y, source_x, source_y = _numbers(table, ("mapx", "mapy", *source), rows, file)
    stated = next((line.partition(":")[2].strip() for line in table.head if line.startswith("#CRS:")), "")
    of_rows = [_crs_of_row(table, line) or stated for _, line, _ in rows]
    lon, lat = np.empty(len(rows)), np.empty(len(rows))
    for text in dict.fromkeys(of_rows):
        chosen = np.array([of_row == text for of_row in of_rows])
        lon[chosen], lat[chosen] = _to_degrees(text or "EPSG:4326", x[chosen], y[chosen], file)
    names = [f"point {k}" for k in range(1, len(rows) + 1)]
    return PickedPoints(names, lon, lat, source_x - 0.5, -source_y - 0.5)


def _crs_of_row(table: Table, line: str) -> str:
    """The reference system that ends a row; empty where there is none. Its commas are not always quoted, so
    it is all that follows the other columns."""
    before = next((k for k, name in enumerate(table.columns) if name in CRS_COLUMNS), len(table.columns))
    text = "".join(line.split(table.delimiter, before)[before:]).strip().strip(table.delimiter)
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


def _to_degrees(crs: str, x: Array, y: Array, file: str) -> tuple[Array, Array]:
    """Longitudes and latitudes of places in a reference system by its name or WKT."""
    shown = crs if len(crs) <= 60 else f"{crs[:56]} ..."
    try:
        system = CRS.from_user_input(crs)
    except ProjError:
        raise ControlPointError(
            printable(f"{file}: CRS = {shown!r}: is no known coordinate reference system; try EPSG:4326")
        ) from None
    try:
        lon, lat = Transformer.from_crs(system, "EPSG:4326", always_xy=True).transform(x, y)
    except ProjError:
        reason = "does not lead to places on the Earth; pick the points on a map in EPSG:4326"
        raise ControlPointError(printable(f"{file}: CRS = {shown!r}: {reason}")) from None
    return np.asarray(lon), np.asarray(lat)


def _numbers(
    table: Table, columns: Sequence[str], rows: Sequence[tuple[int, str, dict[str, str]]], file: str
) -> list[Array]:
    """The columns as numbers."""
    missing = [name for name in columns if name not in table.columns]
    if missing:
        found = ", ".join(name for name in table.columns[:20] if name)
        raise ControlPointError(
            printable(
                f"{file}: column {missing[0]} is missing; needed are {', '.join(columns)}, found are {found}"[
                    :400
                ]
            )
        )
    values = [[_number(table, row, name, file) for name in columns] for row in rows]
    return list(np.array(values).T)


def _number(table: Table, row: tuple[int, str, dict[str, str]], name: str, file: str) -> float:
    """A finite number; with a decimal comma too where commas do not stand between fields."""
    text = row[2].get(name, "").replace("\u2212", "-")  # the typographer's minus
    if table.delimiter != "," and "." not in text:
        text = text.replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        shown = text if len(text) <= 40 else f"{text[:36]} ..."
        raise ControlPointError(printable(f"{file}: line {row[0]}: {name} = {shown!r}: is not a number"))
    return value
