"""Motorways: where they are lit, where their light ends, and what that says of the border they cross.

Takes: light on the grid, motorways as lines, countries and regions.
Gives: lit and dark stretches by chainage from the border, the end of light with its interval, as tables.
"""
