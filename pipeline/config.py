"""What a user may say: one `run.yaml`, one YAML per city, one optional facts file per photo.

The models below are the only source of defaults and of the schema (`configs/defaults.yaml` and
`configs/schema.json` are written from them by `python -m pipeline.config`).
"""

import difflib
import json
import re
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipeline.camera.earth import distance_km, horizon_km
from pipeline.errors import ConfigError

COUNTRIES = ("BE", "DE", "LU", "NL")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
CONFIGS = Path("configs")

EvidenceLevel = Literal["raw", "raw_anchored", "jpeg"]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


M = TypeVar("M", bound=Model)

# What pydantic says in Python's words, in the words of YAML.
PLAIN = {
    "extra_forbidden": "unknown key",
    "missing": "is required",
    "model_type": "must hold keys and values",
    "too_short": "needs at least one entry",
    "tuple_type": "must be a list, as in [a, b]",
}


class LonLat(Model):
    """A place on the ground, degrees WGS84."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)


class LookAt(LonLat):
    """Roughly where the photo looks, and how far off that may be."""

    radius_km: float = Field(default=100.0, gt=0, le=2000)


class Facts(Model):
    """What is known of a photo. EXIF gives some, the catalogue more; whatever is set here wins."""

    taken_at: datetime | None = Field(
        default=None, description="when the photo was taken; UTC unless an offset is given"
    )
    nadir: LonLat | None = Field(default=None, description="the point below the station")
    nadir_sigma_km: float = Field(
        default=6.0,
        gt=0,
        le=500,
        description="how sure the nadir is; outliers of ten times this are expected",
    )
    altitude_km: float | None = Field(default=None, ge=150, le=2000)
    camera: str | None = None
    focal_length_mm: float | None = Field(default=None, gt=0, le=3000)
    sensor_width_mm: float | None = Field(default=None, gt=0, le=100)
    aperture: float | None = Field(default=None, gt=0)
    exposure_s: float | None = Field(default=None, gt=0)
    iso: float | None = Field(default=None, gt=0)
    look_at: LookAt | None = Field(default=None, description="default: the city, within 100 km")

    @field_validator("taken_at")
    @classmethod
    def _utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        if value.year < 1998:
            raise ValueError("is before the station flew (1998)")
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def updated(self, other: "Facts") -> "Facts":
        """These facts, overridden by whatever the other ones state."""
        stated = {key: getattr(other, key) for key in other.model_fields_set & set(Facts.model_fields)}
        return Facts.model_construct(
            **{**{key: getattr(self, key) for key in Facts.model_fields}, **stated},
            _fields_set=(self.model_fields_set & set(Facts.model_fields)) | set(stated),
        )


class Simulation(Model):
    """A simulated photo with a hidden true camera, instead of a real one."""

    seed: int = Field(ge=0)
    year: Literal[2012, 2022]


class PhotoSource(Facts):
    """A photo: by NASA id, as a local file, or simulated. Any fact may be given or corrected beside it."""

    id: str | None = Field(
        default=None, description="NASA's id, such as ISS030-E-163191, or your own name for a file"
    )
    path: Path | None = Field(
        default=None, description="a JPEG or TIFF; without it the photo store, then NASA, is asked"
    )
    simulate: Simulation | None = None
    control_points: Path | None = Field(
        default=None, description="manual control points: a QGIS .points file or a CSV"
    )

    @model_validator(mode="after")
    def _one_origin(self) -> "PhotoSource":
        if self.path is not None and self.simulate is not None:
            raise ValueError("give either path or simulate, not both")
        if self.id is None and self.path is None and self.simulate is None:
            raise ValueError("a photo needs one of id, path, simulate")
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} cannot name a folder; set id to letters, digits, . _ -")
        return self

    @property
    def name(self) -> str:
        """The folder of this photo's results."""
        if self.id is not None:
            return self.id
        if self.path is not None:
            return self.path.stem
        assert self.simulate is not None
        return f"simulated-{self.simulate.year}"


class GridConfig(Model):
    """The map grid. `auto` takes the coarsest photo's ground sample distance, to 1, 2 or 5 x 10^n."""

    crs: str = "EPSG:3035"
    resolution_m: float | Literal["auto"] = "auto"
    radius_km: float = Field(default=100.0, gt=0, le=1000, description="the grid ends this far from the city")

    @field_validator("resolution_m", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("must be auto or a number of metres")
        return value

    @field_validator("resolution_m")
    @classmethod
    def _sensible(cls, value: float | str) -> float | str:
        if not isinstance(value, str) and not 1 <= value <= 10_000:
            raise ValueError("must be auto or 1 to 10000 metres (from the station a pixel is 5 m or more)")
        return value

    @field_validator("crs")
    @classmethod
    def _projected(cls, value: str) -> str:
        from pyproj import CRS
        from pyproj.exceptions import CRSError

        try:
            crs = CRS.from_user_input(value)
        except CRSError:
            raise ValueError("is not a coordinate reference system; try EPSG:3035") from None
        if not crs.is_projected or crs.axis_info[0].unit_name != "metre":
            raise ValueError("must be projected in metres; try EPSG:3035")
        return value


class ToneConfig(Model):
    """Where a ratio of light is trusted."""

    min_signal_to_noise: float = Field(
        default=10.0, ge=1, description="needed in R and in G for a pixel's ratio"
    )
    background_km: float = Field(
        default=10.0, ge=1, le=200, description="size of the window that gives the local background"
    )


class BordersConfig(Model):
    """How light and tone are compared across a border."""

    bands_km: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
    contrast_km: float = Field(
        default=10.0, gt=0, le=200, description="the contrast compares light up to this far on each side"
    )
    block_km: float = Field(
        default=2.0, ge=0.1, le=100, description="length of border that makes one bootstrap block"
    )
    replicates: int = Field(default=2000, ge=200, le=100_000)

    @field_validator("bands_km")
    @classmethod
    def _rising(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or value[0] <= 0 or any(b <= a for a, b in pairwise(value)):
            raise ValueError("must rise from above 0")
        return value


class City(Model):
    """One city: its photos, the countries to compare, the grid and the options."""

    name: str
    location: LonLat
    countries: tuple[str, ...] = COUNTRIES
    photos: Annotated[tuple[PhotoSource, ...], Field(min_length=1)]
    grid: GridConfig = GridConfig()
    tone: ToneConfig = ToneConfig()
    borders: BordersConfig = BordersConfig()

    @field_validator("countries")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for code in value:
            if code not in COUNTRIES:
                raise ValueError(f"unknown country {code!r}; borders are known for {', '.join(COUNTRIES)}")
        return tuple(sorted(set(value)))

    @model_validator(mode="after")
    def _consistent(self) -> "City":
        for name, count in Counter(photo.name for photo in self.photos).items():
            if count > 1:
                raise ValueError(f"two photos are named {name!r}; set a different id")
        return self

    def look_at(self, facts: Facts) -> LookAt:
        """Where a photo looks: as stated, else at the city."""
        return facts.look_at or LookAt(lon=self.location.lon, lat=self.location.lat)


class Run(Model):
    """What to run. `--config cities=liege,aachen` overrides."""

    cities: Annotated[tuple[str, ...], Field(min_length=1)] = ("demo",)
    results: Path = Path("results")
    photo_store: Path = Path("data/photos")

    @field_validator("cities", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [part for part in re.split(r"[,\s]+", value) if part] if isinstance(value, str) else value

    @field_validator("cities")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not NAME.fullmatch(name) or name == "borders":  # whose GeoPackage would be the borders step's
                raise ValueError(f"{name!r} cannot be a city's file name")
        return tuple(dict.fromkeys(value))


def load_run(values: dict[str, Any], file: Path = CONFIGS / "run.yaml") -> Run:
    """The run from Snakemake's merged configuration."""
    return _checked(Run, values, file)


def load_city(name: str, configs: Path = CONFIGS) -> City:
    """The city of `<configs>/<name>.yaml`, checked, with what can be seen wrong before anything runs."""
    file = configs / f"{name}.yaml"
    if not file.is_file():
        known = sorted(path.stem for path in configs.glob("*.yaml") if path.stem not in ("run", "defaults"))
        raise ConfigError(CONFIGS / "run.yaml", "cities", name, f"there is no {file}{_nearest(name, known)}")
    city = _checked(City, read_yaml(file), file)
    _check_place(city, file)
    for index, photo in enumerate(city.photos):
        check_nadir(city.look_at(photo), photo, file, f"photos.{index}.nadir")
        for key in ("path", "control_points"):
            path = getattr(photo, key)
            if path is not None and not path.is_file():
                raise ConfigError(file, f"photos.{index}.{key}", str(path), "there is no such file")
    return city


def load_facts(file: Path) -> Facts:
    """The facts of `<id>.yaml` in the photo store."""
    values = read_yaml(file)
    values.pop("id", None)
    return _checked(Facts, values, file)


def read_yaml(file: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(file, "YAML", None, reason) from None
    except OSError as error:
        raise ConfigError(file, "file", None, error.strerror or "cannot be read") from None
    if not isinstance(values, dict):
        raise ConfigError(file, "YAML", None, "must hold keys and values")
    return values


def check_nadir(aim: LookAt, facts: Facts, file: Path, key: str) -> None:
    """A nadir from which the photo's place lies below the horizon is wrong, most often swapped."""
    if facts.nadir is None:
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
        path = [part for part in first["loc"] if part not in ("float", "literal['auto']")]
        key = ".".join(str(part) for part in path) or "file"
        reason = PLAIN.get(first["type"]) or first["msg"].removeprefix("Value error, ").replace(
            "Input should be", "must be"
        )
        value: object = first["input"]
        if first["type"] == "extra_forbidden":
            known = list(_model_at(model, path[:-1]).model_fields)
            reason, value = f"{reason}{_nearest(str(path[-1]), known)}", None
        elif not isinstance(value, str | int | float):
            value = None
        raise ConfigError(file, key, value, reason) from None


def _model_at(model: type[BaseModel], path: list[Any]) -> type[BaseModel]:
    """The model that a path of keys and indices leads to."""
    for part in path:
        if isinstance(part, int):
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
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"


def defaults_yaml() -> str:
    """All options with their defaults, as a commented YAML."""
    photo = {key: field.get_default() for key, field in PhotoSource.model_fields.items()}
    options = {
        "countries": list(COUNTRIES),
        "photos": [photo],
        "grid": GridConfig().model_dump(mode="json"),
        "tone": ToneConfig().model_dump(mode="json"),
        "borders": BordersConfig().model_dump(mode="json"),
    }
    head = "# Every option of a city with its default. Written by `python -m pipeline.config`; do not edit.\n"
    return head + yaml.safe_dump(options, sort_keys=False, allow_unicode=True)


def schema_json() -> str:
    return json.dumps(City.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (CONFIGS / "defaults.yaml").write_text(defaults_yaml(), encoding="utf-8")
    (CONFIGS / "schema.json").write_text(schema_json(), encoding="utf-8")
