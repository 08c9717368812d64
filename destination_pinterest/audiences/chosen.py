"""Finds the audience that a stream was pointed at by its id."""

from __future__ import annotations

from collections.abc import Iterable

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import AudienceConflictError, NotFoundError
from destination_pinterest.routing.destination_object import CUSTOMER_LIST, ChosenAudience


def find_chosen(chosen: ChosenAudience, listed: Iterable[Audience], pinterest: PinterestClient) -> Audience:
    """Returns the chosen audience as it is now, whatever its name.

    Args:
        chosen: the audience.
        listed: audiences that were listed already; Pinterest is asked only for others.
        pinterest: the client.

    Raises:
        NotFoundError: the audience is gone.
        AudienceConflictError: the audience is not made from a customer list, or from one for new customer acquisition.
    """
    audience = next((audience for audience in listed if audience.id == chosen.audience_id), None)
    try:
        if audience is None or audience.audience_type is None:
            audience = pinterest.audience(chosen.audience_id)
    except NotFoundError as error:
        raise NotFoundError(
            Code.CHOSEN_AUDIENCE_GONE,
            f'The audience "{chosen.name}" ({chosen.audience_id}), which the connection writes to, is not in the ad '
            "account any more. Refresh the list of objects in the connection's settings and choose another one.",
            answer=error.answer,
        ) from None
    if audience.is_nca:
        raise AudienceConflictError(
            Code.CHOSEN_AUDIENCE_IS_NCA,
            f'The audience "{audience.name}" ({audience.id}), which the connection writes to, is for new customer '
            "acquisition, whose matching is another one. Choose another destination object in the connection's "
            "settings.",
        )
    if audience.audience_type != CUSTOMER_LIST:
        raise AudienceConflictError(
            Code.CHOSEN_AUDIENCE_OF_OTHER_TYPE,
            f'The audience "{audience.name}" ({audience.id}), which the connection writes to, is of the type '
            f"{audience.audience_type}, which can't take members from a table. Choose another destination object in "
            "the connection's settings.",
        )
    return audience
