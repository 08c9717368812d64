"""Knows an audience's type even where a listing leaves it out.

Source: Pinterest OpenAPI 5.23.0, Audience: no field is required, of a listing's items neither.
"""

from __future__ import annotations

from typing import Final

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience
from destination_pinterest.errors import NotFoundError

# A person waits for a listing, and a request for each of thousands of audiences would use up the quota.
MOST_ASKED: Final = 200


class Completion:
    """Asks for what a listing leaves out of its audiences, but of so many audiences only.

    `untold` counts those whose type is not known in the end.
    """

    def __init__(self, pinterest: PinterestClient, most_asked: int = MOST_ASKED) -> None:
        self._pinterest = pinterest
        self._may_ask = most_asked
        self.untold = 0

    def typed(self, audience: Audience) -> Audience:
        """See the function of that name."""
        if audience.audience_type is None and self._is_allowed():
            audience = typed(audience, self._pinterest)
        self.untold += audience.audience_type is None
        return audience

    def list_of(self, audience: Audience) -> str | None:
        """Returns the customer list that an audience is made from; None if Pinterest does not say."""
        if audience.customer_list_id is None and self._is_allowed():
            return self._pinterest.audience(audience.id).customer_list_id
        return audience.customer_list_id

    def _is_allowed(self) -> bool:
        self._may_ask -= 1
        return self._may_ask >= 0


def typed(audience: Audience, pinterest: PinterestClient) -> Audience:
    """Returns the audience with its type; asks for it alone if the listing does not tell."""
    if audience.audience_type is not None:
        return audience
    try:
        return pinterest.audience(audience.id)
    except NotFoundError:  # It was removed since.
        return audience
