"""What every place for membership stores must do, written once: a folder's tests and a bucket's tests inherit it.

A test module has fixtures `place` and `syncs`; what only one place can do is tested beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StorageRefusedError
from destination_pinterest.membership.blobs import Blobs, ChangedMeanwhileError
from destination_pinterest.membership.lease import BEAT_S, BEATS_TO_DIE, LeasedManifest
from destination_pinterest.membership.ledger import MembershipLedger
from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.membership.store_key import STRETCHINGS
from destination_pinterest.vocabulary import Operation
from unit_tests.membership import released
from unit_tests.membership.shop import LIST, MortalBlobs, Syncs, person, sent
from unit_tests.support.raises import raises

ADD, REMOVE = Operation.ADD, Operation.REMOVE
A, B = person("a"), person("b")
# More than S3 takes in one part.
_LARGE: Final = bytes(range(256)) * 40_000


class Place(Protocol):
    """A folder or a bucket, as the connector reaches it and as its owner sees it."""

    def connect(self) -> Blobs:
        """The place, as a process of its own sees it."""
        ...

    def elsewhere(self) -> Blobs:
        """A place that does not exist."""
        ...

    def content(self) -> dict[str, bytes]:
        """Every object by its name."""
        ...

    def put(self, name: str, body: bytes) -> None:
        """Writes an object behind the connector's back."""
        ...

    def remove(self, name: str) -> None:
        """Deletes an object behind the connector's back."""
        ...


@pytest.fixture
def blobs(place: Place) -> Blobs:
    return place.connect()


class BlobsContract:
    """Named objects, replaced by compare-and-swap."""

    def test_what_is_not_there_is_none(self, blobs: Blobs, tmp_path: Path) -> None:
        assert (blobs.read("a/x"), blobs.fetch("a/x", tmp_path), blobs.names("a/"), blobs.names("")) == (
            None, None, [], [],
        )  # fmt: skip
        blobs.delete("a/x")

    def test_an_address_names_the_object(self, blobs: Blobs) -> None:
        assert blobs.address("a/x") == f"{blobs.address('').rstrip('/')}/a/x"

    def test_another_process_reads_what_was_written(self, place: Place, blobs: Blobs) -> None:
        version = blobs.write("a/x", b"1", over=None)
        found = place.connect().read("a/x")
        assert found is not None
        assert (found.body, found.version) == (b"1", version)

    def test_only_who_knows_the_version_replaces_it(self, place: Place, blobs: Blobs) -> None:
        first = blobs.write("a/x", b"1", over=None)
        second = place.connect().write("a/x", b"2", over=first)
        for version in (first, None):
            with pytest.raises(ChangedMeanwhileError):
                blobs.write("a/x", b"3", over=version)
        assert place.content() == {"a/x": b"2"}
        assert blobs.write("a/x", b"3", over=second) not in (first, second)

    def test_nothing_is_written_over_an_object_that_is_gone(self, place: Place, blobs: Blobs) -> None:
        version = blobs.write("a/x", b"1", over=None)
        place.remove("a/x")
        with pytest.raises(ChangedMeanwhileError):
            blobs.write("a/x", b"2", over=version)
        assert place.content() == {}

    @pytest.mark.parametrize("is_there", [False, True])
    def test_of_many_who_write_at_once_one_succeeds(self, place: Place, blobs: Blobs, is_there: bool) -> None:
        over = blobs.write("a/x", b"before", over=None) if is_there else None
        writers = [(place.connect(), b"%d" % number) for number in range(6)]
        together = threading.Barrier(len(writers))
        successes: list[bytes] = []

        def write(own: Blobs, body: bytes) -> None:
            together.wait()
            try:
                own.write("a/x", body, over=over)
            except ChangedMeanwhileError:
                return
            successes.append(body)

        threads = [threading.Thread(target=write, args=writer) for writer in writers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert successes == [place.content()["a/x"]]

    def test_a_file_comes_back_as_it_was(self, place: Place, blobs: Blobs, tmp_path: Path) -> None:
        (tmp_path / "up").write_bytes(_LARGE)
        blobs.add(tmp_path / "up", "a/file")
        (tmp_path / "down").mkdir()
        path = place.connect().fetch("a/file", tmp_path / "down")
        assert path is not None
        assert path.read_bytes() == _LARGE

    def test_names_are_those_that_begin_with_the_prefix(self, blobs: Blobs) -> None:
        for name in ("b/x", "a/y", "a/x"):
            blobs.write(name, b"", over=None)
        assert (blobs.names("a/"), blobs.names("c/"), blobs.names("")) == (["a/x", "a/y"], [], ["a/x", "a/y", "b/x"])

    def test_what_is_deleted_is_gone(self, place: Place, blobs: Blobs) -> None:
        blobs.write("a/x", b"", over=None)
        blobs.delete("a/x")
        blobs.delete("a/x")
        assert (blobs.read("a/x"), blobs.names(""), place.content()) == (None, [], {})

    @pytest.mark.parametrize("method", ["read", "write", "add", "fetch", "delete", "names"])
    def test_a_place_that_does_not_exist_is_refused(self, place: Place, method: str, tmp_path: Path) -> None:
        nowhere = place.elsewhere()
        (tmp_path / "up").touch()
        calls: dict[str, Callable[[], object]] = {
            "read": lambda: nowhere.read("a/x"),
            "write": lambda: nowhere.write("a/x", b"", over=None),
            "add": lambda: nowhere.add(tmp_path / "up", "a/x"),
            "fetch": lambda: nowhere.fetch("a/x", tmp_path),
            "delete": lambda: nowhere.delete("a/x"),
            "names": lambda: nowhere.names("a/"),
        }
        with pytest.raises(StorageRefusedError):
            calls[method]()


def _names(place: Place) -> list[str]:
    """What the files of the one ledger there are, without what is different each time."""
    return sorted(name.rpartition("/")[2].partition("-")[0] for name in place.content())


class StoreContract:
    """Ledgers of one sync at a time, kept from sync to sync."""

    def test_a_ledger_is_kept_from_sync_to_sync(self, place: Place, syncs: Syncs) -> None:
        assert syncs.sync([("s", (1,), ADD, [A])], ["s"])[1:] == ({A}, set())
        assert syncs.sync([("s", (1,), ADD, [B])], ["s"])[1:] == ({B}, {A})
        assert syncs.sync([("s", (1,), ADD, [B])], ["s"])[1:] == (set(), set())
        with syncs.open() as ledger:
            assert (ledger.members, ledger.customer_list_id) == (1, LIST)
        assert _names(place) == ["changes", "manifest.json"]
        assert syncs.time.slept == []

    def test_nobody_is_named_in_it(self, place: Place, syncs: Syncs) -> None:
        syncs.sync([("s", ("a@example.com",), ADD, [A])])
        for body in place.content().values():
            assert not [form for form in (A.encode(), bytes.fromhex(A), b"example.com") if form in body]

    def test_what_was_written_ahead_is_in_doubt_for_the_next_sync(self, syncs: Syncs) -> None:
        with syncs.open() as ledger:
            ledger.record("s", (1,), ADD, [A])
            ledger.write_ahead(ledger.diff())
        with syncs.open() as ledger:
            assert ledger.is_in_doubt
        assert syncs.sync([("s", (2,), ADD, [B])])[1:] == ({B}, {A})

    def test_the_check_leaves_nothing_and_recognizes_another_key(self, place: Place, syncs: Syncs) -> None:
        syncs.store().check()
        assert place.content() == {}
        syncs.open().close()
        before = place.content()
        syncs.store().check()
        assert place.content() == before
        with raises(Code.STORE_KEY_WRONG, match="another store key"):
            syncs.store(key="another key of sixteen").check()

    def test_a_place_that_does_not_exist_fails_the_check(self, place: Place) -> None:
        with pytest.raises(StorageRefusedError):
            Syncs(place.elsewhere).store().check()

    def test_a_file_that_is_missing_or_changed_is_reported(self, place: Place, syncs: Syncs) -> None:
        syncs.sync([("s", (1,), ADD, [A])])
        (name,) = (name for name in place.content() if "changes-" in name)
        place.put(name, b"something else")
        with raises(Code.STORE_DAMAGED, match="is not what it was"):
            syncs.open()
        place.remove(name)
        with raises(Code.STORE_DAMAGED, match="the file is missing") as raised:
            syncs.open()
        assert place.connect().address(name) in str(raised.value)

    def test_what_a_crash_left_is_deleted_and_other_peoples_files_are_not(self, place: Place, syncs: Syncs) -> None:
        syncs.sync([("s", (1,), ADD, [A])])
        folder = next(iter(place.content())).partition("/")[0]
        for name in (f"changes-9-{'0' * 32}.parquet", f"base-9-{'1' * 32}.parquet.part", "notes.txt"):
            place.put(f"{folder}/{name}", b"")
        syncs.open().close()
        assert _names(place) == ["changes", "manifest.json", "notes.txt"]

    def test_a_sync_that_is_alive_is_left_alone(self, syncs: Syncs) -> None:
        first = syncs.open()
        syncs.time.meanwhile = _lease_of(first).beat
        with raises(Code.STORE_BUSY, match="Another sync"):
            syncs.open()
        assert (first.holds_lease, syncs.time.slept) == (True, [BEAT_S])

    def test_a_ledger_that_is_given_back_while_somebody_waits_is_taken(self, syncs: Syncs) -> None:
        syncs.time.meanwhile = syncs.open().close
        assert syncs.open().holds_lease
        assert syncs.time.slept == [BEAT_S]

    def test_of_two_first_syncs_one_makes_the_ledger(self, place: Place, syncs: Syncs) -> None:
        class Overtaken(MortalBlobs):
            def write(self, name: str, body: bytes, *, over: str | None) -> str:
                syncs.open()
                return super().write(name, body, over=over)

        with raises(Code.STORE_BUSY):
            syncs.open(blobs=Overtaken(place.connect()))
        assert syncs.opened[0].holds_lease

    def test_a_manifest_that_vanishes_while_somebody_waits_is_no_new_ledger(self, place: Place, syncs: Syncs) -> None:
        syncs.open()
        (name,) = place.content()
        syncs.time.meanwhile = lambda: place.remove(name)
        with raises(Code.STORE_BUSY):
            syncs.open()

    def test_a_lease_that_stood_still_is_taken_over_and_its_owner_can_do_nothing_more(
        self, place: Place, syncs: Syncs
    ) -> None:
        slow = syncs.open()
        slow.record("s", (1,), ADD, [A])
        delta = slow.diff()
        fast = syncs.open()
        assert syncs.time.slept == [BEAT_S] * BEATS_TO_DIE
        _lease_of(slow)._seen_s = syncs.time.clock()  # As if its clock had stood still with it.
        seemed_ours = slow.holds_lease
        assert seemed_ours
        with raises(Code.STORE_BUSY):
            slow.write_ahead(delta)
        with raises(Code.STORE_BUSY):
            slow.commit(delta, LIST)
        assert not slow.holds_lease
        slow.close()
        fast.record("s", (1,), ADD, [B])
        delta = fast.diff()
        fast.write_ahead(delta)
        assert sent(delta) == ({B}, set())
        fast.commit(delta, LIST)
        # The data that the slow one had uploaded is gone.
        assert _names(place) == ["changes", "manifest.json"]

    def test_the_released_versions_store_is_opened_mirrored_and_continued(self, place: Place) -> None:
        for name, body in released.files().items():
            place.put(name, body)
        syncs = Syncs(place.connect, STRETCHINGS)
        with syncs.open(audience=released.MIRRORED) as ledger:
            assert (ledger.members, ledger.customer_list_id, ledger.streams) == (6, LIST, ("crm.users", "newsletter"))
            assert (ledger.generation_of("crm.users"), ledger.is_in_doubt) == ("generation 7, job 12", False)
        # The same table asks for nothing: not even its tombstone is sent again.
        delta, *_ = syncs.sync(released.TABLE, ["crm.users"], audience=released.MIRRORED)
        assert (delta.is_empty, delta.holdings_changed) == (True, 0)
        shrunk = [row for row in released.TABLE if row[1] not in ([1], [3])]
        _, added, removed = syncs.sync(shrunk, ["crm.users"], audience=released.MIRRORED)
        # One of the first row's identifiers is still subscribed to the newsletter.
        assert (added, removed) == (set(), {released.LONG, released.MD5})
        _, added, removed = syncs.sync(
            [("newsletter", None, REMOVE, [released.A]), ("crm.users", [2], REMOVE, [])], audience=released.MIRRORED
        )
        assert (added, removed) == (set(), {released.A, released.D})
        with syncs.open(audience=released.MIRRORED) as ledger:
            assert ledger.members == 2

    def test_what_the_released_version_left_in_doubt_is_resolved(self, place: Place) -> None:
        for name, body in released.files().items():
            place.put(name, body)
        syncs = Syncs(place.connect, STRETCHINGS)
        with syncs.open(audience=released.KILLED) as ledger:
            assert (ledger.members, ledger.is_in_doubt) == (2, True)
        assert syncs.time.slept == [BEAT_S] * BEATS_TO_DIE
        # E was about to leave and G to come; only F and G are in the table now.
        _, added, removed = syncs.sync(
            [("leads", [2], ADD, [released.F]), ("leads", [3], ADD, [released.G])], ["leads"], audience=released.KILLED
        )
        assert (added, removed) == ({released.G}, {released.E})

    def test_what_is_written_has_the_released_versions_names_keys_and_columns_and_some_more(
        self, place: Place, tmp_path: Path
    ) -> None:
        syncs = Syncs(place.connect)
        shapes = released.shapes(released.files(), tmp_path)
        syncs.sizes = Sizes(small_delta=2)
        syncs.sync([("s", [number], ADD, [person(str(number))]) for number in range(40)])
        syncs.sync([("s", [1], REMOVE, [])])
        with syncs.open() as ledger:
            ledger.record("s", [2], REMOVE, [])
            ledger.write_ahead(ledger.diff())
            written = released.shapes(place.content(), tmp_path)
        since = [key for key in written["manifest.json"] if key not in shapes["manifest.json"]]
        assert since == [
            *("sending", "seen", "columns", "has_former_keys", "marks", "epoch", "counters", "wrapped", "next_key"),
            *("sends_people", "template", "audiences"),
        ]
        shapes["manifest.json"] = written["manifest.json"]
        shapes["base"].insert(0, "is_in BOOLEAN")
        shapes["maybes"] = [
            "n UBIGINT",
            "adds BOOLEAN",
            "members TINYINT",
            "row UINTEGER",
            *shapes["maybes"],
            "person UBIGINT",
        ]
        assert written == shapes

    def test_what_a_sync_left_to_be_compared_with_is_kept_until_another_one_is_given(self, place: Place) -> None:
        for name, body in released.files().items():
            place.put(name, body)
        syncs = Syncs(place.connect, STRETCHINGS)
        first, second, other = {"users": "w100"}, {"users": "w200"}, {"apps, users": "w9"}
        for given, kept in [({}, {}), (first, first), ({}, first), (second, second), (other, {**second, **other})]:
            with syncs.open(audience=released.MIRRORED) as ledger:
                ledger.commit(ledger.diff(is_whole=False), ledger.customer_list_id, marks=given)
            with syncs.open(audience=released.MIRRORED) as ledger:
                assert (ledger.marks, ledger.members) == (kept, 6)


def _lease_of(ledger: MembershipLedger) -> LeasedManifest:
    assert isinstance(ledger._leased, LeasedManifest)
    return ledger._leased
