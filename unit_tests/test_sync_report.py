"""What the report of a whole sync says of members, counters and lists, after something to tell has happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.errors import ConnectorError
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from unit_tests.support.rig import new_sync

FIRST = {"generation_id": 1, "minimum_generation_id": 1, "sync_id": 11}
SECOND = {"generation_id": 2, "minimum_generation_id": 2, "sync_id": 12}

RunSync = Callable[..., dict[str, Any]]


def rows(ids: Iterable[int], **more: Any) -> list[dict[str, Any]]:
    return [{"id": number, "email": f"p{number}@example.com", **more} for number in ids]


@pytest.fixture
def sync(pinterest: Any, messages: Any, outbox: Any, raw_config: dict[str, Any], clock: Any) -> RunSync:
    """Syncs a whole table of people; what the report says of its audience."""

    def run(people: list[dict[str, Any]], *, ends_well: bool = True, plan: dict[str, Any], **settings: Any) -> Any:
        stream = {"name": "users", "json_schema": {"properties": {"id": {}, "email": {}, "_ab_cdc_deleted_at": {}}}}
        configured = {
            "stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append_dedup",
            "primary_key": [["id"]], **plan,
        }  # fmt: skip
        lines = [{"type": "RECORD", "record": {"stream": "users", "data": row}} for row in people]
        if ends_well:
            status = {"stream_descriptor": {"name": "users"}, "status": "COMPLETE"}
            lines.append({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": status}})
        raw = {**raw_config, **settings}
        sync = new_sync(
            raw,
            parse_catalog(json.dumps({"streams": [configured]}).encode()),
            MessageLines([json.dumps(line).encode() for line in lines]),
            messages,
            pinterest,
            system=clock.system,
        )
        try:
            assert list(sync.run()) == []
        except ConnectorError:
            assert not ends_well
        (report,) = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)][-1:]
        content = json.loads(report.removeprefix(REPORT_PREFIX))
        assert content["status"] == ("succeeded" if ends_well else "failed")
        return content["audiences"][0]

    return run


@pytest.fixture
def store(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "store").mkdir()
    key = "a key that is only for tests"
    return {"membership_store": {"store_type": "local", "path": str(tmp_path / "store"), "store_key": key}}


def test_with_a_store_the_members_are_counted_exactly(sync: RunSync, store: dict[str, Any], pinterest: Any) -> None:
    first = sync(rows(range(100)), plan=FIRST, **store)
    assert first["members"] == {
        "before": 0, "after": 100, "unchanged": 0, "left_by_absence": 0, "unresolved_deletions": 0, "expired": 0,
    }  # fmt: skip
    pinterest.audiences[first["audience_id"]]["size"] = 66
    second = sync(rows(range(20, 110)), plan=SECOND, **store)
    assert second["members"] == {
        "before": 100, "after": 90, "unchanged": 80, "left_by_absence": 20, "unresolved_deletions": 0, "expired": 0,
    }  # fmt: skip
    assert (second["identifiers_added"], second["identifiers_removed"]) == (10, 20)
    assert second["reconciliation"] == {
        "sent_added": 10, "sent_removed": 20, "counted_added": 10, "counted_removed": 20, "difference": None,
    }  # fmt: skip
    assert (second["pinterest_counts_before"]["records"], second["pinterest_counts_after"]["records"]) == (100, 90)
    assert second["match_estimate"] == {
        "share": 0.7333, "of": "members", "is_approximate": True, "people": 90, "counted_on": "2027-01-15",
    }  # fmt: skip
    third = sync(rows(range(20, 110)), plan={**SECOND, "generation_id": 3, "minimum_generation_id": 3}, **store)
    assert (third["members"]["unchanged"], third["identifiers_added"]) == (90, 0)


def test_a_deletion_by_a_key_that_the_store_does_not_know_is_told(sync: RunSync, store: dict[str, Any]) -> None:
    plan = {"generation_id": 1, "minimum_generation_id": 0, "sync_id": 11}
    deletions = [{"id": number, "email": None, "_ab_cdc_deleted_at": "2026-01-01"} for number in (3, 77)]
    audience = sync([*rows(range(5)), *deletions], plan=plan, **store)
    assert audience["members"]["unresolved_deletions"] == 1
    assert audience["members"]["after"] == 4


def test_of_a_sync_that_failed_those_who_stayed_are_not_told(sync: RunSync, store: dict[str, Any]) -> None:
    sync(rows(range(10)), plan=FIRST, **store)
    audience = sync(rows(range(5)), ends_well=False, plan=SECOND, **store)
    assert audience["members"] == {
        "before": 10, "after": 10, "unchanged": None, "left_by_absence": 0, "unresolved_deletions": 0, "expired": 0,
    }  # fmt: skip
    assert (audience["pinterest_counts_after"], audience["reconciliation"], audience["outlook"]) == (None, None, None)


def test_a_replacement_tells_what_it_replaced_and_what_it_left(sync: RunSync, pinterest: Any) -> None:
    first = sync(rows(range(100)), plan=FIRST)
    second = sync(rows(range(60)), plan=SECOND)
    assert (first["replaced_customer_list_id"], first["left_over_customer_list_ids"]) == (None, [])
    assert second["audience_id"] == first["audience_id"]
    assert second["replaced_customer_list_id"] == first["customer_list_id"]
    assert second["replaced_customer_list_counts"]["records"] == 100
    assert second["left_over_customer_list_ids"] == [first["customer_list_id"]]
    assert (second["pinterest_counts_before"]["records"], second["pinterest_counts_after"]["records"]) == (0, 60)
    assert second["members"] is None
    third = sync(rows(range(61)), plan={**SECOND, "generation_id": 3, "minimum_generation_id": 3})
    assert third["left_over_customer_list_ids"] == [first["customer_list_id"], second["customer_list_id"]]


def test_a_second_audience_of_the_name_leaves_the_first_one_its_list(sync: RunSync, pinterest: Any) -> None:
    pinterest.rule_changes = "refuse"
    first = sync(rows(range(100)), plan=FIRST)
    second = sync(rows(range(60)), plan=SECOND, refused_rule_change="new_audience")
    assert second["superseded_audience_id"] == first["audience_id"] != second["audience_id"]
    assert (second["replaced_customer_list_id"], second["left_over_customer_list_ids"]) == (
        first["customer_list_id"], [],
    )  # fmt: skip


def test_a_table_of_nobody_empties_the_audience_and_the_counters_agree(sync: RunSync) -> None:
    sync(rows(range(100)), plan=FIRST)
    audience = sync([], plan=SECOND, allow_empty_audience=True)
    assert audience["reconciliation"] == {
        "sent_added": 1, "sent_removed": 0, "counted_added": 1, "counted_removed": 0, "difference": None,
    }  # fmt: skip


def test_a_lost_answer_that_took_effect_is_seen_in_the_counters(sync: RunSync, pinterest: Any) -> None:
    plan = {"generation_id": 1, "minimum_generation_id": 0, "sync_id": 11}
    pinterest.add_audience("users", pinterest.add_list("users"))
    pinterest.lose("PATCH", "customer_lists", acted=True)
    audience = sync(rows(range(7)), plan=plan)
    assert audience["reconciliation"]["counted_added"] == 14
    assert audience["reconciliation"]["difference"].startswith(
        "Pinterest counted 7 more added than it had accepted in this sync. The count is higher if a request took "
        "effect, but its answer was lost and it was sent again (requests repeated in this sync: 1)"
    )


def test_what_others_write_is_seen_in_the_counters(sync: RunSync, pinterest: Any) -> None:
    plan = {"generation_id": 1, "minimum_generation_id": 0, "sync_id": 11}
    list_id = pinterest.add_list("users")
    pinterest.add_audience("users", list_id)

    def somebody_else(asked: Any) -> None:
        if asked.method == "PATCH" and "customer_lists" in asked.path:
            pinterest.lists[list_id]["num_removed_user_records"] += 3

    pinterest.before = somebody_else
    assert "3 more removed than it had accepted" in sync(rows(range(7)), plan=plan)["reconciliation"]["difference"]
