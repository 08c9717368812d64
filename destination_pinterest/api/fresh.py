"""Knows which objects were made or shown a moment ago: that one of them is not found may mean "not everywhere yet".

Source: Pinterest documents neither whether what it has just created can be read and changed at once, nor how it
refuses what it does not see yet (OpenAPI 5.23.0 and 5.28.0, read 2026-11-27).
Doubt: so a 404 counts, and a 400 that says that something is not there. Any other 400 counts only for an object that
this process made and that has not answered since, and only if its words are not plainly about the content. A wrong
guess costs a minute, and the refusal stands then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from destination_pinterest.errors import ConnectorError, InvalidRequestError, NotFoundError

# Whatever is older is there or is gone.
FRESH_S: Final = 600.0
_NOT_THERE: Final = re.compile(
    r"\bnot (?:be )?found\b|\bdoes(?:n't| not) exist|\b(?:no such|there is no)\b|\bunknown\b"
    r"|\bnot (?:yet )?(?:available|visible)",
    re.IGNORECASE,
)
_CONTENT: Final = re.compile(
    r"\brecords?\b|identifier|e-?mail|\bhash|digest|format|pattern|character|\bwords?\b|\bname\b|description"
    r"|operation_type|too (?:small|large|long|many|short)|\bsize\b|m(?:ini|axi)mum|at least|at most|\blimits?\b|exceed"
    r"|\b100\b|processing|not ready|empty|can(?:not|'t| not)\b|not (?:allowed|permitted|supported)|required|reserved",
    re.IGNORECASE,
)
# Pinterest repeats what was asked, with its names, before it says what is wrong with it.
_REPETITION: Final = re.compile(r"\{.*\}", re.DOTALL)


class FreshObjects:
    """The objects that were made or shown in the last minutes. Thread-safe.

    `silent` are the ids of objects that were made and have not answered since. Most requests are sent while there are
    none, so whoever sends them looks at that first.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since_s: dict[str, float] = {}
        self.silent: set[str] = set()

    def made(self, object_id: str) -> None:
        """Takes the id of an object that was just created."""
        self._since_s[object_id] = self._clock()
        self.silent.add(object_id)

    def shown(self, object_ids: Iterable[str]) -> None:
        """Takes ids of objects that a list or another object has just named."""
        for object_id in object_ids:
            self._since_s.setdefault(object_id, self._clock())

    def answered(self, object_ids: Iterable[str]) -> None:
        """Takes the ids that a successful request named: these objects can be seen."""
        self.silent.difference_update(object_ids)

    def may_appear(self, object_ids: Iterable[str], error: ConnectorError) -> bool:
        """Whether a request that names these objects was refused perhaps only because one can't be seen yet."""
        if error.answer is None or not isinstance(error, NotFoundError | InvalidRequestError):
            return False
        fresh = [one for one in object_ids if self._clock() - self._since_s.get(one, -FRESH_S) < FRESH_S]
        if not fresh:
            return False
        if error.answer.status == 404:
            return True
        if error.answer.status != 400:
            return False
        message = _REPETITION.sub("", error.answer.message)
        if _NOT_THERE.search(message):
            return True
        return not self.silent.isdisjoint(fresh) and not _CONTENT.search(message)
