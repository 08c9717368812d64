"""Sends a delivery whose size is tried, alone on its list, and says what the list's counters show of it.

Runs in the sending threads. Whatever was not proven to be taken whole is sent again before the delivery counts as sent:
in requests of a size that is known to fit, or, if that size itself is tried for the first time, as often as answers
leave a doubt. A list whose counters prove nothing is left as if nobody had looked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.list_counts import NO_COUNTS, ListCounts, counts_of
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.growth import Finding, Outcome, SizeTrial
from destination_pinterest.delivery.lane import Delivery
from destination_pinterest.delivery.sender import MAX_RECORDS_BYTES, DeliverySender
from destination_pinterest.errors import (
    ConnectionFailedError,
    InvalidRequestError,
    RequestTooLargeError,
    ServerError,
)
from destination_pinterest.vocabulary import TAG, Operation

# How often a size that needs no proof is sent again because the answers leave a doubt.
_MOST_SENDINGS: Final = 3


class _Answer(msgspec.Struct, frozen=True):
    """What one request showed, and by how much the counter grew, if that is known."""

    outcome: Outcome
    grown: int = 0
    after: ListCounts | None = None


class TrialSender:
    """Sends deliveries whose size is tried.

    Args:
        sender: sends what needs no trial, and keeps which sizes Pinterest refuses.
    """

    def __init__(self, sender: DeliverySender) -> None:
        self._pinterest = sender.pinterest
        self._sender = sender

    def send(
        self, target: AudienceTarget, delivery: Delivery, trial: SizeTrial, on_list: Callable[[str], None]
    ) -> tuple[int, Finding]:
        """Sends a delivery; returns how many identifiers were sent, once all of them are taken, and what that showed.

        Raises:
            ConnectorError: the delivery failed; part of it may have been accepted, and sending it again is harmless.
        """
        if target.list_id is None:
            return self._create(target, delivery, on_list)
        records = list(delivery.identifiers)
        if TAG in "".join(records):
            return self._sender.send(target, delivery, on_list), Finding(Outcome.UNFIT)
        if len(records) > trial.fits:
            return len(records), self._try_larger(target, delivery, records, trial)
        return len(records), self._try(target, delivery, records, trial.before)

    def _create(
        self, target: AudienceTarget, delivery: Delivery, on_list: Callable[[str], None]
    ) -> tuple[int, Finding]:
        """Has the list created with the delivery; an answer that is not clear has it sent again."""
        made: list[str] = []

        def note(list_id: str) -> None:
            made.append(list_id)
            on_list(list_id)

        heard: list[CustomerList | None] = []
        sent = self._sender.send(target, delivery, note, heard=heard)
        if not made:
            return sent, Finding(Outcome.UNANSWERED)  # There is no list to remove anybody from.
        opened, records = replace(target, list_id=made[0]), list(delivery.identifiers)
        if len(heard) == 1:  # The creation, which is never repeated.
            answer = _judged(NO_COUNTS, counts_of(heard[0]), Operation.ADD, sent)
            if answer.outcome is Outcome.CUT:
                return sent, self._take_cut(opened, delivery, records, answer, again=answer.grown)
            return sent, Finding(answer.outcome, after=answer.after)
        if heard[0] is not None:
            return sent, Finding(Outcome.REFUSED, after=counts_of(heard[-1]))
        # It had no answer, so nobody knows how often the identifiers have arrived, nor how many of them.
        finding = self._try(opened, delivery, records, counts_of(heard[-1]))
        each = min(sent, finding.taken or sent)
        return sent, replace(finding, again=finding.again + each, perhaps=finding.perhaps + each)

    def _try_larger(
        self,
        target: AudienceTarget,
        delivery: Delivery,
        records: list[str],
        trial: SizeTrial,
    ) -> Finding:
        """Tries a size of which nothing is known yet."""
        answer = _Answer(Outcome.UNFIT)
        if sum(map(len, records)) + len(records) - 1 <= MAX_RECORDS_BYTES:
            answer = _Answer(Outcome.REFUSED)
            if not self._sender.is_refused(len(records)):
                answer = self._once(target, delivery.operation, records, trial.before)
        if answer.outcome is Outcome.EXACT:
            return Finding(answer.outcome, after=answer.after)
        after = self._send_on(target, dataclasses.replace(delivery, at_once=trial.fits))
        taken = answer.grown if answer.outcome is Outcome.CUT else None
        if answer.outcome is Outcome.UNANSWERED:
            return Finding(answer.outcome, after=after, perhaps=len(records))
        again = 0 if answer.outcome in {Outcome.REFUSED, Outcome.UNFIT} else len(records) if taken is None else taken
        return Finding(answer.outcome, taken, after, again)

    def _try(
        self,
        target: AudienceTarget,
        delivery: Delivery,
        records: list[str],
        before: ListCounts | None,
    ) -> Finding:
        """Sends what should fit by all that is known, until it is certain that it does or that nobody can tell."""
        again = perhaps = 0
        answer = _Answer(Outcome.UNANSWERED)
        for sending in range(_MOST_SENDINGS):
            answer = self._once(target, delivery.operation, records, before)
            if answer.outcome is Outcome.CUT:
                found = self._take_cut(target, delivery, records, answer, again=again + answer.grown)
                return replace(found, perhaps=found.perhaps + perhaps)
            if answer.outcome in {Outcome.EXACT, Outcome.NOT_COUNTED}:
                return Finding(answer.outcome, after=answer.after, again=again, perhaps=perhaps)
            if answer.outcome is Outcome.MORE:
                before = answer.after
                if sending + 1 < _MOST_SENDINGS:
                    again += len(records)
                continue
            before = self._send_on(target, delivery)
            if answer.outcome is Outcome.REFUSED:
                return Finding(answer.outcome, after=before, again=again, perhaps=perhaps)
            perhaps += len(records)
            if sending + 1 < _MOST_SENDINGS:
                again += len(records)
        return Finding(answer.outcome, after=answer.after or before, again=again, perhaps=perhaps)

    def _take_cut(
        self, target: AudienceTarget, delivery: Delivery, records: list[str], answer: _Answer, *, again: int
    ) -> Finding:
        """Sends everybody again, so many at once as seem to have been taken, if that is what the counter means."""
        size, before, left, sendings, perhaps = answer.grown, answer.after, records, 0, 0
        while left:
            piece = left[:size]
            answer = self._once(target, delivery.operation, piece, before)
            before, sendings = answer.after, sendings + 1
            is_doubtful = answer.outcome in {Outcome.CUT, Outcome.NOT_COUNTED}
            if is_doubtful or (answer.outcome is Outcome.MORE and sendings >= _MOST_SENDINGS):
                # Counters that are late look like that: the request was accepted, and there is nothing to prove.
                return Finding(Outcome.NOT_COUNTED, after=before, again=again + len(records), perhaps=perhaps)
            if answer.outcome is not Outcome.EXACT:
                perhaps += len(piece) if answer.outcome is Outcome.UNANSWERED else 0
                again += len(piece) if sendings < _MOST_SENDINGS else 0
                part = dataclasses.replace(delivery, identifiers=dict.fromkeys(piece), at_once=size)
                before = self._send_on(target, part)
            if answer.outcome is Outcome.EXACT or sendings >= _MOST_SENDINGS:
                left, sendings = left[size:], 0
        self._sender.take_at_most(size)
        return Finding(Outcome.CUT, size, before, again, perhaps)

    def _send_on(self, target: AudienceTarget, delivery: Delivery) -> ListCounts | None:
        """Sends in the way of all requests: halved if it is too large, and repeated until there is an answer."""
        heard: list[CustomerList | None] = []
        self._sender.send(target, delivery, lambda _: None, heard=heard)
        return counts_of(heard[-1])

    def _once(
        self, target: AudienceTarget, operation: Operation, records: list[str], before: ListCounts | None
    ) -> _Answer:
        """Sends one request, once."""
        list_id = target.list_id or ""
        if before is None:
            before = counts_of(self._pinterest.customer_list(list_id))
        try:
            answer = self._pinterest.update_customer_list(
                list_id, operation, ",".join(records), len(records), is_repeated=False
            )
        except (RequestTooLargeError, InvalidRequestError):
            self._sender.note_refused(len(records))
            return _Answer(Outcome.REFUSED, after=before)
        except (ServerError, ConnectionFailedError):
            return _Answer(Outcome.UNANSWERED)
        return _judged(before, counts_of(answer), operation, len(records))


def _judged(before: ListCounts | None, after: ListCounts | None, operation: Operation, sent: int) -> _Answer:
    if before is None or after is None:
        return _Answer(Outcome.NOT_COUNTED, after=after)
    grown = after.added - before.added if operation is Operation.ADD else after.removed - before.removed
    others_wrote = None not in {before.batches, after.batches} and (after.batches or 0) - (before.batches or 0) > 1
    if grown > sent or (grown > 0 and others_wrote):
        return _Answer(Outcome.MORE, grown, after)
    if grown == sent:
        return _Answer(Outcome.EXACT, grown, after)
    return _Answer(Outcome.CUT if grown > 0 else Outcome.NOT_COUNTED, grown, after)
