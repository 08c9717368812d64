from __future__ import annotations

from typing import Any

import pytest

from destination_pinterest.config import read_config
from destination_pinterest.identity.column_sample import FindingKind
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.routing.plan import plan_stream
from destination_pinterest.routing.sampling import column_sample

COLUMNS = ("email", "left", "_AB_CDC_DELETED_AT", "login")


@pytest.mark.parametrize(
    ("mode", "doubtful"),
    [("column", ["_AB_CDC_DELETED_AT"]), ("removes_if_set", ["left", "_AB_CDC_DELETED_AT"])],
)
def test_a_streams_sample_knows_what_is_used_and_what_decides(
    raw_config: dict[str, Any], mode: str, doubtful: list[str]
) -> None:
    config = read_config({**raw_config, "operation_column": {"mode": mode, "column": "left"}})
    plan = plan_stream(ConfiguredStream(StreamKey(None, "users"), COLUMNS, "full_refresh", "append"), config)
    sample = column_sample(plan, COLUMNS, config)
    sample.take([("ada@example.com", "0", "0", "grace@example.com")])
    found = [(one.kind, one.column) for one in sample.findings()]
    assert found == [
        (FindingKind.NOT_USED, "login"),
        *((FindingKind.DOUBTFUL_MARKS, column) for column in doubtful),
    ]
