"""The objects of data activation: names one after an audience, and finds the audience of an object.

A name ends in the ids of the ad account and the audience, and only these are read back: audiences are renamed, their
    names are not unique, and a connection keeps the name it was set up with.

Source: docs.airbyte.com, "Data activation"; airbytehq/airbyte-protocol at 776eede, `destination_object_name` (read
2026-11-22). `pinterest_audience` is Adobe's name for the target.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from destination_pinterest.api.models import Audience
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError

# The only type of audience that takes rows from a table.
CUSTOMER_LIST: Final = "CUSTOMER_LIST"
# Not one audience, but one for each stream, found or created by the audience name of the settings.
NEW_AUDIENCE: Final = "pinterest_audience"
_EXISTING: Final = re.compile(r"(?P<name>.*)\((?P<account>[0-9]{1,18})/(?P<audience>[0-9]{1,18})\)", re.DOTALL)


class ChosenAudience(msgspec.Struct, frozen=True):
    """The audience that a stream was pointed at; `name` is its name at that time."""

    name: str
    audience_id: str
    ad_account_id: str


def object_name(audience: Audience, ad_account_id: str) -> str:
    """Returns the object name of an existing audience: "VIP customers (549755885175/2680059592705)"."""
    return named_by_id(audience.name or "", ad_account_id, audience.id)


def named_by_id(name: str, ad_account_id: str, audience_id: str) -> str:
    """Returns the object name of an audience whose ids are known, without asking for it."""
    return f"{name} ({ad_account_id}/{audience_id})".strip()


def chosen_audience(name: str | None, ad_account_ids: Sequence[str]) -> ChosenAudience | None:
    """Returns the audience of an object's name; None if the audience name of the settings decides.

    Args:
        name: a configured stream's `destination_object_name`.
        ad_account_ids: the ad accounts in the settings.

    Raises:
        InvalidConfigError: the name is not an object's, or is of an ad account that the settings don't name.
    """
    if not name or name == NEW_AUDIENCE:
        return None
    match = _EXISTING.fullmatch(name)
    if match is None:
        raise InvalidConfigError(
            Code.DESTINATION_OBJECT_UNKNOWN,
            f'The destination object "{name}" is not one that this connector offers. Refresh the list of objects in '
            "the connection's settings and choose one of them.",
        )
    if match["account"] not in ad_account_ids:
        named = " and ".join(ad_account_ids)
        raise InvalidConfigError(
            Code.DESTINATION_OBJECT_UNKNOWN,
            f'The destination object "{name}" belongs to the ad account {match["account"]}, but the settings name '
            f"{named}. Refresh the list of objects in the connection's settings and choose one of them.",
        )
    return ChosenAudience(match["name"].strip(), match["audience"], match["account"])
