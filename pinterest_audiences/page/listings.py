"""What Pinterest says of the audiences of all profiles now: asked for in the background, when somebody looks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from pinterest_audiences.failures import Failure
from pinterest_audiences.sign_in.profiles import Profile

# A profile's name, and an ad account that it reaches.
Key = tuple[str, str | None]


def key_of(profile: Profile) -> Key:
    """Returns under what a listing by this profile, of its ad account, is known."""
    return profile.name, profile.ad_account_id


@dataclass(frozen=True, slots=True)
class Listed:
    """The listing of an ad account by a sign-in, and why there is no newer one.

    `asked_at` is when Pinterest was asked last. `is_pinterest` is False for a server that only speaks as it does, such
    as the sandbox: how long Pinterest takes says nothing of it.
    """

    asked_at: datetime
    content: Mapping[str, Any] | None = None
    failure: Failure | None = None
    listed_at: datetime | None = None
    is_pinterest: bool = True


class Listings(Protocol):
    """What Pinterest said last."""

    def latest(self, profiles: Sequence[Profile]) -> Mapping[Key, Listed]:
        """Returns it by `key_of`."""

    def is_asking(self) -> bool:
        """Whether Pinterest is being asked."""


class NoListings:
    """Pinterest is not asked."""

    def latest(self, profiles: Sequence[Profile]) -> Mapping[Key, Listed]:  # noqa: ARG002 - as Listings
        """See Listings."""
        return {}

    def is_asking(self) -> bool:
        """See Listings."""
        return False


class AskedListings:
    """Asks Pinterest, one ad account after another, if what is known is older than wanted. Nobody waits for the answer.

    Args:
        ask: asks with one profile, for its ad account.
        every_s: how old an answer may become, in seconds.
        now: the present moment, with a time zone.
    """

    def __init__(self, ask: Callable[[Profile], Listed], every_s: float, now: Callable[[], datetime]) -> None:
        self._ask = ask
        self._every_s = every_s
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[Key, Listed] = {}
        self._asking: threading.Thread | None = None

    def latest(self, profiles: Sequence[Profile]) -> Mapping[Key, Listed]:
        """See Listings. Begins to ask if it is time to."""
        with self._lock:
            due = [each for each in profiles if each.fault is None and self._is_due(key_of(each))]
            if due and not self._is_under_way():
                self._asking = threading.Thread(target=self._ask_all, args=(due,), name="asks Pinterest", daemon=True)
                self._asking.start()
            return dict(self._known)

    def is_asking(self) -> bool:
        """See Listings."""
        with self._lock:
            return self._is_under_way()

    def wait(self, timeout_s: float) -> None:
        """Waits until nothing is being asked."""
        if self._asking is not None:
            self._asking.join(timeout_s)

    def _is_under_way(self) -> bool:
        return self._asking is not None and self._asking.is_alive()

    def _is_due(self, key: Key) -> bool:
        known = self._known.get(key)
        return known is None or (self._now() - known.asked_at).total_seconds() >= self._every_s

    def _ask_all(self, profiles: Sequence[Profile]) -> None:
        for profile in profiles:
            answer = self._ask(profile)
            with self._lock:
                before = self._known.get(key_of(profile))
                # An old answer is worth more than none; why there is no new one is shown with it.
                if answer.content is None and before is not None:
                    answer = replace(answer, content=before.content, listed_at=before.listed_at)
                self._known[key_of(profile)] = answer
