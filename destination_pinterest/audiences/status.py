"""Reads the present status of an audience and its customer list from Pinterest."""

from __future__ import annotations

from dataclasses import dataclass

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.target import AudienceTarget


@dataclass(frozen=True, slots=True)
class TargetStatus:
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
    exceptions = customer_list.described_exceptions
    if target.audience_id is None:
        return TargetStatus(customer_list.status, exceptions=exceptions, written=customer_list)
    audience = pinterest.audience(target.audience_id)
    return TargetStatus(
        customer_list.status, audience.status, audience.size, exceptions, customer_list, audience.customer_list_id
    )
