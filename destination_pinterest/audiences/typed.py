"""Knows an audience's type even where a listing leaves it out.

Source: Pinterest OpenAPI 5.23.0, Audience: no field is required, of a listing's items neither.
"""

from __future__ import annotations

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience
from destination_pinterest.errors import NotFoundError


def typed(audience: Audience, pinterest: PinterestClient) -> Audience:
    """Returns the audience with its type; asks for it alone if the listing does not tell."""
    if audience.audience_type is not None:
        return audience
    try:
        return pinterest.audience(audience.id)
    except NotFoundError:  # It was removed since.
        return audience
