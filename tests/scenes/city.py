"""A small, consistent results folder with the contract's files: two simulated photos around Liège.

Its light is a Gaussian for each of a few towns, its tone one value per country and year, so the contrasts
that a correct report shows are known: BE-NL 0.5 in 2012 and 0.3 in 2022.
"""

import json
from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
from PIL import Image
from pyproj import Transformer
from rasterio.transform import from_origin

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.photo.photo import Photo, PhotoFacts
from pipeline.photo.tiff import write_photo
from tests.scenes.city_borders import change_tables, more_tables, pooled_tables, tone_tables
from tests.scenes.places import cities_file

CRS = "EPSG:3035"
RESOLUTION_M = 400.0
BOUNDS = (3_974_000.0, 3_040_000.0, 4_070_000.0, 3_120_000.0)
WIDTH, HEIGHT = (round((BOUNDS[i + 2] - BOUNDS[i]) / RESOLUTION_M) for i in (0, 1))
TRIPOINT = (6.021, 50.754)
LINES = {  # pair: the border as lon, lat
    "BE-NL": [
        (5.77, 51.5),
        (5.77, 51.0),
        (5.69, 50.90),
        (5.69, 50.78),
        (5.75, 50.75),
        (5.9, 50.75),
        TRIPOINT,
    ],
    "DE-NL": [TRIPOINT, (6.02, 50.8), (6.08, 50.9), (6.0, 51.0), (6.1, 51.1), (6.15, 51.5)],
    "BE-DE": [TRIPOINT, (6.1, 50.7), (6.2, 50.6), (6.25, 50.5), (6.4, 50.1)],
}
TOWNS = {  # name: lon, lat, population
    "Liège": (5.567, 50.633, 195_000),
    "Maastricht": (5.689, 50.848, 122_000),
    "Aachen": (6.084, 50.776, 245_000),
    "Heerlen": (5.981, 50.884, 87_000),
    "Verviers": (5.863, 50.589, 55_000),
    "Eupen": (6.034, 50.628, 19_000),
    "Hasselt": (5.338, 50.931, 77_000),
    "Düren": (6.483, 50.804, 90_000),
    "Tongeren": (5.465, 50.781, 30_000),
    "Monschau <b>&": (6.241, 50.554, 12_000),
}
TONE = {2012: {"BE": -1.2, "NL": -0.7, "DE": -0.4}, 2022: {"BE": -0.9, "NL": -0.6, "DE": -0.3}}
BANDS_KM = (0.0, 1.0, 2.0, 5.0, 10.0)


def fabricate(root: Path, years: Collection[int] = tuple(TONE)) -> Path:
    """Write `results/demo` of photos of some `years`, `results/cities.parquet` and `data` under `root`; gives
    `results/demo`."""
    city = root / "results" / "demo"
    countries = _countries()
    _maps(root / "data", countries)
    city.mkdir(parents=True)
    grid = {"crs": CRS, "resolution_m": RESOLUTION_M, "bounds": BOUNDS, "width": WIDTH, "height": HEIGHT}
    (city / "grid.json").write_text(json.dumps(grid))
    tables: dict[str, list[gpd.GeoDataFrame]] = defaultdict(list)
    for year in years:
        _photo(city / f"simulated-{year}", year, countries)
        for name, table in tone_tables(year, TONE[year]).items():
            file = city / f"simulated-{year}" / "country_tones.gpkg"
            pyogrio.write_dataframe(table, file, name)
        for name, table in {**_tables(year, countries), **more_tables(year)}.items():
            tables[name].append(table)
    if len(years) == len(TONE):
        for name, table in (*pooled_tables().items(), *change_tables().items()):
            tables[name].append(table)
        _change(city)
    for name, parts in tables.items():
        table = pd.concat(parts, ignore_index=True)
        if table.geometry.isna().all():
            pyogrio.write_dataframe(pd.DataFrame(table.drop(columns="geometry")), city / "borders.gpkg", name)
        else:
            table.to_file(city / "borders.gpkg", layer=name)
    cities_file(city.parent)
    placed = {"photos": [f"simulated-{year}" for year in years], "refused": {}}
    (city / "placed.json").write_text(json.dumps(placed))
    return city


def _change(city: Path) -> None:
    """The map of change between the two years."""
    light, tone = (
        [rasterio.open(city / f"simulated-{year}" / f"{kind}.tif").read(1) for year in TONE]
        for kind in ("light", "tone")
    )
    lit = np.isfinite(tone[0]) & np.isfinite(tone[1])
    brighter = np.log2(np.where(lit, light[1], np.nan) / np.where(lit, light[0], np.nan))
    pair = "simulated-2012 to simulated-2022"
    _raster(city / "change.tif", {f"light {pair}": brighter, f"tone {pair}": tone[1] - tone[0]})


def _countries() -> gpd.GeoDataFrame:
    """Three countries that meet at the tripoint, in degrees."""
    box = shapely.box(4.9, 50.2, 7.0, 51.4)
    cuts = shapely.unary_union([shapely.LineString(xy) for xy in LINES.values()] + [box.exterior])
    cells = shapely.get_parts(shapely.polygonize([shapely.node(cuts)]))
    inside = {"BE": (5.3, 50.6), "NL": (5.85, 50.9), "DE": (6.5, 50.8)}
    polygons = [next(c for c in cells if c.contains(shapely.Point(at))) for at in inside.values()]
    return gpd.GeoDataFrame({"country": list(inside)}, geometry=polygons, crs=4326)


def _maps(data: Path, countries: gpd.GeoDataFrame) -> None:
    data.mkdir()
    countries.to_file(data / "borders.gpkg", layer="countries")
    pairs = pd.DataFrame({"pair": list(LINES)})
    pairs[["first", "second"]] = pairs["pair"].str.split("-", expand=True)
    lines = [shapely.LineString(xy) for xy in LINES.values()]
    gpd.GeoDataFrame(pairs, geometry=lines, crs=4326).to_file(data / "borders.gpkg", layer="borders")
    nowhere = gpd.GeoDataFrame(
        {"pair": ["BE-DE"], "name": ["a street"]}, geometry=[shapely.MultiPolygon()], crs=4326
    )
    nowhere.to_file(data / "borders.gpkg", layer="shared")
    roads = pd.DataFrame(
        {
            "ref": ["E25", "E40"],
            "name": ["Liège-Maastricht", "Liège-Aachen"],
            "country": ["BE", "BE"],
            "source": ["osm", "hand"],
            "approximate": [False, True],
            "error_m": [10.0, 100.0],
        }
    )
    lines = [
        shapely.LineString([(5.6, 50.64), (5.67, 50.72), (5.70, 50.8), (5.7, 50.86)]),
        shapely.LineString([(5.6, 50.65), (5.85, 50.66), (6.0, 50.7), (6.1, 50.79)]),
    ]
    gpd.GeoDataFrame(roads, geometry=lines, crs=4326).to_file(data / "motorways.gpkg", layer="motorways")


def _light(year: int, countries: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Red, green, blue on the grid, and log2(G/R) of each cell by its country."""
    left, _, _, top = BOUNDS
    x = left + (np.arange(WIDTH) + 0.5) * RESOLUTION_M
    y = top - (np.arange(HEIGHT) + 0.5) * RESOLUTION_M
    xx, yy = np.meshgrid(x, y)
    to_map = Transformer.from_crs(4326, CRS, always_xy=True)
    red = np.full(xx.shape, 0.001)
    for lon, lat, population in TOWNS.values():
        east, north = to_map.transform(lon, lat)
        radius_m = 250 * np.sqrt(population / 1000)
        red += 0.6 * np.exp(-((xx - east) ** 2 + (yy - north) ** 2) / 2 / radius_m**2)
    tone = np.full(xx.shape, np.nan)
    for country, shape in countries.to_crs(CRS).set_index("country").geometry.items():
        tone[shapely.contains_xy(shape, xx, yy)] = TONE[year][country]
    speckle = np.random.default_rng(year).lognormal(0, 0.3, xx.shape)
    red = red * speckle
    return np.stack([red, red * 2**tone, red * 2 ** (1.5 * tone)]).clip(0, 1).astype("float32"), tone


def _photo(folder: Path, year: int, countries: gpd.GeoDataFrame) -> None:
    folder.mkdir()
    facts = PhotoFacts(
        id=folder.name,
        taken_at=datetime(year, 12, 8, 22, 13, tzinfo=UTC),
        width=1200,
        height=800,
        simulated=True,
        source="scene.jpg",
        linearisation="sRGB",
        camera="<i>Nikon</i> D3S",
        focal_length_mm=85.0,
    )
    (folder / "photo.json").write_text(facts.model_dump_json())
    true = _camera(0.0)
    solved = _camera(200.0)
    solution = {
        "accepted": True,
        "evidence": "jpeg",
        "method": "city light",
        "n_control_points": 8,
        "n_check_points": 2,
        "rmse_px": 0.9,
        "ce90_px": 1.4,
        "rmse_m": 95.0,
        "ce90_m": 150.0,
        "false_alarm_probability": 1e-4,
        "reason": "stands out from chance",
    }
    software = {"borderlight": "0.1.0", "numpy": np.__version__}
    camera = {
        **solved.to_dict(),
        "parameter_order": [],
        "covariance": [],
        "solution": solution,
        "software": software,
    }
    (folder / "camera.json").write_text(json.dumps(camera))
    (folder / "truth.json").write_text(
        json.dumps({"simulated": True, "camera": true.to_dict(), "motorways_lit_in": ["BE"]})
    )
    light, tone = _light(year, countries)
    _truth_lights(folder / "truth_lights.parquet", year, countries)
    _control(folder / "control.gpkg", solved, folder.name)
    Image.fromarray((light.clip(0, 1) ** 0.45 * 255).astype("uint8").transpose(1, 2, 0)).save(
        folder / "solve.png"
    )
    seen = np.zeros((3, facts.height, facts.width), np.float32)
    seen[:, 380:420, 580:620] = 0.4  # a light in the middle of the frame
    write_photo(Photo(seen, np.zeros(seen.shape[1:], bool)), folder / "photo.tif")
    signal_to_noise = light[0] / 0.004
    lit = np.where(signal_to_noise > 3, tone, np.nan)
    _raster(
        folder / "ortho.tif",
        {"red": light[0], "green": light[1], "blue": light[2], "saturated": 0 * light[0]},
    )
    _raster(
        folder / "geometry.tif",
        {
            "view_zenith_deg": 0 * tone + 20,
            "view_azimuth_deg": 0 * tone + 90,
            "ground_sample_distance_m": 0 * tone + 90,
            "position_sigma_m": 0 * tone + np.linspace(60, 400, WIDTH),
        },
    )
    _raster(
        folder / "tone.tif",
        {
            "log2_g_r": lit,
            "log2_b_g": lit / 2,
            "sigma_log2_g_r": 0 * lit + 0.1,
            "sigma_log2_b_g": 0 * lit + 0.1,
            "signal_to_noise": signal_to_noise,
        },
    )
    bands = {"red": light[0], "green": light[1], "blue": light[2], "sigma": 0 * light[0] + 0.004}
    _raster(folder / "light.tif", bands)
    _raster(folder / "lamps.tif", {"lamp_family": np.where(np.isfinite(lit), 8, 0)})


def _camera(shift_m: float) -> Camera:
    """A camera 400 km up that looks at Liège, or so many metres beside it."""
    position = to_ecef(7.5, 50.9, 400e3)
    rotation = look_at_rotation(position, to_ecef(5.9, 50.75) + np.array([0, shift_m, 0]), 10.0)
    return Camera(position, rotation, 7000.0, (599.5, 399.5), 1200, 800)


def _raster(file: Path, bands: dict[str, np.ndarray]) -> None:
    left, _, _, top = BOUNDS
    profile = {
        "driver": "GTiff",
        "width": WIDTH,
        "height": HEIGHT,
        "count": len(bands),
        "dtype": "float32",
        "crs": CRS,
        "transform": from_origin(left, top, RESOLUTION_M, RESOLUTION_M),
        "nodata": float("nan"),
    }
    with rasterio.open(file, "w", **profile) as target:
        for index, (name, values) in enumerate(bands.items(), start=1):
            target.write(values.astype("float32"), index)
            target.set_band_description(index, name)


def _truth_lights(file: Path, year: int, countries: gpd.GeoDataFrame) -> None:
    """Lamps evenly over the land, each of its country's tone."""
    random = np.random.default_rng(year)
    lon, lat = random.uniform(5.0, 6.9, 4000), random.uniform(50.25, 51.35, 4000)
    points = gpd.GeoDataFrame({"lon": lon, "lat": lat}, geometry=gpd.points_from_xy(lon, lat), crs=4326)
    lamps = points.sjoin(countries, predicate="within").drop(columns="index_right")
    lamps["r"] = 1.0
    lamps["g"] = 2.0 ** lamps["country"].map(TONE[year])
    lamps["b"] = lamps["g"] ** 2
    pd.DataFrame(lamps.drop(columns="geometry")).to_parquet(file)


def _control(file: Path, camera: Camera, photo: str) -> None:
    names = list(TOWNS)
    lon, lat, population = np.array(list(TOWNS.values())).T
    column, row = camera.project(lon, lat)
    used = ["fit"] * 6 + ["check"] * 2 + ["unmatched", "manual"]
    points = gpd.GeoDataFrame(
        {
            "name": names,
            "country": "BE",
            "population": population.astype(int),
            "used": used,
            "column_px": column,
            "row_px": row,
            "residual_column_px": 0.7,
            "residual_row_px": -0.6,
            "residual_px": 0.92,
            "residual_m": 90.0,
            "weight": 1.0,
            "photo": photo,
            "simulated": True,
        },
        geometry=gpd.points_from_xy(lon, lat),
        crs=4326,
    )
    points.to_file(file, layer="control_points")
    ends = camera.to_ground(column + 0.7, row - 0.6)
    lines = [
        shapely.LineString([a, b])
        for a, b in zip(zip(lon, lat, strict=True), zip(*ends, strict=True), strict=True)
    ]
    about = {"name": names, "used": used, "residual_m": 90.0, "photo": photo, "simulated": True}
    residuals = gpd.GeoDataFrame(about, geometry=lines, crs=4326)
    residuals.to_file(file, layer="residuals")
    edge = camera.to_ground([0, 1199, 1199, 0], [0, 0, 799, 799])
    frame = shapely.Polygon(np.stack(edge, -1))
    outline = gpd.GeoDataFrame({"photo": [photo], "simulated": True}, geometry=[frame], crs=4326)
    outline.to_file(file, layer="footprint")


def _tables(year: int, countries: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Zones, strips and contrasts of one photo, by the planted tones."""
    frame = shapely.box(*BOUNDS)
    land = countries.to_crs(CRS).set_index("country").geometry
    common = {
        "photo": f"simulated-{year}",
        "taken_at": f"{year}-12-08T22:13:00Z",
        "evidence": "jpeg",
        "simulated": True,
    }

    def light(country: str, shape: shapely.Geometry) -> dict[str, object]:
        tone = TONE[year][country]
        area = shape.area / 1e6
        return {
            **common,
            "area_km2": area,
            "lit_area_km2": 0.3 * area,
            "light_r": 0.05 * area,
            "light_g": 0.05 * area * 2**tone,
            "light_b": 0.02 * area,
            "tone_g_r": tone,
            "sigma_g_r": 0.02,
            "tone_b_g": tone / 2,
            "n_cells": int(area / 0.16),
            "masked_share": 0.03,
        }

    seen = land.intersection(frame)
    zones = [({"country": code, **light(str(code), shape)}, shape) for code, shape in seen.items()]
    strips, contrasts = [], []
    for pair, xy in LINES.items():
        line = gpd.GeoSeries([shapely.LineString(xy)], crs=4326).to_crs(CRS).iloc[0].intersection(frame)
        first, second = pair.split("-")
        for side in (first, second):
            for low, high in pairwise(BANDS_KM):
                band = line.buffer(1e3 * high).difference(line.buffer(1e3 * low))
                shape = band.intersection(land[side]).intersection(frame)
                more = {"pair": pair, "side": side, "band_from_km": low, "band_to_km": high}
                strips.append(({**light(side, shape), **more}, shape))
        contrast = TONE[year][second] - TONE[year][first]
        known = pair != "BE-DE" or year == 2012
        statement = f"The {second} side is greener than the {first} one by {contrast:.2f} in log2(G/R)."
        row = {
            **common,
            "pair": pair,
            "first": first,
            "second": second,
            "contrast_g_r": contrast if known else np.nan,
            "low95": contrast - 0.08 if known else np.nan,
            "high95": contrast + 0.07 if known else np.nan,
            "quantity": "all light",
            "n_blocks": 24,
            "n_cells": 3100,
            "contrast_km": 10.0,
            "border_km": line.length / 1e3,
            "statement": statement if known else "No contrast: too few lit cells <on> the German side.",
        }
        contrasts.append((row, line))
        if pair == "BE-DE":
            # Of typical towns the contrast is 0.1 smaller; the other borders have only that of all light.
            less = {name: row[name] - 0.1 for name in ("contrast_g_r", "low95", "high95")}
            contrasts.append(({**row, **less, "quantity": "towns"}, line))
    return {
        name: gpd.GeoDataFrame([row for row, _ in rows], geometry=[shape for _, shape in rows], crs=CRS)
        for name, rows in (("zones", zones), ("strips", strips), ("contrasts", contrasts))
    }
