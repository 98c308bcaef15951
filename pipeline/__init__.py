"""Night photographs from the International Space Station as measurements of light and tone."""

__version__ = "0.1.0"
