"""The STAC collection: valid without a network, true of the files, and at home wherever the folder goes."""

import json
from pathlib import Path
from typing import Any

import pystac
import pytest
import rasterio
from pystac.validation.stac_validator import JsonSchemaSTACValidator

from pipeline.deliver.stac import RASTERS
from tests.scenes.delivery import Delivery

NUMBER, TEXT = {"type": "number"}, {"type": "string"}
# What the extensions say of the fields that are used, in words of their specifications: their own schemas are
# on the network only.
EXTENSIONS = {
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json": {
        "proj:code": {"type": ["string", "null"], "pattern": "^[A-Z]+:[0-9]+$"},
        "proj:wkt2": {"type": ["string", "null"]},
        "proj:shape": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
        "proj:transform": {"type": "array", "items": NUMBER, "minItems": 6, "maxItems": 9},
    },
    "https://stac-extensions.github.io/view/v1.0.0/schema.json": {
        "view:off_nadir": {**NUMBER, "minimum": 0, "maximum": 90},
        "view:azimuth": {**NUMBER, "minimum": 0, "maximum": 360},
        "view:sun_elevation": {**NUMBER, "minimum": -90, "maximum": 90},
    },
    "https://stac-extensions.github.io/raster/v1.1.0/schema.json": {
        "raster:bands": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "data_type": {"enum": ["uint8", "float32"]},
                    "nodata": {"anyOf": [NUMBER, {"enum": ["nan", "inf", "-inf"]}]},
                    "sampling": {"enum": ["area", "point"]},
                    "unit": TEXT,
                    "statistics": {"type": "object", "additionalProperties": NUMBER, "minProperties": 1},
                },
            },
        }
    },
}


def schema(prefix: str, fields: dict[str, Any]) -> dict[str, Any]:
    """A schema of an item with an extension: its fields, and no others of that prefix."""
    place = {"properties": fields, "patternProperties": {f"^(?!{prefix})": {}}, "additionalProperties": False}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "properties": {"properties": place, "assets": {"additionalProperties": place}},
    }


@pytest.fixture(scope="module")
def validator() -> JsonSchemaSTACValidator:
    """pystac's own, with the core schemas it carries and those of the extensions above: no network."""
    offline = JsonSchemaSTACValidator()
    prefixes = ("proj:", "view:", "raster:")
    for prefix, (address, fields) in zip(prefixes, EXTENSIONS.items(), strict=True):
        offline.schema_cache[address] = schema(prefix, fields)
    return offline


@pytest.fixture(scope="module")
def collection(delivery: Delivery, tmp_path_factory: pytest.TempPathFactory) -> pystac.Collection:
    """The collection of the delivered city, moved elsewhere."""
    moved = delivery.copy(tmp_path_factory.mktemp("moved") / "to here")
    return pystac.Collection.from_file(str(moved.folder / "stac" / "collection.json"))


def test_is_valid_without_a_network(
    collection: pystac.Collection, validator: JsonSchemaSTACValidator
) -> None:
    collection.validate(validator=validator)
    items = list(collection.get_items())
    assert [item.id for item in items] == ["simulated-2012", "simulated-2022"]
    for item in items:
        assert len(item.validate(validator=validator)) == 1 + len(EXTENSIONS)


def test_a_simulated_city_is_marked_and_credited_so(collection: pystac.Collection) -> None:
    assert str(collection.title).startswith("SIMULATED ")
    assert "SIMULATED" in collection.description
    assert [provider.name for provider in collection.providers or []] == ["Simulated photographs"]


def test_the_validator_finds_a_fault(
    collection: pystac.Collection, validator: JsonSchemaSTACValidator
) -> None:
    item = next(collection.get_items()).clone()
    item.assets["tone"].extra_fields["proj:shape"] = "large"
    with pytest.raises(pystac.errors.STACValidationError):
        item.validate(validator=validator)


def test_links_are_relative_and_lead_to_files(collection: pystac.Collection) -> None:
    for file in Path(collection.get_self_href() or "").parent.iterdir():
        content = json.loads(file.read_text())
        addresses = [link["href"] for link in content["links"]]
        addresses += [asset["href"] for asset in content.get("assets", {}).values()]
        assert addresses
        for address in addresses:
            assert address.startswith((".", "..")), address
            assert (file.parent / address).is_file(), address


def test_assets_say_what_the_rasters_say(collection: pystac.Collection) -> None:
    for item in collection.get_items():
        assert {"camera", "photo_facts", *RASTERS} == set(item.assets)
        assert str(item.datetime).startswith(f"{item.id[-4:]}-12-08 22:13:00")
        for kind in RASTERS:
            asset = item.assets[kind]
            with rasterio.open(asset.get_absolute_href()) as source:
                assert asset.extra_fields["proj:shape"] == list(source.shape)
                assert asset.extra_fields["proj:transform"] == pytest.approx(list(source.transform)[:6])
                names = [band.get("name") for band in asset.extra_fields["raster:bands"]]
                assert names == list(source.descriptions)
            assert asset.extra_fields["proj:code"] == (None if kind == "photo_in_place" else "EPSG:3035")
        assert "tpers" in item.assets["photo_in_place"].extra_fields["proj:wkt2"]


def test_the_frame_is_in_degrees_and_the_view_is_the_cameras(collection: pystac.Collection) -> None:
    """The camera of the fabricated photos stands 400 km above (7.5, 50.9) and looks at (5.9, 50.75): 113 km
    west and 17 km south, so 16 degrees off nadir."""
    item = next(collection.get_items())
    west, south, east, north = item.bbox or []
    assert west < 5.9 < east
    assert south < 50.75 < north
    assert item.properties["view:off_nadir"] == pytest.approx(16, abs=1)
    assert item.properties["view:azimuth"] == pytest.approx(262, abs=2)
    # On 8 December the Sun's declination is -22.8 degrees; 22:13 UTC at 5.9 E is 22:45 by the Sun.
    assert item.properties["view:sun_elevation"] == pytest.approx(-58.4, abs=1)
