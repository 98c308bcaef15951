"""Numbers by the steps of the fixed colour scales: tones, and differences with their intervals."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element

from pipeline.deliver import palette
from pipeline.deliver.palette import BACKGROUND, TEXT, UNDECIDED, Stop
from pipeline.qgis.labels import labels
from pipeline.qgis.renderers import Rule, by_value
from pipeline.qgis.symbols import fill, symbol

Symbol = Callable[[str, str], Element]  # of a colour and a style of line


def tone_classes(opacity: float) -> Element:
    """Areas filled with the tone scale in steps of 0.25; the end classes are open."""
    edges = [
        palette.TONE_MIN + 0.25 * i for i in range(round((palette.TONE_MAX - palette.TONE_MIN) / 0.25) + 1)
    ]
    ranges = []
    for lower, upper in pairwise(edges):
        low = -99.0 if lower == edges[0] else lower
        high = 99.0 if upper == edges[-1] else upper
        colour = palette.tone_colour((lower + upper) / 2)
        ranges.append(
            (low, high, f"{lower:+.2f} to {upper:+.2f}", symbol(fill(colour, opacity, BACKGROUND, 0.15)))
        )
    return by_value("tone_g_r", ranges)


def difference_classes(column: str, stops: Sequence[Stop], drawn: Symbol, only: str = "") -> list[Rule]:
    """Rules for a difference in `column`: by the steps of a scale where its interval does not hold zero, grey
    where it does, dotted where there is no number. `drawn` makes the symbol, `only` holds for all rules."""
    stem = column.removesuffix("change") if column.endswith("_change") else ""
    low, high = f"{stem}low95", f"{stem}high95"
    given, signed = f'"{column}" IS NOT NULL', f'("{low}" > 0 OR "{high}" < 0)'

    def rule(label: str, look: Element, *conditions: str) -> Rule:
        return Rule(label, look, " AND ".join(filter(None, (only, *conditions))))

    rules, lower = [], ""
    for stop in stops:
        upper = f'"{column}" < {stop.value:g}' if stop.value < float("inf") else ""
        rules.append(rule(stop.label, drawn(stop.colour, "solid"), given, signed, lower, upper))
        lower = f'"{column}" >= {stop.value:g}'
    rules.append(rule("interval holds zero", drawn(UNDECIDED, "solid"), given, f"NOT {signed}"))
    return [*rules, rule("no value can be given", drawn(UNDECIDED, "dot"), f'"{column}" IS NULL')]


def difference_label(
    name: str, value: str, low: str, high: str, place: str = "along", only: str = ""
) -> Element:
    """A label such as "BE-DE +0.31 (0.23 to 0.39)", from the columns of a name, a value and its interval;
    `only` of the features that pass a filter."""
    shown = f'"{value}" IS NOT NULL' + (f" AND {only}" if only else "")
    figures = (
        f"\"{name}\" || ' ' || CASE WHEN \"{value}\" > 0 THEN '+' ELSE '' END"
        f' || format_number("{value}", 2) || \' (\' || format_number("{low}", 2)'
        f" || ' to ' || format_number(\"{high}\", 2) || ')'"
    )
    return labels(f"CASE WHEN {shown} THEN {figures} END", TEXT, BACKGROUND, 8, place, "8")
