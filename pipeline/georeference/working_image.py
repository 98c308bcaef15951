"""The photo's light at a working size, compressed so that villages count beside cities."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from pipeline.camera.camera import Camera
from pipeline.camera.footprint import sees_ground
from pipeline.georeference.reference import Compression, Image, compressed
from pipeline.photo.photo import Photo
from pipeline.robust import sigma_of_deviations

# Sigmas of the noise from which on light is compressed: what is fainter is hardly light.
NOISE_KNEE = 3.0
# Of a working pixel's area in the photo.
MIN_VALID_AREA = 0.5


@dataclass(frozen=True, eq=False)
class WorkingImage:
    """Compressed light (height, width), its usable pixels, and its size relative to the photo."""

    image: Image
    valid: NDArray[np.bool_]
    factor: float
    compression: Compression = "log"

    def on_ground(self, camera: Camera) -> "WorkingImage":
        """Without what a camera (of this size) would see as sky: stars and airglow are not lamps."""
        return replace(self, valid=self.valid & sees_ground(camera))


@dataclass(frozen=True, eq=False)
class WholeLight:
    """The red and green light of a photo, 0 where it is invalid, and which pixels are valid unless all are.
    Blue is left out: sodium lamps have none of it, only noise."""

    light: PillowImage.Image
    valid: PillowImage.Image | None

    @classmethod
    def of(cls, photo: Photo) -> "WholeLight":
        """Made once for all sizes: each but reduces it."""
        valid, light = photo.valid, photo.light[0] + photo.light[1]
        if valid.all():
            return cls(PillowImage.fromarray(light), None)
        light[~valid] = 0
        return cls(PillowImage.fromarray(light), PillowImage.fromarray(valid.astype(np.float32)))


def working_image(whole: WholeLight, long_side_px: int, compression: Compression = "log") -> WorkingImage:
    """The photo's light, averaged to a long side of at most `long_side_px` and compressed.

    Light is counted above the median (most of a night photo is dark) in units of the noise there.
    """
    factor = min(long_side_px / max(whole.light.size), 1.0)
    light = _averaged(whole.light, factor)
    usable = np.ones(light.shape, bool)
    if whole.valid is not None:
        share = _averaged(whole.valid, factor)
        light /= np.maximum(share, np.float32(1e-3))
        usable = share > MIN_VALID_AREA
    dark = float(np.median(light[usable])) if usable.any() else 0.0
    above = np.clip(light - dark, 0, None)
    noise = sigma_of_deviations(light[usable] - dark) if usable.any() else 0.0
    knee = max(NOISE_KNEE * noise, 1e-3 * float(above.max(initial=0)), 1e-6)
    image = np.where(usable, compressed(above / knee, compression), 0).astype(np.float32)
    return WorkingImage(image, usable, factor, compression)


def _averaged(image: PillowImage.Image, factor: float) -> Image:
    """Area average of an image; a part pixel at the right and lower edge is cut off."""
    width, height = (int(n * factor + 1e-6) for n in image.size)
    box = (0.0, 0.0, width / factor, height / factor)
    return np.array(image.resize((width, height), PillowImage.Resampling.BOX, box))
