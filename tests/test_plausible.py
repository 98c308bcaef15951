"""What a person mistypes who copies a catalogue page: each mistake is found by reading, with the way out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.config import load_city
from pipeline.errors import ConfigError
from pipeline.plausible import parse_time, way_out

CITY = """name: Liège
location: {lon: 5.57, lat: 50.64}
countries: [BE, NL]
photos:
  - id: ISS030-E-163191
    nadir: {lon: 6.0, lat: 49.6}
    altitude_km: 376
    focal_length_mm: 85
"""
FIRST = "the first photo (ISS030-E-163191)"
TIME = "2012-02-09T21:51:26Z"
UTC_OR_OFFSET = (
    f"; write {TIME} if it is UTC, as in NASA's catalogue, else its offset: 2012-02-09T21:51:26+01:00"
)


def refusal(folder: Path, text: str) -> str:
    """The message that a city's file of this text ends in, without the file's name."""
    file = folder / "x.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_city("x", folder)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{file}: ")
    return message.removeprefix(f"{file}: ")


def with_line(line: str) -> str:
    """The city with a line of its photo changed or added."""
    key = line.partition(":")[0]
    kept = [old for old in CITY.splitlines() if old.strip().partition(":")[0] != key]
    return "\n".join([*kept, f"    {line}", ""])


def test_the_city_itself_is_good(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(CITY, encoding="utf-8")
    assert load_city("x", tmp_path).photos[0].altitude_km == 376


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        # 203 nautical miles of 1.852 km are 375.956 km.
        (
            "altitude_km: 203",
            "looks like nautical miles, for the station has flown 320 to 440 km high; write 376",
        ),
        ("altitude_km: 376000", "looks like metres, for the station has flown 320 to 440 km high; write 376"),
        # 1,233,600 feet of 0.3048 m are 376.0 km; 260 miles of 1.609344 km are 418.4 km.
        ("altitude_km: 1233600", "looks like feet, for the station has flown 320 to 440 km high; write 376"),
        ("altitude_km: 260", "looks like miles, for the station has flown 320 to 440 km high; write 418.4"),
        ("altitude_km: 500", "the station has flown 320 to 440 km high"),
        ("altitude_km: 203 nmi", "is not a plain number; write 375.956"),
        ("altitude_km: 376 km", "is not a plain number; write 376"),
        ("altitude_km: 376,5", "is not a plain number; write 376.5"),
        ("focal_length_mm: 0.085", "looks like metres; write 85"),
        ("focal_length_mm: 8.5", "looks like centimetres; write 85"),
        ("focal_length_mm: 85000", "looks like micrometres; write 85"),
        ("focal_length_mm: 85 mm", "is not a plain number; write 85"),
        ("focal_length_mm: 8,5 cm", "is not a plain number; write 85"),
        ("focal_length_mm: 5", None),
        ("focal_length_mm: -85", "must be 10 to 3000"),
        ("focal_length_mm: true", "must not be true or false"),
        ("sensor_width_mm: 3.6", "looks like centimetres; write 36"),
        ("sensor_width_mm: 0.036", "looks like metres; write 36"),
        ("sensor_width_mm: 36,0", "is not a plain number; write 36"),
        ("aperture: f/1.4", "is not a plain number; write 1.4"),
        ("aperture: 1,4", "is not a plain number; write 1.4"),
        ("exposure_s: 1/100", "is not a plain number; write 0.01"),
        ("exposure_s: 1/0", "must be a valid number"),
        ("exposure_s: 10 ms", "is not a plain number; write 0.01"),
    ],
)
def test_numbers_in_other_units_and_forms(tmp_path: Path, line: str, reason: str | None) -> None:
    key, _, value = line.partition(": ")
    message = refusal(tmp_path, with_line(line))
    assert message.startswith(f"{FIRST}: {key} = ")
    assert value.split()[0] in message.replace("True", "true")
    if reason is not None:
        told, mark, number = reason.partition("; write ")
        assert f": {told}" in message
        assert message.endswith(f"; write {key}: {number}" if mark else told) or not mark


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("49°36'", 49.6),
        ("49°36'0\"N", 49.6),
        ("49°36'S", -49.6),
        ("49:36", 49.6),
        ("49.6 N", 49.6),
        ("-49.6°", -49.6),
        ("49,6", 49.6),
        ("49°66'", None),
        ("north", None),
    ],
)
def test_degrees_and_minutes(tmp_path: Path, written: str, meant: float | None) -> None:
    message = refusal(tmp_path, CITY.replace("lat: 49.6", f"lat: {json.dumps(written)}"))
    assert message.startswith(f"{FIRST}: nadir.lat = ")
    way = f"; write lat: {meant:g}" if meant is not None else "unable to parse string as a number"
    assert message.endswith(way)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("2012-02-09T21:51:26", f"has no zone{UTC_OR_OFFSET}"),
        ("2012-02-09 21:51:26", f"has no zone{UTC_OR_OFFSET}"),
        ("09.02.2012 21:51:26", f"is not in the form of ISO 8601{UTC_OR_OFFSET}"),
        ("9.2.2012, 21:51:26", f"is not in the form of ISO 8601{UTC_OR_OFFSET}"),
        ("2012:02:09 21:51:26", f"is not in the form of ISO 8601{UTC_OR_OFFSET}"),
        ("2012/02/09 21:51:26 GMT", f"is not in the form of ISO 8601{UTC_OR_OFFSET}"),
        ("20120209 215126", f"is not in the form of ISO 8601{UTC_OR_OFFSET}"),
        ("02/29/2012 21:51", "is not in the form of ISO 8601; write 2012-02-29T21:51:00Z if it is UTC"),
        ("29/02/2012 21h51", "is not in the form of ISO 8601; write 2012-02-29T21:51:00Z if it is UTC"),
        (
            "09/02/2012 21:51",
            f"must be a time: the year first and the zone last, as in {TIME}",
        ),  # of which month?
        ("2012-02-30T21:51:26Z", "is no such day or time; look it up again"),
        ("2012-02-30", "is no such day or time; look it up again"),
        ("2011-02-29 21:51", "is no such day or time; look it up again"),
        ("30.02.2012 21:51", "is no such day or time; look it up again"),
        ("2012-02-09T24:51:26Z", "is no such day or time; look it up again"),
        ("2012-02-09", f"is a day without a time; write for example {TIME}"),
        (
            "1999-12-31T23:00:00Z",
            "is before people lived on the station (November 2000); look the time up again",
        ),
        ("2999-01-01T00:00:00Z", "lies in the future; look the time up again"),
        ("9999-12-31T23:59:59-23:59", "lies in the future; look the time up again"),
        ("0001-01-01T00:00:00+23:59", "is before people lived on the station (November 2000)"),
        ("yesterday", f"must be a time: the year first and the zone last, as in {TIME}"),
        ("20120209", f"must be a time such as {TIME}"),
    ],
)
def test_times(tmp_path: Path, written: str, reason: str) -> None:
    message = refusal(tmp_path, with_line(f"taken_at: {written}"))
    value = repr(int(written) if written.isdigit() else written)
    assert message.startswith(f"{FIRST}: taken_at = {value}: {reason}")


@pytest.mark.parametrize(
    "written", [TIME, "2012-02-09 22:51:26+01:00", "2012-02-09T21:51:26.000Z", "2012-02-09 21:51:26 GMT"]
)
def test_times_that_are_good(written: str) -> None:
    assert parse_time(written) == datetime(2012, 2, 9, 21, 51, 26, tzinfo=UTC)


def test_what_cannot_be_guessed_is_not_guessed() -> None:
    assert way_out("name", "x") is None
    assert way_out("iso", -5) is None
    assert way_out("altitude_km", 400.0) is None
    assert way_out("altitude_km", None) is None


class TestYaml:
    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            ("lon: 6.0,", "lon: 6,0,", "line 6: lon = 6,0 has a decimal comma; write lon: 6.0"),
            ("lat: 49.6}", "lat: 49,6}", "line 6: lat = 49,6 has a decimal comma; write lat: 49.6"),
            (
                "    altitude",
                "\taltitude",
                "line 7: holds a tab, which YAML does not take; write blanks instead",
            ),
            ("    altitude", "  \t altitude", "line 7: holds a tab, which YAML does not take; write blanks"),
            (
                "    altitude_km: 376\n",
                "    altitude_km: 376\n    altitude_km: 391\n",
                "line 8: altitude_km is given twice, first in line 7; keep one of them",
            ),
            ("name: Liège\n", "name: Liège\nname: Lüttich\n", "line 2: name is given twice, first in line 1"),
            ("lat: 49.6", "lat: 49.6, lat: 49.7", "line 6: lat is given twice, first in line 6; keep one"),
            (
                "name: Liège",
                "name: Liège: by night",
                "line 1, column 12: mapping values are not allowed here; te",
            ),
            (
                "name: Liège",
                "name: Liège\n5: x",
                "line 2: the key 5 is not a word; put it in quotes, or mend",
            ),
            ("name: Liège", "name: Liège\n? [a]\n: x", "line 2: the key is not a word"),
            (
                "name: Liège",
                "name: !!python/name:os.system x",
                "line 1, column 7: could not determine a cons",
            ),
            ("name: Liège", "name: [" + 5000 * "[", "is nested too deeply"),
            ("name: Liège", "name: " + 5000 * "9", "Exceeds the limit (4300 digits) for integer string conv"),
            ("name: Liège", 'name: x\n"a\\nb\\e[2J": 1', r"a\nb\x1b[2J: unknown key; "),
        ],
    )
    def test_mistakes_are_named_by_line(self, tmp_path: Path, old: str, new: str, reason: str) -> None:
        message = refusal(tmp_path, CITY.replace(old, new, 1))
        assert message.removeprefix("YAML: ").startswith(reason)

    def test_another_encoding(self, tmp_path: Path) -> None:
        for encoding, line in (("latin-1", 1), ("utf-16", 1)):
            (tmp_path / "x.yaml").write_bytes(CITY.encode(encoding))
            with pytest.raises(
                ConfigError, match=f"YAML: line {line}: is not UTF-8; save the file as UTF-8$"
            ):
                load_city("x", tmp_path)

    def test_words_stay_words(self, tmp_path: Path) -> None:
        """YAML 1.1 reads these as 1371, false, 8 and a day."""
        text = with_line("pass: 22:51").replace("name: Liège", "name: no")
        text = text.replace("focal_length_mm: 85", "focal_length_mm: 085")
        (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
        city = load_city("x", tmp_path)
        assert (city.name, city.photos[0].same_pass, city.photos[0].focal_length_mm) == ("no", "22:51", 85)

    def test_anchors_and_merged_keys_are_not_given_twice(self, tmp_path: Path) -> None:
        shared = "    - &first\n      id: a\n      nadir: {lon: 6, lat: 50}\n    - {<<: *first, id: b}\n"
        text = CITY[: CITY.index("  - id")] + shared
        (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
        assert [photo.name for photo in load_city("x", tmp_path).photos] == ["a", "b"]


@pytest.mark.parametrize("name", ["my-photo.jpg", "my-photo.JPEG", "my-photo.heic", "my-photo.nef"])
def test_a_file_name_given_as_id(tmp_path: Path, name: str) -> None:
    message = refusal(tmp_path, CITY.replace("ISS030-E-163191", name))
    assert message == (
        f"the first photo ({name}): id = {name!r} is a file name; write id: my-photo, or path: with the file"
    )


def test_a_photo_is_named_by_its_place_and_name(tmp_path: Path) -> None:
    for k, place in (
        (1, "the second photo (p1)"),
        (9, "the tenth photo (p9)"),
        (10, "photo number 11 (p10)"),
    ):
        photos = "".join(f"  - {{id: p{n}, iso: {'x' if n == k else 100}}}\n" for n in range(12))
        message = refusal(tmp_path, CITY[: CITY.index("  - id")] + photos)
        assert message.startswith(f"{place}: iso = 'x': must be a valid number")
