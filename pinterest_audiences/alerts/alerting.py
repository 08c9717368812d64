"""Decides which findings are sent now: each once, again while it lasts, and once more when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from destination_pinterest.errors import ConnectorError
from pinterest_audiences.alerts.alert import Finding
from pinterest_audiences.alerts.delivery import Delivery, Destinations
from pinterest_audiences.alerts.message import Message, worded
from pinterest_audiences.history.store import History

if TYPE_CHECKING:  # It is a pydantic model, which a run without alerts need not load.
    from pinterest_audiences.alerts.settings import AlertSettings

Send = Callable[[Sequence[str], Message], Sequence[Delivery]]


def send_by_apprise(addresses: Sequence[str], message: Message) -> Sequence[Delivery]:
    """Sends a message to addresses of Apprise. Raises: UsageError for one that can't be used."""
    return Destinations(addresses).send(message)


class Alerting:
    """Sends what is due, and remembers it in the history.

    Args:
        history: where it is remembered; without one, each finding is sent each time.
        say: is told what could not be sent. Nothing that goes wrong here is raised.
        send: sends a message to addresses.
    """

    def __init__(self, history: History | None, say: Callable[[str], None], send: Send = send_by_apprise) -> None:
        self._history = history
        self._say = say
        self._send = send

    def take(self, findings: Iterable[tuple[Finding, AlertSettings]], now: datetime) -> None:
        """Takes findings, each with the settings of its subject; those of the same addresses go in one message."""
        wrong: dict[tuple[str, ...], list[Finding]] = {}
        over: dict[tuple[str, ...], list[Finding]] = {}
        for finding, settings in findings:
            if not settings.notify:
                continue
            if finding.text is not None:
                sent_at = self._sent_at(finding, finding.code)
                # A clock that was set back must not silence an alert for ever.
                if sent_at is None or not sent_at <= now < sent_at + settings.repeat_after:
                    wrong.setdefault(settings.addresses, []).append(finding)
            elif self._sent_at(finding, None) is not None:
                over.setdefault(settings.addresses if settings.recovered else (), []).append(finding)
        for addresses in dict.fromkeys((*wrong, *over)):
            self._send_to(addresses, wrong.get(addresses, []), over.get(addresses, []), now)

    def _send_to(
        self, addresses: tuple[str, ...], wrong: Sequence[Finding], over: Sequence[Finding], now: datetime
    ) -> None:
        if addresses and not self._is_sent(addresses, worded(wrong, over)):
            return
        for finding in wrong:
            self._keep(finding, now)
        for finding in over:
            self._keep(finding, None)

    def _is_sent(self, addresses: Sequence[str], message: Message) -> bool:
        """Whether anybody took it; if nobody did, it is tried again after the next run."""
        try:
            deliveries = self._send(addresses, message)
        except ConnectorError as error:
            self._say(f"An alert was not sent. {error}")
            return False
        for each in deliveries:
            if each.problem is not None:
                self._say(
                    f"An alert was not sent to the {each.label}: {each.problem}. Try it by `pinterest-audiences alerts "
                    "test`."
                )
        return any(each.problem is None for each in deliveries)

    def _sent_at(self, finding: Finding, code: str | None) -> datetime | None:
        try:
            return None if self._history is None else self._history.alert_sent_at(finding.subject, finding.kind, code)
        except ConnectorError:  # The history's own warning has been given when the run was to be kept.
            return None

    def _keep(self, finding: Finding, sent_at: datetime | None) -> None:
        try:
            if self._history is not None:
                self._history.keep_alert(finding.subject, finding.kind, sent_at, finding.code)
        except ConnectorError as error:
            self._say(f"An alert will be sent again, since the history does not remember it. {error}")
