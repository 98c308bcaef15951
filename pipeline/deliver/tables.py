"""All tables of a city as CSV with a data dictionary, and on request as one Excel file."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.deliver.dictionary import column
from pipeline.deliver.geopackage import StyledTable
from pipeline.deliver.spreadsheet import plain_text, write_csv
from pipeline.files import atomic_write

SHEET_NAME = 31  # characters that Excel allows
WRITTEN = datetime(2000, 1, 1)  # equal runs say the same


def write_tables(folder: Path, tables: Sequence[StyledTable]) -> None:
    """`<table>.csv` of each table, points with their `lon` and `lat`, and `dictionary.csv`."""
    for name, content in [*((each.table, flat(each)) for each in tables), ("dictionary", dictionary(tables))]:
        with atomic_write(folder / f"{name}.csv") as part:
            write_csv(content, part)


def flat(table: StyledTable) -> pd.DataFrame:
    """A table without shapes; of points with longitude and latitude, degrees."""
    frame = table.frame
    if not isinstance(frame, gpd.GeoDataFrame):
        return frame
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    if table.geometry == "Point":
        points = frame.geometry.to_crs(4326)
        plain = plain.assign(lon=points.x.to_numpy(), lat=points.y.to_numpy())
    return plain


def dictionary(tables: Sequence[StyledTable]) -> pd.DataFrame:
    """A row for each column of each kind of table: name, title, unit, meaning, source, and codes as JSON."""
    kinds = {(each.kind, name): None for each in tables for name in flat(each).columns}
    rows = [
        {
            "table": kind,
            "column": name,
            "title": entry.title,
            "unit": entry.unit,
            "meaning": entry.meaning,
            "source": entry.source,
            "codes": json.dumps(dict(entry.codes), ensure_ascii=False) if entry.codes else None,
        }
        for kind, name in kinds
        for entry in (column(kind, name),)
    ]
    return pd.DataFrame(rows)


def write_excel(file: Path, tables: Sequence[StyledTable]) -> None:
    """One workbook: a sheet of contents, a sheet for each table, and the data dictionary."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = WRITTEN
    names = _sheet_names(each.table for each in tables)
    contents = pd.DataFrame(
        {"sheet": names, "table": [t.table for t in tables], "title": [t.title for t in tables]}
    )
    sheets = {"Contents": contents, **dict(zip(names, map(flat, tables), strict=True))}
    for name, frame in {**sheets, "Dictionary": dictionary(tables)}.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for row in [list(frame.columns), *frame.itertuples(index=False)]:
            sheet.append([_cell(sheet, value) for value in row])
    with atomic_write(file) as part:
        book.save(part)


def _sheet_names(tables: Iterable[str]) -> list[str]:
    """Names of tables cut to what Excel allows, numbered where they would be alike."""
    names: list[str] = []
    for table in tables:
        name, number = table[:SHEET_NAME], 1
        while name.lower() in (taken.lower() for taken in names):
            number += 1
            name = f"{table[: SHEET_NAME - 1 - len(str(number))]}~{number}"
        names.append(name)
    return names


def _cell(sheet: Any, value: Any) -> Any:
    """A value as Excel has it: words stay words, a time is in UTC, nothing stays empty."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.tz_localize(None).to_pydatetime() if value.tzinfo else value.to_pydatetime()
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
    if plain_text(value) != value:
        cell.data_type, cell.quotePrefix = "s", True
    return cell
