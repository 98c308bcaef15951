"""What a step has found, in one line for its log and the terminal, read from the files that it has
written."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.steps.placed import why_refused
from pipeline.steps.unfetched import why_unfetched

Outputs = Mapping[str, Path]  # of a rule, by name


def figure(rule: str, outputs: Outputs) -> str:
    """One line without a full stop; that files were written where nothing else is known of a rule."""
    if any(why_unfetched(file) is not None for file in outputs.values()):
        return "not fetched"
    found = FIGURES.get(rule)
    return found(outputs) if found else f"{_n(len(outputs), 'file')} written"


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _n(number: int, what: str, many: str | None = None) -> str:
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def _rows(file: Path) -> int:
    import pyarrow.parquet

    return int(pyarrow.parquet.read_metadata(file).num_rows)


def _features(file: Path, layer: str | None = None) -> int:
    import pyogrio

    return int(pyogrio.read_info(file, layer=layer, force_feature_count=True)["features"])


def _seen_percent(file: Path) -> float:
    """How much of a map has values in its first band, by its own statistics."""
    import rasterio

    with rasterio.open(file) as raster:
        return float(raster.tags(1)["STATISTICS_VALID_PERCENT"])


def _acquired(outputs: Outputs) -> str:
    facts = _read(outputs["photo_facts"])
    kind = "JPEG or TIFF" if facts["evidence"] == "jpeg" else "raw"
    return f"{facts['width']} x {facts['height']} pixels, {kind}"


def _georeferenced(outputs: Outputs) -> str:
    content = _read(outputs["camera"])
    if why_refused(content) is not None:
        return "refused, see the end of the run"
    solution = content["solution"]
    # The errors at check cities hold those of the cities' own coordinates, so sigma leads.
    sigma_m = solution["sigma_m"]
    to = "" if sigma_m is None else f" to {sigma_m:.0f} m"
    px, m = solution["rmse_px"], solution["rmse_m"]  # none of a single check city
    off = "" if px is None else f" (check cities {px:.1f} px, {m:.0f} m off)"
    cities = _n(solution["n_control_points"], "city", "cities")
    return f"placed{to}, {cities}{off}, odds of chance {solution['false_alarm_probability']:.0e}"


def _fetched(output: str, told: Callable[[Path], str]) -> Callable[[Outputs], str]:
    """The figure of a step that fetches ground, by what is `told` of its output of that name."""

    def figure(outputs: Outputs) -> str:
        from pipeline.ground.fetched import read_problem

        nothing = read_problem(outputs[output]) is not None
        return "nothing fetched, its log says why" if nothing else told(outputs[output])

    return figure


def _cells(file: Path) -> str:
    import rasterio

    with rasterio.open(file) as raster:
        return f"{raster.width} x {raster.height} cells"


def _placed(outputs: Outputs) -> str:
    told = _read(outputs["placed"])
    on_map, refused = len(told["photos"]), len(told["refused"])
    return f"{_n(on_map, 'photo')} of {on_map + refused} on the map"


def _grid(outputs: Outputs) -> str:
    grid = _read(outputs["grid"])
    return f"{grid['width']} x {grid['height']} cells of {grid['resolution_m']:g} m"


def _megabytes(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.1f} MB"


FIGURES: dict[str, Callable[[Outputs], str]] = {
    "cities": lambda outputs: _n(_rows(outputs["cities"]), "city", "cities"),
    "simulate": lambda outputs: _n(_rows(outputs["lights"]), "lamp"),
    "download": lambda outputs: _megabytes(outputs["picture"]),
    "acquire": _acquired,
    "georeference": _georeferenced,
    "place": _placed,
    "grid": _grid,
    "orthorectify": lambda outputs: f"seen on {_seen_percent(outputs['ortho']):.0f} % of the map",
    "tone": lambda outputs: f"tone on {_seen_percent(outputs['tone']):.1f} % of the map",
    "country_tones": lambda outputs: _n(_features(outputs["country_tones"], "country_tones"), "row"),
    "night_light": _fetched("night_light", _cells),
    "streets": _fetched("streets", lambda file: _n(_features(file), "line")),
    "heights": _fetched("heights", _cells),
    "motorways": lambda outputs: _n(_features(outputs["motorways"]), "line"),
    "squares": lambda outputs: f"{_n(_rows(outputs['squares']), 'square')} with light",
    "borders": lambda outputs: _n(_features(outputs["borders"], "contrasts"), "contrast"),
    "region": lambda outputs: _n(_features(outputs["borders"], "contrasts"), "contrast"),
    "change": lambda outputs: f"both dates on {_seen_percent(outputs['change']):.0f} % of the map",
    "deliver": lambda outputs: f"report of {_megabytes(outputs['report'])}",
    "index": lambda outputs: _n(
        outputs["index"].read_text("utf-8").count('<section class="result"'), "place"
    ),
    "deliver_region": lambda outputs: f"report of {_megabytes(outputs['report'])}",
}
