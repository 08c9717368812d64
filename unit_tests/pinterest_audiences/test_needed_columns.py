"""Of a table only what the sync needs is read; the connector still plans with all its columns."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pinterest_audiences.__main__ import parser
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.preparation import _reading
from pinterest_audiences.reading import Reading
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import Selection
from pinterest_audiences.sync_request import read_request

CONFIG = {"credentials": {"auth_method": "access_token", "access_token": "x"}, "ad_account_id": "549755885175"}


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE people AS SELECT i AS id, 'p' || i || '@example.com' AS email, 'x' || i || '@example.com' AS "
            "contact, NULL::TIMESTAMP AS _ab_cdc_deleted_at, i AS at, 'x' AS note FROM range(9) r(i)"
        )
    return str(path)


def read_of(database: str, tmp_path: Path, *arguments: str, selection: Selection | None = None, **more: Any) -> Reading:
    (tmp_path / "c.json").write_text(json.dumps({**CONFIG, **more}))
    least = ["sync", "--from", database, "--table", "people", "--audience", "VIPs", "--config", "c.json"]
    if selection is not None and selection.query is not None:
        least[3:5] = ["--query", selection.query]
    request = read_request(parser().parse_args([*least, *arguments]))
    config = ConfigFile(str(tmp_path / "c.json"), {})
    with closing(open_source(database)) as source:
        return _reading(request, config, source, selection or Selection(table="people", cursor=request.cursor))


def test_identities_what_decides_the_cursor_and_the_key_are_read(database: str, tmp_path: Path) -> None:
    assert read_of(database, tmp_path).selection.columns == ("email", "_ab_cdc_deleted_at")
    keyed = read_of(database, tmp_path, "--cursor", "at", "--primary-key", "id")
    assert keyed.selection.columns == ("id", "email", "_ab_cdc_deleted_at", "at")
    assert keyed.all_columns == ("id", "email", "contact", "_ab_cdc_deleted_at", "at", "note")


def test_a_column_that_is_not_read_but_holds_addresses_is_named(database: str, tmp_path: Path) -> None:
    ((level, text),) = read_of(database, tmp_path).remarks
    assert level == "WARN"
    assert "contact (e-mail addresses, in 9 of the first 9 values)" in text
    assert "example.com" not in text


@pytest.mark.parametrize(
    "selection",
    [Selection(table="people", columns=("email", "note")), Selection(query="SELECT * FROM people")],
)
def test_what_the_user_chose_stays(selection: Selection, database: str, tmp_path: Path) -> None:
    assert read_of(database, tmp_path, selection=selection) == Reading(selection)


def test_another_connector_gets_all_columns(database: str, tmp_path: Path) -> None:
    assert read_of(database, tmp_path, "--destination", "other").selection.columns is None


def test_a_stream_that_the_connector_refuses_is_left_to_it(database: str, tmp_path: Path) -> None:
    declared = [{"column": "nothing", "identifier": "EMAIL"}]
    assert read_of(database, tmp_path, identity_columns=declared).selection.columns is None


def test_a_named_column_that_is_not_there_is_asked_for_all_the_same(database: str, tmp_path: Path) -> None:
    assert read_of(database, tmp_path, "--cursor", "att").selection.columns == ("email", "_ab_cdc_deleted_at", "att")
