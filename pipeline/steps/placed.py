"""Which photos of a city are on the map and why others are not: `camera.json` and `placed.json` say so."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import RefusedError
from pipeline.files import json_text


@dataclass(frozen=True)
class Placed:
    """The photos of a city, by name: those on the map, and why the others were refused."""

    photos: tuple[str, ...]
    refused: dict[str, str]

    @classmethod
    def of(cls, cameras: list[Path]) -> "Placed":
        """From each photo's `camera.json`. A photo is named by its folder."""
        reasons = {file.parent.name: why_refused(_read(file)) for file in cameras}
        refused = {name: reason for name, reason in reasons.items() if reason is not None}
        return cls(tuple(name for name in reasons if name not in refused), refused)

    @classmethod
    def read(cls, file: Path) -> "Placed":
        """From the `placed.json` of a city."""
        return cls.from_json(file.read_text(encoding="utf-8"))

    @classmethod
    def from_json(cls, text: str) -> "Placed":
        """From the content of `placed.json`."""
        content = json.loads(text)
        return cls(tuple(content["photos"]), content["refused"])

    def to_json(self) -> str:
        """The content of `placed.json`."""
        return json_text({"photos": self.photos, "refused": self.refused})


def refused_json(photo: str, reason: str) -> dict[str, Any]:
    """The content of the `camera.json` of a refused photo: no camera, so that nobody takes it for one."""
    return {"photo": photo, "solution": {"accepted": False, "reason": reason}}


def why_refused(camera: dict[str, Any]) -> str | None:
    """From the content of a `camera.json`, why its photo was refused; None where it was not."""
    solution = camera["solution"]
    return None if solution["accepted"] else str(solution["reason"])


def read_camera(file: Path) -> dict[str, Any]:
    """The content of a `camera.json` that holds a camera; RefusedError where its photo was refused."""
    content = _read(file)
    reason = why_refused(content)
    if reason is not None:
        raise RefusedError(reason)
    return content


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
