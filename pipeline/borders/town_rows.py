"""Contrasts of towns as rows of tables: for one photo, for all of an area and by years."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from pipeline.borders.border_line import BorderLine
from pipeline.borders.contrast import verdict
from pipeline.borders.light_squares import LightSquares
from pipeline.borders.placebo import Placebo
from pipeline.borders.quantities import EQUIVALENCE, MOTORWAYS, OFF_MOTORWAYS, SUBJECTS, TOWNS
from pipeline.borders.settings import BorderSettings
from pipeline.borders.town_contrast import (
    AtRange,
    TownContrast,
    by_range,
    near_border,
    too_few,
    town_contrast,
)
from pipeline.borders.town_placebo import town_placebo
from pipeline.borders.town_tones import shown
from pipeline.borders.town_units import TownUnits
from pipeline.ground.country_table import adjective

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class PooledBorder:
    """A border that photos show: its countries, its line and where it runs (AREA_CRS)."""

    pair: str
    codes: tuple[str, str]
    geometry: BaseGeometry
    line: BorderLine

    @property
    def about(self) -> Row:
        """The columns of a table that name the border."""
        return {"pair": self.pair, "first": self.codes[0], "second": self.codes[1]}


@dataclass(frozen=True, eq=False)
class Units:
    """What is compared: towns, and stretches of motorway."""

    towns: TownUnits
    stretches: TownUnits


def contrasts_of(
    photos: Sequence[LightSquares],
    units: Units,
    border: PooledBorder,
    settings: BorderSettings,
    trend_sigma: float | None = None,
) -> tuple[list[Row], list[Row], TownContrast | None]:
    """The rows of `contrasts` that are made of units, those of `contrast_by_range`, and the contrast of
    towns; of one photo or of all together."""
    systematic = float(np.mean([photo.tone_systematic for photo in photos]))
    exclusion_m = max(photo.exclusion_m.get(border.pair, 0.0) for photo in photos)
    away = [_away(photo, border, exclusion_m) for photo in photos]
    seen = shown(away, units.towns.chosen(units.towns.is_town), settings.towns)
    ranges, best = by_range(seen, border.line, border.codes, settings, systematic, trend_sigma)
    about = border.about | {"exclusion_km": exclusion_m / 1e3, "systematic": systematic}
    curve = [border.about | {"quantity": TOWNS} | _of_range(each) for each in ranges]
    if best is None:
        widest = near_border(seen, border.line, settings.towns.ranges_km[-1], settings.towns)
        return [about | _none(TOWNS, too_few(widest, border.codes, settings.towns) or "")], curve, None
    rows = [about | _row(best, TOWNS, settings)]
    for quantity, on_road, of_units in (
        (OFF_MOTORWAYS, False, units.towns.chosen(units.towns.is_town)),
        (MOTORWAYS, True, units.stretches),
    ):
        parts = [photo.chosen(photo.motorway == on_road) for photo in away]
        near = near_border(shown(parts, of_units, settings.towns), border.line, best.range_km, settings.towns)
        missing = too_few(near, border.codes, settings.towns, "stretch" if on_road else "town")
        if missing is not None:
            rows.append(about | _none(quantity, missing))
            continue
        contrast = town_contrast(near, border.codes, best.range_km, settings, systematic, trend_sigma, best)
        rows.append(about | _row(contrast, quantity, settings))
    return rows, curve, best


def _away(photo: LightSquares, border: PooledBorder, exclusion_m: float) -> LightSquares:
    """The light of a photo that is not too near to a border to tell its side."""
    too_near = np.isfinite(border.line.distance_m(photo.x, photo.y, max(exclusion_m, 1.0)))
    return photo.chosen(~too_near)


def _row(contrast: TownContrast, quantity: str, settings: BorderSettings) -> Row:
    """A contrast as a row of `contrasts`."""
    test = town_placebo(contrast, settings.towns.shared_m, settings.placebo)
    alike = contrast.low90 > -EQUIVALENCE and contrast.high90 < EQUIVALENCE
    return (
        {"quantity": quantity}
        | _numbers(contrast)
        | {
            "statement": sentence(contrast, quantity, test, alike),
            "verdict": verdict(contrast.low, contrast.high, alike),
            "placebo_p": test.p,
            "n_placebos": test.n,
        }
    )


def _numbers(contrast: TownContrast) -> Row:
    return {
        "contrast_g_r": contrast.value,
        "low95": contrast.low,
        "high95": contrast.high,
        "low90": contrast.low90,
        "high90": contrast.high90,
        "next_low95": contrast.next_low,
        "next_high95": contrast.next_high,
        "between_photos": contrast.between_photos,
        "trend_g_r": contrast.trend,
        "contrast_km": contrast.range_km,
        "n_first": contrast.n_first,
        "n_second": contrast.n_second,
        "n_blocks": min(contrast.n_first, contrast.n_second),
        "n_photos": contrast.n_photos,
        "n_passes": contrast.n_passes,
    }


def _of_range(at: AtRange) -> Row:
    """A point of the curve of contrast by range as a row."""
    return {
        "contrast_km": at.range_km,
        "contrast_g_r": at.value,
        "low95": at.low,
        "high95": at.high,
        "n_first": at.n_first,
        "n_second": at.n_second,
        "n_photos": at.n_photos,
    }


def _none(quantity: str, missing: str) -> Row:
    """The row of a contrast that cannot be given, with the reason."""
    return {
        "quantity": quantity,
        "statement": f"No contrast of {quantity} can be given: {missing}.",
        "verdict": verdict(None, None),
    }


def sentence(contrast: TownContrast, quantity: str, test: Placebo, alike: bool) -> str:
    """A contrast as one English sentence; "greener" only where the interval leaves no doubt of its sign."""
    value, low, high = contrast.value, contrast.low, contrast.high
    subject = SUBJECTS[quantity]
    chance = "" if test.p is None else f", placebo p = {test.p:.3f}"
    same = f"; the two are alike to within {EQUIVALENCE:g}" if alike else ""
    first, second = contrast.first, contrast.second
    photos = "" if contrast.n_photos == 1 else f" in {contrast.n_photos} photos"
    if low <= 0 <= high:
        return (
            f"{subject} on the {adjective(second)} side is not clearly greener or less green than one on the "
            f"{adjective(first)} side{photos}: "
            f"{value:.2f} ({low:.2f} to {high:.2f}) in log2(G/R){chance}{same}."
        )
    greener, other, sign = (second, first, 1) if value > 0 else (first, second, -1)
    low, high = sorted((sign * low, sign * high))
    return (
        f"{subject} on the {adjective(greener)} side is greener than one on the {adjective(other)} side"
        f"{photos} by {abs(value):.2f} ({low:.2f} to {high:.2f}) in log2(G/R){chance}{same}."
    )
