"""What the report says of a photo's tone: what its evidence carries, what was done to its light, and its
tables of countries. Pure data for `templates/tone.html`."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.deliver.results import PhotoResults
from pipeline.report.answers import rows_of
from pipeline.tone.evidence import MAY_SAY, RATIO_SYSTEM, not_identifiable
from pipeline.tone.lamps import FAMILIES


@dataclass(frozen=True)
class FamilyShares:
    """A lamp family, its colour on maps and its share of the green light of each country, in their order."""

    name: str
    colour: str
    shares: tuple[float, ...]


@dataclass(frozen=True)
class ToneFacts:
    """`refused` are pairs: what cannot be identified, and why. `countries` are the photo's rows of
    `country_tones`, `families` what `lamp_shares` says of them: none where the evidence carries no lamps."""

    may_say: str
    ratio_system: str
    refused: tuple[tuple[str, str], ...]
    light: tuple[str, ...]
    countries: tuple[Any, ...]
    families: tuple[FamilyShares, ...]


def tone_facts(photo: PhotoResults) -> ToneFacts:
    """From the photo's facts and its tables `country_tones` and `lamp_shares`."""
    level = photo.facts.evidence
    return ToneFacts(
        may_say=MAY_SAY[level],
        ratio_system=RATIO_SYSTEM[level],
        refused=tuple(not_identifiable(level)),
        light=_light(photo),
        countries=tuple(rows_of(photo.country_tones)),
        families=_families(photo.lamp_shares),
    )


def _light(photo: PhotoResults) -> tuple[str, ...]:
    """What was done to the photo's light, in sentences."""
    facts = photo.facts
    hot = facts.hot_pixels
    hot_pixels = "not looked for in a JPEG" if hot is None else f"{hot} isolated ones masked"
    sentences = [
        f"Linear light: {facts.linearisation}.",
        f"Vignetting: {facts.vignetting}.",
        f"Hot pixels: {hot_pixels}.",
    ]
    if facts.anchor:
        sentences.append(
            f"Colours: anchored to daylight by the colour matrix of {facts.camera} ({facts.anchor.source})."
        )
    if facts.unanchored:
        sentences.append(f"Colours: not anchored; {facts.unanchored}.")
    return tuple(sentences)


def _families(lamp_shares: pd.DataFrame) -> tuple[FamilyShares, ...]:
    """The families in their fixed order; countries are in the order of both tables."""
    shares = {name: tuple(rows["green_share"]) for name, rows in lamp_shares.groupby("family")}
    return tuple(
        FamilyShares(family.name, family.colour, shares[family.name])
        for family in FAMILIES
        if family.name in shares
    )
