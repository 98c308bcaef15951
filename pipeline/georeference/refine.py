"""Refinement: a camera adjusted in rounds of patch displacements, from coarse and far to fine and near."""

from collections.abc import Callable

from pipeline.camera.camera import Camera
from pipeline.camera.prior import Prior
from pipeline.georeference.adjust import Adjustment, Observations, adjust
from pipeline.georeference.cities import Cities
from pipeline.georeference.lights import Lights, lights
from pipeline.georeference.patches import lattice_observations
from pipeline.georeference.reference import render
from pipeline.photo.photo import Photo

# Long side of the picture, patch size and reach, px.
COARSE = ((128, 48, 20), (256, 64, 16))
FINE = ((256, 48, 10), (384, 56, 10), (640, 72, 10), (640, 64, 6), (640, 48, 5))


def refine(
    camera: Camera,
    pyramid: Callable[[int], Lights],
    prior: Prior,
    cities: Cities,
    manual: Observations | None,
    stages: tuple[tuple[int, int, int], ...],
) -> Adjustment:
    """Adjust a camera of the full photo in rounds of patch displacements; manual points join each round."""
    fitted = None
    for long_side, size, reach in stages:
        view = pyramid(long_side)
        small = camera.scaled(view.factor)
        size = min(size, *view.image.shape)
        seen = lattice_observations(view, render(small, cities), small, size, reach).scaled(1 / view.factor)
        fitted = adjust(camera, prior, seen if manual is None else seen.joined(manual))
        camera = fitted.camera
    assert fitted is not None
    return fitted


def light_pyramid(photo: Photo) -> Callable[[int], Lights]:
    """The photo's light at any size, each made once."""
    made: dict[int, Lights] = {}

    def at(long_side_px: int) -> Lights:
        if long_side_px not in made:
            made[long_side_px] = lights(photo, long_side_px)
        return made[long_side_px]

    return at
