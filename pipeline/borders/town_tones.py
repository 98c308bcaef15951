"""What photos show of towns: their tone, its noise and how bright they are, photo by photo."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from pipeline.arrays import Bools, Ints
from pipeline.borders.light_squares import LightSquares
from pipeline.borders.settings import TownSettings
from pipeline.borders.town_units import TownUnits
from pipeline.camera.earth import Array


@dataclass(frozen=True, eq=False)
class Shown:
    """Units (u) as photos (p) show them: tone log2(G/R), NaN where one does not show it, sigma of its noise,
    brightness (u,), log2 of the light of a cell by all photos together, and the place in the photo's own
    frame (p, u, 2), -0.5 to 0.5."""

    units: TownUnits
    tone: Array
    sigma: Array
    brightness: Array
    frame: Array
    taken: tuple[datetime | None, ...]
    photos: tuple[str, ...]
    photo_pass: Ints

    def chosen(self, units: Bools, photos: Bools | None = None) -> "Shown":
        """Some of the units, and of the photos."""
        kept = np.ones(len(self.photos), bool) if photos is None else photos
        grid = np.ix_(kept, units)
        return replace(
            self,
            units=self.units.chosen(units),
            tone=self.tone[grid],
            sigma=self.sigma[grid],
            brightness=self.brightness[units],
            frame=self.frame[grid],
            taken=tuple(at for at, keep in zip(self.taken, kept, strict=True) if keep),
            photos=tuple(at for at, keep in zip(self.photos, kept, strict=True) if keep),
            photo_pass=np.unique(self.photo_pass[kept], return_inverse=True)[1],
        )


def shown(photos: Sequence[LightSquares], units: TownUnits, settings: TownSettings) -> Shown:
    """Every photo's light by units; rows of photos that belong to no unit are left out."""
    columns = [_of_photo(photo, units, settings) for photo in photos]
    tone, sigma, brightness, frame = (np.stack(parts) for parts in zip(*columns, strict=True))
    return Shown(
        units,
        tone,
        sigma,
        _by_all(brightness),
        frame,
        tuple(photo.taken_at for photo in photos),
        tuple(photo.photo for photo in photos),
        passes(tone, [photo.taken_at for photo in photos], settings),
    )


def _of_photo(
    photo: LightSquares, units: TownUnits, settings: TownSettings
) -> tuple[Array, Array, Array, Array]:
    """Tone, sigma and brightness (u,) of the units in a photo, and where they lie in its frame (u, 2)."""
    unit = units.of(photo)
    lit = (unit >= 0) & (photo.red > 0) & (photo.green > 0)
    index, n = unit[lit], len(units)

    def summed(values: Array) -> Array:
        return np.bincount(index, values[lit], n).astype(float)

    light = photo.red + photo.green
    red, green, total = summed(photo.red), summed(photo.green), summed(light)
    enough = (red > 0) & (green > 0) & (units.shown_by(photo) >= settings.min_shown)
    with np.errstate(divide="ignore", invalid="ignore"):
        tone = np.where(enough, np.log2(green / red), np.nan)
        sigma = (
            np.sqrt(summed((light * np.where(np.isfinite(photo.tone_sigma), photo.tone_sigma, 0)) ** 2))
            / total
        )
        # Of red and green alike: the sum of both would rise with green, and take a part of tone for
        # brightness.
        alike = tone / 2 - np.log2(1 + 2**tone)
        brightness = np.where(enough, np.log2(summed(light * photo.power) / total) + alike, np.nan)
    return tone, np.hypot(np.nan_to_num(sigma), settings.least_sigma), brightness, _frame(photo, units)


def _by_all(brightness: Array) -> Array:
    """Brightness (u,) by all photos that show a unit, each against what it shows on average; 0 is as all.
    What differs between photos is exposure and noise, and noise is in their tone too."""
    seen = np.isfinite(brightness)
    middle = [row[shows].mean() if shows.any() else 0.0 for row, shows in zip(brightness, seen, strict=True)]
    apart = np.where(seen, brightness - np.array(middle)[:, None], 0.0)
    return np.asarray(apart.sum(axis=0) / np.maximum(seen.sum(axis=0), 1))


def _frame(photo: LightSquares, units: TownUnits) -> Array:
    """Where units lie (u, 2) within the extent of a photo's light, from -0.5 to 0.5."""
    x, y = (np.quantile(at, (0.0, 1.0)) if len(at) else np.array([0.0, 1.0]) for at in (photo.x, photo.y))
    return np.stack(
        [
            (at - (low + high) / 2) / max(high - low, 1.0)
            for at, (low, high) in ((units.x_m, x), (units.y_m, y))
        ],
        axis=1,
    )


def passes(tone: Array, taken: Sequence[datetime | None], settings: TownSettings) -> Ints:
    """The pass (p,) of each photo: those taken within minutes, and copies of one picture whatever is said of
    their time, have one trend."""
    n = len(tone)
    group = np.arange(n)
    for i in range(n):
        for j in range(i):
            if group[i] != group[j] and (
                _near(taken[i], taken[j], settings.pass_min) or _copies(tone[i], tone[j], settings)
            ):
                group[group == group[i]] = group[j]
    return np.asarray(np.unique(group, return_inverse=True)[1], np.int64)


def _near(one: datetime | None, other: datetime | None, minutes: float) -> bool:
    return one is not None and other is not None and abs((one - other).total_seconds()) <= 60 * minutes


def _copies(one: Array, other: Array, settings: TownSettings) -> bool:
    """Whether two photos show one light, but for a level: the same exposure, developed or stored twice."""
    apart = one - other
    apart = apart[np.isfinite(apart)]
    return len(apart) >= 5 and float(apart.std()) < settings.same_photo
