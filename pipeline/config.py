"""Configuration files, read and checked; `models` says what they may hold.

`defaults.yaml` and `schema.json` of `configs/` and of `configs/regions/` are written by
`python -m pipeline.config`.
"""

import difflib
import json
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.camera.earth import distance_km, horizon_km
from pipeline.errors import ConfigError
from pipeline.models import (
    COUNTRIES,
    BordersConfig,
    City,
    Dem,
    Facts,
    GridConfig,
    LookAt,
    Model,
    PhotoSource,
    Region,
    Run,
    ToneConfig,
)
from pipeline.plausible import PHOTO_SUFFIXES, way_out, why_unread
from pipeline.yaml_text import YamlFault, parse_yaml

CONFIGS = Path("configs")
REGIONS = "regions"  # the folder of CONFIGS with the files of regions

M = TypeVar("M", bound=Model)

# What pydantic calls the kinds of value that an entry may have, in the place of a key.
KINDS = (
    *("float", "str", "LookAt", "literal['auto']", "literal['openstreetmap','simulated']"),
    "function-after[_stated(), Dem]",
    *("literal['openstreetmap']", "literal['black_marble']", "literal['copernicus']"),
)
# What pydantic says in Python's words, in the words of YAML.
PLAIN = {
    "extra_forbidden": "unknown key",
    "missing": "is required",
    "model_type": "must hold keys and values",
    "too_short": "needs at least one entry",
    "tuple_type": "must be a list, as in [a, b]",
}


def load_run(values: dict[str, Any], file: Path = CONFIGS / "run.yaml") -> Run:
    """The run from Snakemake's merged configuration."""
    return _checked(Run, values, file)


def load_city(name: str, configs: Path = CONFIGS) -> City:
    """The city of `<configs>/<name>.yaml`, checked, with what can be seen wrong before anything runs."""
    file = configs / f"{name}.yaml"
    _check_named(name, file, CONFIGS / "run.yaml", "cities")
    city = _checked(City, read_yaml(file), file)
    _check_place(city, file)
    for index, photo in enumerate(city.photos):
        which = nth_photo(index, photo.name)
        check_nadir(city.look_at(photo), photo, file, f"{which}: nadir")
        check_file(photo.path, file, f"{which}: path")
        if photo.path is not None and photo.path.suffix.lower() not in PHOTO_SUFFIXES:
            raise ConfigError(file, f"{which}: path", str(photo.path), why_unread(photo.path))
        check_file(photo.control_points, file, f"{which}: control_points")
        check_file(elements_file(photo), file, f"{which}: tle")
        check_file(photo.vignetting, file, f"{which}: vignetting")
    for key in ("roads", "night_light", "motorways"):
        given = getattr(city, key)
        check_file(given if isinstance(given, Path) else None, file, key)
    check_file(city.dem.path if isinstance(city.dem, Dem) else None, file, "dem.path")
    check_file(city.regions, file, "regions")
    return city


def load_region(name: str, configs: Path = CONFIGS) -> tuple[Region, dict[str, City]]:
    """The region of `<configs>/regions/<name>.yaml` and its cities by file name, checked as cities are."""
    file = configs / REGIONS / f"{name}.yaml"
    _check_named(name, file, CONFIGS / "run.yaml", "regions")
    if (configs / f"{name}.yaml").is_file():
        reason = f"is the name of a city too; give {file} another name"
        raise ConfigError(CONFIGS / "run.yaml", "regions", name, reason)
    region = _checked(Region, read_yaml(file), file)
    for city in region.cities:
        _check_named(city, configs / f"{city}.yaml", file, "cities")
    cities = {city: load_city(city, configs) for city in region.cities}
    known: dict[str, PhotoSource] = {}
    for city, photo in ((city, photo) for city, of_city in cities.items() for photo in of_city.photos):
        like = known.setdefault(photo.name, photo)
        if (like.path, like.simulate) != (photo.path, photo.simulate):
            reason = f"its photo {photo.name} is another one in the region's other cities; set a different id"
            raise ConfigError(file, "cities", city, reason)
    for chosen in region.photos or ():
        if chosen not in known:
            nearest = _nearest(chosen, sorted(known))
            raise ConfigError(file, "photos", chosen, f"no city of the region has it{nearest}")
    return region, cities


def load_facts(file: Path) -> Facts:
    """The facts of `<id>.yaml` in the photo store."""
    values = read_yaml(file)
    values.pop("id", None)
    return _checked(Facts, values, file)


def read_yaml(file: Path) -> dict[str, Any]:
    """The keys and values of a YAML file, not yet checked. Raises ConfigError where there are none."""
    try:
        values = parse_yaml(file.read_bytes().decode("utf-8-sig"))
    except YamlFault as error:
        raise ConfigError(file, "YAML", None, str(error)) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(file, "YAML", None, f"line {line}: is not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        raise ConfigError(file, "file", None, error.strerror or "cannot be read") from None
    if not isinstance(values, dict):
        raise ConfigError(file, "YAML", None, "must hold keys and values")
    return values


def nth_photo(index: int, name: object) -> str:
    """What a message calls a photo of a city's list: by its place there and its name, if it has one."""
    numbers = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    place = f"the {numbers[index]} photo" if index < len(numbers) else f"photo number {index + 1}"
    return f"{place} ({name})" if isinstance(name, str | int | float) else place


def check_nadir(aim: LookAt | str, facts: Facts, file: Path, key: str) -> None:
    """A nadir from which the photo's place lies below the horizon is wrong, most often swapped."""
    if facts.nadir is None or isinstance(aim, str):
        return
    reach_km = horizon_km(facts.altitude_km or 420.0) + aim.radius_km + 15 * facts.nadir_sigma_km
    away_km = float(distance_km(facts.nadir.lon, facts.nadir.lat, aim.lon, aim.lat))
    if away_km > reach_km:
        swapped = float(distance_km(facts.nadir.lat, facts.nadir.lon, aim.lon, aim.lat)) < reach_km
        hint = "; lon and lat look swapped" if swapped else ""
        raise ConfigError(
            file,
            key,
            f"lon {facts.nadir.lon:g}, lat {facts.nadir.lat:g}",
            f"the place looked at is {away_km:.0f} km away, beyond the horizon at {reach_km:.0f} km{hint}",
        )


def check_file(path: Path | None, file: Path, key: str) -> None:
    """A file that an entry names must be there."""
    try:
        there = path is None or path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        there = False
    if not there:
        raise ConfigError(file, key, str(path), "there is no such file")


def elements_file(facts: Facts) -> Path | None:
    """The file of orbit element sets, if `tle` names one rather than holds their text."""
    if facts.tle is None or len(facts.tle.split()) > 10 or facts.tle[:1] in ("{", "[", "<"):
        return None
    return Path(facts.tle)


def with_elements(facts: Facts, file: Path | None) -> Facts:
    """Facts with the text of the file of element sets, if there is one. A byte that is no text breaks the
    line it stands in, which is then named."""
    if file is None:
        return facts
    return facts.model_copy(update={"tle": file.read_text(encoding="utf-8", errors="replace")})


def _check_named(name: str, wanted: Path, file: Path, key: str) -> None:
    """The file of a city or a region that is named in another file must be there."""
    if not wanted.is_file():
        known = sorted(
            path.stem for path in wanted.parent.glob("*.yaml") if path.stem not in ("run", "defaults")
        )
        raise ConfigError(file, key, name, f"there is no {wanted}{_nearest(name, known)}")


def _check_place(city: City, file: Path) -> None:
    """A city far from all of its countries is most often swapped."""
    if not city.countries:
        return

    def near(lon: float, lat: float) -> bool:
        return 0 <= lon <= 17 and 45 <= lat <= 58

    place = city.location
    if not near(place.lon, place.lat):
        hint = "; lon and lat look swapped" if near(place.lat, place.lon) else "; elsewhere set countries: []"
        countries = ", ".join(city.countries)
        raise ConfigError(
            file, "location", f"lon {place.lon:g}, lat {place.lat:g}", f"is far from {countries}{hint}"
        )


def _checked(model: type[M], values: dict[str, Any], file: Path) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        # A misspelt key comes first: a required one that is missing may be just that.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        unknown = first["type"] == "extra_forbidden"
        *path, last = first["loc"] or ("file",)
        path = [part for part in path if part not in KINDS]
        path += [last] if unknown or last not in KINDS else []
        value: object = first["input"]
        reason = PLAIN.get(first["type"]) or first["msg"].removeprefix("Value error, ").replace(
            "Input should be", "must be"
        )
        if unknown:
            fields = _model_at(model, path[:-1]).model_fields
            known = [field.alias or name for name, field in fields.items()]
            reason, value = f"{reason}{_nearest(str(path[-1]), known)}", None
        elif first["type"] != "value_error":
            reason = way_out(str(path[-1]), value) or reason
        raise ConfigError(
            file, _shown_key(path, values), value if isinstance(value, str | int | float) else None, reason
        ) from None


def _shown_key(path: list[Any], values: dict[str, Any]) -> str:
    """Keys and indices as a message shows them; a photo by its place and name."""
    match path:
        case ["photos", int(index), *rest]:
            stated = values["photos"][index]
            named = stated if isinstance(stated, dict) else {}
            file = named.get("path")
            name = named.get("id") or (Path(file).stem if isinstance(file, str) else None)
            return ": ".join([nth_photo(index, name), *([".".join(map(str, rest))] if rest else [])])
    return ".".join(map(str, path))


def _model_at(model: type[BaseModel], path: list[Any]) -> type[BaseModel]:
    """The model that a path of keys and indices leads to."""
    for part in path:
        if part not in model.model_fields:  # the place in a list, or a name that the user chose
            continue
        annotation = model.model_fields[part].annotation
        found = [t for t in _types(annotation) if isinstance(t, type) and issubclass(t, BaseModel)]
        model = found[0] if found else model
    return model


def _types(annotation: Any) -> list[Any]:
    """Every plain type inside an annotation such as `tuple[X, ...] | None`."""
    inner = getattr(annotation, "__args__", None)
    return [annotation] if not inner else [t for part in inner for t in _types(part)]


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    others = f"; known are {', '.join(known)}" if known else ""
    return f"; did you mean {close[0]!r}?" if close else others


def defaults_yaml() -> str:
    """All options of a city with their defaults, as a commented YAML."""
    photo = {field.alias or key: field.get_default() for key, field in PhotoSource.model_fields.items()}
    options = {
        "countries": list(COUNTRIES),
        "photos": [photo],
        "roads": None,
        "night_light": None,
        "dem": None,
        "motorways": str(City.model_fields["motorways"].default),
        "regions": None,
        "cameras": {},
        "grid": GridConfig().model_dump(mode="json"),
        "tone": ToneConfig().model_dump(mode="json"),
        "borders": BordersConfig().model_dump(mode="json"),
        "excel": City.model_fields["excel"].default,
    }
    return _commented("a city", options)


def region_defaults_yaml() -> str:
    """The same of a region."""
    options = {
        "photos": None,
        "countries": list(COUNTRIES),
        "borders": BordersConfig().model_dump(mode="json"),
    }
    return _commented("a region", options)


def _commented(whose: str, options: dict[str, Any]) -> str:
    head = (
        f"# Every option of {whose} with its default. Written by `python -m pipeline.config`; do not edit.\n"
    )
    return head + yaml.safe_dump(options, sort_keys=False, allow_unicode=True)


def schema_json(model: type[Model] = City) -> str:
    """The JSON Schema of a city's or a region's file, from which editors check and complete it."""
    return json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (CONFIGS / "defaults.yaml").write_text(defaults_yaml(), encoding="utf-8")
    (CONFIGS / "schema.json").write_text(schema_json(), encoding="utf-8")
    (CONFIGS / REGIONS).mkdir(exist_ok=True)
    (CONFIGS / REGIONS / "defaults.yaml").write_text(region_defaults_yaml(), encoding="utf-8")
    (CONFIGS / REGIONS / "schema.json").write_text(schema_json(Region), encoding="utf-8")
