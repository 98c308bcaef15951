"""Strict reading of JSON: Python's own reader takes NaN and Infinity, which no JSON has."""

import json
from pathlib import Path
from typing import Any


def strict_json(file: Path) -> Any:
    """The content of a JSON file. Raises ValueError, which names the file, for NaN and Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{file}: holds {constant}, which is no JSON")

    return json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)
