"""Draws the size of an audience over time, as SVG that takes its colours from the page."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from pinterest_page.view import Point

_WIDTH: Final = 360
_HEIGHT: Final = 120
_MOST_POINTS: Final = 120
_DESCRIPTION: Final = "desc"
_NOT_ON_A_PAGE: Final = frozenset({"defs", "title"})


@lru_cache(maxsize=256)
def size_chart(points: tuple[Point, ...]) -> Markup:
    """Returns the chart of at least two sizes, the oldest first; nothing for fewer."""
    if len(points) < 2:
        return Markup()
    pygal = _pygal()
    shown = _thinned(points)
    # Its charts of times read them by what Python has deprecated.
    chart = pygal.XY(
        width=_WIDTH,
        height=_HEIGHT,
        margin=4,
        margin_top=12,
        spacing=6,
        show_legend=False,
        js=[],
        css=[],
        no_prefix=True,
        disable_xml_declaration=True,
        dots_size=1.5,
        x_labels=[shown[0].at.timestamp(), shown[-1].at.timestamp()],
        x_value_formatter=lambda seconds: _day(datetime.fromtimestamp(seconds, UTC)),
        y_labels=_levels([point.size for point in shown]),
        value_formatter=lambda size: f"{size:,.0f}",
    )
    chart.add_xml_filter(_without_own_looks)
    chart.add("", [(point.at.timestamp(), point.size) for point in shown])
    # All of it is made of numbers and times.
    return Markup(chart.render(is_unicode=True))  # noqa: S704


def chart_words(points: Sequence[Point]) -> str:
    """Says what the chart shows, for those who can't see it."""
    sizes = [point.size for point in points]
    return (
        f"Size from {_day(points[0].at)} to {_day(points[-1].at)}: {sizes[0]:,} at first, {sizes[-1]:,} at last, "
        f"between {min(sizes):,} and {max(sizes):,}"
    )


def _pygal() -> Any:
    """Imported late: the sandbox's page has no charts, and starts without the package."""
    import pygal  # noqa: PLC0415

    # It finds plugins in the way of Python 3.3; none is wanted, and each import that fails later would warn of it.
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]
    return pygal


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    """Returns at most so many points, among them the first and the last."""
    step = -(-len(points) // _MOST_POINTS)
    return [*points[:-1:step], points[-1]]


def _levels(sizes: Sequence[int]) -> list[int]:
    low, high = min(sizes), max(sizes)
    return [low, high] if low != high else [max(low - 1, 0), low, low + 1]


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _without_own_looks(root: Any) -> Any:
    """Takes out styles and scripts, which the page's security policy forbids, and makes descriptions tooltips."""
    for child in [each for each in root if each.tag in _NOT_ON_A_PAGE or callable(each.tag)]:  # A comment's tag is.
        root.remove(child)
    root.attrib.pop("id", None)
    root.set("aria-hidden", "true")
    for group in list(root.iter("g")):
        for child in [each for each in group if each.get("class") == "tooltip"]:
            group.remove(child)
        described = [each for each in group if each.tag == _DESCRIPTION]
        for child in described:
            group.remove(child)
            if child.get("class") == "value":
                child.tag = "title"
                child.attrib.clear()
                group.insert(0, child)
    return root
