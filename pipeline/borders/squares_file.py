"""The light of a photo by squares of ground as a file: Parquet, one column an array of LightSquares, and what
holds of the whole photo as JSON under the key `borderlight` of its metadata."""

import json
from dataclasses import fields
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.borders.light_squares import ARRAYS, LightSquares

KEY = "borderlight"


def write_light_squares(squares: LightSquares, file: Path) -> None:
    """Write them to the last digit."""
    about = {
        field.name: getattr(squares, field.name) for field in fields(squares) if field.name not in ARRAYS
    }
    about["taken_at"] = squares.taken_at and squares.taken_at.isoformat()
    table = pa.table({name: getattr(squares, name) for name in ARRAYS})
    pq.write_table(table.replace_schema_metadata({KEY: json.dumps(about)}), file, compression="zstd")


def read_light_squares(file: Path) -> LightSquares:
    """The squares of a file of `write_light_squares`."""
    table = pq.read_table(file)
    about = json.loads(table.schema.metadata[KEY.encode()])
    about["taken_at"] = about["taken_at"] and datetime.fromisoformat(about["taken_at"])
    arrays = {name: table[name].to_numpy() for name in ARRAYS}
    arrays["country"] = np.asarray(arrays["country"], str)
    return LightSquares(**arrays, **about)
