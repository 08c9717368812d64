"""What Pinterest says of an audience and its customer list at the moment."""

from __future__ import annotations

from dataclasses import dataclass

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.target import AudienceTarget


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """Pinterest's words on a customer list and its audience, None where it has none.

    Args:
        customer_list, audience: their statuses.
        size: the audience's.
        exceptions: of the customer list.
        written: the customer list, for its counters.
        made_of: the id of the list that the audience is made of.
    """

    customer_list: str | None = None
    audience: str | None = None
    size: int | None = None
    exceptions: str = ""
    written: CustomerList | None = None
    made_of: str | None = None


def read_status(pinterest: PinterestClient, target: AudienceTarget) -> TargetStatus:
    """Asks Pinterest, with a request for each of the two that exist.

    Raises:
        ConnectorError: Pinterest does not tell.
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
