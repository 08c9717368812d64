"""The report of a sync: for each audience what entered, what was synced, what was not and why, and the cost.

The terms are Braze's: entered, synced, not synced, pending, errored. They count rows, unless a name says identifiers,
members or records. The report is written twice: as lines for people, and as one JSON object for programs. Within a
schema_version, keys are only added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec

from destination_pinterest.audiences.list_counts import ListCounts, MatchEstimate
from destination_pinterest.audiences.target import EmptyTable
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.reporting.reach_report import ActalikeReport, ShareReport
from destination_pinterest.reporting.reconciliation import Reconciliation
from destination_pinterest.wording.figures import (
    LEFT_OVER,
    TRIAL,
    by_count,
    counters_text,
    fill_text,
    ids_text,
    size_text,
    sync_sentence,
)
from destination_pinterest.wording.growth_text import growth_text
from destination_pinterest.wording.reach_text import actalikes_text, shares_text
from destination_pinterest.wording.reasons import reason_sentence

SCHEMA_VERSION: Final = 1
# A column may name thousands of audiences. Of more than these, people are told of the largest and of those not well.
_FEW: Final = 25
_LARGEST: Final = 10
_UNWELL: Final = 50


class Members(msgspec.Struct, frozen=True):
    """Identifiers that the connector has put into an audience, counted exactly by the membership store.

    Args:
        before, after: when the sync began and when it ended.
        unchanged: members that stayed and were not sent; a lower bound if the sync had several epochs. None if the sync
            failed.
        left_by_absence: those removed because no row has them any more.
        unresolved_deletions: deletions without an identifier whose key the store does not know.
        expired: those removed because their rows have not come for as long as `expire_after_days` says.
    """

    before: int
    after: int
    unchanged: int | None
    left_by_absence: int
    unresolved_deletions: int
    expired: int = 0


class ComparedFill(msgspec.Struct, frozen=True):
    """The rows of the last sync of the same sort: how many, and the share with a usable identifier of each kind."""

    rows: int
    shares: dict[str, float]


class IdentityReport(msgspec.Struct, frozen=True):
    """How many of the joining rows had a usable identifier of each kind, and what that was compared with.

    Args:
        rows: rows that were to join.
        shares: the share of them, by kind. If there are several kinds, not every row of a large table is looked at.
        is_whole_pass: whether the rows were the whole table, or what had changed.
        compared_with: None if nothing was remembered of a sync of the same sort.
    """

    rows: int
    shares: dict[str, float]
    is_whole_pass: bool
    compared_with: ComparedFill | None


class Failure(msgspec.Struct, frozen=True):
    """Why an audience failed: what happened and what to do, and the code in front of it."""

    error: str
    error_code: str


class RequestGrowthReport(msgspec.Struct, frozen=True):
    """How far the requests to a customer list grew, where the settings let them.

    Args:
        began_at: how many identifiers a request had without proof.
        size: how many it had at last, as proven by Pinterest's counters.
        stopped_by: why they grew no further: `refused`, `cut`, `slow`, `unanswered`, `more`, `not_counted` or `unfit`;
            None if they are as large as they may be, or too few identifiers were waiting.
    """

    began_at: int
    size: int
    stopped_by: str | None


class AudienceReport(msgspec.Struct, frozen=True):
    """One audience's part of the report.

    `audience_size` is Pinterest's own count of matched people, where it has one. `customer_list_id` is the list that
    was written to, and `pinterest_counts_...` are its counters when the sync began and ended; `replaced_...` is the
    list that the audience was made from until this sync replaced it. `members` is None without a membership store. What
    was not asked because the audience failed is None. `failure` is None if only the sync as a whole failed.
    `actalikes` and `shared_with` have what the settings ask for. `request_growth` is None unless requests may grow.
    `empty_table` is None unless the table that was to replace the members has nobody and empties nothing: `kept` if
    the audience keeps members whom the table no longer has, `nobody_yet` if it has none.
    """

    audience: str
    audience_id: str | None
    customer_list_id: str | None
    streams: list[str]
    entered: int
    synced: int
    not_synced: dict[str, int]
    pending: int
    errored: int
    identifiers_added: int
    identifiers_removed: int
    identifiers_refused: dict[str, int]
    requests: int
    retries: int
    waited_s: float
    rows_per_second: float
    customer_list_status: str | None
    audience_status: str | None
    audience_size: int | None
    notes: list[str]
    members: Members | None = None
    pinterest_counts_before: ListCounts | None = None
    pinterest_counts_after: ListCounts | None = None
    reconciliation: Reconciliation | None = None
    match_estimate: MatchEstimate | None = None
    outlook: str | None = None
    replaced_customer_list_id: str | None = None
    replaced_customer_list_counts: ListCounts | None = None
    superseded_audience_id: str | None = None
    left_over_customer_list_ids: list[str] = msgspec.field(default_factory=list)
    identities: IdentityReport | None = None
    failure: Failure | None = None
    ad_account_id: str | None = None
    repeats_rows: bool = False
    actalikes: list[ActalikeReport] = msgspec.field(default_factory=list)
    shared_with: list[ShareReport] = msgspec.field(default_factory=list)
    request_growth: RequestGrowthReport | None = None
    empty_table: EmptyTable | None = None


class SyncReport(msgspec.Struct, frozen=True):
    """The whole report; requests, retries and waits are those of the whole sync.

    `forgetting` is the certificate of a sync that takes people out of every customer list.
    """

    status: Literal["succeeded", "failed"]
    duration_s: float
    rows_per_second: float
    requests: int
    retries: int
    waited_s: float
    audiences: list[AudienceReport]
    access_tier: str | None = None
    schema_version: int = SCHEMA_VERSION
    forgetting: dict[str, Any] | None = None

    def as_line(self) -> str:
        """Returns the report as one line for a program."""
        return REPORT_PREFIX + msgspec.json.encode(self).decode()

    def as_text(self) -> Iterator[str]:
        """Yields the report as lines for people."""
        several = len({audience.ad_account_id for audience in self.audiences}) > 1
        told = _told(self.audiences)
        for audience in told:
            yield from _audience_text(audience, account=f"ad account {audience.ad_account_id}, " if several else "")
        if len(told) < len(self.audiences):
            names = {id(audience) for audience in told}
            yield _rest_text([audience for audience in self.audiences if id(audience) not in names])
        if self.access_tier == "trial":
            yield TRIAL
        yield sync_sentence(
            self.status,
            duration_s=self.duration_s,
            rows_per_second=self.rows_per_second,
            requests=self.requests,
            retries=self.retries,
            waited_s=self.waited_s,
        )


def _told(audiences: Sequence[AudienceReport]) -> list[AudienceReport]:
    """Returns the audiences that are told one by one: all if they are few, else the largest and those not well."""
    if len(audiences) <= _FEW:
        return list(audiences)
    largest = sorted(audiences, key=lambda audience: -audience.entered)[:_LARGEST]
    unwell = sorted((one for one in audiences if one.failure or one.errored or one.pending or one.notes), key=_severity)
    told = {id(audience) for audience in (*largest, *unwell[:_UNWELL])}
    return [audience for audience in audiences if id(audience) in told]


def _severity(audience: AudienceReport) -> tuple[bool, int]:
    return (audience.failure is None, -audience.errored - audience.pending)


def _rest_text(rest: Sequence[AudienceReport]) -> str:
    failed = sum(audience.failure is not None for audience in rest)
    return (
        f"And {len(rest):,} more audiences{f', {failed:,} of which failed' if failed else ''}: "
        f"{sum(one.entered for one in rest):,} rows entered, {sum(one.synced for one in rest):,} synced, "
        f"{sum(sum(one.not_synced.values()) for one in rest):,} not synced, "
        f"{sum(one.pending for one in rest):,} pending, {sum(one.errored for one in rest):,} errored. "
        "The report in JSON has each of them."
    )


def _audience_text(audience: AudienceReport, account: str) -> Iterator[str]:
    yield (
        f'Audience "{audience.audience}" ({account}audience {audience.audience_id or "not created yet"}, customer list '
        f"{audience.customer_list_id or 'not created yet'}) from {', '.join(audience.streams)}: "
        f"{audience.entered:,} rows entered, {audience.synced:,} synced, "
        f"{sum(audience.not_synced.values()):,} not synced, {audience.pending:,} pending, {audience.errored:,} errored."
    )
    if audience.failure is not None:
        yield f"  Failed: {audience.failure.error}"
    yield (
        f"  Identifiers: {audience.identifiers_added:,} added, {audience.identifiers_removed:,} removed. "
        f"{audience.requests:,} requests with identifiers, {audience.retries:,} repeated, "
        f"{audience.waited_s:.1f} s waited for quota, "
        f"{audience.rows_per_second:,.0f} rows a second.{_growth(audience.request_growth)}"
    )
    if audience.identities is not None:
        yield f"  Usable identifiers: {_identities(audience.identities)}."
    yield from _reasons("Not synced", audience.not_synced)
    yield from _reasons("Identifiers refused in rows that had others", audience.identifiers_refused)
    if audience.members is not None:
        yield f"  Members: {_members(audience.members)}."
    if audience.customer_list_status:
        yield f"  At Pinterest now: {_at_pinterest(audience)}"
    if audience.pinterest_counts_after is not None:
        yield f"  Records by Pinterest's counters: {_counters(audience, audience.pinterest_counts_after)}"
    if audience.left_over_customer_list_ids:
        yield f"  Left-over customer lists: {ids_text(audience.left_over_customer_list_ids)}. {LEFT_OVER}"
    if audience.actalikes:
        known = ((one.country, one.percentage, one.outcome, one.audience_id) for one in audience.actalikes)
        yield f"  Actalike audiences: {actalikes_text(known)}."
    if audience.shared_with:
        recipients = ((one.account_type, one.account_id, one.outcome) for one in audience.shared_with)
        yield f"  Shared with: {shares_text(recipients)}."
    for note in audience.notes:
        yield f"  Note: {note}"


def _growth(growth: RequestGrowthReport | None) -> str:
    if growth is None:
        return ""
    return f" Growth of requests: {growth_text(growth.began_at, growth.size, growth.stopped_by)}."


def _members(members: Members) -> str:
    stayed = "" if members.unchanged is None else f", {members.unchanged:,} of them unchanged"
    expired = f"; {members.expired:,} expired" if members.expired else ""
    unresolved = (
        f"; {members.unresolved_deletions:,} deletions with an unknown key" if members.unresolved_deletions else ""
    )
    return (
        f"{members.before:,} before and {members.after:,} after, by the membership store{stayed}; "
        f"{members.left_by_absence:,} removed because no row has them{expired}{unresolved}"
    )


def _identities(identities: IdentityReport) -> str:
    compared = identities.compared_with
    return fill_text(
        identities.rows,
        identities.shares,
        is_whole_pass=identities.is_whole_pass,
        before=None if compared is None else (compared.rows, compared.shares),
    )


def _at_pinterest(audience: AudienceReport) -> str:
    estimate = audience.match_estimate
    matched = None if estimate is None else (estimate.share, estimate.people, estimate.counted_on)
    size = size_text(audience.audience_size, matched)
    text = (
        f"customer list {audience.customer_list_status}, audience {audience.audience_status or 'not created yet'}, "
        f"size {size}."
    )
    return f"{text} {audience.outlook}" if audience.outlook else text


def _counters(audience: AudienceReport, after: ListCounts) -> str:
    before, replaced = audience.pinterest_counts_before, audience.replaced_customer_list_counts
    text = "" if before is None else f"{before.records:,} before, "
    text += f"now {counters_text(after.records, after.added, after.removed, after.batches)}"
    if replaced is not None:
        text += f"; {replaced.records:,} in the customer list that was replaced"
    difference = audience.reconciliation.difference if audience.reconciliation else None
    return f"{text}. {difference}" if difference else f"{text}."


def _reasons(title: str, counts: dict[str, int]) -> Iterator[str]:
    """Yields the counts by reason, then each reason in words."""
    if not counts:
        return
    ordered = by_count(counts)
    yield f"  {title}: " + ", ".join(f"{reason} {count:,}" for reason, count in ordered) + "."
    for reason, _ in ordered:
        if sentence := reason_sentence(reason):
            yield f"    {reason}: {sentence}"
