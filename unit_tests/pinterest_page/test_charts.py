from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta

from pinterest_page.charts import chart_words, size_chart
from pinterest_page.view import Point

START = datetime(2026, 9, 1, tzinfo=UTC)


def points(*sizes: int) -> tuple[Point, ...]:
    return tuple(Point(START + timedelta(hours=number), size) for number, size in enumerate(sizes))


def test_one_size_is_no_chart() -> None:
    assert not size_chart(points(5))
    assert not size_chart(())


def test_a_chart_brings_no_looks_and_no_code_of_its_own() -> None:
    chart = size_chart(points(1, 5, 3))

    assert not re.search(r"<style|<script|style=|xlink", chart)
    assert 'aria-hidden="true"' in chart


def test_each_dot_says_when_and_how_many() -> None:
    assert "2026-09-01: 1,234" in size_chart(points(1_234, 1_300))


def test_sizes_that_never_change_are_drawn_too() -> None:
    assert "<svg" in size_chart(points(0, 0))
    assert "<svg" in size_chart(points(7, 7, 7))


def test_thousands_of_sizes_are_thinned_and_keep_the_first_and_the_last() -> None:
    chart = size_chart(points(*range(10_000, 13_000)))

    assert chart.count("<circle") <= 121
    assert "10,000" in chart
    assert "12,999" in chart


def test_the_words_of_a_chart_say_what_it_shows() -> None:
    said = chart_words(points(10, 30, 20))

    assert said == "Size from 2026-09-01 to 2026-09-01: 10 at first, 20 at last, between 10 and 30"


def test_drawing_leaves_no_finder_of_modules_behind() -> None:
    assert size_chart(points(1, 2))
    assert all(hasattr(finder, "find_spec") for finder in sys.meta_path)
