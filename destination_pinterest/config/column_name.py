"""The name of a column, never blank: no stream has such a column, and a sync would only find that out later."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _named(value: str) -> str:
    if value and not value.strip():
        raise PydanticCustomError("blank_name", "the column's name is blank; name a column, or leave it out")
    return value


ColumnName = Annotated[str, AfterValidator(_named)]
