"""Vignetting: how much less light a lens passes towards the corners, which differs from colour to colour.

V(r) = 1 + a1 r^2 + a2 r^4, with r from the middle of the frame in units of half its diagonal; light is
divided by it. It belongs to one lens at one focal length and aperture, and to light without a pedestal.

    python -m pipeline.photo.vignetting LENS.yaml FRAME...

learns it from frames of one lens and writes it to a file, which `vignetting:` of a photo names. Such a file
may be written by hand as well: `red: [a1, a2]`, and so green and blue.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from pipeline.config import read_yaml
from pipeline.errors import ConfigError, PhotoError, PipelineError
from pipeline.photo.cameras import COLOURS
from pipeline.photo.photo import Photo
from pipeline.photo.reader import read_photo
from pipeline.photo.strips import strips

MIN_FRAMES_OF_A_LENS = 5  # their median stands two with a city or a cloud at one side
RINGS = 24  # of equal area
MIN_RING_SIGNAL_TO_NOISE = 20.0  # of a ring's background: each frame tells its falloff to 5 % or better
CLIP_SIGMAS = 3.0  # above the middle of a ring; what is brighter is lamps
CLIPS, POLISHINGS = 4, 10  # rounds
# Beyond these it is no lens's: a twentieth of the middle's light in the corner, or more than the middle's.
MIN_FALLOFF, MAX_FALLOFF = 0.05, 1.05

Pair = tuple[float, float]


@dataclass(frozen=True)
class Vignetting:
    """a1 and a2 of red, green and blue, and from how many frames they were learnt."""

    coefficients: tuple[Pair, Pair, Pair]
    frames: int = 0

    def falloff(self, radius: NDArray[np.floating]) -> NDArray[np.float32]:
        """V of red, green and blue, shape (3, *radius.shape)."""
        square = np.asarray(radius, np.float32) ** 2
        return np.stack(
            [1 + np.float32(a1) * square + np.float32(a2) * square**2 for a1, a2 in self.coefficients]
        )

    def describe(self) -> str:
        """What was corrected, in a few words, for facts, tags and the report."""
        if self == NONE:
            return "not corrected"
        corner = "/".join(f"{1 + a1 + a2:.2f}" for a1, a2 in self.coefficients)
        learnt = f", learnt from {self.frames} frames" if self.frames else ""
        return f"corrected; the corner gets {corner} of the middle's red/green/blue{learnt}"


NONE = Vignetting(((0.0, 0.0), (0.0, 0.0), (0.0, 0.0)))


def corrected(photo: Photo, model: Vignetting) -> Photo:
    """The photo as through a lens without vignetting; towards the corners its light may exceed 1.

    Its own array is changed: a copy of a large frame might not fit into memory.
    """
    height, width = photo.saturated.shape
    if model != NONE:
        for rows in strips(height):
            photo.light[:, rows] /= model.falloff(radius(height, width, rows))
    return photo


def radius(height: int, width: int, rows: slice = slice(None)) -> NDArray[np.float32]:
    """Distance of each pixel from the middle of the frame (height, width), in units of half its diagonal; of
    some `rows` only, if they are given."""
    down = np.arange(height, dtype=np.float32)[rows, None] - (height - 1) / 2
    across = np.arange(width, dtype=np.float32) - (width - 1) / 2
    return np.asarray(np.hypot(down, across) / (np.hypot(height, width) / 2), np.float32)


def learn(frames: Iterable[Photo]) -> Vignetting:
    """Vignetting from frames of one lens at one setting: from how their background falls off.

    In each ring around the middle the background is the mean of what lamps do not lift. The frames' own
    levels are divided out; between frames the median counts, so that a city or a cloud in one does not.
    Raises PhotoError where too few frames have a background; moonlit clouds, twilight or test frames have.
    """
    profiles, given, shape = [], 0, None
    for given, photo in enumerate(frames, start=1):
        if shape not in (None, photo.light.shape):
            raise PhotoError(
                f"vignetting: frame {given} is {photo.light.shape[1:]} pixels, others {shape[1:]}"
            )
        shape = photo.light.shape
        level, sigma = _profile(photo)
        if (level > MIN_RING_SIGNAL_TO_NOISE * sigma).all():
            profiles.append(level)
    if shape is None or len(profiles) < MIN_FRAMES_OF_A_LENS:
        raise PhotoError(
            f"vignetting: {len(profiles)} of {given} frames have a background bright enough to show it; at "
            f"least {MIN_FRAMES_OF_A_LENS} are needed, such as moonlit clouds or twilight"
        )
    square = _ring_means(radius(*shape[1:]) ** 2, _rings(*shape[1:]))
    model = Vignetting(_fitted(_common_shape(np.stack(profiles)), square), len(profiles))
    if strange := _strange(model):
        raise PhotoError(
            f"vignetting: the frames do not show a lens's falloff, but {strange} of the middle's light; give "
            "more frames, of one lens and setting"
        )
    return model


def read_vignetting(file: Path) -> Vignetting:
    """The model that `write_vignetting` or a hand wrote. Raises ConfigError."""
    values = read_yaml(file)
    if unknown := sorted(set(values) - {*COLOURS, "frames"}):
        raise ConfigError(file, str(unknown[0]), None, f"unknown key; known are {', '.join(COLOURS)}, frames")
    frames = values.get("frames", 0)
    if not isinstance(frames, int) or frames < 0:
        raise ConfigError(file, "frames", frames, "must be how many frames it was learnt from")
    red, green, blue = (_pair(file, colour, values.get(colour)) for colour in COLOURS)
    model = Vignetting((red, green, blue), frames)
    if strange := _strange(model):
        raise ConfigError(file, "red, green, blue", None, f"no lens passes {strange} of the middle's light")
    return model


def write_vignetting(model: Vignetting, file: Path) -> None:
    """As YAML."""
    values: dict[str, Any] = {
        colour: [round(a, 5) for a in pair] for colour, pair in zip(COLOURS, model.coefficients, strict=True)
    }
    text = yaml.safe_dump(values | {"frames": model.frames}, sort_keys=False, default_flow_style=None)
    file.write_text(text, encoding="utf-8")


def _pair(file: Path, colour: str, value: Any) -> Pair:
    """a1 and a2 of a colour."""
    match value:
        case [int() | float() as a1, int() | float() as a2] if np.isfinite([a1, a2]).all():
            return float(a1), float(a2)
    raise ConfigError(file, colour, None, "must be two numbers, as in [-0.35, -0.2]")


def _strange(model: Vignetting) -> str | None:
    """The range of a falloff that is no lens's."""
    falloff = model.falloff(np.linspace(0, 1, 101))
    if falloff.min() >= MIN_FALLOFF and falloff.max() <= MAX_FALLOFF:
        return None
    return f"{falloff.min():.2f} to {falloff.max():.2f}"


def _rings(height: int, width: int) -> NDArray[np.intp]:
    """Number of each pixel's ring; rings have equal areas."""
    distance = radius(height, width)
    edges = np.quantile(distance, np.linspace(0, 1, RINGS + 1)[1:-1])
    return np.searchsorted(edges, distance)


def _ring_means(values: NDArray[np.floating], rings: NDArray[np.intp]) -> NDArray[np.float64]:
    total = np.bincount(rings.ravel(), values.ravel(), RINGS)
    return np.asarray(total / np.bincount(rings.ravel(), minlength=RINGS))


def _profile(photo: Photo) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The background of each channel and ring, and its standard error, both (3, RINGS)."""
    rings = _rings(*photo.light.shape[1:])
    usable = photo.valid & ~photo.saturated
    level, sigma = np.zeros((2, 3, RINGS))
    for ring in range(RINGS):
        inside = usable & (rings == ring)
        for channel in range(3):
            values = photo.light[channel, inside].astype(np.float64)
            for _ in range(CLIPS):
                if not values.size:
                    break
                middle = np.median(values)
                # Lamps only add light: the scatter is that of the darker half.
                scatter = np.sqrt(np.mean((values[values <= middle] - middle) ** 2))
                values = values[values <= middle + CLIP_SIGMAS * scatter]
            level[channel, ring] = values.mean() if values.size else 0.0
            sigma[channel, ring] = values.std() / np.sqrt(values.size) if values.size else np.inf
    return level, sigma


def _common_shape(profiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shape (3, RINGS) that profiles (frames, 3, RINGS) share but for a level each: a median polish."""
    shape = np.ones(profiles.shape[1:])
    for _ in range(POLISHINGS):
        levels = np.median(profiles / shape, axis=2, keepdims=True)
        shape = np.median(profiles / levels, axis=0)
    return np.asarray(shape)


def _fitted(shape: NDArray[np.float64], square: NDArray[np.float64]) -> tuple[Pair, Pair, Pair]:
    """a1 and a2 of each channel, by least squares; the level in the middle is free."""
    terms = np.stack([np.ones_like(square), square, square**2], axis=1)
    middle, first, second = np.linalg.lstsq(terms, shape.T, rcond=None)[0]
    red, green, blue = (
        (float(a1), float(a2)) for a1, a2 in zip(first / middle, second / middle, strict=True)
    )
    return red, green, blue


def main(arguments: list[str]) -> None:
    """Learn the vignetting of the frames and write it."""
    if len(arguments) < 2:
        sys.exit("usage: python -m pipeline.photo.vignetting LENS.yaml FRAME...")
    target, *frames = map(Path, arguments)
    try:
        model = learn(read_photo(frame).photo for frame in frames)
    except PipelineError as error:
        sys.exit(f"error: {error}")
    write_vignetting(model, target)
    print(f"{target}: {model.describe()}")


if __name__ == "__main__":
    main(sys.argv[1:])
