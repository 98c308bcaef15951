"""The documentation builds as a site without a warning, and asks no other host for anything."""

import re
import runpy
from pathlib import Path

import pandas as pd
import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from pipeline.borders.schema import ALL_COLUMNS
from pipeline.models import City, PhotoSource
from tests.scenes.delivery import Delivery

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_MKDOCS_2_WARNING", "1")  # an advertisement, not a warning
        build(load_config(str(REPOSITORY / "mkdocs.yml"), site_dir=str(folder)))  # strict: a warning raises
    return folder


def test_every_page_is_there(site: Path) -> None:
    for source in (REPOSITORY / "docs").rglob("*.md"):
        page = source.relative_to(REPOSITORY / "docs").with_suffix(".html")
        assert (site / page).is_file(), page


def test_options_are_those_of_the_models(site: Path) -> None:
    page = (site / "reference" / "options.html").read_text(encoding="utf-8")
    for key in (*City.model_fields, *PhotoSource.model_fields):
        alias = City.model_fields.get(key, PhotoSource.model_fields.get(key))
        assert alias is not None
        assert f"<code>{alias.alias or key}</code>" in page, key


def test_columns_are_those_of_the_tables(site: Path) -> None:
    page = (site / "reference" / "columns.html").read_text(encoding="utf-8")
    for table, columns in ALL_COLUMNS.items():
        section = page.split(f'id="{table}"')[1].split("<h2")[0]
        for name in (*columns, "evidence", "simulated"):
            assert f"<code>{name}</code>" in section, (table, name)


def test_every_delivered_table_is_in_the_reference(delivery: Delivery) -> None:
    """As the dictionary beside the tables has it."""
    told = runpy.run_path(str(REPOSITORY / "docs" / "reference.py"))["delivered_columns"]()
    given = pd.read_csv(delivery.folder / "tables" / "dictionary.csv")
    assert len(given) > 100
    for table, columns in given.groupby("table")["column"]:
        assert set(columns) == set(told[table]), table


def test_no_page_asks_another_host_for_anything(site: Path) -> None:
    loads = re.compile(r"<(?:script|img|link|iframe)[^>]+(?:src|href)=[\"']?(https?://[^\"' >]+)")
    for page in site.rglob("*.html"):
        asked = loads.findall(page.read_text(encoding="utf-8"))
        assert not asked, f"{page.name}: {asked}"


def test_links_of_the_first_page_lead_to_files() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    for link in links:
        assert link.startswith("http") or (REPOSITORY / link).is_file(), link
