"""Pictures as addresses inside the page."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.report.chart_style import SHEETS, Sheet

# What may not stand as it is in the address of a picture; a space would end it in a `srcset`.
ESCAPED = str.maketrans({letter: f"%{ord(letter):02X}" for letter in ' "#%&<>'})


# Of `solve.png`, above the photo: two lines of text that no phone shows large enough to read.
SOLVE_TITLE_PX = 66


@dataclass(frozen=True)
class Picture:
    """A picture as data URIs, for wide pages and for phones; nothing for phones where both see the same."""

    wide: Markup
    narrow: Markup | None = None


def svg_picture(draw: Callable[[Sheet], str], sheets: Sequence[Sheet] = SHEETS) -> Picture:
    """A chart, drawn for both widths."""
    return Picture(*(svg_uri(draw(sheet)) for sheet in sheets))


def svg_uri(content: str) -> Markup:
    """An SVG file as the address of a picture; escaped, as its text is shorter than in base64."""
    return Markup(f"data:image/svg+xml,{content.translate(ESCAPED)}")


def webp_uri(content: bytes) -> Markup:
    """A WebP file as the address of a picture."""
    return Markup(f"data:image/webp;base64,{base64.b64encode(content).decode('ascii')}")
