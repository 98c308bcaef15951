"""Each compiled loop against a plain numpy statement of the same, bit for bit."""

import importlib.util

import numpy as np
import pytest
from scipy.ndimage import maximum_filter

from pipeline.raster.kernels import (
    LIGHT_BANDS,
    average_usable,
    interpolate_lattice,
    log_ratio,
    mask_near,
    sample_pixels,
    summarise,
)

MOST_ZENITH_DEG = 70.0


def lattice_by_numpy(nodes, step, row, column, height, width, down, right):
    """All meshes of the lattice laid out whole, of which the cells are cut."""
    _, rows, columns = nodes.shape
    low = ((np.arange(step) + down) / step)[:, None]
    along = nodes[:, :-1, None] + (nodes[:, 1:] - nodes[:, :-1])[:, :, None] * low
    along = along.reshape(len(nodes), (rows - 1) * step, columns)
    share = (np.arange(step) + right) / step
    whole = along[:, :, :-1, None] + np.diff(along, axis=2)[..., None] * share
    whole = whole.reshape(len(nodes), (rows - 1) * step, -1)
    return whole[:, row : row + height, column : column + width]


@pytest.mark.parametrize("step", [1, 2, 7, 16])
def test_lattice(step):
    random = np.random.default_rng(step)
    for _ in range(20):
        nodes = random.normal(size=(3, 5, 6))
        nodes[random.integers(3), random.integers(5), random.integers(6)] = np.inf  # as beyond the horizon
        row, column = (int(random.integers((n - 1) * step)) for n in nodes.shape[1:])
        height, width = (
            int(random.integers(1, (n - 1) * step - first + 1))
            for n, first in zip(nodes.shape[1:], (row, column), strict=True)
        )
        down, right = random.uniform(-0.5, 0.5, 2)
        values = np.empty((3, height, width))
        interpolate_lattice(nodes, step, row, column, down, right, values)
        with np.errstate(invalid="ignore"):
            expected = lattice_by_numpy(nodes, step, row, column, height, width, down, right)
        assert values.tobytes() == expected.tobytes() or np.array_equal(values, expected, equal_nan=True)


def samples_by_numpy(photo, column, row, zenith):
    """Pixel by pixel with all four around a place taken from the whole photo."""
    height, width, _ = photo.shape
    inside = (column >= 0) & (column <= width - 1) & (row >= 0) & (row <= height - 1)
    inside &= zenith <= MOST_ZENITH_DEG
    x, y = np.where(inside, column, 0), np.where(inside, row, 0)
    left, top = np.minimum(x.astype(int), width - 2), np.minimum(y.astype(int), height - 2)
    right_share, low_share = (v.astype(np.float32)[..., None] for v in (x - left, y - top))
    upper = photo[top, left] + (photo[top, left + 1] - photo[top, left]) * right_share
    lower = photo[top + 1, left] + (photo[top + 1, left + 1] - photo[top + 1, left]) * right_share
    samples = upper + (lower - upper) * low_share
    samples[~inside] = np.nan
    return np.moveaxis(samples, -1, 0)


@pytest.mark.parametrize("seed", range(4))
def test_samples(seed):
    """At random places within the frame, on its rim, beyond it, beside invalid pixels, at any zenith; of the
    whole photo, and of the part that the places within the frame need."""
    random = np.random.default_rng(seed)
    height, width = 40, 50
    about = height, width, MOST_ZENITH_DEG
    photo = random.random((height, width, LIGHT_BANDS), dtype=np.float32)
    photo[random.random((height, width)) > 0.95, :3] = np.nan
    column, row = random.uniform(20, 45, (8, 300)), random.uniform(15, 35, (8, 300))
    zenith = random.uniform(0, 75, column.shape)
    part = photo[15:36, 20:46]
    inside = samples_by_numpy(photo, column, row, zenith)
    samples = np.empty(inside.shape, np.float32)
    sample_pixels(np.ascontiguousarray(part), 15, 20, *about, column, row, zenith, samples)
    np.testing.assert_array_equal(samples, inside)
    assert np.isnan(inside).any()

    beyond = [-np.inf, -1e-9, 0.0, 1e-9, 0.5], [np.inf, np.nan]
    xs = np.array([*beyond[0], *(width - 1 - v for v in beyond[0]), *beyond[1]])
    ys = np.array([*beyond[0], *(height - 1 - v for v in beyond[0]), *beyond[1]])
    column, row = np.meshgrid(xs, np.concatenate([ys, random.uniform(0, height - 1, 300)]))
    zenith = np.where(random.random(column.shape) > 0.2, MOST_ZENITH_DEG, np.nextafter(MOST_ZENITH_DEG, 90))
    expected = samples_by_numpy(photo, column, row, zenith)
    samples = np.empty(expected.shape, np.float32)
    sample_pixels(photo, 0, 0, *about, column, row, zenith, samples)
    np.testing.assert_array_equal(samples, expected)
    assert np.isfinite(expected).sum() > 1000


def test_summary():
    values = np.random.default_rng(0).normal(3, 2, (30, 40)).astype(np.float32)
    values[5:9, 7:] = np.nan
    values[0, 0] = np.inf
    good = values[np.isfinite(values)].astype(float)
    # Sums in another order: a thousand roundings of doubles.
    np.testing.assert_allclose(
        summarise(values),
        [good.size, good.mean(), ((good - good.mean()) ** 2).sum(), good.min(), good.max()],
        rtol=1e-12,
    )


@pytest.mark.parametrize("reach", [0, 1, 3])
def test_saturated_cells_take_all_within_reach_along(reach):
    random = np.random.default_rng(reach)
    ortho = random.random((4, 30, 41), dtype=np.float32)
    ortho[:3, random.random((30, 41)) > 0.9] = np.nan
    ortho[3] = np.where(random.random((30, 41)) > 0.98, 0.01, 0)
    ortho[3, 5, 6] = np.nan  # beyond the frame: not known to be saturated
    inner = np.s_[reach : 30 - reach, reach : 41 - reach]
    near = maximum_filter(ortho[3] > 0, size=2 * reach + 1)[inner]
    expected = np.where(near, np.float32(np.nan), ortho[:3, *inner])
    light = np.empty(expected.shape, np.float32)
    mask_near(ortho, reach, light)
    np.testing.assert_array_equal(light, expected)
    assert near.any()
    assert not near.all()


def averages_by_numpy(light, cells):
    """Sums of shifted copies of the whole, 0 where not usable or beyond the edge."""
    usable = np.isfinite(light).all(axis=0)
    values = np.concatenate([np.where(usable, light, 0), usable[None]]).astype(np.float32)
    wide = np.pad(values, [(0, 0)] + [(cells // 2, cells // 2)] * 2)
    down = sum(wide[:, k : k + light.shape[1]] for k in range(cells))
    total = sum(down[..., k : k + light.shape[2]] for k in range(cells))
    return np.where(usable, total[:3] / np.maximum(total[3], 1), np.float32(np.nan))


@pytest.mark.parametrize("cells", [1, 3, 7])
def test_averages(cells):
    random = np.random.default_rng(cells)
    light = random.normal(size=(3, 25, 33)).astype(np.float32)
    light[random.integers(3, size=60), random.integers(25, size=60), random.integers(33, size=60)] = np.nan
    averages = np.empty(light.shape, np.float32)
    average_usable(light, cells, averages)
    np.testing.assert_array_equal(averages, averages_by_numpy(light, cells))
    # Of a map narrower than the square, too.
    narrow = light[:, :2, :3]
    averages = np.empty(narrow.shape, np.float32)
    average_usable(narrow, cells, averages)
    np.testing.assert_array_equal(averages, averages_by_numpy(narrow, cells))


def test_log_ratio():
    random = np.random.default_rng(0)
    over, under, sigma_over, sigma_under = random.random((4, 9, 11), dtype=np.float32) + np.float32(0.1)
    wanted = random.random((9, 11)) > 0.3
    ratio, sigma = np.empty((2, 9, 11), np.float32)
    log_ratio(over, under, sigma_over, sigma_under, wanted, ratio, sigma)
    expected = np.log2(over / under), np.hypot(sigma_over / over, sigma_under / under) / np.float32(np.log(2))
    for values, by_numpy in zip((ratio, sigma), expected, strict=True):
        np.testing.assert_array_equal(np.isnan(values), ~wanted)
        # Libraries' logarithms may differ in the last bit of a float.
        np.testing.assert_allclose(values[wanted], by_numpy[wanted], rtol=2e-7, atol=1e-7)


def test_compiles_where_nothing_can_be_kept(tmp_path, monkeypatch):
    """The folder of the source and the user's cache both refuse to be written to."""
    source = tmp_path / "loops.py"
    source.write_text(
        "from pipeline.raster.kernels import compiled\n"
        "@compiled('float64(float64)')\n"
        "def doubled(value):\n"
        "    return 2 * value\n",
        "utf-8",
    )
    # Files where the folders would be: root may write to any folder.
    (tmp_path / "__pycache__").write_text("", "utf-8")
    (tmp_path / "home").write_text("", "utf-8")
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    spec = importlib.util.spec_from_file_location("loops", source)
    loops = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loops)
    assert loops.doubled(3.0) == 6.0
    assert loops.doubled.stats.cache_path is None
