"""What the way to Pinterest looks like when something on it is wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from pinterest_audiences.doctor.finding import Finding
from pinterest_audiences.doctor.way import way_findings


class Refusing(BaseHTTPRequestHandler):
    """Refuses what has no token, as Pinterest does."""

    def do_GET(self) -> None:
        assert "Authorization" not in self.headers
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as running:
        Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"127.0.0.1:{running.server_port}"
        running.shutdown()


def looked(address: str, *, ahead_s: float = 0.0, **environment: str) -> dict[str, Finding]:
    return {one.name: one for one in way_findings(address, environment, lambda: time.time() + ahead_s)}


def test_a_way_that_is_well_is_said_to_be(server: str) -> None:
    found = looked(f"http://{server}/v5")
    assert {one.state for one in found.values()} == {"ok"}
    assert list(found) == ["Server", "Proxy", "Certificates", "DNS", "Connection", "HTTP", "Clock"]


@pytest.mark.parametrize(
    ("ahead_s", "state", "text"), [(120.0, "warning", "s ahead of the"), (-4000.0, "failed", "s behind the")]
)
def test_a_clock_that_is_wrong_is_found_by_the_servers(server: str, ahead_s: float, state: str, text: str) -> None:
    clock = looked(f"http://{server}/v5", ahead_s=ahead_s)["Clock"]
    assert clock.state == state
    assert text in clock.text


def test_a_port_at_which_nobody_listens_is_told_from_a_name_that_is_not_found() -> None:
    assert looked("http://127.0.0.1:9/v5")["Connection"].state == "failed"
    assert looked("http://nowhere.invalid/v5")["DNS"].state == "failed"


def test_a_server_without_encryption_is_found_where_there_should_be_one(server: str) -> None:
    found = looked(f"https://{server}/v5")
    assert (found["TLS"].state, found["HTTP"].state) == ("failed", "failed")


def test_the_login_of_a_proxy_is_never_shown(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://canary:canary@{server}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("http_proxy", raising=False)
    found = looked("http://pinterest.example.com/v5")
    assert server in found["Proxy"].text
    assert "canary" not in repr(found)
    assert "DNS" not in found  # The proxy looks it up.


def test_certificates_that_can_not_be_used_are_found(server: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    found = looked(f"http://{server}/v5", REQUESTS_CA_BUNDLE=str(tmp_path_factory.mktemp("x") / "missing.pem"))
    assert found["Certificates"].state == "failed"
