"""Refinement: a camera adjusted in rounds of patch displacements, from coarse and far to fine and near."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.prior import Prior
from pipeline.camera.terrain import Terrain
from pipeline.georeference.adjust import Adjustment, Observations, adjust
from pipeline.georeference.patches import lattice_observations
from pipeline.georeference.reference import Compression
from pipeline.georeference.settings import SolverSettings, Stage
from pipeline.georeference.sources import Sources
from pipeline.georeference.working_image import WholeLight, WorkingImage, working_image
from pipeline.photo.photo import Photo


@dataclass(frozen=True, eq=False)
class Problem:
    """What a camera is adjusted to: the photo's light at any size, what was known before, the light and the
    ground expected, how fine that light is known (km), control points by hand, and what tunes the solver.

    `sources` are for the search and the fine rounds; `fine_sources` hold the same light in detail, for the
    detailed rounds.
    """

    pyramid: "Pyramid"
    prior: Prior
    sources: Sources
    fine_sources: Sources
    terrain: Terrain
    detail_km: float
    manual: Observations | None
    settings: SolverSettings

    def fine_stages(self, camera: Camera) -> tuple[Stage, ...]:
        """The fine rounds, and detailed ones while the photo has the pixels and the light is known finer."""
        stages, long_side_px = self.settings.refine.fine, max(camera.width, camera.height)
        lon, lat = camera.to_ground((camera.width - 1) / 2, (camera.height - 1) / 2)
        frame_km = float(camera.ground_sample_distance_m(lon, lat)) / 1e3 * long_side_px
        for finer in self.settings.refine.detailed:
            reached_px = stages[-1][0]
            if long_side_px > reached_px and frame_km / reached_px > self.detail_km:
                stages = stages + finer
        return stages


@dataclass(frozen=True, eq=False)
class Refined:
    """A camera adjusted to the observations of the last round, whose patches were `size` px wide in the photo
    resampled by `factor`."""

    fit: Adjustment
    seen: Observations
    size: int
    factor: float

    @property
    def camera(self) -> Camera:
        """The camera as it was fitted, for the full photo."""
        return self.fit.camera


def refine(camera: Camera, problem: Problem, stages: tuple[Stage, ...]) -> Refined:
    """Adjust a camera of the full photo in rounds of patch displacements; manual points join each round.

    In the rounds every patch counts in full. A prior may lie far off, as some catalogues' nadirs do; it must
    not hold the camera where the light looks like mismatches. At the end the prior has its proper weight.
    """
    settings = problem.settings
    in_full = replace(settings.adjust, overlap=1)
    spread_px, observed, size, factor = 0.0, None, 0, 1.0
    for long_side, size, reach in stages:
        view = problem.pyramid(long_side)
        size, factor = min(size, *view.image.shape), view.factor
        # A window that cuts off true displacements would hold the camera where it is.
        wanted = int(np.ceil(settings.refine.reach_sigmas * spread_px * view.factor))
        reach = min(max(reach, wanted), settings.refine.max_reach_px)
        small = camera.scaled(view.factor)
        sources = problem.fine_sources if long_side > settings.refine.fine_px else problem.sources
        patches = lattice_observations(
            view, sources, problem.terrain, small, size, reach, settings.patches, settings.drawing
        )
        observed = patches.scaled(1 / view.factor)
        if problem.manual is not None:
            observed = observed.joined(problem.manual)
        fit = adjust(camera, problem.prior, observed, in_full)
        camera = fit.camera
        spread_px = fit.scale * float(np.median(observed.sigma)) if len(observed) else 0.0
    assert observed is not None
    return Refined(adjust(camera, problem.prior, observed, settings.adjust), observed, size, factor)


class Pyramid:
    """The photo's light at any size, each made once."""

    def __init__(self, photo: Photo) -> None:
        self._whole = WholeLight.of(photo)
        self._made: dict[tuple[int, Compression], WorkingImage] = {}
        self.saturated_share = float(photo.saturated.mean())

    def __call__(self, long_side_px: int, compression: Compression = "log") -> WorkingImage:
        key = long_side_px, compression
        if key not in self._made:
            self._made[key] = working_image(self._whole, long_side_px, compression)
        return self._made[key]
