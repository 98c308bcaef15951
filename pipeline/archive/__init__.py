"""All that goes on a network: NASA's photographs and OpenStreetMap, through one client.

Takes: a photo's id, or a place and a radius.
Gives: files fetched whole or not at all, and where the photo store keeps them.
"""
