"""What belongs to an audience beside its members, in each host: it exists early, has its text, is alike and is shared.

Two syncs: whatever the first one makes, the second one finds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integration_tests.airbyte_messages import address
from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM, CUSTOM_CONNECTOR
from integration_tests.orchestrator.hosts import Host
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE
from integration_tests.orchestrator.source import scripted
from integration_tests.orchestrator.streams import Stream
from integration_tests.sandbox_process import AUDIENCES, RunningSandbox

HOSTS = {"platform": CURRENT_PLATFORM, "custom connector": CUSTOM_CONNECTOR, "PyAirbyte": PYAIRBYTE}
SISTER_ACCOUNT = "549755885176"
PEOPLE = range(1000, 1400)
SETTINGS: dict[str, Any] = {
    "create_early": True,
    "description": "From {stream}",
    "actalike": {"countries": ["US"], "percentages": [5]},
    "share_with": {"ad_accounts": [SISTER_ACCOUNT]},
}


@pytest.mark.parametrize("overwrites", [False, True])
@pytest.mark.parametrize("host", HOSTS)
def test_what_the_settings_ask_for_is_made_once(
    connector: Callable[..., Destination], pinterest: RunningSandbox, host: str, *, overwrites: bool
) -> None:
    name = f"reach in {host}, {'replaced' if overwrites else 'added to'}"
    mode = "overwrite" if overwrites else "append"
    stream = Stream(name, sync_mode="full_refresh", destination_sync_mode=mode)
    connection = _connection(HOSTS[host], connector, stream)
    for _ in range(2):
        rows = [stream.record(email=address(number)) for number in PEOPLE]
        connection.job(scripted(*rows, stream.status("COMPLETE"))).attempt().succeeded()
        mine = [one for one in pinterest.audiences() if one["name"].startswith(name)]
        (seed,) = [one for one in mine if one["name"] == name]
        (alike,) = [one for one in mine if one["name"] != name]
        assert seed["description"].startswith(f"From {name} [dp")
        assert alike["rule"] == {"seed_id": [seed["id"]], "country": "US", "percentage": 5}
        asked = f"{AUDIENCES}/shared/accounts?audience_id={seed['id']}&account_type=AD_ACCOUNT"
        assert [one["account_id"] for one in pinterest.call("GET", asked).json()["items"]] == [SISTER_ACCOUNT]
        # The stand-in is in the list that was begun, which a replacement leaves behind.
        assert len(pinterest.members_of(name)) == len(PEOPLE) + (not overwrites)


def _connection(host: Host, connector: Callable[..., Destination], stream: Stream) -> Connection:
    return Connection(host, connector(**SETTINGS), [stream])
