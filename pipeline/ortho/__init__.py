"""Orthorectification: from the photo to the map, by one exact inverse mapping and one resampling.

Takes: a `Photo`, its `Camera`, a `Grid`, a `Terrain`.
Gives: light and viewing geometry on the grid, computed tile by tile; any tiling gives the same numbers.
"""
