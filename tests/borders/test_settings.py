"""The settings in force are those that docs/borders-benchmark.md was measured with."""

import math
from dataclasses import asdict

from pipeline.borders.settings import IN_FORCE


def test_settings_in_force_are_those_of_the_benchmark():
    """Whoever changes one runs the benchmarks again, and changes it here too."""
    assert asdict(IN_FORCE) == {
        "line": {"point_spacing_m": 50, "segment_km": 15},
        "exclusion": {"sigmas": 3, "spacing_m": 2000},
        "patches": {"dimmest": -24, "brightest": 8},
        "zones": {
            "scatter_km": 10,
            "town_scatter_km": 1,
            "min_squares": 5,
            "min_blue": 0.5,
            "tone_step": 1 / 256,
        },
        "contrast": {
            "level": 0.95,
            "equivalence_level": 0.90,
            "smoothing_blocks": (1.25, 0.75, 0.5),
            "even_enough": 2,
            "min_units": 2,
            "min_even_units": 1.25,
            "zenith_step_deg": 5,
            "curved_from_units": 20,
            "seed": 0,
        },
        "placebo": {
            "field_step_m": 500,
            "count": 999,
            "tries": 6,
            "like_lit": 0.5,
            "like_told": 0.25,
            "apart_m": 10_000,
            "apart_rad": math.pi / 4,
            "min_apart": 20,
            "min_ways": 100,
            "seed": 0,
        },
        "profiles": {"step_km": 1, "segment_spacing_m": 100},
        "urban": {"min_population": 5000, "core_population": 100_000, "ring_km": 30, "min_squares": 3},
        "towns": {
            "hill_m": 600,
            "shared_m": 5000,
            "min_shown": 0.3,
            "least_sigma": 0.01,
            "ranges_km": (5, 10, 20, 40),
            "worth": 0.03,
            "most_units": 350,
            "min_towns": 3,
            "stretch_km": 5,
            "pass_min": 15,
            "same_photo": 0.005,
            "most_left_out": 10,
            "most_windows": 4,
        },
        "sizes": {
            "free": 1.5,
            "plane": 0.5,
            "bend": 0.5,
            "step": 0.2,
            "min_passes": 3,
            "least": 0.003,
            "most": 3,
            "start": 0.1,
            "difference": 0.02,
            "widest": 0.5,
            "points": 64,
            "degrees": 5,
            "seed": 0,
        },
    }
