"""The data dictionary: every field of every table has an entry, every code has its words."""

from typing import get_args

import pyogrio
import pytest

from pipeline.borders.allowed_change import Kind
from pipeline.borders.schema import ALL_COLUMNS
from pipeline.deliver.contrasts import QUANTITIES
from pipeline.deliver.dictionary import COLUMNS, EVIDENCE, OF_ONE_TABLE, column
from pipeline.ground.events import EventExtent, EventState
from pipeline.models import EvidenceLevel
from pipeline.motorways.verdicts import MotorwayVerdict
from pipeline.qgis.layers import ALL_PHOTOS, COMMON, PER_PAIR, PER_PHOTO, REGION, TABLES
from tests.scenes.delivery import Delivery

KINDS = {
    *COMMON,
    *ALL_PHOTOS,
    *PER_PAIR,
    *REGION,
    *TABLES,
    *(kind for kinds in PER_PHOTO.values() for kind in kinds),
}
OF_POINTS = {"lon", "lat"}  # in CSV, in the place of the shape


def kind_of(table: str) -> str:
    """The kind of a table by its name, which may end with whose it is."""
    return max((kind for kind in KINDS if table == kind or table.startswith(f"{kind}_")), key=len)


def test_no_field_of_a_delivered_table_is_without_an_entry(delivery: Delivery) -> None:
    file = delivery.folder / "demo.gpkg"
    tables = [name for name, _ in pyogrio.list_layers(file) if name not in ("layer_styles", "qgis_projects")]
    assert len(tables) > 40
    lacking = []
    for table in tables:
        for field in pyogrio.read_info(file, layer=table)["fields"]:
            try:
                column(kind_of(table), field)
            except KeyError:
                lacking.append((table, field))
    assert not lacking


def test_no_column_that_a_step_may_write_is_without_an_entry() -> None:
    """Those of tables that the delivered city does not have, too."""
    for table, names in ALL_COLUMNS.items():
        for name in names:
            assert column(table, name).name == name


def test_entries_are_whole_sentences_and_are_used(delivery: Delivery) -> None:
    file = delivery.folder / "demo.gpkg"
    used = {name for names in ALL_COLUMNS.values() for name in names} | OF_POINTS
    for table, _ in pyogrio.list_layers(file):
        used |= set(pyogrio.read_info(file, layer=table)["fields"])
    every = [*COLUMNS, *(entry for entries in OF_ONE_TABLE.values() for entry in entries)]
    for entry in every:
        assert entry.title, entry.name
        assert entry.source, entry.name
        assert entry.meaning.endswith("."), entry.name
        assert entry.name in used, f"{entry.name} is in no table"
    assert len({entry.name for entry in COLUMNS}) == len(COLUMNS)


@pytest.mark.parametrize(
    ("kind", "name", "codes"),
    [
        ("motorway_ends", "verdict", get_args(MotorwayVerdict)),
        ("contrasts", "quantity", QUANTITIES),
        ("events", "state", get_args(EventState)),
        ("events", "extent", get_args(EventExtent)),
        ("changes", "tone_kind", get_args(Kind)),
    ],
)
def test_every_code_has_its_words(kind: str, name: str, codes: tuple[str, ...]) -> None:
    assert set(codes) <= set(column(kind, name).codes or {})


def test_every_evidence_level_has_its_words() -> None:
    assert set(EVIDENCE) == set(get_args(EvidenceLevel))
