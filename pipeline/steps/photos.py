"""The photos of a city on its map, in order of time, and the pairs of them between which change is told."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pipeline.borders.scene import Scene
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.read import raster_grid
from pipeline.raster.strips import Strip, strips


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

    def strips(self) -> Iterator[Strip]:
        """Of light and of both tones."""
        return strips((self.light, ("red", "green", "blue")), (self.tone, ("log2_g_r", "log2_b_g")))

    def square_strips(self) -> Iterator[Strip]:
        """Of light as it is summed over squares of ground, and log2(G/R) with its noise."""
        return strips((self.light, ("red", "green", "blue")), (self.tone, ("log2_g_r", "sigma_log2_g_r")))

    def road_strips(self) -> Iterator[Strip]:
        """Of light as motorways are looked for in it, and its noise."""
        return strips((self.light, ("red", "green", "sigma")))


@dataclass(frozen=True, eq=False)
class Pair:
    """Two photos of one grid, in order of time."""

    before: OnePhoto
    after: OnePhoto

    def strips(self) -> Iterator[Strip]:
        """Of light and log2(G/R), before and after; after also of log2(B/G), with which the later photo's
        tone is turned into what the earlier one's camera sees."""
        light = ("red", "green")
        before = (self.before.light, light), (self.before.tone, ("log2_g_r",))
        return strips(*before, (self.after.light, light), (self.after.tone, ("log2_g_r", "log2_b_g")))


def read_photos(
    photo_facts: list[Path], cameras: list[Path], lights: list[Path], tones: list[Path]
) -> list[OnePhoto]:
    """The photos of a city in order of time."""
    photos = []
    for facts, camera, light, tone in zip(photo_facts, cameras, lights, tones, strict=True):
        known = PhotoFacts.model_validate_json(facts.read_text("utf-8"))
        solved = SolvedCamera.from_dict(json.loads(camera.read_text("utf-8")))
        scene = Scene(known, solved, raster_grid(tone))
        photos.append(OnePhoto(scene, light.absolute(), tone.absolute()))
    return sorted(photos, key=lambda photo: photo.time)


def pairs(photos: Sequence[OnePhoto]) -> list[Pair]:
    """Each photo with the next one, and the first with the last."""
    neighbours = [Pair(*both) for both in pairwise(photos)]
    return [*neighbours, *([Pair(photos[0], photos[-1])] if len(photos) > 2 else [])]
