"""What is handed over: the city's results read back, its GeoPackage, and where everything came from.

Takes: what the earlier steps left in a city's folder.
Gives: `CityResults`, the GeoPackage, sources with licences, and for simulated photos the true error.
Files: `read_city` and `read_photo` read the results, `read_has_tone` where a photo has a tone;
`write_geopackage` writes.
"""
