"""Night photographs from the International Space Station as measurements of light and tone.

For notebooks: `from pipeline import open_city, open_photo`.
"""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`open_city` and `open_photo`, whose libraries take seconds to load, only where they are asked for."""
    if name in ("open_city", "open_photo"):
        from pipeline.deliver import datasets

        return getattr(datasets, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
