from __future__ import annotations

import pytest

from destination_pinterest.delivery.growth import Outcome
from destination_pinterest.wording.growth_text import growth_text


def test_growth_to_the_end_needs_no_reason() -> None:
    assert growth_text(1_900, 10_000, None) == (
        "from 1,900 to 10,000 identifiers, which Pinterest's counters show in full"
    )


def test_requests_that_did_not_grow_for_want_of_rows_are_said_to_be_so() -> None:
    assert growth_text(1_900, 1_900, None) == "none beyond 1,900 identifiers: no more were waiting"


@pytest.mark.parametrize("reason", [*(outcome for outcome in Outcome if outcome is not Outcome.EXACT), "slow"])
def test_every_reason_has_words(reason: str) -> None:
    assert growth_text(1_900, 1_900, reason) != growth_text(1_900, 1_900, None)
    assert growth_text(1_900, 3_800, reason) != growth_text(1_900, 3_800, None)
