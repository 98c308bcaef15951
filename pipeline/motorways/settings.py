"""What can be tuned in following the light of motorways: each value with its unit and its reason."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MotorwaySettings:
    """All that tunes the measurement of motorways, in the order in which it is used.

    "Planted ends" are the scenes of `benchmarks/borders/motorways.py`, whose results stand in
    docs/borders-benchmark.md: with these values an interval holds the end of light about as often as it
    states. A reason that names neither measurement nor source is a judgement.
    """

    # --- the line of the motorway: chainage.py ---
    # A crossing is followed so far on either side of the border, m, at most to the next border: far enough
    # that some of it is clear of towns.
    reach_m: float = 15_000.0
    # A border crossed there and back within this, m, is crossed once or not at all: borders wind along
    # brooks, and the lines of road and border may each be off by some 100 m.
    wiggle_m: float = 2000.0
    # Lines of one road that cross a border within this, m, are its carriageways.
    carriageways_m: float = 500.0
    # A regional border this near to the national one, m, is the national one: maps of regions are coarser.
    same_border_m: float = 150.0
    # Which region lies before and behind a regional border is asked so far from it, m: more than the gap that
    # rounded coordinates leave between two regions, less than any region is long.
    region_probe_m: float = 10.0

    # --- the ground beside the line that may be the road's: corridors.py ---
    # Half the corridor's width is the greatest of: 60 m, for a motorway with its shoulders is 30 to 40 m wide
    # and its light is blurred; 1.5 cells, the image of a point; and 2.5 sigma of the photo's position.
    min_half_width_m: float = 60.0
    half_width_cells: float = 1.5
    half_width_sigmas: float = 2.5
    # A line that may be off by more than this, m, tells nothing of where its motorway is.
    max_line_error_m: float = 1000.0
    # 1 sigma of a point's image, once it is on the grid, in pixels of the photo or, where they are greater,
    # cells of the grid.
    image_blur_px: float = 0.8
    # Between corridor and what lies beside it, in sigmas of that blur: of a lamp at the edge 2 % reach there.
    gap_blurs: float = 2.0

    # --- the light of a narrow road, across its line: ridge.py ---
    # Stations are one cell of the grid apart, but never less than this, m: a photo shows nothing finer.
    # Offsets across the line are half a cell apart, but never less.
    min_spacing_m: float = 20.0
    # Light is compared within so much road, m: a lit motorway has two or three lamps in it.
    block_m: float = 100.0
    # A road's light is as wide as the photo's blur with this, m: 1 sigma of lamps across 40 m of road.
    road_sigma_m: float = 15.0
    # Of that width, 1 sigma: the road's light ends at 3, and what lies beside it is taken from 3 to 6.
    core_sigmas: float = 3.0
    beside_sigmas: float = 6.0
    # The road is looked for so many sigmas of its place off the line, and no farther than this, m.
    reach_sigmas: float = 3.0
    max_offset_m: float = 1500.0
    # Ground without a road, from which the noise is told: so far beyond, m, on either side, and at least
    # twice as far as the road is looked for.
    placebo_m: float = 1500.0
    # Along the road: how far the light beside a station counts as beside it, m; a village's size.
    beside_station_m: float = 300.0
    # Student's t of light where there is no road: degrees of freedom that are tried, from the tails of towns
    # to the normal law.
    noise_tails: tuple[float, ...] = (1.5, 2.0, 3.0, 5.0, 10.0, 100.0)

    # --- lit or dark, and where: road_chain.py ---
    # A lit stretch, and a dark one, are so long on average, m.
    stretch_m: float = 5000.0
    # The line's offset changes along the road: over so much, m, it forgets itself. Lines by hand follow bends
    # of some kilometres; a photo's own error changes over its whole frame.
    offset_memory_m: float = 8000.0
    # Scatter of the light of lit blocks, as a share of it, for lamps and sections differ.
    lamp_scatter: float = 0.25
    # Blocks know of each other, those of one town most: their odds are taken to this root, which lies between
    # the two by the share of a town's light in the variance. Chosen on the planted ends.
    quiet_root: float = 1.0
    town_root: float = 4.0
    # How bright a lit motorway is: values this factor apart are tried, from what would stand out by 5 sigma
    # over 2 km of road to the brightest that is seen where a road may be; but so many at most.
    level_ratio: float = 1.5
    most_levels: int = 16
    sure_sigmas: float = 5.0
    sure_m: float = 2000.0
    # Motorways of one photo are alike within this factor (1 sigma of its natural logarithm).
    alike_sigma: float = 0.4
    # Of a lit motorway's light: with less than 0.3 a road is not lit, be it a town's or that of its cars.
    lit_share: float = 0.3

    # --- lit, dark and undecidable stretches: lit_segments.py ---
    # Lit and dark are told with these odds, as in a 95 % interval on either side.
    told: float = 0.975
    # What is shorter than this, m, may be a village.
    min_segment_m: float = 1000.0
    # Where more of a block's variance is a town's than its noise's, what cannot be told is the town's doing.
    town_share: float = 0.5

    # --- where light ends: light_end.py ---
    # A block is divided so finely to place the end in it: 20 m, less than the distance of two lamps.
    places_a_block: int = 5
    # Distance between two lamps, m: light ends somewhere between the last one and where the next would be.
    lamp_spacing_m: float = 50.0

    # --- what is said of it: light_end.py ---
    # So much of one side must be seen, m, to be told: a segment at least.
    min_side_m: float = 1000.0
    # To say that a road is lit, or dark, on both sides: of the next 5 km on either side at least 0.85 are
    # expected to be so.
    both_sides_m: float = 5000.0
    min_alike_share: float = 0.85
    # A road that is seen lit to within this of the border, m, is lit up to it: the shortest stretch.
    up_to_border_m: float = 1000.0
    # From here on, m, a sentence says that the line is approximate.
    sure_line_m: float = 100.0
    # A stretch said to be dark may hold its light and so many sigmas more: 95 %.
    limit_sigmas: float = 2.0
    # A wider interval, m, does not say at which border light ends; at Voeren two borders are 500 m apart.
    max_interval_m: float = 1500.0

    # --- several photos together: pooled_crossings.py ---
    # Of the variance of an end by its light: what is the same in all photos, and not averaged down. Where a
    # block of lit road stands out from the noise by 4 sigma, the scatter of its lamps (0.25 of its light) is
    # half of its variance. Better photos share more, but there towns on the road have the most of it, and
    # the variance that a photo states is up to `town_root` times what its blocks alone would have. Ten photos
    # of a road among towns, at signal to noise 10, hold the end in 83 % of 60 scenes with nothing shared, in
    # 93 % with 0.3 and in 97 % with 0.5 (planted ends of other seeds than the benchmark's).
    common_share: float = 0.5


MOTORWAY_SETTINGS = MotorwaySettings()
