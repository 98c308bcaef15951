"""All that is laid on a map: the grid, its tiles, bands by name, and COGs.

Takes: cameras and a place for a grid; arrays that are computed tile by tile.
Gives: `Grid`, `Tile`, `Lattice`, arrays read tile by tile, and COGs written whole or not at all.
Files: `read_tile` and `read_rows` read rasters of the pipeline, `write_cogs` writes them.
"""
