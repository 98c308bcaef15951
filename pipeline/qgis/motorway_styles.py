"""How motorways look: the lines on the map, where they are lit and dark, and where their light ends."""

from pipeline.deliver import palette
from pipeline.deliver.palette import BACKGROUND, MUTED, SODIUM, TEAL, TEXT, UNDECIDED
from pipeline.qgis.labels import labels
from pipeline.qgis.qml import VectorStyle
from pipeline.qgis.renderers import Rule, by_rules
from pipeline.qgis.symbols import line, marker, symbol


def motorways() -> VectorStyle:
    """The motorways of the map, dashed where their line was drawn by hand."""
    renderer = by_rules(
        [
            Rule("motorway", symbol(line(BACKGROUND, 0.5, 0.5), line(MUTED, 0.2, 0.8)), 'NOT "approximate"'),
            Rule(
                "motorway, drawn by hand",
                symbol(line(BACKGROUND, 0.5, 0.5), line(MUTED, 0.2, 0.8, "dash")),
                '"approximate"',
            ),
        ]
    )
    text = labels('CASE WHEN @map_scale < 600000 THEN "ref" END', MUTED, BACKGROUND, 6, "along", "1")
    return VectorStyle(renderer, text, '"ref"')


def motorway_ends() -> VectorStyle:
    """Where light ends, named; a ring where a motorway is lit, or dark, on both sides."""
    kinds = (
        ("light ends at the national border", "diamond", TEAL, "ends at the national border"),
        ("light ends at the regional border", "diamond", SODIUM, "ends at the regional border"),
        ("light ends elsewhere", "diamond", TEXT, "ends elsewhere"),
        ("lit up to the border", "triangle", palette.LIT, "lit up to the border"),
        ("lit on both sides", "circle", palette.LIT, "lit on both sides"),
        ("dark on both sides", "circle", palette.DARK, "dark on both sides"),
        ("photos differ", "star", UNDECIDED, "differs between photos"),
        ("cannot be told", "cross2", UNDECIDED, "undecidable"),
    )
    rules = [
        Rule(
            label,
            symbol(marker(shape, None, 3.0, BACKGROUND, 0.9), marker(shape, None, 3.0, colour, 0.5)),
            f"\"verdict\" = '{verdict}'",
        )
        for label, shape, colour, verdict in kinds
    ]
    where = (
        'CASE WHEN "end_m" IS NOT NULL THEN "ref" || \': light ends \''
        ' || format_number(abs("end_m") / 1000, 1)'
        ' || \' ± \' || format_number(("high95_m" - "low95_m") / 2000, 1)'
        ' || \' km inside \' || CASE WHEN "end_m" > 0 THEN "second" ELSE "first" END'
        ' WHEN @map_scale < 400000 THEN "ref" || \': \' || "verdict" END'
    )
    return VectorStyle(by_rules(rules), labels(where, TEXT, BACKGROUND, 8, "around", "9"), '"statement"')


def motorway_segments() -> VectorStyle:
    """Stretches of motorway, lit, dark, or dotted where it cannot be told."""
    kinds = (
        ("lit", palette.LIT, "solid"),
        ("dark", palette.DARK, "solid"),
        ("undecidable", UNDECIDED, "dot"),
    )
    rules = [
        Rule(
            label if label != "undecidable" else "cannot be told",
            symbol(line(BACKGROUND, 1.1, 0.6), line(colour, 0.7, 1.0, style)),
            f"\"lit\" = '{label}'",
        )
        for label, colour, style in kinds
    ]
    return VectorStyle(by_rules(rules), display='"ref" || \' \' || "lit"')
