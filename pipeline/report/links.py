"""What the report links to: the files beside it, and the archive's page of a photo."""

from pathlib import Path

from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.raster.bands import NASA_ID

# NASA's page of a photo, by mission and frame; of the roll E, of digital cameras.
ARCHIVE_PAGE = "https://eol.jsc.nasa.gov/SearchPhotos/photo.pl?mission={}&roll=E&frame={}"
RASTERS = {
    "photo.tif": "photo",
    "ortho.tif": "light on the map",
    "tone.tif": "tone",
    "light.tif": "light above the background",
    "geometry.tif": "view and position",
    "lamps.tif": "lamps",
}


def archive_page(photo: PhotoResults) -> str:
    """The address of a photo from NASA's archive; nothing for others."""
    named = NASA_ID.fullmatch(photo.facts.id)
    return ARCHIVE_PAGE.format(*named.groups()) if named and not photo.simulated else ""


def photo_files(photo: PhotoResults) -> list[tuple[str, str]]:
    """A photo's rasters that lie in its folder, relative to the report, and what they are."""
    return [
        (f"{photo.name}/{name}", words) for name, words in RASTERS.items() if (photo.folder / name).is_file()
    ]


def city_files(city: CityResults) -> list[tuple[str, str]]:
    """The files beside the report, relative to it: project and GeoPackage, which are always there, and what
    else was delivered."""
    folder = city.photos[0].folder.parent if city.photos else Path()
    files = [
        (f"{city.name}.qgz", "all of it in QGIS, styled"),
        (f"{city.name}.gpkg", "all tables and shapes, as a GeoPackage"),
    ]
    if (folder / "change.tif").is_file():
        files.append(("change.tif", "what changed, cell by cell"))
    workbook = f"tables/{city.name}.xlsx"
    return [*files, (workbook, "all tables in one workbook")] if (folder / workbook).is_file() else files


def tables(city: CityResults) -> list[str]:
    """The tables that were delivered as CSV, relative to the report."""
    folder = city.photos[0].folder.parent if city.photos else Path()
    return [f"tables/{table.name}" for table in sorted((folder / "tables").glob("*.csv"))]
