"""The photos of a city on its map, in order of time, and the pairs of them between which change is told."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pipeline.borders.scene import Scene
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.read import raster_grid, read_rows
from pipeline.raster.tiles import Tile
from pipeline.tone.background import Floats


@dataclass(frozen=True, eq=False)
class OnePhoto:
    """A photo on the map and the rasters of its light and tone."""

    scene: Scene
    light: Path
    tone: Path

    @property
    def time(self) -> tuple[bool, str]:
        """By which photos are put in order; those of no known time come last, as they are listed."""
        taken = self.scene.facts.taken_at
        return taken is None, "" if taken is None else taken.isoformat()

    def rows(self) -> Iterator[tuple[Tile, Floats, Floats]]:
        """Tiles of light (red, green, blue) and of both tones."""
        rows = read_rows(self.light, self.tone, bands=(3, 2))
        return ((tile, light, tone) for tile, (light, tone) in rows)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two photos of one grid, in order of time."""

    before: OnePhoto
    after: OnePhoto

    def rows(self) -> Iterator[tuple[Tile, Floats, Floats, Floats, Floats]]:
        """Tiles of light (red, green) and log2(G/R), before and after; after also log2(B/G), with which the
        later photo's tone is turned into what the earlier one's camera sees."""
        rasters = self.before.light, self.before.tone, self.after.light, self.after.tone
        rows = read_rows(*rasters, bands=(2, 1, 2, 2))
        return ((tile, *values) for tile, values in rows)  # type: ignore[misc]


def read_photos(
    photo_facts: list[Path], cameras: list[Path], lights: list[Path], tones: list[Path]
) -> list[OnePhoto]:
    """The photos of a city in order of time."""
    photos = []
    for facts, camera, light, tone in zip(photo_facts, cameras, lights, tones, strict=True):
        known = PhotoFacts.model_validate_json(facts.read_text("utf-8"))
        solved = SolvedCamera.from_dict(json.loads(camera.read_text("utf-8")))
        photos.append(OnePhoto(Scene(known, solved, raster_grid(tone)), light, tone))
    return sorted(photos, key=lambda photo: photo.time)


def pairs(photos: Sequence[OnePhoto]) -> list[Pair]:
    """Each photo with the next one, and the first with the last."""
    neighbours = [Pair(*both) for both in pairwise(photos)]
    return [*neighbours, *([Pair(photos[0], photos[-1])] if len(photos) > 2 else [])]
