"""The tables of one GeoPackage put into another by SQL.

To add a table, GDAL reads the descriptions of all that are there: of 280 tables each took five times as long
as of 90."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

# The tables in which a virtual table of the spatial index keeps what it holds.
SHADOWS = ("node", "parent", "rowid")


def add_tables(file: Path, other: Path) -> None:
    """Put all tables of `other`, both as GDAL writes them, into `file`: tables of other names, in coordinate
    systems of which one at most, the same in both, has no code: GDAL numbers those as they come."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("ATTACH ? AS other", (str(other),))
        with database:
            _add_tables(database)


def _add_tables(database: sqlite3.Connection) -> None:
    schema = "SELECT type, name, sql FROM {}.sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY rowid"
    there = {name for _, name, _ in database.execute(schema.format("main"))}
    found = database.execute(schema.format("other")).fetchall()
    indices = {name for _, name, sql in found if re.match(r"CREATE VIRTUAL TABLE", sql or "")}
    shadows = {f"{name}_{shadow}" for name in indices for shadow in SHADOWS}
    for kind, name, sql in found:
        if kind != "table" or name in shadows:
            continue
        if name not in there:
            database.execute(sql)
        columns = "id, minx, maxx, miny, maxy" if name in indices else "*"
        # What both describe, coordinate systems, is there already.
        database.execute(f'INSERT OR IGNORE INTO main."{name}" SELECT {columns} FROM other."{name}"')
    # At last: they would count the rows that are copied once more.
    for kind, name, sql in found:
        if kind != "table" and sql and name not in there:
            database.execute(sql)
