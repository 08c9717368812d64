"""Words how far the requests of a sync grew, for the connector's log and the command line's tables."""

from __future__ import annotations

from typing import Final

_REASONS: Final = {
    "refused": "Pinterest refuses larger requests",
    "cut": "Pinterest takes only a part of larger requests; what it left out was sent again",
    "slow": "Pinterest takes longer for each identifier of a larger request",
    "unanswered": "larger requests had no clear answer, and were sent again in parts",
    "more": "Pinterest's counters show what another program sends, too, so they prove nothing",
    "not_counted": "Pinterest's counters don't show at once what was sent, so they prove nothing",
    "unfit": "larger requests would be too long, or have another form",
}


def growth_text(began_at: int, size: int, stopped_by: str | None) -> str:
    """Words how far requests grew, and why not further.

    Args:
        began_at: how many identifiers a request had without proof.
        size: how many it had at last.
        stopped_by: the reason, if there is one.
    """
    if size > began_at:
        grown = f"from {began_at:,} to {size:,} identifiers, which Pinterest's counters show in full"
        return f"{grown}; no further, since {_REASONS[stopped_by]}" if stopped_by in _REASONS else grown
    kept = f"none beyond {began_at:,} identifiers"
    return f"{kept}: {_REASONS[stopped_by]}" if stopped_by in _REASONS else f"{kept}: no more were waiting"
