"""What all charts share: sheets for wide pages and for phones, type, names of borders and dates."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.deliver.contrasts import PooledResults
from pipeline.deliver.palette import SIMULATED, TEXT
from pipeline.deliver.results import PhotoResults
from pipeline.ground.country_table import country_title
from pipeline.report.svg_chart import tag, text

# Text stays text, in a font of the reader's device whose widths are near those it is laid out for.
FONTS = "DejaVu Sans, Verdana, Segoe UI, Roboto, sans-serif"
MARK = "SIMULATED: not a measurement"


@dataclass(frozen=True)
class Sheet:
    """The width a chart is drawn for and its size of type, CSS pixels."""

    width_px: int
    type_px: float
    narrow: bool

    def chart(self, height_px: float, parts: Iterable[str], simulated: bool) -> str:
        """The file of a chart of this width, marked where its photo is simulated."""
        style = {"fill": SIMULATED, "text_anchor": "end", "font_weight": "bold"}
        marked = text(self.width_px - 2.0, 1.2 * self.type_px, MARK, **style) if simulated else ""
        return tag(
            "svg",
            "".join(parts) + marked,
            xmlns="http://www.w3.org/2000/svg",
            role="img",
            width=self.width_px,
            height=round(height_px),
            viewBox=f"0 0 {self.width_px} {round(height_px)}",
            fill=TEXT,
            font_family=FONTS,
            font_size=self.type_px,
        )


DESKTOP_SHEET = Sheet(1040, 12.5, False)
PHONE_SHEET = Sheet(380, 11.0, True)
SHEETS = (DESKTOP_SHEET, PHONE_SHEET)
# Of charts in cards, two of which stand side by side on a wide page.
CARD_SHEETS = (Sheet(580, 12.0, True), PHONE_SHEET)


def names(pair: str, sheet: Sheet) -> str:
    """BE-NL as "Belgium → The Netherlands": the contrast is the second minus the first."""
    if sheet.narrow:
        return pair.replace("-", " → ")
    return " → ".join(country_title(code) for code in pair.split("-"))


def day(source: PhotoResults | PooledResults) -> str:
    """The date a photo was taken, short: 8 Dec 2012."""
    if isinstance(source, PooledResults):
        return "All photos"
    taken = source.facts.taken_at
    return f"{taken.day} {taken:%b %Y}" if taken else "undated"
