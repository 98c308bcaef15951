"""Contrasts by what they are of, and what all photos of a city say of its borders together."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import geopandas as gpd

from pipeline.borders.quantities import ALL, ALL_LIGHT, MOTORWAYS, OFF_MOTORWAYS, TOWNS
from pipeline.raster.bands import marked

# In the order they are shown, the headline first.
QUANTITIES = (TOWNS, OFF_MOTORWAYS, MOTORWAYS, ALL_LIGHT)


def of_quantity(contrasts: gpd.GeoDataFrame, quantity: str) -> gpd.GeoDataFrame:
    """The rows of one of QUANTITIES."""
    return contrasts[contrasts["quantity"] == quantity]


def headlines(contrasts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One row a border, of contrasts of one photo or of all together: that of towns, or that of all light
    where nothing is said of towns."""
    towns = of_quantity(contrasts, TOWNS)
    silent = ~contrasts["pair"].isin(towns["pair"])
    chosen = contrasts[(contrasts["quantity"] == TOWNS) | (silent & (contrasts["quantity"] == ALL_LIGHT))]
    return chosen.sort_values("pair", kind="stable")


def in_order(contrasts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The rows by border, and the quantities of each in the order they are shown."""
    place = contrasts["quantity"].map({name: place for place, name in enumerate(QUANTITIES)})
    by_quantity = contrasts.loc[place.sort_values(kind="stable").index]
    return by_quantity.sort_values("pair", kind="stable")


@dataclass(frozen=True, eq=False)
class PooledResults:
    """What all photos of a city say together: tables of `borders.gpkg`, without a row where the city has one
    photo. `contrasts` are of all photos, `contrasts_by_years` of those of some years."""

    contrasts: gpd.GeoDataFrame
    contrasts_by_years: gpd.GeoDataFrame
    contrast_trends: gpd.GeoDataFrame
    contrast_by_range: gpd.GeoDataFrame
    left_out: gpd.GeoDataFrame
    town_units: gpd.GeoDataFrame
    motorway_crossings: gpd.GeoDataFrame

    name = ALL

    @classmethod
    def of(cls, tables: Mapping[str, gpd.GeoDataFrame], photos: Collection[str]) -> "PooledResults":
        """From the tables of a city, by name, and the names of its photos."""
        contrasts, ranges = tables["contrasts"], tables["contrast_by_range"]
        pooled = contrasts["photo"] == ALL
        return cls(
            contrasts=contrasts[pooled],
            contrasts_by_years=contrasts[~pooled & ~contrasts["photo"].isin(photos)],
            contrast_trends=tables["contrast_trends"],
            contrast_by_range=ranges[ranges["photo"] == ALL],
            left_out=tables["left_out"],
            town_units=tables["town_units"],
            motorway_crossings=tables["motorway_crossings"],
        )

    @property
    def heading(self) -> str:
        """Whose it is."""
        return "All photos together"

    @property
    def title(self) -> str:
        """Whose it is, marked if any photo is simulated."""
        return marked(self.heading, self.simulated)

    @property
    def simulated(self) -> bool:
        """Whether any of the photos is simulated."""
        return any(bool(table["simulated"].any()) for table in self._pooled if len(table))

    @property
    def evidence(self) -> str:
        """The weakest evidence of the photos; nothing without rows."""
        return next((str(table["evidence"].iloc[0]) for table in self._pooled if len(table)), "")

    @property
    def _pooled(self) -> tuple[gpd.GeoDataFrame, ...]:
        return self.contrasts, self.motorway_crossings
