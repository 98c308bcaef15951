"""Borders: how light and tone differ between their sides, and how that changed between dates.

Takes: light and tone on the grid, the photo's camera, countries, cities.
Gives: tables of zones, strips, towns, contrasts with intervals and placebo p, profiles and changes; light by
squares of ground, by which photos are pooled.
Files: `read_light_squares`.
"""
