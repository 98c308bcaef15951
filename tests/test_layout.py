"""The layout: folders import only folders above them, no circle of files, each folder says what it is for."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pipeline"
MAX_LINES = 400
SHARED, MAX_NEEDING_PHOTOGRAPHS = "shared", 12
# In the order of the data: a folder may import those before it.
FOLDERS = (
    *("camera", "raster", "photo", "archive", "ground", "georeference", "ortho", "tone", "borders"),
    *("motorways", "deliver", "qgis", "report", "simulate", "steps"),
)
# What any folder may import. `config` checks what users write, so it may ask the camera's geometry.
FOR_ALL = ("config", "models", "plausible", "yaml_text", "errors", "files", "arrays", "robust")
ALLOWED_OF_FILES = {
    "config": {"camera", "errors", "models", "plausible", "yaml_text"},
    "models": {"errors", "plausible"},
    "plausible": set(),
    "yaml_text": set(),
    "errors": set(),
    "files": set(),
    "arrays": set(),
    "robust": {"arrays"},
}
# Products: they know many, and nothing but the steps knows them (beside those that stand on the one before).
PRODUCTS = {
    "deliver": {"", "qgis", "report", "steps"},
    "qgis": {"steps"},
    "report": {"steps"},
    "simulate": {"steps"},
}


def modules() -> dict[str, Path]:
    """Every file of the package by its dotted name."""
    return {
        ".".join(("pipeline", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
            ".__init__"
        ): file
        for file in sorted(PACKAGE.rglob("*.py"))
    }


def imports(file: Path) -> Iterator[str]:
    """The package's modules that a file imports, by dotted name."""
    known = modules()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            inner = [f"{node.module}.{name.name}" for name in node.names]
            yield from (name if name in known else node.module for name in inner)


def room(module: str) -> str:
    """The folder of a module, or its own name at the top."""
    return module.split(".")[1] if "." in module else ""


def test_every_folder_has_its_place() -> None:
    folders = {file.parent.name for file in PACKAGE.glob("*/__init__.py")}
    assert folders == set(FOLDERS)
    assert {file.stem for file in PACKAGE.glob("*.py")} == {"__init__", *FOR_ALL}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_only_those_above_it(folder: str) -> None:
    allowed = {*FOLDERS[: FOLDERS.index(folder) + 1], *FOR_ALL, ""}
    for file in sorted((PACKAGE / folder).rglob("*.py")):
        for module in imports(file):
            assert room(module) in allowed, f"{file.relative_to(PACKAGE)} imports {module}"


@pytest.mark.parametrize("name", FOR_ALL)
def test_what_all_may_import_imports_little(name: str) -> None:
    rooms = {room(module) for module in imports(PACKAGE / f"{name}.py")}
    assert rooms <= ALLOWED_OF_FILES[name]


@pytest.mark.parametrize("product", PRODUCTS)
def test_nothing_but_the_steps_knows_a_product(product: str) -> None:
    users = {
        room(name)
        for name, file in modules().items()
        if room(name) != product and any(room(module) == product for module in imports(file))
    }
    assert users <= PRODUCTS[product]


def test_no_circle_of_files() -> None:
    graph = {name: set(imports(file)) - {name} for name, file in modules().items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"files import each other in a circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_says_what_it_takes_and_gives(folder: str) -> None:
    told = ast.get_docstring(ast.parse((PACKAGE / folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert "Takes:" in told, folder
    assert "Gives:" in told, folder


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_that_read_are_named_by_their_folder(folder: str) -> None:
    """Physics is without files, but for the `read_*` functions that the folder's docstring names."""
    if folder in ("steps",):
        return
    told = (PACKAGE / folder / "__init__.py").read_text(encoding="utf-8")
    for file in sorted((PACKAGE / folder).glob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("read_"):
                assert node.name in told, (
                    f"{folder}/{file.name}: {node.name} is not named in {folder}/__init__.py"
                )


def test_tests_stand_on_their_own_scenes() -> None:
    """Tests and benchmarks share `tests/scenes`; a test that imports a benchmark would share more."""
    importing = [
        file.name
        for file in sorted(Path(__file__).parent.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("benchmarks")
    ]
    assert not importing


def test_no_room_grows_too_large() -> None:
    long = {name: n for name, f in modules().items() if (n := len(f.read_text().splitlines())) > MAX_LINES}
    assert not long


def test_few_tests_need_what_a_clone_lacks(request: pytest.FixtureRequest) -> None:
    """A fresh clone has no photographs: only what a simulated frame cannot show may need them."""
    needing = [item.nodeid for item in request.session.items if SHARED in _fixtures(item)]
    assert len(needing) <= MAX_NEEDING_PHOTOGRAPHS, needing


def _fixtures(item: pytest.Item) -> set[str]:
    """The fixtures of a test, without parameters that are called like one."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return set(getattr(item, "fixturenames", ())) - set(parameters)


# A dependency's name where it is imported under another.
IMPORTED_AS = {
    "colour-science": "colour",
    "django-js-lib-leaflet": "js_lib_leaflet",
    "odc-geo": "odc",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "snakemake-interface-logger-plugins": "snakemake_interface_logger_plugins",
}
PLUGIN = PACKAGE.parent / "snakemake_logger_plugin_borderlight"  # beside the package, where Snakemake looks


def test_what_is_declared_is_imported_and_what_is_imported_is_declared():
    """Snakemake alone is run, not imported; a step knows it as a global."""
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[^\w-]", dependency)[0] for dependency in project["dependencies"]}
    declared = {IMPORTED_AS.get(name, name) for name in names - {"snakemake"}}
    found = set()
    for file in (*PACKAGE.rglob("*.py"), *PLUGIN.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").split(".")[0])
    assert found - set(sys.stdlib_module_names) - {"pipeline"} == declared
