"""A photo that could not be fetched: what stands in the place of its files, so that its city goes on without
it.

`download`, `acquire` and `georeference` write the content of the `camera.json` of a refused photo to each of
their outputs, by which `place` leaves the photo out and `refusals` names it. At the end of the run the place
in the store is freed, so that the next run tries again; a killed run leaves that to the next one. Runs on two
results folders that share a store are not kept apart: the first that ends frees the places of the other's.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from pipeline.files import atomic_write
from pipeline.steps.placed import refused_json

MARK = '{"fetched": false, '  # with which each of these files begins
PASSED_ON = ("acquire", "georeference")  # rules that make of such a file such files


def write_unfetched(files: Iterable[Path], photo: str, reason: str) -> None:
    """Say in each of `files` why there is no such photo."""
    told = json.dumps({"fetched": False} | refused_json(photo, reason))
    for file in files:
        with atomic_write(file) as part:
            part.write_text(told, encoding="utf-8")


def why_unfetched(file: Path) -> str | None:
    """The reason that stands in the place of a file; None where the file is one, or not there."""
    try:
        with file.open("rb") as content:
            if content.read(len(MARK)) != MARK.encode():
                return None
        return str(json.loads(file.read_text(encoding="utf-8"))["solution"]["reason"])
    except OSError:
        return None


def forget_unfetched(store: Path) -> None:
    """Free the places of photos that could not be fetched."""
    for picture in (store / "nasa").glob("*.jpg"):
        if why_unfetched(picture) is not None:
            picture.unlink(missing_ok=True)
            picture.with_name(f"{picture.name}.sha256").unlink(missing_ok=True)
