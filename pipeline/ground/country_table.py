"""The one table of countries: what they and their regions are called, and their clock."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Country:
    """A country's name within a sentence, whose a thing of it is ("Belgian"), and its time zone."""

    name: str
    adjective: str
    time_zone: ZoneInfo


COUNTRY_TABLE = {
    "BE": Country("Belgium", "Belgian", ZoneInfo("Europe/Brussels")),
    "DE": Country("Germany", "German", ZoneInfo("Europe/Berlin")),
    "LU": Country("Luxembourg", "Luxembourgish", ZoneInfo("Europe/Luxembourg")),
    "NL": Country("the Netherlands", "Dutch", ZoneInfo("Europe/Amsterdam")),
}
# Regions with lighting policies of their own, by ISO 3166-2.
REGION_ADJECTIVES = {"BE-VLG": "Flemish", "BE-WAL": "Walloon"}


def country_name(code: str) -> str:
    """A country by its name as it stands in a sentence; a region by what its layer calls it."""
    return COUNTRY_TABLE[code].name if code in COUNTRY_TABLE else code


def country_title(code: str) -> str:
    """A country by its name as it stands alone, in a legend or at the head of a table."""
    name = country_name(code)
    return name[:1].upper() + name[1:]


def adjective(code: str) -> str:
    """Whose a side is: of a country its adjective, of a region its name."""
    return COUNTRY_TABLE[code].adjective if code in COUNTRY_TABLE else code
