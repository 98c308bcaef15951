"""Rows of the layers of `borders.gpkg` about segments, motorways, towns and change, for `fabricate`.

What they say is known: the E25 goes dark 0.3 km before the Dutch border, the E40 is lit on both sides, and
the German side of 2022 is half as bright again as that of 2012.
"""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.borders.schema import COLUMNS, TONE_COLUMNS

CRS = "EPSG:3035"
Rows = list[tuple[dict[str, Any], Any]]


def more_tables(year: int) -> dict[str, gpd.GeoDataFrame]:
    """All layers of a photo but zones, strips and contrasts."""
    label = {"photo": f"simulated-{year}", "taken_at": f"{year}-12-08T22:13:00Z"}
    ends: Rows = [
        (
            {"ref": "E25", "pair": "BE-NL", "first": "BE", "second": "NL", "lit_side": "BE", "end_m": -300.0}
            | {"verdict": "ends at the national border", "low95_m": -700.0, "high95_m": 100.0}
            | {"statement": "The light of the E25 ends at the national border.", "seen_share": 1.0},
            shapely.Point(5.699, 50.756),
        ),
        (
            {"ref": "E40", "pair": "BE-DE", "first": "BE", "second": "DE", "verdict": "lit on both sides"}
            | {"statement": "The E40 is lit on both sides.", "seen_share": 0.9},
            shapely.Point(6.02, 50.70),
        ),
        ({"ref": "E411", "verdict": "not measured", "statement": "The E411 is not in the frame."}, None),
    ]
    motorway: Rows = [
        (
            {"ref": "E25", "pair": "BE-NL", "lit": lit, "from_m": a, "to_m": b, "light_per_km": light}
            | {"sigma": 3.0, "seen_share": 1.0, "town_share": 0.0},
            shapely.LineString([(5.67, south), (5.70, north)]),
        )
        for lit, a, b, light, south, north in (
            ("lit", -4000.0, -300.0, 40.0, 50.72, 50.75),
            ("dark", -300.0, 4000.0, 1.0, 50.75, 50.79),
        )
    ]
    stations: Rows = [
        (
            {"ref": "E25", "pair": "BE-NL", "chainage_m": at, "light_per_km": 40.0 if at < -300 else 1.0}
            | {"sigma": 3.0, "flank_per_km": 2.0, "what": "seen"},
            shapely.Point(5.699, 50.756 + at / 111e3),
        )
        for at in range(-4000, 4001, 500)
    ]
    segments: Rows = [
        (
            {"pair": "BE-DE", "first": "BE", "second": "DE", "segment": k, "contrast_g_r": value}
            | {"low95": value - 0.2, "high95": value + 0.2, "n_cells": 900, "verdict": verdict},
            shapely.LineString([(6.1 + 0.07 * k, 50.7 - 0.1 * k), (6.17 + 0.07 * k, 50.6 - 0.1 * k)]),
        )
        for k, value, verdict in ((0, 0.8, "second greener"), (1, 0.1, "undecided"))
    ]
    profiles: Rows = [
        (
            {"pair": "BE-DE", "side": "BE" if km < 0 else "DE", "from_km": float(km), "to_km": km + 1.0}
            | {"area_km2": 30.0, "light_per_km2": 2.0, "light_low95": 1.5, "light_high95": 2.7}
            | {"tone_g_r": tone, "tone_low95": tone - 0.1, "tone_high95": tone + 0.1}
            | {"n_cells": 400, "n_blocks": 12},
            shapely.LineString([(6.1, 50.7), (6.2, 50.6)]),
        )
        for km in range(-10, 10)
        for tone in [-1.2 if km < 0 else -0.4]
    ]
    disc = shapely.Point(6.084, 50.776).buffer(0.05)
    towns: Rows = [
        (
            {"name": "Aachen", "country": "DE", "population": 245_000, "radius_km": 3.9, "area_km2": 48.0}
            | {"lit_area_km2": 40.0, "tone_g_r": -0.3, "sigma_g_r": 0.05, "n_cells": 260},
            disc,
        )
    ]
    cores: Rows = [
        (
            {"name": "Aachen", "country": "DE", "population": 245_000, "n_towns": 3, "tone_core": -0.3}
            | {"tone_ring": -0.6, "contrast_g_r": 0.3, "low95": 0.1, "high95": 0.5, "n_core": 260}
            | {"n_ring": 310, "statement": "Aachen is greener than the towns around it."},
            disc.buffer(0.1) - disc,
        )
    ]
    notes: Rows = [
        ({"subject": "motorways", "statement": "1 of 9 features are no lines."}, shapely.box(5, 50, 6, 51))
    ]
    events: Rows = [
        (
            {"country": "BE", "region": "WAL", "road_class": "motorway", "state": "lit", "extent": "part"}
            | {"local_time": f"{year}-12-08 23:13", "statement": "Walloon motorway lights were in part lit."}
            | {"source": "made up"},
            None,
        )
    ]
    made = {
        "motorway_ends": ends,
        "motorway_segments": motorway,
        "motorway_stations": stations,
        "segments": segments,
        "profiles": profiles,
        "towns": towns,
        "cores": cores,
        "notes": notes,
        "events": events,
    }
    return {name: _layer(rows, name, label) for name, rows in made.items()}


def tone_tables(year: int, tone: dict[str, float]) -> dict[str, pd.DataFrame]:
    """The tables of a photo's `country_tones.gpkg`: countries of known tones, seen at one angle."""
    label = {"photo": f"simulated-{year}", "taken_at": f"{year}-12-08T22:13:00Z"}
    rows = [
        {"country": country, "tone_g_r": value, "matched_tone_g_r": value, "view_zenith_deg": 20.0}
        | {
            "n_cells": 900,
            "verdict": "no change found",
            "statement": "No dependence is found.",
            "overlap": 1.0,
        }
        for country, value in tone.items()
    ]
    rows[0] |= {"verdict": "changes with the view", "statement": "Tone changes with view zenith: +0.50."}
    made = {"country_tones": rows, "lamp_shares": []}
    return {
        name: pd.DataFrame(of_table, columns=TONE_COLUMNS[name]).assign(
            **label, evidence="jpeg", simulated=True
        )
        for name, of_table in made.items()
    }


def change_tables() -> dict[str, gpd.GeoDataFrame]:
    """From 2012 to 2022; the German side became brighter, the Belgian one did not clearly change."""
    label = {
        "before": "simulated-2012",
        "taken_before": "2012-12-08T22:13:00Z",
        "after": "simulated-2022",
        "taken_after": "2022-12-08T22:13:00Z",
    }
    sides = {"BE": (0.1, shapely.box(5.8, 50.5, 6.1, 50.7)), "DE": (0.58, shapely.box(6.3, 50.5, 6.6, 50.7))}

    def change(light: float, tone: float) -> dict[str, Any]:
        return {
            "tone_kind": "relative",
            **{"light_change": light, "light_low95": light - 0.3, "light_high95": light + 0.3},
            **{"tone_change": tone, "tone_low95": tone - 0.1, "tone_high95": tone + 0.1},
            **{"n_cells": 900, "n_blocks": 14, "statement": "Light changed."},
        }

    changes: Rows = [
        ({"scope": "side", "pair": "BE-DE", "side": side, **change(light, 0.0)}, shape)
        for side, (light, shape) in sides.items()
    ]
    line = shapely.LineString([(6.1, 50.7), (6.2, 50.6)])
    across: Rows = [({"pair": "BE-DE", "first": "BE", "second": "DE", **change(0.48, -0.2)}, line)]
    return {
        name: _layer(rows, name, label) for name, rows in (("changes", changes), ("border_changes", across))
    }


def pooled_tables() -> dict[str, gpd.GeoDataFrame]:
    """What both photos say of BE-NL together: a typical Dutch town is greener by 0.4, with motorways or
    without; it became so by 0.2 from 2012 to 2022, and hangs on no photo and no town."""
    label = {"photo": "all", "taken_at": None}
    line = shapely.LineString([(5.67, 50.76), (5.75, 50.75)])
    pair = {"pair": "BE-NL", "first": "BE", "second": "NL"}

    def contrast(value: float, quantity: str = "towns") -> dict[str, Any]:
        return pair | {
            "contrast_g_r": value,
            "low95": value - 0.1,
            "high95": value + 0.1,
            "quantity": quantity,
        }

    of_all = {"contrast_km": 20.0, "placebo_p": 0.001, "n_placebos": 999, "n_blocks": 30, "n_first": 40}
    of_all |= {
        "n_second": 30,
        "n_photos": 2,
        "n_passes": 2,
        "low90": 0.31,
        "high90": 0.49,
        "exclusion_km": 0.3,
    }
    of_all |= {"between_photos": 0.05, "next_low95": 0.2, "next_high95": 0.6, "statement": "Towns differ."}
    values = {"towns": 0.4, "towns off motorways": 0.38, "motorways": 0.05}
    contrasts: Rows = [(contrast(value, name) | of_all, line) for name, value in values.items()]
    by_years: Rows = [(contrast(value) | {"contrast_km": 20.0}, line) for value in (0.3, 0.5)]
    ranges: Rows = [
        (contrast(value) | {"contrast_km": km, "n_photos": 2}, None)
        for km, value in ((10.0, 0.45), (20.0, 0.4))
    ]
    left_out: Rows = [
        (contrast(0.4 + by) | {"what": what, "name": name, "moves_by": by}, None)
        for what, name, by in (
            ("photo", "simulated-2012", 0.1),
            ("town", "Eijsden", 0.02),
            ("town", "Tongeren", -0.05),
        )
    ]
    trend = {"from_years": "2012", "to_years": "2022", "change_g_r": 0.2, "low95": 0.1, "high95": 0.3}
    trends: Rows = [(pair | trend | {"statement": "One on the Dutch side has become greener."}, line)]
    towns: Rows = [
        (
            {"name": name, "country": country, "population": 20_000, "tone_g_r": tone, "light_share": 0.01}
            | {"n_photos": 2, "is_town": True},
            shapely.Point(lon, lat),
        )
        for name, country, tone, lon, lat in (
            ("Eijsden", "NL", 0.3, 5.71, 50.78),
            ("Visé", "BE", -0.6, 5.69, 50.73),
        )
    ]
    crossings: Rows = [
        (
            {
                "ref": "E25",
                "name": "A25; A2",
                "pair": "BE-NL",
                "first": "BE",
                "second": "NL",
                "lit_side": "BE",
            }
            | {"verdict": "ends at the national border", "end_m": -100.0, "low95_m": -250.0, "high95_m": 50.0}
            | {"statement": "In 2 photos together: the light of the E25 ends at the national border."}
            | {"policy": "Flemish motorways in part off", "n_photos": 2, "n_ends": 2, "between_photos_m": 0.0}
            | {"regional_at_m": -500.0},
            shapely.Point(5.70, 50.755),
        )
    ]
    made = {
        "contrast_by_range": ranges,
        "left_out": left_out,
        "contrast_trends": trends,
        "town_units": towns,
        "motorway_crossings": crossings,
    }
    return {
        "contrasts": pd.concat(
            [_layer(contrasts, "contrasts", label), _years(by_years, ("2012", "2022"))], ignore_index=True
        ),
        **{name: _layer(rows, name, label) for name, rows in made.items()},
    }


def _years(rows: Rows, years: tuple[str, ...]) -> gpd.GeoDataFrame:
    return _layer(rows, "contrasts", {"photo": "", "taken_at": ""}).assign(photo=list(years), taken_at=None)


def _layer(rows: Rows, name: str, label: Mapping[str, str | None]) -> gpd.GeoDataFrame:
    """All columns of the layer, in its coordinate system; shapes are given in degrees."""
    table = pd.DataFrame([row for row, _ in rows], columns=COLUMNS[name])
    table = table.assign(**label, evidence="jpeg", simulated=True)
    return gpd.GeoDataFrame(table, geometry=[shape for _, shape in rows], crs=4326).to_crs(CRS)
