"""The full frame that a picture was cut from."""

from pydantic import Field

from pipeline.models import Model


class FullFrame(Model):
    """A full frame in pixels of the picture that was cut from it: its size, and how far the picture's left
    and upper edges lie inside it; None where that is not known."""

    width: float = Field(gt=0)
    height: float = Field(gt=0)
    left: float | None = None
    top: float | None = None
