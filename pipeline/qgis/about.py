"""What each layer says of itself: an abstract, whom to name, and under which licence it may be passed on."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from pipeline.deliver.provenance import EVENTS_SOURCE
from pipeline.raster.bands import Origin, photo_sources

OSM = "© OpenStreetMap contributors"
ODBL = "Open Database Licence (ODbL) 1.0, openstreetmap.org/copyright"
GEONAMES = "GeoNames"
CC_BY = "Creative Commons Attribution (CC BY) 4.0, geonames.org"
TONE_IN_WORDS = "Tone is log2 of green over red light: higher is greener, a step of 1 is a factor of two."
# By kind of layer.
ABSTRACTS = {
    "cities": "Cities and towns with their inhabitants.",
    "borders": "National borders.",
    "motorways": "Motorways whose light is followed across borders.",
    "countries": "Countries.",
    "contrasts": "How tone differs across each border, with its 95 % interval and how often borders put "
    f"elsewhere differ as much (placebo p). {TONE_IN_WORDS}",
    "other_contrasts": f"How the tone of motorways, and of towns off them, differs. {TONE_IN_WORDS}",
    "contrasts_by_years": f"How tone differed across each border in parts of the photos. {TONE_IN_WORDS}",
    "contrast_trends": f"How the contrast at each border changed over the years. {TONE_IN_WORDS}",
    "regional_contrasts": "How tone differs between regions of one country: a control of the borders.",
    "segments": f"The contrast along each border, stretch by stretch. {TONE_IN_WORDS}",
    "strips": f"Light and tone in strips along each border. {TONE_IN_WORDS}",
    "zones": f"Light and tone of each country in the frame. {TONE_IN_WORDS}",
    "towns": f"Light and tone of each town. {TONE_IN_WORDS}",
    "town_units": f"Towns as all photos see them, against the middle of all towns. {TONE_IN_WORDS}",
    "cores": f"Cities against the towns around them. {TONE_IN_WORDS}",
    "motorway_ends": "Where the light of each motorway ends, with its 95 % interval along the road.",
    "motorway_crossings": "Where the light of each motorway ends in all photos of one lighting policy.",
    "motorway_segments": "Stretches of motorway that are lit, dark, or cannot be told.",
    "border_changes": "How the difference of tone across each border changed between two photos.",
    "changes": "How light and tone of countries and of sides of borders changed between two photos.",
    "control_points": "Cities that the camera was solved with, and those held out to check it.",
    "residuals": "From where a city is to where its light was found.",
    "footprint": "The frame of the photo on the ground.",
    "photos": "The photos: a box around the light of each.",
    "notes": "Why a photo, or a file given for it, says nothing of a subject.",
    "events": "Lighting policies at the hour of each photo.",
    "profiles": f"Light and tone by distance from each border. {TONE_IN_WORDS}",
    "motorway_stations": "The light of each motorway block by block, with the light beside it.",
    "contrast_by_range": "The contrast of towns by how far from the border they count.",
    "left_out": "How the contrast moves when one photo or town is left out.",
    "country_tones": "The tone of each country, and whether it depends on the view.",
    "lamp_shares": "The share of each family of lamps in a country's green light.",
    "metadata": "Where everything comes from: sources, licences, settings, versions.",
    "ortho": "Light of the photo on the map, linear, red, green and blue from 0 to 1.",
    "light": "Light above the background, linear, with its noise.",
    "tone": f"Tone where light is sure enough. {TONE_IN_WORDS}",
    "lamps": "Families of lamps where the photo can tell them.",
    "geometry": "How surely each place is known: 1 sigma of the position on the ground, in metres.",
    "photo_in_place": "The photo itself, not resampled, where the solved camera sees it.",
    "change": "Change between two photos, relative to the rest of the frame.",
}
# Kinds of layer that are maps and show no photo; of the others the photos' source is named too.
MAPS = {
    "cities": (GEONAMES, CC_BY),
    "borders": (OSM, ODBL),
    "motorways": (OSM, ODBL),
    "countries": (OSM, ODBL),
    "events": (EVENTS_SOURCE[1], "facts, each with its source"),
}


@dataclass(frozen=True)
class About:
    """A layer's abstract, whom to name, and the licence."""

    abstract: str
    attribution: str
    licence: str

    def elements(self) -> list[Element]:
        """What stands inside <maplayer> of a project: words for the map's corner and for the properties."""
        short, corner, metadata = (
            Element("abstract"),
            Element("attribution", href=""),
            Element("resourceMetadata"),
        )
        short.text, corner.text = self.abstract, self.attribution
        for tag, text in (
            ("abstract", self.abstract),
            ("rights", self.attribution),
            ("license", self.licence),
        ):
            SubElement(metadata, tag).text = text
        return [short, corner, metadata]


def about(kind: str, photos: Sequence[Origin]) -> About:
    """What a layer of some kind, made from some photos, says of itself."""
    abstract = ABSTRACTS[kind]
    if kind in MAPS:
        return About(abstract, *MAPS[kind])
    if any(simulated for _, simulated in photos):
        abstract = f"SIMULATED, not a measurement. {abstract}"
    sources = photo_sources(photos)
    named, licences = ("; ".join(each[k] for each in sources) for k in (0, 1))
    return About(abstract, f"{named}; {OSM}; {GEONAMES}", f"{licences}; {ODBL}; {CC_BY}")
