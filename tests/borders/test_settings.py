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
            "apart_m": 10_000,
            "apart_rad": math.pi / 4,
            "min_apart": 20,
            "seed": 0,
        },
        "profiles": {"step_km": 1, "segment_spacing_m": 100},
        "urban": {"min_population": 5000, "core_population": 100_000, "ring_km": 30, "min_squares": 3},
    }
