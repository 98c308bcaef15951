"""How results look in QGIS 3.22 and later: symbols, styles, layers and the project.

Takes: `CityResults`.
Gives: QML texts, the layers of the GeoPackage with their default styles, the project as a `.qgz`.
How a layer looks stands in `<subject>_styles`; `symbols`, `renderers`, `labels` and `colour_classes` are what
styles are made of.
"""
