"""Keeps a listing within bounds, page by page: one that goes on for ever ends as an error.

There is room for 50,000 customer lists even if Pinterest gives a fifth of what a page may have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectionFailedError, UnexpectedAnswerError

T = TypeVar("T")

MOST_PAGES: Final = 1_000
# Pages in a row that bring nothing new. One that only brings what moved there meanwhile may come; many may not.
MOST_IDLE_PAGES: Final = 20
MOST_BYTES: Final = 256 * 2**20


class Paging:
    """The progress of one listing. `items` is what it lists, for people; `limit_s` is how long it may take."""

    def __init__(self, items: str, clock: Callable[[], float], limit_s: float = math.inf) -> None:
        self._items = items
        self._clock = clock
        self._limit_s = limit_s
        self._ends_at = clock() + limit_s
        self._bookmarks: set[str] = set()
        self._ids: set[str] = set()
        self._idle_pages = 0
        self._bytes = 0

    def measured(self, decode: Callable[[bytes], T]) -> Callable[[bytes], T]:
        """Returns the same reading, which also counts bytes."""

        def read(body: bytes) -> T:
            self._bytes += len(body)
            return decode(body)

        return read

    def next_bookmark(self, ids: Iterable[str], bookmark: str | None) -> str:
        """Returns the bookmark of the page after one with these ids; an empty one if that was the last.

        Raises:
            UnexpectedAnswerError: there is no end to it.
            ConnectionFailedError: it takes too long.
        """
        if not bookmark:
            return ""
        if bookmark in self._bookmarks:
            raise UnexpectedAnswerError(
                Code.ANSWER_UNEXPECTED,
                f"Pinterest's list of {self._items} never ends: a bookmark came twice. Please report this.",
            )
        self._bookmarks.add(bookmark)
        known = len(self._ids)
        self._ids.update(ids)
        self._idle_pages = self._idle_pages + 1 if len(self._ids) == known else 0
        if self._idle_pages >= MOST_IDLE_PAGES:
            raise self._endless(f"{self._idle_pages} pages in a row brought nothing new")
        if len(self._bookmarks) >= MOST_PAGES:
            raise self._endless(f"{MOST_PAGES:,} pages were not all")
        if self._bytes >= MOST_BYTES:
            raise self._endless(f"{MOST_BYTES // 2**20} MB were not all")
        if self._clock() > self._ends_at:
            raise ConnectionFailedError(
                Code.PINTEREST_UNREACHABLE,
                f"Pinterest's list of {self._items} was not complete within {self._limit_s:g} s. If this lasts, "
                "check the network, the proxy and Pinterest's status page.",
            )
        return bookmark

    def _endless(self, why: str) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(
            Code.ANSWER_TOO_LARGE,
            f"Pinterest's list of {self._items} does not end: {why}. Check api_base_url and the proxy, and "
            "report this if they are right.",
        )
