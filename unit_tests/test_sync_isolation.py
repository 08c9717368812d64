"""One bad audience stops only itself, whatever is wrong with it and however audiences are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.membership.lease import LeaseTiming
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from unit_tests.remembered.shop import (
    BY_IMAGE,
    EPOCH,
    Shop,
    complete,
    deduped,
    people,
    row,
    rows,
    state,
    stream,
)
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises
from unit_tests.support.rig import ClockPause, new_sync

REFRESHED = {"generation_id": 7, "minimum_generation_id": 7, "sync_id": 12}


def audiences(outbox: Outbox) -> dict[str, dict[str, Any]]:
    """What the last sync reported of each audience."""
    text = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)][-1]
    return {each["audience"]: each for each in json.loads(text.removeprefix(REPORT_PREFIX))["audiences"]}


def statuses(outbox: Outbox) -> dict[str, str]:
    return {status["stream_descriptor"]["name"]: status["status"] for status in outbox.stream_statuses}


class Account:
    """Syncs into one ad account without a membership store."""

    def __init__(self, raw: dict[str, Any], messages: Any, pinterest: FakePinterest, clock: Clock) -> None:
        self.pinterest = pinterest
        self.released: list[int] = []
        self._raw, self._messages, self._clock = raw, messages, clock

    def sync(self, streams: Iterable[dict[str, Any]], *lines: bytes, **settings: Any) -> list[int]:
        catalog = parse_catalog(json.dumps({"streams": list(streams)}).encode())
        raw = {**self._raw, "retry_hours": 0.01, **settings}
        sync = new_sync(
            raw,
            catalog,
            MessageLines(lines),
            self._messages,
            self.pinterest,
            system=self._clock.system,
            pause=ClockPause(self._clock),
        )
        self.released = []
        for released in sync.run():
            self.released.append(json.loads(released)["id"])
        return self.released

    def people_in(self, audience: str) -> set[str]:
        (found,) = [each for each in self.pinterest.audiences.values() if each["name"] == audience]
        members: set[str] = self.pinterest.members[found["rule"]["customer_list_id"]]
        return members


@pytest.fixture
def account(raw_config: dict[str, Any], messages: Any, pinterest: FakePinterest, clock: Clock) -> Account:
    return Account(raw_config, messages, pinterest, clock)


@pytest.fixture
def shop(pinterest: Any, messages: Any, raw_config: dict[str, Any], clock: Any, tmp_path: Path) -> Shop:
    return Shop(pinterest, messages, raw_config, clock, tmp_path / "store")


def taken(pinterest: FakePinterest) -> None:
    pinterest.add_audience("bad", None, kind="VISITOR")


def list_gone(pinterest: FakePinterest) -> None:
    pinterest.add_audience("bad", "12345")


def list_forbidden(pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("bad")
    pinterest.add_audience("bad", list_id)
    pinterest.refuse("GET", f"customer_lists/{list_id}", 403, times=99)


def list_silent(pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("bad")
    pinterest.add_audience("bad", list_id)
    pinterest.refuse("GET", f"customer_lists/{list_id}", 503, times=999)


def list_never_written(pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("bad")
    pinterest.add_audience("bad", list_id)
    pinterest.lose("PATCH", f"customer_lists/{list_id}", acted=False, times=999)


def list_gone_meanwhile(pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("bad")
    pinterest.add_audience("bad", list_id)
    pinterest.refuse("PATCH", f"customer_lists/{list_id}", 404, times=999)


FAILINGS = [
    (taken, Code.AUDIENCE_OF_OTHER_TYPE),
    (list_gone, Code.CUSTOMER_LIST_GONE),
    (list_forbidden, Code.ROLE_MISSING),
    (list_silent, Code.PINTEREST_FAULT),
    (list_never_written, Code.PINTEREST_UNREACHABLE),
    (list_gone_meanwhile, Code.NOT_FOUND),
]


@pytest.mark.parametrize(("fault", "code"), FAILINGS)
def test_what_is_wrong_with_one_audience_stops_that_one_alone(
    account: Account, pinterest: FakePinterest, outbox: Outbox, fault: Callable[[FakePinterest], None], code: Code
) -> None:
    fault(pinterest)
    streams = [stream("good"), stream("bad"), stream("fine")]
    lines = [
        *rows("ab", "bad"), state(1, of="bad"), *rows("cd", "good"), state(2, of="good"),
        *rows("e", "bad"), state(3, of="bad"), *rows("fg", "fine"), state(4, of="fine"), *rows("h", "good"),
        state(5, of="good"),
    ]  # fmt: skip
    with raises(code, match='"bad"'):
        account.sync(streams, *lines)
    assert account.released == [2, 4, 5]
    assert (account.people_in("good"), account.people_in("fine")) == (people("cdh"), people("fg"))
    found = audiences(outbox)
    assert (found["bad"]["entered"], found["bad"]["errored"], found["bad"]["pending"]) == (3, 3, 0)
    assert found["bad"]["failure"]["error_code"] == code
    assert found["bad"]["failure"]["error"].startswith(f"{code}: ")
    assert [found[name]["failure"] for name in ("good", "fine")] == [None, None]
    assert [found[name]["synced"] for name in ("good", "fine")] == [3, 2]
    assert [found[name]["customer_list_status"] for name in ("good", "fine", "bad")] == ["PROCESSING"] * 2 + [None]
    assert statuses(outbox) == {"good": "COMPLETE", "fine": "COMPLETE", "bad": "INCOMPLETE"}


@pytest.mark.parametrize(("fault", "code"), FAILINGS)
def test_the_next_sync_brings_the_rows_of_the_failed_audience(
    account: Account, pinterest: FakePinterest, fault: Callable[[FakePinterest], None], code: Code
) -> None:
    fault(pinterest)
    lines = [*rows("ab", "bad"), state(1, of="bad"), *rows("cd", "good"), state(2, of="good")]
    with raises(code):
        account.sync([stream("good"), stream("bad")], *lines)
    pinterest.audiences = {key: value for key, value in pinterest.audiences.items() if value["name"] != "bad"}
    pinterest.stop_trouble()
    assert account.sync([stream("good"), stream("bad")], *rows("ab", "bad"), state(1, of="bad")) == [1]
    assert account.people_in("bad") == people("ab")


def test_a_first_creation_that_fails_stops_only_its_audience(
    account: Account, pinterest: FakePinterest, outbox: Outbox
) -> None:
    pinterest.refuse("POST", "audiences$", 400, "The name contains a forbidden word.")
    lines = [*rows("a", "bad"), state(1, of="bad"), *rows("c", "good"), state(2, of="good")]
    with raises(Code.REQUEST_REFUSED, match='Audience "bad": Pinterest refuses'):
        account.sync([stream("bad"), stream("good")], *lines)
    assert account.people_in("good") == people("c")
    assert statuses(outbox) == {"good": "COMPLETE", "bad": "INCOMPLETE"}


def test_several_failures_are_one_message_with_the_name_and_code_of_each(
    account: Account, pinterest: FakePinterest
) -> None:
    taken(pinterest)
    pinterest.add_audience("worse", "12345")
    with raises(Code.AUDIENCES_FAILED) as caught:
        account.sync([stream("bad"), stream("worse"), stream("good")], *rows("c", "good"), state(1, of="good"))
    message = str(caught.value)
    assert message.startswith("PIN-SYNC-004: 2 of 3 audiences failed; the other is synced. PIN-AUD-")
    assert all(word in message for word in ('"bad"', '"worse"', Code.AUDIENCE_OF_OTHER_TYPE, Code.CUSTOMER_LIST_GONE))
    assert account.released == [1]
    assert account.people_in("good") == people("c")


def test_of_failures_some_of_which_may_pass_the_platform_is_told_to_try_again(
    account: Account, pinterest: FakePinterest
) -> None:
    taken(pinterest)
    list_id = pinterest.add_list("down")
    pinterest.add_audience("down", list_id)
    pinterest.refuse("PATCH", f"customer_lists/{list_id}", 503, times=99)
    with raises(Code.AUDIENCES_FAILED_FOR_NOW, match='"bad".*Audience "down": PIN-API-'):
        account.sync([stream("bad"), stream("down"), stream("good")], *rows("c", "good"), *rows("a", "down"))
    assert account.people_in("good") == people("c")


def test_two_audiences_of_one_list_fail_and_a_third_does_not(account: Account, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("shared")
    for name in ("bad", "worse"):
        pinterest.add_audience(name, list_id)
    with raises(Code.CUSTOMER_LIST_SHARED):
        account.sync([stream("bad"), stream("worse"), stream("good")], *rows("c", "good"), *rows("a", "bad"))
    assert account.people_in("good") == people("c")
    assert pinterest.members[list_id] == set()


# --- streams that can't be planned ------------------------------------------------------------------------------------

DECLARED = {"identity_columns": [{"column": name, "identifier": "EMAIL"} for name in ("email", "second")]}
NAMESPACED = {"audience_name": "{namespace}"}
GOOD = stream("good")
# A stream with an object's own columns needs none of those that the settings name.
ACTIVATED = stream("good", destination_object_name="pinterest_audience")
UNPLANNED = [
    (DECLARED, stream("bad"), ACTIVATED, Code.COLUMN_MISSING),
    (DECLARED, {"stream": {"name": "bad", "json_schema": {"properties": {"shoe_size": {}}}}}, ACTIVATED,
     Code.IDENTITY_COLUMNS_NOT_IN_STREAM),
    ({}, {"stream": {"name": "bad", "json_schema": {"properties": {"shoe_size": {}}}}}, GOOD,
     Code.NO_IDENTITY_COLUMN_RECOGNISED),
    ({}, stream("bad", destination_sync_mode="update"), GOOD, Code.SYNC_MODE_UNKNOWN),
    ({}, stream("bad", destination_object_name="bad (1/2)"), GOOD, Code.DESTINATION_OBJECT_UNKNOWN),
    (NAMESPACED, stream("bad"), {**GOOD, "stream": {**GOOD["stream"], "namespace": "good"}}, Code.AUDIENCE_NAME_EMPTY),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "bad", "good", "code"), UNPLANNED)
def test_a_stream_that_can_not_be_planned_stops_only_its_audience(
    account: Account,
    outbox: Outbox,
    settings: dict[str, Any],
    bad: dict[str, Any],
    good: dict[str, Any],
    code: Code,
) -> None:
    record = row("c", "good")
    if settings == NAMESPACED:
        record = record.replace(b'"stream": "good"', b'"stream": "good", "namespace": "good"')
    with raises(code, match='"bad"'):
        account.sync([bad, good], row("a", "bad"), record, state(1, of="bad"), row("b", "bad"), **settings)
    assert account.released == []
    assert account.people_in("good") == people("c")
    found = audiences(outbox)["bad"]
    assert (found["entered"], found["errored"], found["failure"]["error_code"]) == (2, 2, code)
    assert statuses(outbox) == {"good": "COMPLETE", "bad": "INCOMPLETE"}


def test_a_stream_that_can_not_be_planned_takes_the_streams_of_its_audience_with_it(
    account: Account, pinterest: FakePinterest, outbox: Outbox
) -> None:
    """Half of an audience's table must not pass for the whole."""
    pinterest.add_audience("VIP", pinterest.add_list("VIP", *people("abc")))
    replaced = {**REFRESHED, "destination_sync_mode": "append"}
    bad = {**stream("bad", **replaced), "destination_sync_mode": "update"}
    chosen = stream("good", destination_object_name="pinterest_audience", **replaced)
    streams = [bad, stream("half", **replaced), chosen]
    settings = {"audience_name": "VIP"}
    with raises(Code.SYNC_MODE_UNKNOWN):
        account.sync(streams, *rows("a", "half"), complete("half"), complete("bad"), complete("good"), **settings)
    assert account.people_in("VIP") == people("abc")


def test_where_no_stream_can_be_planned_nothing_is_asked_and_every_audience_is_named(
    account: Account, pinterest: FakePinterest
) -> None:
    streams = [stream(name, destination_sync_mode="update") for name in ("one", "two")]
    with raises(Code.SYNC_MODE_UNKNOWN, match='"one".*"two"'):
        account.sync(streams, *rows("a", "one"))
    assert pinterest.asked == []


# --- replacements and guards ------------------------------------------------------------------------------------------


def test_a_full_refresh_beside_a_failing_audience_replaces_its_own(
    account: Account, pinterest: FakePinterest, outbox: Outbox
) -> None:
    taken(pinterest)
    pinterest.add_audience("good", pinterest.add_list("good", *people("xy")))
    streams = [stream("bad", **REFRESHED), stream("good", **REFRESHED)]
    lines = [*rows("a", "bad"), *rows("cd", "good"), state(1, of="bad"), state(2, of="good")]
    with raises(Code.AUDIENCE_OF_OTHER_TYPE):
        account.sync(streams, *lines, complete("bad"), complete("good"))
    assert account.released == [2]
    assert account.people_in("good") == people("cd")
    assert audiences(outbox)["good"]["replaced_customer_list_id"] is not None


def test_a_replacement_whose_rows_were_refused_leaves_the_audience_as_it_was(
    account: Account, pinterest: FakePinterest, outbox: Outbox
) -> None:
    for name in ("bad", "good"):
        pinterest.add_audience(name, pinterest.add_list(name, *people("xy")))
    streams = [stream("bad", **REFRESHED), stream("good", **REFRESHED)]
    pinterest.refuse("POST", "customer_lists$", 400, "records are not valid")
    lines = [*rows("ab", "bad"), state(1, of="bad"), complete("bad"), *rows("cd", "good"), state(2, of="good")]
    with raises(Code.REQUEST_REFUSED, match='Audience "bad"'):
        account.sync(streams, *lines, complete("good"))
    assert account.released == [2]
    assert (account.people_in("bad"), account.people_in("good")) == (people("xy"), people("cd"))
    assert audiences(outbox)["bad"]["errored"] == 2


def test_a_guard_that_refuses_one_audience_holds_back_only_its_states(
    account: Account, pinterest: FakePinterest, outbox: Outbox
) -> None:
    for name in ("bad", "good"):
        pinterest.add_audience(name, pinterest.add_list(name, *people("abcdefgh")))
    streams = [stream("bad", **REFRESHED), stream("good", **REFRESHED)]
    lines = [*rows("a", "bad"), state(1, of="bad"), complete("bad"), *rows("abcdefg", "good"), state(2, of="good")]
    with raises(Code.REMOVAL_ABOVE_LIMIT, match='"bad"'):
        account.sync(streams, *lines, complete("good"))
    assert account.released == [2]
    assert (account.people_in("bad"), account.people_in("good")) == (people("abcdefgh"), people("abcdefg"))
    assert statuses(outbox) == {"good": "COMPLETE", "bad": "INCOMPLETE"}


def test_rows_that_can_not_be_used_fail_only_their_audience(account: Account, pinterest: FakePinterest) -> None:
    lines = [*rows(["not an address"] * 3, "bad"), state(1, of="bad"), *rows("cd", "good"), state(2, of="good")]
    with raises(Code.NO_ROW_USABLE, match='"bad"'):
        account.sync([stream("bad", is_resumable=False), stream("good")], *lines)
    assert account.released == [2]


def test_the_mark_of_a_finished_audience_is_kept_though_another_failed(
    account: Account, pinterest: FakePinterest
) -> None:
    taken(pinterest)
    names = [f"p{number}" for number in range(120)]
    with raises(Code.AUDIENCE_OF_OTHER_TYPE):
        account.sync([stream("bad"), stream("good")], *rows(names, "good"))
    (found,) = [each for each in pinterest.audiences.values() if each["name"] == "good"]
    assert "[dp1:w120,E1000" in found["description"]


# --- the whole --------------------------------------------------------------------------------------------------------


def test_the_only_audience_of_a_sync_fails_before_a_row_is_read(
    account: Account, pinterest: FakePinterest, outbox: Outbox
) -> None:
    taken(pinterest)
    with raises(Code.AUDIENCE_OF_OTHER_TYPE):
        account.sync([stream("bad")], b"garbage that is never read")
    assert audiences(outbox)["bad"]["failure"]["error_code"] == Code.AUDIENCE_OF_OTHER_TYPE
    assert statuses(outbox) == {"bad": "INCOMPLETE"}


def test_a_sync_that_succeeds_says_nothing_of_streams(account: Account, outbox: Outbox) -> None:
    account.sync([stream("good"), stream("fine")], *rows("c", "good"))
    assert outbox.stream_statuses == []
    assert [each["failure"] for each in audiences(outbox).values()] == [None, None]


def test_if_nobody_is_answered_any_more_the_other_audiences_are_not_waited_for(
    account: Account, pinterest: FakePinterest, clock: Clock
) -> None:
    for name in ("one", "two", "three"):
        pinterest.add_audience(name, pinterest.add_list(name))
    pinterest.refuse("GET", "customer_lists/", 503, times=999)
    pinterest.refuse("GET", r"ad_accounts/\d+$", 503, times=999)
    began = clock.monotonic
    with raises(Code.PINTEREST_FAULT):
        account.sync([stream("one"), stream("two"), stream("three")], *rows("c", "one"), retry_hours=1)
    assert clock.monotonic - began <= 2 * 3600
    assert len({asked.path for asked in pinterest.asked if "customer_lists/" in asked.path}) == 1


def test_input_that_can_not_be_read_ends_everything(account: Account, pinterest: FakePinterest) -> None:
    taken(pinterest)
    with raises(Code.LINE_NOT_A_MESSAGE):
        account.sync([stream("bad"), stream("good")], *rows("c", "good"), b"garbage")


# --- with a membership store ------------------------------------------------------------------------------------------


def test_a_damaged_ledger_stops_only_its_audience(shop: Shop, outbox: Outbox) -> None:
    streams = [stream("bad", **BY_IMAGE), stream("good", **BY_IMAGE)]
    shop.sync(streams, *rows("ab", "bad"), *rows("cd", "good"), state(1, {}, "bad"), state(2, {}, "good"))
    (manifest,) = [path for path in shop.root.glob("*/manifest.json") if b'"audience":"bad"' in path.read_bytes()]
    manifest.write_bytes(b"{}")
    lines = [*rows("a", "bad"), *rows("ce", "good"), state(3, {}, "bad"), state(4, {}, "good")]
    with raises(Code.STORE_DAMAGED):
        shop.sync(streams, *lines)
    assert shop.released == [4]
    assert (shop.people_in("bad"), shop.people_in("good")) == (people("ab"), people("ce"))
    found = audiences(outbox)["bad"]
    assert (found["entered"], found["errored"], found["members"]) == (1, 1, None)


def test_a_mirror_that_is_refused_in_mid_sending_commits_nothing_and_others_are_settled(
    shop: Shop, outbox: Outbox
) -> None:
    streams = [stream("bad", **BY_IMAGE), stream("good", **BY_IMAGE)]
    shop.sync(streams, *rows("ab", "bad"), *rows("cd", "good"), state(1, {}, "bad"), state(2, {}, "good"))
    (bad,) = [each["id"] for each in shop.pinterest.lists.values() if each["name"] == "bad"]
    shop.pinterest.refuse("PATCH", bad, 403, times=1)
    lines = [*rows("xyz", "bad"), *rows("ce", "good"), state(3, {}, "bad"), state(4, {}, "good")]
    with raises(Code.ROLE_MISSING, match='Audience "bad"'):
        shop.sync(streams, *lines, batch_size=1, max_removal_percent=100)
    assert shop.released == [4]
    assert shop.people_in("good") == people("ce")
    assert audiences(outbox)["bad"]["errored"] == 3
    shop.sync(streams, *lines, max_removal_percent=100)
    assert shop.released == [3, 4]
    assert (shop.people_in("bad"), shop.people_in("good")) == (people("xyz"), people("ce"))


def test_an_epoch_that_fails_in_mid_sync_ends_only_its_audiences_epochs(shop: Shop, outbox: Outbox) -> None:
    streams = [deduped("bad"), deduped("good")]
    first = [row("a", "bad", id=1), row("c", "good", id=1), state(1, of="bad"), state(2, of="good")]
    shop.sync(streams, *first)
    (bad,) = [each["id"] for each in shop.pinterest.lists.values() if each["name"] == "bad"]
    shop.pinterest.refuse("PATCH", bad, 403, times=1)
    lines = [
        row("b", "bad", id=2), state(3, of="bad"), row("d", "good", id=2), state(4, of="good"), shop.wait(EPOCH),
        row("e", "good", id=3), state(5, of="good"), shop.wait(EPOCH), row("f", "bad", id=3), state(6, of="bad"),
        row("g", "good", id=4), state(7, of="good"),
    ]  # fmt: skip
    with raises(Code.ROLE_MISSING):
        shop.sync(streams, *lines)
    assert shop.released == [4, 5, 7]
    assert (shop.people_in("bad"), shop.people_in("good")) == (people("a"), people("cdeg"))
    assert (audiences(outbox)["bad"]["errored"], audiences(outbox)["bad"]["pending"]) == (2, 0)


def test_a_ledger_that_another_sync_uses_stops_only_its_audience(shop: Shop) -> None:
    shop.lease_timing = LeaseTiming(beat_s=0.1)
    streams = [stream("bad", **BY_IMAGE), stream("good", **BY_IMAGE)]
    with shop.open("bad"), raises(Code.STORE_BUSY):
        shop.sync(streams, *rows("a", "bad"), *rows("c", "good"), state(1, {}, "bad"), state(2, {}, "good"))
    assert shop.released == [2]
    assert shop.people_in("good") == people("c")


def test_a_wrong_store_key_ends_everything_even_where_an_audience_is_new(shop: Shop) -> None:
    """Otherwise its ledger would need that key from then on."""
    shop.sync([stream("old", **BY_IMAGE)], *rows("a", "old"), state(1, {}, "old"))
    store = {"store_type": "local", "path": str(shop.root), "store_key": "another key that only tests know"}
    with raises(Code.STORE_KEY_WRONG):
        shop.sync(
            [stream("old", **BY_IMAGE), stream("new", **BY_IMAGE)], *rows("c", "new"), state(2, {}, "new"),
            membership_store=store,
        )  # fmt: skip
    assert shop.released == []
    assert shop.writes == []


def test_a_store_that_is_lost_as_a_whole_ends_everything(shop: Shop) -> None:
    shop.root.rmdir()
    with raises(Code.STORE_FOLDER_REFUSED):
        shop.sync([stream("one", **BY_IMAGE), stream("two", **BY_IMAGE)], *rows("c", "one"))
