"""The log of rejected rows, by itself and under a writer whose states wait for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from io import BytesIO
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3 import HTTPResponse

from destination_pinterest.dead_letters.queue import (
    MAX_FILE_AGE_S,
    MAX_FILE_BYTES,
    MAX_FILE_ROWS,
    MAX_FILES_IN_FLIGHT,
    DeadLetterFile,
    DeadLetterQueue,
    DeadLetters,
    Stored,
)
from destination_pinterest.dead_letters.row_format import DeadLetterFormat
from destination_pinterest.delivery.workers import Event, WorkerPool
from destination_pinterest.delivery.writer import LAST_GRACE_S, STOP_GRACE_S
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidRequestError, StorageFailedError, StorageRefusedError
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.protocol.catalog import StreamKey, parse_catalog
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.protocol.input import MessageDecoder
from destination_pinterest.routing.decision import DELETION_KEPT
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises
from unit_tests.support.rig import HandPool, InlinePool, Rig

REFUSED = Rejection("email", None, RejectionReason.INVALID_EMAIL)
STORAGE = {
    "storage_type": "S3", "s3_endpoint": "https://storage.example.com", "s3_bucket_name": "shop",
    "s3_bucket_region": "eu-central-1", "bucket_path": "rows", "access_key_id": "k", "secret_access_key": "s",
}  # fmt: skip


class Shelf(dict[str, bytes]):
    """Keeps files in the order they came; raises `trouble` instead while there is some."""

    trouble: Exception | None = None
    is_there = True

    def put(self, key: str, body: bytes) -> None:
        if self.trouble is not None:
            raise self.trouble
        assert key not in self
        self[key] = body

    def answer(self, request: AWSPreparedRequest) -> AWSResponse:
        """What a storage answers that keeps its files here; in the place of botocore's own sending."""
        if not self.is_there:
            refusal = BytesIO(b"<Error><Code>NoSuchBucket</Code></Error>")
            return AWSResponse(request.url, 404, {}, HTTPResponse(refusal, preload_content=False))
        self.put(urlsplit(request.url).path, request.body.read())
        return AWSResponse(request.url, 200, {"ETag": '"1"'}, HTTPResponse(BytesIO(), preload_content=False))

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for body in self.values() for line in body.splitlines()]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def log(shelf: Shelf, clock: Clock) -> DeadLetterQueue:
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
            log.ack(log.store(file))


def test_nothing_waits_in_a_log_without_rows(log: DeadLetterQueue, rows: DeadLetters) -> None:
    log.close()
    assert (log.start_due(), log.is_busy, log.watermark, log.due_s) == ([], False, None, None)


def test_a_row_waits_until_its_file_is_old(log: DeadLetterQueue, rows: DeadLetters, clock: Clock, shelf: Shelf) -> None:
    rows.add(None, REFUSED, 5)
    clock.pass_by(1.0)
    rows.add(None, REFUSED, 9)
    assert log.due_s == pytest.approx(clock.clock() + MAX_FILE_AGE_S - 1.0)
    assert (log.start_due(), log.watermark) == ([], 5)
    clock.pass_by(MAX_FILE_AGE_S - 1.0)
    store_all(log)
    assert (len(shelf.rows), log.watermark, log.due_s) == (2, None, None)
    assert (log.stored_rows, log.stored_files) == (2, 1)


def test_a_file_is_full_by_rows(log: DeadLetterQueue, rows: DeadLetters, shelf: Shelf) -> None:
    for position in range(MAX_FILE_ROWS + 1):
        rows.add(None, REFUSED, position)
    store_all(log)
    assert len(shelf.rows) == MAX_FILE_ROWS
    assert log.watermark == MAX_FILE_ROWS


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
    assert (log.is_busy, log.watermark, log.in_flight) == (True, 3, [file])
    shelf.trouble = StorageFailedError(Code.BUCKET_FAILED, "down")
    assert log.ack(log.store(file)) is shelf.trouble
    assert (log.is_busy, log.watermark, log.stored_rows) == (False, 3, 0)


def test_only_so_many_files_are_on_their_way_and_beyond_that_the_reader_waits(
    log: DeadLetterQueue, rows: DeadLetters
) -> None:
    for position in range(MAX_FILES_IN_FLIGHT + 4):
        rows.add(None, REFUSED, position)
        log.close()
    started = log.start_due()
    assert (len(started), log.is_backed_up) == (MAX_FILES_IN_FLIGHT, True)
    assert log.start_due() == []
    log.ack(log.store(started[0]))
    assert (len(log.start_due()), log.is_backed_up) == (1, False)


def test_a_file_does_not_show_its_rows(log: DeadLetterQueue, rows: DeadLetters) -> None:
    rows.add(None, REFUSED, 0)
    log.close()
    (file,) = log.start_due()
    assert "rejected" not in repr(Stored(file, None)).replace("DeadLetterFile", "")


@settings(deadline=None)
@given(st.lists(st.sampled_from(["row", "close", "start", "ack", "fail"]), max_size=60))
def test_no_position_is_safe_before_every_row_before_it_is_stored(steps: list[str]) -> None:
    stored: list[int] = []
    log = DeadLetterQueue(lambda key, body: stored.extend([int(key)] * body.count(b"\n")), lambda: 0.0)
    row_format = DeadLetterFormat(StreamKey(None, "users"), (), (), MessageDecoder([]), include_values=False)
    first_of_file, written, failed = [0], 0, False
    rows = log.rows_of(row_format, lambda: str(first_of_file[0]))
    flying: list[DeadLetterFile] = []
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
        elif flying and step == "ack":
            log.ack(log.store(flying.pop()))
        elif flying:
            log.ack(Stored(flying.pop(0), StorageFailedError(Code.BUCKET_FAILED, "down")))
            failed = True
        safe = written if log.watermark is None else log.watermark
        covered = {first + offset for first in set(stored) for offset in range(stored.count(first))}
        assert set(range(safe)) <= covered
    if not failed:
        log.close()
        for file in flying:
            log.ack(log.store(file))
        store_all(log)
        assert (len(stored), log.watermark, log.stored_rows) == (written, None, written)


# --- under a writer ---------------------------------------------------------------------------------------------------


def row(number: int, email: str | None, **data: Any) -> bytes:
    content = {"stream": "users", "data": {"id": number, "email": email, **data}}
    return json.dumps({"type": "RECORD", "record": content}).encode() + b"\n"


def good(number: int) -> bytes:
    return row(number, f"person.{number}@example.com")


def state(number: int) -> bytes:
    content = {"id": number, "type": "STREAM", "stream": {"stream_descriptor": {"name": "users"}}}
    return json.dumps({"type": "STATE", "state": content}).encode() + b"\n"


def ids(states: Iterable[bytes]) -> list[int]:
    return [json.loads(each)["id"] for each in states]


MakeRig = Callable[..., Rig]


@pytest.fixture
def make_rejecting_rig(
    raw_config: dict[str, Any],
    pinterest: FakePinterest,
    messages: MessageWriter,
    clock: Clock,
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
) -> MakeRig:
    """A rig for a stream with a key, whose rejected rows are written to a bucket of which the shelf is the far end."""
    monkeypatch.setattr(URLLib3Session, "send", lambda _self, request: shelf.answer(request))

    def make(*columns: str, pool: type[WorkerPool] = InlinePool, **changes: Any) -> Rig:
        schema: dict[str, Any] = {"properties": {column: {} for column in ("id", "email", *columns)}}
        stream = {"stream": {"name": "users", "json_schema": schema}, "primary_key": [["id"]]}
        streams = parse_catalog(json.dumps({"streams": [stream]}).encode())
        config = {**raw_config, "object_storage_config": STORAGE, **changes}
        return Rig(config, streams, messages, clock, pool, pinterest)

    return make


@pytest.fixture
def patient_pool(clock: Clock) -> type[HandPool]:
    """What would be waited for passes on the tests' clock."""

    class PatientPool(HandPool):
        def take(self, timeout_s: float) -> Event | None:
            event = super().take(0.0)
            clock.pass_by(timeout_s if event is None else 0.0)
            return event

    return PatientPool


def queue_of(rig: Rig) -> DeadLetterQueue:
    assert rig.parts.dead_letters is not None
    return rig.parts.dead_letters.queue


def test_every_row_that_the_platform_is_told_was_rejected_is_written_with_its_key(
    make_rejecting_rig: MakeRig, shelf: Shelf, pinterest: FakePinterest
) -> None:
    rig = make_rejecting_rig()
    lines = good(1) + row(2, "nobody") + row(3, None) + good(4) + row(5, "") + state(1)
    (only,) = rig.run(lines)
    assert json.loads(only)["destinationStats"] == {"recordCount": 2.0, "rejectedRecordCount": 3.0}
    assert [(each["primary_key"], each["rejected_reason"]) for each in shelf.rows] == [
        ({"id": 2}, "invalid_email"),
        ({"id": 3}, "no_identity"),
        ({"id": 5}, "no_identity"),
    ]
    assert len(pinterest.members_of("users")) == 2


def test_a_row_whose_operation_is_unknown_names_the_operation_column(make_rejecting_rig: MakeRig, shelf: Shelf) -> None:
    operation = {"mode": "column", "column": "op"}
    rig = make_rejecting_rig("op", operation_column=operation)
    list(rig.run(row(1, "person@example.com", op="perhaps")))
    (written,) = shelf.rows
    assert (written["rejected_reason"], written["rejected_field"]) == ("unknown_operation", "op")


def test_rows_that_change_nothing_as_wanted_and_refused_values_beside_others_are_no_rejected_rows(
    make_rejecting_rig: MakeRig, shelf: Shelf
) -> None:
    rig = make_rejecting_rig("_ab_cdc_deleted_at", deletes="keep")
    both = row(2, None).replace(b"null", b'["person@example.com", "nobody"]')
    list(rig.run(row(1, "nobody", _ab_cdc_deleted_at="2026-11-22"), both))
    tally = rig.lanes["users"].tally
    assert dict(tally.not_synced) == {DELETION_KEPT: 1}
    assert dict(tally.identifiers_refused) == {"invalid_email": 1}
    assert shelf == {}


def test_a_state_waits_until_the_rejected_rows_before_it_are_stored(
    make_rejecting_rig: MakeRig, shelf: Shelf, clock: Clock
) -> None:
    rig = make_rejecting_rig()
    began = clock.clock()
    states = rig.run(good(3) + row(1, "nobody") + state(1), 3600.0, good(2))
    assert json.loads(next(states))["id"] == 1
    assert clock.clock() - began == pytest.approx(MAX_FILE_AGE_S)
    assert [each["primary_key"] for each in shelf.rows] == [{"id": 1}]
    assert ids(states) == []


def test_a_bucket_that_refuses_fails_the_sync_after_the_states_before(
    make_rejecting_rig: MakeRig, shelf: Shelf, pinterest: FakePinterest
) -> None:
    rig = make_rejecting_rig(batch_size=1)
    shelf.is_there = False
    states = rig.run(good(1) + state(1) + row(2, "nobody") + state(2))
    assert json.loads(next(states))["id"] == 1
    with raises(Code.BUCKET_MISSING):
        next(states)
    assert len(pinterest.members_of("users")) == 1


@pytest.mark.parametrize(("first", "error"), [(0, InvalidRequestError), (1, StorageRefusedError)])
def test_of_two_failures_the_first_is_what_the_sync_fails_with_and_both_are_settled(
    make_rejecting_rig: MakeRig,
    patient_pool: type[HandPool],
    shelf: Shelf,
    pinterest: FakePinterest,
    first: int,
    error: type[Exception],
) -> None:
    rig = make_rejecting_rig(pool=patient_pool)
    shelf.is_there = False
    pinterest.refuse("POST", "customer_lists", 400)

    def do_both() -> None:
        assert len(rig.hands.submitted) == 2
        rig.hands.do_next(first)
        rig.hands.do_next()

    with pytest.raises(error):
        list(rig.run(row(1, "nobody") + good(2) + state(1), MAX_FILE_AGE_S, do_both))
    assert (queue_of(rig).in_flight, rig.lanes["users"].in_flight) == ([], [])
    lane = rig.lanes["users"]
    assert (queue_of(rig).watermark, lane.watermark if lane.failure is None else lane.lost_from) == (0, 0)


def test_a_sync_that_is_stopped_stores_what_it_has(make_rejecting_rig: MakeRig, shelf: Shelf) -> None:
    rig = make_rejecting_rig()
    states = rig.run(good(2) + row(1, "nobody") + state(1), rig.writer.stop, 3600.0)
    assert ids(states) == [1]
    assert len(shelf.rows) == 1


def test_a_stopped_sync_does_not_wait_for_a_bucket_for_ever(
    make_rejecting_rig: MakeRig, patient_pool: type[HandPool], clock: Clock
) -> None:
    rig = make_rejecting_rig(pool=patient_pool)
    began = clock.clock()
    assert ids(rig.run(row(1, "nobody") + state(1), rig.writer.stop)) == []
    assert clock.clock() - began == pytest.approx(STOP_GRACE_S + LAST_GRACE_S)
    assert (len(queue_of(rig).in_flight), queue_of(rig).watermark) == (1, 0)
