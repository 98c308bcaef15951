"""All that goes on a network: NASA's photographs and OpenStreetMap, through one client.

Takes: a photo's id, or a place and a radius.
Gives: files fetched whole or not at all, where the photo store keeps them, and motorways as lines.
"""
