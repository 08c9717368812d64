"""Rows with identifiers that only `records_v2` can carry, where Pinterest accepts that form and where it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integration_tests.airbyte_messages import address
from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.source import scripted
from integration_tests.orchestrator.streams import Stream
from integration_tests.orchestrator.verdict import Counted
from integration_tests.orchestrator.watched_audiences import people
from integration_tests.sandbox_process import RunningSandbox

COLUMNS = [{"column": "email", "identifier": "EMAIL"}, {"column": "phone", "identifier": "PHONE"}]


@pytest.mark.parametrize("answer", ["accept", "refuse"])
def test_states_come_back_and_nobody_is_lost_whom_an_address_finds(
    connector: Callable[..., Destination], pinterest: RunningSandbox, answer: str
) -> None:
    stream = Stream(f"people where rows are met by {answer}", columns=("email", "phone"))
    pinterest.change(records_v2=answer)
    rows = [
        stream.record(email=address(1), phone="+1 415 555 0101"),
        stream.record(email=address(2), phone=None),
        stream.record(email=None, phone="+1 415 555 0103"),
        stream.record(email=None, phone="nobody's"),
    ]
    try:
        connection = Connection(CURRENT_PLATFORM, connector(identity_columns=COLUMNS), [stream])
        verdict = connection.job(scripted(*rows, stream.state('{"at":4}'))).attempt().succeeded()
    finally:
        pinterest.change(records_v2="accept")
    assert verdict.counted[stream.descriptor] == (Counted(3, 1) if answer == "accept" else Counted(2, 2))
    assert pinterest.members_of(stream.name) == people([1, 2])
