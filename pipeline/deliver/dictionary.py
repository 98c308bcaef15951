"""The data dictionary: name, unit, meaning and source of every column of every table that is delivered.

Field names and forms in QGIS, `tables/dictionary.csv` and the reference of the documentation are all made
from it. A column means the same wherever it stands, but for those of `OF_ONE_TABLE`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipeline.borders.quantities import SUBJECTS
from pipeline.ground.country_table import country_title

# Units of columns that are no measure.
WORDS, COUNT, YES_NO, SHARE, RATIO = "", "count", "yes/no", "share", "log2"
SPOKEN_UNITS = {WORDS: "", COUNT: "", YES_NO: "", "1": "", SHARE: "share of 1"}  # others as they are
# Sources.
PHOTO, LIGHT, POSITION = "facts of the photo", "measured in the photo", "solved position of the photo"
OSM, PLACES, CONFIGURED = "OpenStreetMap", "GeoNames", "configuration of the city"
POLICIES = "newspapers, agencies and operators, named in the column `source`"


@dataclass(frozen=True)
class Column:
    """A column: its name, what people call it, its unit, its meaning in a sentence, where it comes from, and
    what its values mean if they are codes. `is_country`: its values are codes of countries."""

    name: str
    title: str
    unit: str
    meaning: str
    source: str
    codes: Mapping[str, str] | None = None
    is_country: bool = False

    @property
    def printed_unit(self) -> str:
        """As people read it; nothing for words, counts and ratios."""
        return SPOKEN_UNITS.get(self.unit, self.unit)

    @property
    def alias(self) -> str:
        """Title and unit, as at the head of a table."""
        return f"{self.title} ({self.printed_unit})" if self.printed_unit else self.title

    def words(self, values: "pd.Series[str]") -> dict[str, str]:
        """What those codes mean that occur among values; nothing for a column that has no codes."""
        if not self.is_country and self.codes is None:
            return {}
        known = self.codes or {}
        found = sorted(set(values.dropna().astype(str)) - {""})
        return {code: country_title(code) if self.is_country else known.get(code, code) for code in found}


EVIDENCE = {
    "raw_anchored": "raw, colours tied to an absolute scale",
    "raw": "raw, colours as this camera sees them",
    "jpeg": "JPEG, contrasts within one picture only",
}
GREENER = {
    "first greener": "the first country's side is greener",
    "second greener": "the second country's side is greener",
    "alike": "both sides are alike",
    "undecided": "cannot be told: the interval holds zero",
    "none": "no contrast can be given",
    "too little light": "too little light to tell",
}
END_VERDICTS = {
    "ends at the national border": "light ends at the national border",
    "ends at the regional border": "light ends at the regional border",
    "ends elsewhere": "light ends elsewhere",
    "lit up to the border": "lit up to the border",
    "lit on both sides": "lit on both sides",
    "dark on both sides": "dark on both sides",
    "undecidable": "light ends, at which border cannot be told",
    "not measured": "not measured",
    "differs between photos": "the photos differ",
}
VIEW_VERDICTS = {
    "changes with the view": "tone changes with the view",
    "no change found": "no change with the view is found",
    "cannot be told": "cannot be told",
}
LIT = {"lit": "lit", "dark": "dark", "undecidable": "cannot be told"}
USED = {
    "fit": "used to solve the camera",
    "check": "held out, to check the camera",
    "manual": "set by hand",
    "unmatched": "not matched to a light",
}
TONE_KINDS = {
    "absolute": "change of lighting itself",
    "relative": "change relative to the rest of the frame",
    "refused": "no change of tone can be given",
}
STATES = {"off": "switched off", "lit": "lit", "dimmed": "dimmed", "lamps": "lamps replaced"}
SEEN = {"seen": "seen", "not seen": "not seen", "town, undecidable": "in the light of a town, cannot be told"}


def _low_high(name: str, of: str, unit: str) -> tuple[Column, Column]:
    """The ends `<name>low95` and `<name>high95` of a 95 % interval of something."""
    low, high = (
        Column(f"{name}{end}95", f"{of}, 95 % {end}", unit, f"{which} end of the 95 % interval.", LIGHT)
        for end, which in (("low", "Lower"), ("high", "Upper"))
    )
    return low, high


COLUMNS = (
    Column("photo", "Photo", WORDS, "The photo by its id; `all` or years for photos taken together.", PHOTO),
    Column("taken_at", "Taken at", WORDS, "When the photo was taken, UTC, as ISO 8601.", PHOTO),
    Column("before", "Earlier photo", WORDS, "The earlier of two photos, by its id.", PHOTO),
    Column("taken_before", "Earlier photo taken at", WORDS, "When it was taken, UTC.", PHOTO),
    Column("after", "Later photo", WORDS, "The later of two photos, by its id.", PHOTO),
    Column("taken_after", "Later photo taken at", WORDS, "When it was taken, UTC.", PHOTO),
    Column("evidence", "Evidence", WORDS, "What the file of the photo can tell of colour.", PHOTO, EVIDENCE),
    Column("simulated", "Simulated", YES_NO, "Yes if the photo was rendered and shows no real light.", PHOTO),
    # Where.
    Column("name", "Name", WORDS, "The name of the place.", PLACES),
    Column("country", "Country", WORDS, "The country, ISO 3166-1.", OSM, is_country=True),
    Column("population", "Inhabitants", COUNT, "How many people live there.", PLACES),
    Column("pair", "Border", WORDS, "The two countries that meet there.", OSM),
    Column("first", "First country", WORDS, "The first of the two countries.", OSM, is_country=True),
    Column("second", "Second country", WORDS, "The second of the two countries.", OSM, is_country=True),
    Column("side", "Side", WORDS, "On which country's side of the border.", OSM, is_country=True),
    Column("segment", "Stretch of the border", COUNT, "Its number along the border, from 0.", OSM),
    Column("ref", "Motorway", WORDS, "The number of the motorway.", OSM),
    Column("approximate", "Drawn by hand", YES_NO, "Yes if the line was drawn by hand.", OSM),
    Column("error_m", "Error of the line", "m", "How wrong the drawn line may be, 1 sigma.", OSM),
    Column("radius_km", "Radius", "km", "How far from its centre the town's light is counted.", PLACES),
    Column("area_km2", "Area", "km2", "Area on the ground.", OSM),
    Column("lit_area_km2", "Lit area", "km2", "Area whose light is sure enough for a tone.", LIGHT),
    Column("band_from_km", "From", "km", "Nearest distance from the border.", CONFIGURED),
    Column("band_to_km", "To", "km", "Farthest distance from the border.", CONFIGURED),
    Column("from_km", "From", "km", "Nearest distance from the border.", CONFIGURED),
    Column("to_km", "To", "km", "Farthest distance from the border.", CONFIGURED),
    Column("lon", "Longitude", "deg", "Longitude of the point, WGS 84.", "the place of the row"),
    Column("lat", "Latitude", "deg", "Latitude of the point, WGS 84.", "the place of the row"),
    # Light and tone.
    Column("light_r", "Red light", "1", "Sum of linear red light above the background.", LIGHT),
    Column("light_g", "Green light", "1", "Sum of linear green light above the background.", LIGHT),
    Column("light_b", "Blue light", "1", "Sum of linear blue light above the background.", LIGHT),
    Column("tone_g_r", "Tone log2(G/R)", RATIO, "log2 of green over red light: higher is greener.", LIGHT),
    Column("sigma_g_r", "Tone, 1 sigma", RATIO, "1 sigma of the tone, from its scatter.", LIGHT),
    Column("tone_b_g", "Tone log2(B/G)", RATIO, "log2 of blue over green light.", LIGHT),
    Column("n_cells", "Cells", COUNT, "How many lit cells of the map it stands on.", LIGHT),
    Column("n_blocks", "Independent parts", COUNT, "How many independent parts it stands on.", LIGHT),
    Column("masked_share", "Masked", SHARE, "Share of the area without usable light.", LIGHT),
    Column("tone_median", "Median tone", RATIO, "Half of the lit cells are greener.", LIGHT),
    *(
        Column(f"tone_q{q}", f"Tone, {q} % of the light", RATIO, f"{q} % of the light is less green.", LIGHT)
        for q in (10, 25, 50, 75, 90)
    ),
    *_low_high("tone_", "Tone", RATIO),
    *_low_high("light_", "Light", "1"),
    Column("light_per_km2", "Light", "1/km2", "Light per area.", LIGHT),
    # Contrasts at borders.
    Column("quantity", "Contrast of", WORDS, "What is compared across the border.", LIGHT, SUBJECTS),
    Column("contrast_g_r", "Contrast", RATIO, "Tone of the second side minus that of the first.", LIGHT),
    *_low_high("", "Contrast", RATIO),
    Column("low90", "Contrast, 90 % low", RATIO, "Lower end of the 90 % interval.", LIGHT),
    Column("high90", "Contrast, 90 % high", RATIO, "Upper end of the 90 % interval.", LIGHT),
    Column("plain_g_r", "Plain contrast", RATIO, "The difference of sums, without matching places.", LIGHT),
    Column("contrast_km", "Reach", "km", "Up to how far from the border light counts.", CONFIGURED),
    Column("border_km", "Border in the frame", "km", "Length of the border in the frame.", OSM),
    Column("exclusion_km", "Left out", "km", "Light nearer to the border is left out.", POSITION),
    Column("placebo_p", "Placebo p", "1", "How often borders put elsewhere differ as much.", LIGHT),
    Column("n_placebos", "Placebo borders", COUNT, "How many borders were put elsewhere.", LIGHT),
    *(
        Column(
            f"{tone}_{side}",
            f"{word} light, {side} side",
            SHARE,
            f"How much of its light is of the third of the photo's light that is {most}.",
            LIGHT,
        )
        for side in ("first", "second")
        for tone, word, most in (("orange", "Orange", "most orange"), ("green", "Green", "greenest"))
    ),
    Column("n_first", "Towns, first side", COUNT, "How many towns or stretches it stands on.", LIGHT),
    Column("n_second", "Towns, second side", COUNT, "How many towns or stretches it stands on.", LIGHT),
    Column("n_photos", "Photos", COUNT, "How many photos it stands on.", LIGHT),
    Column("n_passes", "Passes", COUNT, "How many passes of the station the photos are of.", LIGHT),
    Column("between_photos", "Between passes", RATIO, "1 sigma between passes beyond noise.", LIGHT),
    *(
        Column(
            f"next_{end}95",
            f"Next photo, 95 % {end}",
            RATIO,
            f"{which} end of where the contrast of one more photo would lie (95 %).",
            LIGHT,
        )
        for end, which in (("low", "Lower"), ("high", "Upper"))
    ),
    Column(
        "trend_g_r",
        "Trends in frames",
        RATIO,
        "How much tone changes from edge to edge of the photos' frames, 1 sigma.",
        LIGHT,
    ),
    Column("systematic", "Systematic error", RATIO, "1 sigma by how the file stores colours.", PHOTO),
    Column("moves_by", "Moves by", RATIO, "The contrast without it minus that with it.", LIGHT),
    Column("verdict", "Verdict", WORDS, "Which side is greener, in a few words.", LIGHT, GREENER),
    Column("statement", "In words", WORDS, "The finding as a sentence.", LIGHT),
    Column("what", "What", WORDS, "What was left out: a photo or a town.", LIGHT),
    Column("subject", "Subject", WORDS, "What it is about.", "the run"),
    # Towns.
    Column("light_share", "Share of light", SHARE, "Its part of the light of all towns.", LIGHT),
    Column("motorway_share", "Motorways", SHARE, "Share of its light that lies along motorways.", LIGHT),
    Column("is_town", "Town", YES_NO, "No if it is light along a motorway.", PLACES),
    Column("n_towns", "Towns around", COUNT, "How many towns it is compared with.", PLACES),
    Column("tone_core", "Tone of the city", RATIO, "log2(G/R) of the city.", LIGHT),
    Column("tone_ring", "Tone around it", RATIO, "log2(G/R) of the towns around it.", LIGHT),
    Column("n_core", "Cells, city", COUNT, "How many lit cells the city has.", LIGHT),
    Column("n_ring", "Cells, towns", COUNT, "How many lit cells the towns have.", LIGHT),
    Column("matched_tone_g_r", "Tone, same view", RATIO, "Tone where countries are seen alike.", LIGHT),
    Column("view_zenith_deg", "View zenith", "deg", "Mean angle from the vertical it is seen at.", POSITION),
    Column("overlap", "Seen alike", SHARE, "Share of light at angles all countries have.", POSITION),
    Column("family", "Lamps", WORDS, "The family of lamps.", LIGHT),
    Column("green_share", "Share of green light", SHARE, "Its part of the country's green light.", LIGHT),
    # Change.
    Column("scope", "Of", WORDS, "Whose change it is.", OSM, {"country": "a country", "side": "a side"}),
    Column("tone_kind", "Kind of change", WORDS, "What a change of tone means here.", PHOTO, TONE_KINDS),
    Column("light_change", "Change of light", RATIO, "log2 of light after over light before.", LIGHT),
    Column("tone_change", "Change of tone", RATIO, "Tone after minus tone before.", LIGHT),
    Column("from_years", "Earlier years", WORDS, "The photos of these years come first.", PHOTO),
    Column("to_years", "Later years", WORDS, "They are compared with those of these years.", PHOTO),
    Column("change_g_r", "Change of the contrast", RATIO, "Later contrast minus earlier one.", LIGHT),
    Column("per_year", "Change a year", "log2/year", "Change of the contrast a year.", LIGHT),
    *_low_high("per_year_", "Change a year", "log2/year"),
    Column("n_windows", "Groups of years", COUNT, "Of how many groups of years it is made.", PHOTO),
    # Motorways.
    Column("lit_side", "Lit side", WORDS, "The country whose side is lit.", LIGHT, is_country=True),
    Column("end_m", "End of light", "m", "Along the road; 0 at the border, + in the second country.", LIGHT),
    Column("low95_m", "End, 95 % low", "m", "Lower end of the 95 % interval.", LIGHT),
    Column("high95_m", "End, 95 % high", "m", "Upper end of the 95 % interval.", LIGHT),
    Column("to_national_m", "To the national border", "m", "From the end of light.", LIGHT),
    Column("to_regional_m", "To the regional border", "m", "From the end of light.", LIGHT),
    Column("regional_at_m", "Regional border at", "m", "Along the road; 0 at the national border.", OSM),
    Column("regional_error_m", "Error of the regional border", "m", "1 sigma of where it is.", OSM),
    Column("policy", "Policy", WORDS, "What policy said of the lights at the hour.", POLICIES),
    Column("between_photos_m", "Between photos", "m", "1 sigma between photos beyond noise.", LIGHT),
    Column("n_ends", "Photos with an end", COUNT, "In how many photos the light ends there.", LIGHT),
    Column("change_sigma_m", "Change of light, 1 sigma", "m", "How surely the step is placed.", LIGHT),
    Column("beyond_share", "Light beyond", SHARE, "Light beyond the end, of a lit motorway's.", LIGHT),
    Column("beyond_share_high95", "Light beyond, 95 % high", SHARE, "Upper end of its interval.", LIGHT),
    Column("position_sigma_m", "Position, 1 sigma", "m", "How surely the place is known.", POSITION),
    Column("line_error_m", "Error of the line", "m", "How wrong the drawn line is there.", OSM),
    Column("lit_per_km", "Light where lit", "1/km", "Light of a lit motorway per length.", LIGHT),
    Column("seen_share", "Seen", SHARE, "Share of the stretch that the photo shows.", LIGHT),
    Column("lit", "Lit or dark", WORDS, "Whether the stretch is lit.", LIGHT, LIT),
    Column("from_m", "From", "m", "Along the road; 0 at the border.", LIGHT),
    Column("to_m", "To", "m", "Along the road; 0 at the border.", LIGHT),
    Column("light_per_km", "Light", "1/km", "Light of the road per length, without its flanks.", LIGHT),
    Column("sigma", "Light, 1 sigma", "1/km", "Noise of the light.", LIGHT),
    Column("town_share", "In towns", SHARE, "Share of the stretch in the light of a town.", LIGHT),
    Column("line_sigma_m", "Line, 1 sigma", "m", "How surely the line is laid on its light.", LIGHT),
    Column("chainage_m", "Along the road", "m", "Chainage; 0 at the border, + in the second country.", OSM),
    Column("flank_per_km", "Light beside it", "1/km", "Light of the flanks, taken off.", LIGHT),
    Column("lit_probability", "Probability of lit", "1", "How likely the road is lit there.", LIGHT),
    Column("offset_m", "Offset", "m", "How far the light lies to the left of the drawn line.", LIGHT),
    Column("offset_sigma_m", "Offset, 1 sigma", "m", "How surely the offset is known.", LIGHT),
    # Lighting policies.
    Column("region", "Region", WORDS, "The region whose policy it is; empty for the country's.", POLICIES),
    Column("place", "Place", WORDS, "The town whose policy it is; empty for all.", POLICIES),
    Column("road_class", "Roads", WORDS, "Which roads.", POLICIES),
    Column("state", "State", WORDS, "What the lights then are.", POLICIES, STATES),
    Column("extent", "Extent", WORDS, "Of all or part.", POLICIES, {"all": "all", "part": "in part"}),
    Column("local_time", "Local time", WORDS, "When the photo was taken, on the clock there.", PHOTO),
    Column("source", "Source", WORDS, "Who reported it, and when.", POLICIES),
    # Placing the photo.
    Column("used", "Used", WORDS, "What the city was used for.", POSITION, USED),
    Column("column_px", "Column", "px", "Where the light is in the photo; centres are integers.", LIGHT),
    Column("row_px", "Row", "px", "Where the light is in the photo; centres are integers.", LIGHT),
    Column("residual_column_px", "Residual, column", "px", "Seen minus expected.", POSITION),
    Column("residual_row_px", "Residual, row", "px", "Seen minus expected.", POSITION),
    Column("residual_px", "Residual", "px", "From where it is expected to where it is seen.", POSITION),
    Column("residual_m", "Residual on the ground", "m", "The same on the ground.", POSITION),
    Column("weight", "Weight", "1", "How much it counts.", POSITION),
    # The table `metadata`.
    Column("topic", "Topic", WORDS, "What the line is about.", "the run"),
    Column("item", "Item", WORDS, "Of what.", "the run"),
    Column("value", "Value", WORDS, "What is said of it.", "the run"),
)
# Columns that mean something else in one table, by the table's kind.
OF_ONE_TABLE = {
    "motorways": (Column("name", "Name", WORDS, "The national numbers of the motorway.", OSM),),
    "motorway_ends": (
        Column("name", "National numbers", WORDS, "The national numbers of the motorway.", OSM),
        Column("verdict", "Verdict", WORDS, "Where the light ends.", LIGHT, END_VERDICTS),
    ),
    "motorway_crossings": (
        Column("name", "National numbers", WORDS, "The national numbers of the motorway.", OSM),
        Column("verdict", "Verdict", WORDS, "Where the light ends in all photos.", LIGHT, END_VERDICTS),
    ),
    "motorway_stations": (Column("what", "Seen", WORDS, "What the photo shows there.", LIGHT, SEEN),),
    "country_tones": (
        Column("verdict", "Verdict", WORDS, "Whether tone depends on the view.", LIGHT, VIEW_VERDICTS),
    ),
    "left_out": (Column("name", "Left out", WORDS, "The photo or town that was left out.", PLACES),),
    "town_units": (
        Column("tone_g_r", "Tone against the others", RATIO, "Tone minus the median of towns.", LIGHT),
    ),
    **dict.fromkeys(
        ("changes", "border_changes"),
        _low_high("light_", "Change of light", RATIO) + _low_high("tone_", "Change of tone", RATIO),
    ),
    "cores": (Column("contrast_g_r", "Contrast", RATIO, "Tone of the city minus that around it.", LIGHT),),
}
_BY_NAME = {column.name: column for column in COLUMNS}
_OF_TABLE = {(kind, column.name): column for kind, columns in OF_ONE_TABLE.items() for column in columns}


def column(kind: str, name: str) -> Column:
    """The entry of a column of a kind of table ("contrasts", whatever photo it is of). Raises KeyError where
    the dictionary has none."""
    return _OF_TABLE.get((kind, name)) or _BY_NAME[name]
