"""Sends a delivery as requests that Pinterest accepts; the first delivery of a customer list creates it.

Runs in the sending threads. Between deliveries it keeps how many identifiers fit into a request, and who was to be
removed from a list before that was created.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.delivery.lane import Delivery
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidRequestError, RequestTooLargeError
from destination_pinterest.vocabulary import Operation

# Tealium's cap on a request's body; Pinterest publishes none (read 2026-11-22). The rest of the body is under 1 kB.
MAX_RECORDS_BYTES: Final = 1_000_000 - 1_000
# Of those who were to be removed before there was a list, so many are kept for each audience: about 6 MB.
MOST_ABSENT: Final = 50_000


class DeliverySender:
    """Sends deliveries in requests of at most `max_identifiers`, or fewer once Pinterest refuses that many.

    Args:
        pinterest: the client, which retries by itself.
        creator: creates customer lists.
        max_identifiers: identifiers in one request at first.
    """

    def __init__(self, pinterest: PinterestClient, creator: AudienceCreator, max_identifiers: int) -> None:
        self._pinterest = pinterest
        self._creator = creator
        self._max_identifiers = max_identifiers
        self._lock = threading.Lock()
        self._absent: dict[str, dict[str, None]] = {}

    def send(self, target: AudienceTarget, delivery: Delivery, on_list: Callable[[str], None]) -> int:
        """Sends a delivery and returns how many identifiers were sent, once Pinterest has accepted all of them.

        Args:
            target: the audience to send them to.
            delivery: the identifiers.
            on_list: called with the customer list's id as soon as the delivery has created it.

        Raises:
            ConnectorError: the delivery failed; part of it may have been accepted, and sending it again is harmless.
        """
        if delivery.operation is Operation.REMOVE and target.list_id is None:
            self._note_absent(target, delivery.identifiers)
            return 0  # A list that does not exist has no members.
        identifiers = list(delivery.identifiers)
        while identifiers:
            piece = identifiers[: self._max_identifiers]
            del identifiers[: len(piece)]  # Another thread may have lowered the number meanwhile.
            for records, count in _within_bytes(piece):
                target = self._send_records(target, delivery.operation, records, count, on_list)
        return len(delivery.identifiers)

    def make_audience(self, target: AudienceTarget) -> TargetUpdate:
        """Makes the audience of the list that is written to; see `AudienceCreator.ensure_audience`."""
        return self._creator.ensure_audience(target)

    @property
    def max_identifiers(self) -> int:
        """How many identifiers one request may hold, after what Pinterest has refused."""
        return self._max_identifiers

    def _send_records(
        self, target: AudienceTarget, operation: Operation, records: str, count: int, on_list: Callable[[str], None]
    ) -> AudienceTarget:
        """Returns the target afterwards: its customer list exists."""
        try:
            list_id = target.list_id
            if list_id is None:
                created = self._creator.create_list(target, records)
                list_id = created.id
                target = replace(target, list_id=list_id)
                on_list(list_id)
                absent = self._absent.pop(target.list_name, {})
                if created.holds_records:
                    return target
                # An earlier sync may have asked for it too, before it was ended, and with people who have left since.
                self._remove_absent(list_id, list(absent))
            self._pinterest.update_customer_list(list_id, operation, records, count)
        except RequestTooLargeError as error:
            if count == 1:
                raise InvalidRequestError(
                    Code.SINGLE_IDENTIFIER_REFUSED,
                    "Pinterest refuses even a single identifier as too much, so size is not the reason. What Pinterest "
                    "says is in the brackets.",
                    answer=error.answer,
                ) from None
            half = count // 2
            self._take_at_most(half)
            pieces = iter(records.split(","))
            while piece := list(islice(pieces, half)):
                target = self._send_records(target, operation, ",".join(piece), len(piece), on_list)
        return target

    def _note_absent(self, target: AudienceTarget, identifiers: Iterable[str]) -> None:
        absent = self._absent.setdefault(target.list_name, {})
        for identifier in islice(identifiers, max(0, MOST_ABSENT - len(absent))):
            absent[identifier] = None

    def _remove_absent(self, list_id: str, absent: Sequence[str]) -> None:
        for first in range(0, len(absent), self._max_identifiers):
            for records, count in _within_bytes(absent[first : first + self._max_identifiers]):
                self._pinterest.update_customer_list(list_id, Operation.REMOVE, records, count)

    def _take_at_most(self, max_identifiers: int) -> None:
        with self._lock:
            self._max_identifiers = min(self._max_identifiers, max_identifiers)


def _within_bytes(identifiers: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yields the identifiers as `records` strings of at most MAX_RECORDS_BYTES (ASCII, so also characters)."""
    records = ",".join(identifiers)
    if len(records) <= MAX_RECORDS_BYTES or len(identifiers) == 1:
        yield records, len(identifiers)
        return
    middle = len(identifiers) // 2
    yield from _within_bytes(identifiers[:middle])
    yield from _within_bytes(identifiers[middle:])
