"""The words of a picture."""

from xml.etree import ElementTree


def words(svg: str) -> str:
    """All text of a chart or a map."""
    return " ".join(
        "".join(part.itertext()) for part in ElementTree.fromstring(svg).iter() if part.tag.endswith("text")
    )
