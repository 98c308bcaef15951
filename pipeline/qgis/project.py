"""The QGIS project of a city or a region: text that QGIS 3.22 and later open, all paths relative."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pyproj import CRS

from pipeline.deliver.palette import BACKGROUND
from pipeline.deliver.region import RegionResults
from pipeline.deliver.results import CityResults, PairResults, PhotoResults
from pipeline.qgis.layers import (
    Layer,
    common_layers,
    pair_layers,
    photo_layers,
    pooled_layers,
    region_layers,
)
from pipeline.qgis.qml import RasterStyle, VectorStyle
from pipeline.qgis.raster_styles import light_change, rasters, tone_change
from pipeline.qgis.symbols import QGIS_VERSION
from pipeline.raster.bands import change_band
from pipeline.raster.grid import Grid

# A fixed date inside the archive makes equal runs equal files.
ZIP_DATE = (2000, 1, 1, 0, 0, 0)
RASTER_TITLES = {
    "ortho": "Light (red, green, blue)",
    "tone": "Tone log2(G/R)",
    "lamps": "Lamps",
    "geometry": "Position uncertainty (1 sigma)",
}
RASTER_VISIBLE = {"ortho"}


def project(city: CityResults, geopackage: str, change: str | None = None) -> bytes:
    """The .qgz; `geopackage`, the raster of `change` (names) and the photos' folders lie beside it."""
    return _zipped(city.name, project_xml(city, geopackage, change))


def region_project(region: RegionResults, geopackage: str) -> bytes:
    """The .qgz of a region, beside its `geopackage` (name)."""
    contents = _Contents.of(region.title, geopackage, region.grid)
    contents.add_vectors(contents.tree, region_layers(region))
    return _zipped(region.name, contents.text())


def _zipped(name: str, text: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{name}.qgs", ZIP_DATE), text, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def project_xml(city: CityResults, geopackage: str, change: str | None = None) -> str:
    """The text of the .qgs inside the .qgz."""
    contents = _Contents.of(city.title, geopackage, city.grid)
    contents.add_vectors(contents.tree, common_layers(city))
    pooled = pooled_layers(city.pooled)
    if pooled:
        contents.add_vectors(_group(contents.tree, city.pooled.title, expanded=True), pooled)
    for index, photo in enumerate(city.photos):
        contents.add_photo(photo, first=index == 0, hidden={"contrasts"} if pooled else set())
    bands = [change_band(what, pair.before, pair.after) for pair in city.pairs for what in ("light", "tone")]
    for pair in city.pairs:
        contents.add_pair(pair, change, bands)
    return contents.text()


@dataclass(frozen=True, eq=False)
class _Contents:
    """The document of a project, and the three lists in it that name each layer: the tree a user sees, the
    layers themselves, and the order in which they are drawn. `geopackage` lies beside the project; all layers
    are on `grid`."""

    root: Element
    tree: Element
    maps: Element
    order: Element
    geopackage: str
    grid: Grid

    @classmethod
    def of(cls, title: str, geopackage: str, grid: Grid) -> "_Contents":
        """A project without layers."""
        root = Element("qgis", projectname=title, version=QGIS_VERSION)
        SubElement(root, "title").text = title
        SubElement(root, "projectCrs").append(_reference_system(grid.crs))
        tree, maps, order = (
            SubElement(root, name) for name in ("layer-tree-group", "projectlayers", "layerorder")
        )
        return cls(root, tree, maps, order, geopackage, grid)

    def text(self) -> str:
        """The whole document, once all layers are in it."""
        _canvas(self.root, self.grid)
        _properties(self.root)
        indent(self.root)
        head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        return head + tostring(self.root, encoding="unicode")

    def add_photo(self, photo: PhotoResults, first: bool, hidden: set[str]) -> None:
        """A photo's group. One date at a time: a photo on top would hide the light of those below. `hidden`:
        kinds of layer that are switched off because those of all photos lie on the same lines."""
        group = _group(self.tree, photo.title, checked=first, expanded=first)
        for name, layers in groupby(photo_layers(photo), lambda layer: layer.group):
            off = {f"{kind}_{photo.name}" for kind in hidden}
            shown = (replace(layer, visible=layer.visible and layer.table not in off) for layer in layers)
            self.add_vectors(_group(group, name), shown)
        for kind, style in rasters(photo.facts.evidence).items():
            file = f"{photo.name}/{kind}.tif"
            layer = _raster(f"{kind}_{photo.name}", RASTER_TITLES[kind], file, style, self.grid)
            self._add(group, layer, kind in RASTER_VISIBLE)

    def add_pair(self, pair: PairResults, change: str | None, bands: list[str]) -> None:
        """The group of two photos: what changed between them, and theirs of the `bands` of the raster
        `change`, which the step change writes pair by pair."""
        vectors = pair_layers(pair)
        if not vectors and change is None:
            return
        group = _group(self.tree, pair.title, checked=False)
        self.add_vectors(group, vectors)
        if change is None:
            return
        for what, styled in (("Tone", tone_change), ("Light", light_change)):
            style = styled(1 + bands.index(change_band(what.lower(), pair.before, pair.after)))
            key = f"{what.lower()}_change_{pair.before}_{pair.after}"
            layer = _raster(key, f"{what}, later minus earlier", change, style, self.grid)
            self._add(group, layer, visible=what == "Light")

    def add_vectors(self, group: Element, layers: Iterable[Layer]) -> None:
        """Tables of the GeoPackage, top first."""
        for layer in layers:
            self._add(group, _vector(layer, self.geopackage, self.grid), layer.visible)

    def _add(self, group: Element, layer: Element, visible: bool) -> None:
        """One layer in all three lists."""
        self.maps.append(layer)
        key, title, source, provider = (
            layer.findtext(tag) or "" for tag in ("id", "layername", "datasource", "provider")
        )
        SubElement(
            group,
            "layer-tree-layer",
            {"id": key, "name": title, "source": source, "providerKey": provider},
            checked=_checked(visible),
            expanded="0",
        )
        SubElement(self.order, "layer", id=key)


def _group(parent: Element, name: str, checked: bool = True, expanded: bool = False) -> Element:
    return SubElement(
        parent, "layer-tree-group", name=name, checked=_checked(checked), expanded=str(int(expanded))
    )


def _checked(visible: bool) -> str:
    return "Qt::Checked" if visible else "Qt::Unchecked"


def _vector(layer: Layer, geopackage: str, grid: Grid) -> Element:
    kind = layer.geometry
    geometry = {"Point": "Point", "LineString": "Line", "Polygon": "Polygon"}[kind]
    return _maplayer(
        {"type": "vector", "geometry": geometry, "wkbType": kind if kind == "Point" else f"Multi{kind}"},
        key=f"layer_of_{layer.table}",
        title=layer.title,
        source=f"./{geopackage}|layername={layer.table}",
        provider="ogr",
        crs=grid.crs,
        style=layer.style,
    )


def _raster(key: str, title: str, file: str, style: RasterStyle, grid: Grid) -> Element:
    return _maplayer(
        {"type": "raster"},
        key=f"layer_of_{key}",
        title=title,
        source=f"./{file}",
        provider="gdal",
        crs=grid.crs,
        style=style,
    )


def _maplayer(
    attributes: dict[str, str],
    key: str,
    title: str,
    source: str,
    provider: str,
    crs: str,
    style: VectorStyle | RasterStyle,
) -> Element:
    # QGIS replaces an id of ten characters or fewer by a random one, hence "layer_of_".
    element = Element("maplayer", {**attributes, **style.attributes})
    for tag, text in (("id", key), ("datasource", source), ("layername", title), ("provider", provider)):
        SubElement(element, tag).text = text
    SubElement(element, "srs").append(_reference_system(crs))
    element.extend(style.elements())
    return element


def _reference_system(name: str) -> Element:
    crs = CRS.from_user_input(name)
    element = Element("spatialrefsys")
    authority = crs.to_authority()
    SubElement(element, "wkt").text = crs.to_wkt()
    SubElement(element, "authid").text = ":".join(authority) if authority else ""
    SubElement(element, "description").text = crs.name
    return element


def _canvas(root: Element, grid: Grid) -> None:
    """The first view and the home view: the whole grid."""
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), (f"{v:.12g}" for v in grid.bounds), strict=True))
    canvas = SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    SubElement(canvas, "units").text = "meters"
    extent = SubElement(canvas, "extent")
    for side, value in sides.items():
        SubElement(extent, side).text = value
    SubElement(SubElement(canvas, "destinationsrs"), "spatialrefsys").extend(_reference_system(grid.crs))
    home = SubElement(SubElement(root, "ProjectViewSettings"), "DefaultViewExtent", sides)
    home.append(_reference_system(grid.crs))


def _properties(root: Element) -> None:
    """Relative paths, a dark canvas, distances on the ellipsoid in metres."""
    properties = SubElement(root, "properties")
    SubElement(SubElement(properties, "Paths"), "Absolute", type="bool").text = "false"
    gui = SubElement(properties, "Gui")
    for index, band in enumerate(("Red", "Green", "Blue")):
        value = int(BACKGROUND[1 + 2 * index : 3 + 2 * index], 16)
        SubElement(gui, f"CanvasColor{band}Part", type="int").text = str(value)
    SubElement(SubElement(properties, "SpatialRefSys"), "ProjectionsEnabled", type="int").text = "1"
    measure = SubElement(properties, "Measurement")
    SubElement(measure, "DistanceUnits", type="QString").text = "meters"
    SubElement(SubElement(properties, "Measure"), "Ellipsoid", type="QString").text = "EPSG:7030"
