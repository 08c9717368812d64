from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.alerts.delivery import Destinations
from pinterest_audiences.alerts.message import Message
from unit_tests.support.raises import raises
from unit_tests.support.webhook import Webhook, webhook

MESSAGE = Message("Pinterest: 2 alerts", "The first.\nThe second.", "failure")


@pytest.fixture
def server() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


def test_a_message_arrives_whole(server: Webhook) -> None:
    (delivery,) = Destinations([f"json://{server.host}/hook"]).send(MESSAGE)

    assert delivery.problem is None
    content = server.posted[0].json()
    assert (content["title"], content["message"], content["type"]) == (MESSAGE.title, MESSAGE.body, "failure")


def test_a_refusal_has_its_status_and_no_address(server: Webhook, capfd: pytest.CaptureFixture[str]) -> None:
    server.status = 503
    deliveries = Destinations([f"json://user:hidden@{server.host}/secret-path"]).send(MESSAGE)
    assert [each.problem for each in deliveries] == ["it answered HTTP 503"]
    assert deliveries[0].label == "first alert address (json://…)"
    assert "secret-path" not in "".join(capfd.readouterr())


def test_what_hangs_does_not_hold_up_the_others(server: Webhook) -> None:
    with webhook() as slow:
        slow.delay_s = 2.0
        started = time.monotonic()
        deliveries = Destinations(
            [f"json://{slow.host}/", f"json://{server.host}/", "json://127.0.0.1:1/"], patience_s=0.5
        ).send(MESSAGE)
        assert time.monotonic() - started < 1.9
    assert [each.problem for each in deliveries] == [
        "it did not answer in time",
        None,
        "it can't be reached, or refused the alert",
    ]


@pytest.mark.parametrize("address", ["no-scheme-hidden", "bogus://hidden", "slack://hidden", "://hidden"])
def test_an_address_that_apprise_can_not_use_is_counted_and_not_shown(address: str) -> None:
    with raises(Code.ALERTS_UNUSABLE, match="The second alert address") as caught:
        Destinations(["json://127.0.0.1/", address])
    assert "hidden" not in str(caught.value)
