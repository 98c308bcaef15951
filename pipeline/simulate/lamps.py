"""Lamps: the colour a camera sees in each, and which country burns which in which year.

Spectra of real lamps go through the sensitivities of a Nikon 5100 to camera R, G, B, which are balanced to
daylight (D65 is 1, 1, 1). These channels are written to the picture as if they were linear sRGB, without a
colour matrix, so that ratios of channels in the picture are those of the lamps up to one constant a picture.
Power is counted in lumens: lamps of one lumen differ in R + G + B.
"""

import numpy as np

from pipeline.camera.earth import Array

LAMPS = ("low sodium", "high sodium", "mercury", "fluorescent", "metal halide", "LED 3000 K", "LED 4000 K")
# Balanced R, G, B of one lumen of each, G of high sodium is 1. Kept as numbers, because the library that has
# the spectra takes 2 s to load; a test works them out of it anew.
LAMP_RGB = np.array(
    [
        [4.082942324252026, 0.8510079302647592, 0.028397170768679703],
        [3.0119994899972067, 1.0, 0.2840702305484792],
        [1.8229346926887395, 1.3665356134157907, 0.817933455938701],
        [2.034034086313626, 1.5082116978022642, 0.9885708389905379],
        [2.14763346307952, 1.5774666562180477, 1.1730542937716446],
        [2.3769167941152483, 1.3591090002200206, 0.7339373874491818],
        [2.0465975781584738, 1.5375719367718343, 1.117769926026431],
    ]
)
MERCURY, FIRST_LED = 2, 5
YARD_LAMP = 4  # what lights yards, ports and stadiums

# Share of each old lamp in the lumens of a country's streets in 2012, in the order of LAMPS; "" is elsewhere.
OLD_SHARES = {
    "BE": (0.22, 0.68, 0.03, 0.03, 0.04),
    "NL": (0.10, 0.60, 0.00, 0.20, 0.10),
    "DE": (0.00, 0.45, 0.25, 0.18, 0.12),
    "LU": (0.02, 0.72, 0.04, 0.07, 0.15),
    "": (0.03, 0.72, 0.10, 0.05, 0.10),
}
MOTORWAY_SHARES = (0.85, 0.15, 0.0, 0.0, 0.0)
# Share of street light that is LED by 2022, and the part of LED light at 3000 K. Mercury is gone everywhere.
LED_SHARE = {"BE": 0.30, "NL": 0.45, "DE": 0.40, "LU": 0.60, "": 0.35}
WARM_SHARE = {"BE": 0.55, "NL": 0.6, "DE": 0.4, "LU": 0.8, "": 0.6}
MOTORWAY_LED_SHARE = 0.65  # of Belgium's motorways; a judgement, like all shares here
TOWN_SCATTER = 0.6  # of the logarithm of a town's share of each lamp
DISTRICT_SHARE = 0.75  # of a district's light that comes from its one main lamp
LED_SCATTER = 0.3  # of a town's share of LED: some have changed all, some none


def town_shares(country: str, scatter: Array) -> Array:
    """A town's own shares of the old lamps, from standard normal `scatter` of shape (5,)."""
    shares = np.array(OLD_SHARES.get(country, OLD_SHARES[""])) * np.exp(TOWN_SCATTER * scatter)
    return np.asarray(shares / shares.sum())


def led_share(country: str, year: int, scatter: float) -> float:
    """A town's share of LED, from a standard normal `scatter`."""
    if year < 2022:
        return 0.0
    return float(np.clip(LED_SHARE.get(country, LED_SHARE[""]) + LED_SCATTER * scatter, 0, 1))


def mixed_colour(shares: Array, led: Array, warm: Array, year: int, draws: Array) -> Array:
    """R, G, B of a lumen of each district, (n, 3): mostly one lamp, the rest as in its town.

    `shares` (n, 5), `led` and `warm` (n,) are its town's; `draws` (n, 3) are uniform and do not depend on the
    year, so that a district keeps its lamp from one year to the next unless it is changed to LED.
    """
    retired = np.arange(FIRST_LED) == MERCURY if year >= 2022 else np.zeros(FIRST_LED, bool)
    old = (draws[:, :1] > np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
    changed = (draws[:, 1] < led) | retired[old]
    lamp = np.where(changed, np.where(draws[:, 2] < warm, FIRST_LED, FIRST_LED + 1), old)
    kept = shares * (1 - led)[:, None] * ~retired
    new = (1 - kept.sum(axis=1))[:, None] * np.stack([warm, 1 - warm], axis=1)
    town = np.concatenate([kept, new], axis=1) @ LAMP_RGB
    return np.asarray(DISTRICT_SHARE * LAMP_RGB[lamp] + (1 - DISTRICT_SHARE) * town)
