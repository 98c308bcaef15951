"""What a person, a spreadsheet or an enemy may write where facts, control points and element sets are read.

Strategies of `hypothesis` for texts and bytes: most are good ones with a few things wrong, which reach deeper
than noise. The tests take a few hundred, a benchmark as many as it likes.
"""

import json

from hypothesis import strategies as st

CITY = """name: Liège
location: {lon: 5.57, lat: 50.64}
countries: [BE, NL]
photos:
  - id: ISS030-E-163191
    taken_at: 2012-02-09T21:51:26Z
    nadir: {lon: 6.0, lat: 49.6}
    altitude_km: 376
    camera: NIKON D3S
    focal_length_mm: 85
    look_at: {lon: 5.6, lat: 50.7, radius_km: 80}
    tle: |
      1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991
      2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482
grid: {crs: EPSG:3035, resolution_m: auto}
cameras: {}
"""
FACTS = CITY[CITY.index("    taken_at") : CITY.index("grid")].replace("\n    ", "\n").strip() + "\n"
LINES = CITY[CITY.index("      1 25544U") : CITY.index("grid")].replace("      ", "")
MESSAGE = json.dumps(
    {
        "OBJECT_ID": "1998-067A", "EPOCH": "2019-12-09T16:38:29.363423", "MEAN_MOTION": 15.50103472,
        "ECCENTRICITY": 0.0007417, "INCLINATION": 51.6439, "RA_OF_ASC_NODE": 211.2001,
        "ARG_OF_PERICENTER": 17.6667, "MEAN_ANOMALY": 85.6398, "NORAD_CAT_ID": 25544, "BSTAR": 3.8792e-05,
    }
)  # fmt: skip
XML = (
    '<?xml version="1.0"?><ndm><omm><segment>'
    + "".join(f"<{key}>{value}</{key}>" for key, value in json.loads(MESSAGE).items())
    + "</segment></omm></ndm>"
)
CSV = "name,lon,lat,column_px,row_px\nLüttich,5.5718,50.6412,449.5,323\nMaastricht,5.691,50.8492,1207,644\n"
POINTS = "#CRS: EPSG:4326\nmapX,mapY,pixelX,pixelY,enable,dX,dY,residual\n5.5,50.6,450,-323.5,1,0,0,0\n"
POINTS_OF_ROWS = (
    POINTS.replace("#CRS: EPSG:4326\n", "")
    .replace("5.5,50.6", "700000,5600000")
    .replace(",0,0,0\n", ',0,0,0,PROJCS["UTM zone 31N",GEOGCS["WGS 84"],UNIT["metre",1]]\n')
)

# What stands where a number, a word or a sign is expected.
TOKENS = st.sampled_from(
    [
        *("", " ", "\t", "\n", "\r\n", "\ufeff", "\0", "\x1b[2J", "\u2028", "\u202e", "ß", "🌃", "\ud7ff"),
        *("-", "~", "null", "true", "no", "0", "-1", "1e999", "nan", ".inf", "0x10", "1_000", "010"),
        *("9" * 400, "9" * 5000, "1,5", "203", "203 nmi", "0.085", "85 mm", "1/0", "f/1.4", "49°36'N"),
        *("09.02.2012 22:51", "2012-02-30", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z", "22:51"),
        *("{", "}", "[", "]", ":", ",", "&a", "*a", "<<: *a", "!!python/name:os.system", "!!binary =", "? "),
        *('"', "'", "#", "%", "|", ">", "---", "...", "- - -", "a: &a [*a]", ";", "=1+1", "../../x", "x.jpg"),
        *("EPSG:4326", "EPSG:0", 'LOCAL_CS["a"]', "+proj=utm +zone=99", "+init=epsg:4326", "EPSG:4978"),
        *("1 25544U", "2 25544", "<!DOCTYPE a>", "&amp;", "</omm>", "[" * 2000, "{a: " * 500, "x" * 140_000),
    ]
)  # fmt: skip
ANYTHING = st.one_of(TOKENS, st.text(max_size=12), st.floats().map(str), st.integers().map(str))


@st.composite
def mutated(draw: st.DrawFn, good: str) -> str:
    """A good text in which up to five stretches have become something else."""
    text = good
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        length = draw(st.sampled_from([0, 0, 1, 1, 2, 5, 20]))
        text = text[:start] + draw(ANYTHING) + text[start + length :]
    return text


def written(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """Texts as bytes, mostly in UTF-8."""
    encodings = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252")
    return st.builds(lambda text, code: text.encode(code, "replace"), texts, st.sampled_from(encodings))


CITIES: st.SearchStrategy[bytes] = st.one_of(
    written(mutated(CITY)), written(mutated(CITY)), st.binary(max_size=200)
)
FACTS_BESIDE_PHOTOS: st.SearchStrategy[bytes] = st.one_of(
    written(mutated(FACTS)), written(st.text(max_size=100))
)
CONTROL_POINTS: st.SearchStrategy[bytes] = st.one_of(
    *(written(mutated(good)) for good in (CSV, CSV.replace(",", ";"), POINTS, POINTS_OF_ROWS)),
    st.binary(max_size=200),
)
ELEMENT_SETS: st.SearchStrategy[str] = st.one_of(
    *(mutated(good) for good in (LINES, MESSAGE, XML, f"[{MESSAGE}]")), st.text(max_size=100)
)
