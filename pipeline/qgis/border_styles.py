"""How borders and countries look, what was measured of them, and how it changed."""

from xml.etree.ElementTree import Element

from pipeline.borders.quantities import SUBJECTS, TOWNS
from pipeline.deliver import palette
from pipeline.deliver.contrasts import QUANTITIES
from pipeline.deliver.palette import BACKGROUND, MUTED, RULE, TEXT
from pipeline.ground.country_table import COUNTRY_TABLE, country_title
from pipeline.qgis.colour_classes import Symbol, difference_classes, difference_label, tone_classes
from pipeline.qgis.labels import labels
from pipeline.qgis.qml import VectorStyle
from pipeline.qgis.renderers import Rule, RuleGroup, by_rule_groups, by_rules, single
from pipeline.qgis.symbols import fill, line, symbol


def borders() -> VectorStyle:
    """The borders of the map as thin light lines."""
    return VectorStyle(single(symbol(line(BACKGROUND, 0.5, 0.5), line(TEXT, 0.2))), display='"pair"')


def countries() -> VectorStyle:
    """Thin outlines with the names of countries, to find the way."""
    names = " ".join(
        f"WHEN \"country\" = '{code}' THEN '{country_title(code).upper()}'" for code in COUNTRY_TABLE
    )
    text = labels(
        f'CASE {names} ELSE "country" END', MUTED, BACKGROUND, 8, "inside", "1", spacing_pt=2.5, opacity=0.75
    )
    return VectorStyle(single(symbol(fill(None, 0, RULE, 0.15))), text, '"country"')


def contrasts() -> VectorStyle:
    """A field under the border, coloured by the difference of tone between typical towns; grey where the
    interval holds zero. What else is compared can be switched on in the legend."""

    def of(quantity: str) -> str:
        return f"\"quantity\" = '{quantity}'"

    def rules() -> list[Rule]:
        return difference_classes("contrast_g_r", palette.CONTRAST, _band(1.0))

    groups = [RuleGroup(SUBJECTS[name], of(name), rules(), checked=name == TOWNS) for name in QUANTITIES]
    text = difference_label("pair", "contrast_g_r", "low95", "high95", only=of(TOWNS))
    return VectorStyle(by_rule_groups(groups), text, '"statement"')


def regional_contrasts() -> VectorStyle:
    """As `contrasts`, of all light."""
    text = difference_label("pair", "contrast_g_r", "low95", "high95")
    return VectorStyle(
        by_rules(difference_classes("contrast_g_r", palette.CONTRAST, _band(1.0))), text, '"statement"'
    )


def contrast_trends() -> VectorStyle:
    """Borders by how the contrast of towns changed over the years."""
    text = difference_label("pair", "change_g_r", "low95", "high95")
    return VectorStyle(
        by_rules(difference_classes("change_g_r", palette.CONTRAST, _band(1.0))), text, '"statement"'
    )


def segments() -> VectorStyle:
    """As `contrasts`, wider, by stretches of the border."""
    shown = '"pair" || \' \' || "segment" || \': \' || "verdict"'
    return VectorStyle(
        by_rules(difference_classes("contrast_g_r", palette.CONTRAST, _band(2.0))), display=shown
    )


def strips() -> VectorStyle:
    """Strips along the border in the colours of their tone."""
    shown = "\"pair\" || ' ' || \"side\" || ' ' || \"band_from_km\" || '-' || \"band_to_km\" || ' km'"
    return VectorStyle(tone_classes(0.75), display=shown)


def zones() -> VectorStyle:
    """Countries in the frame in the colours of their tone."""
    return VectorStyle(tone_classes(0.55), display='"country"')


def border_changes() -> VectorStyle:
    """Borders by how the difference of tone across them changed."""
    text = difference_label("pair", "tone_change", "tone_low95", "tone_high95")
    return VectorStyle(
        by_rules(difference_classes("tone_change", palette.CONTRAST, _band(1.0))), text, '"statement"'
    )


def changes() -> VectorStyle:
    """Sides of borders by how their light changed; grey where the interval holds zero."""

    def area(colour: str, style: str) -> Element:
        return symbol(fill(colour, 0.6, BACKGROUND, 0.15, style))

    rules = difference_classes("light_change", palette.LIGHT_CHANGE, area, "\"scope\" = 'side'")
    return VectorStyle(by_rules(rules), display='"statement"')


def _band(width_mm: float) -> Symbol:
    return lambda colour, style: symbol(
        line(BACKGROUND, 1.5 * width_mm, 0.6), line(colour, width_mm, 1.0, style)
    )
