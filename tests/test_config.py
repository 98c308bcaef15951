import copy
import difflib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config import (
    CONFIGS,
    defaults_yaml,
    elements_file,
    load_city,
    load_facts,
    load_region,
    load_run,
    region_defaults_yaml,
    schema_json,
)
from pipeline.errors import ConfigError
from pipeline.models import City, Dem, Facts, LookAt, PhotoSource, Region

GOOD: dict[str, Any] = {
    "name": "Liège",
    "location": {"lon": 5.57, "lat": 50.64},
    "countries": ["BE", "NL"],
    "photos": [{"id": "ISS034-E-5935", "nadir": {"lon": 8.6, "lat": 51.2}, "focal_length_mm": 180}],
}
ABSENT = object()
ISS = """ISS (ZARYA)
1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991
2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482
"""
Load = Callable[..., City]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """A city loaded from the good one with some entries changed, as in {"grid.crs": "EPSG:1"}."""

    def load_changed(changes: dict[str, object]) -> City:
        values = copy.deepcopy(GOOD)
        for key, value in changes.items():
            *path, last = (int(part) if part.isdigit() else part for part in key.split("."))
            place: Any = values
            for part in path:
                place = place[part] if isinstance(place, list) else place.setdefault(part, {})
            if value is ABSENT:
                del place[last]
            else:
                place[last] = value
        (tmp_path / "x.yaml").write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
        return load_city("x", tmp_path)

    return load_changed


def test_the_good_one_is_good(load: Load) -> None:
    city = load({})
    assert city.name == "Liège"
    assert city.photos[0].focal_length_mm == 180


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"photos.0.focal_length_mm": 0},
            "FIRST: focal_length_mm = 0: must be 10 to 3000",
        ),
        (
            {"photos.0.focal_length_mm": "85 mm"},
            "FIRST: focal_length_mm = '85 mm': is not a plain number; write focal_length_mm: 85",
        ),
        (
            {"photos.0.focal_length_mm": float("nan")},
            "FIRST: focal_length_mm = nan: must be",
        ),
        ({"photos.0.altitude_km": 411}, None),
        (
            {"photos.0.altitude_km": 41},
            "FIRST: altitude_km = 41: the station has flown 320 to 440 km",
        ),
        (
            {"photos.0.taken_at": "yesterday"},
            "FIRST: taken_at = 'yesterday': must be a time: the year first",
        ),
        (
            {"photos.0.taken_at": 5},
            "FIRST: taken_at = 5: must be a time such as 2012-02-09T21:51:26Z",
        ),
        (
            {"photos.0.focal_lenght_mm": 50},
            "FIRST: focal_lenght_mm: unknown key; did you mean 'focal_length_mm'?",
        ),
        (
            {"photos.0.nadir": {"lon": 8.6, "lat": 51.2, "latt": 1}},
            "FIRST: nadir.latt: unknown key; did you mean 'lat'?",
        ),
        ({"photos.0.look_at": {"lon": 5}}, "FIRST: look_at.lat: is required"),
        (
            {"photos.0.look_at": {"lon": 5, "lat": 50, "radus_km": 9}},
            "FIRST: look_at.radus_km: unknown key; did you mean 'radius_km'?",
        ),
        (
            {"photos.0.look_at": {"lon": 5, "lat": 50, "radius_km": 0}},
            "FIRST: look_at.radius_km = 0: must be greater than 0",
        ),
        ({"photos.0.look_at": 5}, "FIRST: look_at = 5: must hold keys and values"),
        (
            {"photos.0.tle": "none.tle"},
            "FIRST: tle = 'none.tle': there is no such file",
        ),
        ({"photos.0.tle": 25544}, "FIRST: tle = 25544: must be a valid string"),
        (
            {"photos.0.clock_sigma_s": 0},
            "FIRST: clock_sigma_s = 0: must be greater than 0",
        ),
        (
            {"photos.0.clock_sigma_s": 60},
            "FIRST: clock_sigma_s = 60: must be less than or equal to 20",
        ),
        ({"photos.0.pass": 7}, "FIRST: pass = 7: must be a valid string"),
        ({"photos.0.pas": "a"}, "FIRST: pas: unknown key; did you mean 'pass'?"),
        (
            {"photos.0.same_pass": "a"},
            "FIRST: same_pass: unknown key; did you mean 'pass'?",
        ),
        ({"photos.0.str": "a"}, "FIRST: str: unknown key; "),
        ({"roads": "none.gpkg"}, "roads = 'none.gpkg': there is no such file"),
        ({"night_light": "none.tif"}, "night_light = 'none.tif': there is no such file"),
        ({"roads": 5}, "roads = 5: "),
        ({"motorways": "none.gpkg"}, "motorways = 'none.gpkg': there is no such file"),
        ({"motorways": None}, "motorways: "),
        ({"motorways": "simulated"}, "file: motorways: simulated needs a simulated photo; try motorways"),
        ({"regions": "none.gpkg"}, "regions = 'none.gpkg': there is no such file"),
        ({"night_light": "blackmarble"}, "night_light = 'blackmarble': there is no such file"),
        ({"dem": "dem.tif"}, "dem = 'dem.tif': must hold keys and values"),
        ({"dem": {"path": "dem.tif"}}, "dem.heights: is required"),
        ({"dem": {"heights": "ellipsoidal"}}, "dem.path: is required"),
        (
            {"dem": {"path": "dem.tif", "heights": "sea level"}},
            "dem.heights = 'sea level': must be 'ellipsoidal' or 'geoid'",
        ),
        (
            {"dem": {"path": "dem.tif", "heights": "geoid"}},
            "dem: heights above the geoid need geoid_m, the geoid's own height at the city",
        ),
        (
            {"dem": {"path": "dem.tif", "heights": "geoid", "geoid_m": 460}},
            "dem.geoid_m = 460: must be less than or equal to 120",
        ),
        (
            {"dem": {"path": "dem.tif", "heights": "ellipsoidal", "geoid_m": 46}},
            "dem: ellipsoidal heights must not have geoid_m",
        ),
        ({"dem": {"path": "no.tif", "heights": "ellipsoidal"}}, "dem.path = 'no.tif': there is no such file"),
        ({"grid.resolution": 5}, "grid.resolution: unknown key; did you mean 'resolution_m'?"),
        ({"grid.zzz": 5}, "grid.zzz: unknown key; known are crs, resolution_m, radius_km"),
        ({"locaton": {}, "location": ABSENT}, "locaton: unknown key; did you mean 'location'?"),
        ({"grid.resolution_m": 0.1}, "grid.resolution_m = 0.1: must be auto or 1 to 10000 metres"),
        ({"grid.resolution_m": "fine"}, "grid.resolution_m = 'fine': must be"),
        (
            {"grid.crs": "EPSG:999999"},
            "grid.crs = 'EPSG:999999': is not a coordinate reference system; try EPSG:3035",
        ),
        ({"grid.crs": "EPSG:4326"}, "grid.crs = 'EPSG:4326': must be projected in metres; try EPSG:3035"),
        ({"grid": "x"}, "grid = 'x': must hold keys and values"),
        (
            {"countries": ["BE", "XX"]},
            "countries: unknown country 'XX'; borders are known for BE, DE, LU, NL",
        ),
        ({"countries": "BE"}, "countries = 'BE': must be a list, as in [a, b]"),
        (
            {"location": {"lon": 50.64, "lat": 5.57}},
            "location = 'lon 50.64, lat 5.57': is far from BE, NL; lon and lat look swapped",
        ),
        (
            {"location": {"lon": -74.0, "lat": 40.7}},
            "location = 'lon -74, lat 40.7': is far from BE, NL; elsewhere set countries: []",
        ),
        ({"location.lat": 500}, "location.lat = 500: must be less than or equal to 90"),
        ({"location": ABSENT}, "location: is required"),
        (
            {"photos.0.nadir": {"lon": -150, "lat": 0}},
            "FIRST: nadir = 'lon -150, lat 0': the place looked at is 13929 km away, beyond",
        ),
        (
            {"photos.0.nadir": {"lon": 51.2, "lat": 8.6}},
            "FIRST: nadir = 'lon 51.2, lat 8.6': the place looked at is 6266 km away, beyond",
        ),
        ({"photos": []}, "photos: needs at least one entry"),
        ({"photos": [{"id": "I" * 101}]}, "the first photo (" + "I" * 50),
        ({"roads": "r" * 5000}, "roads = 'rrr"),
        ({"photos": None}, "photos: must be a list, as in [a, b]"),
        ({"photos": ["ISS034-E-5935"]}, "the first photo = 'ISS034-E-5935': must hold keys and values"),
        ({"photos": [{}]}, "the first photo: a photo needs one of id, path, simulate"),
        (
            {"photos": [{"simulate": {"seed": 1, "year": 2012}, "path": "x.jpg"}]},
            "the first photo (x): give either path or simulate, not both",
        ),
        (
            {"photos": [{"simulate": {"seed": 1, "year": 2013}}]},
            "the first photo: simulate.year = 2013: must be 2012 or 2022",
        ),
        ({"photos": [{"id": "../x"}]}, "the first photo (../x): '../x' cannot name a folder; set id to"),
        ({"photos": [{"id": "a"}, {"id": "a"}]}, "file: two photos are named 'a'; set a different id"),
        (
            {"photos.0.path": "nope.jpg"},
            "FIRST: path = 'nope.jpg': there is no such file",
        ),
        (
            {"photos.0.control_points": "no.points"},
            "FIRST: control_points = 'no.points': there is no such",
        ),
        ({"tone.min_signal_to_noise": 0.1}, "tone.min_signal_to_noise = 0.1: must be greater than or equal"),
        ({"borders.bands_km": [2, 1]}, "borders.bands_km: must rise from above 0"),
    ],
)
def test_every_mistake_is_one_line(
    load: Load, tmp_path: Path, changes: dict[str, object], expected: str | None
) -> None:
    if expected is None:  # what only looks like a mistake
        load(changes)
        return
    with pytest.raises(ConfigError) as caught:
        load(changes)
    message = str(caught.value)
    expected = expected.replace("FIRST", "the first photo (ISS034-E-5935)")
    assert message.startswith(f"{tmp_path / 'x.yaml'}: {expected}")
    assert "\n" not in message


def test_what_helps_to_place_a_photo(load: Load, tmp_path: Path) -> None:
    for name in ("iss.tle", "streets.gpkg", "dem.tif"):
        (tmp_path / name).touch()
    city = load(
        {
            "photos.0.tle": str(tmp_path / "iss.tle"),
            "photos.0.clock_sigma_s": 5,
            "photos.0.look_at": "Maastricht",
            "photos.0.pass": "evening",
            "roads": str(tmp_path / "streets.gpkg"),
            "dem": {"path": str(tmp_path / "dem.tif"), "heights": "geoid", "geoid_m": 46},
        }
    )
    (photo,) = city.photos
    assert elements_file(photo) == tmp_path / "iss.tle"
    assert (photo.clock_sigma_s, photo.same_pass) == (5, "evening")
    assert city.look_at(photo) == "Maastricht"
    assert (city.roads, city.night_light) == (tmp_path / "streets.gpkg", None)
    assert city.dem == Dem(path=tmp_path / "dem.tif", heights="geoid", geoid_m=46)


def test_maps_for_borders_are_the_shipped_ones_or_the_users(load: Load, tmp_path: Path) -> None:
    city = load({})
    assert (city.motorways, city.regions) == (Path("data/motorways.gpkg"), None)
    for name in ("own.gpkg", "regions.gpkg"):
        (tmp_path / name).touch()
    own, regions = tmp_path / "own.gpkg", tmp_path / "regions.gpkg"
    city = load({"motorways": str(own), "regions": str(regions)})
    assert (city.motorways, city.regions) == (own, regions)


def test_night_light_beside_roads(load: Load, tmp_path: Path) -> None:
    (tmp_path / "light.tif").touch()
    light = tmp_path / "light.tif"
    city = load({"night_light": str(light), "roads": "openstreetmap", "photos.0.look_at": "unknown"})
    assert (city.roads, city.night_light) == ("openstreetmap", light)
    assert city.look_at(city.photos[0]) == "unknown"


def test_what_is_fetched_is_named_by_where_it_is_from(load: Load) -> None:
    city = load({"night_light": "black_marble", "roads": "openstreetmap", "dem": "copernicus"})
    assert (city.night_light, city.roads, city.dem) == ("black_marble", "openstreetmap", "copernicus")


def test_the_text_of_element_sets_is_no_files_name(load: Load) -> None:
    (photo,) = load({"photos.0.tle": ISS}).photos
    assert elements_file(photo) is None
    assert photo.tle == ISS.strip()
    assert elements_file(Facts()) is None


def test_without_help_a_photo_looks_at_its_city(load: Load) -> None:
    city = load({})
    assert city.look_at(city.photos[0]) == LookAt(lon=5.57, lat=50.64, radius_km=100)
    assert (city.roads, city.night_light, city.dem) == (None, None, None)
    assert (city.photos[0].tle, city.photos[0].same_pass) == (None, None)


def test_swapped_coordinates_are_recognised(load: Load) -> None:
    with pytest.raises(ConfigError, match=r"lon and lat look swapped$"):
        load({"photos.0.nadir": {"lon": 51.2, "lat": 8.6}})


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "a: b: c", "\ttab: 1", "1: 2", "\0", "a: \xe9\xff"])
def test_what_is_no_yaml_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        load_city("x", tmp_path)
    assert str(caught.value).startswith(str(tmp_path / "x.yaml"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"citis": "x"}, "citis: unknown key; did you mean 'cities'?"),
        ({"cities": ""}, "cities = '': needs at least one entry"),
        ({"cities": []}, "cities: needs at least one entry"),
        ({"regions": "a/b"}, "regions = 'a/b': 'a/b' cannot be a region's file name"),
        ({"cities": "a/b"}, "cities = 'a/b': 'a/b' cannot be a city's file name"),
        ({"cities": "borders"}, "cities = 'borders': 'borders' cannot be a city's file name"),
    ],
)
def test_mistakes_in_the_run(values: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_run(values)
    assert str(caught.value) == f"configs/run.yaml: {expected}"


def test_an_unknown_city_names_the_nearest(repository: Path) -> None:
    with pytest.raises(ConfigError, match=r"aachn\.yaml; did you mean 'aachen'\?"):
        load_city("aachn", repository / "configs")


def test_cities_from_the_command_line() -> None:
    assert load_run({"cities": "liege, aachen liege"}).cities == ("liege", "aachen")


def test_regions_may_be_all_that_is_run() -> None:
    run = load_run({"cities": "", "regions": "meuse-rhine"})
    assert (run.cities, run.regions) == ((), ("meuse-rhine",))


class TestRegions:
    """Of two cities, x and y, which have a photo in common."""

    @pytest.fixture
    def configs(self, tmp_path: Path) -> Path:
        own = {"x": "ISS030-E-1", "y": "ISS030-E-3"}
        for city, photo in own.items():
            photos = [{"id": name} for name in (photo, "ISS030-E-2")]
            (tmp_path / f"{city}.yaml").write_text(yaml.safe_dump(GOOD | {"name": city, "photos": photos}))
        (tmp_path / "regions").mkdir()
        return tmp_path

    def write(self, configs: Path, name: str = "both", **values: Any) -> None:
        text = yaml.safe_dump({"name": "Both", "cities": ["x", "y"]} | values)
        (configs / "regions" / f"{name}.yaml").write_text(text)

    def test_a_region_is_its_cities(self, configs: Path) -> None:
        self.write(configs, photos=["ISS030-E-2"], countries=["NL", "BE"])
        region, cities = load_region("both", configs)
        assert list(cities) == ["x", "y"]
        assert cities["y"] == load_city("y", configs)
        assert region.countries == ("BE", "NL")

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"cities": []}, "cities: needs at least one entry"),
            ({"cities": ["x", "yy"]}, "cities = 'yy': there is no {configs}/yy.yaml; did you mean 'y'?"),
            ({"photos": ["ISS030-E-4"]}, "photos = 'ISS030-E-4': no city of the region has it; did you mean"),
            ({"photos": []}, "photos: needs at least one entry"),
            ({"countries": ["FR"]}, "countries: unknown country 'FR'; borders are known for BE, DE, LU, NL"),
            ({"borders": {"bands": 1}}, "borders.bands: unknown key; did you mean 'bands_km'?"),
        ],
    )
    def test_every_mistake_is_one_line(self, configs: Path, values: dict[str, Any], expected: str) -> None:
        self.write(configs, **values)
        with pytest.raises(ConfigError) as caught:
            load_region("both", configs)
        file = configs / "regions" / "both.yaml"
        assert str(caught.value).startswith(f"{file}: {expected.format(configs=configs)}")

    def test_an_unknown_region_names_the_nearest(self, configs: Path) -> None:
        self.write(configs)
        with pytest.raises(ConfigError, match=r"regions = 'bot': .*bot\.yaml; did you mean 'both'\?$"):
            load_region("bot", configs)

    def test_a_region_may_not_be_named_as_a_city(self, configs: Path) -> None:
        """Both would write into one folder."""
        self.write(configs, name="x")
        with pytest.raises(ConfigError, match="regions = 'x': is the name of a city too; give "):
            load_region("x", configs)

    def test_photos_of_one_name_are_one_photo(self, configs: Path) -> None:
        """Simulated photos of two cities are named alike, though they are not."""
        for city, seed in (("x", 1), ("y", 2)):
            photos = [{"simulate": {"seed": seed, "year": 2012}}]
            (configs / f"{city}.yaml").write_text(yaml.safe_dump(GOOD | {"photos": photos}))
        self.write(configs)
        with pytest.raises(ConfigError, match="cities = 'y': its photo simulated-2012 is another one in"):
            load_region("both", configs)


class TestFacts:
    def test_times_are_utc(self) -> None:
        expected = datetime(2012, 2, 9, 21, 51, 26, tzinfo=UTC)
        for text in ("2012-02-09 21:51:26 UTC", "2012-02-09T21:51:26Z", "2012-02-09T22:51:26+01:00"):
            assert Facts.model_validate({"taken_at": text}).taken_at == expected

    def test_later_facts_win_where_they_state_something(self) -> None:
        first = Facts(focal_length_mm=85, aperture=1.4)
        second = PhotoSource(id="a", focal_length_mm=82, iso=6400)
        both = first.updated(second)
        assert (both.focal_length_mm, both.aperture, both.iso) == (82, 1.4, 6400)
        assert both.model_fields_set == {"focal_length_mm", "aperture", "iso"}
        assert type(both) is Facts

    def test_a_default_does_not_override(self) -> None:
        assert Facts(nadir_sigma_km=3).updated(Facts(iso=100)).nadir_sigma_km == 3

    def test_the_files_beside_the_real_photos(self, shared: Path) -> None:
        files = sorted((shared / "photos").glob("*.yaml"))
        assert len(files) >= 3
        for file in files:
            facts = load_facts(file)
            assert facts.nadir is not None
            assert facts.focal_length_mm in (80, 85)


@pytest.mark.parametrize(
    ("name", "generated"),
    [
        ("defaults.yaml", defaults_yaml),
        ("schema.json", schema_json),
        ("regions/defaults.yaml", region_defaults_yaml),
        ("regions/schema.json", partial(schema_json, Region)),
    ],
)
def test_generated_files_are_fresh(repository: Path, name: str, generated: Callable[[], str]) -> None:
    stored = (repository / CONFIGS / name).read_text(encoding="utf-8")
    diff = difflib.unified_diff(
        stored.splitlines(), generated().splitlines(), "stored", "models", lineterm=""
    )
    assert stored == generated(), "run `python -m pipeline.config`:\n" + "\n".join(diff)


def test_the_defaults_hold_every_option(repository: Path) -> None:
    stored = yaml.safe_load((repository / CONFIGS / "defaults.yaml").read_text(encoding="utf-8"))
    assert set(stored) == set(City.model_fields) - {"name", "location"}
    of_region = yaml.safe_load(
        (repository / CONFIGS / "regions" / "defaults.yaml").read_text(encoding="utf-8")
    )
    assert set(of_region) == set(Region.model_fields) - {"name", "cities"}


class TestStarters:
    CITIES = (
        "aachen",
        "antwerp",
        "brussels",
        "demo",
        "liege",
        "luxembourg",
        "maastricht",
        "rhine-main",
        "rotterdam",
    )

    @pytest.mark.parametrize("name", CITIES)
    def test_loads_and_its_photos_can_be_solved(self, repository: Path, name: str) -> None:
        city = load_city(name, repository / CONFIGS)
        for photo in city.photos:
            if photo.simulate is None:
                assert photo.nadir, photo.name
                assert photo.altitude_km, photo.name
                assert photo.focal_length_mm, photo.name

    def test_the_region_loads(self, repository: Path) -> None:
        region, cities = load_region("meuse-rhine", repository / CONFIGS)
        assert set(cities) == {"aachen", "liege", "maastricht"}
        assert region.photos is None

    def test_all_are_tested(self, repository: Path) -> None:
        names = {file.stem for file in (repository / CONFIGS).glob("*.yaml")} - {"run", "defaults"}
        assert names == set(self.CITIES)

    def test_one_photo_has_one_set_of_facts(self, repository: Path) -> None:
        seen: dict[str, PhotoSource] = {}
        for name in self.CITIES:
            for photo in load_city(name, repository / CONFIGS).photos:
                assert seen.setdefault(photo.name, photo) == photo
