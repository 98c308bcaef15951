"""Lateral chromatic aberration, measured in the photo itself: patches around lights, cut out at full
resolution, are found again in the other channel. Lamps of different colours side by side displace single
patches; over many patches this averages out.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, maximum_filter

from pipeline.camera.channel_shifts import (
    BLUE,
    GREEN,
    RED,
    ChannelRegistration,
    ChannelShift,
    corners_px,
)
from pipeline.camera.earth import Array
from pipeline.georeference.patches import displacements, relative_sigma
from pipeline.georeference.reference import Image
from pipeline.georeference.settings import PatchSettings
from pipeline.georeference.working_image import NOISE_KNEE, WorkingImage
from pipeline.photo.photo import Photo
from pipeline.robust import sigma_of_deviations

# So many parts of the frame give a patch each, at most; a channel with fewer good ones is left alone, for
# three parameters and their covariance are fitted.
MAX_PATCHES = 600
MIN_PATCHES = 12  # a judgement: 24 coordinates for three parameters
# Pixels of the full photo: how large a patch is, and how far off it is looked for.
PATCH_PX = 32
REACH_PX = 4  # a judgement: larger than the colours of a usable lens lie apart
# Wider than the photo's own blur, so that the correlation's peak is as round as the parabola laid through it.
CUT_OUT_BLUR_PX = 1.0
# Of a patch of one channel with green: the same lights, so it is higher than with any reference light.
MIN_CHANNEL_CORRELATION = 0.6
MIN_SIGNAL_TO_NOISE = 10.0  # of a patch's brightest pixel; a judgement: clearly a light, not noise
# Light of one 8-bit code near black: no noise is known better.
NOISE_FLOOR = 3e-4
# Of the pixels that green lights. Where a channel is cut off at zero beside sodium lamps, the little
# that it shows elsewhere has leaked from the other channels through the JPEG's colour coding.
MAX_CUT_OFF = 0.01
BLOCK_PX = 4  # side of the squares in which the brightest places are looked for; a judgement
HALO_PX = 3  # rim around unusable pixels that is left out as well; a judgement
# The second round looks where the first found the light: the parabola's error vanishes with the offset.
ROUNDS = 2
REWEIGHTINGS = 15  # rounds of robust weights; a judgement: enough for them to settle
BLOCKS = 6  # parts of the frame along each axis, whose errors count as independent; a judgement
CAUCHY = 2.385  # 95 % efficient for Gaussian errors


def measure_channels(photo: Photo) -> ChannelRegistration:
    """Measure where red and blue show what green shows; a channel with too few lights is left alone."""
    _, height, width = photo.light.shape
    nowhere = ChannelShift(((width - 1) / 2, (height - 1) / 2))
    middles = _bright_places(photo)
    if len(middles) < MIN_PATCHES:
        return ChannelRegistration(nowhere, nowhere)
    reference, usable, _ = _cut_outs(photo, GREEN, middles, nowhere)
    red, blue = (_measured(photo, band, middles, reference, usable, nowhere) for band in (RED, BLUE))
    return ChannelRegistration(red, blue)


def _measured(
    photo: Photo, band: int, middles: Array, reference: Image, usable: NDArray[np.bool_], start: ChannelShift
) -> ChannelShift:
    """One channel against the cut-outs of green, in rounds: each looks where the last one found it."""
    if _cut_off(photo, band) > MAX_CUT_OFF:
        return start
    side = PATCH_PX + 2 * REACH_PX
    top = np.arange(len(middles)) * side + REACH_PX
    left = np.full(len(middles), REACH_PX)
    shift = start
    for _ in range(ROUNDS):
        image, own_usable, signal = _cut_outs(photo, band, middles, shift)
        # The cut-outs lie one below another, as if they were a picture.
        view = WorkingImage(image.reshape(-1, side), (usable & own_usable).reshape(-1, side), 1.0)
        measured = displacements(
            view, reference.reshape(-1, side), top, left, PATCH_PX, REACH_PX, PatchSettings()
        )
        good = measured.found & (measured.correlation > MIN_CHANNEL_CORRELATION)
        good &= signal > MIN_SIGNAL_TO_NOISE
        if good.sum() < MIN_PATCHES:
            return start
        at = middles[good]
        offset = np.stack(shift.place(*at.T), -1) - at + shift.magnification * measured.offset_px[good]
        shift = _fitted(start.centre_px, at, offset, relative_sigma(measured.correlation[good]))
    return shift


def _bright_places(photo: Photo) -> Array:
    """(column, row) of the brightest unsaturated light in each of up to MAX_PATCHES parts of the frame."""
    _, height, width = photo.light.shape
    rows, columns = height // BLOCK_PX, width // BLOCK_PX

    def blocks(values: NDArray[Any]) -> NDArray[Any]:
        whole = values[: rows * BLOCK_PX, : columns * BLOCK_PX]
        return whole.reshape(rows, BLOCK_PX, columns, BLOCK_PX)

    bad = maximum_filter(blocks(photo.saturated | ~photo.valid).any((1, 3)), 3)
    light = np.where(bad, -1.0, np.nan_to_num(blocks(photo.light[GREEN])).mean((1, 3)))
    # A cut-out lies inside the frame even where the channel is displaced.
    margin = -(-(PATCH_PX // 2 + 2 * REACH_PX) // BLOCK_PX)
    light = light[margin : rows - margin, margin : columns - margin]
    if 0 in light.shape:
        return np.empty((0, 2))
    side = max(PATCH_PX // BLOCK_PX, int(np.ceil(np.sqrt(light.size / MAX_PATCHES))))
    down, right = (-(-n // side) for n in light.shape)
    padded = np.full((down * side, right * side), -1.0)
    padded[: light.shape[0], : light.shape[1]] = light
    parts = padded.reshape(down, side, right, side).swapaxes(1, 2).reshape(down * right, side * side)
    best = parts.argmax(axis=1)
    row = np.arange(down * right) // right * side + best // side
    column = np.arange(down * right) % right * side + best % side
    lit = parts.max(axis=1) > 0
    middles: Array = BLOCK_PX * (np.stack([column, row], -1)[lit] + margin) + BLOCK_PX / 2
    return middles


def _cut_outs(
    photo: Photo, band: int, middles: Array, shift: ChannelShift
) -> tuple[Image, NDArray[np.bool_], Array]:
    """A channel around places of green, displaced by `shift`: log-compressed light (n, side, side), its
    usable pixels, and the brightest of them in units of the noise (n,)."""
    side = PATCH_PX + 2 * REACH_PX
    step = np.arange(side) - side // 2
    column, row = (middle[:, None] + step for middle in middles.T)
    dark, noise = _background(photo.light[band])
    light = _bilinear(photo.light[band], *shift.place(column, row))
    at = row.astype(np.intp)[:, :, None], column.astype(np.intp)[:, None, :]
    unusable = photo.saturated[at] | ~np.isfinite(light)
    usable = ~maximum_filter(unusable, (1, 2 * HALO_PX + 1, 2 * HALO_PX + 1))
    above = gaussian_filter(
        np.where(np.isfinite(light), light - dark, 0), (0, CUT_OUT_BLUR_PX, CUT_OUT_BLUR_PX)
    )
    above = np.clip(above, 0, None)
    core = slice(REACH_PX, -REACH_PX)
    signal = np.where(usable, above, 0)[:, core, core].max(axis=(1, 2)) / noise
    return np.log1p(above / (NOISE_KNEE * noise)).astype(np.float32), usable, signal


def _bilinear(image: Image, column: Array, row: Array) -> Image:
    """Cut-outs (n, rows, columns) of an image at a lattice of columns (n, columns) and rows (n, rows) each;
    beyond its edge it goes on as there."""
    height, width = image.shape
    left, top = np.floor(column).astype(np.intp), np.floor(row).astype(np.intp)
    u, v = ((n - n0).astype(np.float32) for n, n0 in ((column, left), (row, top)))
    u, v = u[:, None, :], v[:, :, None]
    left, right = (np.clip(n, 0, width - 1)[:, None, :] for n in (left, left + 1))
    top, low = (np.clip(n, 0, height - 1)[:, :, None] for n in (top, top + 1))
    upper = image[top, left] * (1 - u) + image[top, right] * u
    lower = image[low, left] * (1 - u) + image[low, right] * u
    return np.asarray(upper * (1 - v) + lower * v, np.float32)


def _background(light: Image) -> tuple[float, float]:
    """Median of a channel, and the noise around it; most of a night photo is dark."""
    some = light[::BLOCK_PX, ::BLOCK_PX]
    some = some[np.isfinite(some)]
    dark = float(np.median(some)) if some.size else 0.0
    noise = sigma_of_deviations(some - dark) if some.size else 0.0
    return dark, max(noise, NOISE_FLOOR)


def _cut_off(photo: Photo, band: int) -> float:
    """The share of the pixels lit in green that hold nothing in a channel."""
    dark, noise = _background(photo.light[GREEN])
    lit = photo.light[GREEN] > dark + MIN_SIGNAL_TO_NOISE * noise
    return float((photo.light[band][lit] <= 0).mean()) if lit.any() else 0.0


def _fitted(centre_px: tuple[float, float], at: Array, offset: Array, sigma: Array) -> ChannelShift:
    """Magnification and shift of robust least squares (Cauchy's weights) on offsets (n, 2) at places (n, 2).

    Patches near each other share lights and lamp colours, so their errors are alike: the covariance is that
    of the sums over BLOCKS x BLOCKS parts of the frame (the cluster-robust one of Liang and Zeger, 1986).
    """
    design = _design(at - centre_px, centre_px)
    weight = sigma**-2
    for _ in range(REWEIGHTINGS):
        normal = np.einsum("nip,n,niq->pq", design, weight, design)
        solution = np.linalg.solve(normal, np.einsum("nip,n,ni->p", design, weight, offset))
        away = offset - design @ solution
        scaled = away / sigma[:, None]
        scale = max(sigma_of_deviations(scaled), 1e-6)
        weight = sigma**-2 / (1 + (scaled**2).sum(-1) / 2 / (CAUCHY * scale) ** 2)
    block = np.clip(np.floor(BLOCKS * at / (2 * np.array(centre_px))), 0, BLOCKS - 1).astype(np.intp)
    sums = np.zeros((BLOCKS * BLOCKS, 3))
    np.add.at(sums, block @ (1, BLOCKS), np.einsum("nip,n,ni->np", design, weight, away))
    filled = max(int(sums.any(axis=1).sum()), len(solution) + 1)
    # How the sums change with the solution: Cauchy's influence grows as the weight's square, on average.
    inverse = np.linalg.inv(np.einsum("nip,n,niq->pq", design, (weight * sigma) ** 2, design))
    covariance = inverse @ (sums.T @ sums) @ inverse * filled / (filled - len(solution))
    corners = _design(np.array(corners_px(centre_px)), centre_px)
    variance = np.einsum("cip,pq,ciq->c", corners, covariance, corners)
    return ChannelShift(
        centre_px=centre_px,
        magnification=1 + float(solution[0]) / float(np.hypot(*centre_px)),
        shift_px=(float(solution[1]), float(solution[2])),
        n_patches=len(at),
        sigma_px=float(np.sqrt(variance.max())),
    )


def _design(arm: Array, centre_px: tuple[float, float]) -> Array:
    """Displacement (n, 2) by magnification, column and row shift (3) at places (n, 2) from the centre; the
    magnification counts in px at a corner, so that the equations hold like numbers."""
    design = np.zeros((len(arm), 2, 3))
    design[:, :, 0] = arm / np.hypot(*centre_px)
    design[:, 0, 1] = design[:, 1, 2] = 1
    return design
