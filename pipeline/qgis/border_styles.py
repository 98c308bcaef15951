"""How the layers of borders, motorways, towns and change look."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element

from pipeline.deliver import palette
from pipeline.deliver.palette import BACKGROUND, SODIUM, TEAL, TEXT, UNDECIDED, Stop
from pipeline.qgis.styles import VectorStyle, tone_classes
from pipeline.qgis.symbols import Rule, by_rules, fill, labels, line, marker, symbol

Symbol = Callable[[str, str], Element]  # of a colour and a style of line


def contrasts() -> VectorStyle:
    """A field under the border, coloured by the difference of tone; grey where the interval holds zero."""
    text = _figures("pair", "contrast_g_r", "low95", "high95")
    return VectorStyle(by_rules(_steps("contrast_g_r", palette.CONTRAST, _band(1.0))), text, '"statement"')


def segments() -> VectorStyle:
    """As `contrasts`, wider, by stretches of the border."""
    shown = '"pair" || \' \' || "segment" || \': \' || "verdict"'
    return VectorStyle(by_rules(_steps("contrast_g_r", palette.CONTRAST, _band(2.0))), display=shown)


def motorway_ends() -> VectorStyle:
    """Where light ends, named; a ring where a motorway is lit, or dark, on both sides."""
    kinds = (
        ("light ends at the national border", "diamond", TEAL, "ends at the national border"),
        ("light ends at the regional border", "diamond", SODIUM, "ends at the regional border"),
        ("light ends elsewhere", "diamond", TEXT, "ends elsewhere"),
        ("lit on both sides", "circle", palette.LIT, "lit on both sides"),
        ("dark on both sides", "circle", palette.DARK, "dark on both sides"),
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


def towns() -> VectorStyle:
    text = labels('CASE WHEN @map_scale < 200000 THEN "name" END', TEXT, BACKGROUND, 7, "inside", "3")
    return VectorStyle(tone_classes(0.6), text, '"name"')


def cores() -> VectorStyle:
    """The towns around a city, coloured by how the city differs from them."""

    def area(colour: str, style: str) -> Element:
        return symbol(fill(colour, 0.6, TEXT, 0.2, style))

    words = {"first country": "the towns", "second country": "the city"}
    stops = [replace(stop, label=_worded(stop.label, words)) for stop in palette.CONTRAST]
    text = _figures("name", "contrast_g_r", "low95", "high95", "inside")
    return VectorStyle(by_rules(_steps("contrast_g_r", stops, area)), text, '"statement"')


def changes() -> VectorStyle:
    """Sides of borders by how their light changed; grey where the interval holds zero."""

    def area(colour: str, style: str) -> Element:
        return symbol(fill(colour, 0.6, BACKGROUND, 0.15, style))

    rules = _steps("light_change", palette.CHANGE, area, "\"scope\" = 'side'")
    return VectorStyle(by_rules(rules), display='"statement"')


def border_changes() -> VectorStyle:
    """Borders by how the tone of both sides changed otherwise."""
    text = _figures("pair", "tone_change", "tone_low95", "tone_high95")
    return VectorStyle(by_rules(_steps("tone_change", palette.CONTRAST, _band(1.0))), text, '"statement"')


def _worded(text: str, words: dict[str, str]) -> str:
    for old, new in words.items():
        text = text.replace(old, new)
    return text


def _band(width_mm: float) -> Symbol:
    return lambda colour, style: symbol(
        line(BACKGROUND, 1.5 * width_mm, 0.6), line(colour, width_mm, 1.0, style)
    )


def _steps(column: str, stops: Sequence[Stop], drawn: Symbol, only: str = "") -> list[Rule]:
    """A number by the steps of a scale where its interval tells its sign, else grey; dotted without one."""
    stem = "" if column == "contrast_g_r" else column.removesuffix("change")
    low, high = f"{stem}low95", f"{stem}high95"
    given, signed = f'"{column}" IS NOT NULL', f'("{low}" > 0 OR "{high}" < 0)'

    def rule(label: str, one: Element, *conditions: str) -> Rule:
        return Rule(label, one, " AND ".join(filter(None, (only, *conditions))))

    rules, lower = [], ""
    for stop in stops:
        upper = f'"{column}" < {stop.value:g}' if stop.value < float("inf") else ""
        rules.append(rule(stop.label, drawn(stop.colour, "solid"), given, signed, lower, upper))
        lower = f'"{column}" >= {stop.value:g}'
    rules.append(rule("interval holds zero", drawn(UNDECIDED, "solid"), given, f"NOT {signed}"))
    return [*rules, rule("cannot be given", drawn(UNDECIDED, "dot"), f'"{column}" IS NULL')]


def _figures(name: str, value: str, low: str, high: str, place: str = "along") -> Element:
    """A label such as "BE-DE +0.31 (0.23 to 0.39)"."""
    figures = (
        f"\"{name}\" || ' ' || CASE WHEN \"{value}\" > 0 THEN '+' ELSE '' END"
        f' || format_number("{value}", 2) || \' (\' || format_number("{low}", 2)'
        f" || ' to ' || format_number(\"{high}\", 2) || ')'"
    )
    return labels(f'CASE WHEN "{value}" IS NOT NULL THEN {figures} END', TEXT, BACKGROUND, 8, place, "8")


VECTOR: dict[str, Callable[[], VectorStyle]] = {
    "contrasts": contrasts,
    "regional_contrasts": contrasts,
    "segments": segments,
    "motorway_ends": motorway_ends,
    "motorway_segments": motorway_segments,
    "towns": towns,
    "cores": cores,
    "changes": changes,
    "border_changes": border_changes,
}
