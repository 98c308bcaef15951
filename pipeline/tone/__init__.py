"""Tone: log2(G/R) and log2(B/G) of light above the background, and which lamps it can come from.

Takes: light on the grid, the evidence level of its photo, lamp spectra and camera responses.
Gives: background and noise, ratios with their sigma, lamp families, indices, and what may not be said.
"""
