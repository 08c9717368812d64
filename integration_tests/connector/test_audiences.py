from __future__ import annotations

from typing import Any

import pytest

from integration_tests.airbyte_messages import address, digests, record, sha256, state, stream
from integration_tests.connector_process import Connectors, Outcome
from integration_tests.sandbox_process import AUDIENCES, RunningSandbox


def sync_one(connector: Connectors, number: int = 1, name: str = "customers") -> Outcome:
    return connector.write(stream(name)).feed(record(name, email=address(number)), state(1, name)).finish()


def test_a_second_sync_finds_the_audience_and_its_list_again(connector: Connectors, sandbox: RunningSandbox) -> None:
    first = sync_one(connector, 1).succeeded().audience("customers")
    second = sync_one(connector, 2).succeeded().audience("customers")
    for key in ("audience_id", "customer_list_id"):
        assert first[key] == second[key]
    assert (len(sandbox.audiences()), len(sandbox.customer_lists())) == (1, 1)
    assert sandbox.members_of("customers") == digests(address(1), address(2))
    assert second["notes"] == []


def test_audience_and_list_are_found_behind_several_hundred_others(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    oldest_list = sandbox.new_list(sha256("a@example.com"), "audience of old")
    sandbox.new_audience("audience of old", oldest_list)
    orphan = sandbox.new_list(sha256("a@example.com"), "orphan")
    for number in range(300):
        sandbox.new_audience(f"other {number}", sandbox.new_list(name=f"other {number}"))
    sync = connector.write(stream("audience of old"), stream("orphan"))
    sync.feed(record("audience of old", email=address(1)), record("orphan", email=address(2)), state(1, "orphan"))
    outcome = sync.finish().succeeded()
    assert outcome.audience("audience of old")["customer_list_id"] == oldest_list
    assert outcome.audience("orphan")["customer_list_id"] == orphan
    assert any("A customer list without an audience was found" in text for text in outcome.texts)
    assert sandbox.members_of("audience of old") == digests("a@example.com", address(1))
    assert sandbox.members_of("orphan") == digests("a@example.com", address(2))
    assert (len(sandbox.audiences()), len(sandbox.customer_lists())) == (302, 302)


def test_of_audiences_of_one_name_the_newest_is_used_with_a_warning(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    lists = [sandbox.new_list(name="customers") for _ in range(3)]
    audiences = [sandbox.new_audience("customers", list_id) for list_id in (lists[0], lists[2], lists[1])]
    outcome = sync_one(connector).succeeded()
    audience = outcome.audience("customers")
    assert (audience["audience_id"], audience["customer_list_id"]) == (audiences[2], lists[1])
    warnings = [message["log"]["message"] for message in outcome.of_type("LOG") if message["log"]["level"] == "WARN"]
    assert [text for text in warnings if "3 audiences are named so" in text]
    assert sandbox.members(lists[1]) == {"a@example.com", sha256(address(1))}


def test_of_lists_of_one_name_the_newest_is_adopted_with_a_warning(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    lists = [sandbox.new_list(name="customers") for _ in range(2)]
    audience = sync_one(connector).succeeded().audience("customers")
    assert audience["customer_list_id"] == lists[1]
    assert any("2 customer lists are named so" in note for note in audience["notes"])


def test_an_audience_of_another_kind_with_that_name_is_a_config_error(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sandbox.new_visitor_audience("customers")
    outcome = sync_one(connector)
    assert outcome.error["failure_type"] == "config_error"
    assert 'an audience "customers" of the type VISITOR' in outcome.error["message"]
    assert (outcome.states, sandbox.customer_lists()) == ([], [])


def test_an_audience_that_fails_does_not_keep_another_from_its_rows_and_states(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sandbox.new_visitor_audience("visitors")
    sync = connector.write(stream("visitors"), stream("customers"))
    sync.feed(record("visitors", email=address(1)), state(1, "visitors"))
    outcome = sync.feed(record("customers", email=address(2)), state(2, "customers")).finish()
    assert outcome.error["failure_type"] == "config_error"
    assert 'PIN-AUD-001: The ad account has an audience "visitors"' in outcome.error["message"]
    assert outcome.state_ids == [2]
    assert sandbox.members_of("customers") == digests(address(2))
    assert [found["name"] for found in sandbox.audiences() if found["audience_type"] == "CUSTOMER_LIST"] == [
        "customers"
    ]
    failed, finished = outcome.audience("visitors"), outcome.audience("customers")
    assert (failed["entered"], failed["errored"], failed["failure"]["error_code"]) == (1, 1, "PIN-AUD-001")
    assert (finished["synced"], finished["failure"]) == (1, None)
    assert finished["customer_list_status"] is not None
    told = {status["stream_descriptor"]["name"]: status["status"] for status in outcome.stream_statuses}
    assert told == {"visitors": "INCOMPLETE", "customers": "COMPLETE"}


def test_interrupted_creations_make_no_second_list_or_audience(connector: Connectors, sandbox: RunningSandbox) -> None:
    interruptions: list[dict[str, object]] = [
        {"kind": "reset_after"},
        {"kind": "truncate", "how": "connection"},
        {"kind": "truncate", "how": "body"},
        {"kind": "not_json"},
        {"kind": "reset_before"},
        {"kind": "status", "status": 503},
    ]
    for endpoint in ("customer_lists/create", "audiences/create"):
        for number, action in enumerate(interruptions):
            sandbox.fault(action, endpoint=endpoint, after=number, times=1)
    names = [f"list {number}" for number in range(len(interruptions))]
    sync = connector.write(*(stream(name) for name in names))
    sync.feed(*(record(name, email=f"{name[-1]}{address(row)}") for name in names for row in range(5)))
    outcome = sync.feed(state(1, names[0])).finish().succeeded()
    assert [plan["hits"] for plan in sandbox.control("GET", "/faults")["faults"]] == [1] * 2 * len(interruptions)
    assert sorted(found["name"] for found in sandbox.customer_lists()) == names
    assert sorted(found["name"] for found in sandbox.audiences()) == names
    for name in names:
        assert sandbox.members_of(name) == digests(*(f"{name[-1]}{address(row)}" for row in range(5)))
    assert outcome.state_ids == [1]


def test_an_audience_that_pinterest_refuses_while_the_list_is_small_is_made_by_a_later_sync(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sandbox.change(audience_floor="refuse", match_rate=1.0)
    small = sync_one(connector).succeeded()
    assert small.state_ids == [1]
    assert (small.report["status"], sandbox.audiences()) == ("succeeded", [])
    assert any("a later sync creates the audience" in note for note in small.audience("customers")["notes"])
    assert "at least 100 members" in str(small.texts)
    people = [address(number) for number in range(120)]
    sync = connector.write(stream("customers")).feed(*(record("customers", email=email) for email in people))
    large = sync.finish().succeeded().audience("customers")
    assert [found["id"] for found in sandbox.audiences()] == [large["audience_id"]]
    assert large["customer_list_id"] == small.audience("customers")["customer_list_id"]
    assert sandbox.members_of("customers") == digests(*people)


def test_only_removals_create_nothing(connector: Connectors, sandbox: RunningSandbox) -> None:
    sync = connector.write(stream("customers", "email", "_ab_cdc_deleted_at"))
    sync.feed(record("customers", email=address(1), _ab_cdc_deleted_at="2026-11-22"), state(1, "customers"))
    outcome = sync.finish().succeeded()
    assert (outcome.state_ids, sandbox.customer_lists(), sandbox.audiences()) == ([1], [], [])
    assert any("There was nothing to add" in note for note in outcome.audience("customers")["notes"])


def test_two_syncs_at_once_leave_one_audience_of_one_list(connector: Connectors, sandbox: RunningSandbox) -> None:
    list_id = sandbox.new_list(name="customers")
    sandbox.fault({"kind": "latency", "seconds": 2}, endpoint="audiences/create")
    syncs = [connector.write(stream("customers")) for _ in range(2)]
    for number, sync in enumerate(syncs):
        sync.feed(record("customers", email=address(number)), state(1, "customers"))
    outcomes = [sync.finish().succeeded() for sync in syncs]
    assert len(sandbox.seen("audiences/create")) == 2
    (left,) = sandbox.audiences()
    assert {outcome.audience("customers")["audience_id"] for outcome in outcomes} == {left["id"]}
    assert sandbox.members(list_id) == {"a@example.com", *digests(*map(address, range(2)))}
    notes = [note for outcome in outcomes for note in outcome.audience("customers")["notes"]]
    assert len([note for note in notes if "which this sync had created, was removed" in note]) == 1


def test_the_list_of_a_renamed_audience_is_left_alone_although_the_listing_does_not_show_it(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sandbox.fault({"kind": "leave_out", "fields": ["rule"]}, endpoint="audiences/list")
    used = sandbox.new_list(name="customers")
    sandbox.new_audience("renamed by hand", used)
    first, second = (sync_one(connector, number).succeeded().audience("customers") for number in (1, 2))
    assert first["customer_list_id"] == second["customer_list_id"] != used
    assert sandbox.members(used) == {"a@example.com"}
    assert len(sandbox.audiences()) == 2


@pytest.mark.parametrize("change", [{"names": "folded"}, {"longest_name": 100}])
def test_an_audience_whose_name_pinterest_changes_is_found_again(
    connector: Connectors, sandbox: RunningSandbox, change: dict[str, Any]
) -> None:
    sandbox.change(**change)
    name = f" VIP  customers {'of the northern region ' * 5}"
    for number in (1, 2):
        sync = connector.write(stream("customers"), audience_name=name)
        sync.feed(record("customers", email=address(number)), state(1, "customers")).finish().succeeded()
    assert (len(sandbox.audiences()), len(sandbox.customer_lists())) == (1, 1)
    assert sandbox.members(sandbox.customer_lists()[0]["id"]) == digests(address(1), address(2))


def test_an_audience_that_somebody_deleted_is_made_again_with_a_warning(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    first = sync_one(connector, 1).succeeded().audience("customers")
    path = f"{AUDIENCES}/{first['audience_id']}"
    assert sandbox.call("PATCH", path, {"operation_type": "REMOVE"}).ok
    refused = connector.write(stream("customers"), if_audience_is_gone="fail").finish()
    assert "PIN-AUD-013" in refused.error["message"]
    again = sync_one(connector, 2).succeeded().audience("customers")
    assert again["customer_list_id"] == first["customer_list_id"]
    (note,) = [note for note in again["notes"] if "campaigns have lost that" in note]
    assert f"({first['customer_list_id']}, 1 record)" in note
    assert f"The audience {again['audience_id']} was made of it" in note
