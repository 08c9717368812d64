"""The forms of what a mirror writes down: what it says of a run in the log, and what is staged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

FORMAT: Final = 1
SLICE_ROWS: Final = 250_000
# Each run has two entries and its slices, in a file each.
COMPACT_AFTER_RUNS: Final = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """What the log says of a run: the audience and its customer list, if known; and whether it began anew."""

    run: int
    ad_account_id: str
    audience: str
    customer_list_id: str | None
    begins_anew: bool = False
    format: int = FORMAT

    def text(self) -> str:
        """Returns it as it is written down."""
        return json.dumps(
            {
                "format": self.format,
                "ad_account_id": self.ad_account_id,
                "audience": self.audience,
                "customer_list_id": self.customer_list_id,
            }
        )

    @classmethod
    def of(cls, text: str, run: int, *, begins_anew: bool) -> Entry:
        """Returns what was written down."""
        found: dict[str, Any] = json.loads(text)
        return cls(
            run,
            str(found["ad_account_id"]),
            str(found["audience"]),
            found["customer_list_id"],
            begins_anew,
            int(found["format"]),
        )


@dataclass(frozen=True, slots=True)
class Header:
    """What is staged: for which run of which audience, in how many slices, of which kinds of identifiers."""

    run: int
    ad_account_id: str
    audience: str
    begins_anew: bool
    slices: int
    kinds: tuple[str, ...]
    joining: int
    leaving: int
    format: int = FORMAT

    def text(self) -> str:
        """Returns it as it is written down."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Header:
        """Returns what was written down."""
        found = json.loads(text)
        return cls(**{**found, "kinds": tuple(found["kinds"])})


def slices_for(rows: int) -> int:
    """Returns in how many slices so many rows are sent."""
    return max(1, -(-rows // SLICE_ROWS))


def are_many(runs: int) -> bool:
    """Whether a log has so many runs that its members are written down anew."""
    return runs >= COMPACT_AFTER_RUNS


def kinds_in_order(kinds: Sequence[str]) -> tuple[str, ...]:
    """Returns each kind once, in the order of the columns that are fed."""
    return tuple(sorted(set(kinds)))
