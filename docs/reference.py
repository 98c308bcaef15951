"""Pages of the reference that are made while the site is built, so that they cannot lag behind the code: the
options that a YAML file may have, from the models that check it, and the columns of all tables, from the
dictionary that names them in QGIS."""

from collections.abc import Sequence
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pydantic import BaseModel

from pipeline.borders.schema import ALL_COLUMNS, GEOMETRY, OF_TWO_PHOTOS
from pipeline.deliver.dictionary import column
from pipeline.deliver.results import PLAIN_TABLES
from pipeline.models import City, Region, Run

# What a row is of: a photo, or a photo and another.
OF_ONE, OF_TWO = ("photo", "taken_at"), ("before", "taken_before", "after", "taken_after")
OF_ALL = ("evidence", "simulated")
# Tables that are delivered and not measured.
MAPS = {
    "cities": ("name", "country", "population"),
    "borders": ("pair", "first", "second"),
    "motorways": ("ref", "name", "error_m", "approximate"),
    "countries": ("country",),
    "control_points": (
        *("photo", "simulated", "name", "country", "population", "used", "column_px", "row_px"),
        *("residual_column_px", "residual_row_px", "residual_px", "residual_m", "weight"),
    ),
    "residuals": ("photo", "simulated", "name", "used", "residual_m"),
    "footprint": ("photo", "simulated", "taken_at"),
    "photos": ("photo", "taken_at", "n_cells", "evidence", "simulated"),
    "metadata": ("topic", "item", "value"),
}
# Tables with the columns of others.
SAME_AS = {"contrasts_by_years": "contrasts", "other_contrasts": "contrasts"}
HEAD = "| key | what it says | kind | default |\n|---|---|---|---|\n"
FILES = (
    ("A city: `configs/<city>.yaml`", City),
    ("A region: `configs/regions/<region>.yaml`", Region),
    ("A run: `configs/run.yaml`", Run),
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The generated pages beside those of the folder."""
    files.append(File.generated(config, "reference/options.md", content=options_page()))
    files.append(File.generated(config, "reference/columns.md", content=columns_page()))
    return files


def options_page() -> str:
    """Every option of every YAML file, with what it says, its kind and its default."""
    intro = (
        "# Options\n\nWhat the YAML files may hold. A mistake is answered in one line that names file, key, "
        "value and the way out, before anything runs.\n"
    )
    return intro + "".join(_section(title, model) for title, model in FILES)


def columns_page() -> str:
    """Every column of every table, with its unit, meaning and source."""
    intro = (
        "# Columns of the tables\n\nThe tables of `<city>.gpkg`, `<region>.gpkg` and `tables/`, of "
        "`borders.gpkg` and of each photo's `country_tones.gpkg`. A table of one photo has the photo's name "
        "behind its own, one of all photos together `_all`. `lon` and `lat` are in CSV and Excel only, in "
        "place of the point. Values without a unit are words, counts or ratios.\n"
    )
    return intro + "".join(_table_of_columns(name, columns) for name, columns in delivered_columns().items())


def delivered_columns() -> dict[str, tuple[str, ...]]:
    """The columns of each kind of table, as they are delivered."""
    measured = {
        kind: (*(OF_TWO if kind in OF_TWO_PHOTOS else OF_ONE), *columns, *OF_ALL)
        for kind, columns in ALL_COLUMNS.items()
    }
    tables = measured | MAPS | {kind: measured[same] for kind, same in SAME_AS.items()}
    of_points = {kind for kind, shape in GEOMETRY.items() if shape == "Point"} | {"cities", "control_points"}
    points = of_points.difference(PLAIN_TABLES)  # these are delivered without a place
    return {kind: (*names, *(("lon", "lat") if kind in points else ())) for kind, names in tables.items()}


def _table_of_columns(kind: str, names: Sequence[str]) -> str:
    head = f"\n## {kind}\n\n| column | name | unit | meaning | source |\n|---|---|---|---|---|\n"
    rows = []
    for name in names:
        about = column(kind, name)
        cells = (f"`{name}`", about.title, about.printed_unit, _cell(about.meaning), _cell(about.source))
        rows.append(f"| {' | '.join(cells)} |\n")
    return head + "".join(rows)


def _section(title: str, model: type[BaseModel]) -> str:
    schema = model.model_json_schema()
    inner = schema.get("$defs", {})
    tables = [f"\n## {title}\n\n{HEAD}{_rows(schema, inner)}"]
    for name, part in inner.items():
        about = part.get("description", "").strip().splitlines()
        if part.get("properties"):
            tables.append(f"\n### {name}\n\n{about[0] if about else ''}\n\n{HEAD}{_rows(part, inner)}")
    return "".join(tables)


def _rows(schema: dict[str, Any], inner: dict[str, Any]) -> str:
    required = schema.get("required", [])
    return "".join(
        f"| `{key}` | {_cell(value.get('description', ''))} | {_cell(_kind(value))} "
        f"| {'required' if key in required else _default(value)} |\n"
        for key, value in schema.get("properties", {}).items()
    )


def _kind(value: dict[str, Any]) -> str:
    """A value's kind and its limits, in words."""
    if "$ref" in value:
        return str(value["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in value:
        kinds = [_kind(kind) for kind in value["anyOf"] if kind.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in value or "const" in value:
        return " or ".join(f"`{word}`" for word in value.get("enum", [value.get("const")]))
    if value.get("type") == "array":
        return f"list of {_kind(value.get('items', {}))}".removesuffix(" of ")
    return " ".join([str(value.get("type", "")), *_limits(value)]).strip()


def _limits(value: dict[str, Any]) -> list[str]:
    signs = (
        ("minimum", "from"),
        ("exclusiveMinimum", "above"),
        ("maximum", "to"),
        ("exclusiveMaximum", "below"),
    )
    return [f"{sign} {value[key]:g}" for key, sign in signs if key in value]


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    return "" if default is None or default in ({}, []) else f"`{default}`"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
