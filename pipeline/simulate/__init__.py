"""A night photograph with known truth: light on the ground, a hidden camera, clouds, sky and noise.

Takes: a seed, a year, a lens and a place.
Gives: the picture, the facts a catalogue would tell, and the truth. The demo and the tests stand on it.
"""
