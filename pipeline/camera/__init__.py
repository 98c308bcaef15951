"""The Earth and the camera: where a ground point is seen, and which ground a pixel sees.

Takes: a pose, a lens, places in degrees or ECEF metres, orbit element sets as text.
Gives: `Camera` (projection both ways) with its `Lens`, the `footprint` of a frame, `Terrain`, the orbit's
`State`, the `Prior` of a photo, and how errors of the camera move the ground. Nothing is read here.
"""
