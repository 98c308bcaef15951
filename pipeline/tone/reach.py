"""How far around a cell its tone comes from, in pixels of the photo and cells of the grid."""

# Side of the square that tone is averaged over: white noise falls to a quarter.
TONE_PX = 4
# Of a saturated pixel: demosaicing and a JPEG's shared colours carry what a clipped channel lacks that far.
SATURATION_HALO_PX = 2


def halo_cells(gsd_m: float, resolution_m: float) -> int:
    """How many cells of the grid the halo of a saturated one reaches, one or more."""
    return max(1, round(SATURATION_HALO_PX * gsd_m / resolution_m))


def square_cells(gsd_m: float, resolution_m: float) -> int:
    """Side of the square that tone is averaged over, in cells; odd."""
    return 1 + 2 * round((TONE_PX * gsd_m / resolution_m - 1) / 2)
