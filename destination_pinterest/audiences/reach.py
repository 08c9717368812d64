"""What a synced audience is good for beside itself: its actalike audiences, and who else may use it.

It comes after everything is synced, and nothing in it fails a sync: what an app may not do is a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import msgspec

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience
from destination_pinterest.audiences.actalike import Actalike, ActalikeAudiences, Likeness
from destination_pinterest.audiences.sharing import AudienceSharing, Recipient, Shared
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.config import Config


class Reach(msgspec.Struct, frozen=True):
    """What became of each actalike audience, and of each recipient."""

    actalikes: tuple[Actalike, ...] = ()
    shared: tuple[Shared, ...] = ()


class AudienceReach:
    """Keeps the actalike audiences and the recipients of synced audiences.

    Args:
        actalikes: keeps the former.
        sharing: keeps the latter.
    """

    def __init__(self, actalikes: ActalikeAudiences, sharing: AudienceSharing) -> None:
        self._actalikes = actalikes
        self._sharing = sharing

    @classmethod
    def of(cls, config: Config, pinterest: PinterestClient) -> Self:
        """Returns it for the settings."""
        return cls(
            ActalikeAudiences(pinterest, wanted_likenesses(config)),
            AudienceSharing(pinterest, wanted_recipients(config)),
        )

    def settle(self, target: AudienceTarget, listed: Sequence[Audience]) -> tuple[TargetUpdate, Reach]:
        """Creates, shares and takes back what differs from the settings.

        Args:
            target: the audience.
            listed: the ad account's audiences when the sync began.
        """
        actalikes, notes = self._actalikes.settle(target, listed)
        target, shared, failures = self._sharing.settle(target)
        return TargetUpdate(target, (*notes, *failures)), Reach(tuple(actalikes), tuple(shared))

    def foresee(self, target: AudienceTarget, listed: Sequence[Audience]) -> Reach:
        """Returns what `settle` would do."""
        return Reach(tuple(self._actalikes.foresee(target, listed)), tuple(self._sharing.foresee(target)))


def wanted_likenesses(config: Config) -> list[Likeness]:
    """Returns the actalike audiences that the settings ask for."""
    setting = config.actalike
    if setting is None:
        return []
    return [Likeness(country, percentage) for country in setting.countries for percentage in setting.percentages]


def wanted_recipients(config: Config) -> list[Recipient]:
    """Returns whom the settings share audiences with."""
    setting = config.share_with
    if setting is None:
        return []
    return [
        *(Recipient("AD_ACCOUNT", one) for one in setting.ad_accounts),
        *(Recipient("BUSINESS_ACCOUNT", one) for one in setting.businesses),
    ]
