"""What a whole sync does to an audience that a membership store remembers."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.audience import memory
from destination_pinterest.audience.report import REPORT_PREFIX
from destination_pinterest.config import read_config
from destination_pinterest.errors import (
    ConfigurationError,
    ConnectorError,
    IncompleteStreamError,
    RemovalGuardError,
    StorageRefusedError,
    StoreBusyError,
    StoreMismatchError,
)
from destination_pinterest.membership import MembershipBook, MembershipStore, lease
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.store_key import StoreKey
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.sync import Sync
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import MortalBlobs

KEY = "a key that only tests know"
AD_ACCOUNT = "549755885175"
# Short beside the time that a lease is believed in without a beat: the tests' clock leaps.
EPOCH = 10.0
# What each host says of a table that is to be all that the audience has, and of a table that is only added to.
PLATFORM = {"generation_id": 7, "minimum_generation_id": 7, "sync_id": 12}
BY_IMAGE = {"destination_sync_mode": "overwrite"}
PYAIRBYTE = {"destination_sync_mode": "overwrite", "generation_id": 1, "minimum_generation_id": 1, "sync_id": 1}
DEDUPED = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup", "primary_key": [["id"]]}
BY_OPERATION = {"operation_column": {"mode": "column", "column": "op"}}

Step = bytes | Callable[[], object]


def stream(name: str = "users", *columns: str, **configured: Any) -> dict[str, Any]:
    schema = {"properties": {column: {} for column in ("email", *columns)}}
    described = {"name": name, "json_schema": schema}
    return {"stream": described, "sync_mode": "full_refresh", "destination_sync_mode": "append", **configured}


def deduped(name: str = "users", *columns: str, **configured: Any) -> dict[str, Any]:
    return stream(name, "id", "_ab_cdc_deleted_at", *columns, **{**DEDUPED, **configured})


def row(email: str | None, of: str = "users", **data: Any) -> bytes:
    data = {"email": None if email is None else f"{email}@example.com", **data}
    return json.dumps({"type": "RECORD", "record": {"stream": of, "data": data}}).encode()


def rows(names: Iterable[str], of: str = "users") -> list[bytes]:
    return [row(name, of) for name in names]


def deleted(key: int, of: str = "users") -> bytes:
    return row(None, of, id=key, _ab_cdc_deleted_at="2026-11-22T10:00:00Z")


def state(number: int, blob: dict[str, Any] | None = None, of: str = "users") -> bytes:
    content = {"stream_descriptor": {"name": of}, "stream_state": {"page": number} if blob is None else blob}
    return json.dumps({"type": "STATE", "state": {"id": number, "type": "STREAM", "stream": content}}).encode()


def complete(of: str = "users") -> bytes:
    status = {"stream_descriptor": {"name": of}, "status": "COMPLETE"}
    trace = {"type": "STREAM_STATUS", "emitted_at": 1.0, "stream_status": status}
    return json.dumps({"type": "TRACE", "trace": trace}).encode()


def people(names: Iterable[str]) -> set[str]:
    return {hashlib.sha256(f"{name}@example.com".encode()).hexdigest() for name in names}


class Shop:
    """A Pinterest, a membership store in a folder, and syncs between them."""

    def __init__(self, pinterest: Any, messages: Any, raw_config: dict[str, Any], clock: Any, root: Path) -> None:
        self.pinterest = pinterest
        self.root = root
        self.released: list[int] = []
        self.running: Sync | None = None
        self._messages = messages
        self._clock = clock
        store = {"store_type": "local", "path": str(root), "store_key": KEY}
        self._raw_config = {**raw_config, "membership_store": store}
        root.mkdir()

    def has(self, names: Iterable[str], audience: str = "users") -> str:
        audience_id: str = self.pinterest.add_audience(audience, self.pinterest.add_list(audience, *people(names)))
        return audience_id

    def others_add(self, names: Iterable[str], audience: str = "users") -> None:
        self.people_in(audience).update(people(names))

    def sync(self, streams: Iterable[dict[str, Any]], *steps: Step, **settings: Any) -> list[int]:
        """The ids of the states that came back. `writes` tells afterwards what was written to customer lists."""
        raw = {**self._raw_config, **settings}
        catalog = parse_catalog(json.dumps({"streams": list(streams)}).encode())
        sync = self.running = Sync(
            read_config(raw), raw, catalog, MessageLines(_lines(steps)), self._messages,
            keeper=self._messages, system=self._clock.system,
        )  # fmt: skip
        self.released = []
        self.pinterest.asked.clear()
        for released in sync.run():
            self.released.append(json.loads(released)["id"])
        return self.released

    def wait(self, seconds: float) -> Callable[[], None]:
        return lambda: self._clock.pass_by(seconds)

    def store(self, blobs: Any = None, key: str = KEY) -> MembershipStore:
        return MembershipStore(blobs or FolderBlobs(self.root), StoreKey(key), sleep=_nobody_waits, clock=lambda: 0.0)

    def open(self, audience: str = "users", blobs: Any = None) -> MembershipBook:
        """The audience's book. Nobody may have left it open."""
        return self.store(blobs).open(AD_ACCOUNT, audience)

    def members(self, audience: str = "users") -> int:
        """How many the book confirms."""
        with self.open(audience) as book:
            return book.members

    def people_in(self, audience: str = "users") -> set[str]:
        (found,) = [each for each in self.pinterest.audiences.values() if each["name"] == audience]
        members: set[str] = self.pinterest.members[found["rule"]["customer_list_id"]]
        return members

    @property
    def writes(self) -> list[tuple[str, set[str]]]:
        """Operations and identifiers that were sent to customer lists during the last sync."""
        asked = [one for one in self.pinterest.asked if one.method != "GET" and "/customer_lists" in one.path]
        return [(one.body.get("operation_type", "CREATE"), set(one.body["records"].split(","))) for one in asked]


def _lines(steps: Iterable[Step]) -> Iterator[bytes]:
    for step in steps:
        if isinstance(step, bytes):
            yield step
        else:
            step()


def _nobody_waits(_seconds: float) -> None:
    raise AssertionError("A book was left open.")


@pytest.fixture
def shop(
    pinterest: Any,
    messages: Any,
    raw_config: dict[str, Any],
    clock: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Shop:
    monkeypatch.setattr(memory, "EPOCH_S", EPOCH)
    # A tenth of a second for every book: what makes guessing slow would make the tests slow.
    monkeypatch.setattr(hashlib, "scrypt", lambda typed, *, salt, **_: hashlib.sha256(typed + salt).digest())
    return Shop(pinterest, messages, raw_config, clock, tmp_path / "store")


def reports(outbox: Any) -> list[dict[str, Any]]:
    """What each sync reported of its first audience."""
    texts = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)]
    return [json.loads(text.removeprefix(REPORT_PREFIX))["audiences"][0] for text in texts]


def said(outbox: Any, level: str) -> list[str]:
    return [log["message"] for log in outbox.of("LOG") if log["level"] == level]


# --- full refreshes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [PLATFORM, BY_IMAGE, PYAIRBYTE])
def test_of_a_table_that_is_read_whole_only_the_difference_is_sent(shop: Shop, host: dict[str, Any]) -> None:
    proof = [state(1, {}), complete()]
    assert shop.sync([stream(**host)], *rows("abcd"), *proof) == [1]
    assert shop.writes == [("CREATE", people("abcd"))]
    later = {**host, "sync_id": 13} if host is PLATFORM else host
    assert shop.sync([stream(**later)], *rows("abcd"), *proof) == [1]
    assert shop.writes == []
    later = {**PLATFORM, "generation_id": 8, "minimum_generation_id": 8, "sync_id": 14} if host is PLATFORM else host
    assert shop.sync([stream(**later)], *rows("bcde"), *proof) == [1]
    assert shop.writes == [("REMOVE", people("a")), ("ADD", people("e"))]
    assert shop.people_in() == people("bcde")
    assert (len(shop.pinterest.lists), len(shop.pinterest.audiences)) == (1, 1)


def test_members_whom_others_added_are_never_touched_by_absence(shop: Shop, outbox: Any) -> None:
    shop.has("xy")
    shop.sync([stream(**BY_IMAGE)], *rows("ab"), state(1, {}))
    assert any("first sync that the membership store remembers" in text for text in said(outbox, "WARN"))
    shop.others_add("z")
    shop.sync([stream(**BY_IMAGE)], *rows("bc"), state(1, {}))
    assert shop.people_in() == people("bcxyz")
    assert len([text for text in said(outbox, "WARN") if "first sync" in text and "Note" not in text]) == 1


@pytest.mark.parametrize("modes", [BY_IMAGE, DEDUPED])
def test_a_row_that_names_somebody_whom_others_added_takes_that_person_out(shop: Shop, modes: dict[str, Any]) -> None:
    shop.has("xy")
    lines = [row("a", id=1, op="upsert"), row("x", id=2, op="delete"), state(1, {})]
    shop.sync([stream("users", "id", "op", **modes)], *lines, **BY_OPERATION)
    assert shop.people_in() == people("ay")


def test_the_first_sync_takes_members_who_are_there_for_its_own_only_if_rows_name_them(shop: Shop) -> None:
    shop.has("abx")
    shop.sync([stream(**BY_IMAGE)], *rows("ab"), state(1, {}))
    shop.sync([stream(**BY_IMAGE)], *rows("a"), state(1, {}))
    assert shop.people_in() == people("ax")


@pytest.mark.parametrize("host", [PLATFORM, BY_IMAGE, PYAIRBYTE])
def test_without_proof_of_the_whole_nothing_is_sent_or_released_and_the_book_stays(
    shop: Shop, host: dict[str, Any]
) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(1, {}))
    with pytest.raises(IncompleteStreamError, match=r"ended without proof.*stays as it is"):
        shop.sync([stream(**host)], *rows("ad"), state(2))
    assert (shop.writes, shop.released, shop.members()) == ([], [], 3)
    shop.sync([stream(**host)], *rows("ab"), state(2, {}), complete())
    assert shop.people_in() == people("ab")


def test_a_whole_table_of_nobody_that_ended_without_proof_is_no_reason_to_fail(shop: Shop) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("ab"), state(1, {}))
    assert shop.sync([stream(**BY_IMAGE)], row(None), state(2)) == [2]
    assert (shop.writes, shop.people_in()) == ([], people("ab"))


def test_a_later_attempt_of_a_job_whose_table_was_already_replaced_only_goes_on(shop: Shop) -> None:
    """The first attempt gave states back and then failed for another stream, so the second brings only the rest."""
    refreshed = {**DEDUPED, **PLATFORM}
    shop.has("")
    streams = [deduped(**refreshed), stream("orders", **PLATFORM)]
    first = [row(name, id=key) for key, name in enumerate("abcdef")]
    with pytest.raises(IncompleteStreamError, match='"orders"'):
        shop.sync(streams, *first, state(1), *rows("x", "orders"), complete())
    assert (shop.released, shop.people_in()) == ([1], people("abcdef"))
    rest = [row("g", id=7), deleted(0), state(2), *rows("x", "orders"), complete(), complete("orders")]
    assert shop.sync(streams, *rest, max_removal_percent=100) == [2]
    assert shop.people_in() == people("bcdefg")
    next_refresh = {**refreshed, "generation_id": 8, "minimum_generation_id": 8, "sync_id": 13}
    shop.sync([deduped(**next_refresh)], row("g", id=7), state(3), complete(), max_removal_percent=100)
    assert shop.people_in() == people("g")


# --- guards -----------------------------------------------------------------------------------------------------------


def test_too_many_who_would_leave_by_absence_stop_the_sync_with_both_numbers(shop: Shop) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abcdefgh"), state(1, {}))
    expected = r"of 8 identifiers .* 5 \(62 %\) .*max_removal_percent\) permits 50 %"
    with pytest.raises(RemovalGuardError, match=expected):
        shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(2, {}))
    assert (shop.writes, shop.released, shop.members()) == ([], [], 8)
    shop.sync([stream(**BY_IMAGE)], *rows("abcd"), state(2, {}))  # Half of them, which is permitted.
    assert shop.people_in() == people("abcd")
    shop.sync([stream(**BY_IMAGE)], *rows("a"), state(2, {}), max_removal_percent=75)
    assert shop.people_in() == people("a")


def test_people_who_leave_by_their_own_row_are_no_matter_of_the_guard(shop: Shop) -> None:
    shop.sync([deduped()], *(row(name, id=key) for key, name in enumerate("abcd")), state(1))
    shop.sync([deduped()], *(deleted(key) for key in range(4)), state(2), max_removal_percent=0)
    assert shop.people_in() == set()


def test_an_empty_table_keeps_its_people_unless_that_is_permitted(shop: Shop, outbox: Any) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(1, {}))
    assert shop.sync([stream(**BY_IMAGE)], state(2, {})) == [2]
    assert (shop.writes, shop.members()) == ([], 3)
    assert any("holds nobody, so the audience keeps the 3 people" in text for text in said(outbox, "WARN"))
    assert shop.sync([stream(**BY_IMAGE)], state(3, {}), allow_empty_audience=True) == [3]
    assert (shop.people_in(), shop.members()) == (set(), 0)


def test_of_a_table_that_would_empty_the_audience_rows_that_name_somebody_still_count(shop: Shop) -> None:
    shop.has("x")
    table = stream("users", "op", **BY_IMAGE)
    shop.sync([table], *rows("abc"), state(1, {}), **BY_OPERATION)
    shop.sync([table], row("x", op="delete"), row("a", op="delete"), state(1, {}), **BY_OPERATION)
    assert shop.people_in() == people("bc")


def test_a_new_table_that_is_empty_creates_nothing(shop: Shop) -> None:
    assert shop.sync([stream(**BY_IMAGE)], state(1, {})) == [1]
    assert (shop.writes, shop.pinterest.lists) == ([], {})


# --- rows with a key --------------------------------------------------------------------------------------------------


def test_a_changed_email_takes_the_old_one_out(shop: Shop) -> None:
    shop.sync([deduped()], row("old", id=1), row("b", id=2), state(1))
    assert shop.sync([deduped()], row("new", id=1), state(2)) == [2]
    assert shop.people_in() == people(["new", "b"])


def test_an_email_that_a_row_loses_leaves_and_the_row_is_still_counted_as_rejected(shop: Shop, outbox: Any) -> None:
    shop.sync([deduped()], row("a", id=1), row("b", id=2), state(1))
    shop.sync([deduped()], row(None, id=1), state(2))
    assert shop.people_in() == people("b")
    report = reports(outbox)[-1]
    assert (report["entered"], report["synced"], report["not_synced"]) == (1, 0, {"no_identity": 1})


@pytest.mark.parametrize("other", ["users", "orders"])
def test_somebody_whom_another_row_still_holds_stays(shop: Shop, other: str) -> None:
    streams = [deduped(), deduped("orders")]
    named = {"audience_name": "people"}
    shop.sync(streams, row("shared", id=1), row("shared", other, id=2), row("b", id=3), state(1), **named)
    shop.sync(streams, deleted(1), state(2), **named)
    assert shop.people_in("people") == people(["shared", "b"])
    shop.sync(streams, deleted(2, other), state(3), **named)
    assert shop.people_in("people") == people("b")


def test_somebody_whom_another_table_holds_stays_when_a_table_is_replaced(shop: Shop) -> None:
    streams = [stream(**BY_IMAGE), deduped("orders")]
    shop.sync(streams, *rows("abcd"), row("a", "orders", id=1), state(1, {}), audience_name="people")
    shop.sync(streams, *rows("bc"), state(2, {}), audience_name="people")
    assert shop.people_in("people") == people("abc")


def test_deletions_by_key_alone_find_their_person(shop: Shop, outbox: Any) -> None:
    shop.sync([deduped()], row("a", id=1), row("b", id=2), state(1))
    assert shop.sync([deduped()], deleted(1), deleted(99), state(2)) == [2]
    assert shop.people_in() == people("b")
    report = reports(outbox)[-1]
    assert (report["entered"], report["synced"], report["not_synced"]) == (2, 2, {})


def test_deletions_by_key_alone_are_counted_where_nothing_is_remembered(shop: Shop, outbox: Any) -> None:
    shop.has("ab")
    shop.sync([deduped()], deleted(1), state(1), membership_store={"store_type": "none"})
    shop.sync([deduped(primary_key=[])], deleted(1), state(1))
    assert shop.people_in() == people("ab")
    assert [report["not_synced"] for report in reports(outbox)] == [{"no_identity_in_deletion": 1}] * 2


def test_rows_whose_key_is_missing_stand_for_themselves(shop: Shop) -> None:
    shop.sync([deduped()], row("a"), row("b", id=None), row("c", id=3), state(1))
    assert shop.people_in() == people("abc")


def test_leavers_are_taken_out_whoever_holds_them(shop: Shop, outbox: Any) -> None:
    leavers = stream("leavers", destination_sync_mode="soft_delete", primary_key=[["id"]], sync_mode="incremental")
    named = {"audience_name": "people"}
    shop.has("x", "people")
    shop.sync([deduped(), stream("orders", **BY_IMAGE)], *rows("ab", "orders"), row("a", id=1), state(1, {}, "orders"),
              **named)  # fmt: skip
    lines = [row("a", "leavers", id=1), row("x", "leavers", id=2), row(None, "leavers", id=3), state(2, of="leavers")]
    assert shop.sync([deduped(), leavers], *lines, **named) == [2]
    assert shop.people_in("people") == people("b")
    report = reports(outbox)[-1]
    assert (report["entered"], report["synced"], report["pending"]) == (3, 2, 0)
    assert report["not_synced"] == {"no_identity_in_deletion": 1}
    assert shop.sync([leavers], row("b", "leavers", id=4), state(3, of="leavers"), **named) == [3]
    assert shop.people_in("people") == set()


def test_streams_that_are_only_in_the_store_are_named_and_keep_their_people(shop: Shop, outbox: Any) -> None:
    shop.sync([stream(**BY_IMAGE), stream("orders", **BY_IMAGE)], *rows("ab"), *rows("cd", "orders"),
              state(1, {}), state(2, {}, "orders"), audience_name="people")  # fmt: skip
    shop.sync([stream(**BY_IMAGE)], *rows("a"), state(1, {}), audience_name="people")
    assert shop.people_in("people") == people("acd")
    assert [text for text in said(outbox, "INFO") if "not in this sync: orders." in text] != []


# --- states, epochs and failures --------------------------------------------------------------------------------------


def test_a_state_comes_back_only_once_the_book_is_written(shop: Shop) -> None:
    seen = []
    shop.pinterest.before = lambda asked: seen.append(list(shop.released)) if "/customer_lists/" in asked.path else None
    shop.has("x")
    shop.sync([deduped()], row("a", id=1), state(1), row("b", id=2), state(2), batch_size=1)
    assert seen.count([]) == 3  # One look at the list, and a write for each of the two.
    assert (shop.released, shop.members()) == ([1, 2], 2)


def test_a_long_incremental_sync_gives_states_back_meanwhile(shop: Shop) -> None:
    shop.has("x")
    seen: list[tuple[list[int], set[str]]] = []

    def look() -> None:
        seen.append((list(shop.released), set(shop.people_in())))

    steps = [
        *(row("a", id=1), row("b", id=2), state(1), look, shop.wait(EPOCH), row("c", id=3), look),
        *(row("new", id=1), deleted(2), state(2), look, shop.wait(EPOCH), row("d", id=4), look),
        *(row("e", id=5), state(3)),
    ]
    assert shop.sync([deduped()], *steps) == [1, 2, 3]
    assert seen == [
        ([], people("x")),
        ([1], people("abcx")),
        ([1], people("abcx")),
        ([1, 2], people(["new", *"cdx"])),
    ]
    assert shop.people_in() == people(["new", *"cdex"])


def test_a_table_that_is_replaced_waits_for_its_end_however_long_it_takes(shop: Shop) -> None:
    steps = [*rows("ab"), state(1), shop.wait(3 * EPOCH), *rows("c"), lambda: seen.append(len(shop.writes))]
    seen: list[int] = []
    assert shop.sync([stream(**PLATFORM)], *steps, state(2, {}), complete()) == [1, 2]
    assert seen == [0]


def test_a_failure_in_mid_sending_releases_nothing_and_the_next_sync_converges(shop: Shop, outbox: Any) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abcdef"), state(1, {}))
    shop.pinterest.refuse("PATCH", "/customer_lists/", 400, "no", times=1)
    with pytest.raises(ConfigurationError, match="no"):
        shop.sync([stream(**BY_IMAGE)], *rows("cdefgh"), state(1, {}), batch_size=1)
    assert shop.released == []
    report = reports(outbox)[-1]
    assert (report["entered"], report["synced"], report["pending"], report["not_synced"]) == (6, 0, 6, {})
    assert shop.sync([stream(**BY_IMAGE)], *rows("cdefgi"), state(1, {})) == [1]
    assert shop.people_in() == people("cdefgi")


@pytest.mark.parametrize("arrived", ["", "d", "dh"])
def test_after_a_sync_that_died_between_announcing_and_committing_the_next_one_converges(
    shop: Shop, arrived: str
) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(1, {}))
    with shop.open() as book:
        for name in "abdh":
            book.note("users", None, Operation.ADD, list(people(name)))
        book.begin(book.settle(["users"]))
    shop.others_add(arrived)
    assert shop.sync([stream(**BY_IMAGE)], *rows("abce"), state(1, {})) == [1]
    assert shop.people_in() == people("abce")
    shop.sync([stream(**BY_IMAGE)], *rows("abce"), state(1, {}))
    assert shop.writes == []


def test_after_such_a_death_nobody_leaves_before_the_rows_have_come_again(shop: Shop) -> None:
    """The first epoch of the next sync may be shorter than the one that was about to be sent."""
    shop.has("abcdefgh")
    with shop.open() as book:
        for key, name in enumerate("abcdefgh"):
            book.note("users", [key], Operation.ADD, list(people(name)))
        book.begin(book.settle())
    changed = {7: "i"}
    again = [row(changed.get(key, name), id=key) for key, name in enumerate("abcdefgh")]
    assert shop.sync([deduped()], *again[:2], state(1), shop.wait(EPOCH), *again[2:4], state(2)) == [1, 2]
    assert ("REMOVE", people("efgh")) in shop.writes  # This host tells nothing but the end of the input.
    shop.sync([deduped()], *again[4:], state(3))
    assert shop.people_in() == people("abcdefgi")


def test_where_ends_are_told_an_input_that_broke_off_decides_nothing_about_rows_that_did_not_come(shop: Shop) -> None:
    shop.has("abcdefgh")
    with shop.open() as book:
        for key, name in enumerate("abcdefgh"):
            book.note("users", [key], Operation.ADD, list(people(name)))
        book.begin(book.settle())
    told = deduped(generation_id=3, minimum_generation_id=0, sync_id=12)
    again = [row(name, id=key) for key, name in enumerate("abcdefgi")]
    assert shop.sync([told], *again[:2], state(1), shop.wait(EPOCH), *again[2:4], state(2)) == [1, 2]
    assert [operation for operation, _ in shop.writes] == ["ADD", "ADD"]
    assert shop.sync([told], state(3)) == [3]
    assert shop.writes == []
    assert shop.sync([told], *again[4:], state(4), complete()) == [4]
    assert (shop.people_in(), shop.members()) == (people("abcdefgi"), 8)


def test_a_death_is_made_up_for_although_no_row_comes_any_more(shop: Shop) -> None:
    shop.has("a")
    with shop.open() as book:
        book.note("users", [1], Operation.ADD, list(people("a")))
        book.begin(book.settle())
    shop.sync([deduped()], max_removal_percent=100)
    assert shop.people_in() == set()


def test_a_stop_in_mid_settlement_ends_the_sync_without_a_commit(shop: Shop, outbox: Any) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("ab"), state(1, {}))

    def stop(asked: Any) -> None:
        if asked.method == "PATCH" and shop.running is not None:
            shop.running.stop()

    shop.pinterest.before = stop
    assert shop.sync([stream(**BY_IMAGE)], *rows("bcdefgh"), state(2, {}), batch_size=1) == []
    assert shop.members() == 2
    assert len(shop.writes) < 7
    assert reports(outbox)[-1]["pending"] == 7
    shop.pinterest.before = lambda _: None
    assert shop.sync([stream(**BY_IMAGE)], *rows("bcdefgi"), state(2, {})) == [2]
    assert shop.people_in() == people("bcdefgi")


def test_a_stop_leaves_what_was_not_sent_yet_unsent(shop: Shop) -> None:
    shop.has("")

    def stop(asked: Any) -> None:
        if asked.method == "PATCH" and shop.running is not None:
            shop.running.stop()

    shop.pinterest.before = stop
    assert shop.sync([stream(**BY_IMAGE)], *rows(map(str, range(300))), state(1, {}), batch_size=1) == []
    assert len(shop.writes) < 100


def test_a_sync_that_could_not_be_heard_of_for_long_sends_nothing_more(shop: Shop) -> None:
    shop.has("")
    silence = shop.wait(lease.BELIEVED_FOR_S)
    shop.pinterest.before = lambda asked: silence() if asked.method == "PATCH" else None
    with pytest.raises(StoreBusyError):
        shop.sync([stream(**BY_IMAGE)], *rows(map(str, range(20))), state(1, {}), batch_size=1)
    assert shop.released == []
    assert len(shop.writes) <= 8


def test_an_audience_that_must_stay_as_it_is_does_not_keep_another_from_its_table(shop: Shop) -> None:
    streams = [stream(**BY_IMAGE), stream("orders", **BY_IMAGE)]
    first = [*rows("abcdefgh"), *rows("xyz", "orders"), state(1, {}), state(2, {}, "orders")]
    assert shop.sync(streams, *first) == [1, 2]
    second = [*rows("a"), *rows("wxy", "orders"), state(1, {}), state(2, {}, "orders")]
    with pytest.raises(RemovalGuardError, match='"users"'):
        shop.sync(streams, *second)
    assert shop.released == []
    assert (shop.people_in(), shop.people_in("orders")) == (people("abcdefgh"), people("wxy"))
    shop.sync(streams, *second, max_removal_percent=90)
    assert (shop.people_in(), shop.writes) == (people("a"), [("REMOVE", people("bcdefgh"))])


def test_every_row_of_every_epoch_is_in_the_report(shop: Shop, outbox: Any) -> None:
    shop.sync([deduped()], row("a", id=1), row(None, id=2), state(1), shop.wait(EPOCH), row("b", id=3), deleted(1),
              state(2), row("no address", id=5), state(3))  # fmt: skip
    report = reports(outbox)[-1]
    refused = sum(report["not_synced"].values())
    assert (report["entered"], report["synced"], refused, report["pending"]) == (5, 3, 2, 0)


# --- the store itself -------------------------------------------------------------------------------------------------


def test_while_another_sync_is_at_work_a_second_one_fails_and_changes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(1, {}))
    monkeypatch.setattr(lease, "BEAT_S", 0.2)
    with shop.open(), pytest.raises(StoreBusyError, match='Another sync is at work on audience "users"'):
        shop.sync([stream(**BY_IMAGE)], *rows("abd"), state(2, {}))
    assert (shop.writes, shop.released, shop.members()) == ([], [], 3)


def test_books_that_dead_syncs_left_are_taken_over_all_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [stream(name, **BY_IMAGE) for name in ("users", "orders")]
    lines = [*rows("abc"), *rows("x", "orders"), state(1, {}), state(2, {}, "orders")]
    shop.sync(streams, *lines)
    dead = [MortalBlobs(FolderBlobs(shop.root)) for _ in streams]
    books = [shop.open(name, blobs) for name, blobs in zip(("users", "orders"), dead, strict=True)]
    for blobs in dead:
        blobs.die()
    monkeypatch.setattr(lease, "BEAT_S", 0.02)
    assert shop.sync(streams, *lines) == [1, 2]
    assert shop.writes == []
    for book in books:
        book.close()


def _spoil_the_key(shop: Shop) -> dict[str, Any]:
    store = {"store_type": "local", "path": str(shop.root), "store_key": "another key that is long enough"}
    return {"membership_store": store}


def _manifest(shop: Shop) -> Path:
    (manifest,) = shop.root.glob("*/manifest.json")
    return manifest


def _damage(shop: Shop) -> dict[str, Any]:
    _manifest(shop).write_bytes(b"{}")
    return {}


def _lose_a_file(shop: Shop) -> dict[str, Any]:
    for path in shop.root.glob("*/*.parquet"):
        path.unlink()
    return {}


def _lose_the_manifest(shop: Shop) -> dict[str, Any]:
    _manifest(shop).unlink()
    return {}


def _come_from_the_future(shop: Shop) -> dict[str, Any]:
    manifest = _manifest(shop)
    manifest.write_bytes(manifest.read_bytes().replace(b'"format":1', b'"format":99'))
    return {}


def _make_it_anothers(shop: Shop) -> dict[str, Any]:
    (folder,) = [path for path in shop.root.iterdir() if path.is_dir()]
    with shop.open("orders"):
        pass
    (other,) = [path for path in shop.root.iterdir() if path.is_dir() and path != folder]
    (other / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    other.rename(folder.with_name(other.name))
    return {"audience_name": "orders"}


def _make_the_audience_of_another_list(shop: Shop) -> dict[str, Any]:
    (audience,) = shop.pinterest.audiences.values()
    audience["rule"]["customer_list_id"] = shop.pinterest.add_list("by hand", *people("abc"))
    return {}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_spoil_the_key, "another store key"),
        (_damage, "is damaged at"),
        (_lose_a_file, "the file is missing"),
        (_lose_the_manifest, "the file is missing"),
        (_come_from_the_future, "later version"),
        (_make_it_anothers, 'is about audience "users"'),
        (_make_the_audience_of_another_list, "knows the audience"),
    ],
)
def test_a_store_that_is_not_the_audiences_stops_the_sync_and_nothing_is_touched(
    shop: Shop, spoil: Callable[[Shop], dict[str, Any]], message: str
) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(1, {}))
    settings = spoil(shop)
    files = {path: path.read_bytes() for path in shop.root.rglob("*.parquet")}
    with pytest.raises(StoreMismatchError, match=message) as caught:
        shop.sync([stream(**BY_IMAGE)], *rows("abd"), state(2, {}), **settings)
    assert caught.value.failure_kind == "config_error"
    assert (shop.writes, shop.released) == ([], [])
    assert {path: path.read_bytes() for path in shop.root.rglob("*.parquet")} == files


def test_a_folder_that_is_not_there_is_no_empty_store(shop: Shop) -> None:
    shop.root.rmdir()
    with pytest.raises(StorageRefusedError, match="must be there before the sync"):
        shop.sync([stream(**BY_IMAGE)], *rows("a"), state(1, {}))
    assert shop.pinterest.asked_for("POST") == []


def test_without_a_folder_to_work_in_the_error_says_which_variable_names_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    with pytest.raises(StorageRefusedError, match="TMPDIR"):
        shop.sync([stream(**BY_IMAGE)], *rows("a"), state(1, {}))
    assert shop.writes == []


def test_a_sync_that_fails_at_its_beginning_leaves_no_book_open(shop: Shop) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("a"), state(1, {}))
    shop.pinterest.refuse("GET", "/audiences", 403, "no")
    with pytest.raises(ConnectorError, match="no"):
        shop.sync([stream(**BY_IMAGE)], *rows("b"), state(1, {}))
    with pytest.raises(ConnectorError):
        shop.sync([stream(**BY_IMAGE)], b"{")
    assert shop.members() == 1


@pytest.mark.parametrize("mode", ["additive", "remove"])
def test_other_modes_than_mirror_leave_the_store_alone_and_say_so(shop: Shop, outbox: Any, mode: str) -> None:
    shop.has("ab")
    shop.sync([stream(**BY_IMAGE)], *rows("bc"), state(1, {}), mode=mode)
    assert shop.people_in() == people("abc" if mode == "additive" else "a")
    assert list(shop.root.iterdir()) == []
    assert f"The membership store is not used, since What the table does (mode) is {mode}." in said(outbox, "WARN")


def test_a_chosen_audience_is_remembered_by_its_id(shop: Shop) -> None:
    audience_id = shop.has("x", "chosen")
    chosen = stream(**BY_IMAGE, destination_object_name=f"its name then ({AD_ACCOUNT}/{audience_id})")
    shop.sync([chosen], *rows("abc"), state(1, {}))
    shop.pinterest.audiences[audience_id]["name"] = "renamed"
    shop.sync([chosen], *rows("bcd"), state(1, {}))
    assert shop.people_in("renamed") == people("bcdx")
