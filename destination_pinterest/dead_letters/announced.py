"""Announces rejected rows in the log: the command line writes them to a file, and knows where it read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.markers import PLACE_MEMBER, REJECTED_PREFIX
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.protocol.input import MessageDecoder
from destination_pinterest.routing.plan import readable_key
from destination_pinterest.wording.rejected_row import RejectedRowText, json_line


class RejectedRows(Protocol):
    """Takes a stream's rejected rows."""

    def add(self, row: Any, rejection: Rejection, position: int) -> None:
        """Takes a row that came after at least `position` records."""


class Announcements:
    """Announces the rejected rows of a sync.

    Args:
        log: takes a level and a line for programs.
        include_values: whether the values that were refused are announced too.
    """

    def __init__(self, log: Callable[[str, str], None], *, include_values: bool) -> None:
        self._log = log
        self._include_values = include_values

    @staticmethod
    def columns(stream: ConfiguredStream) -> tuple[str, ...]:
        """Returns what the decoder must read to tell a row."""
        return (PLACE_MEMBER, *readable_key(stream))

    def rows_of(
        self,
        stream: ConfiguredStream,
        identity_columns: tuple[str, ...],
        decoder: MessageDecoder,
        stored: RejectedRows | None,
    ) -> AnnouncedRows:
        """Returns what announces one stream's rejected rows; `stored` takes them as well, if they are stored."""
        key = readable_key(stream)
        text = RejectedRowText(key, identity_columns, decoder, include_values=self._include_values)
        return AnnouncedRows(text, self._log, stored)


class AnnouncedRows:
    """Announces a stream's rejected rows at once, so that each is known before the state behind it.

    Args:
        text: describes them.
        log: takes a level and a line for programs.
        stored: takes them as well, if they are stored.
    """

    def __init__(self, text: RejectedRowText, log: Callable[[str, str], None], stored: RejectedRows | None) -> None:
        self._text = text
        self._log = log
        self._stored = stored

    def add(self, row: Any, rejection: Rejection, position: int) -> None:
        """See RejectedRows."""
        self._log("INFO", REJECTED_PREFIX + json_line(self._text.placed(row, rejection)).decode())
        if self._stored is not None:
            self._stored.add(row, rejection, position)
