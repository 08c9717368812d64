from __future__ import annotations

import hashlib
import random
from typing import Any

from integration_tests.airbyte_messages import address, digests, record, sha256, state, stream
from integration_tests.connector_process import Connectors
from integration_tests.sandbox_process import RunningSandbox

EMAIL = {"column": "email", "identifier": "EMAIL"}


def test_a_list_holds_who_is_in_the_rows_however_they_are_written(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    written = ["a@example.com", "  B@Example.COM ", "b@example.com", sha256("c@example.com").upper()]
    wrong: list[Any] = [None, "", "   ", "nobody", 17]
    sync = connector.write(stream("customers", "id", "email"))
    sync.feed(*(record("customers", id=1, email=value) for value in [*written, *wrong]), state(1, "customers"))
    outcome = sync.finish().succeeded()
    assert sandbox.members_of("customers") == digests("a@example.com", "b@example.com", "c@example.com")
    assert outcome.states[0]["destinationStats"] == {"recordCount": 4.0, "rejectedRecordCount": 5.0}
    audience = outcome.audience("customers")
    assert (audience["entered"], audience["synced"], audience["pending"], audience["errored"]) == (9, 4, 0, 0)
    assert audience["not_synced"] == {"no_identity": 3, "invalid_email": 1, "not_text": 1}
    assert audience["identifiers_added"] == 3


def test_the_report_says_what_pinterest_says_of_the_list(connector: Connectors, sandbox: RunningSandbox) -> None:
    sandbox.change(tier="standard", match_rate=1.0)
    sync = connector.write(stream("customers"), access_tier="standard")
    sync.feed(*(record("customers", email=address(number)) for number in range(150)))
    audience = sync.finish().succeeded().audience("customers")
    assert (audience["customer_list_status"], audience["audience_status"], audience["audience_size"]) == (
        *("READY", "READY"),
        150,
    )
    assert audience["notes"] == []
    assert [found["id"] for found in sandbox.audiences()] == [audience["audience_id"]]


def test_deletions_of_a_change_capture_leave_the_list(connector: Connectors, sandbox: RunningSandbox) -> None:
    sync = connector.write(stream("customers", "email", "_ab_cdc_deleted_at"))
    for email, deleted_at in [
        *(("stays@example.com", None), ("goes@example.com", None), ("comes.back@example.com", None)),
        *(("goes@example.com", "2026-11-22T10:00:00Z"), ("comes.back@example.com", "2026-11-22T10:00:00Z")),
        *(("comes.back@example.com", None), ("never.was@example.com", "2026-11-22T10:00:00Z")),
    ]:
        sync.feed(record("customers", email=email, _ab_cdc_deleted_at=deleted_at))
    sync.finish().succeeded()
    assert sandbox.members_of("customers") == digests("stays@example.com", "comes.back@example.com")


def test_an_operation_column_decides_and_an_unknown_operation_is_a_rejection(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    operation_column = {"column": "gone", "remove_values": ["yes"], "add_values": ["no"]}
    sync = connector.write(stream("customers", "email", "gone"), operation_column=operation_column)
    for name, gone in [("a", "no"), ("b", None), ("b", "YES"), ("c", 7)]:
        sync.feed(record("customers", email=f"{name}@example.com", gone=gone))
    outcome = sync.finish().succeeded()
    assert sandbox.members_of("customers") == digests("a@example.com")
    assert outcome.audience("customers")["not_synced"] == {"unknown_operation": 1}


def test_deletions_that_are_to_be_kept_change_nothing_and_are_no_rejections(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sync = connector.write(stream("customers", "email", "_ab_cdc_deleted_at"), deletes="keep")
    sync.feed(record("customers", email="a@example.com"))
    sync.feed(record("customers", email="a@example.com", _ab_cdc_deleted_at="2026-11-22"), state(1, "customers"))
    outcome = sync.finish().succeeded()
    assert sandbox.members_of("customers") == digests("a@example.com")
    assert outcome.states[0]["destinationStats"] == {"recordCount": 2.0, "rejectedRecordCount": 0.0}


def test_every_identity_of_a_row_goes_into_the_list(connector: Connectors, sandbox: RunningSandbox) -> None:
    idfa = "6D92078A-8246-4BA4-AE5B-76104861E7DC"
    md5 = hashlib.md5(b"c@example.com").hexdigest()
    columns = [
        {**EMAIL, "column": "emails", "format": "plain"},
        {"column": "phone_id", "identifier": "IDFA"},
        {"column": "old", "identifier": "EMAIL", "format": "md5"},
        {"column": "ramp", "identifier": "LR_ID"},
    ]
    sync = connector.write(stream("customers", "emails", "phone_id", "old", "ramp"), identity_columns=columns)
    row = {"emails": ["a@example.com", "b@example.com", "nobody"], "phone_id": idfa, "old": md5, "ramp": "XY1234abcd"}
    sync.feed(record("customers", **row))
    outcome = sync.finish().succeeded()
    expected = {*digests("a@example.com", "b@example.com", idfa.lower()), md5, "XY1234abcd"}
    assert sandbox.members_of("customers") == expected
    assert outcome.audience("customers")["identifiers_refused"] == {"invalid_email": 1}


def test_two_streams_fill_two_audiences(connector: Connectors, sandbox: RunningSandbox) -> None:
    sync = connector.write(
        *(stream("vips"), stream("vips", "idfa", "email", namespace="shop")),
        audience_name="{namespace} {stream}",
        identity_columns=[EMAIL],
    )
    sync.feed(record("vips", email="a@example.com"), record("vips", "shop", email="b@example.com"))
    outcome = sync.finish().succeeded()
    assert sandbox.members_of("vips") == digests("a@example.com")
    assert sandbox.members_of("shop vips") == digests("b@example.com")
    assert outcome.audience("shop vips")["streams"] == ["shop.vips"]


def test_two_streams_share_an_audience(connector: Connectors, sandbox: RunningSandbox) -> None:
    sync = connector.write(stream("web"), stream("shops", "email", "gaid"), audience_name="All customers")
    gaid = "cdda802e-fb9c-47ad-9866-0794d394c912"
    sync.feed(record("web", email="a@example.com"), record("shops", email="b@example.com", gaid=gaid))
    outcome = sync.finish().succeeded()
    assert sandbox.members_of("All customers") == digests("a@example.com", "b@example.com", gaid)
    assert len(sandbox.customer_lists()) == 1
    assert (outcome.audience("All customers")["entered"], outcome.report["status"]) == (2, "succeeded")


def test_fifty_thousand_rows_with_changes_of_mind_arrive_as_if_applied_one_by_one(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    chance = random.Random(5)
    expected: set[str] = set()
    lines = []
    for number in range(50_000):
        email, gone = address(chance.randrange(30_000)), chance.random() < 0.3
        (expected.discard if gone else expected.add)(sha256(email))
        lines.append(record("customers", id=number, email=email, _ab_cdc_deleted_at="2026-11-22" if gone else None))
        if number % 10_000 == 9_999:
            lines.append(state(number, "customers", cursor=number))
    sync = connector.write(stream("customers", "id", "email", "_ab_cdc_deleted_at"))
    outcome = sync.feed(*lines).finish().succeeded()
    assert sandbox.members_of("customers") == expected
    assert outcome.state_ids == [9_999, 19_999, 29_999, 39_999, 49_999]
    audience = outcome.audience("customers")
    assert (audience["entered"], audience["synced"], audience["pending"]) == (50_000, 50_000, 0)
    assert max(request["identifiers"] for request in sandbox.seen("customer_lists/update")) <= 1_900
