"""Sends a delivery as requests that Pinterest accepts; the first delivery of a customer list creates it.

Runs in the sending threads. Between deliveries it keeps how many identifiers fit into a request, and who was to be
removed from a list before that was created.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.delivery.lane import Delivery
from destination_pinterest.delivery.people import Row, split
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidRequestError, RequestTooLargeError
from destination_pinterest.vocabulary import TAG, Operation

# Tealium's cap on a request's body; Pinterest publishes none (read 2026-11-22). The rest of the body is under 1 kB.
MAX_RECORDS_BYTES: Final = 1_000_000 - 1_000
# Of those who were to be removed before there was a list, so many are kept for each audience: about 6 MB.
MOST_ABSENT: Final = 50_000
# Quotation marks, colon, comma and, once a row, braces.
_AROUND_A_FIELD: Final = 8

# Some of a delivery, for one request: identifiers for `records`, or rows.
Part = list[str] | list[Row]


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
        self._refused: float = math.inf
        self._lock = threading.Lock()
        self._absent: dict[str, dict[str, None]] = {}

    def send(
        self,
        target: AudienceTarget,
        delivery: Delivery,
        on_list: Callable[[str], None],
        *,
        heard: list[CustomerList | None] | None = None,
    ) -> int:
        """Sends a delivery and returns how many identifiers were sent, once Pinterest has accepted all of them.

        Args:
            target: the audience to send them to.
            delivery: the identifiers.
            on_list: called with the customer list's id as soon as the delivery has created it.
            heard: takes the answer to each request; None for a creation whose answer was lost.

        Raises:
            ConnectorError: the delivery failed; part of it may have been accepted, and sending it again is harmless.
        """
        if delivery.operation is Operation.REMOVE and target.list_id is None:
            self._note_absent(target, delivery.identifiers)
            return 0  # A list that does not exist has no members.
        heard = [] if heard is None else heard
        for part in self._parts(*_formed(delivery), delivery.at_once):
            target = self._send_part(target, delivery.operation, part, on_list, heard)
        return len(delivery.identifiers)

    def make_audience(self, target: AudienceTarget) -> TargetUpdate:
        """Makes the audience of the list that is written to; see `AudienceCreator.ensure_audience`."""
        return self._creator.ensure_audience(target)

    @property
    def max_identifiers(self) -> int:
        """How many identifiers one request may hold, after what Pinterest has refused."""
        return self._max_identifiers

    @property
    def pinterest(self) -> PinterestClient:
        """The client."""
        return self._pinterest

    def is_refused(self, identifiers: int) -> bool:
        """Whether Pinterest has refused a request of so many identifiers, or of fewer."""
        return identifiers >= self._refused

    def note_refused(self, identifiers: int) -> None:
        """Takes note that Pinterest refuses a request of so many identifiers."""
        with self._lock:
            self._refused = min(self._refused, identifiers)
        if identifiers <= self._max_identifiers:
            self.take_at_most(max(1, identifiers // 2))

    def take_at_most(self, max_identifiers: int) -> None:
        """Sends no more identifiers in one request from now on, unless a larger size is proven for a list."""
        with self._lock:
            self._max_identifiers = min(self._max_identifiers, max_identifiers)

    def _send_part(
        self,
        target: AudienceTarget,
        operation: Operation,
        part: Part,
        on_list: Callable[[str], None],
        heard: list[CustomerList | None],
    ) -> AudienceTarget:
        """Returns the target afterwards: its customer list exists."""
        try:
            list_id = target.list_id
            if list_id is None:
                created = self._creator.create_list(target, _people(part))
                list_id = created.id
                target = replace(target, list_id=list_id)
                on_list(list_id)
                heard.append(created.answer)
                absent = self._absent.pop(target.list_name, {})
                if created.holds_records:
                    return target
                # An earlier sync may have asked for it too, before it was ended, and with people who have left since.
                self._remove_absent(list_id, absent)
            heard.append(self._pinterest.update_customer_list(list_id, operation, _people(part), _count(part)))
        except RequestTooLargeError as error:
            if len(part) == 1:
                raise InvalidRequestError(
                    Code.SINGLE_IDENTIFIER_REFUSED,
                    "Pinterest refuses even a single identifier as too much, so size is not the reason. What Pinterest "
                    "says is in the brackets.",
                    answer=error.answer,
                ) from None
            half = len(part) // 2
            self._heed_refusal(_count(part), _count(part[:half]))
            for start in range(0, len(part), half):
                target = self._send_part(target, operation, part[start : start + half], on_list, heard)
        return target

    def _note_absent(self, target: AudienceTarget, identifiers: Iterable[str]) -> None:
        absent = self._absent.setdefault(target.list_name, {})
        for identifier in islice(identifiers, max(0, MOST_ABSENT - len(absent))):
            absent[identifier] = None

    def _remove_absent(self, list_id: str, absent: Iterable[str]) -> None:
        records, rows = split(Operation.REMOVE, dict.fromkeys(absent))
        for part in self._parts(records, rows, None):
            self._pinterest.update_customer_list(list_id, Operation.REMOVE, _people(part), _count(part))

    def _parts(self, records: list[str], rows: list[Row], at_once: int | None) -> Iterator[Part]:
        """Yields what each request has."""
        while records:
            piece = records[: self._most(at_once)]
            del records[: len(piece)]  # Another thread may have lowered the number meanwhile.
            yield from _within_bytes(piece)
        while rows:
            people = _first_rows(rows, self._max_identifiers)
            del rows[: len(people)]
            yield people

    def _most(self, at_once: int | None) -> int:
        """How many identifiers a request may have: so many as were proven, unless Pinterest has refused that since."""
        if at_once is None or self.is_refused(at_once):
            return self._max_identifiers
        return at_once

    def _heed_refusal(self, refused: int, half: int) -> None:
        """Takes note that Pinterest refused a request, of which half is sent next."""
        with self._lock:
            self._refused = min(self._refused, refused)
            self._max_identifiers = min(self._max_identifiers, half)


def _formed(delivery: Delivery) -> tuple[list[str], list[Row]]:
    """Returns what is sent as `records`, and as rows."""
    # One look at all of them together: nearly no delivery has any that needs a row.
    if TAG not in "".join(delivery.identifiers):
        return list(delivery.identifiers), []
    return split(delivery.operation, delivery.identifiers)


def _people(part: Part) -> str | list[Row]:
    return part if isinstance(part[0], dict) else ",".join(part)


def _count(part: Part) -> int:
    """How many identifiers a part has."""
    return sum(map(len, part)) if isinstance(part[0], dict) else len(part)


def _within_bytes(records: list[str]) -> Iterator[list[str]]:
    """Yields the identifiers in parts of at most MAX_RECORDS_BYTES (ASCII, so also characters)."""
    if len(records) == 1 or len(",".join(records)) <= MAX_RECORDS_BYTES:  # To join them is quicker than to add up.
        yield records
        return
    middle = len(records) // 2
    yield from _within_bytes(records[:middle])
    yield from _within_bytes(records[middle:])


def _first_rows(rows: list[Row], max_identifiers: int) -> list[Row]:
    """Returns as many of the first rows as one request may have, at least one."""
    identifiers = size = 0
    for number, row in enumerate(rows):
        identifiers += len(row)
        size += sum(len(field) + len(value.encode()) + _AROUND_A_FIELD for field, value in row.items())
        if number and (identifiers > max_identifiers or size > MAX_RECORDS_BYTES):
            return rows[:number]
    return rows[:]
