"""What tunes the solver, in one place: every number with its unit and why it is what it is.

`SolverSettings` holds one object for each part; `solve` takes it and hands each part its own, so that a
benchmark can vary any of them. The limits of acceptance are in `accept.py`. Where no source is named, the
value was set while the solver was built; docs/georeferencing-benchmark.md tells what the whole reaches with
it.
"""

from dataclasses import dataclass, field

from pipeline.georeference.accept import AcceptanceSettings

Stage = tuple[int, int, int]
"""A round of refinement: long side of the picture, patch size and reach, px."""


@dataclass(frozen=True)
class HypothesisSettings:
    """How densely positions of the station and points looked at cover what the prior leaves open."""

    # Metres. A search at one position repairs an error of some 50 km by itself: the attitude takes it up.
    position_spacing_m: float = 100e3
    # Sigmas of the prior's position: the ellipse that holds 86 % of what it may be.
    position_sigmas: float = 2.0
    # Rings of the hexagonal lattice of positions: 37 at most, for each costs a search.
    max_rings: int = 3
    # How far beside its aim a search finds a frame: in long sides of the frame, limited by the canvas's cost,
    one_aim_frames: float = 3.0
    # and in degrees, beyond which the perspective of the level canvas is not the photo's any more.
    one_aim_deg: float = 25.0
    # Degrees that each of several aims covers: they lie sqrt(3) times as far apart, some 20 degrees.
    aim_deg: float = 12.0
    # Degrees of view zenith beyond which there is no aim: the ground there is foreshortened to a quarter.
    max_aim_zenith_deg: float = 75.0


@dataclass(frozen=True)
class SearchSettings:
    """How the photo is slid over the reference light, and which of the peaks are followed up."""

    # Pixels of the long side; a first version at 256 px took 5 s a frame.
    long_side_px: int = 128
    # Degrees between rolls: none is more than 2 degrees off, which moves the corner of a picture of 128 px
    # by 3 px.
    roll_step_deg: float = 4.0
    # Pixels, sigma, by which photo and reference are blurred: finer detail cannot agree while roll and scale
    # are a few pixels off.
    search_blur_px: float = 1.0
    # Peaks of each roll that are kept, and pixels over which each must be the largest.
    peaks_per_roll: int = 2
    peak_distance_px: int = 8
    # Share of the long side: how near to its pixel a pin's place must be found.
    pin_reach: float = 0.03
    # Peaks that are adjusted: of a search from one place, and of one from many, which has more near misses.
    kept: int = 3
    kept_of_many: int = 8
    # Share of the long side: two cameras closer than this are the same solution.
    same_solution: float = 0.05
    # Degrees between the rolls from which a fit to points by hand begins.
    manual_roll_step_deg: float = 30.0


@dataclass(frozen=True)
class DrawingSettings:
    """How reference light is drawn and compressed."""

    # Pixels, sigma: the least width of a light in a picture, of any size.
    light_blur_px: float = 0.6
    # Light per km2 (population^0.75) from which on light is compressed: the surface brightness of a village.
    knee: float = 50.0


@dataclass(frozen=True)
class AgreementSettings:
    """How photo and reference are compared as a whole."""

    # Pixels, sigma: what is smoother is taken out, for any two big cities resemble each other as blobs.
    detail_px: float = 10.0
    # Share of the frame: over less ground than this chance correlates more, so agreement counts less.
    enough_ground: float = 0.5


@dataclass(frozen=True)
class PatchSettings:
    """When a patch counts as found, and how surely."""

    # Correlation of a patch of many lights with the photo, from which on it is an observation.
    min_patch_correlation: float = 0.3
    # Share of a patch's pixels that must be usable.
    min_usable_share: float = 0.6
    # Standard deviation of compressed light in a patch: in less there is nothing to be found.
    min_contrast: float = 0.05
    # Pixels, sigma: the error of matching at a correlation of 0.7, beside the error of the sources' places.
    matching_px: float = 0.5


@dataclass(frozen=True)
class AdjustSettings:
    """How a camera is fitted to observations."""

    # Gauss-Newton steps at most, and the largest change of a predicted pixel at which they end: a tenth of
    # what a patch tells.
    max_iterations: int = 15
    converged_px: float = 1e-2
    # Patches that count as one observation: they lie half a patch apart, so each piece of light is seen by
    # four of them, which err alike.
    overlap: int = 4


@dataclass(frozen=True)
class RefineSettings:
    """The rounds of patches, from coarse and far to fine and near."""

    # Rounds of every candidate.
    coarse: tuple[Stage, ...] = ((128, 48, 20), (256, 64, 16))
    # Rounds of the candidate that is chosen, to 640 px: as fine as light known by cities is worth.
    fine: tuple[Stage, ...] = ((256, 48, 10), (384, 56, 10), (640, 72, 10), (640, 64, 6), (640, 48, 5))
    # Further rounds where the reference light is finer than the pixels of the round before.
    detailed: tuple[tuple[Stage, ...], ...] = (((1280, 72, 10),), ((2560, 72, 6),))
    # Sigmas of the round before that a window must hold: one that cuts off true displacements would hold the
    # camera where it is.
    reach_sigmas: float = 4.0
    # Pixels: a wider window costs more and admits more mismatches.
    max_reach_px: int = 24

    @property
    def judged_at_px(self) -> int:
        """Long side of the picture in which agreement is judged: the last coarse round's."""
        return self.coarse[-1][0]

    @property
    def fine_px(self) -> int:
        """Long side of the last fine round; detailed rounds have more pixels."""
        return self.fine[-1][0]


@dataclass(frozen=True)
class ControlSettings:
    """How cities are matched one by one, and held out."""

    # Cities, the biggest of the frame.
    max_cities: int = 500
    # Correlation of a city's patch with the photo, from which on it is matched: higher than of a patch of the
    # lattice, for one light alone is easily taken for another.
    min_city_correlation: float = 0.5
    # Pixels: a city is matched with its surroundings, 5 to 10 km at 250 m pixels.
    patch_sizes_px: tuple[int, ...] = (40, 56, 80)
    # Every fifth city, in order of population, is held out of a fit of its own.
    check_every: int = 5
    # Kilometres around a held-out city in which light is taken out, at least: towns are known to 0.4 km.
    min_held_out_radius_km: float = 0.3


@dataclass(frozen=True)
class AccuracySettings:
    """How the accuracy of a fit is reckoned."""

    # Blocks of the frame, across and down, that are left out together: nearly square in a frame of 3 to 2.
    blocks: tuple[int, int] = (4, 3)
    # The largest factor by which few observations widen the covariance.
    max_small_sample_factor: float = 4.0
    # Probability from which on an observation counts as a true match in the error figures.
    min_belongs: float = 0.5
    # Ratio of variances from which on the spread of fits without a block widens the covariance: of a dozen
    # blocks it is known to a third, and it leans upwards.
    blocks_disagree: float = 1.5
    # Share of the long side, sigma: an error that more patches do not make smaller, for a pinhole with radial
    # terms is not the lens. 0.1 px of 2128, by cross-validation on scenes of a satellite's light
    # (docs/georeferencing-benchmark.md).
    systematic_share: float = 5e-5


@dataclass(frozen=True)
class FramingSettings:
    """When the light of a full frame wants to be that of a crop, or of an uneven resize."""

    # Sigmas. One whole frame in 90 wants to be a crop by chance; it is solved as one, with a wider sigma.
    min_sigmas: float = 3.0
    # Share of the long side: three of the sigmas within which a lens sits behind its sensor's middle.
    min_shift: float = 0.006
    # Relative: below it, lenses and refraction do as much.
    min_uneven: float = 0.005
    # Relative, before any light is looked at: a picture squeezed by a tenth looks odd.
    uneven_sigma: float = 0.1
    # Blocks of the frame, across and down, whose patches err alike.
    blocks: tuple[int, int] = (4, 3)


@dataclass(frozen=True)
class SolverSettings:
    """All that tunes a solve."""

    hypotheses: HypothesisSettings = field(default_factory=HypothesisSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    drawing: DrawingSettings = field(default_factory=DrawingSettings)
    agreement: AgreementSettings = field(default_factory=AgreementSettings)
    patches: PatchSettings = field(default_factory=PatchSettings)
    adjust: AdjustSettings = field(default_factory=AdjustSettings)
    refine: RefineSettings = field(default_factory=RefineSettings)
    control: ControlSettings = field(default_factory=ControlSettings)
    accuracy: AccuracySettings = field(default_factory=AccuracySettings)
    framing: FramingSettings = field(default_factory=FramingSettings)
    acceptance: AcceptanceSettings = field(default_factory=AcceptanceSettings)
    # Share of saturated pixels from which on the cores of cities are flat: such a frame, if it is refused in
    # logarithms, is tried again in roots of light.
    saturated_share: float = 3e-4
    # Kilometres: light is summed in cells of this size for pictures of up to 640 px, whose pixels are wider.
    gathered_km: float = 0.3
    # Share of the distance to the horizon: light so far from the look-at point may come into view.
    light_reach: float = 0.6


DEFAULT = SolverSettings()
