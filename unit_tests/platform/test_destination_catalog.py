"""source_spec/destination_catalog.json as the protocol and the platform read it, and the switch that makes them ask.

Source: airbytehq/airbyte-protocol at 776eede, DestinationCatalog; airbytehq/airbyte-platform at 310e6cb6,
DestinationDiscoverService and airbyte-webapp/src/area/dataActivation (read 2026-11-22).
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from airbyte_protocol_dataclasses.models import DestinationCatalog, DestinationSyncMode
from serpyco_rs import Serializer

ROOT = Path(__file__).parents[2]
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]


@pytest.fixture(scope="module")
def printed() -> dict[str, Any]:
    catalog: dict[str, Any] = json.loads((ROOT / "source_spec" / "destination_catalog.json").read_text())
    return catalog


@pytest.fixture(scope="module")
def catalog(printed: dict[str, Any]) -> DestinationCatalog:
    return Serializer(DestinationCatalog).load(printed)


def test_the_protocol_reads_it_and_loses_nothing(catalog: DestinationCatalog, printed: dict[str, Any]) -> None:
    assert Serializer(DestinationCatalog).dump(catalog) == printed


def test_every_object_has_each_operation_once_and_two_of_three_audiences_are_objects(
    catalog: DestinationCatalog,
) -> None:
    modes = defaultdict(list)
    for operation in catalog.operations:
        modes[operation.object_name].append(operation.sync_mode)
    offered = [DestinationSyncMode.append, DestinationSyncMode.append_dedup, DestinationSyncMode.soft_delete]
    assert dict(modes) == {
        "pinterest_audience": offered,
        "Newsletter (2026) (549755885175/2542620000004)": offered,
        "VIP customers (549755885175/2542620000002)": offered,
    }


def test_what_the_form_makes_of_it_is_valid(catalog: DestinationCatalog) -> None:
    """A matching key must be a field, never none at all; a schema that takes other fields lets people type names."""
    for operation in catalog.operations:
        jsonschema.Draft7Validator.check_schema(operation.json_schema)
        assert operation.json_schema["additionalProperties"] is False
        assert operation.matching_keys
        for key in operation.matching_keys:
            assert len(key) == 1
            assert key[0] in operation.json_schema["properties"]


def test_the_platform_asks_for_it() -> None:
    assert METADATA["supportsDataActivation"] is True
    assert METADATA["supportsRefreshes"] is True
