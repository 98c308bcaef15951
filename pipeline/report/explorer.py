"""The map to explore: Leaflet from the package that ships it, this city's pictures and figures as JSON, and
the policy that keeps the page off every network."""

import base64
import hashlib
import json
import math
import re
from importlib.resources import files
from typing import Any

import js_lib_leaflet  # of django-js-lib-leaflet, which needs no Django
from markupsafe import Markup

from pipeline.deliver import palette
from pipeline.deliver.results import CityResults
from pipeline.models import City
from pipeline.report.chart_style import day
from pipeline.report.explorer_features import city_features, photo_features
from pipeline.report.explorer_images import cells, photo_images
from pipeline.report.first_screen import VIEW_KM, Focus

# Photos up to this number are drawn as sharp as the grid along borders, as few megabytes as they take.
SHARP_PHOTOS = 2


def leaflet_file(name: str) -> str:
    """A file of Leaflet, without the pictures that its style sheet asks for: a page has them all inside."""
    folder = files(js_lib_leaflet) / "static" / "js_lib_leaflet"
    text = (folder / name).read_text(encoding="utf-8")
    return (
        re.sub(r"url\([^)]*\)", "none", text)
        if name.endswith(".css")
        else text.partition("//# sourceMapping")[0]
    )


def explorer_data(city: CityResults, configuration: City, at: Focus) -> Markup:
    """All that the page's script draws, as JSON that may stand in HTML."""
    threshold = configuration.tone.min_signal_to_noise
    photos: list[dict[str, Any]] = []
    n_photos = len(city.photos)
    for photo in city.photos:
        shrink = 2.0 * max(1.0, math.sqrt(n_photos / SHARP_PHOTOS))
        images = photo_images(photo, city, threshold, shrink, n_photos <= SHARP_PHOTOS)
        photos.append(
            {
                "day": day(photo),
                "images": {"photo": images.photo, "tone": images.tone, "sigma": images.sigma},
                "sigma": [None if math.isnan(limit) else round(limit) for limit in images.sigma_limits_m],
                **photo_features(photo, city),
            }
        )
    half = VIEW_KM * 1e3 / 2 / city.grid.resolution_m
    x, y = cells(at.x, at.y, city)
    return script_json(
        {
            "mark": "SIMULATED light · " if city.simulated else "",
            "cell": city.grid.resolution_m,
            "size": [city.grid.width, city.grid.height],
            "focus": [round(x, 1), round(y, 1), round(half, 1)],
            "first": city.photos.index(at.photo),
            "photos": photos,
            **city_features(city),
        }
    )


def script_json(value: Any) -> Markup:
    """JSON that no text in it can end early."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(plain.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def policy(*scripts: str) -> Markup:
    """The content security policy of a page with these scripts inside: nothing is fetched, no other runs."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode('ascii')}'"
        for script in scripts
    )
    rules = {
        "default-src": "'none'",
        "img-src": "data: blob:",
        "style-src": "'unsafe-inline'",
        "script-src": hashes or "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return Markup("; ".join(f"{rule} {allowed}" for rule, allowed in rules.items()))


def tone_ramp() -> Markup:
    """The colours of tone from one end to the other, as a CSS gradient."""
    span = palette.TONE_MAX - palette.TONE_MIN
    stops = (f"{stop.colour} {100 * (stop.value - palette.TONE_MIN) / span:.0f}%" for stop in palette.TONE)
    return Markup(f"linear-gradient(90deg,{','.join(stops)})")
