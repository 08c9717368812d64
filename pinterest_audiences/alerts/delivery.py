"""Sends a message to Apprise's destinations, each in a thread of its own and for a bounded time.

Apprise logs what it sends and where to, so its log is not shown: only a status in it is read.

Source: apprise 1.9 and later: `Apprise.instantiate` returns None for a URL that it can't use, `notify` False for one
    that did not take the message; its plugins' own timeouts are 4 seconds each to connect and to read.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.alerts.message import Message
from pinterest_audiences.failures import UsageError, missing_extra

PATIENCE_S: Final = 20.0
_STATUS: Final = re.compile(r"error[ =](\d{3})\b")


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whether a destination took the message. `label` names it without its secrets, `problem` says why it did not."""

    label: str
    problem: str | None = None


class Destinations:
    """Where alerts go. Raises: UsageError for an address that Apprise can't use."""

    def __init__(self, addresses: Sequence[str], patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        apprise = _apprise()
        self._named: list[tuple[str, Any]] = []
        for number, address in enumerate(addresses, start=1):
            label = _label(address, number)
            service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
            if service is None:
                raise UsageError(
                    Code.ALERTS_UNUSABLE,
                    f"The {label} is not a URL that Apprise can use. Correct it, and try it by "
                    "`pinterest-audiences alerts test`.",
                )
            alone = apprise.Apprise()
            alone.add(service)
            self._named.append((label, alone))

    def send(self, message: Message) -> list[Delivery]:
        """Sends a message to all of them at once."""
        waiting = [_Sending(label, service, message) for label, service in self._named]
        for each in waiting:
            each.start()
        for each in waiting:
            each.join(self._patience_s)
        return [each.delivery for each in waiting]


class _Sending(threading.Thread):
    """A daemon, so that a destination that hangs does not keep the program alive."""

    def __init__(self, label: str, service: Any, message: Message) -> None:
        super().__init__(daemon=True)
        self._label = label
        self._service = service
        self._message = message
        self.delivery = Delivery(label, "it did not answer in time")

    def run(self) -> None:
        log = _StatusLog(self.ident)
        logger = logging.getLogger("apprise")
        logger.addHandler(log)
        try:
            message = self._message
            is_taken = self._service.notify(body=message.body, title=message.title, notify_type=message.kind)
            refusal = (
                "it can't be reached, or refused the alert" if log.status is None else f"it answered HTTP {log.status}"
            )
            self.delivery = Delivery(self._label, None if is_taken else refusal)
        except Exception as error:  # noqa: BLE001 - a plugin's, whose text may hold the address
            self.delivery = Delivery(self._label, f"it failed ({type(error).__name__})")
        finally:
            logger.removeHandler(log)


class _StatusLog(logging.Handler):
    """Reads a status out of what one thread logs."""

    def __init__(self, thread: int | None) -> None:
        super().__init__()
        self._thread = thread
        self.status: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread and (found := _STATUS.search(record.getMessage())):
            self.status = found[1]


def _apprise() -> Any:
    try:
        import apprise  # noqa: PLC0415 - only alerts need it
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    # Its own handlers would show addresses; ours only read it.
    logging.getLogger("apprise").propagate = False
    return apprise


def _label(address: str, number: int) -> str:
    schema, separator, _ = address.partition("://")
    is_name = bool(separator) and schema.isascii() and schema.isalnum()
    return f"{_ordinal(number)} alert address" + (f" ({schema.lower()}://…)" if is_name else "")


def _ordinal(number: int) -> str:
    names = ("first", "second", "third", "fourth", "fifth")
    return names[number - 1] if number <= len(names) else f"{number}th"
