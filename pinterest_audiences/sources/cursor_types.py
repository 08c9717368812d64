"""Passes a cursor's value to the database with its type: PostgreSQL can't compare a timestamp with text."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

# Digits that databases show of a number of single precision, and how far that may be above the number itself.
_SINGLE_PRECISION: Final = ((6, 1e-5), (9, 2e-7))


def bound(value: Any) -> sa.BindParameter[Any]:  # noqa: PLR0911 - one case a type
    """Returns a parameter of the value's own type."""
    match value:
        case bool():
            return sa.literal(value, sa.Boolean())
        case int():
            return sa.literal(value, sa.BigInteger())
        case float():
            return sa.literal(_not_above(value), sa.Double())
        case Decimal():
            return sa.literal(value, sa.Numeric())
        case datetime():
            return sa.literal(value, sa.DateTime() if value.tzinfo is None else sa.TIMESTAMP(timezone=True))
        case date():
            return sa.literal(value, sa.Date())
        case UUID():
            return sa.literal(value, sa.Uuid())
        case _:
            return sa.literal(value, sa.String())


def _not_above(value: float) -> float:
    """Returns a number that is not above the one that the database has.

    Of a column of single precision, PostgreSQL and MySQL give a rounded number. A comparison with that would miss the
    row that it is from, and all that share its value.
    """
    digits = len(Decimal(repr(value)).normalize().as_tuple().digits)
    share = next((share for most, share in _SINGLE_PRECISION if digits <= most), 0.0)
    return value - abs(value) * share
