from __future__ import annotations

from typing import Any

import pytest

from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.routing.replacement import is_whole_pass

REFRESHED = {"generation_id": 3, "minimum_generation_id": 3, "sync_id": 12}


@pytest.mark.parametrize(
    ("sync_mode", "destination_mode", "more", "expected"),
    [
        ("full_refresh", "append", {}, True),
        ("full_refresh", "overwrite", {}, True),
        ("full_refresh", "soft_delete", {}, True),
        ("full_refresh", "append", {"is_resumable": True}, False),
        ("full_refresh", "overwrite", {"is_resumable": True}, False),
        ("full_refresh", "append", {"is_resumable": True, **REFRESHED}, True),
        ("incremental", "append_dedup", {}, False),
        # A host without generations: its rows may be only what is new.
        ("incremental", "overwrite", {}, False),
        ("incremental", "append_dedup", REFRESHED, True),
        ("incremental", "append_dedup", {**REFRESHED, "minimum_generation_id": 0}, False),
    ],
)
def test_the_catalog_tells_whether_rows_are_a_whole_table(
    sync_mode: str, destination_mode: str, more: dict[str, Any], *, expected: bool
) -> None:
    stream = ConfiguredStream(StreamKey(None, "users"), ("email",), sync_mode, destination_mode, **more)
    assert is_whole_pass(stream) is expected
