"""All that is laid on a map: the grid, its tiles, bands by name, and COGs.

Takes: cameras and a place for a grid; arrays that are computed tile by tile.
Gives: `Grid`, `Tile`, `Lattice`, arrays read tile by tile, and COGs written whole or not at all.
Files: `read_raster` gives a raster as a labelled dataset, `read_tile` and `read_rows` arrays of it;
`write_cogs` writes.
"""
