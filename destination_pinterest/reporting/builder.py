"""Builds the report at the end of a sync, with each audience's final status at Pinterest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec
from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.drift import IdentityFill
from destination_pinterest.audiences.list_counts import NO_COUNTS, ListCounts, MatchEstimate, counts_of, estimate_match
from destination_pinterest.audiences.status import ListedStatus, TargetStatus, list_statuses, read_status
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.growth import RequestGrowth
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.delivery.tally import AudienceTally
from destination_pinterest.errors import ConnectorError
from destination_pinterest.foreign_text import shown
from destination_pinterest.reporting.reach_report import actalikes_of, shares_of
from destination_pinterest.reporting.reconciliation import Reconciliation, reconcile
from destination_pinterest.reporting.report import (
    AudienceReport,
    ComparedFill,
    Failure,
    IdentityReport,
    Members,
    RequestGrowthReport,
    SyncReport,
)
from destination_pinterest.reporting.status_text import status_text

# Of more audiences in an ad account, the status is read from one listing.
_FEW: Final = 20


class _FinalStatus(msgspec.Struct, frozen=True):
    """An audience's final status, with notes on it."""

    status: TargetStatus
    notes: tuple[str, ...] = ()


class SyncReporter:
    """Builds the report of a sync, which begins when this object is made.

    Args:
        strategies: returns one for each audience of the sync so far.
        sync: requests, retries and waits of the whole sync.
        clients: the clients by ad account.
        access_tier: returns the app's access tier, if that is known.
        catch_up: counts the events that were posted but not read yet.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        strategies: Callable[[], Sequence[SyncStrategy]],
        sync: AudienceTally,
        clients: Mapping[str, PinterestClient],
        *,
        access_tier: Callable[[], str | None],
        catch_up: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._strategies = strategies
        self._sync = sync
        self._clients = clients
        self._access_tier = access_tier
        self._catch_up = catch_up
        self._clock = clock
        self._started_s = clock()

    def report(self, *, succeeded: bool, finished: Collection[SyncStrategy] | None = None) -> SyncReport:
        """Returns the report. Of an audience that failed, Pinterest is not asked for anything.

        Args:
            succeeded: whether the whole sync did.
            finished: the audiences that are finished; all of them if it succeeded, and none otherwise, unless given.
        """
        strategies = [one for one in self._strategies() if one.has_audience or _says_something(one)]
        done = set(strategies if succeeded else ()) if finished is None else set(finished)
        duration_s = self._clock() - self._started_s
        listed = self._listed([one.lane.target for one in strategies if one in done and one.has_audience])
        finals = [
            self._final_status(_with_waiting_list(strategy.lane.target), listed)
            if strategy in done and strategy.has_audience
            else _FinalStatus(TargetStatus())
            for strategy in strategies
        ]
        self._catch_up()
        audiences = [
            _audience(strategy, duration_s, final, succeeded=strategy in done)
            for strategy, final in zip(strategies, finals, strict=True)
        ]
        return SyncReport(
            status="succeeded" if succeeded else "failed",
            duration_s=round(duration_s, 3),
            rows_per_second=_rate(
                sum(audience.entered for audience in audiences if not audience.repeats_rows), duration_s
            ),
            requests=self._sync.requests,
            retries=self._sync.retries,
            waited_s=round(self._sync.waited_s, 3),
            audiences=audiences,
            access_tier=self._access_tier(),
        )

    def _listed(self, targets: Sequence[AudienceTarget]) -> dict[str, ListedStatus]:
        """Lists an ad account's audiences and lists at once, by the account, if many of its audiences are wanted."""
        wanted = Counter(target.ad_account_id for target in targets)
        listed = {}
        for account, count in wanted.items():
            if count > _FEW:
                with suppress(ConnectorError):  # Then each is asked for.
                    listed[account] = list_statuses(self._clients[account])
        return listed

    def _final_status(self, target: AudienceTarget, listed: Mapping[str, ListedStatus]) -> _FinalStatus:
        notes = []
        if target.list_id is None and target.audience_id is None:
            notes.append("There was nothing to add, so neither the customer list nor the audience was created.")
        try:
            account = target.ad_account_id
            known = None if account not in listed else listed[account].of(target)
            status = read_status(self._clients[account], target) if known is None else known
        except ConnectorError as error:
            notes.append(f"Everything was synced, but Pinterest did not give the status: {error}")
            return _FinalStatus(TargetStatus(), tuple(notes))
        if status.exceptions:
            notes.append(f"Pinterest says about the customer list: {status.exceptions}")
        return _FinalStatus(status, tuple(notes))


def _says_something(strategy: SyncStrategy) -> bool:
    lane = strategy.lane
    return bool(lane.tally.entered or lane.tally.identifiers_refused or lane.notes or lane.failure)


def _rate(rows: int, duration_s: float) -> float:
    return round(rows / duration_s, 1) if duration_s > 0 else 0.0


def _audience(strategy: SyncStrategy, duration_s: float, final: _FinalStatus, *, succeeded: bool) -> AudienceReport:
    lane, status = strategy.lane, final.status
    target, tally = _with_waiting_list(lane.target), lane.tally
    members = _members(strategy, succeeded=succeeded)
    before, after = _counts_before(target), counts_of(status.written)
    # What Pinterest accepted is not in the audience until its list is.
    has_begun = succeeded or target.shadow is None or target.audience_id is not None
    waiting = tally.synced if target.awaits_swap or not has_begun else 0
    return AudienceReport(
        audience=target.name,
        audience_id=target.audience_id,
        customer_list_id=target.list_id,
        streams=[str(stream) for stream in lane.streams],
        entered=tally.entered,
        synced=tally.synced - waiting,
        not_synced=dict(tally.not_synced),
        pending=tally.pending + waiting,
        errored=tally.errored,
        identifiers_added=tally.identifiers_added,
        identifiers_removed=tally.identifiers_removed,
        identifiers_refused=dict(tally.identifiers_refused),
        requests=tally.requests,
        retries=tally.retries,
        waited_s=round(tally.waited_s, 3),
        rows_per_second=_rate(tally.entered, duration_s),
        customer_list_status=status.customer_list,
        audience_status=status.audience,
        audience_size=status.size,
        notes=[shown(note) for note in (*lane.notes, *final.notes, *_waiting_note(target))],
        members=members,
        pinterest_counts_before=before,
        pinterest_counts_after=after,
        reconciliation=_reconciliation(strategy, before, after, succeeded=succeeded),
        match_estimate=_match_estimate(strategy, status),
        identities=identities_of(strategy),
        ad_account_id=target.ad_account_id,
        repeats_rows=target.repeats_rows,
        failure=None if lane.failure is None else Failure(str(lane.failure), lane.failure.code),
        outlook=status_text(
            status.customer_list,
            status.audience,
            status.size,
            has_audience=target.audience_id is not None,
            was_replaced=target.swapped_out_list_id is not None,
        ),
        replaced_customer_list_id=target.swapped_out_list_id,
        replaced_customer_list_counts=counts_of(target.live) if target.swapped_out_list_id else None,
        superseded_audience_id=target.superseded_audience_id,
        left_over_customer_list_ids=_left_over(target),
        actalikes=actalikes_of(lane.reach),
        shared_with=shares_of(lane.reach),
        request_growth=_growth(lane.growth),
        empty_table=lane.empty_table,
    )


def _growth(growth: RequestGrowth | None) -> RequestGrowthReport | None:
    if growth is None:
        return None
    return RequestGrowthReport(growth.began_at, growth.largest, growth.stopped_by)


def _with_waiting_list(target: AudienceTarget) -> AudienceTarget:
    """Returns the target as it is reported: if nothing replaced the list that waits for the audience, with that one."""
    if target.list_id is not None or target.audience_id is not None or target.adoptable is None:
        return target
    return replace(target, list_id=target.adoptable.id, live=target.adoptable)


def _waiting_note(target: AudienceTarget) -> list[str]:
    if not target.awaits_swap or target.live is None:
        return []
    note = (
        f"The audience was not replaced and keeps its members (customer list {target.live.id}); what was "
        f"added is in the customer list {target.list_id}."
    )
    return [note]


def _members(strategy: SyncStrategy, *, succeeded: bool) -> Members | None:
    counts = strategy.members
    if counts is None:
        return None
    # Every identifier that was added is a member afterwards, so the others are unchanged.
    unchanged = max(0, counts.after - strategy.lane.tally.identifiers_added) if succeeded else None
    return Members(
        counts.before, counts.after, unchanged, counts.left_by_absence, counts.unresolved_deletions, counts.expired
    )


def _counts_before(target: AudienceTarget) -> ListCounts | None:
    if target.list_id is None:
        return None
    return NO_COUNTS if target.written_before is None else counts_of(target.written_before)


def _reconciliation(
    strategy: SyncStrategy, before: ListCounts | None, after: ListCounts | None, *, succeeded: bool
) -> Reconciliation | None:
    target, tally = strategy.lane.target, strategy.lane.tally
    if not succeeded or target.list_id is None:
        return None
    # A list can't be created empty: without rows, it was created with a placeholder.
    was_placed = target.written_before is None and not tally.identifiers_added and not tally.asked
    stand_in = max(target.stand_ins, int(was_placed))
    return reconcile(
        before,
        after,
        added=tally.identifiers_added - tally.merged + stand_in + tally.asked + tally.again_added,
        removed=tally.identifiers_removed + tally.asked + tally.again_removed,
        repeated_requests=tally.retries,
        perhaps=(tally.perhaps_added, tally.perhaps_removed),
    )


def _match_estimate(strategy: SyncStrategy, status: TargetStatus) -> MatchEstimate | None:
    """Estimates the match; None too if the size may be another list's: a swap was just made, or was not."""
    target, known = strategy.lane.target, strategy.remembered.members
    if status.made_of not in {None, target.list_id}:
        return None
    if target.swapped_out_list_id is not None and status.customer_list != "READY":
        return None  # The size is that of the list before until the new one is matched.
    if strategy.people is not None:
        is_stored = strategy.members is not None and strategy.members.after == strategy.people
        return estimate_match(
            status.size, strategy.people, strategy.lane.count.day, of="members" if is_stored else "people"
        )
    if known is not None and status.written is not None and known.is_still_exact(status.written):
        return estimate_match(status.size, known.people, known.counted_on)
    return None


def identities_of(strategy: SyncStrategy) -> IdentityReport | None:
    """Returns how full the identity columns were; None if no row was to join."""
    intake = strategy.lane.count.intake
    if not intake.fill.rows:
        return None
    before = intake.compared_with(strategy.remembered)
    return IdentityReport(
        rows=intake.fill.rows,
        shares=_shares(intake.fill),
        is_whole_pass=intake.is_whole,
        compared_with=None if before is None else ComparedFill(before.rows, _shares(before)),
    )


def _shares(fill: IdentityFill) -> dict[str, float]:
    return {kind.value: round(share, 4) for kind, share in sorted(fill.shares.items())}


def _left_over(target: AudienceTarget) -> list[str]:
    if target.awaits_swap and target.list_id and target.shadow and target.shadow.spans == "attempt":
        return [*target.left_over_list_ids, target.list_id]
    if target.swapped_out_list_id is None or target.superseded_audience_id is not None:
        return list(target.left_over_list_ids)
    return [*target.left_over_list_ids, target.swapped_out_list_id]
