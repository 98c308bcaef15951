"""The XML with which QGIS describes labels."""

from xml.etree.ElementTree import Element, SubElement

from pipeline.qgis.symbols import data_defined, rgba

# By where a label stands: the number of QgsPalLayerSettings::Placement (ordered positions 6, curved 3,
# horizontal 4) and the kind of layer.
PLACEMENTS = {
    "around": (6, "PointGeometry"),
    "along": (3, "LineGeometry"),
    "inside": (4, "PolygonGeometry"),
}


def labels(
    expression: str,
    colour: str,
    halo: str,
    size_pt: float,
    placement: str,
    priority: str = "",
    spacing_pt: float = 0.0,
    opacity: float = 1.0,
) -> Element:
    """Labels with a halo: `around` a point, `along` a line smoothed to the scale, or `inside` an area.

    `priority` is an expression from 0 to 10; the higher one wins where labels collide.
    """
    element = Element("labeling", type="simple")
    settings = SubElement(element, "settings", calloutType="simple")
    style = SubElement(
        settings,
        "text-style",
        fieldName=expression,
        isExpression="1",
        textColor=rgba(colour),
        textOpacity=str(opacity),
        fontSize=str(size_pt),
        fontSizeUnit="Point",
        fontLetterSpacing=str(spacing_pt),
        fontWeight="50",
    )
    style.append(_halo(halo))
    settings.append(_placement(placement))
    SubElement(
        settings, "rendering", obstacle="1", obstacleFactor="0.3", drawLabels="1", fontMinPixelSize="3"
    )
    if priority:
        settings.append(data_defined("dd_properties", "Priority", priority))
    return element


def _halo(colour: str) -> Element:
    return Element(
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.6",
        bufferSizeUnits="MM",
        bufferColor=rgba(colour),
        bufferOpacity="0.85",
        bufferJoinStyle="128",
        bufferNoFill="1",
    )


def _placement(placement: str) -> Element:
    code, kind = PLACEMENTS[placement]
    return Element(
        "placement",
        placement=str(code),
        layerType=kind,
        dist="1.5",
        distUnits="MM",
        priority="5",
        placementFlags="10",
        polygonPlacementFlags="2",
        predefinedPositionOrder="TR,TL,BR,BL,R,L,TSR,BSR",
        geometryGeneratorEnabled="1" if placement == "along" else "0",
        geometryGenerator="simplify($geometry, @map_scale / 100)",
        geometryGeneratorType="LineGeometry",
    )
