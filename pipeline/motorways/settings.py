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

    # --- the ground that is looked at beside the line: compare.py ---
    # Stations are one cell of the grid apart, but never less than this, m: a photo shows nothing finer.
    min_spacing_m: float = 20.0
    # Half the corridor's width is the greatest of: 60 m, for a motorway with its shoulders is 30 to 40 m wide
    # and its light is blurred; 1.5 cells, the image of a point; and 2.5 sigma of the photo's position.
    min_half_width_m: float = 60.0
    half_width_cells: float = 1.5
    half_width_sigmas: float = 2.5
    # A line that may be off by more than this, m, tells nothing of where its motorway is.
    max_line_error_m: float = 1000.0
    # In a corridor that must be wider than this, m, for its line is not sure, light may be a town's, and a
    # lit road may go unnoticed.
    sure_line_m: float = 100.0
    # The strips on either side reach so far, m; they are at least 4, for the placebos, and at most 6.
    flanks_m: float = 4500.0
    min_strips: int = 4
    max_strips: int = 6
    # 1 sigma of a point's image, once it is on the grid, in pixels of the photo or, where they are greater,
    # cells of the grid.
    image_blur_px: float = 0.8
    # Between corridor and flanks, in sigmas of that blur: of a lamp at the corridor's edge 2 % reach the
    # flanks.
    gap_blurs: float = 2.0

    # --- light along the road, and its noise: lit_segments.py ---
    # Lights are compared within so much road, m: a lit motorway has two or three lamps in it.
    block_m: float = 100.0
    # Along the road: how far the light beside a station counts as beside it, m; a village's size.
    beside_station_m: float = 300.0
    # Student's t of noise in place of light: degrees of freedom that are tried, from the tails of towns to
    # the normal law.
    noise_tails: tuple[float, ...] = (1.5, 2.0, 3.0, 5.0, 10.0, 100.0)
    # How long blocks of noise know of each other: values are cut off at 3 spreads, lest one town tell it; for
    # 1500 m at most, the size of a town; until their correlation falls below 0.05, that of chance.
    noise_clip: float = 3.0
    noise_memory_m: float = 1500.0
    noise_unrelated: float = 0.05

    # --- lit, dark and undecidable stretches: lit_segments.py ---
    # What is shorter than this, m, may be a village.
    min_segment_m: float = 1000.0
    # Cost of a change, times log(blocks): two for its place and its level, as in the Bayesian information
    # criterion, and one for caution.
    change_penalty: float = 3.0
    # Scatter of the light of lit blocks, as a share of it, for lamps differ: two or three lamps a block.
    lamp_scatter: float = 0.25
    # Light is seen from 3 sigma on (1 in 740 of dark segments), and darkness is light below 2 sigma.
    lit_sigmas: float = 3.0
    dark_sigmas: float = 2.0
    # Of a lit motorway's light: less than 0.3 is not lit, more than 0.5 is not dark. Between the two a road
    # may have every other lamp on, or a town.
    lit_share: float = 0.3
    dark_share: float = 0.5
    # What is at least 5 sigma bright over at least 2 km may tell the light of a lit motorway.
    sure_sigmas: float = 5.0
    sure_m: float = 2000.0
    # Where a lit stretch of `sure_m` would have less than this many sigmas, nothing can be told.
    blind_sigmas: float = 4.0
    # Flanks with this share of the road's light make a town; of a segment, less than half may be so.
    town_share: float = 0.5
    max_town_of_segment: float = 0.5
    # Of a segment, the share of stations that must show anything.
    min_seen_share: float = 0.3
    # A lit motorway is lit in each of so many parts of a segment; a village is not.
    segment_parts: int = 4
    # A part with less than this share of the segment's weight is not asked: it is hidden.
    min_part_weight: float = 0.02

    # --- where light ends: light_end.py ---
    # The end is sought so far on either side of the change between two segments, m: as far as a segment may
    # misplace it.
    end_search_m: float = 3000.0
    # A motorway is relit by sections: the light near its end may be any of these shares of the whole's.
    end_levels: tuple[float, ...] = (0.7, 0.85, 1.0, 1.15, 1.3)
    # Blocks know of each other, those of one town most: a likelihood of independent ones is taken to this
    # root, which lies between the two by the share of the town's light in the variance. Chosen on the planted
    # ends.
    quiet_root: float = 1.1
    town_root: float = 5.0
    # Distance between two lamps, m: light ends somewhere between the last one and where the next would be.
    lamp_spacing_m: float = 50.0

    # --- what is said of it: light_end.py ---
    # So much of one side must be seen, m, to be told: a segment at least.
    min_side_m: float = 1000.0
    # To say that a road is lit, or dark, on both sides: 0.8 of the next 5 km on either side must be told.
    both_sides_m: float = 5000.0
    min_told_share: float = 0.8
    # So near to the border, m, an approximate line may hide a lit road.
    near_border_m: float = 2000.0
    # Where more than this share of the stations is beside a town, a faint motorway may go unnoticed.
    max_town_stations: float = 0.1
    # A stretch said to be dark may hold its light and so many sigmas more: 95 %.
    limit_sigmas: float = 2.0
    # A wider interval, m, does not say at which border light ends; at Voeren two borders are 500 m apart.
    max_interval_m: float = 1500.0


MOTORWAY_SETTINGS = MotorwaySettings()
