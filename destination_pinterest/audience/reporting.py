"""Makes the report at a sync's end, with a last look at what Pinterest says of each audience."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from destination_pinterest.audience.lane import AudienceLane
from destination_pinterest.audience.provision import AudienceProvisioner, AudienceTarget, TargetStatus
from destination_pinterest.audience.report import AudienceReport, AudienceTally, SyncReport
from destination_pinterest.errors import ConnectorError


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
        provisioner: AudienceProvisioner,
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
        audiences = [_audience(lane, duration_s, status) for lane, status in zip(self._lanes, statuses, strict=True)]
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
        if not target.is_open:
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


def _audience(lane: AudienceLane, duration_s: float, status: TargetStatus) -> AudienceReport:
    target, tally = lane.target, lane.tally
    return AudienceReport(
        audience=target.name,
        audience_id=target.audience_id,
        customer_list_id=target.list_id,
        streams=[str(stream) for stream in lane.streams],
        entered=tally.entered,
        synced=tally.synced,
        not_synced=dict(tally.not_synced),
        pending=tally.pending,
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
        notes=list(target.notes),
    )
