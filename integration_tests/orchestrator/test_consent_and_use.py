"""Rows without consent, and audiences whose members are to see no ads: over syncs in which only some rows come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from integration_tests.airbyte_messages import address
from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM, CUSTOM_CONNECTOR
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.source import scripted
from integration_tests.orchestrator.streams import Stream
from integration_tests.orchestrator.watched_audiences import audience_with, people
from integration_tests.sandbox_process import RunningSandbox

Connector = Callable[..., Destination]
CONSENT = {"consent_column": {"column": "purposes", "permits": ["ads"]}}


def test_who_does_not_consent_stays_out_of_every_sync_until_the_row_consents_or_is_gone(
    connector: Connector, pinterest: RunningSandbox, tmp_path: Path
) -> None:
    """Ada (1) is in two rows, of which one consents; Bob (2) comes without consent first."""
    stream = Stream("consenting", columns=("id", "email", "purposes", "_ab_cdc_deleted_at"), primary_key=("id",))
    audience_with(pinterest, stream.name, people([1, 9]))
    store = {"store_type": "local", "store_key": "canary-key-of-the-store", "path": str(tmp_path)}
    destination = connector(**CONSENT, membership_store=store, deletes="remove")
    connection = Connection(CURRENT_PLATFORM, destination, [stream])

    def row(key: int, person: int, purposes: Any, **data: Any) -> Any:
        return stream.record(id=key, email=address(person), purposes=purposes, **data)

    seen = []
    for cursor, rows in enumerate(
        (
            [row(1, 1, ["ads", "email"]), row(2, 1, None), row(3, 2, "email"), row(4, 3, "ads;email")],
            [row(1, 1, '["ads"]')],
            [row(3, 2, "Ads"), row(2, 1, "email", _ab_cdc_deleted_at="2026-11-22T10:00:00Z")],
            [row(4, 3, "")],
        )
    ):
        source = scripted(*rows, stream.state(f'{{"cursor":{cursor}}}'), stream.status("COMPLETE"))
        verdict = connection.job(source).attempt().succeeded()
        seen.append(frozenset(pinterest.members_of(stream.name)))
    assert seen == [people([3, 9]), people([3, 9]), people([1, 2, 3, 9]), people([1, 2, 9])]
    assert any("1 no_consent" in text or '"no_consent":1' in text.replace(" ", "") for text in verdict.logs)


def test_on_an_exclusion_audience_doubtful_rows_stay_and_nobody_is_asked_for_consent(
    connector: Connector, pinterest: RunningSandbox
) -> None:
    stream = Stream("excluded", columns=("email", "op", "purposes", "_ab_cdc_deleted_at"))
    audience_with(pinterest, stream.name, people([1, 2]))
    operation = {"operation_column": {"mode": "column", "column": "op"}}
    connection = Connection(CUSTOM_CONNECTOR, connector(**CONSENT, **operation, used_for="exclusion"), [stream])
    rows = [
        stream.record(email=address(1), _ab_cdc_deleted_at="0"),
        stream.record(email=address(2), op="delete"),
        stream.record(email=address(3), op="archive"),
        stream.record(email=address(4), purposes=None),
        stream.record(email=address(4), op="delete"),
    ]
    verdict = connection.job(scripted(*rows, stream.state('{"cursor":1}'))).attempt().succeeded()
    assert frozenset(pinterest.members_of(stream.name)) == people([1, 3, 4])
    assert any("not used on exclusion audiences" in text for text in verdict.logs)
