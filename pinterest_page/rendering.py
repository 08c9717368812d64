"""Turns what is to be shown into HTML. The template engine is loaded when the first page is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from jinja2 import Environment

_CODE: Final = re.compile(r"`([^`]+)`")
_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)")


def render(template: str, **values: Any) -> str:
    """Returns a template's HTML with these values."""
    return _environment().get_template(template).render(values)


def with_code(text: str) -> Markup:
    """Returns a text as HTML: code between backticks as such, and the words of links alone."""
    plain = _LINK.sub(r"\1", text)
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(plain))))  # noqa: S704 - it has just been escaped


def moment(at: datetime, form: str = "%Y-%m-%d %H:%M") -> Markup:
    """Returns a moment in UTC, for people and programs."""
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:{form}}")


@cache
def _environment() -> Environment:
    # A sandbox starts in a fraction of a second, some hundred times in a test run, and mostly nobody looks at its page.
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    from pinterest_page.charts import chart_words, size_chart  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("pinterest_page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, Any] = {
        "with_code": with_code,
        "moment": moment,
        "clock_time": lambda at: moment(at, "%H:%M:%S"),
        "chart": lambda points: size_chart(tuple(points)),
        "chart_words": chart_words,
    }
    environment.filters.update(filters)
    return environment
