"""Declares a setting: a pydantic field with the extras of Airbyte's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field


def setting(
    default: Any = ...,
    *,
    order: int,
    title: str | None = None,
    form: Mapping[str, Any] | None = None,
    **constraints: Any,
) -> Any:
    """Declares a field at its place (`order`) in the form; `form` has Airbyte's keywords. Secrets are never printed."""
    keywords = {"order": order, **(form or {})}
    is_secret = bool(keywords.get("airbyte_secret"))
    return Field(default, title=title, json_schema_extra=keywords, repr=not is_secret, **constraints)
