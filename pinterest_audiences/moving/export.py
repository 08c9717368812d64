"""What an exported dataflow says, and what of it can't be carried over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OldAudience:
    """An audience of the old flow. What the export does not say is None.

    `audience_id` is its id at Pinterest, `foreign_id` that of the segment where it came from; `namespaces` are the
    identities that were mapped for it.
    """

    name: str | None
    audience_id: str | None
    foreign_id: str | None
    ad_account_id: str | None
    namespaces: tuple[str, ...]
    size: int | None = None
    updated: datetime | None = None
    is_enabled: bool = True

    @property
    def label(self) -> str:
        """What to call it."""
        return self.name or self.audience_id or self.foreign_id or "an audience without a name"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is not carried over: what, how often, and why. `may_hide` says that it may hold audiences."""

    what: str
    count: int
    reason: str
    may_hide: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """All audiences of an export, and what of it is not carried over."""

    audiences: Sequence[OldAudience]
    left_out: Sequence[LeftOut]
