"""Changes of light and tone as English sentences."""

import math

from pipeline.borders.allowed_change import Kind
from pipeline.borders.change import Change, Interval


def zone_statement(change: Change, where: str, kind: Kind) -> str:
    """The change of a zone as one English sentence."""
    if math.isnan(change.light[0]):
        return f"{where}: no change can be given; too little light is seen in both photos."
    text = f"{where}: light changed {_factor(change.light)} relative to the rest of the frame"
    if math.isnan(change.tone[0]):
        return f"{text}; too few cells are lit in both photos to tell a change of tone."
    relative = "" if kind == "absolute" else " relative to the rest of the frame"
    return f"{text}, tone by {_step(change.tone)}{relative}."


def border_statement(change: Change, first: str, second: str) -> str:
    """The difference of the changes on both sides (adjectives) as one English sentence."""
    if math.isnan(change.light[0]):
        return "No change can be given: too little light near the border is seen in both photos."
    text = f"Relative to the {first} side, light on the {second} side changed {_factor(change.light)}"
    if math.isnan(change.tone[0]):
        return f"{text}; too few cells are lit in both photos to tell a change of tone."
    clear = "clear" if change.tone[1] > 0 or change.tone[2] < 0 else "not clear"
    return f"{text} and tone by {_step(change.tone)}; the change of tone is {clear}."


def _factor(light: Interval) -> str:
    value, low, high = (2**v for v in light)
    return f"by a factor of {value:.2f} ({low:.2f} to {high:.2f})"


def _step(tone: Interval) -> str:
    value, low, high = tone
    return f"{value:+.2f} ({low:+.2f} to {high:+.2f}) in log2(G/R)"
