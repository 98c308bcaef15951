"""Where a photograph looks: search, adjust, accept, and how accurate it is.

Takes: a `Photo`, the `Prior` of its camera, cities or other reference light, control points.
Gives: a `Solution`: the camera with its covariance, the control points, and the reasons to believe it or not.
Files: `read_control_text` (control points by hand).
Tuned by `SolverSettings` (settings.py); accepted by `decide` within `AcceptanceSettings` (accept.py).
"""
