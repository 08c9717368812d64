"""Takes identifiers out of one customer list, and leaves out those that no form of request can carry.

Phone numbers, customer IDs and envelopes need `records_v2`. Where Pinterest refuses that, it has taken none of them
in, as far as anything shows; so a forgetting is not held up for ever by what can't be there. It counts them, and the
certificate says so.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Literal

from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.lane import Delivery
from destination_pinterest.delivery.sender import DeliverySender
from destination_pinterest.errors import ConnectorError
from destination_pinterest.identity.row_field import needs_rows
from destination_pinterest.vocabulary import Operation


class Removal:
    """Takes identifiers out of the lists of an ad account.

    Args:
        ad_account_id: the ad account.
        sender: sends deliveries.
        creator: tries whether rows are accepted.
        record_format: the setting; `records` sends no rows, `records_v2` insists on them.
        refusals: by ad account, what Pinterest answered to rows; shared by all lists.
    """

    def __init__(
        self,
        ad_account_id: str,
        sender: DeliverySender,
        creator: AudienceCreator,
        record_format: Literal["auto", "records", "records_v2"],
        refusals: MutableMapping[str, str],
    ) -> None:
        self.sender = sender
        self._account = ad_account_id
        self._creator = creator
        self._format = record_format
        self._refusals = refusals

    def remove(self, target: AudienceTarget, identifiers: Mapping[str, None], *, may_hold_rows: bool) -> int:
        """Sends identifiers for removal; returns how many of them could not be sent.

        Args:
            target: the list.
            identifiers: as many as one request may have.
            may_hold_rows: whether people were ever sent to the list as rows; then a refusal is a failure.

        Raises:
            ConnectorError: they were not all taken out, and may be in the list.
        """
        records = {one: None for one in identifiers if not needs_rows(one)}
        rows = {one: None for one in identifiers if needs_rows(one)}
        if records:
            self._send(target, records)
        if not rows:
            return 0
        if not may_hold_rows and (self._format == "records" or self._account in self._refusals):
            return len(rows)
        try:
            self._send(target, rows)
        except ConnectorError as failure:
            if may_hold_rows or self._format == "records_v2":
                raise
            refusal = self._creator.try_rows(target).refusal
            if refusal is None:
                raise  # The form is accepted, so something else is wrong.
            self._refusals[self._account] = str(refusal.answer or failure.answer or "")
            return len(rows)
        return 0

    def _send(self, target: AudienceTarget, identifiers: dict[str, None]) -> None:
        self.sender.send(target, Delivery(Operation.REMOVE, identifiers, 0, 0), lambda _list_id: None)
