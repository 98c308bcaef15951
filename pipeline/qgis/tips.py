"""What QGIS says of a feature under the pointer: a sentence."""

STATEMENT = "[% coalesce(\"statement\", 'Nothing is said of it.') %]"


def _country(field: str) -> str:
    """An expression for the country that a code in a field means, as within a sentence."""
    return f"replace(represent_value(\"{field}\"), 'The ', 'the ')"


def _side(greener: str, other: str) -> str:
    """An expression that says of two fields with countries whose side is greener."""
    return f"'The side of ' || {_country(greener)} || ' is greener here than that of ' || {_country(other)}"


FIRST, SECOND, SIDE, COUNTRY = (_country(field) for field in ("first", "second", "side", "country"))
TONE = "[% coalesce(format_number(\"tone_g_r\", 2), 'not measured') %]"
# By kind of layer. Expressions stand between [% and %]; represent_value() gives the words of a code.
TIPS = {
    "cities": '<b>[% "name" %]</b> has [% format_number("population", 0) %] inhabitants.',
    "borders": (f"The border between [% {FIRST} %] and [% {SECOND} %]."),
    "motorways": (
        'The motorway <b>[% "ref" %]</b> ([% "name" %]); its line is known to '
        '[% format_number("error_m", 0) %] m.'
    ),
    "countries": '[% represent_value("country") %].',
    "contrasts": STATEMENT,
    "other_contrasts": STATEMENT,
    "contrasts_by_years": STATEMENT,
    "contrast_trends": STATEMENT,
    "regional_contrasts": STATEMENT,
    "cores": STATEMENT,
    "border_changes": STATEMENT,
    "changes": STATEMENT,
    "motorway_ends": STATEMENT,
    "motorway_crossings": STATEMENT,
    "segments": (
        f"[% CASE WHEN \"verdict\" = 'first greener' THEN {_side('first', 'second')} "
        f"WHEN \"verdict\" = 'second greener' THEN {_side('second', 'first')} "
        "WHEN \"verdict\" = 'undecided' THEN 'Which side is greener here cannot be told' "
        "ELSE 'There is too little light here to tell' END "
        "|| coalesce(': ' || format_number(\"contrast_g_r\", 2) || ' (' || format_number(\"low95\", 2) || "
        "' to ' || format_number(\"high95\", 2) || ') in log2(G/R)', '') %]."
    ),
    "strips": (
        'From [% "band_from_km" %] to [% "band_to_km" %] km from the border [% "pair" %], in '
        f"[% {SIDE} %], the tone log2(G/R) is {TONE}."
    ),
    "zones": (
        f"The light of [% {COUNTRY} %] in the frame has a tone log2(G/R) of {TONE}, from "
        '[% format_number("n_cells", 0) %] lit cells.'
    ),
    "towns": (
        f'The light of <b>[% "name" %]</b>, within [% format_number("radius_km", 1) %] km, has a tone '
        f"log2(G/R) of {TONE}."
    ),
    "town_units": (
        "[% coalesce(\"name\", 'Light away from towns') %] is "
        '[% CASE WHEN "tone_g_r" IS NULL THEN \'too faint to tell\' WHEN "tone_g_r" > 0 THEN '
        "'greener than the middle of all towns by ' || format_number(\"tone_g_r\", 2) || ' in log2(G/R)' "
        "ELSE 'less green than the middle of all towns by ' || format_number(-\"tone_g_r\", 2) || "
        "' in log2(G/R)' END %], in [% \"n_photos\" %] "
        "[% CASE WHEN \"n_photos\" = 1 THEN 'photo' ELSE 'photos' END %]."
    ),
    "motorway_segments": (
        'The <b>[% "ref" %]</b>, [% format_number("from_m" / 1000, 1) %] to '
        '[% format_number("to_m" / 1000, 1) %] km along the road from the border [% "pair" %]: '
        '[% represent_value("lit") %].'
    ),
    "control_points": (
        '<b>[% "name" %]</b> was [% represent_value("used") %]'
        "[% CASE WHEN \"residual_m\" IS NOT NULL THEN '; its light is seen ' || "
        "format_number(\"residual_m\", 0) || ' m from where the camera puts it' ELSE '' END %]."
    ),
    "residuals": (
        'The light of <b>[% "name" %]</b> is seen [% format_number("residual_m", 0) %] m from where the '
        "camera puts it."
    ),
    "footprint": (
        "The frame of the [% CASE WHEN \"simulated\" THEN 'SIMULATED ' ELSE '' END %]photo "
        '<b>[% "photo" %]</b>.'
    ),
    "photos": (
        "The light of the [% CASE WHEN \"simulated\" THEN 'SIMULATED ' ELSE '' END %]photo "
        '<b>[% "photo" %]</b>, taken [% coalesce("taken_at", \'at an unknown time\') %].'
    ),
}
