"""The report: one HTML file that answers the questions, with a map to explore, charts and tables inside.

Takes: `CityResults`.
Gives: the page, its pictures, and `solve.png`, on which a person sees whether the photo was placed right.
Files: the page reads its templates and each photo's `solve.png`, `maps` and `explorer_images` the rasters
that they draw, `explorer` the file of Leaflet, `links` which files lie beside the page; nothing is measured
here.
"""
