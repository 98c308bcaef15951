"""Skies with towns of known tone, as they come from the orthorectification."""

import numpy as np
from scipy.special import expit

RESOLUTION_M = 100.0
GREEN, BLUE = 0.6, 0.3  # of red


def to_code(light: np.ndarray) -> np.ndarray:
    """Linear light to sRGB in 0 to 255, not rounded."""
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def to_light(code: np.ndarray) -> np.ndarray:
    v = code / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def towns(shape, rng, n=80, width_cells=6.0) -> np.ndarray:
    """Red light of towns: flat discs with soft edges, of many brightnesses."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    red = np.zeros(shape)
    for _ in range(n):
        row, column = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        distance = np.hypot(y - row, x - column) / rng.uniform(0.5, 1.5) / width_cells
        red += np.exp(rng.uniform(-4, -1)) * expit(6 * (1 - distance))
    return red


def sky(
    shape, seed, background=(0.004, 0.003, 0.003), read=5e-4, gain=0.0, n=80
) -> tuple[np.ndarray, np.ndarray]:
    """(4, *shape) as in `ortho.tif`, nothing saturated, and the light of the towns alone (3, *shape)."""
    rng = np.random.default_rng(seed)
    red = towns(shape, rng, n)
    light = np.stack([red, GREEN * red, BLUE * red])
    clean = light + np.reshape(background, (3, 1, 1)) * np.ones((3, *shape))
    noisy = clean + rng.normal(size=light.shape) * np.sqrt(read**2 + gain * light)
    return np.concatenate([noisy, np.zeros((1, *shape))]).astype(np.float32), light
