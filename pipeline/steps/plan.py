"""What is to be run, checked before any work, and what the rules take as inputs and params."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from pipeline.archive.nasa import stored_photo
from pipeline.config import (
    CONFIGS,
    REGIONS,
    elements_file,
    load_city,
    load_facts,
    load_region,
    load_run,
    nth_photo,
    read_yaml,
)
from pipeline.errors import OutputError, PipelineError
from pipeline.models import City, Dem, Facts, PhotoSource, Region, Run
from pipeline.steps.contents import contents
from pipeline.steps.known_facts import check_facts
from pipeline.steps.names import check_given, check_name, check_run
from pipeline.steps.placed import Placed
from pipeline.steps.summary import summary
from pipeline.steps.unfetched import why_unfetched


@dataclass(frozen=True)
class _Wildcards:
    """What Snakemake calls input functions with."""

    city: str
    photo: str = ""


class NotYetTold(Exception):
    """What `checkpoints` raise while nobody can tell, where they are not Snakemake's."""


# What is fetched for a photo, by key of the city, in the folder of its results.
FETCHED = {"roads": "streets.gpkg", "night_light": "night_light.tif", "dem": "heights.tif"}


@dataclass(frozen=True)
class Plan:
    """The run, its regions, and all cities that it needs, by file name. The methods are input and params
    functions of the rules."""

    run: Run
    cities: dict[str, City]
    regions: dict[str, Region]
    checkpoints: Any = None  # Snakemake's
    not_yet: type[Exception] = NotYetTold  # what they raise while nobody can tell
    began: float = field(default_factory=time.time)
    _facts_of: dict[Path, Facts] = field(default_factory=dict)  # of files that were read: asked for every job

    @cached_property  # looked up for every job
    def _sources(self) -> dict[tuple[str, str], PhotoSource]:
        return {(name, photo.name): photo for name, city in self.cities.items() for photo in city.photos}

    def source(self, wildcards: Any) -> PhotoSource:
        """What the city's YAML states of a photo."""
        return self._sources[wildcards.city, wildcards.photo]

    def picture(self, wildcards: Any) -> str:
        """The file a photo's light is read from; of a NASA id not in the store, the download."""
        source = self.source(wildcards)
        if source.simulate is not None:
            return f"{self.run.results}/{wildcards.city}/{wildcards.photo}/scene.jpg"
        return str(source.path or stored_photo(self.run.photo_store, source.name))

    def facts(self, wildcards: Any) -> list[str]:
        """The file of facts that goes with a photo, if there is one."""
        if self.source(wildcards).simulate is not None:
            return [f"{self.run.results}/{wildcards.city}/{wildcards.photo}/scene.yaml"]
        file = self.run.photo_store / f"{wildcards.photo}.yaml"
        return [str(file)] if file.is_file() else []

    def control_points(self, wildcards: Any) -> list[str]:
        """The file of manual control points of a photo, if there is one."""
        file = self.source(wildcards).control_points
        return [str(file)] if file is not None else []

    def tle(self, wildcards: Any) -> list[str]:
        """The file of orbit element sets of a photo, if its facts name one rather than hold their text."""
        known: Facts = self.source(wildcards)
        for file in filter(Path.is_file, map(Path, self.facts(wildcards))):  # a scene's is made later
            if file not in self._facts_of:
                self._facts_of[file] = load_facts(file)
            known = self._facts_of[file].updated(known)
        named = elements_file(known)
        return [] if named is None else [str(named)]

    def same_pass(self, file: str) -> Callable[[Any], list[str]]:
        """An input function: `file` of the other photos of a photo's pass."""

        def files(wildcards: Any) -> list[str]:
            source = self.source(wildcards)
            return [
                f"{self.run.results}/{wildcards.city}/{photo.name}/{file}"
                for photo in self.cities[wildcards.city].photos
                if source.same_pass is not None
                and photo.same_pass == source.same_pass
                and photo.name != source.name
            ]

        return files

    def city_path(self, *keys: str) -> Callable[[Any], list[str]]:
        """An input function: the file that an optional entry of the city's YAML names, if it is there."""

        def files(wildcards: Any) -> list[str]:
            value: Any = self.cities[wildcards.city]
            for key in keys:
                value = value and getattr(value, key)
            return [str(value)] if value else []

        return files

    def vignetting(self, wildcards: Any) -> list[str]:
        """The file that says how a photo's lens darkens corners, if there is one."""
        file = self.source(wildcards).vignetting
        return [str(file)] if file is not None else []

    def contents(self, *files: Callable[[Any], str | list[str]]) -> Callable[[Any], list[str]]:
        """A params function: checksums of what input functions name, but for what rules make: of that, dates
        tell enough."""

        def checksums(wildcards: Any) -> list[str]:
            named = [function(wildcards) for function in files]
            flat = [file for found in named for file in ([found] if isinstance(found, str) else found)]
            given = [file for file in flat if not Path(file).is_relative_to(self.run.results)]
            archived = [file for file in given if Path(file).parent == self.run.photo_store / "nasa"]
            again = [self._asked_again(Path(file), wildcards) for file in archived]
            return contents(file for file in given if file not in archived) + again

        return checksums

    def _asked_again(self, picture: Path, wildcards: Any) -> str:
        """Of a photo of NASA's archive, which does not change: when it could not be fetched, so that each run
        asks for it again; nothing else."""
        light = self.run.results / wildcards.city / wildcards.photo / "photo.tif"
        there = picture.exists() and why_unfetched(picture) is None
        if there or why_unfetched(light) is None:
            return ""
        return f"asked for again after {light.stat().st_mtime_ns}"

    def ground(self, key: str) -> Callable[[Any], list[str]]:
        """An input function: the file of `roads`, `night_light` or `dem`: the user's own, the one that is
        fetched for the photo, or none."""

        def files(wildcards: Any) -> list[str]:
            value = getattr(self.cities[wildcards.city], key)
            if isinstance(value, str):
                return [f"{self.run.results}/{wildcards.city}/{wildcards.photo}/{FETCHED[key]}"]
            path = value.path if isinstance(value, Dem) else value
            return [] if path is None else [str(path)]

        return files

    def heights(self, wildcards: Any) -> dict[str, Any] | None:
        """How the file of `dem` is to be read, as plain types; what is fetched is ellipsoidal."""
        dem = self.cities[wildcards.city].dem
        if dem is None:
            return None
        (file,) = self.ground("dem")(wildcards)
        read = Dem(path=Path(file), heights="ellipsoidal") if isinstance(dem, str) else dem
        return read.model_dump(mode="json")

    def motorways(self, wildcards: Any) -> str:
        """The file of motorways whose light is followed across borders."""
        city, folder = self.cities[wildcards.city], self.run.results / wildcards.city
        if isinstance(city.motorways, Path):
            return str(city.motorways)
        if city.motorways == "simulated":  # all simulated photos show one world
            folder /= next(photo.name for photo in city.photos if photo.simulate is not None)
        return str(folder / "motorways.gpkg")

    def change(self, wildcards: Any) -> list[str]:
        """The map of change of a city with several photos."""
        several = len(self.placed(wildcards.city).photos) > 1
        return [f"{self.run.results}/{wildcards.city}/change.tif"] if several else []

    def placed(self, city: str) -> Placed:
        """Which photos of a city are on the map. Before `place` has told, those that were there the last
        time, and all that are new since: so a whole run can be planned, and once it has told, Snakemake asks
        again, for all jobs with `placed.json` among their inputs."""
        try:
            told = self.checkpoints.place.get(city=city).output[0]
            with told.open() as file:  # from a storage, if it is there
                return Placed.from_json(file.read())
        except self.not_yet:
            before = self._placed_before(city)
            names = tuple(p.name for p in self.cities[city].photos if p.name not in before.refused)
            return Placed(names, before.refused)

    def _placed_before(self, city: str) -> Placed:
        file = self.run.results / city / "placed.json"
        try:
            return Placed.read(file)
        except (OSError, ValueError, KeyError, TypeError):
            return Placed((), {})  # never, or a killed computer has left half a file

    def of_regions_cities(self, file: str) -> Callable[[Any], list[str]]:
        """An input function: `file` of the folder of each city of the region."""
        return lambda wildcards: [
            f"{self.run.results}/{city}/{file}" for city in self.regions[wildcards.region].cities
        ]

    def of_each_city(self, file: str) -> list[str]:
        """A file of every city's folder."""
        return [f"{self.run.results}/{city}/{file}" for city in self.cities]

    def results(
        self, of_city: list[str], of_photo: list[str], of_dates: list[str]
    ) -> list[Callable[[Any], list[str]]]:
        """Input functions, one a city so that none waits for another: the files of each city with a photo on
        the map (`{city}` in a name becomes the city's), `of_dates` only of one with several photos there, and
        those of each of its photos there."""

        def files(city: str, wildcards: Any) -> list[str]:
            folder, photos = self.run.results / city, self.placed(city).photos
            names = (of_city if photos else []) + (of_dates if len(photos) > 1 else [])
            delivered = [str(folder / file.format(city=city)) for file in names]
            return delivered + [str(folder / photo / file) for photo in photos for file in of_photo]

        return [partial(files, city) for city in self.run.cities]

    def summaries(self, wildcards: Any) -> list[str]:
        """An input function: the `summary.json` of each city and region that has a report."""
        functions = [*self.results(["summary.json"], [], []), *self.region_results(["summary.json"])]
        return [file for function in functions for file in function(wildcards)]

    def region_results(self, names: list[str]) -> list[Callable[[Any], list[str]]]:
        """Input functions, one a region: its files (`{region}` in a name becomes the region's), if a photo of
        it is on a map."""

        def files(region: str, wildcards: Any) -> list[str]:
            folder = self.run.results / region
            return [str(folder / name.format(region=region)) for name in names if self.pooled(region)]

        return [partial(files, region) for region in self.regions]

    def pooled(self, region: str) -> list[str]:
        """The folders of a region's photos that are on the map of one of its cities."""
        chosen = self.regions[region].photos
        return [
            f"{self.run.results}/{city}/{photo}"
            for city in self.regions[region].cities
            for photo in self.placed(city).photos
            if chosen is None or photo in chosen
        ]

    def each_pooled(self, file: str) -> Callable[[Any], list[str]]:
        """An input function: `file` of every such folder of the region."""
        return lambda wildcards: [f"{folder}/{file}" for folder in self.pooled(wildcards.region)]

    def given(self) -> Iterator[str]:
        """Every file that users give of any city or photo."""
        of_photo = (
            *(self.picture, self.facts, self.tle, self.vignetting, self.control_points),
            *(self.ground(key) for key in FETCHED),
        )
        of_city = (self.motorways, self.city_file, self.city_path("regions"))
        for name, city in self.cities.items():
            asked: list[Sequence[str]] = [function(_Wildcards(name)) for function in of_city]
            asked += [
                function(_Wildcards(name, photo.name)) for photo in city.photos for function in of_photo
            ]
            for files in asked:
                yield from [files] if isinstance(files, str) else files

    def summary(self, whole: bool) -> str:
        """What to open of all that was asked for, and the main answers; of a run that did not get to its end,
        only of reports that it wrote itself: others may be out of date."""
        regions = [region for region in self.regions if self.pooled(region)]
        return summary(self.run.results, self.run.cities, regions, 0.0 if whole else self.began)

    def region_file(self, wildcards: Any) -> str:
        """The region's YAML; saving it again renews what is delivered, of that region only."""
        return str(CONFIGS / REGIONS / f"{wildcards.region}.yaml")

    def region(self, wildcards: Any) -> dict[str, Any]:
        """The region's YAML with its defaults, as plain types."""
        return self.regions[wildcards.region].model_dump(mode="json")

    def empty_regions(self, wildcards: Any) -> list[str]:
        """The regions of which no photo is on a map."""
        return [region for region in self.regions if not self.pooled(region)]

    def refusals(self, wildcards: Any) -> list[str]:
        """What ends the run with an error if a photo of any city was refused: a file that never comes."""
        refused = [city for city in self.cities if self.placed(city).refused]
        return [f"{self.run.results}/refusals"] if refused else []

    def each_photo(self, file: str) -> Callable[[Any], list[str]]:
        """An input function: `file` of every photo of the city."""

        def files(wildcards: Any) -> list[str]:
            folder = self.run.results / wildcards.city
            return [str(folder / photo.name / file) for photo in self.cities[wildcards.city].photos]

        return files

    def each_placed(self, file: str) -> Callable[[Any], list[str]]:
        """An input function: `file` of every photo of the city that is on the map; without a name, the
        photos' folders."""

        def files(wildcards: Any) -> list[str]:
            folder = self.run.results / wildcards.city
            return [str(folder / photo / file) for photo in self.placed(wildcards.city).photos]

        return files

    def city_file(self, wildcards: Any) -> str:
        """The city's YAML; saving it again renews what is delivered, of that city only."""
        return str(CONFIGS / f"{wildcards.city}.yaml")

    def city(self, wildcards: Any) -> dict[str, Any]:
        """The city's YAML as plain types."""
        return self.cities[wildcards.city].model_dump(mode="json", exclude_unset=True)

    def option(self, key: str) -> Callable[[Any], Any]:
        """A params function: one entry of the city's YAML, as plain types."""
        return lambda wildcards: self.cities[wildcards.city].model_dump(mode="json", include={key})[key]

    def photo_option(self, wildcards: Any) -> dict[str, Any]:
        """The source of a photo, as plain types."""
        return self.source(wildcards).model_dump(mode="json", exclude_unset=True)


def plan_or_exit(
    values: dict[str, Any],
    checkpoints: Any = None,
    not_yet: type[Exception] = NotYetTold,
    check: bool = True,
) -> Plan:
    """The plan of `configs/run.yaml`, overridden by `values`; a mistake is one line and exit 1. Of
    `checkpoints` is asked which photos are on the map, `not_yet` is what they raise while they cannot
    tell.

    Without `check` no photo is looked into: each job plans again what the run has checked."""
    try:
        run = load_run({**read_yaml(CONFIGS / "run.yaml"), **values})
        check_run(run, CONFIGS / "run.yaml")
        regions, cities = {}, {name: load_city(name) for name in run.cities}
        for name in run.regions:
            regions[name], of_region = load_region(name)
            cities |= of_region
        plan = Plan(run, cities, regions, checkpoints, not_yet)
        if check:
            _check_names(plan)
            check_given(plan.given())
            _check_files(plan)
        return plan
    except PipelineError as error:
        sys.exit(f"error: {error}")


def _check_names(plan: Plan) -> None:
    """No photo is called as a file of the results is."""
    for name, city in plan.cities.items():
        for index, photo in enumerate(city.photos):
            where = f"{nth_photo(index, photo.name)}: id"
            check_name(photo.name, CONFIGS / f"{name}.yaml", where)


def _check_files(plan: Plan) -> None:
    """Every photo can be found, what is known of it makes sense, every results folder can be written."""
    for region in plan.regions:
        check_writable(plan.run.results / region)
    for name, city in plan.cities.items():
        for index, photo in enumerate(city.photos):
            check_writable(plan.run.results / name / photo.name)
            if photo.simulate is None:
                check_facts(city, index, CONFIGS / f"{name}.yaml", plan.run.photo_store)


def check_writable(folder: Path) -> None:
    """Raise OutputError unless `folder` is there or can be made, and files in it too."""
    place = folder
    while not os.path.lexists(place):
        place = place.parent
    if not place.is_dir():
        raise OutputError(
            f"{place}: is in the way of the results folder {folder}; set another results folder"
        )
    try:
        # Permissions do not tell: they do not bind root, and a file system may be mounted read-only.
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        reason = (error.strerror or "refused").lower()
        raise OutputError(f"{place}: cannot be written to ({reason}); set another results folder") from None
