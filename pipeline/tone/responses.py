"""What cameras see of a spectrum: ratios of green to red and blue to green in the AB system.

AB ratios are 1 for light of the same flux per hertz in every band. Lamps are tied to them as raw ratios are
in `pipeline.photo.cameras`: by daylight, which has a known place in AB.

Measured sensitivities are public for few cameras, colour matrices for all. A camera known by its matrix alone
is given the measured response of a Nikon 5100, turned by the two cameras' matrices. With a Nikon D3S this
reproduces the positions published for its lamps within 0.02, mercury aside; colour matching functions in its
place miss low-pressure sodium by 0.06 in G/R and 0.08 in B/G, and clear mercury by 0.3 in G/R.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pipeline.camera.earth import Array
from pipeline.models import D65_XYZ
from pipeline.photo.cameras import DAYLIGHT_B_G, DAYLIGHT_G_R

if TYPE_CHECKING:  # its import takes 1.5 s, which a step without lamps need not wait for
    import colour

WAVELENGTH_NM = np.arange(380.0, 785.0, 5.0)
# From XYZ, as published for the Nikon D5100 (Adobe DNG ColorMatrix2).
NIKON_5100_MATRIX = ((0.8198, -0.2239, -0.0724), (-0.4871, 1.2389, 0.2798), (-0.1043, 0.2050, 0.7181))
RAYLEIGH = 0.008569, 0.0113, 0.00013  # optical depth at sea level (Hansen and Travis 1974)
ANGSTROM_EXPONENT = 1.3  # of continental haze


@dataclass(frozen=True, eq=False)
class Response:
    """Sensitivity (81, 3) of red, green and blue to energy at WAVELENGTH_NM, on any scale.

    A turned response may be slightly negative, which no camera is: how much that matters is its uncertainty.
    """

    name: str
    sensitivity: Array

    def without_negatives(self) -> "Response":
        """The same with zero where it is negative: the difference to it is the uncertainty."""
        return Response(self.name, np.maximum(self.sensitivity, 0))


def measured_response(name: str = "Nikon 5100 (NPL)") -> Response:
    """A response measured by the National Physical Laboratory, by its name in `colour-science`."""
    import colour

    return Response(name, _sampled(colour.MSDS_CAMERA_SENSITIVITIES[name]))


def matrix_response(name: str, xyz_to_camera: ArrayLike) -> Response:
    """An approximate response: colour matching functions through a colour matrix (3, 3).

    Good to a few hundredths for lamps of broad spectra, poor for low-pressure sodium and clear mercury.
    """
    import colour

    observer = _sampled(colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"])
    return Response(name, observer @ np.asarray(xyz_to_camera, float).T)


def carried_response(name: str, xyz_to_camera: ArrayLike) -> Response:
    """The response of a camera known by its colour matrix (3, 3), carried over from the Nikon 5100's."""
    nikon = measured_response().sensitivity
    matrix = np.array(NIKON_5100_MATRIX)
    balanced = nikon * (matrix @ D65_XYZ) / (spectra(("D65",))[0] @ nikon)
    return Response(name, balanced @ (np.asarray(xyz_to_camera, float) @ np.linalg.inv(matrix)).T)


def ab_ratios(response: Response, light: Array) -> Array:
    """G/R and B/G in AB, shape (n, 2), of spectra (n, 81) of energy at WAVELENGTH_NM."""
    red, green, blue = ((light @ response.sensitivity) / (spectra(("D65",)) @ response.sensitivity)).T
    return np.stack([DAYLIGHT_G_R * green / red, DAYLIGHT_B_G * blue / green], axis=1)


@lru_cache(maxsize=8)
def spectra(names: tuple[str, ...]) -> Array:
    """Relative energy (n, 81) at WAVELENGTH_NM of lamps and illuminants that ship with `colour-science`."""
    import colour

    known = {**colour.SDS_ILLUMINANTS, **colour.SDS_LIGHT_SOURCES}
    return np.stack([_sampled(known[name]) for name in names])


def _sampled(
    distribution: "colour.SpectralDistribution | colour.MultiSpectralDistributions",
) -> Array:
    """Values at WAVELENGTH_NM, linear between those given and zero beyond them."""
    given, values = distribution.wavelengths, np.asarray(distribution.values, float)
    columns = [np.interp(WAVELENGTH_NM, given, v, 0, 0) for v in np.atleast_2d(values.T)]
    return np.stack(columns, axis=1) if values.ndim == 2 else columns[0]


def transmission(
    aerosol_depth: float, view_zenith_deg: float = 0.0, angstrom_exponent: float = ANGSTROM_EXPONENT
) -> Array:
    """Share of light (81,) that comes straight up through the air from sea level, ozone aside.

    `aerosol_depth` is the vertical optical depth at 550 nm; the air mass is a flat atmosphere's, good
    to 2 % up to 70 degrees of view zenith.
    """
    micron = WAVELENGTH_NM / 1e3
    a, b, c = RAYLEIGH
    depth = a * micron**-4 * (1 + b * micron**-2 + c * micron**-4)
    depth = depth + aerosol_depth * (micron / 0.55) ** -angstrom_exponent
    return np.asarray(np.exp(-depth / np.cos(np.radians(view_zenith_deg))))
