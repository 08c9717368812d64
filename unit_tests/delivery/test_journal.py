from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from destination_pinterest.api.endpoints import UPDATE_CUSTOMER_LIST, Category
from destination_pinterest.api.observer import Exchange, QuotaWait, RetryNotice
from destination_pinterest.delivery.journal import SyncJournal
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.workers import ClientEvent
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError, ObjectBusyError, RateLimitedError, ServerError
from destination_pinterest.markers import PROGRESS_PREFIX
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.emit import MessageWriter
from unit_tests.support.clock import Clock
from unit_tests.support.outbox import Outbox

USERS, ORDERS = StreamKey(None, "users"), StreamKey("shop", "orders")


def waits(seconds: float, lane: AudienceLane | None = None) -> ClientEvent:
    return ClientEvent(lane, QuotaWait(Category.ADS_WRITE, seconds, None))


def answered(status: int = 200, lane: AudienceLane | None = None, elapsed_s: float = 0.1) -> ClientEvent:
    return ClientEvent(lane, Exchange(UPDATE_CUSTOMER_LIST, "1", status, elapsed_s))


def retries(error: ConnectorError, lane: AudienceLane | None = None) -> ClientEvent:
    return ClientEvent(lane, RetryNotice(UPDATE_CUSTOMER_LIST, "1", error, 2, 4.0))


@pytest.fixture
def lanes(make_lane: Callable[..., AudienceLane]) -> list[AudienceLane]:
    return [make_lane("VIP", streams=(USERS,)), make_lane("Buyers", streams=(ORDERS, USERS))]


@pytest.fixture
def journal(messages: MessageWriter, lanes: list[AudienceLane], clock: Clock) -> SyncJournal:
    return SyncJournal(messages, lambda: lanes, system=clock.system, progress_every_s=30.0)


def test_a_long_wait_is_told_once_with_the_moment_it_ends(
    journal: SyncJournal, lanes: list[AudienceLane], outbox: Outbox, clock: Clock
) -> None:
    for _ in range(8):
        journal.on_event(waits(59.0, lanes[0]))
    assert outbox.of("LOG") == [
        {
            "level": "INFO",
            "message": "Pinterest's quota for ads_write is used up; the next request goes out at "
            "2027-01-15 08:00:59 UTC.",
        }
    ]
    reset = {"quota_reset": int((clock.epoch + 59.0) * 1000)}
    assert outbox.stream_statuses == [
        {
            "stream_descriptor": {"name": "users"},
            "status": "RUNNING",
            "reasons": [{"type": "RATE_LIMITED", "rate_limited": reset}],
        }
    ]
    assert lanes[0].tally.waited_s == journal.sync.waited_s == 8 * 59.0
    assert lanes[1].tally.waited_s == 0.0


def test_a_wait_that_lasts_is_told_again_after_a_while(journal: SyncJournal, outbox: Outbox, clock: Clock) -> None:
    journal.on_event(waits(3600.0))
    clock.pass_by(29.9)
    journal.on_event(waits(3570.0))
    clock.pass_by(0.2)
    journal.on_event(waits(3570.0))
    assert len(outbox.of("LOG")) == 2


def test_the_ordinary_spacing_of_requests_is_counted_and_not_told(journal: SyncJournal, outbox: Outbox) -> None:
    journal.on_event(waits(0.14))
    journal.on_event(waits(1.9))
    assert outbox.messages == []
    assert journal.sync.waited_s == pytest.approx(2.04)


def test_a_wait_of_the_whole_sync_concerns_every_stream_once(journal: SyncJournal, outbox: Outbox) -> None:
    journal.on_event(waits(60.0))
    assert [status["stream_descriptor"] for status in outbox.stream_statuses] == [
        {"name": "orders", "namespace": "shop"},
        {"name": "users"},
    ]


def test_after_a_wait_the_first_success_says_that_the_streams_run_again(
    journal: SyncJournal, lanes: list[AudienceLane], outbox: Outbox
) -> None:
    journal.on_event(waits(60.0, lanes[0]))
    journal.on_event(answered(429, lanes[0]))
    assert len(outbox.stream_statuses) == 1
    journal.on_event(answered(200, lanes[0]))
    journal.on_event(answered(200, lanes[0]))
    assert outbox.stream_statuses[1:] == [{"stream_descriptor": {"name": "users"}, "status": "RUNNING"}]
    journal.on_event(waits(60.0, lanes[0]))
    assert len(outbox.of("LOG")) == 2


def test_every_try_counts_as_a_request_and_a_repeat_is_one_of_them_whether_or_not_it_is_answered(
    journal: SyncJournal, lanes: list[AudienceLane]
) -> None:
    for is_repeat in (False, True):
        journal.on_event(ClientEvent(lanes[0], Exchange(UPDATE_CUSTOMER_LIST, "1", None, 60.0, is_repeat)))
    assert (journal.sync.requests, journal.sync.retries) == (2, 1)
    assert (lanes[0].tally.requests, lanes[0].tally.retries) == (2, 1)
    assert lanes[0].window == lanes[1].window, "a request that hung says nothing about how long answers take"


def test_every_answer_counts_as_a_request_of_its_audience_and_of_the_sync(
    journal: SyncJournal, lanes: list[AudienceLane]
) -> None:
    journal.on_event(answered(200, lanes[0], elapsed_s=1.0))
    journal.on_event(answered(500, lanes[1], elapsed_s=0.01))
    journal.on_event(answered(200))
    assert (journal.sync.requests, lanes[0].tally.requests, lanes[1].tally.requests) == (3, 1, 1)
    assert lanes[0].window > lanes[1].window


def test_a_retry_is_logged_before_it_is_sent(journal: SyncJournal, lanes: list[AudienceLane], outbox: Outbox) -> None:
    journal.on_event(retries(ServerError(Code.PINTEREST_FAULT, "Pinterest has a fault of its own."), lanes[0]))
    journal.on_event(retries(ServerError(Code.PINTEREST_FAULT, "Again.")))
    assert outbox.of("LOG") == [
        {
            "level": "WARN",
            "message": "PIN-API-007: Pinterest has a fault of its own. Trying again in 4.0 s (attempt 2 failed).",
        },
        {"level": "WARN", "message": "PIN-API-007: Again. Trying again in 4.0 s (attempt 2 failed)."},
    ]
    assert journal.sync.retries == 0
    assert lanes[0].notes == []


def test_a_refusal_for_lack_of_quota_is_a_wait_and_is_told_to_the_platform_once(
    journal: SyncJournal, lanes: list[AudienceLane], outbox: Outbox, clock: Clock
) -> None:
    for _ in range(3):
        journal.on_event(retries(RateLimitedError(Code.QUOTA_USED_UP, "Used up."), lanes[0]))
    assert len(outbox.of("LOG")) == 3
    (status,) = outbox.stream_statuses
    assert status["stream_descriptor"] == {"name": "users"}
    assert status["reasons"][0]["rate_limited"] == {"quota_reset": int((clock.epoch + 4.0) * 1000)}
    assert (lanes[0].tally.waited_s, journal.sync.waited_s) == (12.0, 12.0)
    journal.on_event(answered(200, lanes[0]))
    assert outbox.stream_statuses[1:] == [{"stream_descriptor": {"name": "users"}, "status": "RUNNING"}]


def test_a_busy_list_is_written_one_at_a_time_and_the_report_says_so_once(
    journal: SyncJournal, lanes: list[AudienceLane]
) -> None:
    journal.on_event(answered(200, lanes[0], elapsed_s=5.0))
    assert lanes[0].window > 1
    journal.on_event(retries(ObjectBusyError(Code.OBJECT_BUSY, "Too fast."), lanes[0]))
    journal.on_event(retries(ObjectBusyError(Code.OBJECT_BUSY, "Too fast."), lanes[0]))
    journal.on_event(retries(ObjectBusyError(Code.OBJECT_BUSY, "Too fast.")))
    assert lanes[0].window == 1
    assert len(lanes[0].notes) == 1
    assert "one at a time" in lanes[0].notes[0]
    assert (lanes[1].window, lanes[1].notes) == (2, [])


def test_progress_is_written_when_it_is_due(
    journal: SyncJournal, lanes: list[AudienceLane], outbox: Outbox, clock: Clock
) -> None:
    journal.tick()
    lanes[0].tally.entered, lanes[0].tally.synced, lanes[1].tally.entered = 5, 3, 2
    lanes[0].tally.not_synced["no_identity"] = 1
    journal.on_event(waits(1.25))
    clock.pass_by(29.9)
    journal.tick()
    assert outbox.messages == []
    clock.pass_by(0.2)
    journal.tick()
    journal.tick()
    (line,) = outbox.log_texts
    assert line.startswith(PROGRESS_PREFIX)
    progress = json.loads(line.removeprefix(PROGRESS_PREFIX))
    assert progress == {"entered": 7, "synced": 3, "not_synced": 1, "requests": 0, "waited_s": 1.2}
    assert journal.due_s == clock.clock() + 30.0
