from __future__ import annotations

import pytest

from destination_pinterest.delivery.slices import joined, requests_of_slice


@pytest.mark.parametrize(("rate_per_s", "requests"), [(0.5, 4), (1.0, 5), (6.7, 34), (50.0, 64)])
def test_a_slice_takes_seconds_whatever_the_quota(rate_per_s: float, requests: int) -> None:
    assert requests_of_slice(rate_per_s) == requests


def test_ranges_that_meet_are_one_in_whatever_order_they_came() -> None:
    assert joined([(6, 8), (0, 2), (4, 6), (2, 3), (10, 12)]) == [(0, 3), (4, 8), (10, 12)]
    assert joined([]) == []
