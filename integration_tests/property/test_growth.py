"""Requests may grow, Pinterest takes so many people and no more, by whatever answer, and audiences are exact.

test_property.py says what that is. Requests begin small, so that they grow with few people.
"""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import strategies as st

from integration_tests.property.budget import budget
from integration_tests.property.drawn import APPENDS, OVERWRITES, REMOVES, SEEDS, growing, setups
from integration_tests.property.setups import Setup
from integration_tests.property.test_property import Connected


def _that_grows(setup: Setup, seed: int) -> Setup:
    return replace(setup, grows=True, far_end=growing(random.Random(f"growth {seed}")))


class Growing(Connected):
    """Requests grow as far as the counters of lists prove that everybody is taken."""

    kind = st.builds(
        _that_grows,
        st.one_of(
            setups((*APPENDS, REMOVES), wants=("mirror", "mirror", "remove")),
            setups((*OVERWRITES, APPENDS[0])),
            setups((APPENDS[0], *OVERWRITES, *APPENDS), has_store=True),
        ),
        SEEDS,
    )


TestGrowing = Growing.TestCase
TestGrowing.settings = budget(12)
