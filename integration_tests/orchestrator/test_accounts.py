"""One audience in two ad accounts, of which one is refused: on the platform, over the attempts of a job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integration_tests.airbyte_messages import address
from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.source import ScriptedSource, scripted
from integration_tests.orchestrator.streams import Stream
from integration_tests.orchestrator.watched_audiences import People, people
from integration_tests.sandbox_process import AD_ACCOUNT_ID, RunningSandbox

Connector = Callable[..., Destination]
SISTER = "549755885178"
OWNER = "729090764583391194"


@pytest.fixture
def may_be_used(pinterest: RunningSandbox) -> Callable[..., None]:
    """Lets the person who signed in change audiences in the second ad account, or only look at them."""

    def let(*, writes: bool) -> None:
        account = {"name": "Second", "owner_user_id": OWNER if writes else "729090764583391999"}
        pinterest.control(
            "PUT",
            f"/ad_accounts/{SISTER}",
            {**account, "country": "US", "currency": "USD", "roles": {OWNER: ["ANALYST"]}},
        )

    return let


def members(pinterest: RunningSandbox, audience: str) -> dict[str, People]:
    """Who is in the audiences of that name, by ad account."""
    return {
        found["ad_account_id"]: frozenset(pinterest.members(found["rule"]["customer_list_id"]))
        for found in pinterest.audiences()
        if found["name"] == audience
    }


def table(stream: Stream, numbers: range) -> ScriptedSource:
    rows = [stream.record(email=address(number)) for number in numbers]
    return scripted(*rows[:2], stream.state('{"page":1}'), *rows[2:], stream.state('{"page":2}'))


def store(folder: Path) -> dict[str, Any]:
    folder.mkdir()
    kept = {"store_type": "local", "path": str(folder), "store_key": "a key that is only for tests"}
    return {"membership_store": kept}


@pytest.mark.parametrize("remembers", [False, True], ids=["without store", "with store"])
def test_an_account_that_is_refused_gets_the_rows_by_the_next_attempt(
    *,
    connector: Connector,
    pinterest: RunningSandbox,
    may_be_used: Callable[..., None],
    tmp_path: Path,
    remembers: bool,
) -> None:
    stream = Stream(f"in two accounts{', remembered' if remembers else ''}")
    settings = store(tmp_path / "store") if remembers else {}
    destination = connector(also_in_ad_accounts=[SISTER], retry_hours=0, **settings)
    job = Connection(CURRENT_PLATFORM, destination, [stream]).job(table(stream, range(1, 6)))
    may_be_used(writes=False)
    first = job.attempt().correct()
    assert (first.status, first.acknowledged_ids) == ("failed", [])
    assert f'Audience "{stream.name}" (ad account {SISTER})' in first.message
    assert members(pinterest, stream.name) == {AD_ACCOUNT_ID: people(range(1, 6))}
    may_be_used(writes=True)
    assert job.attempt().succeeded().acknowledged_ids
    assert members(pinterest, stream.name) == dict.fromkeys((AD_ACCOUNT_ID, SISTER), people(range(1, 6)))
