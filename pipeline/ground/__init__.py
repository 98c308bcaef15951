"""What is known of the ground: cities, countries, regions, roads, heights and lighting events.

Takes: the maps and tables of `data/` and those that users name.
Gives: cities with population, countries with their borders and names, regions, motorways, terrain, policies.
Files: `read_cities`, `read_countries`, `read_regions`, `read_motorways`, `read_streets`, `read_night_light`,
`read_problem`, `read_relief_m`, `read_events`, `read_terrain`, `read_geoid`, and `read_map` and `read_layer`,
on which they stand.
"""
