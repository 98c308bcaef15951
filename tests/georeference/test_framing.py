"""A crop and an uneven resize show in the places of lights, a whole frame shows neither."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.camera.camera import Camera
from pipeline.camera.earth import to_ecef
from pipeline.camera.full_frame import FullFrame
from pipeline.camera.prior import Prior
from pipeline.georeference.adjust import Observations, adjust
from pipeline.georeference.framing import Framing, framing_of
from pipeline.georeference.refine import Refined
from pipeline.georeference.settings import AdjustSettings, FramingSettings
from tests.georeference.test_adjust import PRIOR, TRUTH

ADJUST, SETTINGS = AdjustSettings(), FramingSettings()
WIDE = replace(TRUTH, focal_px=2000.0)
WIDE_PRIOR = replace(PRIOR, focal_px=2000.0)
# So far up that a quarter of its frame is missing below.
CUT = replace(WIDE, principal_point_px=(1063.5, 947.5))


def framing(truth: Camera, prior: Prior, seed: int = 0, squeezed: float = 0.0) -> Framing:
    """By 400 lights seen with errors of half a pixel, each of which counts as its own."""
    rng = np.random.default_rng(seed)
    pixel = rng.uniform((0, 0), (truth.width - 1, truth.height - 1), (400, 2))
    ground = to_ecef(*truth.to_ground(*pixel.T))
    seen_px = pixel * (1, 1 - squeezed) + rng.normal(0, 0.5, pixel.shape)
    known = np.zeros(400, bool)
    seen = Observations(ground, seen_px, np.ones(400), np.full(400, 60.0), known)
    settings = replace(ADJUST, overlap=1)
    start = truth.seen_off_axis(prior.principal_point_px)  # as a search leaves it
    return framing_of(Refined(adjust(start, prior, seen, settings), seen, 128, 1.0), prior, 1, SETTINGS)


def test_a_whole_frame_is_neither_cut_nor_uneven() -> None:
    """3 sigma of two coordinates are passed by one in 90, of one by one in 370."""
    found = [framing(WIDE, WIDE_PRIOR, seed) for seed in range(60)]
    assert sum(one.is_cut(SETTINGS) or one.is_uneven(SETTINGS) for one in found) <= 3
    # Sigmas are what they are called: the root mean square of two coordinates is 1.41, of one 1, with a
    # chance of 7 and 9 % (1 sigma of 60). That of the principal point is less here, for the rest of the
    # camera is where its prior has it.
    assert 0.95 < np.sqrt(np.mean([one.shift_sigmas**2 for one in found])) < 1.7
    assert 0.8 < np.sqrt(np.mean([one.uneven_sigmas**2 for one in found])) < 1.25


def test_a_crop_is_seen_and_its_lens_found() -> None:
    found = framing(CUT, WIDE_PRIOR)
    assert found.is_cut(SETTINGS)
    assert found.shift == pytest.approx(240 / 2128, rel=0.25)  # one step of a fit that is not linear
    assert not found.is_uneven(SETTINGS)


def test_a_stated_crop_is_where_it_is_stated() -> None:
    height = TRUTH.height + 480
    whole = FullFrame(width=height * 1.5, height=height, left=(height * 1.5 - 2128) / 2, top=0.0)
    prior = replace(WIDE_PRIOR.within(whole), focal_px=2000.0)
    assert prior.principal_point_px == pytest.approx((1063.5, 947.5))
    assert not framing(CUT, prior).is_cut(SETTINGS)


def test_a_picture_squeezed_by_four_in_a_hundred_is_uneven() -> None:
    found = framing(WIDE, WIDE_PRIOR, squeezed=0.04)
    assert found.is_uneven(SETTINGS)
    assert found.uneven > 0  # across against down


def test_through_a_long_lens_nobody_can_tell() -> None:
    """At 400 mm the principal point is where the camera points."""
    long = replace(TRUTH, focal_px=24_000.0, principal_point_px=(1063.5, 947.5))
    assert not framing(long, replace(PRIOR, focal_px=24_000.0)).is_cut(SETTINGS)
