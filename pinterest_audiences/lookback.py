"""How far before its last value a run begins: for rows that are committed late, with a lower value than others have."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Self

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError

_FORM: Final = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:([T ])(\d\d:\d\d)(:\d\d)?(\.\d{1,6})?(Z|[+-]\d\d(?::?\d\d)?)?)?")


@dataclass(frozen=True, slots=True)
class Lookback:
    """A number to take from a cursor that is a number, or a span to take from one that is a time."""

    amount: Decimal
    unit: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Parses `500`, `90s`, `15m`, `2h` or `3d`; a number alone means seconds for times. Raises: UsageError."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise UsageError(
                Code.USAGE_WRONG, f"--lookback {text!r} is not a number, or a span such as 90s, 15m, 2h or 3d."
            )
        return cls(Decimal(found[1]), found[2])

    def before(self, value: Any) -> Any:
        """Returns where to begin if the last run reached `value`. Raises: UsageError if that is of another kind."""
        try:
            return self._before(value)
        except OverflowError:  # It would be before the first year.
            raise self._unusable() from None

    def _before(self, value: Any) -> Any:  # noqa: PLR0911 - one case a type
        match value:
            case None:
                return None
            case datetime():
                return value - self._span()
            case date():
                return _days_before(value, self._span())
            case str():
                return self._before_text(value, self._span())
            case int() if not self.unit:
                return value - math.ceil(self.amount)
            case float() if not self.unit:
                return value - float(self.amount)
            case Decimal() if not self.unit:
                return value - self.amount
            case _:
                raise self._unusable()

    def _span(self) -> timedelta:
        return timedelta(seconds=float(self.amount) * _SECONDS[self.unit])

    def _before_text(self, text: str, span: timedelta) -> str:
        """A text column of times keeps its form, since it is compared as text."""
        found = _TIME.fullmatch(text)
        if found is None:
            raise self._unusable()
        day, between, minutes, seconds, fraction, zone = found.groups("")
        if not between:
            return _days_before(date.fromisoformat(day), span).isoformat()
        earlier = datetime.fromisoformat(f"{day}T{minutes}{seconds}{fraction}") - span
        form = f"%Y-%m-%d{between}%H:%M" + (":%S" if seconds else "")
        return earlier.strftime(form) + f".{earlier.microsecond:06d}"[: len(fraction)] + zone

    def _unusable(self) -> UsageError:
        return UsageError(
            Code.USAGE_WRONG,
            f"--lookback {self.amount}{self.unit} can't be taken from the cursor's last value. Give a number for a "
            "column of numbers, and a span for one of times.",
        )


def _days_before(day: date, span: timedelta) -> date:
    return day - timedelta(days=math.ceil(span / timedelta(days=1)))
