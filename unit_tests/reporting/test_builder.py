from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.list_counts import ListCounts
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.audiences.shadow_list import ShadowList
from destination_pinterest.delivery.append import AppendStrategy, MembershipBatch
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.mirror import MirroredStreams, MirrorStrategy, Rhythm
from destination_pinterest.delivery.row_support import RowSupport
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.delivery.tally import AudienceTally
from destination_pinterest.reporting.builder import SyncReporter
from destination_pinterest.reporting.reconciliation import Reconciliation
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import AD_ACCOUNT, FakePinterest


@pytest.fixture
def client(make_client: Callable[..., PinterestClient]) -> PinterestClient:
    return make_client(retry_s=0.0)


@pytest.fixture
def creator(client: PinterestClient, make_creator: Callable[[PinterestClient], AudienceCreator]) -> AudienceCreator:
    return make_creator(client)


@pytest.fixture
def make_reporter(client: PinterestClient, creator: AudienceCreator, clock: Clock) -> Callable[..., SyncReporter]:
    """A reporter on lanes to which rows are added, or on other strategies."""

    def make(
        *lanes: AudienceLane, others: tuple[SyncStrategy, ...] = (), catch_up: Callable[[], None] = lambda: None
    ) -> SyncReporter:
        strategies = (*(AppendStrategy(lane, MembershipBatch(100), 60.0, creator) for lane in lanes), *others)
        sync = AudienceTally()
        sync.requests, sync.retries, sync.waited_s = 9, 2, 1.23456
        return SyncReporter(
            lambda: strategies,
            sync,
            {AD_ACCOUNT: client},
            access_tier=lambda: "standard",
            catch_up=catch_up,
            clock=clock.clock,
        )

    return make


def know(lane: AudienceLane, **known: Any) -> None:
    """What a sync has found or made at Pinterest."""
    lane.target = replace(lane.target, **known)


def test_a_report_says_what_was_counted_and_what_pinterest_says(
    make_reporter: Callable[..., SyncReporter],
    make_lane: Callable[..., AudienceLane],
    pinterest: FakePinterest,
    clock: Clock,
) -> None:
    list_id = pinterest.add_list("VIP", status="PROCESSING")
    lane = make_lane("VIP", list_id=list_id)
    know(lane, audience_id=pinterest.add_audience("VIP", list_id, status="TOO_SMALL", size=12))
    lane.notes.append("Noted.")
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
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: FakePinterest
) -> None:
    lane = make_lane("VIP", list_id=pinterest.add_list("VIP"))
    (audience,) = make_reporter(lane).report(succeeded=True).audiences
    assert (audience.customer_list_status, audience.audience_status) == ("READY", None)


def test_a_sync_without_anybody_to_add_says_that_nothing_was_created(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: FakePinterest
) -> None:
    report = make_reporter(make_lane(list_id=None)).report(succeeded=True)
    assert report.rows_per_second == 0.0
    assert "There was nothing to add" in report.audiences[0].notes[0]
    assert pinterest.asked == []


def test_where_a_list_waits_for_its_audience_it_is_not_said_that_nothing_was_created(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: FakePinterest
) -> None:
    lane = make_lane(list_id=None)
    waiting = pinterest.add_list("VIP", "a", "b")
    know(lane, adoptable=CustomerList(id=waiting))
    (audience,) = make_reporter(lane).report(succeeded=True).audiences
    assert audience.notes == []
    assert (audience.customer_list_id, audience.customer_list_status) == (waiting, "READY")


def test_what_pinterest_says_is_wrong_with_a_list_is_noted_after_what_the_sync_noted(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: FakePinterest
) -> None:
    lane = make_lane(list_id=pinterest.add_list("VIP", exceptions={"bad": 3}))
    lane.notes.append("Noted.")
    (audience,) = make_reporter(lane).report(succeeded=True).audiences
    assert audience.notes == ["Noted.", 'Pinterest says about the customer list: {"bad":3}']


def test_a_failed_sync_asks_pinterest_nothing_more(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: FakePinterest
) -> None:
    report = make_reporter(make_lane(list_id="1"), make_lane(list_id=None)).report(succeeded=False)
    assert report.status == "failed"
    assert [audience.notes for audience in report.audiences] == [[], []]
    assert pinterest.asked == []


def test_a_status_that_can_not_be_had_does_not_fail_a_sync_that_is_done(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: FakePinterest
) -> None:
    pinterest.refuse("GET", "customer_lists", 503, "down", times=9)
    report = make_reporter(make_lane(list_id=pinterest.add_list("VIP"))).report(succeeded=True)
    (audience,) = report.audiences
    assert report.status == "succeeded"
    assert audience.customer_list_status is None
    assert audience.notes[0].startswith("Everything was synced, but Pinterest did not give the status: ")


def test_the_requests_for_the_status_are_counted_too(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: FakePinterest
) -> None:
    lane = make_lane("VIP", list_id=pinterest.add_list("VIP"))

    def catch_up() -> None:
        lane.tally.requests = len(pinterest.asked)

    (audience,) = make_reporter(lane, catch_up=catch_up).report(succeeded=True).audiences
    assert audience.requests == 1


@pytest.fixture
def written_lane(make_lane: Callable[..., AudienceLane], pinterest: FakePinterest) -> AudienceLane:
    """A lane of an audience whose list had 200 records by 2 requests, 120 of whom are matched."""
    list_id = pinterest.add_list("VIP", num_uploaded_user_records=210, num_removed_user_records=10, num_batches=2)
    lane = make_lane("VIP", list_id=list_id)
    live = CustomerList(id=list_id, num_uploaded_user_records=210, num_removed_user_records=10, num_batches=2)
    know(lane, audience_id=pinterest.add_audience("VIP", list_id), live=live)
    return lane


def sent(pinterest: FakePinterest, lane: AudienceLane, *, added: int, removed: int, counted_besides: int = 0) -> None:
    """What Pinterest accepted in the sync, and what its counter shows besides."""
    lane.tally.identifiers_added, lane.tally.identifiers_removed = added, removed
    found = pinterest.lists[str(lane.target.list_id)]
    found["num_uploaded_user_records"] += added + counted_besides
    found["num_removed_user_records"] += removed
    found["num_batches"] += 2


def test_pinterests_counters_are_those_of_the_start_and_of_the_end(
    make_reporter: Callable[..., SyncReporter], written_lane: AudienceLane, pinterest: FakePinterest
) -> None:
    sent(pinterest, written_lane, added=50, removed=10)
    (audience,) = make_reporter(written_lane).report(succeeded=True).audiences
    assert audience.pinterest_counts_before == ListCounts(200, 210, 10, 2)
    assert audience.pinterest_counts_after == ListCounts(240, 260, 20, 4)
    assert audience.reconciliation == Reconciliation(50, 10, 50, 10, None)
    assert audience.match_estimate is None, "records count repeats, so the share of people is not known"
    assert audience.members is None
    assert "It can be targeted." in (audience.outlook or "")


def test_what_was_counted_besides_is_told_with_the_requests_that_were_repeated(
    make_reporter: Callable[..., SyncReporter], written_lane: AudienceLane, pinterest: FakePinterest
) -> None:
    sent(pinterest, written_lane, added=50, removed=0, counted_besides=50)
    written_lane.tally.retries = 1
    (audience,) = make_reporter(written_lane).report(succeeded=True).audiences
    assert audience.reconciliation is not None
    difference = audience.reconciliation.difference or ""
    assert difference.startswith("Pinterest counted 50 more added than it had accepted in this sync.")
    assert "(requests repeated in this sync: 1)" in difference


def test_a_list_that_the_sync_created_had_nobody_before(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: FakePinterest
) -> None:
    lane = make_lane("VIP", list_id=pinterest.add_list("VIP", "a", "b"))
    lane.tally.identifiers_added = 2
    (audience,) = make_reporter(lane).report(succeeded=True).audiences
    assert audience.pinterest_counts_before == ListCounts(0, 0, 0, 0)
    assert audience.reconciliation == Reconciliation(2, 0, 2, 0, None)
    assert (audience.outlook or "").startswith("A sync creates the audience")


def test_the_identifier_that_stands_for_nobody_in_an_empty_list_was_sent_as_well(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], pinterest: FakePinterest
) -> None:
    lane = make_lane("VIP", list_id=pinterest.add_list("VIP", "nobody"))
    (audience,) = make_reporter(lane).report(succeeded=True).audiences
    assert audience.reconciliation == Reconciliation(1, 0, 1, 0, None)


def test_counters_that_pinterest_does_not_tell_are_not_made_up(
    make_reporter: Callable[..., SyncReporter], written_lane: AudienceLane, pinterest: FakePinterest
) -> None:
    pinterest.lists[str(written_lane.target.list_id)]["num_uploaded_user_records"] = None
    written_lane.tally.identifiers_added = 5
    (audience,) = make_reporter(written_lane).report(succeeded=True).audiences
    assert (audience.pinterest_counts_after, audience.match_estimate) == (None, None)
    assert audience.reconciliation == Reconciliation(5, 0)


def test_a_sync_that_failed_tells_what_was_known_when_it_began(
    make_reporter: Callable[..., SyncReporter], written_lane: AudienceLane, pinterest: FakePinterest
) -> None:
    written_lane.tally.identifiers_added = 10
    (audience,) = make_reporter(written_lane).report(succeeded=False).audiences
    assert audience.pinterest_counts_before == ListCounts(200, 210, 10, 2)
    assert (audience.pinterest_counts_after, audience.reconciliation, audience.outlook) == (None, None, None)
    assert pinterest.asked == []


def test_a_store_that_was_not_opened_tells_no_members(
    make_reporter: Callable[..., SyncReporter], make_lane: Callable[..., AudienceLane], creator: AudienceCreator
) -> None:
    mirror = MirrorStrategy(
        make_lane(list_id=None),
        MirroredStreams((), ()),
        creator,
        Safeguards(50, allow_empty=False),
        rows=RowSupport("auto", date(2026, 11, 27)),
        max_identifiers=lambda: 100,
        rhythm=Rhythm(60.0),
    )
    (audience,) = make_reporter(others=(mirror,)).report(succeeded=False).audiences
    assert (audience.members, audience.pinterest_counts_before) == (None, None)


def replaced(lane: AudienceLane, pinterest: FakePinterest, *, is_switched: bool = True) -> str:
    """The lane's audience after a generation was built; the id of the list before."""
    old = str(lane.target.list_id)
    new = pinterest.add_list("VIP [generation 7, job 12]", "a", "b", status="PROCESSING")
    know(lane, list_id=new, left_over_list_ids=("4", "5"))
    lane.tally.identifiers_added = 2
    if is_switched:
        know(lane, swapped_out_list_id=old)
        pinterest.audiences[str(lane.target.audience_id)]["rule"] = {"customer_list_id": new}
    return old


def test_a_replaced_list_is_left_over_and_its_counts_are_told(
    make_reporter: Callable[..., SyncReporter], written_lane: AudienceLane, pinterest: FakePinterest
) -> None:
    old = replaced(written_lane, pinterest)
    (audience,) = make_reporter(written_lane).report(succeeded=True).audiences
    assert (audience.replaced_customer_list_id, audience.left_over_customer_list_ids) == (old, ["4", "5", old])
    assert audience.replaced_customer_list_counts == ListCounts(200, 210, 10, 2)
    assert (audience.pinterest_counts_before, audience.pinterest_counts_after) == (
        ListCounts(0, 0, 0, 0), ListCounts(2, 2, 0, 1),
    )  # fmt: skip
    # The size is still that of the old list's people.
    assert audience.match_estimate is None
    assert (audience.outlook or "").endswith("the size may be that of the one before.")


def test_a_list_that_another_audience_was_left_with_is_not_left_over(
    make_reporter: Callable[..., SyncReporter], written_lane: AudienceLane, pinterest: FakePinterest
) -> None:
    old = replaced(written_lane, pinterest)
    know(written_lane, superseded_audience_id="99")
    (audience,) = make_reporter(written_lane).report(succeeded=True).audiences
    assert (audience.replaced_customer_list_id, audience.superseded_audience_id) == (old, "99")
    assert audience.left_over_customer_list_ids == ["4", "5"]


def test_a_generation_that_was_not_put_in_place_says_nothing_of_the_audience_s_match(
    make_reporter: Callable[..., SyncReporter], written_lane: AudienceLane, pinterest: FakePinterest
) -> None:
    replaced(written_lane, pinterest, is_switched=False)
    (audience,) = make_reporter(written_lane).report(succeeded=True).audiences
    assert audience.replaced_customer_list_id is None
    assert audience.replaced_customer_list_counts is None
    assert audience.match_estimate is None
    assert audience.left_over_customer_list_ids == ["4", "5"]


def test_a_generation_that_an_earlier_attempt_began_had_people_before(
    make_reporter: Callable[..., SyncReporter], written_lane: AudienceLane, pinterest: FakePinterest
) -> None:
    replaced(written_lane, pinterest)
    list_id = str(written_lane.target.list_id)
    know(written_lane, resumed=CustomerList(id=list_id, num_uploaded_user_records=1))
    written_lane.tally.identifiers_added = 1
    (audience,) = make_reporter(written_lane).report(succeeded=True).audiences
    assert audience.pinterest_counts_before == ListCounts(1, 1, 0, None)
    assert audience.reconciliation == Reconciliation(1, 0, 1, 0, None)


@pytest.mark.parametrize(("spans", "left_over"), [("attempt", ["4", "5", "new"]), ("job", ["4", "5"])])
def test_rows_in_a_list_that_did_not_replace_the_audiences_are_pending(
    make_reporter: Callable[..., SyncReporter],
    written_lane: AudienceLane,
    pinterest: FakePinterest,
    spans: Literal["attempt", "job"],
    left_over: list[str],
) -> None:
    """The next attempt of the job goes on with such a list, or nobody does."""
    replaced(written_lane, pinterest, is_switched=False)
    know(written_lane, shadow=ShadowList("generation 7, job 12", spans))
    written_lane.tally.entered, written_lane.tally.synced = 3, 2
    (audience,) = make_reporter(written_lane).report(succeeded=False).audiences
    assert (audience.entered, audience.synced, audience.pending) == (3, 0, 3)
    assert audience.notes[-1].startswith("The audience was not replaced and keeps its members")
    named = ["new" if one == written_lane.target.list_id else one for one in audience.left_over_customer_list_ids]
    assert named == left_over


def test_rows_in_a_list_that_has_replaced_the_audiences_are_synced(
    make_reporter: Callable[..., SyncReporter], written_lane: AudienceLane, pinterest: FakePinterest
) -> None:
    replaced(written_lane, pinterest)
    know(written_lane, shadow=ShadowList("generation 7, job 12", "attempt"))
    written_lane.tally.entered, written_lane.tally.synced = 3, 2
    (audience,) = make_reporter(written_lane).report(succeeded=True).audiences
    assert (audience.synced, audience.pending, audience.notes) == (2, 1, [])


@pytest.mark.parametrize("succeeded", [False, True])
def test_rows_of_an_audience_that_does_not_exist_yet_are_pending_if_the_sync_failed(
    make_reporter: Callable[..., SyncReporter],
    make_lane: Callable[..., AudienceLane],
    pinterest: FakePinterest,
    *,
    succeeded: bool,
) -> None:
    """Where it succeeded, the list holds all of the table, and the audience is only made later."""
    lane = make_lane("VIP", list_id=pinterest.add_list("VIP [generation 7, job 12]", "a", "b"))
    know(lane, shadow=ShadowList("generation 7, job 12", "attempt"))
    lane.tally.entered, lane.tally.synced = 3, 2
    (audience,) = make_reporter(lane).report(succeeded=succeeded).audiences
    assert (audience.synced, audience.pending) == ((2, 1) if succeeded else (0, 3))
