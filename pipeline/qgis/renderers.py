"""The XML with which QGIS chooses a symbol for a feature: one for all, by rules, or by a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement


@dataclass(frozen=True, eq=False)
class RuleGroup:
    """Rules for the features that pass `filter`; a user switches them on together where they are not."""

    label: str
    filter: str
    rules: Sequence["Rule"]
    checked: bool


@dataclass(frozen=True, eq=False)
class Rule:
    """Features that pass `filter` (all when empty) are drawn so, from 1:`from_scale` on (0: always)."""

    label: str
    symbol: Element
    filter: str = ""
    from_scale: int = 0


def single(symbol: Element) -> Element:
    """Every feature by one symbol."""
    renderer = _renderer("singleSymbol")
    _symbols(renderer, [symbol])
    return renderer


def by_rules(rules: Sequence[Rule]) -> Element:
    """A feature by every rule it passes."""
    renderer = _renderer("RuleRenderer")
    _rules(SubElement(renderer, "rules", key="root"), rules, first=0)
    _symbols(renderer, [rule.symbol for rule in rules])
    return renderer


def by_rule_groups(groups: Sequence[RuleGroup]) -> Element:
    """A feature by every rule it passes of the groups that are switched on."""
    renderer = _renderer("RuleRenderer")
    symbols: list[Element] = []
    root = SubElement(renderer, "rules", key="root")
    for place, group in enumerate(groups):
        element = SubElement(root, "rule", key=f"group{place}", label=group.label, filter=group.filter)
        if not group.checked:
            element.set("checkstate", "0")
        _rules(element, group.rules, first=len(symbols))
        symbols += [rule.symbol for rule in group.rules]
    _symbols(renderer, symbols)
    return renderer


def _rules(parent: Element, rules: Sequence[Rule], first: int) -> None:
    """Rules whose symbols are numbered from `first` on."""
    for index, rule in enumerate(rules, first):
        element = SubElement(parent, "rule", key=f"rule{index}", symbol=str(index), label=rule.label)
        if rule.filter:
            element.set("filter", rule.filter)
        if rule.from_scale:
            element.set("scalemaxdenom", str(rule.from_scale))
            element.set("scalemindenom", "1")


def by_value(column: str, ranges: Sequence[tuple[float, float, str, Element]]) -> Element:
    """A feature by the range (lower, upper, label, symbol) its number falls in."""
    renderer = _renderer("graduatedSymbol", attr=column, symbologyMode="GraduatedColor")
    renderer.set("graduatedMethod", "GraduatedColor")
    listed = SubElement(renderer, "ranges")
    for index, (lower, upper, label, _) in enumerate(ranges):
        limits = {"lower": str(lower), "upper": str(upper), "label": label}
        SubElement(listed, "range", limits, symbol=str(index), render="true")
    _symbols(renderer, [symbol for _, _, _, symbol in ranges])
    return renderer


def _renderer(kind: str, **attributes: str) -> Element:
    defaults = {"forceraster": "0", "enableorderby": "0", "symbollevels": "0", "referencescale": "-1"}
    return Element("renderer-v2", {"type": kind, **defaults, **attributes})


def _symbols(renderer: Element, symbols: Sequence[Element]) -> None:
    parent = SubElement(renderer, "symbols")
    for index, symbol in enumerate(symbols):
        symbol.set("name", str(index))
        parent.append(symbol)
