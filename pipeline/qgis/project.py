"""The QGIS project of a city or a region: text that QGIS 3.22 and later open, all paths relative."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import pandas as pd

from pipeline.deliver.region import RegionResults
from pipeline.deliver.results import CityResults, PairResults, PhotoResults
from pipeline.qgis.about import CC_BY, ODBL, about
from pipeline.qgis.document import Document, Raster
from pipeline.qgis.layers import (
    common_layers,
    of_pair,
    over_time_layers,
    pair_layers,
    photo_layers,
    pooled_layers,
    region_layers,
    table_layers,
)
from pipeline.qgis.layouts import add_layouts
from pipeline.qgis.questions import pages, themes
from pipeline.qgis.raster_styles import light_change, rasters, tone_change
from pipeline.raster.bands import change_band, marked

# A fixed date inside the archive makes equal runs equal files.
ZIP_DATE = (2000, 1, 1, 0, 0, 0)
RASTER_TITLES = {
    "ortho": "Light (red, green, blue)",
    "light": "Light above the background",
    "tone": "Tone log2(G/R)",
    "lamps": "Lamps",
    "geometry": "Position uncertainty (1 sigma)",
    "photo_in_place": "The photo in place, not resampled",
}
RASTER_VISIBLE = {"ortho"}
WITHOUT_RASTERS = (
    "Not in this file: the maps of light, tone, lamps and position, which lie beside it in its folder. "
    "The file keeps its name, {}, or QGIS does not find its layers."
)


def project(
    city: CityResults,
    geopackage: str,
    tables: Mapping[str, pd.DataFrame],
    change: str | None = None,
    with_rasters: bool = True,
) -> bytes:
    """The .qgz; `geopackage`, the raster of `change` (names) and the photos' folders lie beside it. `tables`
    are those without a map. One that lies in the GeoPackage itself goes `with_rasters` or says what it
    lacks."""
    return _zipped(city.name, project_xml(city, geopackage, tables, change, with_rasters))


def region_project(region: RegionResults, geopackage: str, tables: Mapping[str, pd.DataFrame]) -> bytes:
    """The .qgz of a region, beside its `geopackage` (name) or in it."""
    title = marked(region.title, region.simulated)
    document = Document.of(title, geopackage, region.grid)
    document.add_vectors(document.tree, region_layers(region))
    document.add_vectors(document.group("Tables"), table_layers(tables, region.origins))
    document.say(f"Night light across borders: {title}", f"{ODBL}; {CC_BY}")
    return _zipped(region.name, document.text())


def _zipped(name: str, text: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{name}.qgs", ZIP_DATE), text, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def project_xml(
    city: CityResults,
    geopackage: str,
    tables: Mapping[str, pd.DataFrame],
    change: str | None = None,
    with_rasters: bool = True,
) -> str:
    """The text of the .qgs inside the .qgz."""
    title = marked(city.title, city.simulated)
    document = Document.of(title, geopackage, city.grid)
    lacks = "" if with_rasters else WITHOUT_RASTERS.format(geopackage)
    if lacks:
        document.group(lacks)
    document.add_vectors(document.tree, common_layers(city))
    pooled = pooled_layers(city)
    if pooled:
        document.add_vectors(document.group(city.pooled.title, expanded=True), pooled, city.pooled.name)
    over_time = over_time_layers(city)
    if over_time:
        group = document.group("All photos over time", checked=False)
        document.add_vectors(group, over_time, "over time")
    for index, photo in enumerate(city.photos):
        hidden = {"contrasts"} if pooled else set()
        _add_photo(document, photo, first=index == 0, hidden=hidden, with_rasters=with_rasters)
    bands = [change_band(what, pair.before, pair.after) for pair in city.pairs for what in ("light", "tone")]
    for pair in city.pairs:
        _add_pair(document, pair, city, change if with_rasters else None, bands)
    document.add_vectors(document.group("Tables"), table_layers(tables, city.origins), "tables")
    shown = themes(city, document.entries)
    document.add_themes(dict(shown))
    add_layouts(document, pages(city, shown))
    document.say(f"Night light across borders: {title}. {lacks}".strip(), f"{ODBL}; {CC_BY}")
    document.go_through_time([_moment(photo) for photo in city.photos if photo.facts.taken_at])
    return document.text()


def _add_photo(
    document: Document, photo: PhotoResults, first: bool, hidden: set[str], with_rasters: bool
) -> None:
    """A photo's group. One date at a time: a photo on top would hide the light of those below. `hidden`:
    kinds of layer that are switched off because those of all photos lie on the same lines."""
    group = document.group(photo.title, checked=first, expanded=first)
    for name, layers in groupby(photo_layers(photo), lambda layer: layer.group):
        off = {f"{kind}_{photo.name}" for kind in hidden}
        shown = (replace(layer, visible=layer.visible and layer.table not in off) for layer in layers)
        document.add_vectors(document.group(name, group), shown, photo.name)
    if not with_rasters:
        return
    for kind, style in rasters(photo.facts.evidence, photo.sigma_stops).items():
        raster = Raster(
            f"{kind}_{photo.name}",
            kind,
            RASTER_TITLES[kind],
            f"{photo.name}/{photo.raster(kind).name}",
            replace(style, taken_at=_moment(photo)),
            about(kind, photo.origins),
            photo.in_place_crs if kind == "photo_in_place" else "",
        )
        document.add_raster(group, raster, kind in RASTER_VISIBLE, photo.name)


def _moment(photo: PhotoResults) -> str:
    """When it was taken, as QGIS writes it; nothing where that is unknown."""
    taken = photo.facts.taken_at
    return f"{taken:%Y-%m-%dT%H:%M:%SZ}" if taken else ""


def _add_pair(
    document: Document, pair: PairResults, city: CityResults, change: str | None, bands: Sequence[str]
) -> None:
    """The group of two photos of a city: what changed between them, and theirs of the `bands` of the raster
    `change`, which the step change writes pair by pair."""
    vectors = pair_layers(pair, city)
    if not vectors and change is None:
        return
    group, owner = document.group(pair.title, checked=False), f"{pair.before}_{pair.after}"
    document.add_vectors(group, vectors, owner)
    if change is None:
        return
    for what, styled in (("Tone", tone_change), ("Light", light_change)):
        style = styled(1 + bands.index(change_band(what.lower(), pair.before, pair.after)))
        kind, title = f"{what.lower()}_change", f"{what}, later minus earlier"
        of_both = about("change", of_pair(pair, city))
        raster = Raster(f"{kind}_{owner}", kind, title, change, style, of_both)
        document.add_raster(group, raster, what == "Light", owner)
