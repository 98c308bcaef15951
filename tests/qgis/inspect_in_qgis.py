"""Run by the system's Python, which has QGIS: opens a project and the files beside it, and tells what it saw.

    QT_QPA_PLATFORM=offscreen /usr/bin/python3 inspect_in_qgis.py project.qgz picture.png [views] [pages]

Prints one JSON object, and draws the project as it opens; then each of the views, which are lists of a
picture to write, the name of the one group that is switched on in it, and of the one layer of that group;
then, if "pages" is said, each theme and each layout, as theme_<number>.png and layout_<number>.png.
"""

import json
import sys
from pathlib import Path

from PyQt5.QtCore import QDateTime, QSize, Qt
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsDateTimeRange,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsLayerTreeModel,
    QgsLayoutExporter,
    QgsLayoutItem,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRenderContext,
    QgsVectorLayer,
    QgsVectorLayerTemporalContext,
)

LAYOUT_DPI = 60
THEME_PX = 800, 650


def renderer(layer):
    """What a layer is drawn with: type, colours and labels."""
    one = layer.renderer()
    if one is None:
        return {"type": "table"}
    if isinstance(layer, QgsRasterLayer):
        told = {"type": one.type(), "gamma": layer.brightnessFilter().gamma()}
        if one.type() == "multibandcolor":
            stretch = one.redContrastEnhancement()
            return {**told, "limits": [stretch.minimumValue(), stretch.maximumValue()]}
        if one.type() == "paletted":
            classes = [[int(one.value), one.color.name(), one.label] for one in one.classes()]
            return {**told, "classes": classes}
        ramp = one.shader().rasterShaderFunction()
        items = [[item.value, item.color.name(), item.label] for item in ramp.colorRampItemList()]
        return {
            **told,
            "band": one.band(),
            "limits": [ramp.minimumValue(), ramp.maximumValue()],
            "items": items,
        }
    symbols = [s.symbolLayer(s.symbolLayerCount() - 1) for s in one.symbols(QgsRenderContext())]
    return {
        "type": one.type(),
        "colours": [s.color().name() if s.color().alpha() else s.strokeColor().name() for s in symbols],
        "labels": layer.labelsEnabled(),
    }


def draw(project, picture, size=(1600, 1300)):
    """What is switched on, into a file; what went wrong."""
    settings = QgsMapSettings()
    tree = project.layerTreeRoot()
    settings.setLayers([leaf.layer() for leaf in tree.findLayers() if leaf.isVisible()])
    settings.setBackgroundColor(project.backgroundColor())
    settings.setDestinationCrs(project.crs())
    settings.setOutputSize(QSize(*size))
    settings.setOutputDpi(120)
    settings.setExtent(project.viewSettings().defaultViewExtent())
    context = project.createExpressionContext()
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)
    settings.setTransformContext(QgsCoordinateTransformContext())
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(picture, "PNG")
    return [f"{error.layerID}: {error.message}" for error in job.errors()]


def told_of_fields(layer):
    """What a user sees of the fields, their values, the form and a feature."""
    fields = layer.fields()
    feature = next(layer.getFeatures(), None)
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    if feature is not None:
        context.setFeature(feature)
    form = layer.editFormConfig()
    maps = {f.name(): f.editorWidgetSetup() for f in fields if f.editorWidgetSetup().type() == "ValueMap"}
    return {
        "aliases": {f.name(): f.alias() for f in fields if f.name() != "fid"},
        "codes": {
            name: {code: word for entry in setup.config()["map"] for word, code in entry.items()}
            for name, setup in maps.items()
        },
        "tip": QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context) if feature else "",
        "tabs": {tab.name(): [child.name() for child in tab.children()] for tab in form.tabs()},
    }


def told_of_itself(layer):
    return {
        "abstract": layer.metadata().abstract(),
        "attribution": layer.attribution(),
        "licences": layer.metadata().licenses(),
        "temporal": layer.temporalProperties().isActive(),
    }


def at_times(layer):
    """How many features a layer over time shows in each year it has."""
    times = sorted({f["taken_at"].toString(Qt.ISODate) for f in layer.getFeatures()})
    counts = {}
    for time in times:
        year = int(time[:4])
        begin, end = (QDateTime.fromString(f"{y}-01-01T00:00:00Z", Qt.ISODate) for y in (year, year + 1))
        context = QgsVectorLayerTemporalContext()
        context.setLayer(layer)
        only = layer.temporalProperties().createFilterString(
            context, QgsDateTimeRange(begin, end, True, False)
        )
        counts[time] = [only != "", len(list(layer.getFeatures(only)))]
    return counts


def centre(layer):
    """Longitude and latitude of the middle of a raster."""
    to_degrees = QgsCoordinateTransform(
        layer.crs(), QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateTransformContext()
    )
    point = to_degrees.transform(layer.extent().center())
    return [point.x(), point.y()]


def layouts(project, picture, drawn):
    """What stands on each page, which is also `drawn`."""
    told = {}
    for number, layout in enumerate(project.layoutManager().printLayouts()):
        items = [item for item in layout.items() if isinstance(item, QgsLayoutItem)]
        settings = QgsLayoutExporter.ImageExportSettings()
        settings.dpi = LAYOUT_DPI
        file = str(Path(picture).with_name(f"layout_{number}.png"))
        done = QgsLayoutExporter(layout).exportToImage(file, settings) if drawn else None
        told[layout.name()] = {
            "drawn": done == QgsLayoutExporter.Success,
            "items": sorted(item.displayName() if item.id() == "" else item.id() for item in items),
            "texts": {item.id(): item.text() for item in items if isinstance(item, QgsLayoutItemLabel)},
            "legend": [
                leaf.layerId()
                for item in items
                if isinstance(item, QgsLayoutItemLegend)
                for leaf in item.model().rootGroup().findLayers()
            ],
            "north": [item.pictureRotation() for item in items if item.id() == "north"],
        }
    return told


def themes(project, picture, drawn):
    """The layers of each theme, which is also `drawn`."""
    told, collection = {}, project.mapThemeCollection()
    tree = project.layerTreeRoot()
    for number, name in enumerate(collection.mapThemes()):
        model = QgsLayerTreeModel(tree)
        collection.applyTheme(name, tree, model)
        told[name] = [leaf.layerId() for leaf in tree.findLayers() if leaf.isVisible()]
        if drawn:
            draw(project, str(Path(picture).with_name(f"theme_{number}.png")), THEME_PX)
    return told


def show_only(tree, group, layer):
    for branch in tree.findGroups():
        branch.setItemVisibilityChecked(branch.name() == group)
        for leaf in branch.findLayers():
            leaf.setItemVisibilityChecked(leaf.name() == layer)


def main(project_file, picture, views="[]", pages=""):
    application = QgsApplication([], False)
    application.initQgis()
    project = QgsProject.instance()
    said = []
    QgsApplication.messageLog().messageReceived.connect(
        lambda text, tag, level: said.append(f"{tag}: {text}") if level != Qgis.Info else None
    )
    opened = project.read(project_file)
    # `geopackage:<file>?projectName=<name>` is a project that lies in the file.
    project_file = project_file.removeprefix("geopackage:").split("?")[0]
    tree = project.layerTreeRoot()
    layers = project.mapLayers().values()
    told = {
        "opened": opened,
        "crs": project.crs().authid(),
        "title": project.title(),
        "relative": not project.readBoolEntry("Paths", "/Absolute", True)[0],
        "background": project.backgroundColor().name(),
        "home": [
            getattr(project.viewSettings().defaultViewExtent(), f"{axis}{end}imum")()
            for end in ("Min", "Max")
            for axis in ("x", "y")
        ],
        "groups": [branch.name() for branch in tree.findGroups()],
        "order": [layer.id() for layer in tree.layerOrder()],
        "visible": [leaf.layerId() for leaf in tree.findLayers() if leaf.isVisible()],
        "valid": {layer.id(): layer.isValid() for layer in layers},
        "crss": sorted({layer.crs().authid() for layer in layers}),
        "counts": {layer.id(): layer.featureCount() for layer in layers if isinstance(layer, QgsVectorLayer)},
        "project": {layer.id(): renderer(layer) for layer in layers if layer.isValid()},
    }
    folder = Path(project_file).parent
    alone = [
        QgsVectorLayer(
            f"{Path(project_file).with_suffix('.gpkg')}|layername={layer.id().removeprefix('layer_of_')}",
            layer.id(),
            "ogr",
        )
        for layer in layers
        if isinstance(layer, QgsVectorLayer)
    ]
    alone += [
        QgsRasterLayer(str(file), f"layer_of_{file.stem}_{file.parent.name}")
        for file in [*folder.glob("*/*.tif"), *folder.glob("*/*.vrt")]
        if file.with_suffix(".qml").exists()
    ]
    told["alone"] = {layer.name(): renderer(layer) for layer in alone if layer.isValid()}
    told["render_errors"] = draw(project, picture)
    for view, group, layer in json.loads(views):
        show_only(tree, group, layer)
        told["render_errors"] += draw(project, view)
    vectors = [layer for layer in layers if isinstance(layer, QgsVectorLayer)]
    told["fields"] = {layer.id(): told_of_fields(layer) for layer in vectors}
    told["itself"] = {layer.id(): told_of_itself(layer) for layer in layers}
    told["over_time"] = {
        layer.id(): at_times(layer) for layer in vectors if layer.id().endswith("_over_time")
    }
    told["centres"] = {layer.id(): centre(layer) for layer in layers if "_in_place_" in layer.id()}
    told["metadata"] = project.metadata().abstract()
    told["layouts"] = layouts(project, picture, bool(pages))
    told["themes"] = themes(project, picture, bool(pages))
    told["said"] = said
    print(json.dumps(told))


main(*sys.argv[1:])
