"""All that is laid on a map: the grid, its tiles, rasters as labelled datasets, COGs, and who works them out.

Takes: cameras and a place for a grid; arrays that are computed tile by tile.
Gives: `Grid`, `Tile`, `Lattice`, labelled datasets, sums over strips, COGs written whole or not at all, and
`Workers`: threads of this process, or those of a dask scheduler.
Files: `read_raster` gives a raster as a lazy labelled dataset, `read_bands` and `read_overview` arrays of
bands by their names; `write_cogs` writes. `open_given` opens what users give.
"""
