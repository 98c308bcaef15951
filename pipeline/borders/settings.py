"""What tunes the comparison of borders: every constant with its unit, its reason and its source.

Users set `BordersConfig`; these are for developers, and for benchmarks that vary them with
`dataclasses.replace`. How well they do is in docs/borders-benchmark.md.
"""

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LineSettings:
    """How a border is measured."""

    # m between the points that stand for a border: distances are then 3 m too long at 100 m, less beyond.
    point_spacing_m: float = 50.0
    # Length of a segment of the map, km. Shorter ones have no town on one side, longer ones hide what varies.
    segment_km: float = 15.0


@dataclass(frozen=True)
class ExclusionSettings:
    """How near to a border light is too near to tell its side."""

    # Position errors (1 sigma): beyond three of them hardly any light is seen on the wrong side.
    sigmas: float = 3.0
    # m between the places where position error and blur are evaluated; both change over tens of km.
    spacing_m: float = 2000.0


@dataclass(frozen=True)
class PatchSettings:
    """How light is told apart by brightness: in steps of a factor of two, from 2^dimmest to 2^brightest."""

    # log2 of linear light: far below what a camera of 14 bits tells apart. Fainter light counts as this.
    dimmest: int = -24
    # log2 of linear light: white is 1 in each colour, exposures may be scaled up. Brighter counts as this.
    brightest: int = 8


@dataclass(frozen=True)
class ZoneSettings:
    """The statistics of zones, strips and towns."""

    # km. The scatter of tone is taken between squares of this side: most towns are smaller, so squares are
    # nearly independent.
    scatter_km: float = 10.0
    # km, the same within one town: its quarters.
    town_scatter_km: float = 1.0
    # Squares that are needed to tell a scatter: of fewer, sigma is itself uncertain by more than a third.
    min_squares: int = 5
    # log2(B/G) is given where this share of the lit cells has it: else only the bright ones would count.
    min_blue: float = 0.5
    # log2(G/R). Step of the histograms that quantiles are taken from: far less than any interval of tone.
    # Exact quantiles of a country took as long as all else.
    tone_step: float = 1 / 256


@dataclass(frozen=True)
class ContrastSettings:
    """The contrast at a border and its interval; also the intervals of profiles, cities and changes."""

    # Shares of the two intervals: `level` is reported, `equivalence_level` is that of two one-sided tests at
    # 5 %, by which sides are called alike.
    level: float = 0.95
    equivalence_level: float = 0.90
    # Smoothing that makes units, from coarse to fine, of `block_km`: as coarse as still leaves enough units.
    # Chosen by the coverage of intervals where towns stand in clusters.
    smoothing_blocks: tuple[float, ...] = (1.25, 0.75, 0.5)
    # Evenly lit units that a side must have at a smoothing, else the next finer one is taken.
    even_enough: float = 2.0
    # Units with light on each side that are needed: one town is no country.
    min_units: int = 2
    # Evenly lit units: where one has 88 % of a side's light, the others cannot tell how towns differ.
    min_even_units: float = 1.25
    # Degrees. Within a step the view changes tone by less than 0.01 (aerosol: 5 % of G/R from 0 to 60 deg).
    zenith_step_deg: float = 5.0
    # Units from which on the trend over the frame is curved: its five terms need four units each.
    curved_from_units: int = 20
    # Of the draws that make the interval: the same photo gives the same figures.
    seed: int = 0


@dataclass(frozen=True)
class PlaceboSettings:
    """Lines that are no border, and how many of them make a p-value."""

    # m between the points of the field of distances: as wide as the narrowest default band.
    field_step_m: float = 500.0
    # Placebos of a p-value: none can be below 1 / (1 + count).
    count: int = 999
    # Places tried for each placebo before the frame is said to have no room.
    tries: int = 6
    # Share of the number of lit patches on the border's darker side that a placebo must have on both of its
    # sides: the contrast of far less light scatters differently.
    like_lit: float = 0.5
    # The same of what the light tells of its size (1 / sigma2): lines at the edge of the towns tell little.
    like_told: float = 0.25
    # Placebos closer than this (m), or turned by less (rad), hardly differ.
    apart_m: float = 10_000.0
    apart_rad: float = math.pi / 4
    # Placebos that differ which are needed: fewer than 20 cannot show a p of 5 %.
    min_apart: int = 20
    # Ways of parting the towns that placebos must be: a dozen towns can be parted in few, many like the
    # border.
    min_ways: int = 100
    seed: int = 0


@dataclass(frozen=True)
class ProfileSettings:
    """Light and tone by distance, and the line of each segment."""

    step_km: float = 1.0  # width of a step of distance: about a small town
    # m between the points at which a border is cut into segments.
    segment_spacing_m: float = 100.0


@dataclass(frozen=True)
class UrbanSettings:
    """Towns as zones, and cities against the towns around them."""

    min_population: int = 5000  # of a town: smaller ones have few lit cells in photos from orbit
    core_population: int = 100_000  # of a city that is compared with its ring
    # How far from a city its ring reaches: Monschau, of Aachen's ring, is 27 km away.
    ring_km: float = 30.0
    # Squares of `block_km` with light that a city and its ring must have.
    min_squares: int = 3


@dataclass(frozen=True)
class TownSettings:
    """Towns as units, and how a typical one of a country is compared with one of another."""

    # m. Smoothing of light (Gaussian, 1 sigma) that makes hills: narrower than a small town, wider than
    # noise.
    hill_m: float = 600.0
    # m. Towns nearer than about this share a part of their tone: authorities reach as far. Gaussian, 1 sigma.
    shared_m: float = 5000.0
    # Share of a unit's light that a photo must show of it, by the mean of all photos.
    min_shown: float = 0.3
    # log2(G/R): no town's tone is held surer, for rounding and compression are not in the noise of a sum.
    least_sigma: float = 0.01
    # km. How far from a border towns may count: as far as makes the interval shortest.
    ranges_km: tuple[float, ...] = (5.0, 10.0, 20.0, 40.0)
    # Share by which a longer range must shorten the interval to be taken: nearer towns tell of the border.
    worth: float = 0.03
    # Units of a comparison, the nearest to the border; time grows with their cube.
    most_units: int = 350
    # Towns a side that are needed; fewer cannot tell how towns differ.
    min_towns: int = 3
    # km. Stretches of motorway that count as units.
    stretch_km: float = 5.0
    # Minutes between photos of one pass: they look through the same air at the same slant.
    pass_min: float = 15.0
    # log2(G/R), rms over towns, by which two photos must differ to be two: less is a copy of the same.
    same_photo: float = 0.005
    # Towns that the contrast is also given without: those that move it most.
    most_left_out: int = 10
    # Windows of years that are told apart at most.
    most_windows: int = 4


@dataclass(frozen=True)
class SizeSettings:
    """What is known of the random parts' sizes (`town_likelihood`) before any light is seen, and how they are
    averaged over."""

    # log2(G/R), 1 sigma. One photo cannot tell its trend from a step: it is left free, for no trend is so
    # large.
    free: float = 1.5
    # log2(G/R), 1 sigma of what is believed of the size of trends and steps where several passes tell it.
    plane: float = 0.5
    bend: float = 0.5
    step: float = 0.2
    # Passes from which on their trends tell how large trends are.
    min_passes: int = 3
    # log2(G/R). Smaller parts are as good as none; larger are not of lamps.
    least: float = 0.003
    most: float = 3.0
    start: float = 0.1  # where the likeliest sizes are looked for from
    difference: float = 0.02  # by which sizes are moved to see how the likelihood bends
    widest: float = 0.5  # 1 sigma of a size that the light tells nothing of
    # Points of the average: with four times as many, half widths move by 0.3 % for one photo, 1.4 % for five.
    points: int = 64
    degrees: float = 5.0  # of Student's t that points are drawn from: its tails must be the wider ones
    seed: int = 0  # the same photos give the same figures


@dataclass(frozen=True)
class BorderSettings:
    """All of them."""

    line: LineSettings = field(default_factory=LineSettings)
    exclusion: ExclusionSettings = field(default_factory=ExclusionSettings)
    patches: PatchSettings = field(default_factory=PatchSettings)
    zones: ZoneSettings = field(default_factory=ZoneSettings)
    contrast: ContrastSettings = field(default_factory=ContrastSettings)
    placebo: PlaceboSettings = field(default_factory=PlaceboSettings)
    profiles: ProfileSettings = field(default_factory=ProfileSettings)
    urban: UrbanSettings = field(default_factory=UrbanSettings)
    towns: TownSettings = field(default_factory=TownSettings)
    sizes: SizeSettings = field(default_factory=SizeSettings)


# What the pipeline runs with.
IN_FORCE = BorderSettings()
