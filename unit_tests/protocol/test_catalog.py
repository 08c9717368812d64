from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey, parse_catalog, read_catalog
from destination_pinterest.vocabulary import ColumnType
from unit_tests.support.raises import raises


def a_stream(name: str = "users", namespace: str | None = None, **configured: Any) -> dict[str, Any]:
    return {"stream": {"name": name, "namespace": namespace, "json_schema": {}}, **configured}


def parsed(*streams: dict[str, Any]) -> tuple[ConfiguredStream, ...]:
    return parse_catalog(json.dumps({"streams": streams}).encode())


def test_a_full_stream_becomes_a_plan_with_columns_in_the_schemas_order() -> None:
    schema = {"type": "object", "properties": {"z": {}, "email": {}, "a": {}}}
    (plan,) = parsed(
        {
            "stream": {"name": "users", "namespace": "shop", "json_schema": schema, "is_file_based": False},
            "sync_mode": "incremental",
            "destination_sync_mode": "append_dedup",
            "cursor_field": ["updated_at"],
            "primary_key": [["id"], ["nested", "id"]],
            "generation_id": 3,
            "minimum_generation_id": 2,
            "sync_id": 77,
            "destination_object_name": "vip",
        }
    )
    assert plan == ConfiguredStream(
        StreamKey("shop", "users"), ("z", "email", "a"), "incremental", "append_dedup", ("id",), 3, 2, 77, "vip",
        key_types=(ColumnType.ANY,),
    )  # fmt: skip


@pytest.mark.parametrize("schema", [None, {}, {"properties": None}, {"properties": []}, {"type": "object"}])
def test_a_schema_that_names_no_columns_gives_none(schema: Any) -> None:
    (plan,) = parsed({"stream": {"name": "users", "json_schema": schema}})
    assert plan.columns == ()


def test_what_a_host_leaves_out_or_nulls_gets_the_protocols_defaults() -> None:
    for configured in ({}, dict.fromkeys(["sync_mode", "destination_sync_mode", "primary_key", "generation_id"])):
        (plan,) = parsed(a_stream(**configured))
        assert (plan.sync_mode, plan.destination_sync_mode) == ("full_refresh", "append")
        assert (plan.primary_key, plan.generation_id) == ((), None)


@pytest.mark.parametrize(
    ("generation", "minimum", "sync", "drops"),
    [
        (None, None, None, False),
        (0, 0, 5, False),
        (3, 0, 5, False),
        (3, 2, 5, False),
        (3, 3, 5, True),
        (1, 1, 5, True),
        (3, 3, None, True),
        (1, 1, 1, False),
    ],
)
def test_earlier_generations_are_to_go_where_the_present_one_is_the_least(
    generation: int | None, minimum: int | None, sync: int | None, drops: bool
) -> None:
    (plan,) = parsed(a_stream(generation_id=generation, minimum_generation_id=minimum, sync_id=sync))
    assert plan.drops_earlier_generations is drops


def test_the_same_name_in_two_namespaces_is_two_streams() -> None:
    plans = parsed(a_stream("users", "a"), a_stream("users", "b"), a_stream("users"))
    assert [str(plan.key) for plan in plans] == ["a.users", "b.users", "users"]


def test_a_stream_named_twice_is_refused() -> None:
    with raises(Code.CATALOG_UNUSABLE, match="twice"):
        parsed(a_stream("users", "a"), a_stream("users", "a"))


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"{}", b'{"streams":[{"stream":{}}]}', b'{"streams":[{"stream":{"name":"\xff"}}]}']
)
def test_what_is_no_catalog_is_refused(content: bytes) -> None:
    with raises(Code.CATALOG_UNUSABLE, match="not a ConfiguredAirbyteCatalog"):
        parse_catalog(content)


def test_a_catalog_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps({"streams": [a_stream()]}))
    assert [plan.key.name for plan in read_catalog(path)] == ["users"]


def test_a_catalog_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with raises(Code.CATALOG_UNUSABLE, match=r"none\.json can't be read: No such file"):
        read_catalog(tmp_path / "none.json")


def test_a_byte_order_mark_is_read_past(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"streams": [a_stream()]}).encode())
    assert read_catalog(path) == parse_catalog(path.read_bytes()) == parsed(a_stream())


@pytest.mark.parametrize("levels", [2_000, 100_000])
def test_a_catalog_that_is_nested_too_deep_says_so(levels: int) -> None:
    content = json.dumps({"streams": [a_stream(x="…")]}).replace('"…"', "[" * levels + "]" * levels)
    content = content.replace('"json_schema": {}', '"json_schema": {"a": ' + "[" * levels + "]" * levels + "}")
    with raises(Code.CATALOG_UNUSABLE, match="nested too deep"):
        parse_catalog(content.encode())


def test_a_schema_of_hundreds_of_levels_is_read_on_every_python() -> None:
    content = json.dumps({"streams": [a_stream()]})
    content = content.replace(
        '"json_schema": {}', '"json_schema": {"properties": {"a": ' + "[" * 800 + "]" * 800 + "}}"
    )
    assert [stream.columns for stream in parse_catalog(content.encode())] == [("a",)]


def test_a_catalog_that_is_too_large_is_not_read_whole() -> None:
    with raises(Code.CATALOG_UNUSABLE, match="/dev/zero has more than 80,000,000 bytes"):
        read_catalog(Path("/dev/zero"))


def test_a_catalog_that_is_not_utf8_says_so_without_its_content() -> None:
    with raises(Code.CATALOG_UNUSABLE, match="it is not UTF-8"):
        parse_catalog(b'{"streams":[{"stream":{"name":"canary\xff"}}]}')
