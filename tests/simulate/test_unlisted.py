"""Light that the gazetteer does not describe: moved together, dark, unnamed, and the same for every frame."""

import numpy as np

from pipeline.camera.earth import distance_km
from pipeline.ground.cities import Cities, gazetteer
from pipeline.simulate.unlisted import DARK_BELOW, places_as_lit


def around(lon: float, lat: float, radius_km: float = 60.0) -> Cities:
    return gazetteer().within(lon, lat, radius_km)


def moved_km(listed: Cities, lit: Cities) -> np.ndarray:
    """How far east and north (n, 2) each place that is lit everywhere lies from its point."""
    n = len(listed)
    north = (lit.lat[:n] - listed.lat) * 111.32
    east = (lit.lon[:n] - listed.lon) * 111.32 * np.cos(np.radians(listed.lat))
    return np.stack([east, north], -1)


def test_neighbours_are_displaced_together() -> None:
    listed = around(6.0, 50.7)
    big = listed[np.flatnonzero(listed.population >= DARK_BELOW)]  # none of them is dark
    away = moved_km(big, places_as_lit(big, 1))
    apart = distance_km(big.lon[:, None], big.lat[:, None], big.lon, big.lat)
    together = (away @ away.T) / (away**2).sum(1).mean()
    # Hundreds of metres, alike at a few kilometres and hardly at fifty.
    assert 0.1 < np.sqrt((away**2).sum(1).mean()) < 0.6
    near, far = (apart > 0) & (apart < 5), apart > 50
    assert together[near].mean() > 0.6
    assert abs(together[far].mean()) < 0.5


def test_the_ground_is_the_same_again_and_another_in_another_world() -> None:
    listed = around(6.0, 50.7)
    again = places_as_lit.__wrapped__(listed, 1)
    assert np.array_equal(places_as_lit(listed, 1).lon, again.lon)
    assert not np.isin(places_as_lit(listed, 2).lon, again.lon).any()


def test_some_places_are_dark_and_some_light_has_no_name() -> None:
    listed = around(6.0, 50.7)
    lit = places_as_lit(listed, 1)
    km = distance_km(listed.lon[:, None], listed.lat[:, None], lit.lon, lit.lat)
    unlit = (km.min(axis=1) > 1.5) & (listed.population < DARK_BELOW)
    assert 0.02 < unlit.mean() < 0.12
    unnamed = km.min(axis=0) > 1.5
    # Works and suburbs: some lights in a hundred, which no listed place explains.
    assert 0.005 < unnamed.mean() < 0.2


def test_a_city_grows_to_one_side() -> None:
    listed = gazetteer()
    listed = listed[np.flatnonzero(listed.population > 1_500_000)]
    lit = places_as_lit(listed, 1)
    n = len(listed)
    suburbs = lit[np.arange(n, len(lit))]
    assert len(suburbs) > 2 * n
    km = distance_km(listed.lon[:, None], listed.lat[:, None], suburbs.lon, suburbs.lat)
    lopsided = []
    for k in range(n):
        own = np.flatnonzero((km.argmin(axis=0) == k) & (km.min(axis=0) < 3 * listed.radius_km[k]))
        if len(own) >= 4:
            bearing = np.arctan2(
                (suburbs.lon[own] - listed.lon[k]) * np.cos(np.radians(listed.lat[k])),
                suburbs.lat[own] - listed.lat[k],
            )
            lopsided.append(abs(np.exp(1j * bearing).mean()))
    # All round, the mean of four to six directions has a length of 0.4.
    assert np.mean(lopsided) > 0.55
