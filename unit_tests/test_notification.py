from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from destination_pinterest.config import notify_url_of, read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError, RemovalGuardError
from destination_pinterest.notification import Ending, Notification, Notifying
from destination_pinterest.reporting.report import SyncReport
from unit_tests.support.raises import raises
from unit_tests.support.webhook import Webhook, webhook

NOW = 1_795_780_800.0
REPORT = SyncReport("succeeded", 1.5, 200.0, 8, 0, 0.2, [])
SECRET = "very-secret-token"


@pytest.fixture
def server() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@dataclass
class Sender:
    """Sends notifications, and keeps what it warned of."""

    url: str
    warnings: list[str] = field(default_factory=list)

    def send(self, ending: Ending, patience_s: float = 5.0) -> None:
        Notification(
            {"notify_url": self.url, "ad_account_id": "549755885175"},
            self.warnings.append,
            now=lambda: NOW,
            scrub=lambda text: text.replace(SECRET, "****"),
            patience_s=patience_s,
        ).send(ending)


@pytest.fixture
def sender(server: Webhook) -> Sender:
    return Sender(f"http://{server.host}/hook?token={SECRET}")


def test_a_sync_that_succeeded_is_posted_with_its_report(server: Webhook, sender: Sender) -> None:
    sender.send(Ending(REPORT))

    (posted,) = server.posted
    assert posted.path == f"/hook?token={SECRET}"
    assert posted.headers["Content-Type"] == "application/json"
    content = posted.json()
    assert set(content) == {
        "text", "status", "started_at", "finished_at", "ad_account_id", "error", "error_code", "failure_kind",
        "report", "version", "event", "schema_version",
    }  # fmt: skip
    assert (content["status"], content["error"], content["ad_account_id"]) == ("succeeded", None, "549755885175")
    assert content["finished_at"] == "2026-11-27T12:00:00Z"
    assert content["report"]["requests"] == 8
    assert sender.warnings == []


def test_a_sync_that_failed_is_posted_with_its_reason_and_without_secrets(server: Webhook, sender: Sender) -> None:
    sender.send(Ending(None, RemovalGuardError(Code.REMOVAL_ABOVE_LIMIT, f"Too many would leave ({SECRET}).")))

    content = server.posted[0].json()
    assert (content["status"], content["error_code"], content["failure_kind"]) == (
        "failed", "PIN-GUARD-001", "config_error",
    )  # fmt: skip
    assert content["error"] == "PIN-GUARD-001: Too many would leave (****)."
    assert content["text"] == "Pinterest sync failed. PIN-GUARD-001: Too many would leave (****)."
    assert content["report"] is None


def test_a_sync_that_was_stopped_is_posted_as_such(server: Webhook, sender: Sender) -> None:
    sender.send(Ending(REPORT, is_stopped=True))
    assert server.posted[0].json()["status"] == "stopped"


@dataclass
class Stopped:
    """A command that does not end by itself."""

    server: Webhook
    posted_before: list[int] = field(default_factory=list)

    def stop(self) -> bool:
        return True

    def give_back(self) -> None:
        self.posted_before.append(len(self.server.posted))


def test_a_sync_that_is_ended_at_once_is_posted_after_it_has_given_back_what_others_wait_for(server: Webhook) -> None:
    notification = Notification({"notify_url": f"http://{server.host}/"}, print, now=lambda: NOW, scrub=str)
    command = Stopped(server)
    notifying = Notifying(command, notification)
    assert notifying.stop()
    notifying.give_back()
    assert command.posted_before == [0]
    assert [(each.json()["status"], each.json()["report"]) for each in server.posted] == [("stopped", None)]


def test_a_sync_that_is_only_put_together_has_nothing_to_end(server: Webhook) -> None:
    notification = Notification({"notify_url": f"http://{server.host}/"}, print, now=lambda: NOW, scrub=str)
    notifying = Notifying(None, notification)
    assert not notifying.stop()
    notifying.give_back()
    assert [each.json()["status"] for each in server.posted] == ["stopped"]


def test_a_sync_is_posted_once_however_it_ends(server: Webhook) -> None:
    notification = Notification({"notify_url": f"http://{server.host}/"}, print, now=lambda: NOW, scrub=str)
    notification.send(Ending(REPORT))
    notification.send(Ending(None, is_stopped=True))
    assert [each.json()["status"] for each in server.posted] == ["succeeded"]


@pytest.mark.parametrize(
    ("status", "said"), [(500, "HTTP 500"), (404, "HTTP 404"), (302, "redirects are not followed")]
)
def test_a_refusal_is_a_warning_without_the_address(server: Webhook, sender: Sender, status: int, said: str) -> None:
    server.status = status
    server.headers = {"Location": f"http://{server.host}/elsewhere"}
    sender.send(Ending(REPORT))
    (warning,) = sender.warnings
    assert said in warning
    assert SECRET not in warning
    assert len(server.posted) == 1


def test_a_server_that_hangs_is_given_up_in_time(server: Webhook, sender: Sender) -> None:
    server.delay_s = 1.0
    started = time.monotonic()
    sender.send(Ending(REPORT), patience_s=0.1)
    assert time.monotonic() - started < 0.9
    assert "did not answer in time" in sender.warnings[0]


def test_a_server_that_is_not_there_is_a_warning() -> None:
    sender = Sender("http://127.0.0.1:1/hook")
    sender.send(Ending(REPORT))
    assert "can't be reached" in sender.warnings[0]


def test_a_login_of_netrc_is_not_sent(
    server: Webhook, sender: Sender, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hidden\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    sender.send(Ending(REPORT))
    assert "Authorization" not in server.posted[0].headers


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook?token=abc",
        "https://example.com:8443",
        "http://127.0.0.1:8080/x",
        "http://localhost",
        "http://[::1]:80/x",
    ],
)
def test_an_address_that_is_encrypted_or_here_is_taken(raw_config: dict[str, Any], url: str) -> None:
    assert read_config({**raw_config, "notify_url": url}).notify_url == url
    assert notify_url_of({"notify_url": url}) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "http://localhost@example.com/",
        "http://localhost:80@example.com/",
        "http://127.0.0.1.example.com/",
        "https://user:password@example.com/",
        "https://",
        "https://exa mple.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://example.com\\@localhost/",
        "ftp://example.com/",
        "file:///etc/passwd",
        " https://example.com",
        "https://example.com\n",
        "",
    ],
)
def test_any_other_address_is_refused_without_being_shown(raw_config: dict[str, Any], url: str) -> None:
    with raises(Code.SETTINGS_INVALID, match="Notification URL") as caught:
        read_config({**raw_config, "notify_url": url})
    assert "password" not in str(caught.value)
    assert notify_url_of({"notify_url": url}) is None


def test_without_an_address_nothing_is_posted(server: Webhook) -> None:
    sender = Sender("")
    sender.send(Ending(None, InvalidConfigError(Code.SETTINGS_INVALID, "No.")))
    assert (server.posted, sender.warnings) == ([], [])


def test_the_address_is_not_printed_with_the_settings(raw_config: dict[str, Any]) -> None:
    config = read_config({**raw_config, "notify_url": f"https://example.com/{SECRET}"})
    assert SECRET not in repr(config)
    assert json.loads(config.model_dump_json())["notify_url"].endswith(SECRET)
