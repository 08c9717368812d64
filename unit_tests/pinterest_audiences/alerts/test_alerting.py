from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.alerts.alert import Finding, Kind
from pinterest_audiences.alerts.alerting import Alerting
from pinterest_audiences.alerts.delivery import Delivery
from pinterest_audiences.alerts.message import Message, worded
from pinterest_audiences.alerts.settings import AlertSettings
from pinterest_audiences.failures import UsageError
from pinterest_audiences.history.store import History

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
SETTINGS = AlertSettings.model_validate({"notify": ["json://example.com"]})
WRONG = Finding("failure", "1 VIP", 'Audience "VIP"', "PIN-NET-001: No answer.")
WELL = Finding("failure", "1 VIP", 'Audience "VIP"')


class Chat:
    """The far end of Apprise."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.problem: str | None = None

    def send(self, _: Sequence[str], message: Message) -> list[Delivery]:
        self.got.append(message)
        return [Delivery("first alert address (json://…)", self.problem)]


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def alerting(chat: Chat, warnings: list[str], tmp_path: Path) -> Alerting:
    return Alerting(History(tmp_path / "history.sqlite3"), warnings.append, chat.send)


def test_what_lasts_is_told_once_and_again_after_a_day(alerting: Alerting, chat: Chat) -> None:
    for hours in (0, 1, 23, 25):
        alerting.take([(WRONG, SETTINGS)], NOON + timedelta(hours=hours))
    assert len(chat.got) == 2
    assert chat.got[0] == Message(
        'Pinterest: Audience "VIP": the run failed',
        'Audience "VIP": the run failed. PIN-NET-001: No answer.',
        "failure",
    )


def test_another_reason_is_news_though_the_alert_lasts(alerting: Alerting, chat: Chat) -> None:
    first, second = replace(WRONG, code="PIN-NET-001"), replace(WRONG, text="Sign in.", code="PIN-AUTH-001")
    for minutes, finding in enumerate((first, second, first, second, WELL, second)):
        alerting.take([(finding, SETTINGS)], NOON + timedelta(minutes=minutes))
    assert [message.kind for message in chat.got] == ["failure", "failure", "success", "failure"]
    assert "Sign in." in chat.got[1].body


def test_an_alert_of_an_earlier_version_is_over_like_any_other(chat: Chat, tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite3")
    history.keep_alert(WRONG.subject, WRONG.kind, NOON)
    Alerting(history, print, chat.send).take([(WELL, SETTINGS)], NOON)
    assert [message.kind for message in chat.got] == ["success"]


def test_every_kind_of_alert_has_a_headline() -> None:
    for kind in get_args(Kind):
        assert worded([Finding(kind, "a", "A", "So it is.")], []).title.startswith("Pinterest: A: ")


def test_what_is_over_is_told_once(alerting: Alerting, chat: Chat) -> None:
    for hours, finding in enumerate((WELL, WRONG, WELL, WELL, WRONG)):
        alerting.take([(finding, SETTINGS)], NOON + timedelta(hours=hours))
    assert [message.kind for message in chat.got] == ["failure", "success", "failure"]
    assert chat.got[1].title == 'Pinterest: Audience "VIP": well again'


def test_that_something_is_over_need_not_be_told(alerting: Alerting, chat: Chat) -> None:
    quiet = SETTINGS.model_copy(update={"recovered": False})
    for hours, finding in enumerate((WRONG, WELL, WRONG)):
        alerting.take([(finding, quiet)], NOON + timedelta(hours=hours))
    assert [message.kind for message in chat.got] == ["failure", "failure"]


def test_a_clock_that_was_set_back_does_not_silence_alerts(alerting: Alerting, chat: Chat) -> None:
    alerting.take([(WRONG, SETTINGS)], NOON + timedelta(days=900))
    alerting.take([(WRONG, SETTINGS)], NOON)
    assert len(chat.got) == 2


def test_forty_failures_are_one_message(alerting: Alerting, chat: Chat) -> None:
    many = [Finding("failure", str(number), f'Audience "{number}"', "No.") for number in range(40)]
    alerting.take([(each, SETTINGS) for each in many], NOON)
    (message,) = chat.got
    assert message.title == "Pinterest: 40 times the run failed"
    assert len(message.body.splitlines()) == 31
    assert message.body.endswith("And 10 more.")


def test_audiences_with_addresses_of_their_own_get_messages_of_their_own(alerting: Alerting, chat: Chat) -> None:
    other = AlertSettings.model_validate({"notify": ["json://other.example.com"]})
    alerting.take([(WRONG, SETTINGS), (Finding("failure", "2 B", "B", "No."), other)], NOON)
    assert len(chat.got) == 2


def test_an_alert_that_was_not_sent_is_said_and_tried_again(
    alerting: Alerting, chat: Chat, warnings: list[str]
) -> None:
    chat.problem = "it answered HTTP 503"
    alerting.take([(WRONG, SETTINGS)], NOON)
    chat.problem = None
    alerting.take([(WRONG, SETTINGS)], NOON + timedelta(minutes=1))
    assert len(chat.got) == 2
    (warning,) = warnings
    assert warning.startswith("An alert was not sent to the first alert address (json://…): it answered HTTP 503.")


def test_an_address_that_can_not_be_used_is_said(warnings: list[str], tmp_path: Path) -> None:
    def refuse(*_: object) -> list[Delivery]:
        raise UsageError(Code.ALERTS_UNUSABLE, "The first alert address is not a URL that Apprise can use. Correct it.")

    Alerting(History(tmp_path / "h"), warnings.append, refuse).take([(WRONG, SETTINGS)], NOON)
    assert "PIN-CLI-126" in warnings[0]


def test_a_history_that_is_broken_does_not_silence_alerts(chat: Chat, warnings: list[str], tmp_path: Path) -> None:
    (tmp_path / "history.sqlite3").write_text("x" * 2000)
    alerting = Alerting(History(tmp_path / "history.sqlite3"), warnings.append, chat.send)
    alerting.take([(WRONG, SETTINGS)], NOON)
    assert len(chat.got) == 1
    assert "will be sent again" in warnings[0]


def test_without_addresses_nothing_is_sent(alerting: Alerting, chat: Chat) -> None:
    alerting.take([(WRONG, AlertSettings())], NOON)
    assert chat.got == []


def test_of_several_kinds_the_title_has_the_number() -> None:
    low = Finding("size_drop", "a", "A", "Less.")
    assert worded([low, WRONG], []).title == "Pinterest: 2 alerts"
    assert worded([low], []).kind == "warning"
