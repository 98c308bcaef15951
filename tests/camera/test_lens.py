"""The lens distorts as worked out by hand, is undone to rounding, and shows nothing from its fold on."""

import math

import numpy as np
import pytest

from pipeline.camera.earth import Array
from pipeline.camera.lens import Lens

FOCAL_PX = 5000.0
NONE = Lens(0.0, 0.0)
# 85 and 24 mm lenses of photos, then barrels that fold, pincushions, and both signs together.
LENSES = [
    *(Lens(k1, 0.0) for k1 in (-0.15, -0.1, 0.0, 0.014, 0.05, 0.2)),
    *(
        Lens(*terms)
        for terms in ((0.03, -0.02), (0.5, -0.1), (-0.4, 0.1), (-0.4, 0.2), (0.1, 0.1), (-0.1, -0.1))
    ),
]


def distorted(lens: Lens, x: Array, y: Array) -> tuple[Array, Array]:
    scale = lens.scale(lens.imaged(x * x + y * y))
    return scale * x, scale * y


def directions(lens: Lens, r_max: float, n: int = 4001) -> tuple[Array, Array]:
    """Directions at all radii up to one, all around."""
    r, turn = np.linspace(0, r_max, n), np.linspace(0, 300, n)
    return r * np.cos(turn), r * np.sin(turn)


class TestByHand:
    def test_the_radial_terms(self) -> None:
        # At r^2 = 0.25: 1 + 0.2 x 0.25 - 0.4 x 0.0625 = 1.025.
        lens = Lens(0.2, -0.4)
        assert lens.scale(np.array(0.25)) == pytest.approx(1.025, rel=1e-15)
        x_d, y_d = distorted(lens, np.array(0.3), np.array(-0.4))
        assert (x_d, y_d) == pytest.approx((0.3075, -0.41), rel=1e-15)
        assert lens.undistorted(x_d, y_d) == pytest.approx((0.3, -0.4), rel=1e-14)

    def test_slope_and_growth_are_derivatives(self) -> None:
        lens, r = Lens(0.2, -0.4), np.array(0.5)
        # 0.2 - 2 x 0.4 x 0.25, and 1 + 3 x 0.2 x 0.25 - 5 x 0.4 x 0.0625.
        assert lens.scale_slope(r * r) == pytest.approx(0.0, abs=1e-15)
        assert lens.growth(r * r) == pytest.approx(1.025, rel=1e-15)
        h = 1e-5
        ahead, behind = ((r + s) * lens.scale((r + s) ** 2) for s in (h, -h))
        # The third derivative is below 10: h^2 of it.
        assert lens.growth(r * r) == pytest.approx((ahead - behind) / (2 * h), abs=1e-8)

    @pytest.mark.parametrize(
        ("k1", "k2", "fold_r2"),
        [
            (-1 / 3, 0.0, 1.0),  # 1 - u
            (-0.15, 0.0, 1 / 0.45),
            (-1.0, 0.4, 0.5),  # 1 - 3 u + 2 u^2 = (1 - u) (1 - 2 u): the first of two
            (0.0, -0.2, 1.0),  # 1 - u^2
            (1 / 3, -0.4, 1.0),  # 1 + u - 2 u^2
            (-1 / 3, -0.4, 0.5),  # 1 - u - 2 u^2 = (1 + u) (1 - 2 u)
            (-2 / 3, 0.2, 1.0),  # (1 - u)^2 only touches 0
            (0.0, 0.0, math.inf),
            (0.2, 0.0, math.inf),
            (0.0, 0.2, math.inf),
            (1.0, 0.4, math.inf),  # (1 + u) (1 + 2 u)
            (-0.2, 0.1, math.inf),  # 1 - 0.6 u + 0.5 u^2 has no root
        ],
    )
    def test_where_the_image_ends(self, k1: float, k2: float, fold_r2: float) -> None:
        lens = Lens(k1, k2)
        assert lens.fold_r2 == pytest.approx(fold_r2, rel=1e-14)
        if math.isfinite(fold_r2):
            # Square roots of a difference that cancels keep half the digits.
            assert lens.growth(np.array(lens.fold_r2)) == pytest.approx(0.0, abs=1e-14)
            radius = math.sqrt(fold_r2) * (1 + k1 * fold_r2 + k2 * fold_r2**2)
            assert lens.image_radius == pytest.approx(radius, rel=1e-14)
        else:
            assert lens.image_radius == math.inf

    def test_from_the_fold_on_there_is_no_image(self) -> None:
        lens = Lens(-0.25, 0.0)  # folds at 4 / 3, exactly at the float that is asked for
        r2 = np.array([0.0, np.nextafter(lens.fold_r2, 0), lens.fold_r2, 2.0, 1e9, np.inf, np.nan])
        np.testing.assert_array_equal(lens.imaged(r2), [*r2[:2], *[np.nan] * 5])
        # A second rise of the curve is no image either.
        assert np.isnan(Lens(-1.0, 0.4).imaged(np.array([0.6, 1.5]))).all()


class TestInverse:
    @pytest.mark.parametrize("lens", LENSES, ids=str)
    def test_undoes_the_lens_all_over_its_image(self, lens: Lens) -> None:
        # Up to 1.3 focal lengths, the corner of a 17 mm lens, or 0.1 % short of the fold.
        x, y = directions(lens, min(1.3, 0.999 * math.sqrt(lens.fold_r2)))
        x_d, y_d = distorted(lens, x, y)
        back = lens.undistorted(x_d, y_d)
        assert np.isfinite(back).all()
        again = distorted(lens, *back)
        np.testing.assert_allclose(FOCAL_PX * np.subtract(again, (x_d, y_d)), 0, atol=1e-9)
        # The curve is as flat as 0.003 there, by which the tolerance of 1e-14 is divided.
        np.testing.assert_allclose(back, (x, y), rtol=0, atol=1e-11)

    @pytest.mark.parametrize("lens", LENSES, ids=str)
    def test_up_to_the_rim_and_nothing_beyond(self, lens: Lens) -> None:
        rim = lens.image_radius
        if math.isinf(rim):
            far = np.array([30.0, 1e4])
            x_d, y_d = distorted(lens, *lens.undistorted(far, -far))
            np.testing.assert_allclose((x_d, -y_d), (far, far), rtol=1e-13)
            return
        x_d = rim * (1 - 10.0 ** -np.arange(1, 15))
        x, y = lens.undistorted(x_d, 0 * x_d)
        assert (np.diff(x) > 0).all()
        assert (x < math.sqrt(lens.fold_r2)).all()
        np.testing.assert_allclose(lens.scale(x * x) * x, x_d, rtol=1e-13)
        assert not y.any()
        assert np.isnan(lens.undistorted(rim * np.array([1.0, 1 + 1e-9, 1.5, 3.0, 1e6]), np.zeros(5))).all()

    def test_no_distortion_is_no_change_at_all(self) -> None:
        x, y = directions(NONE, 1.3)
        np.testing.assert_array_equal(NONE.undistorted(x, y), (x, y))

    @pytest.mark.parametrize("lens", LENSES, ids=str)
    def test_no_element_depends_on_the_others(self, lens: Lens) -> None:
        x_d, y_d = directions(lens, 0.999 * min(1.3, lens.image_radius), 60)
        alone = [lens.undistorted(x_d[k : k + 1], y_d[k : k + 1]) for k in range(len(x_d))]
        np.testing.assert_array_equal(lens.undistorted(x_d, y_d), np.concatenate(alone, -1))

    def test_small_distortion_is_undone_as_by_plain_iteration(self) -> None:
        """x <- x_d / scale(x) settles for small terms, on the same bits but for rare last ones."""
        rng = np.random.default_rng(0)
        lens, x_d, y_d = Lens(0.014, 0.0), rng.uniform(-0.75, 0.75, 10_000), rng.uniform(-0.5, 0.5, 10_000)
        x, y = x_d, y_d
        for _ in range(12):
            scale = lens.scale(x * x + y * y)
            x, y = x_d / scale, y_d / scale
        got = lens.undistorted(x_d, y_d)
        np.testing.assert_allclose(got, (x, y), rtol=4e-16)  # two units in the last place
        assert (np.equal(got, (x, y)).mean()) > 0.995

    def test_what_does_not_settle_is_no_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        lens, x_d = Lens(-0.15, 0.0), np.array([0.0, 1e-9, 0.9])
        assert np.isfinite(lens.undistorted(x_d, 0 * x_d)).all()
        monkeypatch.setattr("pipeline.camera.lens.NEWTON_STEPS", 2)
        np.testing.assert_array_equal(np.isnan(lens.undistorted(x_d, 0 * x_d)[0]), [False, False, True])
