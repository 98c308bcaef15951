"""Pages of the reference that are made while the site is built, so that they cannot lag behind the code: the
options that a YAML file may have, from the models that check it, and the columns of all tables, from the
dictionary that names them in QGIS."""

from collections.abc import Sequence
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pydantic import BaseModel

from pipeline.borders.schema import ALL_COLUMNS
from pipeline.deliver.dictionary import column
from pipeline.models import City, Region, Run

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
    """Every column of every measured table, with its unit, meaning and source."""
    intro = (
        "# Columns of the tables\n\nThe tables of `borders.gpkg`, of each photo's `country_tones.gpkg`, and "
        "of `<city>.gpkg` and `tables/`, which are made of them. Values without a unit are words, counts or "
        "ratios.\n"
    )
    return intro + "".join(_table_of_columns(name, columns) for name, columns in ALL_COLUMNS.items())


def _table_of_columns(kind: str, names: Sequence[str]) -> str:
    head = f"\n## {kind}\n\n| column | name | unit | meaning | source |\n|---|---|---|---|---|\n"
    rows = []
    for name in names:
        about = column(kind, name)
        rows.append(
            f"| `{name}` | {about.title} | {about.unit} | {_cell(about.meaning)} | {_cell(about.source)} |\n"
        )
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
