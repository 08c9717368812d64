"""Announces rejected rows in the log: the command line writes them to a file, and knows where it read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.markers import PLACE_MEMBER, REJECTED_PREFIX
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.protocol.input import MessageDecoder
from destination_pinterest.routing.plan import readable_key
from destination_pinterest.wording.rejected_row import RejectedRowText, json_line


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
        self, stream: ConfiguredStream, identity_columns: tuple[str, ...], decoder: MessageDecoder
    ) -> AnnouncedRows:
        """Returns what announces one stream's rejected rows."""
        key = readable_key(stream)
        text = RejectedRowText(key, identity_columns, decoder, include_values=self._include_values)
        return AnnouncedRows(text, self._log)


class AnnouncedRows:
    """Announces a stream's rejected rows at once, so that each is known before the state behind it.

    Args:
        text: describes them.
        log: takes a level and a line for programs.
    """

    def __init__(self, text: RejectedRowText, log: Callable[[str, str], None]) -> None:
        self._text = text
        self._log = log

    def add(self, row: Any, rejections: Sequence[Rejection], *, row_is_used: bool) -> None:
        """Announces why a row is rejected, or which of its values are refused although the row is used."""
        for rejection in rejections:
            content = self._text.placed(row, rejection, row_is_used=row_is_used)
            self._log("INFO", REJECTED_PREFIX + json_line(content).decode())
