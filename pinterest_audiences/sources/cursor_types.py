"""Passes a cursor's value to the database with its type: PostgreSQL can't compare a timestamp with text."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa


def bound(value: Any) -> sa.BindParameter[Any]:  # noqa: PLR0911 - one case a type
    """Returns a parameter of the value's own type."""
    match value:
        case bool():
            return sa.literal(value, sa.Boolean())
        case int():
            return sa.literal(value, sa.BigInteger())
        case float():
            return sa.literal(value, sa.Double())
        case Decimal():
            return sa.literal(value, sa.Numeric())
        case datetime():
            return sa.literal(value, sa.DateTime(timezone=value.tzinfo is not None))
        case date():
            return sa.literal(value, sa.Date())
        case UUID():
            return sa.literal(value, sa.Uuid())
        case _:
            return sa.literal(value, sa.String())
