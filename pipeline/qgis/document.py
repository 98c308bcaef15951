"""The document of a QGIS project: its layers, and the three lists in it that name each of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pyproj import CRS

from pipeline.deliver.palette import BACKGROUND
from pipeline.qgis.about import About
from pipeline.qgis.layers import Layer
from pipeline.qgis.qml import RasterStyle, VectorStyle
from pipeline.qgis.symbols import QGIS_VERSION
from pipeline.raster.grid import Grid

GEOMETRIES = {"Point": "Point", "LineString": "Line", "Polygon": "Polygon", "": "No geometry"}


@dataclass(frozen=True, eq=False)
class Raster:
    """A raster beside the project: the key and the kind of its layer, its title, its file, how it looks, what
    it says of itself, and its reference system if that is not the map's."""

    key: str
    kind: str
    title: str
    file: str
    style: RasterStyle
    about: About
    crs: str = ""


@dataclass(frozen=True)
class Entry:
    """A layer that the document holds: its id, its kind, whose it is (a photo, "all", two photos, or "" for
    what is common to all), the groups it stands in, and of a raster how many classes its legend has."""

    id: str
    kind: str
    owner: str
    path: tuple[str, ...]
    n_classes: int = 0


@dataclass(frozen=True, eq=False)
class Document:
    """A project in the making: the tree that a user sees, the layers themselves, and the order in which they
    are drawn. `geopackage` lies beside the project; vectors are on `grid`."""

    root: Element
    tree: Element
    maps: Element
    order: Element
    geopackage: str
    grid: Grid
    entries: list[Entry] = field(default_factory=list)
    _paths: dict[Element, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, title: str, geopackage: str, grid: Grid) -> "Document":
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

    def group(
        self, name: str, parent: Element | None = None, checked: bool = True, expanded: bool = False
    ) -> Element:
        """A new group at the end of another, by default of the tree."""
        within = self.tree if parent is None else parent
        element = SubElement(
            within, "layer-tree-group", name=name, checked=_checked(checked), expanded=str(int(expanded))
        )
        self._paths[element] = (*self._paths.get(within, ()), name)
        return element

    def add_vectors(self, group: Element, layers: Iterable[Layer], owner: str = "") -> None:
        """Tables of the GeoPackage, top first."""
        for layer in layers:
            kind = layer.geometry
            wkb = {"": "NoGeometry", "Point": kind}.get(kind, f"Multi{kind}")
            element = _maplayer(
                {"type": "vector", "geometry": GEOMETRIES[kind], "wkbType": wkb},
                f"layer_of_{layer.table}",
                layer.title,
                f"./{self.geopackage}|layername={layer.table}",
                "ogr",
                self.grid.crs if kind else "",
                layer.style,
                layer.about,
            )
            self._add(group, element, layer.visible, layer.kind, owner)

    def add_raster(self, group: Element, raster: Raster, visible: bool, owner: str) -> None:
        """A raster that lies beside the project."""
        key, source, crs = f"layer_of_{raster.key}", f"./{raster.file}", raster.crs or self.grid.crs
        element = _maplayer(
            {"type": "raster"}, key, raster.title, source, "gdal", crs, raster.style, raster.about
        )
        self._add(group, element, visible, raster.kind, owner)

    def add_themes(self, themes: dict[str, Sequence[Entry]]) -> None:
        """Sets of layers that a user switches to by name."""
        presets = SubElement(self.root, "visibility-presets")
        for name, entries in themes.items():
            preset = SubElement(presets, "visibility-preset", {"name": name, "has-checked-group-info": "1"})
            for entry in entries:
                SubElement(preset, "layer", id=entry.id, visible="1", expanded="1")
            nodes = SubElement(preset, "checked-group-nodes")
            paths = (entry.path[:end] for entry in entries for end in range(1, len(entry.path) + 1))
            for path in dict.fromkeys(paths):
                SubElement(nodes, "checked-group-node", id="/".join(path))

    def say(self, abstract: str, licence: str) -> None:
        """What the project says of itself."""
        metadata = SubElement(self.root, "projectMetadata")
        for tag, text in (
            ("title", self.root.findtext("title")),
            ("abstract", abstract),
            ("license", licence),
        ):
            SubElement(metadata, tag).text = text

    def go_through_time(self, taken_at: Collection[str]) -> None:
        """Let QGIS's temporal controller run over the photos, by their times as ISO 8601, year by year."""
        if not taken_at:
            return
        step = {"timeStep": "1", "timeStepUnit": "y", "frameRate": "1", "cumulativeTemporalRange": "0"}
        settings = SubElement(self.root, "ProjectTimeSettings", step)
        span = SubElement(settings, "TemporalRange")
        for end, time in (("start", min(taken_at)), ("end", max(taken_at))):
            SubElement(span, end).text = time

    def _add(self, group: Element, layer: Element, visible: bool, kind: str, owner: str) -> None:
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
        n_classes = len([*layer.iter("item"), *layer.iter("paletteEntry")])
        self.entries.append(Entry(key, kind, owner, self._paths.get(group, ()), n_classes))


def _checked(visible: bool) -> str:
    return "Qt::Checked" if visible else "Qt::Unchecked"


def _maplayer(
    attributes: dict[str, str],
    key: str,
    title: str,
    source: str,
    provider: str,
    crs: str,
    style: VectorStyle | RasterStyle,
    about: About,
) -> Element:
    # QGIS replaces an id of ten characters or fewer by a random one, hence "layer_of_".
    element = Element("maplayer", {**attributes, **style.attributes})
    for tag, text in (("id", key), ("datasource", source), ("layername", title), ("provider", provider)):
        SubElement(element, tag).text = text
    if crs:
        SubElement(element, "srs").append(_reference_system(crs))
    element.extend(about.elements())
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
