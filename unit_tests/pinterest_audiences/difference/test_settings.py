"""What the difference in the warehouse does not go with, and what the connector is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.config import Config, read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.vocabulary import Identifier, ValueFormat
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_process import OWN_CONNECTOR
from pinterest_audiences.difference.duckdb_warehouse import DuckDBWarehouse
from pinterest_audiences.difference.guard import Difference, Guard
from pinterest_audiences.difference.opening import open_warehouse
from pinterest_audiences.difference.settings import Digests, overlay_of, plan_of
from pinterest_audiences.sync_request import SyncRequest
from unit_tests.support.raises import raises

SETTINGS = {"credentials": {"auth_method": "access_token", "access_token": "pina_x"}, "ad_account_id": "5"}
Make = Callable[..., SyncRequest]


@pytest.fixture
def request_for() -> Make:
    def make(**changes: Any) -> SyncRequest:
        usual: dict[str, Any] = {
            "source": "a.duckdb",
            "table": "people",
            "query": None,
            "columns": None,
            "stream": None,
            "audience": "VIPs",
            "config": None,
            "cursor": None,
            "state": None,
            "lookback": None,
            "primary_key": (),
            "replace": False,
            "identities": (),
            "batch_rows": 10,
            "dry_run": False,
            "offline": False,
            "quiet": True,
            "json": False,
            "difference_schema": "pins",
        }
        return SyncRequest(**{**usual, "destination": OWN_CONNECTOR, **changes})

    return make


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., ConfigFile]:
    def make(**settings: Any) -> ConfigFile:
        path = tmp_path / "config.json"
        path.write_text(json.dumps({**SETTINGS, **settings}))
        return ConfigFile(str(path), {})

    return make


@pytest.mark.parametrize(
    ("changes", "settings", "columns"),
    [
        ({"cursor": "id"}, {}, ["email"]),
        ({"destination": ("other",)}, {}, ["email"]),
        ({"audience": "{country}"}, {}, ["email", "country"]),
        ({}, {"mode": "additive"}, ["email"]),
        ({}, {"also_in_ad_accounts": ["6"]}, ["email"]),
        (
            {},
            {"membership_store": {"store_type": "local", "path": "/x", "store_key": "long enough for a key"}},
            ["email"],
        ),
        ({}, {"consent_column": {"column": "consent"}}, ["email", "consent"]),
        ({}, {}, ["email", "_ab_cdc_deleted_at"]),
        ({}, {}, ["email", "lr_id"]),
    ],
)
def test_what_it_does_not_go_with_is_refused(
    changes: dict[str, Any],
    settings: dict[str, Any],
    columns: list[str],
    request_for: Make,
    config: Callable[..., ConfigFile],
) -> None:
    with raises(Code.DIFFERENCE_NOT_POSSIBLE):
        plan_of(request_for(**changes), config(**settings), columns)


@pytest.mark.parametrize("source", ["people.csv", "sqlite:///people.sqlite", "s3://bucket/people.csv"])
def test_what_is_no_database_that_can_compute_it_is_refused(source: str) -> None:
    with raises(Code.DIFFERENCE_NO_WAREHOUSE):
        open_warehouse(source)


def test_a_schema_that_is_not_there_is_not_created(warehouse: DuckDBWarehouse) -> None:
    with raises(Code.DIFFERENCE_SCHEMA_UNUSABLE, match=r"no schema 'PINS'. Did you mean 'pins'\?"):
        warehouse.check_schema("PINS")
    with raises(Code.DIFFERENCE_SCHEMA_UNUSABLE, match=r"no schema 'nowhere'. Create it"):
        warehouse.check_schema("nowhere")


def test_the_connector_gets_digests_only_and_none_of_the_rules_that_were_applied(request_for: Make) -> None:
    digests = [Digests.of(Identifier.PHONE, 66), Digests.of(Identifier.EMAIL, 32)]
    assert [each.format for each in digests] == [ValueFormat.SHA256, ValueFormat.MD5]
    told = overlay_of(request_for(), digests, removes=True)
    config = read_config({**SETTINGS, **told})
    assert {identity.format for identity in config.identity_columns or ()} == {ValueFormat.SHA256, ValueFormat.MD5}
    assert config.operation_column is not None
    assert (config.allow_identity_drift, config.max_rejected_percent) == (True, 100)


def guard(**settings: Any) -> Guard:
    config: Config = read_config({**SETTINGS, **settings})
    return Guard("VIPs", StreamKey(None, "people"), config)


def test_the_largest_removal_is_judged_against_who_was_sent() -> None:
    assert guard().check(Difference(known=10, leaving=5, joining=100)) == []
    with raises(Code.REMOVAL_ABOVE_LIMIT, match="6 of 10 identifiers"):
        guard().check(Difference(known=10, leaving=6, joining=0))


def test_an_empty_table_empties_nothing_unless_that_is_allowed() -> None:
    nobody = Difference(known=10, leaving=10, joining=0)
    assert "keeps the 10 members" in (guard().keeps_empty(nobody) or "")
    assert guard(allow_empty_audience=True).keeps_empty(nobody) is None
    assert guard(allow_empty_audience=True).check(nobody) == []
