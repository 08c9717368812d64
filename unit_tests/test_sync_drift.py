"""What a whole sync does when a table's identifiers are not what they were, and how it counts who would leave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.audiences.description_mark import read_mark
from destination_pinterest.error_codes import Code
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises
from unit_tests.support.rig import new_sync

RunSync = Callable[..., dict[str, Any]]

WHOLE: dict[str, Any] = {"sync_mode": "full_refresh", "destination_sync_mode": "append"}
REPLACED: dict[str, Any] = {**WHOLE, "destination_sync_mode": "overwrite"}
CHANGES: dict[str, Any] = {"sync_mode": "incremental", "destination_sync_mode": "append"}


def people(ids: Iterable[int], *, devices: int = 10**9) -> list[dict[str, Any]]:
    """People with an address each; the first ones have a device."""
    return [
        {
            "email": f"p{number}@example.com",
            "idfa": f"00000000-0000-4000-8000-{number + 1:012}" if at < devices else None,
        }
        for at, number in enumerate(ids)
    ]


@pytest.fixture
def sync(pinterest: FakePinterest, messages: Any, outbox: Outbox, raw_config: dict[str, Any], clock: Clock) -> RunSync:
    """Syncs a table and returns what the report says of its audience."""

    def run(
        table: list[dict[str, Any]], plan: dict[str, Any] = REPLACED, *, name: str = "users", **settings: Any
    ) -> dict[str, Any]:
        stream = {"name": name, "json_schema": {"properties": {"email": {}, "idfa": {}}}}
        lines = [{"type": "RECORD", "record": {"stream": name, "data": row}} for row in table]
        status = {"stream_descriptor": {"name": name}, "status": "COMPLETE"}
        lines.append({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": status}})
        list(
            new_sync(
                {**raw_config, **settings},
                parse_catalog(json.dumps({"streams": [{"stream": stream, **plan}]}).encode()),
                MessageLines([json.dumps(line).encode() for line in lines]),
                messages,
                pinterest,
                system=clock.system,
            ).run()
        )
        clock.pass_by(60.0)
        (report,) = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)][-1:]
        audience: dict[str, Any] = json.loads(report.removeprefix(REPORT_PREFIX))["audiences"][0]
        return audience

    return run


def audience_of(pinterest: FakePinterest) -> dict[str, Any]:
    (audience,) = pinterest.audiences.values()
    return audience


def size_of(pinterest: FakePinterest) -> int:
    """How many identifiers are in the one audience."""
    return len(pinterest.members[audience_of(pinterest)["rule"]["customer_list_id"]])


def test_a_kind_of_identifier_that_is_missing_stops_a_replacement_before_anybody_leaves(
    sync: RunSync, pinterest: FakePinterest
) -> None:
    sync(people(range(200)))
    with raises(Code.IDENTITY_DRIFT, match=r"0 % of 200 rows have a usable IDFA \(100 % of 200 in the last sync\)"):
        sync(people(range(200), devices=0))
    assert size_of(pinterest) == 400
    report = sync(people(range(200), devices=0), allow_identity_drift=True)
    assert size_of(pinterest) == 200
    assert any("usable IDFA" in note for note in report["notes"])
    sync(people(range(200), devices=0))


def test_the_report_says_what_was_compared(sync: RunSync) -> None:
    first = sync(people(range(200)))
    assert first["identities"] == {
        "rows": 200, "shares": {"EMAIL": 1.0, "IDFA": 1.0}, "is_whole_pass": True, "compared_with": None,
    }  # fmt: skip
    second = sync(people(range(200), devices=150))
    assert second["identities"]["shares"] == {"EMAIL": 1.0, "IDFA": 0.75}
    assert second["identities"]["compared_with"] == {"rows": 200, "shares": {"EMAIL": 1.0, "IDFA": 1.0}}


def test_rows_that_only_add_are_warned_of_and_whole_passes_are_not_compared_with_increments(
    sync: RunSync, pinterest: FakePinterest
) -> None:
    sync(people(range(200)), WHOLE)
    assert sync(people(range(150), devices=0), CHANGES)["notes"] == []
    (note,) = sync(people(range(200), devices=60), WHOLE)["notes"]
    assert note.startswith("30 % of 200 rows have a usable IDFA (100 % of 200 in the last sync). Nobody left")
    assert size_of(pinterest) == 400


@pytest.mark.parametrize("is_stored", [False, True])
def test_the_first_rows_of_an_incremental_stream_are_its_whole_table(
    sync: RunSync, tmp_path: Path, is_stored: bool
) -> None:
    """What changes from then on may be of another kind of people."""
    (tmp_path / "store").mkdir()
    key = "a key that is only for tests"
    store = {"membership_store": {"store_type": "local", "path": str(tmp_path / "store"), "store_key": key}}
    settings = store if is_stored else {}
    sync(people(range(200)), CHANGES, **settings)
    first = sync(people(range(200, 350), devices=60), CHANGES, **settings)
    assert (first["notes"], first["identities"]["compared_with"]) == ([], None)
    second = sync(people(range(350, 500), devices=60), CHANGES, **settings)
    assert second["identities"]["compared_with"] == {"rows": 150, "shares": {"EMAIL": 1.0, "IDFA": 0.4}}


def test_a_few_rows_decide_nothing(sync: RunSync, pinterest: FakePinterest) -> None:
    sync(people(range(99)), max_removal_percent=100)
    sync(people(range(99), devices=0), max_removal_percent=100)
    assert size_of(pinterest) == 99


def test_a_mirror_is_stopped_by_what_the_store_remembers(
    sync: RunSync, pinterest: FakePinterest, tmp_path: Path
) -> None:
    (tmp_path / "store").mkdir()
    key = "a key that is only for tests"
    store = {"membership_store": {"store_type": "local", "path": str(tmp_path / "store"), "store_key": key}}
    sync(people(range(200)), **store)
    mark = read_mark(audience_of(pinterest)["description"])
    assert (mark.whole, mark.store is None) == (None, False), "the store remembers it"
    with raises(Code.IDENTITY_DRIFT, match="usable IDFA"):
        sync(people(range(200), devices=0), **store)
    assert size_of(pinterest) == 400
    sync(people(range(200), devices=0), allow_identity_drift=True, **store)
    assert size_of(pinterest) == 200
    last = sync(people(range(200), devices=0), **store)
    assert last["identities"]["compared_with"] == {"rows": 200, "shares": {"EMAIL": 1.0}}


def test_tables_that_are_mirrored_into_one_audience_by_turns_are_not_compared_with_each_other(
    sync: RunSync, pinterest: FakePinterest, tmp_path: Path
) -> None:
    (tmp_path / "store").mkdir()
    store = {"store_type": "local", "path": str(tmp_path / "store"), "store_key": "a key that is only for tests"}
    settings = {"membership_store": store, "audience_name": "all"}
    shops = people(range(200), devices=0)
    apps = [{"idfa": person["idfa"]} for person in people(range(200))]
    for _ in range(2):
        sync(shops, name="shops", **settings)
        sync(apps, name="apps", **settings)
    assert size_of(pinterest) == 400
    with raises(Code.IDENTITY_DRIFT):
        sync(shops, name="apps", **settings)


def test_a_mark_costs_no_request_while_nothing_changes_and_the_users_words_stay(
    sync: RunSync, pinterest: FakePinterest
) -> None:
    sync(people(range(200)), WHOLE)
    audience = audience_of(pinterest)
    audience["description"] = f"{audience['description']} Ask Ada."
    sync(people(range(200)), WHOLE)
    assert audience["description"].startswith("Kept by destination-pinterest. Changes made by hand may be overwritten.")
    assert "Ask Ada. [dp1:" in audience["description"]
    asked = len(pinterest.asked_for("PATCH", "/audiences/"))
    for table in (people(range(200)), people(range(195), devices=180)):
        sync(table, WHOLE)
    assert len(pinterest.asked_for("PATCH", "/audiences/")) == asked == 1


def test_a_replacement_writes_its_mark_with_the_change_of_the_rule(sync: RunSync, pinterest: FakePinterest) -> None:
    sync(people(range(200)))
    sync(people(range(150)))
    (change,) = pinterest.asked_for("PATCH", "/audiences/")
    assert set(change.body) == {"operation_type", "rule", "description"}


def test_a_mark_that_pinterest_refuses_is_a_warning_and_the_audience_is_replaced(
    sync: RunSync, pinterest: FakePinterest
) -> None:
    sync(people(range(200)))
    pinterest.before = lambda asked: (
        pinterest.refuse("PATCH", "/audiences/", 400, "description too long")
        if asked.method == "GET" and "/audiences/" in asked.path
        else None
    )
    report = sync(people(range(150)))
    assert size_of(pinterest) == 300
    assert any("the mark for the next sync" in note for note in report["notes"])


def test_a_deleted_mark_is_only_unknown(sync: RunSync, pinterest: FakePinterest) -> None:
    sync(people(range(200)))
    audience_of(pinterest)["description"] = None
    assert sync(people(range(200), devices=0))["identities"]["compared_with"] is None
    assert audience_of(pinterest)["description"].startswith("[dp1:")


@pytest.mark.parametrize("left", [190, 101])
def test_the_removal_guard_does_not_count_who_was_sent_repeatedly(
    sync: RunSync, pinterest: FakePinterest, left: int
) -> None:
    """Added five times, 200 people are a thousand records, most of whom would seem to leave."""
    for _ in range(5):
        sync(people(range(200), devices=0), WHOLE)
    sync(people(range(left), devices=0))
    assert size_of(pinterest) == left


def test_repeated_rows_do_not_hide_that_most_would_leave(sync: RunSync, pinterest: FakePinterest) -> None:
    sync(people(range(200), devices=0))
    few = people(range(80), devices=0)
    refused = r"120 of 200 identifiers \(60 %, counted without repeats on 2027-01-15\) would leave"
    with raises(Code.REMOVAL_ABOVE_LIMIT, match=refused):
        sync(few * 5, batch_size=80)
    assert size_of(pinterest) == 200


def test_what_was_added_since_the_count_is_known_from_pinterests_counters(
    sync: RunSync, pinterest: FakePinterest
) -> None:
    sync(people(range(100), devices=0))
    sync(people(range(100, 300), devices=0), CHANGES)
    with raises(Code.REMOVAL_ABOVE_LIMIT, match=r"200 of 300 .* and \+200 since then by Pinterest's counters\)"):
        sync(people(range(100), devices=0))
    assert size_of(pinterest) == 300


def test_the_match_is_a_share_of_people_not_of_identifiers(sync: RunSync, pinterest: FakePinterest) -> None:
    sync(people(range(200)))
    audience_of(pinterest)["size"] = 150
    pinterest.lists[audience_of(pinterest)["rule"]["customer_list_id"]]["status"] = "READY"
    report = sync([], CHANGES)
    assert report["match_estimate"] == {
        "share": 0.75, "of": "people", "is_approximate": True, "people": 200, "counted_on": "2027-01-15",
    }  # fmt: skip
    assert sync(people([999]), CHANGES)["match_estimate"] is None, "who is new is not known"
