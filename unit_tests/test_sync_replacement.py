"""What a whole sync does to an audience that is to be replaced, by host."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from unit_tests.support.raises import raises
from unit_tests.support.rig import new_sync

# What each host says of a stream that is to be replaced.
PLATFORM = {"generation_id": 7, "minimum_generation_id": 7, "sync_id": 12}
# The same of a full refresh whose attempts go on from each other.
RESUMING = {**PLATFORM, "is_resumable": True}
BY_IMAGE = {"destination_sync_mode": "overwrite"}
PYAIRBYTE = {"destination_sync_mode": "overwrite", "generation_id": 1, "minimum_generation_id": 1, "sync_id": 1}
# What the platform says of a table that is only added to, and of the job after that of PLATFORM.
APPENDED = {"generation_id": 7, "minimum_generation_id": 0, "sync_id": 12}
PLATFORM_LATER = {"generation_id": 8, "minimum_generation_id": 8, "sync_id": 13}
TWENTY = "abcdefghijklmnopqrst"

RunSync = Callable[..., list[int]]


def configured(name: str = "users", *, is_resumable: bool | None = None, **more: Any) -> dict[str, Any]:
    stream = {"name": name, "json_schema": {"properties": {"email": {}}}, "is_resumable": is_resumable}
    return {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append", **more}


def rows(names: Iterable[str], stream: str = "users") -> list[bytes]:
    contents = ({"stream": stream, "data": {"email": f"{name}@example.com"}} for name in names)
    return [json.dumps({"type": "RECORD", "record": content}).encode() for content in contents]


def state(number: int, blob: dict[str, Any] | None = None, stream: str = "users") -> bytes:
    content = {"stream_descriptor": {"name": stream}, "stream_state": {"page": number} if blob is None else blob}
    return json.dumps({"type": "STATE", "state": {"id": number, "type": "STREAM", "stream": content}}).encode()


def complete(stream: str = "users") -> bytes:
    status = {"stream_descriptor": {"name": stream}, "status": "COMPLETE"}
    trace = {"type": "STREAM_STATUS", "emitted_at": 1.0, "stream_status": status}
    return json.dumps({"type": "TRACE", "trace": trace}).encode()


def people(names: Iterable[str]) -> set[str]:
    return {sha256(f"{name}@example.com".encode()).hexdigest() for name in names}


class Shop:
    """A Pinterest with an audience of the streams' name, and syncs into it."""

    def __init__(self, pinterest: Any, messages: Any, raw_config: dict[str, Any], clock: Any) -> None:
        self._pinterest = pinterest
        self._messages = messages
        self._raw_config = raw_config
        self._clock = clock
        self.released: list[int] = []

    def has(self, names: Iterable[str], audience: str = "users") -> str:
        audience_id: str = self._pinterest.add_audience(audience, self._pinterest.add_list(audience, *people(names)))
        return audience_id

    def sync(self, streams: Iterable[dict[str, Any]], *lines: bytes, **settings: Any) -> list[int]:
        """The ids of the states that came back."""
        raw = {**self._raw_config, **settings}
        catalog = parse_catalog(json.dumps({"streams": list(streams)}).encode())
        sync = new_sync(
            raw, catalog, MessageLines(lines), self._messages,
            self._pinterest, system=self._clock.system,
        )  # fmt: skip
        self.released = []
        for released in sync.run():
            self.released.append(json.loads(released)["id"])
        return self.released

    def people_in(self, audience: str = "users") -> set[str]:
        (found,) = [each for each in self._pinterest.audiences.values() if each["name"] == audience]
        members: set[str] = self._pinterest.members[found["rule"]["customer_list_id"]]
        return members


@pytest.fixture
def shop(pinterest: Any, messages: Any, raw_config: dict[str, Any], clock: Any) -> Shop:
    return Shop(pinterest, messages, raw_config, clock)


def warnings(outbox: Any) -> list[str]:
    return [log["message"] for log in outbox.of("LOG") if log["level"] == "WARN"]


def report(outbox: Any) -> dict[str, Any]:
    """What the last sync reported of its first audience."""
    texts = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)]
    audience: dict[str, Any] = json.loads(texts[-1].removeprefix(REPORT_PREFIX))["audiences"][0]
    return audience


@pytest.mark.parametrize(
    ("host", "proof"),
    [
        (PLATFORM, [state(2), complete()]),
        (PLATFORM, [complete(), state(2)]),
        (RESUMING, [state(2, {"__ab_full_refresh_sync_complete": True}), complete()]),
        (BY_IMAGE, [state(2, {})]),
        (BY_IMAGE, [state(2, {"__ab_full_refresh_sync_complete": True})]),
        (BY_IMAGE, [state(2, {"__ab_no_cursor_state_message": True})]),
        (PYAIRBYTE, [state(2), complete()]),
    ],
)
def test_a_whole_table_replaces_the_audience(
    shop: Shop, pinterest: Any, outbox: Any, host: dict[str, Any], proof: list[bytes]
) -> None:
    audience_id = shop.has("abc")
    assert shop.sync([configured(**host)], *rows("cde"), *proof) == [2]
    assert shop.people_in() == people("cde")
    assert list(pinterest.audiences) == [audience_id]
    assert warnings(outbox) == []


def test_the_audience_is_whole_at_every_moment(shop: Shop, pinterest: Any) -> None:
    shop.has("abc")
    seen = []
    pinterest.before = lambda _: seen.append(frozenset(shop.people_in()))
    shop.sync([configured(**PLATFORM)], *rows("cdefgh"), complete(), batch_size=2)
    assert set(seen) == {frozenset(people("abc")), frozenset(people("cdefgh"))}


def test_without_a_generation_states_wait_until_the_audience_is_replaced(shop: Shop, pinterest: Any) -> None:
    shop.has("abc")
    released_at_the_switch = []

    def look(asked: Any) -> None:
        if asked.method == "PATCH" and "/audiences/" in asked.path:
            released_at_the_switch.append(list(shop.released))

    pinterest.before = look
    lines = (*rows("c", "orders"), state(1, stream="orders"), *rows("cd"), state(2), *rows("e"), state(3, {}))
    streams = [configured("orders", sync_mode="incremental"), configured(**BY_IMAGE)]
    assert shop.sync(streams, *lines) == [1, 2, 3]
    assert released_at_the_switch == [[1]]


def test_where_attempts_go_on_from_each_other_states_come_back_meanwhile(shop: Shop, pinterest: Any) -> None:
    shop.has("abc")
    pinterest.refuse("PATCH", "/audiences/", 403, "no", times=9)
    with raises(Code.ROLE_MISSING):
        shop.sync([configured(**RESUMING)], *rows("cd"), state(1), *rows("e"), state(2), complete())
    assert shop.released == [1, 2]


def test_an_input_that_just_ends_replaces_nothing_and_the_next_attempt_finishes(
    shop: Shop, pinterest: Any, outbox: Any
) -> None:
    shop.has("abc")
    assert shop.sync([configured(**RESUMING)], *rows("cd"), state(1), *rows("e")) == [1]
    assert shop.people_in() == people("abc")
    assert any("ended without proof" in text for text in warnings(outbox))
    assert shop.sync([configured(**RESUMING)], *rows("ef"), state(2), complete()) == [2]
    assert shop.people_in() == people("cdef")
    assert len(pinterest.lists) == 2


def test_the_rest_that_a_later_attempt_brings_is_not_judged_as_the_whole_table(shop: Shop) -> None:
    shop.has("abc")
    shop.sync([configured(**RESUMING)], *rows("cde"), state(1))
    assert shop.sync([configured(**RESUMING)], *rows([" no address "]), state(2), complete()) == [2]
    assert shop.people_in() == people("cde")


@pytest.mark.parametrize(("first", "rest", "is_stopped"), [(200, 120, False), (10, 310, True)])
def test_a_small_rest_may_lack_identifiers_that_the_whole_table_has(
    shop: Shop, first: int, rest: int, is_stopped: bool
) -> None:
    def table(numbers: Iterable[int], *, has_devices: bool = True) -> list[bytes]:
        people = ({"email": f"p{each}@example.com", "idfa": str(UUID(int=each + 1, version=4))} for each in numbers)
        kept = (person if has_devices else {"email": person["email"]} for person in people)
        return [json.dumps({"type": "RECORD", "record": {"stream": "users", "data": each}}).encode() for each in kept]

    def refresh(generation: int) -> dict[str, Any]:
        ids = {"generation_id": generation, "minimum_generation_id": generation, "sync_id": generation}
        stream = configured(**ids, is_resumable=True)
        stream["stream"]["json_schema"]["properties"] |= {"idfa": {}}
        return stream

    shop.sync([refresh(1)], *table(range(320)), complete())
    shop.sync([refresh(2)], *table(range(first)), state(1))
    lines = [*table(range(first, first + rest), has_devices=False), complete()]
    if is_stopped:
        with raises(Code.IDENTITY_DRIFT):
            shop.sync([refresh(2)], *lines)
        return
    shop.sync([refresh(2)], *lines)
    with raises(Code.IDENTITY_DRIFT):  # The rest is not what the next table is compared with.
        shop.sync([refresh(3)], *table(range(320), has_devices=False), complete())


def test_an_attempt_without_rows_finishes_what_the_one_before_it_had_sent(shop: Shop) -> None:
    shop.has("abc")
    shop.sync([configured(**RESUMING)], *rows("cde"), state(1))
    shop.sync([configured(**RESUMING)], complete())
    assert shop.people_in() == people("cde")


@pytest.mark.parametrize("sync_mode", ["full_refresh", "incremental"])
def test_where_states_would_outlive_the_list_they_wait_and_nobody_is_lost(shop: Shop, sync_mode: str) -> None:
    """The refresh gives up for good; jobs after it add, from whatever states the platform has."""
    refresh = configured(**{**PLATFORM, "sync_mode": sync_mode})
    shop.has("abc")
    with raises(Code.TABLE_INCOMPLETE):
        shop.sync([refresh], *rows("cd"), state(1))
    assert (shop.released, shop.people_in()) == ([], people("abc"))
    later = configured(generation_id=7, minimum_generation_id=0, sync_id=13, sync_mode="incremental")
    assert shop.sync([later], *rows("cde"), state(2), complete()) == [2]
    assert shop.people_in() == people("abcde")


def test_an_attempt_after_the_switch_brings_only_the_rest_and_replaces_nothing(shop: Shop, pinterest: Any) -> None:
    """The audience was replaced and the states went back; then another stream failed, or the process died."""
    refresh = configured(**{**PLATFORM, "sync_mode": "incremental"})
    shop.has("abc")
    assert shop.sync([refresh], *rows("cde"), state(1), complete()) == [1]
    assert shop.sync([refresh], *rows("f"), state(2), complete()) == [2]
    assert shop.people_in() == people("cdef")
    assert shop.sync([refresh], complete()) == []
    assert shop.people_in() == people("cdef")
    assert len(pinterest.lists) == 2


def test_who_left_the_table_between_two_attempts_is_not_in_the_audience(shop: Shop) -> None:
    shop.has("abc")
    for names, proof in (("cx", []), ("cde", [complete()])):
        lines = [*rows(names), state(1), *proof]
        if proof:
            shop.sync([configured(**PLATFORM)], *lines)
        else:
            with raises(Code.TABLE_INCOMPLETE):
                shop.sync([configured(**PLATFORM)], *lines)
    assert shop.people_in() == people("cde")


@pytest.mark.parametrize("host", [BY_IMAGE, PYAIRBYTE])
def test_without_a_generation_an_input_that_just_ends_fails_and_the_next_attempt_starts_anew(
    shop: Shop, host: dict[str, Any]
) -> None:
    shop.has("abc")
    with raises(Code.TABLE_INCOMPLETE):
        shop.sync([configured(**host)], *rows("xy"), state(1))
    assert (shop.released, shop.people_in()) == ([], people("abc"))
    shop.sync([configured(**host)], *rows("cde"), state(2, {}))
    assert shop.people_in() == people("cde")


def test_a_record_after_the_supposed_end_shows_that_it_was_none(shop: Shop) -> None:
    shop.has("abc")
    with raises(Code.TABLE_INCOMPLETE):
        shop.sync([configured(**BY_IMAGE)], *rows("cd"), state(1, {}), *rows("e"))
    assert shop.people_in() == people("abc")


def test_a_cleared_stream_leaves_the_audience_and_its_state_comes_back(shop: Shop, outbox: Any) -> None:
    shop.has("abc")
    assert shop.sync([configured(**BY_IMAGE)], state(1, {})) == [1]
    assert shop.people_in() == people("abc")
    assert any("has no usable rows" in text for text in warnings(outbox))
    assert report(outbox)["empty_table"] == "kept"
    assert shop.sync([configured(**PLATFORM)], state(2, {}), complete(), allow_empty_audience=True) == [2]
    assert shop.people_in().isdisjoint(people("abc"))
    assert report(outbox)["empty_table"] is None


def test_an_empty_table_of_a_new_audience_is_said_and_so_is_one_of_an_audience_that_was_emptied(
    shop: Shop, pinterest: Any, outbox: Any
) -> None:
    shop.sync([configured(**BY_IMAGE)], state(1, {}))
    assert any("no usable rows, so no audience is created" in text for text in warnings(outbox))
    assert (report(outbox)["empty_table"], pinterest.audiences) == ("nobody_yet", {})
    shop.sync([configured(**BY_IMAGE)], state(2, {}), allow_empty_audience=True)
    assert report(outbox)["empty_table"] is None
    shop.has("abc")
    shop.sync([configured(**BY_IMAGE)], state(3, {}), allow_empty_audience=True)
    shop.sync([configured(**BY_IMAGE)], state(4, {}))
    assert report(outbox)["empty_table"] == "nobody_yet"


@pytest.mark.parametrize("host", [RESUMING, PLATFORM, BY_IMAGE])
def test_a_table_that_shrank_too_much_fails_and_releases_no_last_state(shop: Shop, host: dict[str, Any]) -> None:
    shop.has("abcdefgh")
    end = [] if host is BY_IMAGE else [complete()]
    with raises(Code.REMOVAL_ABOVE_LIMIT, match=r"5 of 8 identifiers \(62 %, .*\) would leave"):
        shop.sync([configured(**host)], *rows("abc"), state(1, {}), *end)
    assert shop.people_in() == people("abcdefgh")
    assert shop.released == ([1] if host is RESUMING else [])
    shop.sync([configured(**host)], *rows("abc"), state(1, {}), *end, max_removal_percent=75)
    assert shop.people_in() == people("abc")


@pytest.mark.parametrize(
    ("streams", "reason"),
    [
        ([configured(**BY_IMAGE, is_resumable=True)], '"users" can be resumed in its middle'),
        ([configured(**{**PYAIRBYTE, "sync_mode": "incremental"})], '"users" is read incrementally'),
        (
            [configured(**PLATFORM), configured("orders", sync_mode="incremental")],
            '"orders" leads to the same audience',
        ),
    ],
)
def test_rows_that_may_not_be_the_whole_table_are_added_and_it_is_said_why(
    shop: Shop, outbox: Any, streams: list[dict[str, Any]], reason: str
) -> None:
    shop.has("abc")
    assert shop.sync(streams, *rows("cd"), state(1, {}), complete(), audience_name="users") == [1]
    assert shop.people_in() == people("abcd")
    (warning,) = warnings(outbox)
    assert "not replaced but added to" in warning
    assert reason in warning


@pytest.mark.parametrize("sync_mode", ["incremental", "full_refresh"])
def test_the_constant_generation_of_pyairbyte_replaces_nothing(shop: Shop, outbox: Any, sync_mode: str) -> None:
    shop.has("abc")
    stream = configured(**{**PYAIRBYTE, "destination_sync_mode": "append_dedup", "sync_mode": sync_mode})
    shop.sync([stream], *rows("cd"), state(1), complete())
    assert (shop.people_in(), warnings(outbox)) == (people("abcd"), [])


@pytest.mark.parametrize("host", [PLATFORM, BY_IMAGE])
def test_streams_of_one_audience_replace_it_together_and_only_when_both_are_whole(
    shop: Shop, host: dict[str, Any]
) -> None:
    shop.has("abc")
    streams = [configured(**host), configured("orders", **host)]
    lines = [*rows("cd"), state(1, {}), complete(), *rows("ef", "orders")]
    with raises(Code.TABLE_INCOMPLETE):
        shop.sync(streams, *lines, audience_name="users")
    assert (shop.people_in(), shop.released) == (people("abc"), [])
    assert shop.sync(streams, *lines, state(2, {}, "orders"), complete("orders"), audience_name="users") == [1, 2]
    assert shop.people_in() == people("cdef")


def test_one_audience_that_can_not_be_replaced_does_not_keep_another_from_it(shop: Shop) -> None:
    shop.has("abcdefgh")
    shop.has("xyz", "orders")
    lines = [*rows("a"), state(1, {}), *rows("wx", "orders"), state(2, {}, "orders")]
    with raises(Code.REMOVAL_ABOVE_LIMIT, match='"users"'):
        shop.sync([configured(**BY_IMAGE), configured("orders", **BY_IMAGE)], *lines)
    assert shop.people_in() == people("abcdefgh")
    assert shop.people_in("orders") == people("wx")
    assert shop.released == [2]


def test_a_table_that_is_replaced_before_it_has_an_audience_becomes_one(shop: Shop, pinterest: Any) -> None:
    assert shop.sync([configured(**BY_IMAGE)], *rows("ab"), state(1, {})) == [1]
    assert shop.people_in() == people("ab")
    assert len(pinterest.lists) == 1


@pytest.mark.parametrize("mode", ["additive", "remove"])
def test_other_modes_than_mirror_replace_nothing(shop: Shop, outbox: Any, mode: str) -> None:
    shop.has("abc")
    shop.sync([configured(**PLATFORM)], *rows("cd"), state(1), complete(), mode=mode)
    assert shop.people_in() == people("abcd" if mode == "additive" else "ab")
    assert [f"(mode) is {mode}" in warning for warning in warnings(outbox)] == ([True] if mode == "additive" else [])


@pytest.mark.parametrize("incomplete_first", [True, False])
def test_what_a_failed_stream_marks_as_its_end_replaces_nothing(shop: Shop, incomplete_first: bool) -> None:
    """Airbyte's CDK writes the marker also for a stream that broke off, beside the status INCOMPLETE."""
    status = complete().replace(b"COMPLETE", b"INCOMPLETE")
    marker = state(2, {"__ab_no_cursor_state_message": True})
    end = [status, marker] if incomplete_first else [marker, status]
    shop.has("abc")
    for host in (PLATFORM, PYAIRBYTE):
        with raises(Code.TABLE_INCOMPLETE):
            shop.sync([configured(**host)], *rows("cd"), *end)
        assert shop.people_in() == people("abc")


def test_an_end_marker_counts_only_where_it_is_trusted(shop: Shop) -> None:
    marker = state(2, {"__ab_no_cursor_state_message": True})
    shop.has("abc")
    with raises(Code.TABLE_INCOMPLETE):
        shop.sync([configured(**BY_IMAGE)], *rows("cd"), marker, trust_end_markers=False)
    with raises(Code.TABLE_INCOMPLETE):
        shop.sync([configured(**PLATFORM)], *rows("cd"), marker)
    assert shop.people_in() == people("abc")


def test_rows_of_which_none_can_be_used_do_not_empty_the_audience(shop: Shop, outbox: Any) -> None:
    shop.has("abc")
    nonsense = [line.replace(b"@example.com", b"") for line in rows("de")]
    for percent in (50, 100):
        with raises(Code.NO_ROW_USABLE, match="None of the 2 rows .* column email: 2 of 2 values look like names or"):
            shop.sync([configured(**BY_IMAGE)], *nonsense, state(1, {}), allow_empty_audience=True,
                      max_rejected_percent=percent)  # fmt: skip
        assert shop.released == []
    assert shop.people_in() == people("abc")


def test_rows_without_any_value_do_not_empty_the_audience(shop: Shop, outbox: Any) -> None:
    shop.has("abc")
    blank = [line.replace(b"d@example.com", b"") for line in rows("dd")]
    assert shop.sync([configured(**BY_IMAGE)], *blank, state(1, {}), allow_empty_audience=True) == [1]
    assert shop.people_in() == people("abc")
    assert any("None of the table's rows could be used" in text for text in warnings(outbox))
    assert report(outbox)["empty_table"] == "kept"


def test_a_table_of_which_too_little_can_be_used_replaces_nothing(shop: Shop) -> None:
    shop.has("abc")
    table = [*rows("ab"), *(line.replace(b"@example.com", b"") for line in rows("cde")), state(1, {})]
    with raises(Code.TOO_MANY_ROWS_REJECTED, match=r"3 of the 5 rows .* more than the 50 % .*\(max_rejected_percent\)"):
        shop.sync([configured(**BY_IMAGE)], *table)
    assert shop.people_in() == people("abc")
    assert shop.sync([configured(**BY_IMAGE)], *table, max_rejected_percent=60) == [1]
    assert shop.people_in() == people("ab")


def test_a_first_table_that_is_too_young_for_an_audience_becomes_one_at_the_next_sync(
    shop: Shop, pinterest: Any, clock: Any
) -> None:
    """Pinterest may take a list only once it is matched. Then each new one is too young at the end of its sync."""
    pinterest.refuse("POST", "audiences", 400, "Customer list is PROCESSING")
    assert shop.sync([configured(**BY_IMAGE)], *rows("ab"), state(1, {})) == [1]
    assert pinterest.audiences == {}
    clock.pass_by(86_400)
    pinterest.refuse("POST", "audiences", 400, "Customer list is PROCESSING")
    assert shop.sync([configured(**BY_IMAGE)], *rows("bc"), state(2, {})) == [2]
    assert shop.people_in() == people("bc")
    made_of = [asked for asked in pinterest.asked if asked.method == "POST" and asked.path.endswith("/audiences")]
    assert len(made_of) == 3  # Of each list at its sync's end, and then of the first.


def test_no_audience_is_made_of_what_a_broken_sync_left(shop: Shop, pinterest: Any) -> None:
    with raises(Code.TABLE_INCOMPLETE):
        shop.sync([configured(**BY_IMAGE)], *rows("abcdefgh"))
    with raises(Code.TABLE_INCOMPLETE):
        shop.sync([configured(**BY_IMAGE)], *rows("xy"))
    assert pinterest.audiences == {}
    seen: list[set[str]] = []
    pinterest.before = lambda _: seen.extend([shop.people_in()] if pinterest.audiences else [])
    assert shop.sync([configured(**BY_IMAGE)], *rows("xy"), state(1, {})) == [1]
    assert [each for each in seen if each != people("xy")] == []
    assert shop.people_in() == people("xy")


# --- a customer list that has no audience yet -------------------------------------------------------------------------


@pytest.fixture
def too_small(shop: Shop, pinterest: Any) -> Shop:
    """A first table was added, and Pinterest made no audience of its twenty people."""
    pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    assert shop.sync([configured(**APPENDED)], *rows(TWENTY), state(1), complete()) == [1]
    assert pinterest.audiences == {}
    return shop


@pytest.mark.parametrize("first", [APPENDED, PLATFORM])
@pytest.mark.parametrize("clear", [PLATFORM_LATER, BY_IMAGE])
def test_a_clear_also_empties_a_list_that_has_no_audience_yet(
    shop: Shop, pinterest: Any, outbox: Any, first: dict[str, Any], clear: dict[str, Any]
) -> None:
    pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    shop.sync([configured(**first)], *rows(TWENTY), state(1), complete())
    abandoned, *notes = pinterest.lists
    assert shop.sync([configured(**clear)], state(2, {}), complete(), allow_empty_audience=True) == [2]
    assert pinterest.audiences == {}
    assert sorted(report(outbox)["left_over_customer_list_ids"]) == [abandoned, *notes]
    assert any(f"will not be made from the list {abandoned}" in note for note in report(outbox)["notes"])
    shop.sync([configured(**APPENDED)], *rows("vwxyz"), state(3), complete())
    assert shop.people_in() & people(TWENTY + "vwxyz") == people("vwxyz")


def test_a_clear_after_a_sync_that_died_before_its_audience_leaves_nobody_of_it(shop: Shop, pinterest: Any) -> None:
    pinterest.refuse("POST", "audiences", 403)
    with raises(Code.ROLE_MISSING):
        shop.sync([configured(**APPENDED)], *rows(TWENTY), state(1), complete())
    shop.sync([configured(**PLATFORM_LATER)], state(2, {}), complete(), allow_empty_audience=True)
    shop.sync([configured(**APPENDED)], *rows("vwxyz"), state(3), complete())
    assert shop.people_in() & people(TWENTY + "vwxyz") == people("vwxyz")


def test_a_list_without_an_audience_keeps_its_people_unless_it_may_be_empty(
    too_small: Shop, pinterest: Any, outbox: Any
) -> None:
    (kept,) = pinterest.lists
    assert too_small.sync([configured(**PLATFORM_LATER)], state(2, {}), complete()) == [2]
    (note,) = report(outbox)["notes"]
    assert f"The table has no usable rows, so the customer list {kept}, which has no audience yet, keeps" in note
    assert "Allow an empty audience" in note
    assert (report(outbox)["customer_list_id"], report(outbox)["customer_list_status"]) == (kept, "PROCESSING")
    assert report(outbox)["pinterest_counts_after"]["records"] == 20
    too_small.sync([configured(**APPENDED)], *rows("vwxyz"), state(3), complete())
    assert too_small.people_in() == people(TWENTY + "vwxyz")


def test_too_many_who_would_leave_a_list_without_an_audience_stop_the_sync(too_small: Shop, pinterest: Any) -> None:
    (kept,) = pinterest.lists
    refused = rf"an earlier customer list \({kept}\) has more: 17 of 20 identifiers \(85 %, .*\) would leave"
    with raises(Code.REMOVAL_ABOVE_LIMIT, match=refused):
        too_small.sync([configured(**PLATFORM_LATER)], *rows("abc"), state(2), complete())
    assert pinterest.audiences == {}
    later = {**PLATFORM_LATER, "sync_id": 14}
    too_small.sync([configured(**later)], *rows("abc"), state(2), complete(), max_removal_percent=90)
    assert too_small.people_in() == people("abc")


def test_a_list_that_a_table_replaced_before_it_had_an_audience_is_left_over(
    too_small: Shop, pinterest: Any, outbox: Any
) -> None:
    (abandoned,) = pinterest.lists
    too_small.sync([configured(**PLATFORM_LATER)], *rows(TWENTY[:15]), state(2), complete())
    assert too_small.people_in() == people(TWENTY[:15])
    assert report(outbox)["left_over_customer_list_ids"] == [abandoned]


def test_of_several_audiences_that_stay_as_they_are_all_say_why(shop: Shop) -> None:
    for name in ("users", "orders"):
        shop.has("abcdefgh", name)
    lines = [*rows("a"), state(1, {}), *rows("b", "orders"), state(2, {}, "orders")]
    with raises(Code.REMOVAL_ABOVE_LIMIT, match='"users" was not replaced .*"orders" was not replaced'):
        shop.sync([configured(**BY_IMAGE), configured("orders", **BY_IMAGE)], *lines)
    assert shop.released == []


REFRESHED = {**PLATFORM_LATER, "sync_mode": "incremental"}
INCREMENT = {**APPENDED, "sync_mode": "incremental", "generation_id": 8, "sync_id": 14}


@pytest.mark.parametrize("first", [APPENDED, PLATFORM])
def test_a_replacement_that_breaks_off_leaves_the_list_that_waits_for_its_audience_in_its_place(
    shop: Shop, pinterest: Any, first: dict[str, Any]
) -> None:
    pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    shop.sync([configured(**first)], *rows(TWENTY), state(1), complete())
    for _ in range(2):
        with raises(Code.TABLE_INCOMPLETE):
            shop.sync([configured(**REFRESHED)], *rows("abc"), state(2))
    shop.sync([configured(**INCREMENT)], *rows("vwxyz"), state(3), complete())
    assert shop.people_in() == people(TWENTY + "vwxyz")


def test_a_refused_replacement_is_refused_again_and_leaves_the_list_that_waits_in_its_place(
    too_small: Shop,
) -> None:
    for job in (13, 14, 15):
        with raises(Code.REMOVAL_ABOVE_LIMIT, match="17 of 20 identifiers"):
            too_small.sync([configured(**{**PLATFORM_LATER, "sync_id": job})], *rows("abc"), state(2), complete())
    too_small.sync([configured(**INCREMENT)], *rows("vwxyz"), state(3), complete())
    assert too_small.people_in() == people(TWENTY + "vwxyz")


def test_a_list_that_replaced_another_before_there_was_an_audience_is_the_one_that_waits(
    too_small: Shop, pinterest: Any
) -> None:
    pinterest.refuse("POST", "audiences", 400, "Audience size too small", times=2)
    too_small.sync([configured(**PLATFORM_LATER)], *rows(TWENTY[:15]), state(2), complete())
    with raises(Code.TABLE_INCOMPLETE):
        too_small.sync([configured(**REFRESHED)], *rows("a"), state(2))
    too_small.sync([configured(**INCREMENT)], *rows("vwxyz"), state(3), complete())
    assert too_small.people_in() == people(TWENTY[:15] + "vwxyz")


def test_once_there_is_an_audience_what_waited_before_is_no_longer_taken_up(too_small: Shop, pinterest: Any) -> None:
    with raises(Code.REMOVAL_ABOVE_LIMIT):
        too_small.sync([configured(**PLATFORM_LATER)], *rows("abc"), state(2), complete())
    too_small.sync([configured(**INCREMENT)], *rows("v"), state(3), complete())
    later = {**PLATFORM_LATER, "sync_id": 15}
    too_small.sync([configured(**later)], *rows("vwxyz"), state(4), complete(), max_removal_percent=100)
    assert too_small.people_in() == people("vwxyz")
    pinterest.audiences.clear()  # Somebody deletes it.
    too_small.sync([configured(**INCREMENT)], *rows("a"), state(5), complete())
    assert too_small.people_in() == people("vwxyza")


@pytest.mark.parametrize("if_gone", ["recreate", "fresh", "fail"])
def test_a_list_for_which_it_was_too_early_waits_whatever_becomes_of_audiences_that_are_gone(
    shop: Shop, pinterest: Any, outbox: Any, if_gone: str
) -> None:
    pinterest.refuse("POST", "audiences", 400, "Audience size too small", times=3)
    for page, names in enumerate([TWENTY, "u", "v"]):
        shop.sync([configured(**INCREMENT)], *rows(names), state(page), complete(), if_audience_is_gone=if_gone)
    assert shop.people_in() == people(TWENTY + "uv")
    assert len(pinterest.lists) == (
        1 if if_gone == "recreate" else 3
    )  # With a note that it waits, and that it is over.
    pinterest.audiences.clear()
    if if_gone == "fail":
        with raises(Code.AUDIENCE_GONE):
            shop.sync([configured(**INCREMENT)], *rows("w"), if_audience_is_gone=if_gone)
        return
    shop.sync([configured(**INCREMENT)], *rows("w"), state(9), complete(), if_audience_is_gone=if_gone)
    assert shop.people_in() == people("w" if if_gone == "fresh" else TWENTY + "uvw")


@pytest.mark.parametrize("if_gone", ["recreate", "fresh", "fail"])
def test_a_first_sync_that_ended_before_its_audience_was_made_is_gone_on_with_whatever_the_setting(
    shop: Shop, pinterest: Any, if_gone: str
) -> None:
    pinterest.refuse("POST", "audiences", 403)
    with raises(Code.ROLE_MISSING):
        shop.sync([configured(**INCREMENT)], *rows(TWENTY), state(1), complete(), if_audience_is_gone=if_gone)
    assert shop.released == [1]
    shop.sync([configured(**INCREMENT)], *rows("u"), state(2), complete(), if_audience_is_gone=if_gone)
    assert shop.people_in() == people(TWENTY + "u")


def test_of_a_list_that_waits_nobody_is_told_that_its_audience_may_have_been_deleted(
    too_small: Shop, pinterest: Any, outbox: Any
) -> None:
    with raises(Code.REMOVAL_ABOVE_LIMIT):
        too_small.sync([configured(**PLATFORM_LATER)], *rows("abc"), state(2), complete())
    too_small.sync([configured(**INCREMENT)], *rows("v"), state(3), complete())
    assert not any("There was no such audience" in note for note in report(outbox)["notes"])
