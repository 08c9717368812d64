"""Makes the report at a sync's end, with a last look at what Pinterest says of each audience."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from destination_pinterest.audiences.creation import AudienceCreator, TargetStatus
from destination_pinterest.audiences.list_counts import NO_COUNTS, ListCounts, MatchEstimate, counts_of, estimate_match
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.tally import AudienceTally
from destination_pinterest.errors import ConnectorError
from destination_pinterest.reporting.reconciliation import Reconciliation, reconcile
from destination_pinterest.reporting.report import AudienceReport, Members, SyncReport
from destination_pinterest.reporting.status_text import outlook


class SyncReporter:
    """Reports on a sync that began when this was made.

    Args:
        lanes: every audience of the sync.
        sync: requests, retries and waits of the whole sync.
        provisioner: asks Pinterest.
        catch_up: counts what threads have told and nobody has heard yet.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        lanes: Iterable[AudienceLane],
        sync: AudienceTally,
        provisioner: AudienceCreator,
        *,
        catch_up: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._lanes = list(lanes)
        self._sync = sync
        self._provisioner = provisioner
        self._catch_up = catch_up
        self._clock = clock
        self._started_s = clock()

    def report(self, *, succeeded: bool) -> SyncReport:
        """The report. A failed sync does not ask Pinterest anything more."""
        duration_s = self._clock() - self._started_s
        statuses = [self._status(lane.target) if succeeded else TargetStatus() for lane in self._lanes]
        self._catch_up()
        audiences = [
            _audience(lane, duration_s, status, succeeded=succeeded)
            for lane, status in zip(self._lanes, statuses, strict=True)
        ]
        return SyncReport(
            status="succeeded" if succeeded else "failed",
            duration_s=round(duration_s, 3),
            rows_per_second=_rate(sum(audience.entered for audience in audiences), duration_s),
            requests=self._sync.requests,
            retries=self._sync.retries,
            waited_s=round(self._sync.waited_s, 3),
            audiences=audiences,
        )

    def _status(self, target: AudienceTarget) -> TargetStatus:
        if not target.is_open and target.audience_id is None:
            target.notes.append("Nobody was to be added, so neither the customer list nor the audience was created.")
        try:
            status = self._provisioner.status(target)
        except ConnectorError as error:
            target.notes.append(f"Everything was synced, but Pinterest did not tell the status: {error}")
            return TargetStatus()
        if status.exceptions:
            target.notes.append(f"Pinterest says of the customer list: {status.exceptions}")
        return status


def _rate(rows: int, duration_s: float) -> float:
    return round(rows / duration_s, 1) if duration_s > 0 else 0.0


def _audience(lane: AudienceLane, duration_s: float, status: TargetStatus, *, succeeded: bool) -> AudienceReport:
    target, tally = lane.target, lane.tally
    members = _members(lane, succeeded=succeeded)
    before, after = _counts_before(target), counts_of(status.written)
    # What Pinterest took is not in the audience before the list that took it is.
    has_begun = succeeded or target.generation is None or target.audience_id is not None
    waiting = tally.synced if target.is_waiting or not has_begun else 0
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
        notes=[*target.notes, *_waiting_note(target)],
        members=members,
        pinterest_counts_before=before,
        pinterest_counts_after=after,
        reconciliation=_reconciliation(lane, before, after, succeeded=succeeded),
        match_estimate=_match_estimate(target, status, members, after),
        outlook=outlook(
            status.customer_list,
            status.audience,
            status.size,
            has_audience=target.audience_id is not None,
            was_replaced=target.replaced_list_id is not None,
        ),
        replaced_customer_list_id=target.replaced_list_id,
        replaced_customer_list_counts=counts_of(target.before) if target.replaced_list_id else None,
        superseded_audience_id=target.superseded_audience_id,
        left_over_customer_list_ids=_left_over(target),
    )


def _waiting_note(target: AudienceTarget) -> list[str]:
    if not target.is_waiting or target.before is None:
        return []
    note = (
        f"The audience was not replaced and still has the people it had (customer list {target.before.id}); what was "
        f"added went into the customer list {target.list_id}."
    )
    return [note]


def _members(lane: AudienceLane, *, succeeded: bool) -> Members | None:
    memory = lane.memory
    if memory is None or not memory.is_open:
        return None
    # Whoever is sent to be added is a member afterwards, so the others stayed.
    unchanged = max(0, memory.members_after - lane.tally.identifiers_added) if succeeded else None
    return Members(
        memory.members_before, memory.members_after, unchanged, memory.left_by_absence, memory.unresolved_deletions
    )


def _counts_before(target: AudienceTarget) -> ListCounts | None:
    if not target.is_open:
        return None
    return NO_COUNTS if target.written_before is None else counts_of(target.written_before)


def _reconciliation(
    lane: AudienceLane, before: ListCounts | None, after: ListCounts | None, *, succeeded: bool
) -> Reconciliation | None:
    target, tally = lane.target, lane.tally
    if not succeeded or not target.is_open:
        return None
    # A list can't be created without anybody in it: where nobody was sent, it was the one that stands for nobody.
    stand_in = 1 if target.written_before is None and not tally.identifiers_added else 0
    return reconcile(
        before,
        after,
        added=tally.identifiers_added + stand_in,
        removed=tally.identifiers_removed,
        repeated_requests=tally.retries,
    )


def _match_estimate(
    target: AudienceTarget, status: TargetStatus, members: Members | None, after: ListCounts | None
) -> MatchEstimate | None:
    """None also where the size is of another list than the counts: the audience has kept, or just lost, its old one."""
    if target.replaced_list_id is not None or status.made_of not in {None, target.list_id}:
        return None
    return estimate_match(status.size, None if members is None else members.after, after)


def _left_over(target: AudienceTarget) -> list[str]:
    if target.is_waiting and target.list_id and target.generation and target.generation.spans == "attempt":
        return [*target.left_over_list_ids, target.list_id]
    if target.replaced_list_id is None or target.superseded_audience_id is not None:
        return list(target.left_over_list_ids)
    return [*target.left_over_list_ids, target.replaced_list_id]
