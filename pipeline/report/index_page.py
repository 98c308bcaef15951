"""The page of all results: every city and region on one map and in one table, with answers and states."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import geopandas as gpd
import shapely
from markupsafe import Markup

from pipeline.deliver import palette
from pipeline.report.explorer import policy
from pipeline.report.page import environment, style_sheet
from pipeline.report.summary import Place, Summary

MAP_PX = 720.0
MARGIN = 0.08  # of the map beyond what is shown, as a share of it
LEAST_DEG = 3.0  # a map smaller than this shows no coast and no border to know it by
# Borders simpler than this, degrees, look the same on a map of that size.
SIMPLE_DEG = 0.01


@dataclass(frozen=True)
class Frame:
    """The part of the Earth that the map shows, degrees; plate carrée, true to scale in its middle."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, places: Sequence[Place]) -> "Frame":
        """With a margin around places, and never smaller than LEAST_DEG."""
        lon, lat = ([place[k] for place in places] for k in (0, 1))
        middle = (min(lon) + max(lon)) / 2, (min(lat) + max(lat)) / 2
        half = [max(LEAST_DEG / 2, (max(v) - min(v)) / 2 * (1 + 2 * MARGIN)) for v in (lon, lat)]
        return cls(middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1])

    @property
    def height_px(self) -> float:
        """Of the map, whose width is MAP_PX."""
        return self.north_px(self.south)

    def east_px(self, lon: float) -> float:
        """From the left."""
        return (lon - self.west) / (self.east - self.west) * MAP_PX

    def north_px(self, lat: float) -> float:
        """From the top; a degree north is longer than one east."""
        stretch = 1 / math.cos(math.radians((self.south + self.north) / 2))
        return (self.north - lat) / (self.east - self.west) * MAP_PX * stretch

    def path(self, ring: Sequence[Place]) -> str:
        """A ring of places, as SVG draws it."""
        points = " ".join(f"{self.east_px(x):.1f},{self.north_px(y):.1f}" for x, y in ring)
        return f"M{points}Z"


def index_html(summaries: Sequence[Summary], countries: gpd.GeoDataFrame) -> str:
    """The page as HTML; every text is escaped. `countries` are areas in degrees."""
    return (
        environment()
        .get_template("index.html")
        .render(
            summaries=summaries,
            map=_map(summaries, countries),
            n_photos=len({shown.photo for summary in summaries for shown in summary.photos}),
            n_simulated=sum(summary.simulated for summary in summaries),
            style=style_sheet("index.css"),
            policy=policy(),
        )
    )


def _map(summaries: Sequence[Summary], countries: gpd.GeoDataFrame) -> Markup:
    """Frames of all photos over the countries, each a link to its report; nothing without a frame."""
    places = [place for summary in summaries for ring in summary.outlines for place in ring]
    if not places:
        return Markup("")
    frame = Frame.around(places)
    shown = countries.clip(shapely.box(frame.west, frame.south, frame.east, frame.north))
    lands = [frame.path(ring) for shape in shown.geometry.simplify(SIMPLE_DEG) for ring in _rings(shape)]
    parts = [f'<path d="{path}" fill="{palette.LAND}" stroke="{palette.MUTED}"/>' for path in lands]
    for summary in summaries:
        parts += _frames_of(summary, frame)
    size = f"0 0 {MAP_PX:.0f} {frame.height_px:.0f}"
    return Markup(
        f'<svg viewBox="{size}" role="img" aria-label="Where the photos look">{"".join(parts)}</svg>'
    )


def _rings(shape: shapely.Geometry) -> list[list[Place]]:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return [[(x, y) for x, y in part.exterior.coords] for part in parts]


def _frames_of(summary: Summary, frame: Frame) -> list[str]:
    """The frames of a city or region and, in their middle, its name."""
    if not summary.outlines:
        return []
    colour = palette.SODIUM if summary.kind == "city" else palette.TEAL
    paths = "".join(
        f'<path d="{frame.path(ring)}" fill="{colour}" fill-opacity=".07" stroke="{colour}"/>'
        for ring in summary.outlines
    )
    middle = shapely.union_all([shapely.Polygon(ring) for ring in summary.outlines]).centroid
    x, y, title = frame.east_px(middle.x), frame.north_px(middle.y), escape(summary.title)
    return [
        f'<a href="#{escape(summary.name)}">{paths}'
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle">{title}</text></a>'
    ]
