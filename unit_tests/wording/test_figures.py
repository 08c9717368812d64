from __future__ import annotations

from typing import Any

import pytest

from destination_pinterest.wording.figures import by_count, counters_text, ids_text, size_text, sync_sentence


@pytest.mark.parametrize(
    ("size", "matched", "text"),
    [
        (None, None, "not counted yet"),
        (1500, None, "1,500 people by Pinterest's count, an unknown share of those who were sent"),
        (
            61,
            (0.6778, 90, "2026-11-22"),
            "61 people by Pinterest's count, approximately 67.8 % of 90 people, counted on 2026-11-22",
        ),
        (5, (0.5, None, None), "5 people by Pinterest's count, approximately 50.0 % of the people who were sent"),
    ],
)
def test_a_size_is_pinterests_count_with_the_share_that_it_is_of_what_was_sent(
    size: int | None, matched: Any, text: str
) -> None:
    assert size_text(size, matched) == text


@pytest.mark.parametrize(("batches", "said"), [(1200, "; requests so far: 1,200"), (None, "")])
def test_counters_say_that_repeats_count(batches: int | None, said: str) -> None:
    assert counters_text(900, 1000, 100, batches) == f"900 (1,000 added less 100 removed, repeats count{said})"


@pytest.mark.parametrize(
    ("ids", "text"), [("1", "1 (1)"), ("12345", "5 (1, 2, 3, 4, 5)"), ("1234567", "7 (1, 2, 3, 4, 5 and 2 more)")]
)
def test_of_many_ids_the_first_are_named(ids: str, text: str) -> None:
    assert ids_text(list(ids)) == text


def test_the_commonest_reason_comes_first_and_equal_ones_by_name() -> None:
    assert by_count({"b": 2, "c": 9, "a": 2}) == [("c", 9), ("a", 2), ("b", 2)]


def test_a_sync_is_a_sentence() -> None:
    figures: dict[str, Any] = {"duration_s": 3723.04, "rows_per_second": 8333.3, "requests": 4000, "retries": 3}
    assert sync_sentence("failed", waited_s=2.5, **figures) == (
        "Sync failed in 3,723.0 s: 8,333 rows a second, 4,000 requests in all, "
        "3 of them repeated, 2.5 s waited for quota."
    )
