"""Declares settings: pydantic models and fields with the extras of Airbyte's form.

The form writes null for what was emptied, also within objects and lists: null means that an optional setting is not
set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Settings(BaseModel):
    """Settings that belong together. Unknown ones are left alone."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        optional = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {
            key: _without_null_items(value) if key in cls.model_fields else value
            for key, value in given.items()
            if key not in optional or not is_nothing(value)
        }


def is_nothing(value: object) -> bool:
    """Whether a value is null, or an object that says of everything in it that it is null."""
    if isinstance(value, Mapping):
        return bool(value) and all(map(is_nothing, value.values()))
    return value is None


def _without_null_items(value: object) -> object:
    return [each for each in value if not is_nothing(each)] if isinstance(value, list | tuple) else value


def setting(
    default: Any = ...,
    *,
    order: int | None = None,
    title: str | None = None,
    form: Mapping[str, Any] | None = None,
    **constraints: Any,
) -> Any:
    """Declares a field; `form` has Airbyte's keywords. Secrets are never printed.

    `order` is its place within an object; where the settings of the top level stand is up to layout.py.
    """
    keywords = {**({} if order is None else {"order": order}), **(form or {})}
    is_secret = bool(keywords.get("airbyte_secret"))
    return Field(default, title=title, json_schema_extra=keywords, repr=not is_secret, **constraints)


def secret_settings() -> frozenset[str]:
    """Returns the names of all settings that are declared as secret, wherever they stand.

    The form has the same, but to make it takes much longer.
    """
    return frozenset(
        name
        for kind in _kinds(Settings)
        for name, field in kind.model_fields.items()
        if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("airbyte_secret")
    )


def _kinds(settings: type[Settings]) -> Iterator[type[Settings]]:
    for kind in settings.__subclasses__():
        yield kind
        yield from _kinds(kind)
