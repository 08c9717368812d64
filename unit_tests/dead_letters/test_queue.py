"""The log of rejected rows, by itself and under a writer whose states wait for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from destination_pinterest.delivery.intake import RowIntake
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_pinterest.config import read_config
from destination_pinterest.dead_letters.queue import (
    MAX_FILE_AGE_S,
    MAX_FILE_BYTES,
    MAX_FILE_ROWS,
    MAX_FILES_IN_FLIGHT,
    DeadLetterQueue,
    DeadLetters,
    Stored,
)
from destination_pinterest.dead_letters.row_format import DeadLetterFormat
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.delivery.sender import DeliverySender
from destination_pinterest.delivery.writer import AudienceWriter
from destination_pinterest.errors import StorageFailedError, StorageRefusedError
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.protocol.catalog import StreamKey, parse_catalog
from destination_pinterest.protocol.input import MessageDecoder
from destination_pinterest.routing.decision import DELETION_KEPT
from destination_pinterest.routing.plan import plan_stream

REFUSED = Rejection("email", None, RejectionReason.INVALID_EMAIL)
STORAGE = {"storage_type": "S3", "s3_bucket_name": "shop", "s3_bucket_region": "eu-central-1", "bucket_path": "rows"}


class Shelf(dict[str, bytes]):
    """Keeps files in the order they came; raises `trouble` instead while there is some."""

    trouble: Exception | None = None

    def put(self, key: str, body: bytes) -> None:
        if self.trouble is not None:
            raise self.trouble
        assert key not in self
        self[key] = body

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for body in self.values() for line in body.splitlines()]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def log(shelf: Shelf, clock: Any) -> DeadLetterQueue:
    return DeadLetterQueue(shelf.put, clock.clock)


@pytest.fixture
def rows(log: DeadLetterQueue) -> DeadLetters:
    return rows_of(log)


def rows_of(log: DeadLetterQueue, stream: str = "users") -> DeadLetters:
    row_format = DeadLetterFormat(StreamKey(None, stream), (), (), MessageDecoder([]), include_values=False)
    numbers = count()
    return log.rows_of(row_format, lambda: f"{stream}/{next(numbers)}")


def store_all(log: DeadLetterQueue) -> None:
    while files := log.start_due():
        for file in files:
            log.settle(log.store(file))


def test_nothing_waits_in_a_log_without_rows(log: DeadLetterQueue, rows: DeadLetters) -> None:
    log.close()
    assert (log.start_due(), log.is_busy, log.first_position, log.due_s) == ([], False, None, None)


def test_a_row_waits_until_its_file_is_old(log: DeadLetterQueue, rows: DeadLetters, clock: Any, shelf: Shelf) -> None:
    rows.add(None, REFUSED, 5)
    clock.pass_by(1.0)
    rows.add(None, REFUSED, 9)
    assert log.due_s == pytest.approx(clock.clock() + MAX_FILE_AGE_S - 1.0)
    assert (log.start_due(), log.first_position) == ([], 5)
    clock.pass_by(MAX_FILE_AGE_S - 1.0)
    store_all(log)
    assert (len(shelf.rows), log.first_position, log.due_s) == (2, None, None)
    assert (log.stored_rows, log.stored_files) == (2, 1)


def test_a_file_is_full_by_rows(log: DeadLetterQueue, rows: DeadLetters, shelf: Shelf) -> None:
    for position in range(MAX_FILE_ROWS + 1):
        rows.add(None, REFUSED, position)
    store_all(log)
    assert len(shelf.rows) == MAX_FILE_ROWS
    assert log.first_position == MAX_FILE_ROWS


def test_a_file_is_full_by_size(log: DeadLetterQueue, shelf: Shelf) -> None:
    decoder = MessageDecoder(["id"])
    record = {"type": "RECORD", "record": {"stream": "users", "data": {"id": "x" * (MAX_FILE_BYTES // 2)}}}
    (message,) = decoder.decode(json.dumps(record).encode() + b"\n")
    row_format = DeadLetterFormat(StreamKey(None, "users"), ("id",), (), decoder, include_values=False)
    rows = log.rows_of(row_format, lambda: "only")
    rows.add(message.record.data, REFUSED, 0)
    assert log.start_due() == []
    rows.add(message.record.data, REFUSED, 1)
    store_all(log)
    assert len(shelf.rows) == 2


def test_streams_have_files_of_their_own(log: DeadLetterQueue, rows: DeadLetters, shelf: Shelf) -> None:
    rows.add(None, REFUSED, 0)
    rows_of(log, "orders").add(None, REFUSED, 1)
    log.close()
    store_all(log)
    assert {key: json.loads(body)["stream_name"] for key, body in shelf.items()} == {
        "users/0": "users",
        "orders/0": "orders",
    }


def test_a_file_on_its_way_holds_states_and_one_that_failed_does_so_for_ever(
    log: DeadLetterQueue, rows: DeadLetters, shelf: Shelf
) -> None:
    rows.add(None, REFUSED, 3)
    log.close()
    (file,) = log.start_due()
    assert (log.is_busy, log.first_position, log.in_flight) == (True, 3, [file])
    shelf.trouble = StorageFailedError("down")
    assert log.settle(log.store(file)) is shelf.trouble
    assert (log.is_busy, log.first_position, log.stored_rows) == (False, 3, 0)


def test_only_so_many_files_are_on_their_way_and_beyond_that_the_reader_waits(
    log: DeadLetterQueue, rows: DeadLetters
) -> None:
    for position in range(MAX_FILES_IN_FLIGHT + 4):
        rows.add(None, REFUSED, position)
        log.close()
    started = log.start_due()
    assert (len(started), log.is_backed_up) == (MAX_FILES_IN_FLIGHT, True)
    assert log.start_due() == []
    log.settle(log.store(started[0]))
    assert (len(log.start_due()), log.is_backed_up) == (1, False)


def test_a_file_does_not_show_its_rows(log: DeadLetterQueue, rows: DeadLetters) -> None:
    rows.add(None, REFUSED, 0)
    log.close()
    (file,) = log.start_due()
    assert "rejected" not in repr(Stored(file, None)).replace("DeadLetterFile", "")


@settings(deadline=None)
@given(st.lists(st.sampled_from(["row", "close", "start", "settle", "fail"]), max_size=60))
def test_no_position_is_safe_before_every_row_before_it_is_stored(steps: list[str]) -> None:
    stored: list[int] = []
    log = DeadLetterQueue(lambda key, body: stored.extend([int(key)] * body.count(b"\n")), lambda: 0.0)
    row_format = DeadLetterFormat(StreamKey(None, "users"), (), (), MessageDecoder([]), include_values=False)
    first_of_file, written, failed = [0], 0, False
    rows = log.rows_of(row_format, lambda: str(first_of_file[0]))
    flying = []
    for step in steps:
        if step == "row":
            if rows.first_position is None:
                first_of_file[0] = written
            rows.add(None, REFUSED, written)
            written += 1
        elif step == "close":
            log.close()
        elif step == "start":
            flying += log.start_due()
        elif flying and step == "settle":
            log.settle(log.store(flying.pop()))
        elif flying:
            log.settle(Stored(flying.pop(0), StorageFailedError("down")))
            failed = True
        safe = written if log.first_position is None else log.first_position
        covered = {first + offset for first in set(stored) for offset in range(stored.count(first))}
        assert set(range(safe)) <= covered
    if not failed:
        log.close()
        for file in flying:
            log.settle(log.store(file))
        store_all(log)
        assert (len(stored), log.first_position, log.stored_rows) == (written, None, written)


# --- under a writer ---------------------------------------------------------------------------------------------------


def row(number: int, email: str | None, **data: Any) -> bytes:
    content = {"stream": "users", "data": {"id": number, "email": email, **data}}
    return json.dumps({"type": "RECORD", "record": content}).encode() + b"\n"


def good(number: int) -> bytes:
    return row(number, f"person.{number}@example.com")


def state(number: int) -> bytes:
    content = {"id": number, "type": "STREAM", "stream": {"stream_descriptor": {"name": "users"}}}
    return json.dumps({"type": "STATE", "state": content}).encode() + b"\n"


def ids(states: Iterator[bytes]) -> list[int]:
    return [json.loads(each)["id"] for each in states]


@pytest.fixture
def make_writer(
    make_rig: Callable[..., Any], raw_config: dict[str, Any], log: DeadLetterQueue
) -> Callable[..., tuple[AudienceWriter, Any]]:
    """A writer that writes rejected rows down, and the rig whose parts it has."""

    def make(*columns: str, **more: Any) -> tuple[AudienceWriter, Any]:
        changes = {key: value for key, value in more.items() if key != "executor"}
        rig = make_rig({"users": ["email"]}, **more)
        config = read_config({**raw_config, **changes, "object_storage_config": STORAGE})
        schema = {"properties": {column: {} for column in ("id", "email", *columns)}}
        stream = {"stream": {"name": "users", "json_schema": schema}, "primary_key": [["id"]]}
        (plan,) = parse_catalog(json.dumps({"streams": [stream]}).encode())
        way = plan_stream(plan, config)
        decoder = MessageDecoder(way.columns)
        row_format = DeadLetterFormat(plan.key, way.key_columns, ("email",), decoder, include_values=False)
        numbers = count()
        rejected = log.rows_of(row_format, lambda: str(next(numbers)))
        lane, tally = rig.lanes["users"], rig.ledger.tally(plan.key)
        route = StreamRoute(way, config, decoder, lane, tally, rejected=rejected)
        writer = AudienceWriter(
            intake=RowIntake(decoder, {(None, "users"): route}, rig.ledger, rig.completeness, rig.clock.clock),
            lanes=[lane],
            ledger=rig.ledger,
            completeness=rig.completeness,
            sender=DeliverySender(rig.client, rig.provisioner, config.batch_size),
            executor=rig.executor,
            events=rig.events,
            observer=rig.observer,
            journal=rig.journal,
            clock=rig.clock.clock,
            flush_s=config.flush_seconds,
            interrupt=rig._interrupt,
            rejected=log,
        )
        return writer, rig

    return make


MakeWriter = Callable[..., Any]


def test_every_row_that_the_platform_is_told_was_rejected_is_written_with_its_key(
    make_writer: MakeWriter, shelf: Shelf, pinterest: Any
) -> None:
    writer, rig = make_writer()
    lines = good(1) + row(2, "nobody") + row(3, None) + good(4) + row(5, "") + state(1)
    (only,) = writer.run(rig.script(lines))
    assert json.loads(only)["destinationStats"] == {"recordCount": 2.0, "rejectedRecordCount": 3.0}
    assert [(each["primary_key"], each["rejected_reason"]) for each in shelf.rows] == [
        ({"id": 2}, "invalid_email"),
        ({"id": 3}, "no_identity"),
        ({"id": 5}, "no_identity"),
    ]
    assert len(pinterest.members_of("users")) == 2


def test_a_row_whose_operation_is_unknown_names_the_operation_column(make_writer: MakeWriter, shelf: Shelf) -> None:
    operation = {"mode": "column", "column": "op"}
    writer, rig = make_writer("op", operation_column=operation)
    list(writer.run(rig.script(row(1, "person@example.com", op="perhaps"))))
    (written,) = shelf.rows
    assert (written["rejected_reason"], written["rejected_field"]) == ("unknown_operation", "op")


def test_rows_that_change_nothing_as_wanted_and_refused_values_beside_others_are_no_rejected_rows(
    make_writer: MakeWriter, shelf: Shelf
) -> None:
    writer, rig = make_writer("_ab_cdc_deleted_at", deletes="keep")
    both = row(2, None).replace(b"null", b'["person@example.com", "nobody"]')
    list(writer.run(rig.script(row(1, "nobody", _ab_cdc_deleted_at="2026-11-22"), both)))
    tally = rig.lanes["users"].tally
    assert dict(tally.not_synced) == {DELETION_KEPT: 1}
    assert dict(tally.identifiers_refused) == {"invalid_email": 1}
    assert shelf == {}


def test_a_state_waits_until_the_rejected_rows_before_it_are_stored(
    make_writer: MakeWriter, shelf: Shelf, clock: Any
) -> None:
    writer, rig = make_writer()
    script = rig.script(row(1, "nobody") + state(1), 3600.0, good(2))
    began = clock.clock()
    states = writer.run(script)
    assert json.loads(next(states))["id"] == 1
    assert clock.clock() - began == pytest.approx(MAX_FILE_AGE_S)
    assert [each["primary_key"] for each in shelf.rows] == [{"id": 1}]
    assert ids(states) == []


def test_a_bucket_that_refuses_fails_the_sync_after_the_states_before(
    make_writer: MakeWriter, shelf: Shelf, pinterest: Any
) -> None:
    writer, rig = make_writer(batch_size=1)
    shelf.trouble = StorageRefusedError("no such bucket")
    states = writer.run(rig.script(good(1) + state(1) + row(2, "nobody") + state(2)))
    assert json.loads(next(states))["id"] == 1
    with pytest.raises(StorageRefusedError):
        next(states)
    assert len(pinterest.members_of("users")) == 1


def test_of_two_failures_the_first_is_what_the_sync_fails_with_and_both_are_settled(
    make_writer: MakeWriter, shelf: Shelf, pinterest: Any, hand_executor: Any, log: DeadLetterQueue
) -> None:
    writer, rig = make_writer(executor=hand_executor)
    shelf.trouble = StorageRefusedError("no such bucket")
    script = rig.script(row(1, "nobody") + good(2) + state(1), MAX_FILE_AGE_S)
    states = writer.run(script)

    def do_all() -> None:
        while hand_executor.waiting:
            hand_executor.do()

    script._steps.append(do_all)
    with pytest.raises(StorageRefusedError):
        list(states)
    assert log.in_flight == []


def test_a_sync_that_is_stopped_stores_what_it_has(make_writer: MakeWriter, shelf: Shelf) -> None:
    writer, rig = make_writer()
    states = writer.run(rig.script(row(1, "nobody") + state(1), writer.stop, 3600.0))
    assert ids(states) == [1]
    assert len(shelf.rows) == 1


def test_a_stopped_sync_does_not_wait_for_a_bucket_for_ever(
    make_writer: MakeWriter, hand_executor: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, rig = make_writer(executor=hand_executor)
    taken = rig.events.take

    def take(timeout_s: float) -> Any:
        clock.pass_by(timeout_s)
        return taken(0.0)

    monkeypatch.setattr(rig.events, "take", take)
    assert ids(writer.run(rig.script(row(1, "nobody") + state(1), writer.stop))) == []
    assert rig.ledger.held == 1
