"""A pydantic field with what Airbyte's form wants beside it."""

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
    """A field at its place (`order`) in the form; `form` holds Airbyte's own keywords."""
    return Field(default, title=title, json_schema_extra={"order": order, **(form or {})}, **constraints)
