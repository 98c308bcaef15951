"""Rows of tables that speak clearly for a claim, and the answers of a photo that has no other tables."""

import dataclasses
from typing import Any

import geopandas as gpd
import shapely

from pipeline.borders.schema import layer
from pipeline.deliver.results import PhotoResults
from pipeline.report.answers import Answer, rows_of
from pipeline.report.border_answers import border_answer
from pipeline.report.motorway_answers import motorway_answer

LINE = shapely.LineString([(4_040_000, 3_060_000), (4_040_000, 3_100_000)])
CONTRAST: dict[str, Any] = {
    **{"pair": "BE-DE", "first": "BE", "second": "DE", "contrast_g_r": 0.31, "low95": 0.23, "high95": 0.39},
    **{"low90": 0.24, "high90": 0.38, "placebo_p": 0.002, "n_placebos": 999, "n_blocks": 30, "n_cells": 4000},
    **{
        "quantity": "all light",
        "contrast_km": 10.0,
        "exclusion_km": 0.4,
        "plain_g_r": 0.28,
        "geometry": LINE,
    },
    **{"orange_first": 0.4, "green_first": 0.2, "orange_second": 0.3, "green_second": 0.45},
    "statement": "No contrast can be given: it is foggy.",
}
MIRRORED = {
    **{"contrast_g_r": -0.31, "low95": -0.39, "high95": -0.23, "low90": -0.38, "high90": -0.24},
    **{
        "plain_g_r": -0.28,
        "orange_first": 0.3,
        "green_first": 0.45,
        "orange_second": 0.4,
        "green_second": 0.2,
    },
}
END: dict[str, Any] = {
    **{"ref": "E25", "name": "A3, A25", "pair": "BE-NL", "first": "BE", "second": "NL", "lit_side": "BE"},
    **{"verdict": "ends at the national border", "end_m": -120.0, "low95_m": -300.0, "high95_m": 90.0},
    **{"to_national_m": 120.0, "to_regional_m": 380.0, "regional_at_m": -500.0, "position_sigma_m": 60.0},
    **{"line_error_m": 30.0, "lit_per_km": 40.0, "seen_share": 1.0, "statement": "It says so."},
}


def bare(photo: PhotoResults) -> PhotoResults:
    """The photo with no tables but those that a test gives it."""
    names = ("contrasts", "segments", "towns", "cores", "regional_contrasts", "events", "country_tones")
    roads = ("motorway_ends", "motorway_segments", "motorway_stations")
    return dataclasses.replace(photo, **{name: layer([], name) for name in (*names, *roads)})


def table(name: str, *rows: dict[str, Any]) -> gpd.GeoDataFrame:
    return layer(rows, name)


def contrast(**more: Any) -> Any:
    return rows_of(table("contrasts", CONTRAST | more))[0]


def greener(photo: PhotoResults, **more: Any) -> Answer:
    return border_answer(contrast(**more), photo)


def road(photo: PhotoResults, **more: Any) -> Answer:
    return motorway_answer(rows_of(table("motorway_ends", END | more))[0], photo)


def said(sentences: list[str], words: str) -> bool:
    return any(words in sentence for sentence in sentences)


def event(**more: Any) -> dict[str, Any]:
    about = {"country": "DE", "region": None, "place": None, "road_class": "street", "state": "lamps"}
    return about | {"statement": "Lamps were new. Source: a paper.", "source": "a paper"} | more
