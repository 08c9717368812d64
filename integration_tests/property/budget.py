"""How long chance is given.

PROPERTY_EXAMPLES is how many connections of each kind are tried, each by a path of its own; PROPERTY_STEPS how many
steps each goes at the most. Without the first, few are tried, always the same ones, so that nobody's build fails by
chance.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

_EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "0"))
_STEPS = int(os.environ.get("PROPERTY_STEPS", "8"))

# Whether the same connections are tried each time.
IS_FIXED = not _EXAMPLES

# Making a failure smaller takes minutes and gigabytes. CI leaves it to whoever runs the same connections again.
_PHASES = [phase for phase in Phase if phase is not Phase.shrink or "CI" not in os.environ]

SAID = (
    f"The property was tried on {_EXAMPLES:,} new connections of each kind."
    if _EXAMPLES
    else "The property was tried on the same few connections as always; make property tries new ones."
)


def budget(examples: int) -> settings:
    """Hypothesis' settings for a kind of connections, of which so many are tried in an ordinary run."""
    return settings(
        max_examples=_EXAMPLES or examples,
        stateful_step_count=_STEPS,
        derandomize=IS_FIXED,
        database=None,
        deadline=None,
        phases=_PHASES,
        suppress_health_check=list(HealthCheck),
        print_blob=bool(_EXAMPLES),
    )
