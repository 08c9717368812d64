"""Which ad accounts a profile is used for: its own, and those that its runs keep audiences in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from pinterest_audiences.history.store import History
from pinterest_audiences.sign_in.profiles import Profile, read_profile

# What runs once a month is still kept; what was last kept longer ago, nobody wants to hear of.
_KEPT_FOR: Final = timedelta(days=35)


def with_kept_accounts(profiles: Iterable[Profile], history: History | None, now: datetime) -> Iterator[Profile]:
    """Yields each profile, and after it the same one for each further ad account that its runs have lately kept.

    Raises: ConnectorError if the history can't be read.
    """
    for profile in profiles:
        yield profile
        if history is None or profile.fault is not None:
            continue
        for account_id in history.ad_accounts(profile.name, now - _KEPT_FOR):
            if account_id != profile.ad_account_id:
                yield replace(profile, ad_account_id=account_id, account_name=profile.reached.get(account_id))


def listed_settings(profile: Profile) -> Mapping[str, Any]:
    """Returns the settings with which a profile lists the ad account that it is given with here."""
    if profile.ad_account_id == read_profile(profile.path).ad_account_id:
        return {}
    return {"ad_account_id": profile.ad_account_id, "also_in_ad_accounts": []}
