"""How uneven the ground is around a place, for photos that are placed without a DEM."""

import csv
from pathlib import Path

RELIEF = Path(__file__).parents[2] / "data" / "relief.csv"
# Elsewhere: between the plains, where heights within 100 km differ by some tens of metres, and the Alps or
# Japan, where it is 500 m and more. Towns lie in valleys, which are more alike than peaks.
DEFAULT_M = 300.0


def read_relief_m(lon: float, lat: float, file: Path = RELIEF) -> float:
    """Standard deviation (m) of the ground's height within some 100 km of a place (degrees): of the first of
    the table's boxes that holds it, else a cautious default."""
    with file.open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            inside = float(row["west"]) <= lon <= float(row["east"])
            if inside and float(row["south"]) <= lat <= float(row["north"]):
                return float(row["sigma_m"])
    return DEFAULT_M
