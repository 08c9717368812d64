"""Reads the present status of an audience and its customer list from Pinterest."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.audiences.target import AudienceTarget


class TargetStatus(msgspec.Struct, frozen=True):
    """The status of a customer list and its audience; None where Pinterest gives none.

    Args:
        customer_list, audience: the status of each.
        size: the audience's size.
        exceptions: what Pinterest says is wrong with the customer list.
        written: the customer list, for its counters.
        made_of: the id of the list that the audience is made from.
    """

    customer_list: str | None = None
    audience: str | None = None
    size: int | None = None
    exceptions: str = ""
    written: CustomerList | None = None
    made_of: str | None = None


def read_status(pinterest: PinterestClient, target: AudienceTarget) -> TargetStatus:
    """Asks Pinterest, with one request for each of the two that exists.

    Raises:
        ConnectorError: Pinterest did not answer.
    """
    if target.list_id is None:
        return TargetStatus()
    customer_list = pinterest.customer_list(target.list_id)
    return _status(customer_list, None if target.audience_id is None else pinterest.audience(target.audience_id))


class ListedStatus(msgspec.Struct, frozen=True):
    """The audiences and customer lists of an ad account, by their ids."""

    audiences: Mapping[str, Audience]
    customer_lists: Mapping[str, CustomerList]

    def of(self, target: AudienceTarget) -> TargetStatus | None:
        """Returns the status of a target; None if the listing does not show all of it."""
        if target.list_id is None:
            return TargetStatus()
        customer_list = self.customer_lists.get(target.list_id)
        audience = None if target.audience_id is None else self.audiences.get(target.audience_id)
        if customer_list is None or (audience is None and target.audience_id is not None):
            return None
        return _status(customer_list, audience)


def list_statuses(pinterest: PinterestClient) -> ListedStatus:
    """Lists everything in an ad account.

    Raises:
        ConnectorError: Pinterest did not answer.
    """
    return ListedStatus(
        {one.id: one for one in pinterest.audiences()}, {one.id: one for one in pinterest.customer_lists()}
    )


def _status(customer_list: CustomerList, audience: Audience | None) -> TargetStatus:
    exceptions = customer_list.described_exceptions
    if audience is None:
        return TargetStatus(customer_list.status, exceptions=exceptions, written=customer_list)
    return TargetStatus(
        customer_list.status, audience.status, audience.size, exceptions, customer_list, audience.customer_list_id
    )
