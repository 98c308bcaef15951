"""All that goes on a network: NASA's photographs and night light, OpenStreetMap, heights; by one client.

Takes: a photo's id, or a place and a radius.
Gives: files fetched whole or not at all, where the photo store keeps them; motorways, streets, night light
and heights around a place, whose pieces are kept in the store.
"""
