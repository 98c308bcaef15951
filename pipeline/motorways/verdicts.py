"""What can be said of a motorway's light at a border."""

from typing import Literal

MotorwayVerdict = Literal[
    "ends at the national border",
    "ends at the regional border",
    "ends elsewhere",
    "lit up to the border",
    "lit on both sides",
    "dark on both sides",
    "undecidable",
    "not measured",
]
DIFFERS = "differs between photos"  # of several photos of one crossing together
