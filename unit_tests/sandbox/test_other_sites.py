from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pinterest_sandbox.in_process import InProcess, Reply
from pinterest_sandbox.other_sites import OtherSites

HERE = "127.0.0.1:8700"
EVIL = "http://evil.example.com"


@pytest.fixture
def ask(start: Callable[..., Any]) -> Callable[..., Reply]:
    app = start().sandbox

    def asked(method: str, path: str, *, only_this_machine: bool = True, **headers: str) -> Reply:
        named = {"host": HERE, **{name.replace("_", "-"): value for name, value in headers.items()}}
        with InProcess(OtherSites(app, only_this_machine=only_this_machine)) as client:
            return client.request(method, path, token=None, headers=named)

    return asked


@pytest.mark.parametrize(
    "headers", [{"origin": EVIL}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}]
)
def test_a_page_of_another_site_can_not_reach_the_control_side(
    ask: Callable[..., Reply], headers: dict[str, str]
) -> None:
    for method, path in [("POST", "/_sandbox/reset"), ("GET", "/_sandbox/requests")]:
        answer = ask(method, path, **headers)
        assert answer.status == 403
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/_sandbox/requests", "/oauth/", "/_page/content"])
def test_a_name_that_was_made_to_lead_here_is_refused(ask: Callable[..., Reply], path: str) -> None:
    rebound = "evil.example.com:8700"
    assert ask("GET", path, host=rebound, origin=f"http://{rebound}").status == 421


def test_another_site_can_not_press_the_button_of_the_consent_page(ask: Callable[..., Reply]) -> None:
    assert ask("POST", "/oauth/", sec_fetch_site="cross-site", origin="null").status == 403
    assert ask("POST", "/oauth/", sec_fetch_site="same-origin", origin="null").status == 400
    assert ask("GET", "/oauth/", sec_fetch_site="cross-site").status == 400


def test_programs_and_the_sandbox_s_own_pages_go_on(ask: Callable[..., Reply]) -> None:
    assert ask("POST", "/_sandbox/reset").status == 200
    assert ask("GET", "/_sandbox/requests", origin=f"http://{HERE}", sec_fetch_site="same-origin").status == 200
    assert ask("GET", "/v5/ad_accounts", host="pinterest.example.com").status == 401


def test_a_sandbox_for_other_machines_is_asked_by_any_name(ask: Callable[..., Reply]) -> None:
    assert ask("POST", "/_sandbox/reset", only_this_machine=False, host="sandbox:8700").status == 200
    assert ask("POST", "/_sandbox/reset", only_this_machine=False, host="sandbox:8700", origin=EVIL).status == 403
