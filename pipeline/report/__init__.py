"""The report: one HTML file that answers the questions, with maps, charts and tables inside.

Takes: `CityResults`.
Gives: the page, its pictures, and `solve.png`, on which a person sees whether the photo was placed right.
Files: the page reads its templates and each photo's `solve.png`, `maps` the rasters that it draws; nothing is
measured here.
"""
