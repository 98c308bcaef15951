"""The one room where tests and benchmarks make what they look at: scenes of known truth.

Each file makes scenes of one kind; none is made in two places, and no test imports a benchmark. The benchmark
of the georeference keeps the table of its cases and their cache to itself, and makes their pictures by the
simulator.

Photographs
    frames          photo, prior and true camera: simulated, rendered or real; what was planted; errors
    pictures        small pictures of known content and their JPEGs
    dng             camera raw files, written tag by tag
    raw_cameras     colour matrices and lamps as published
    cameras         cameras and photos for the tests of the map
    on_map          a photo of known camera through the steps from the grid to the tone

Maps of light
    skies           towns of one tone on a background, with noise
    tone_maps       towns of lamps in four countries of planted tone, as raw light or as a JPEG
    lands           countries of straight borders, small enough to reckon by hand
    border_towns    two countries of towns beside a border, with a planted contrast
    changed_towns   the same towns twice, with a planted change
    motorway_light  a motorway whose light ends where it was planted

Results
    city            a whole results folder, written without a solve; its tables are in city_borders
    delivery        that folder delivered, once for all tests
    rows            rows of tables that speak clearly for a claim
"""
