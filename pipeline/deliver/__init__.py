"""What is handed over: the city's results read back, its GeoPackage, and where everything came from.

Takes: what the earlier steps left in a city's folder.
Gives: `CityResults`, `RegionResults`, the GeoPackage, CSV with the data dictionary, STAC, sources with
licences, and for simulated photos the true error.
Files: `read_city`, `read_photo` and `read_region` read the results by `read_table` and `read_layer`,
`read_has_tone` where a photo has a tone; `write_geopackage`, `write_tables`, `write_excel`, `write_stac` and
`write_contrasts` write.
"""
