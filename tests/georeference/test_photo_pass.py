"""What the photos of one pass share, and what several tries for one photo may cost."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.camera.full_frame import FullFrame
from pipeline.camera.prior import Prior
from pipeline.georeference import photo_pass
from pipeline.georeference.photo_pass import KnownGround, OtherPhoto, shared_with_pass, solved_alone
from pipeline.georeference.settings import DEFAULT, SolverSettings
from tests.georeference.test_adjust import PRIOR

GROUND = KnownGround(None, None, None)  # type: ignore[arg-type]
FRAMES = [FullFrame(width=4256.0, height=2832.0, left=left, top=0.0) for left in (0.0, 100.0, 200.0, 300.0)]


def facts(frames: list[FullFrame]) -> Any:
    return SimpleNamespace(id="a photo", full_frames=frames, clock_sigma_s=5.0)


@pytest.fixture(autouse=True)
def known_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_pass, "prior_and_orbit", lambda _: (PRIOR, None))


def solution(prior: Prior, accepted: bool, probability: float = 0.5, name: str = "") -> Any:
    verdict = SimpleNamespace(false_alarm_probability=probability)
    return SimpleNamespace(
        problem=SimpleNamespace(prior=prior),
        camera=prior.camera(),
        covariance=np.eye(11),
        accepted=accepted,
        verdict=verdict,
        reason="it does not stand out",
        method=name,
    )


def test_frames_that_are_tried_share_the_odds_with_points_by_hand_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used: list[SolverSettings] = []

    def refuse(*given: Any) -> Any:
        used.append(given[-1])
        return solution(PRIOR, False, 0.5 / len(used))

    monkeypatch.setattr(photo_pass, "solve", refuse)
    best = solved_alone(facts(FRAMES), None, GROUND, None, 1)  # type: ignore[arg-type]
    assert best.verdict.false_alarm_probability == 0.5 / len(FRAMES)
    for by_hand in (False, True):
        whole = DEFAULT.acceptance.false_alarm_limit(by_hand)
        assert sum(each.acceptance.false_alarm_limit(by_hand) for each in used) == pytest.approx(whole)


def test_a_part_of_a_full_frame_keeps_how_well_its_lens_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    part = PRIOR.within(FRAMES[0])
    priors = []

    def keep(prior: Prior, others: object) -> Prior:
        priors.append(prior)
        return prior

    monkeypatch.setattr(photo_pass, "lens_from", keep)
    monkeypatch.setattr(photo_pass, "adjusted_again", lambda first, *_: first)
    monkeypatch.setattr(
        photo_pass, "replace", lambda of, **new: of if "method" in new else replace(of, **new)
    )
    other = OtherPhoto(solution(part, True), None)
    shared_with_pass(solution(part, True), facts([]), [other], None)  # type: ignore[arg-type]
    assert np.array_equal(priors[0].lens_covariance, part.lens_covariance)
    assert not np.array_equal(part.lens_covariance, PRIOR.lens_covariance)  # so the test can fail


@pytest.mark.expects_warnings
def test_a_photo_that_the_lens_of_its_pass_does_not_fit_keeps_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(photo_pass, "lens_from", lambda prior, _: prior)
    monkeypatch.setattr(photo_pass, "adjusted_again", lambda *_: solution(PRIOR, False))
    own, other = solution(PRIOR, True, name="by its own"), OtherPhoto(solution(PRIOR, True), None)
    kept, _ = shared_with_pass(own, facts([]), [other], None)  # type: ignore[arg-type]
    assert kept is own
