"""Agreement: how alike the photo and the reference light are as a whole, at the size where that is judged."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.camera.camera import Camera
from pipeline.georeference.reference import Image
from pipeline.georeference.settings import AgreementSettings
from pipeline.georeference.working_image import WorkingImage


def agreement(lights: WorkingImage, camera: Camera, reference: Image, settings: AgreementSettings) -> float:
    """Correlation of photo and `reference` (drawn through `camera`, which is for the size of `lights`) in
    their detail, without sky.

    A camera that sees mostly sky is compared over little ground, where chance correlates more: its
    agreement counts less.
    """
    ground = lights.on_ground(camera)
    share = float(ground.valid.mean() / max(lights.valid.mean(), 1e-6))
    valid = ground.valid.astype(np.float32)
    weight = np.maximum(gaussian_filter(valid, settings.detail_px), np.float32(0.05))
    expected, image = (
        _detail(light, ground.valid, weight, settings.detail_px)[ground.valid]
        for light in (reference, ground.image)
    )
    spread = float(expected.std() * image.std()) if len(expected) else 0.0
    if not spread > 0:
        return 0.0
    correlation = float(((expected - expected.mean()) * (image - image.mean())).mean()) / spread
    return float(np.sqrt(min(1.0, share / settings.enough_ground))) * correlation


def _detail(image: Image, valid: NDArray[np.bool_], weight: Image, detail_px: float) -> Image:
    """The image less its own average around each pixel, taken over valid pixels only; `weight` is their share
    in it."""
    return np.asarray(image - gaussian_filter(np.where(valid, image, 0), detail_px) / weight)
