"""What a user may say, as models: one `run.yaml`, one YAML per city, one optional facts file per photo.

They are the only source of defaults and of the schema; `config` reads files into them.
"""

import re
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline import plausible

COUNTRIES = ("BE", "DE", "LU", "NL")
# Of folders and files; with what else is in the names of files, 255 letters are the limit of file systems.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
EvidenceLevel = Literal["raw", "raw_anchored", "jpeg"]
Triple = tuple[float, float, float]
D65_XYZ: Triple = (0.95047, 1.0, 1.08883)


class Model(BaseModel):
    """What all models share: unknown keys and infinite numbers are refused, and values do not change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False, serialize_by_alias=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value(cls, value: Any, info: ValidationInfo) -> Any:
        """To Python `true` is the number 1."""
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is not bool:
            raise ValueError("must not be true or false")
        return value


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
        default=None, description=f"when the photo was taken, with its zone, as in {plausible.EXAMPLE_TIME}"
    )
    nadir: LonLat | None = Field(default=None, description="the point below the station")
    nadir_sigma_km: float = Field(
        default=6.0,
        gt=0,
        le=500,
        description="how sure the nadir is; outliers of ten times this are expected",
    )
    altitude_km: float | None = Field(default=None, ge=plausible.ALTITUDE_KM[0], le=plausible.ALTITUDE_KM[1])
    tle: str | None = Field(
        default=None,
        description="orbit element sets, a file or their text: they give nadir and altitude at taken_at",
    )
    clock_sigma_s: float = Field(
        default=2.0, gt=0, le=20, description="how sure taken_at is, where tle gives the position"
    )
    camera: str | None = None
    focal_length_mm: float | None = Field(
        default=None, ge=plausible.FOCAL_LENGTH_MM[0], le=plausible.FOCAL_LENGTH_MM[1]
    )
    sensor_width_mm: float | None = Field(
        default=None, ge=plausible.SENSOR_WIDTH_MM[0], le=plausible.SENSOR_WIDTH_MM[1]
    )
    aperture: float | None = Field(default=None, gt=0)
    exposure_s: float | None = Field(default=None, gt=0)
    iso: float | None = Field(default=None, gt=0)
    look_at: LookAt | str | None = Field(
        default=None,
        description="a place with radius_km, a city by name, or unknown; default: the city, within 100 km",
    )
    crop: tuple[int, int, int, int] | Literal["unknown"] | None = Field(
        default=None, description="if cut: [left, top, width, height] in the full frame's pixels, or unknown"
    )

    @field_validator("taken_at", mode="before")
    @classmethod
    def _timed(cls, value: object) -> datetime | None:
        return None if value is None else plausible.parse_time(value)

    def updated(self, other: "Facts") -> "Facts":
        """These facts, overridden by whatever the other ones state."""
        stated = {key: getattr(other, key) for key in other.model_fields_set & set(Facts.model_fields)}
        return Facts.model_construct(
            **{**{key: getattr(self, key) for key in Facts.model_fields}, **stated},
            _fields_set=(self.model_fields_set & set(Facts.model_fields)) | set(stated),
        )


class CameraRow(Model):
    """A camera. `xyz_to_camera` has the rows red, green, blue and the columns X, Y, Z."""

    sensor_width_mm: float = Field(
        gt=0, le=100, description="width of the largest JPEG's pixels on the sensor"
    )
    image_width_px: int = Field(ge=64, le=30_000, description="of the largest JPEG")
    image_height_px: int = Field(ge=64, le=30_000)
    xyz_to_camera: tuple[Triple, Triple, Triple] = Field(
        description="colour matrix for daylight D65, as in a DNG's ColorMatrix2"
    )
    source: str = Field(min_length=1, description="where the numbers are from")

    @field_validator("xyz_to_camera")
    @classmethod
    def _of_daylight(cls, value: tuple[Triple, Triple, Triple]) -> tuple[Triple, Triple, Triple]:
        seen = [sum(a * b for a, b in zip(row, D65_XYZ, strict=True)) for row in value]
        if not all(0.05 < part < 20 for part in seen):
            shown = ", ".join(f"{part:.3g}" for part in seen)
            raise ValueError(
                f"sees daylight as {shown}; each must be 0.05 to 20 (rows are the camera's red, green, blue, "
                "columns X, Y, Z; numbers in units of 1/10000 need dividing)"
            )
        return value

    @property
    def pixel_um(self) -> float:
        """Distance of the sensor's pixels. A binned raw pixel is two of them wide."""
        return 1e3 * self.sensor_width_mm / self.image_width_px


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
        default=None,
        description="a JPEG, PNG, TIFF, NEF or DNG; without it the photo store, then NASA, is asked",
    )
    simulate: Simulation | None = None
    control_points: Path | None = Field(
        default=None,
        description="manual control points: a QGIS .points file or a CSV; one may be enough; those of a raw "
        "file are picked on its JPEG in NASA's archive",
    )
    vignetting: Path | None = Field(
        default=None,
        description="how the lens darkens corners: a file of `python -m pipeline.photo.vignetting`; "
        "default: it is not corrected",
    )
    same_pass: str | None = Field(
        default=None,
        alias="pass",
        description="photos of one city with the same pass share clock and lens, and are adjusted together",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> "PhotoSource":
        if self.path is not None and self.simulate is not None:
            raise ValueError("give either path or simulate, not both")
        if self.id is None and self.path is None and self.simulate is None:
            raise ValueError("a photo needs one of id, path, simulate")
        suffix = Path(self.id or "").suffix
        if suffix.lower() in (*plausible.PHOTO_SUFFIXES, *plausible.HOW_TO_CONVERT):
            name = str(self.id).removesuffix(suffix)
            raise ValueError(f"id = {self.id!r} is a file name; write id: {name}, or path: with the file")
        if not NAME.fullmatch(self.name):
            raise ValueError(
                f"{self.name!r} cannot name a folder; set id to letters, digits, . _ -, at most 100"
            )
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


class Dem(Model):
    """Heights of the ground: any raster GDAL reads."""

    path: Path
    heights: Literal["ellipsoidal", "geoid"] = Field(description="what the heights are above")
    geoid_m: float | None = Field(
        default=None, ge=-120, le=120, description="the geoid's own height at the city; about 46 near Liège"
    )

    @model_validator(mode="after")
    def _stated(self) -> "Dem":
        if self.heights == "geoid" and self.geoid_m is None:
            raise ValueError("heights above the geoid need geoid_m, the geoid's own height at the city")
        if self.heights == "ellipsoidal" and self.geoid_m is not None:
            raise ValueError("ellipsoidal heights must not have geoid_m")
        return self


class GridConfig(Model):
    """The map grid. `auto` takes the coarsest photo's ground sample distance, to 1, 2 or 5 x 10^n."""

    crs: str = "EPSG:3035"
    resolution_m: float | Literal["auto"] = "auto"
    radius_km: float = Field(default=100.0, gt=0, le=1000, description="the grid ends this far from the city")

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
    aerosol_depth: float = Field(
        default=0.1, ge=0, le=2, description="of the air, vertical at 550 nm: lamps are looked for through it"
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
    trend_sigma: float | None = Field(
        default=None,
        gt=0,
        le=2,
        description="size (1 sigma, log2(G/R)) of trends of tone from edge to edge of a photo, where known; "
        "else it is free in one photo, and estimated from many",
    )

    @field_validator("bands_km")
    @classmethod
    def _rising(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or value[0] <= 0 or any(b <= a for a, b in pairwise(value)):
            raise ValueError("must rise from above 0 (with decimal points, as in 0.5, and no decimal commas)")
        return value


def _known_countries(codes: tuple[str, ...]) -> tuple[str, ...]:
    for code in codes:
        if code not in COUNTRIES:
            raise ValueError(f"unknown country {code!r}; borders are known for {', '.join(COUNTRIES)}")
    return tuple(sorted(set(codes)))


CountryCodes = Annotated[tuple[str, ...], AfterValidator(_known_countries)]


class City(Model):
    """One city: its photos, the countries to compare, the grid and the options."""

    name: str
    location: LonLat
    countries: CountryCodes = COUNTRIES
    photos: Annotated[tuple[PhotoSource, ...], Field(min_length=1)]
    roads: Literal["openstreetmap"] | Path | None = Field(
        default=None,
        description="lit streets, lines with `highway`: GeoPackage or GeoParquet; or openstreetmap, which "
        "fetches what the lens can show; they sharpen",
    )
    night_light: Literal["black_marble"] | Path | None = Field(
        default=None,
        description="any georeferenced night-light raster, or black_marble, which fetches NASA's; it counts "
        "beside cities and roads, each by how surely it tells places",
    )
    dem: Dem | Literal["copernicus"] | None = Field(
        default=None, description="heights of the ground; or copernicus, which fetches them"
    )
    motorways: Literal["openstreetmap", "simulated"] | Path = Field(
        default=Path("data/motorways.gpkg"),
        description="lines with `ref` (and `error_m`), whose light is followed across borders; or "
        "openstreetmap, which fetches them from there; or simulated, those of a simulated photo's world",
    )
    regions: Path | None = Field(
        default=None,
        description="polygons with `region`: borders inside a country, as control of the national ones",
    )
    cameras: dict[str, CameraRow] = Field(
        default={}, description="cameras by name as EXIF has it, beside those of data/cameras.csv"
    )
    grid: GridConfig = GridConfig()
    tone: ToneConfig = ToneConfig()
    borders: BordersConfig = BordersConfig()
    excel: bool = Field(default=False, description="all tables as one Excel file too, in tables/")

    @model_validator(mode="after")
    def _consistent(self) -> "City":
        if self.motorways == "simulated" and all(photo.simulate is None for photo in self.photos):
            raise ValueError("motorways: simulated needs a simulated photo; try motorways: openstreetmap")
        for name, count in Counter(photo.name for photo in self.photos).items():
            if count > 1:
                raise ValueError(f"two photos are named {name!r}; set a different id")
        return self

    def look_at(self, facts: Facts) -> LookAt | str:
        """Where a photo looks: as stated, else at the city."""
        return facts.look_at or LookAt(lon=self.location.lon, lat=self.location.lat)


class Region(Model):
    """Cities whose photos are pooled: together they are one measurement of the borders that they show."""

    name: str
    cities: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="cities by the names of their files configs/<city>.yaml"
    )
    photos: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        default=None, description="the photos to take, by id; default: all of the cities' photos"
    )
    countries: CountryCodes = COUNTRIES
    borders: BordersConfig = BordersConfig()


class DaskConfig(Model):
    """Who works out what is done cell by cell: "threads" of each step, or the workers of a dask scheduler, by
    its address as in tcp://10.0.0.5:8786. Its workers must see the project's folder under the same path."""

    scheduler: str = Field(default="threads", pattern=r"^(threads|(tcp|tls|ws|wss|ucx)://[^/\s]+:\d+)$")


class Run(Model):
    """What to run. `--config cities=liege,aachen` overrides, and so does `--config regions=...`."""

    regions: tuple[str, ...] = ()
    cities: tuple[str, ...] = ("demo",)
    results: Path = Path("results")
    photo_store: Path = Path("data/photos")
    dask: DaskConfig = DaskConfig()

    @field_validator("cities", "regions", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [part for part in re.split(r"[,\s]+", value) if part] if isinstance(value, str) else value

    @field_validator("cities", "regions")
    @classmethod
    def _named(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        whose = {"cities": "a city's", "regions": "a region's"}[str(info.field_name)]
        for name in value:
            if not NAME.fullmatch(name) or name == "borders":  # whose GeoPackage would be the borders step's
                raise ValueError(f"{name!r} cannot be {whose} file name")
        if info.field_name == "cities" and not value and not info.data.get("regions"):
            raise ValueError("needs at least one entry")
        return tuple(dict.fromkeys(value))
