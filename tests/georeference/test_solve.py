"""Whole solves: simulated frames, rendered scenes, real photos; and frames that must be refused.

Simulated frames are made on the spot and always solved. What stands on the check material says so by the
fixture `shared`.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import Array, distance_km, east_north_up, to_ecef, to_geodetic
from pipeline.camera.prior import Prior
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.georeference.adjust import Observations
from pipeline.georeference.control import check_errors
from pipeline.georeference.extent import LIGHT_OF_STREET, lit_streets
from pipeline.georeference.manual import MANUAL_SIGMA_PX, MANUAL_WINDOW_PX
from pipeline.georeference.settings import SolverSettings
from pipeline.georeference.solve import Solution, adjusted_again, solve
from pipeline.ground.cities import gazetteer
from pipeline.ground.streets import read_streets
from pipeline.models import LookAt
from pipeline.photo.photo import Photo
from pipeline.simulate.scene import simulate_frame
from pipeline.steps.simulate import read_ground
from tests.scenes.frames import (
    LANDMARKS,
    check_points,
    landmark_error,
    photo_of,
    prior_of,
    real_photo,
    rendered_scene,
    simulated,
    true_error,
    unlit,
)

DATA = Path(__file__).parents[2] / "data"


# The project's targets for cities as reference light; 104 (180 mm) is filled by a few big cities whose light
# is not centred on their gazetteer points.
RENDERED_PX = {101: 1.5, 102: 1.5, 103: 1.5, 104: 4.0}
# Simulated frames have half the width: half the target for a full frame.
SIMULATED_PX = 0.75


@pytest.fixture(scope="module")
def lyon() -> tuple[Solution, Camera]:
    """The solution of a simulated frame around Lyon, in no way special, and its true camera."""
    photo, prior, truth = simulated()
    return solve(photo, prior, gazetteer()), truth


def test_a_simulated_frame_solves_from_its_facts(lyon: tuple[Solution, Camera]) -> None:
    """Light with extents and offsets of its own."""
    solution, truth = lyon
    error_px, error_m = true_error(solution.camera, truth)
    print(f"Lyon, simulated: {error_px:.2f} px, {error_m:.0f} m")
    assert solution.accepted, solution.reason
    assert error_px <= SIMULATED_PX


def test_a_wide_simulated_frame_solves_from_its_facts() -> None:
    photo, prior, truth = simulated(focal_length_mm=50.0)
    solution = solve(photo, prior, gazetteer())
    assert solution.accepted, solution.reason
    assert true_error(solution.camera, truth)[0] <= SIMULATED_PX


def test_a_crop_that_nobody_tells_of_is_solved_as_one() -> None:
    """A third of the frame is missing below; taken for whole it would be off by several pixels."""
    photo, prior, truth = simulated(focal_length_mm=35.0)
    height = 2 * truth.height // 3
    part = photo.window(slice(0, height), slice(0, truth.width))
    middle = (truth.width - 1) / 2, (height - 1) / 2
    solution = solve(part, replace(prior, height=height, principal_point_px=middle), gazetteer())
    error_px, error_m = true_error(solution.camera, replace(truth, height=height))
    print(f"two thirds of Lyon, simulated: {error_px:.2f} px, {error_m:.0f} m")
    assert solution.accepted, solution.reason
    assert solution.method == "city light, as a crop of unknown place"
    assert solution.problem.prior.is_cut
    assert error_px <= SIMULATED_PX


def test_another_prior_gives_another_camera_that_is_judged_anew(lyon: tuple[Solution, Camera]) -> None:
    """A focal length half as long again, of which the prior is sure, fits no light."""
    solution, _ = lyon
    prior = solution.problem.prior
    again = adjusted_again(solution, prior, gazetteer())
    assert again.accepted, again.reason
    assert again.verdict.agreement <= solution.verdict.agreement
    wrong = replace(prior, focal_px=1.5 * prior.focal_px, lens_covariance=1e-8 * prior.lens_covariance)
    refused = adjusted_again(solution, wrong, gazetteer())
    assert solution.accepted
    assert not refused.accepted
    assert "false-alarm probability" in refused.reason


def test_rendered_scenes_solve_from_their_facts(shared: Path) -> None:
    """Light of a satellite's raster, which no gazetteer made."""
    errors_px = {}
    for number in RENDERED_PX:
        photo, prior, truth = rendered_scene(shared, number)
        solution = solve(photo, prior, gazetteer())
        errors_px[number], error_m = true_error(solution.camera, truth)
        print(
            f"scene-{number}: {errors_px[number]:.2f} px, {error_m:.0f} m RMSE, "
            f"p = {solution.verdict.false_alarm_probability:.1g}"
        )
        assert solution.accepted, f"scene-{number}: {solution.reason}"
    too_far = {number: px for number, px in errors_px.items() if px > RENDERED_PX[number]}
    assert not too_far


def test_the_real_photo_of_rhine_main_solves_by_itself(shared: Path) -> None:
    photo, prior = real_photo(shared, "ISS030-E-163191")
    solution = solve(photo, prior, gazetteer())
    lon, lat, column, row = check_points(shared, "ISS030-E-163191")
    away = np.hypot(*(np.stack(solution.camera.project(lon, lat)) - (column, row)))
    print(
        f"ISS030-E-163191: {np.sqrt((away**2).mean()):.2f} px RMSE, {away.max():.2f} px at most, "
        f"of {len(away)} points"
    )
    assert solution.accepted, solution.reason
    # The check points themselves are good to about 1 px.
    assert np.sqrt((away**2).mean()) <= 1.2
    # Cities' light lies about 400 m from their gazetteer points, 2 px here.
    judged_by_held_out_cities(solution, bound_m=600)


@pytest.mark.parametrize("name", LANDMARKS)
def test_megacities_are_never_wrong(shared: Path, name: str) -> None:
    photo, prior = real_photo(shared, name)
    solution = solve(photo, prior, gazetteer())
    stated = SolvedCamera(solution.camera, PARAMETERS, solution.covariance)
    errors = [landmark_error(stated, mark) for mark in LANDMARKS[name]]
    told = "accepted" if solution.accepted else "refused"
    each = ", ".join(f"{e.away_m:.0f} m ({e.sigmas:.1f} sigma of {e.sigma_m:.0f} m)" for e in errors)
    print(f"{name}: {told}, landmarks off by {each}")
    # Landmarks are read to a pixel or two; a wrong place is off by tens.
    assert max(e.away_px for e in errors) < 8
    if solution.accepted:
        # The project asks for 2 stated sigma, which the benchmark measures (2.2, missed). A landmark is read
        # to a pixel, so the test can ask for no more than 2 of both errors together.
        assert max(e.sigmas_with_reading for e in errors) <= 2
        # Else a sigma that says nothing would do: 240 to 450 m are stated, by the benchmark.
        assert max(e.sigma_m for e in errors) <= 500


def test_streets_sharpen_a_long_lens() -> None:
    """The demo's ground at 180 mm: the streets are those that were lit, how brightly each is not known."""
    maps = (DATA / name for name in ("streets_liege.parquet", "motorways.gpkg", "borders.gpkg"))
    ground = read_ground(*maps, gazetteer())
    frame = simulate_frame(2, 2012, ground, aim=(5.55, 50.68), must_see=(), focal_length_mm=180.0)
    photo = photo_of(frame.picture)
    prior = prior_of(frame.facts, photo)
    near = lit_streets(read_streets(DATA / "streets_liege.parquet", (4.0, 49.0, 8.0, 52.0), LIGHT_OF_STREET))
    solution = solve(photo, prior, gazetteer(), extent=near)
    error_px, error_m = true_error(solution.camera, frame.camera)
    print(f"180 mm with streets: {error_px:.2f} px, {error_m:.0f} m")
    assert solution.accepted, solution.reason
    assert error_px <= 1.0  # the project's target


class TestLoosePriors:
    """One photo, told ever less."""

    def error_px(self, photo: Photo, prior: Prior, truth: Camera) -> float:
        solution = solve(photo, prior, gazetteer())
        assert solution.accepted, solution.reason
        return true_error(solution.camera, truth)[0]

    def test_the_solution_does_not_depend_on_the_prior(self, lyon: tuple[Solution, Camera]) -> None:
        photo, prior, truth = simulated()
        assert prior.look_at is not None
        column, row = np.meshgrid(np.linspace(0, truth.width - 1, 9), np.linspace(0, truth.height - 1, 7))
        lon, lat = lyon[0].camera.to_ground(column, row)
        away = []
        for east_m, north_m, focal in ((6e3, 3e3, 1.01), (-5e3, 6e3, 0.99), (0.0, -8e3, 1.0)):
            level = east_north_up(*to_geodetic(prior.position_ecef_m)[:2])
            moved = prior.position_ecef_m + np.array([east_m, north_m]) @ level[:2]
            aim = prior.look_at.model_copy(update={"lon": prior.look_at.lon + east_m / 2e5})
            told = replace(prior, position_ecef_m=moved, focal_px=focal * prior.focal_px, look_at=aim)
            again = solve(photo, told, gazetteer()).camera.project(lon, lat)
            away.append(float(np.sqrt(((np.stack(again) - (column, row)) ** 2).sum(0).mean())))
        print(f"solutions from other priors differ by {np.round(away, 2)} px")
        assert max(away) <= 0.1  # the project's target is 0.2 of a full frame

    def test_a_clock_ten_seconds_off(self) -> None:
        """74 km along the track, and known to be that loose along it."""
        photo, prior, truth = simulated()
        level = east_north_up(*to_geodetic(prior.position_ecef_m)[:2])
        along_m, across_m = np.array([60e3, 43e3]), np.array([-4e3, 6e3])
        loose = replace(
            prior,
            position_ecef_m=prior.position_ecef_m + along_m @ level[:2],
            horizontal_covariance_m2=np.outer(along_m, along_m) + np.outer(across_m, across_m),
        )
        # The position is hardly bound: twice the usual.
        assert self.error_px(photo, loose, truth) <= 2 * SIMULATED_PX

    def test_a_focal_length_four_percent_off(self) -> None:
        photo, prior, truth = simulated()
        assert self.error_px(photo, replace(prior, focal_px=1.04 * prior.focal_px), truth) <= SIMULATED_PX

    def test_an_unknown_look_at_point(self) -> None:
        photo, prior, truth = simulated(focal_length_mm=50.0)
        lon, lat, _ = to_geodetic(prior.position_ecef_m)
        anywhere = LookAt(lon=float(lon), lat=float(lat), radius_km=250)
        assert self.error_px(photo, replace(prior, look_at=anywhere), truth) <= SIMULATED_PX


class TestOnePoint:
    """A look-at point 400 km astray, and one control point by hand."""

    def astray(self) -> tuple[Photo, Prior, Camera]:
        photo, prior, truth = simulated()
        return photo, replace(prior, look_at=LookAt(lon=0.5, lat=48.0, radius_km=50)), truth

    def test_without_it_the_frame_is_refused(self) -> None:
        photo, prior, _ = self.astray()
        assert not solve(photo, prior, gazetteer()).accepted

    def test_it_is_enough(self) -> None:
        photo, prior, truth = self.astray()
        point = by_hand(truth, np.array([(950.0, 650.0)]))
        solution = solve(photo, prior, gazetteer(), point)
        assert solution.accepted, solution.reason
        assert true_error(solution.camera, truth)[0] <= SIMULATED_PX

    def test_a_wrong_one_is_not_believed(self) -> None:
        photo, prior, truth = simulated()
        point = by_hand(truth, np.array([(450.0, 350.0)]))
        elsewhere = replace(point, ground_m=to_ecef(6.6, 46.5)[None])  # Lausanne, 160 km away
        assert not solve(photo, prior, gazetteer(), elsewhere).accepted


class TestRefusals:
    """Chance must not pass. Each frame is one of a kind that a catalogue holds."""

    def refused(self, photo: Photo, prior: object) -> None:
        solution = solve(photo, prior, gazetteer())  # type: ignore[arg-type]
        assert not solution.accepted, solution.reason
        assert "than chance may" in solution.reason or "false-alarm probability" in solution.reason

    def test_wrong_place(self) -> None:
        photo, prior, _ = simulated()
        shift = to_ecef(2.35, 48.85, 380e3)
        self.refused(
            photo, replace(prior, position_ecef_m=shift, look_at=LookAt(lon=3.5, lat=48.5, radius_km=80))
        )

    def test_mirrored_photo(self) -> None:
        photo, prior, _ = simulated()
        self.refused(Photo(photo.light[:, :, ::-1], photo.saturated[:, ::-1]), prior)

    def test_stars(self) -> None:
        _, prior, _ = simulated()
        rng = np.random.default_rng(3)
        light = np.abs(rng.normal(0, 0.003, (3, prior.height, prior.width))).astype(np.float32)
        at = rng.integers(0, prior.height, 900), rng.integers(0, prior.width, 900)
        light[:, at[0], at[1]] += rng.pareto(1.5, 900).astype(np.float32) * 0.02
        self.refused(Photo(np.clip(light, 0, 1), np.zeros(light.shape[1:], bool)), prior)

    def test_noise(self) -> None:
        _, prior, _ = simulated()
        light = np.random.default_rng(4).uniform(0, 0.1, (3, prior.height, prior.width)).astype(np.float32)
        self.refused(Photo(light, np.zeros(light.shape[1:], bool)), prior)


def test_control_points_judge_the_solution_by_held_out_cities(lyon: tuple[Solution, Camera]) -> None:
    # Simulated light lies a few hundred metres from the gazetteer's points.
    judged_by_held_out_cities(lyon[0], bound_m=600)


def judged_by_held_out_cities(solution: Solution, bound_m: float) -> None:
    """Cities that were kept out of the fit lie near, and residuals are those of the camera."""
    points = solution.points
    errors = check_errors(points)
    print(errors)
    assert errors.n >= 15
    assert errors.rmse_m is not None
    assert errors.rmse_m < bound_m
    ground = points.residual_m[points.used == "fit"]
    lon, lat = solution.camera.to_ground(*points.seen_px[points.used == "fit"].T)
    cities = points.cities[points.used == "fit"]
    assert np.allclose(ground, 1e3 * distance_km(lon, lat, cities.lon, cities.lat))


def by_hand(truth: Camera, pixel: Array) -> Observations:
    """Manual control points at pixels, where the true camera sees them."""
    n = len(pixel)
    ground = to_ecef(*truth.to_ground(*pixel.T))
    return Observations(
        ground, pixel, np.full(n, MANUAL_SIGMA_PX), np.full(n, MANUAL_WINDOW_PX), np.ones(n, bool)
    )


def dark(prior: Prior) -> Photo:
    """A photo of nothing but noise: city light cannot help."""
    light = np.abs(np.random.default_rng(5).normal(0, 0.01, (3, prior.height, prior.width)))
    return Photo(light.astype(np.float32), np.zeros(light.shape[1:], bool))


# Near the corners; in the left two thirds; eight all over. Exact points leave only the prior's pull.
@pytest.mark.parametrize(
    ("pixel", "bound_px"),
    [
        ([(200, 150), (1900, 200), (300, 1250), (1800, 1300)], 6.0),
        ([(100, 100), (1400, 150), (150, 1300), (1350, 1250), (700, 700)], 12.0),
        (
            [
                (200, 150),
                (1900, 200),
                (300, 1250),
                (1800, 1300),
                (1000, 700),
                (1000, 100),
                (100, 700),
                (2000, 800),
            ],
            3.0,
        ),
    ],
)
def test_manual_points_alone_place_a_photo(pixel: list[tuple[float, float]], bound_px: float) -> None:
    """No city light, and a look-at point 400 km elsewhere."""
    prior, truth = unlit()
    astray = replace(prior, look_at=LookAt(lon=1.5, lat=47.0, radius_km=50))
    solution = solve(dark(prior), astray, gazetteer(), by_hand(truth, np.array(pixel, float)))
    error_px, _ = true_error(solution.camera, truth)
    print(f"{len(pixel)} manual points alone: {error_px:.2f} px")
    assert solution.accepted, solution.reason
    assert "manual" in solution.method
    assert error_px <= bound_px


@pytest.mark.parametrize(
    "pixel",
    [
        [(900, 700)] * 4,
        [(900, 700), (903, 700), (900, 703), (903, 703)],
        [(300 + 10 * k, 300 + 10 * k) for k in range(6)],
    ],
)
def test_manual_points_in_one_place_are_not_enough(pixel: list[tuple[float, float]]) -> None:
    prior, truth = unlit()
    solution = solve(dark(prior), prior, gazetteer(), by_hand(truth, np.array(pixel, float)))
    assert not solution.accepted
    assert "too close together" in solution.reason


def test_manual_points_that_contradict_each_other_are_refused() -> None:
    prior, truth = unlit()
    seen = by_hand(truth, np.array([(200, 150), (1900, 200), (300, 1250), (1800, 1300), (1000, 700)], float))
    wrong = replace(seen, pixel=seen.pixel[[1, 0, 2, 3, 4]])
    solution = solve(dark(prior), prior, gazetteer(), wrong)
    assert not solution.accepted
    assert "disagree" in solution.reason


def smallest(prior: Prior) -> Prior:
    """The same view in 64 x 64 pixels, the least that is read."""
    share = 64 / prior.width
    return replace(
        prior, width=64, height=64, focal_px=share * prior.focal_px, principal_point_px=(31.5, 31.5)
    )


def test_the_smallest_photo_is_refused_not_crashed() -> None:
    small = smallest(unlit()[0])
    photo = dark(small)
    solution = solve(photo, small, gazetteer())
    assert not solution.accepted
    assert check_errors(solution.points).rmse_px is None


def test_settings_reach_the_solver() -> None:
    """The smallest photo, with settings that a benchmark might vary: the refusal tells their limit."""
    small = smallest(unlit()[0])
    settings = SolverSettings()
    settings = replace(
        settings,
        control=replace(settings.control, max_cities=1),
        acceptance=replace(settings.acceptance, max_false_alarm=1e-9),
    )
    solution = solve(dark(small), small, gazetteer(), settings=settings)
    assert len(solution.points.cities) == 1
    # -ln(1e-9) = 20.7 scales of 0.02 above the location at -0.577 of them.
    assert "0.40 is the least to believe" in solution.reason
