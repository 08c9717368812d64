from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.audience.lane import AudienceLane
from destination_pinterest.audience.provision import AudienceProvisioner
from destination_pinterest.audience.report import AudienceTally
from destination_pinterest.audience.reporting import SyncReporter


@pytest.fixture
def make_reporter(make_client: Callable[..., Any], clock: Any) -> Callable[..., SyncReporter]:
    def make(*lanes: AudienceLane, catch_up: Callable[[], None] = lambda: None) -> SyncReporter:
        provisioner = AudienceProvisioner(
            make_client(retry_s=0.0), delay_s=lambda *_: None, sleep=clock.sleep, clock=clock.clock
        )
        sync = AudienceTally()
        sync.requests, sync.retries, sync.waited_s = 9, 2, 1.23456
        return SyncReporter(iter(lanes), sync, provisioner, catch_up=catch_up, clock=clock.clock)

    return make


def test_a_report_says_what_was_counted_and_what_pinterest_says(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: Any, clock: Any
) -> None:
    list_id = pinterest.add_list("VIP", status="PROCESSING")
    lane = make_lane("VIP", list_id=list_id)
    lane.target.audience_id = pinterest.add_audience("VIP", list_id, status="TOO_SMALL", size=12)
    lane.target.notes.append("Noted.")
    tally = lane.tally
    tally.entered, tally.synced, tally.errored, tally.identifiers_added, tally.waited_s = 20, 15, 1, 14, 0.12345
    tally.not_synced["no_identity"] = 3
    tally.identifiers_refused["invalid_email"] = 2
    reporter = make_reporter(lane)
    clock.pass_by(4.0)
    report = reporter.report(succeeded=True)
    assert (report.status, report.duration_s, report.rows_per_second) == ("succeeded", 4.0, 5.0)
    assert (report.requests, report.retries, report.waited_s) == (9, 2, 1.235)
    (audience,) = report.audiences
    assert (audience.audience_id, audience.customer_list_id) == (lane.target.audience_id, list_id)
    assert (audience.entered, audience.synced, audience.pending, audience.errored) == (20, 15, 1, 1)
    assert (audience.not_synced, audience.identifiers_refused) == ({"no_identity": 3}, {"invalid_email": 2})
    assert (audience.customer_list_status, audience.audience_status) == ("PROCESSING", "TOO_SMALL")
    assert (audience.audience_size, audience.waited_s, audience.rows_per_second) == (12, 0.123, 5.0)
    assert (audience.streams, audience.notes) == (["users"], ["Noted."])


def test_a_list_without_an_audience_has_a_status_of_its_own(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: Any
) -> None:
    lane = make_lane("VIP", list_id=pinterest.add_list("VIP"))
    (audience,) = make_reporter(lane).report(succeeded=True).audiences
    assert (audience.customer_list_status, audience.audience_status) == ("READY", None)


def test_a_sync_without_anybody_to_add_says_that_nothing_was_created(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: Any
) -> None:
    report = make_reporter(make_lane(list_id=None)).report(succeeded=True)
    assert report.rows_per_second == 0.0
    assert "Nobody was to be added" in report.audiences[0].notes[0]
    assert pinterest.asked == []


def test_a_failed_sync_asks_pinterest_nothing_more(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: Any
) -> None:
    report = make_reporter(make_lane(list_id="1"), make_lane(list_id=None)).report(succeeded=False)
    assert report.status == "failed"
    assert [audience.notes for audience in report.audiences] == [[], []]
    assert pinterest.asked == []


def test_a_status_that_can_not_be_had_does_not_fail_a_sync_that_is_done(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: Any
) -> None:
    pinterest.refuse("GET", "customer_lists", 503, "down", times=9)
    report = make_reporter(make_lane(list_id=pinterest.add_list("VIP"))).report(succeeded=True)
    (audience,) = report.audiences
    assert report.status == "succeeded"
    assert audience.customer_list_status is None
    assert audience.notes[0].startswith("Everything was synced, but Pinterest did not tell the status: ")


def test_the_requests_for_the_status_are_counted_too(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: Any
) -> None:
    lane = make_lane("VIP", list_id=pinterest.add_list("VIP"))

    def catch_up() -> None:
        lane.tally.requests = len(pinterest.asked)

    (audience,) = make_reporter(lane, catch_up=catch_up).report(succeeded=True).audiences
    assert audience.requests == 1
