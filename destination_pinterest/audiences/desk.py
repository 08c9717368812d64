"""What works on the audiences of one ad account."""

from __future__ import annotations

import msgspec

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.reach import AudienceReach
from destination_pinterest.audiences.swap import AudienceSwapper


class AudienceDesk(msgspec.Struct, frozen=True):
    """Looks up, creates, replaces, likens and shares the audiences of one ad account.

    Args:
        pinterest: the client for the ad account.
        lookup: looks up what exists there.
        creator: creates lists and audiences there.
        swapper: replaces audiences there.
        reach: keeps what belongs to the audiences there beside their members.
    """

    pinterest: PinterestClient
    lookup: AudienceLookup
    creator: AudienceCreator
    swapper: AudienceSwapper
    reach: AudienceReach
