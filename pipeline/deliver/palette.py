"""One palette and one set of fixed display limits for QGIS, pictures and report, the same for all dates.

Colours are read by people who confuse red and green too: tone runs from dark orange to white and on to teal,
so that lightness rises up to white light and only greenish light turns blue-green.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

BACKGROUND = "#0b0e13"
RULE = "#2a323c"
LAND = "#1b222b"
TEXT = "#ece8e1"
MUTED = "#9aa5b1"
SODIUM = "#f0a040"
TEAL = "#45c4b0"
SIMULATED = "#ff8fa3"

COUNTRY = {"BE": "#f0a040", "DE": "#d98bc0", "LU": "#b7d36b", "NL": "#63b3ee"}
DATES = ("#f0a040", "#63b3ee", "#d98bc0", "#b7d36b", "#45c4b0", "#e8e3d8")

# Linear light 0..1 is drawn as (light / LIGHT_MAX) ** (1 / LIGHT_GAMMA), clipped: nearly what the eye saw,
# one stop brighter.
LIGHT_MAX = 0.5
LIGHT_GAMMA = 2.2  # about that of a screen


@dataclass(frozen=True)
class Stop:
    """A value of a scale with its colour and, on legends, its meaning."""

    value: float
    colour: str
    label: str


# log2(G/R). Names of light, not of lamps: a JPEG cannot tell lamp types.
TONE = (
    Stop(-2.0, "#7d2a0a", "-2.0 deep orange"),
    Stop(-1.5, "#bf4d10", "-1.5"),
    Stop(-1.0, "#ee8a2c", "-1.0 orange"),
    Stop(-0.5, "#fbce86", "-0.5 yellow"),
    Stop(0.0, "#ffffff", "0.0 white"),
    Stop(0.25, "#8edccb", "0.25"),
    Stop(0.5, "#149c8c", "0.5 green"),
)
TONE_MIN, TONE_MAX = TONE[0].value, TONE[-1].value
TONE_STEPS = 256  # colours of a picture's scale; the eye tells fewer apart

# 1-sigma position in metres: upper ends of classes. Darker is less sure, in colours without classes too.
SIGMA = (
    Stop(50.0, "#f4f7f7", "up to 50 m"),
    Stop(100.0, "#b9d7e6", "50 to 100 m"),
    Stop(250.0, "#6fa8cf", "100 to 250 m"),
    Stop(500.0, "#8a6fb8", "250 to 500 m"),
    Stop(1000.0, "#8c3a7d", "500 to 1000 m"),
    Stop(float("inf"), "#4a1340", "over 1000 m"),
)

SIGMA_EDGES = len(SIGMA) - 1
NICE_STEPS_M = [step * 10.0**power for power in range(-1, 5) for step in (1, 2, 5)]

# Tone of a pair's second country minus the first's, log2: upper ends of classes.
CONTRAST = (
    Stop(-0.5, "#e8791e", "first country greener by more than 0.5"),
    Stop(-0.25, "#f5a95c", "first country greener by 0.25 to 0.5"),
    Stop(0.0, "#fbdcb5", "first country greener by up to 0.25"),
    Stop(0.25, "#c3ece4", "second country greener by up to 0.25"),
    Stop(0.5, "#6fd0c0", "second country greener by 0.25 to 0.5"),
    Stop(float("inf"), "#12a594", "second country greener by more than 0.5"),
)
UNDECIDED = "#8b95a1"
LIT, DARK = "#f7d04a", "#5b6fd6"  # stretches of motorway

# log2 of light after over light before, minus the change of the whole frame: upper ends of classes.
LIGHT_CHANGE = (
    Stop(-1.0, "#3b4cc0", "less than half as bright"),
    Stop(-0.5, "#7b9ff9", "0.5 to 0.7 times as bright"),
    Stop(0.0, "#c0d4f5", "0.7 to 1 times as bright"),
    Stop(0.5, "#f2cbb7", "1 to 1.4 times as bright"),
    Stop(1.0, "#ee8468", "1.4 to 2 times as bright"),
    Stop(float("inf"), "#b40426", "more than twice as bright"),
)

# Tone after minus tone before, log2, minus the change of the whole frame: upper ends of classes.
TONE_CHANGE = (
    Stop(-0.5, "#e8791e", "more orange by more than 0.5"),
    Stop(-0.25, "#f5a95c", "more orange by 0.25 to 0.5"),
    Stop(0.0, "#fbdcb5", "more orange by up to 0.25"),
    Stop(0.25, "#c3ece4", "greener by up to 0.25"),
    Stop(0.5, "#6fd0c0", "greener by 0.25 to 0.5"),
    Stop(float("inf"), "#12a594", "greener by more than 0.5"),
)


def sigma_stops(values: ArrayLike) -> tuple[Stop, ...]:
    """Classes of a position's sigma in round steps that fit its own range (m), in the colours of SIGMA; those
    of SIGMA where there is no value. Rims of a frame, the last and the first twentieth, make no class."""
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    if not known.size:
        return SIGMA
    low, high = np.percentile(known, [5, 95])
    step = next((step for step in NICE_STEPS_M if step * SIGMA_EDGES >= high - low), NICE_STEPS_M[-1])
    first = step * max(1, np.ceil(low / step))
    edges = [f"{first + step * k:g}" for k in range(SIGMA_EDGES)]
    edges = [edge for edge in edges if float(edge) < high] or edges[:1]
    labels = [f"up to {edges[0]} m", *(f"{a} to {b} m" for a, b in pairwise(edges)), f"over {edges[-1]} m"]
    ends = [*(float(edge) for edge in edges), float("inf")]
    places = np.linspace(0, len(SIGMA) - 1, len(ends)).round().astype(int)
    return tuple(
        Stop(end, SIGMA[place].colour, label) for end, place, label in zip(ends, places, labels, strict=True)
    )


def rgb(colour: str) -> tuple[int, int, int]:
    """#rrggbb as three numbers to 255."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return red, green, blue


def tone_colours(values: ArrayLike) -> NDArray[np.uint8]:
    """The colours of tones (..., 3), in TONE_STEPS steps; beyond the ends of the scale that of the end."""
    share = (np.asarray(values, float) - TONE_MIN) / (TONE_MAX - TONE_MIN)
    step = np.clip(share * TONE_STEPS, 0, TONE_STEPS - 1).astype(int)
    return np.asarray(_tone_table()[step])


@cache
def _tone_table() -> NDArray[np.uint8]:
    """The colour of each step."""
    places = np.linspace(TONE_MIN, TONE_MAX, TONE_STEPS)
    stops = np.array([rgb(stop.colour) for stop in TONE], float)
    bands = [np.interp(places, [stop.value for stop in TONE], stops[:, band]) for band in range(3)]
    return np.stack(bands, axis=-1).astype(np.uint8)


def tone_colour(value: float) -> str:
    """The colour of one tone, as #rrggbb."""
    red, green, blue = tone_colours(value).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def display(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light to screen values 0..1, as QGIS draws it with `ortho.qml`."""
    return np.asarray(np.clip(light / LIGHT_MAX, 0, 1) ** (1 / LIGHT_GAMMA), np.float32)
