"""Refinement: a camera adjusted in rounds of patch displacements, from coarse and far to fine and near."""

from dataclasses import dataclass

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.prior import Prior
from pipeline.camera.terrain import FLAT, Terrain
from pipeline.georeference.adjust import Adjustment, Observations, adjust
from pipeline.georeference.patches import lattice_observations
from pipeline.georeference.reference import Compression
from pipeline.georeference.sources import Sources
from pipeline.georeference.working_image import WorkingImage, working_image
from pipeline.ground.cities import POSITION_SIGMA_KM
from pipeline.photo.photo import Photo

Stage = tuple[int, int, int]
"""Long side of the picture, patch size and reach, px."""
COARSE: tuple[Stage, ...] = ((128, 48, 20), (256, 64, 16))
DETAILED: tuple[tuple[Stage, ...], ...] = (((1280, 72, 10),), ((2560, 72, 6),))
FINE: tuple[Stage, ...] = ((256, 48, 10), (384, 56, 10), (640, 72, 10), (640, 64, 6), (640, 48, 5))

REACH_SIGMAS = 4.0
MAX_REACH_PX = 24


@dataclass(frozen=True, eq=False)
class Problem:
    """What a camera is adjusted to: the photo's light at any size, what was known before, the light and the
    ground expected, how fine that light is known (km), and control points by hand.

    `sources` are for the search and pictures of up to 640 px; `fine_sources` hold the same light in detail.
    """

    pyramid: "Pyramid"
    prior: Prior
    sources: Sources
    fine_sources: Sources
    terrain: Terrain = FLAT
    detail_km: float = 2 * POSITION_SIGMA_KM
    manual: Observations | None = None

    def fine_stages(self, camera: Camera) -> tuple[Stage, ...]:
        """FINE, and on to smaller pixels while the photo has them and the reference light is finer."""
        stages, long_side_px = FINE, max(camera.width, camera.height)
        lon, lat = camera.to_ground((camera.width - 1) / 2, (camera.height - 1) / 2)
        frame_km = float(camera.ground_sample_distance_m(lon, lat)) / 1e3 * long_side_px
        for finer in DETAILED:
            reached_px = stages[-1][0]
            if long_side_px > reached_px and frame_km / reached_px > self.detail_km:
                stages = stages + finer
        return stages


@dataclass(frozen=True, eq=False)
class Refined:
    """A camera adjusted to the observations of the last round."""

    fit: Adjustment
    seen: Observations

    @property
    def camera(self) -> Camera:
        return self.fit.camera


def refine(camera: Camera, problem: Problem, stages: tuple[Stage, ...]) -> Refined:
    """Adjust a camera of the full photo in rounds of patch displacements; manual points join each round.

    In the rounds every patch counts in full: a prior that lies far off, as some catalogues' nadirs do, must
    not hold the camera near it, from where the light would look like mismatches. At the end it weighs as it
    should.
    """
    spread_px, seen = 0.0, None
    for long_side, size, reach in stages:
        view = problem.pyramid(long_side)
        size = min(size, *view.image.shape)
        # A window that cuts off true displacements would hold the camera where it is.
        reach = min(max(reach, int(np.ceil(REACH_SIGMAS * spread_px * view.factor))), MAX_REACH_PX)
        small = camera.scaled(view.factor)
        sources = problem.fine_sources if long_side > FINE[-1][0] else problem.sources
        patches = lattice_observations(view, sources, problem.terrain, small, size, reach)
        seen = patches.scaled(1 / view.factor)
        if problem.manual is not None:
            seen = seen.joined(problem.manual)
        fit = adjust(camera, problem.prior, seen, overlap=1)
        camera = fit.camera
        spread_px = fit.scale * float(np.median(seen.sigma)) if len(seen) else 0.0
    assert seen is not None
    return Refined(adjust(camera, problem.prior, seen), seen)


class Pyramid:
    """The photo's light at any size, each made once."""

    def __init__(self, photo: Photo) -> None:
        self._photo = photo
        self._made: dict[tuple[int, Compression], WorkingImage] = {}
        self.saturated_share = float(photo.saturated.mean())

    def __call__(self, long_side_px: int, compression: Compression = "log") -> WorkingImage:
        key = long_side_px, compression
        if key not in self._made:
            self._made[key] = working_image(self._photo, long_side_px, compression)
        return self._made[key]
