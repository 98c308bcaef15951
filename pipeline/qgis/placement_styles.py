"""How it looks where a photo was placed: its control points, their residuals and its frame."""

from pipeline.deliver.palette import BACKGROUND, MUTED, SIMULATED, SODIUM, TEAL
from pipeline.qgis.labels import labels
from pipeline.qgis.qml import VectorStyle
from pipeline.qgis.renderers import Rule, by_rules, single
from pipeline.qgis.symbols import fill, line, marker, symbol


def control_points() -> VectorStyle:
    """Cities by what they were used for when the photo was placed."""
    kinds = (
        ("fit", "used to solve", "circle", TEAL, 2.8),
        ("check", "held out to check", "diamond", SODIUM, 3.4),
        ("manual", "set by hand", "square", "#63b3ee", 2.8),
        ("unmatched", "not matched", "cross2", MUTED, 1.2),
    )
    rules = [
        Rule(
            label,
            symbol(marker(shape, None, size, BACKGROUND, 0.7), marker(shape, None, size, colour, 0.35)),
            f"\"used\" = '{kind}'",
        )
        for kind, label, shape, colour, size in kinds
    ]
    return VectorStyle(by_rules(rules), display="\"name\" || ' ' || round(\"residual_m\") || ' m'")


def residuals() -> VectorStyle:
    """Lines from where a city is to where its light was found."""
    return VectorStyle(
        single(symbol(line(SIMULATED, 0.35))), display="\"name\" || ' ' || round(\"residual_m\") || ' m'"
    )


def footprint() -> VectorStyle:
    """The frame; a simulated one says so in its midst, for maps get cut out and passed on."""
    words = "CASE WHEN \"simulated\" THEN 'SIMULATED' END"
    text = labels(words, SIMULATED, BACKGROUND, 10, "inside", "10", spacing_pt=1.5)
    return VectorStyle(single(symbol(fill(None, 0, MUTED, 0.2, "dash"))), text)
