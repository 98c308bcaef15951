"""What QGIS calls the fields of a layer, how it shows their values, and the form of a feature."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

import pandas as pd

from pipeline.deliver.dictionary import PHOTO, WORDS, YES_NO, Column, column

# The tabs of a form, in order: what is said in words, the figures, and which photo it is of.
TABS = ("In words", "Figures", "Photo")


def field_elements(kind: str, frame: pd.DataFrame) -> list[Element]:
    """Names with units, words in the place of codes, and the form, of the columns of a table of some kind."""
    columns = [column(kind, name) for name in frame.columns if name != "geometry"]
    configured, aliases = Element("fieldConfiguration"), Element("aliases")
    for place, each in enumerate(columns):
        field = SubElement(configured, "field", name=each.name, configurationFlags="None")
        field.append(_widget(each, frame[each.name]))
        # The identifier `fid`, which GeoPackages add, is the first.
        SubElement(aliases, "alias", field=each.name, index=str(place + 1), name=each.alias)
    return [configured, aliases, *_form(columns)]


def _widget(each: Column, values: "pd.Series[str]") -> Element:
    """How a value is shown: by its words if it is a code, else as it is."""
    words = each.words(values)
    widget = Element("editWidget", type="ValueMap" if words else "")
    options = SubElement(SubElement(widget, "config"), "Option", type="Map")
    listed = SubElement(options, "Option", name="map", type="List") if words else options
    for code, meaning in words.items():
        entry = SubElement(listed, "Option", type="Map")
        SubElement(entry, "Option", name=meaning, type="QString", value=code)
    return widget


def _form(columns: Sequence[Column]) -> tuple[Element, Element]:
    """A form with a tab for each of TABS that has fields."""
    layout = Element("editorlayout")
    layout.text = "tablayout"
    form = Element("attributeEditorForm")
    for tab in TABS:
        within = [(place, each) for place, each in enumerate(columns, 1) if _tab(each) == tab]
        if not within:
            continue
        container = SubElement(
            form, "attributeEditorContainer", name=tab, columnCount="1", groupBox="0", showLabel="1"
        )
        for place, each in within:
            SubElement(container, "attributeEditorField", name=each.name, index=str(place), showLabel="1")
    return layout, form


def _tab(each: Column) -> str:
    words, figures, photo = TABS
    if each.unit in (WORDS, YES_NO):
        return photo if each.source == PHOTO else words
    return figures
