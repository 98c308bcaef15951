"""NASA's Gateway to Astronaut Photography of Earth, and where its photos are kept.

The archive is slow and sometimes down: one connection at a time, patient retries, nothing fetched twice.
"""

import logging
from pathlib import Path

from pipeline.errors import PhotoError
from pipeline.plausible import HOW_TO_CONVERT, PHOTO_SUFFIXES, why_unread
from pipeline.raster.bands import NASA_ID

ARCHIVE = "https://eol.jsc.nasa.gov/DatabaseImages/ESC"

log = logging.getLogger(__name__)


def image_url(photo_id: str, archive: str = ARCHIVE) -> str:
    """The largest JPEG of a frame; the archive writes frame numbers without leading zeros."""
    match = NASA_ID.fullmatch(photo_id)
    if match is None:
        raise PhotoError(f"{photo_id!r} is not a NASA id such as ISS030-E-163191")
    mission, frame = match.groups()
    return f"{archive}/large/{mission}/{mission}-E-{frame}.JPG"


def stored_photo(store: Path, photo_id: str) -> Path:
    """The user's own file of this name in the photo store, else the place where a download is kept."""
    own = _named(store, photo_id, PHOTO_SUFFIXES)
    for other in own[1:]:
        if not other.samefile(own[0]):  # .jpg and .JPG are one file on some systems
            raise PhotoError(f"{store}: holds both {own[0].name} and {other.name}; keep one of them")
    if own:
        return own[0]
    for other in _named(store, photo_id, tuple(HOW_TO_CONVERT)):
        raise PhotoError(f"{other}: {why_unread(other)}")
    if NASA_ID.fullmatch(photo_id) is None:
        raise PhotoError(
            f"{store / photo_id}.jpg: there is no such photo ({', '.join(PHOTO_SUFFIXES)}), "
            f"and {photo_id!r} is not a NASA id such as ISS030-E-163191"
        )
    return store / "nasa" / f"{photo_id}.jpg"


def _named(store: Path, photo_id: str, suffixes: tuple[str, ...]) -> list[Path]:
    """The files of a store with this name and one of these endings."""
    names = [photo_id + ending for suffix in suffixes for ending in (suffix, suffix.upper())]
    return [store / name for name in names if (store / name).is_file()]
