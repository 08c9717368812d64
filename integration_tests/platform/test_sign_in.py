"""The sign-in that the spec declares, played from the button to `check`: a person clicks, the server does the rest."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from destination_pinterest.specification import SCOPES
from integration_tests.airbyte_messages import address, config, digests, record, state, stream
from integration_tests.connector_process import Connectors, Outcome
from integration_tests.platform.declarative_sign_in import MASK, DeclarativeSignIn, SignInError
from integration_tests.sandbox_process import RunningSandbox

APP = {"client_id": "1234567", "client_secret": "sandbox-secret"}
DAY_S = 86_400
REDIRECT_URI = "https://cloud.airbyte.com/auth_flow?from=destinations&x=a b"


class Page(HTMLParser):
    """The consent page to somebody who looks for its form."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.form: dict[str, str | None] = {}
        self.hidden: dict[str, str] = {}
        self.buttons: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = dict(attrs)
        elif tag == "input" and given["type"] == "hidden":
            self.hidden[given["name"]] = given["value"]
        elif tag == "button":
            self.buttons.append((given["name"], given["value"]))


class Person:
    """A browser with somebody in front of it."""

    def visit(self, url: str) -> None:
        answer = requests.get(url, timeout=20)
        assert answer.status_code == 200, answer.text
        self._url, self._page = url, Page(answer.text)

    def click(self, decision: str) -> dict[str, str]:
        """Sends the form as a browser does, and returns the query of the address that the person is sent to."""
        (button,) = (button for button in self._page.buttons if button[1] == decision)
        assert self._page.form["method"] == "post"
        answer = requests.post(
            self._url, data={**self._page.hidden, button[0]: button[1]}, timeout=20, allow_redirects=False
        )
        assert answer.status_code == 302, answer.text
        place = urlsplit(answer.headers["location"])
        assert f"{place.scheme}://{place.netloc}{place.path}" == "https://cloud.airbyte.com/auth_flow"
        query = dict(parse_qsl(place.query))
        assert (query.pop("from"), query.pop("x")) == ("destinations", "a b")
        return query


@pytest.fixture
def specification(connector: Connectors, sandbox: RunningSandbox) -> dict[str, Any]:
    """What `spec` prints, with the sandbox's addresses in place of Pinterest's."""
    (message,) = connector.start("spec").finish().succeeded().of_type("SPEC")
    text = json.dumps(message["spec"])
    for pinterest, ours in (
        ("https://www.pinterest.com/oauth/", f"{sandbox.url}/oauth/"),
        ("https://api.pinterest.com/v5/oauth/token", f"{sandbox.api_base_url}/oauth/token"),
    ):
        assert text.count(pinterest) == 1
        text = text.replace(pinterest, ours)
    spec: dict[str, Any] = json.loads(text)
    return spec


@pytest.fixture
def begin(specification: dict[str, Any]) -> Callable[..., DeclarativeSignIn]:
    def begin_one(**app: str) -> DeclarativeSignIn:
        return DeclarativeSignIn(specification["advanced_auth"], {**APP, **app}, REDIRECT_URI, random.Random(7))

    return begin_one


def typed(sandbox: RunningSandbox) -> dict[str, Any]:
    """What a person has filled in before signing in."""
    return config(sandbox.api_base_url, credentials={"auth_method": "oauth2.0"})


def signed_in(sign_in: DeclarativeSignIn, form: dict[str, Any]) -> dict[str, Any]:
    """The form's config once somebody has clicked and allowed."""
    person = Person()
    person.visit(sign_in.consent_url())
    return sign_in.into_config(form, sign_in.complete(person.click("allow")))


def run(command: str, connector: Connectors, settings: dict[str, Any]) -> Outcome:
    outcome = connector.start(command, "--config", connector.given(settings)).finish().succeeded()
    if command == "check":
        assert outcome.connection_status["status"] == "SUCCEEDED", outcome.connection_status
    return outcome


def written(connector: Connectors, settings: dict[str, Any], number: int) -> Outcome:
    """A sync of one person."""
    sync = connector.write(stream("customers"), **settings)
    return sync.feed(record("customers", email=address(number)), state(number, "customers")).finish().succeeded()


def grants(sandbox: RunningSandbox) -> list[str]:
    """What the token endpoint was asked for, in order."""
    return [request["operation"] for request in sandbox.seen("oauth/token")]


def said_of(outcome: Outcome) -> bytes:
    """All that was written, except the CONTROL messages, which hand the platform the new tokens to keep."""
    return b"".join(line.raw for line in outcome.lines if line.message["type"] != "CONTROL") + outcome.stderr


def test_the_consent_page_is_asked_for_with_everything_that_pinterest_wants(
    begin: Callable[..., DeclarativeSignIn],
) -> None:
    address = urlsplit(begin().consent_url())
    query = {name: values[0] for name, values in parse_qs(address.query, strict_parsing=True).items()}

    assert 16 <= len(query.pop("state")) <= 64
    assert query == {
        "client_id": "1234567",
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
        "scope": ",".join(SCOPES),
    }


def test_a_person_who_allows_it_has_a_config_that_passes_check(
    begin: Callable[..., DeclarativeSignIn], connector: Connectors, sandbox: RunningSandbox
) -> None:
    sign_in, person = begin(), Person()
    person.visit(sign_in.consent_url())
    query = person.click("allow")
    brought = sign_in.complete(query)
    assert brought == {
        **dict.fromkeys(APP, MASK),
        "refresh_token": brought["refresh_token"],
        "access_token": brought["access_token"],
    }

    outcome = run("check", connector, sign_in.into_config(typed(sandbox), brought))

    assert outcome.connection_status["status"] == "SUCCEEDED", outcome.connection_status
    for secret in (APP["client_secret"], brought["refresh_token"], brought["access_token"], query["code"]):
        assert secret.encode() not in said_of(outcome)


def test_nothing_of_the_sign_in_is_spent_before_the_destination_is_saved_and_a_later_sync_renews_it(
    begin: Callable[..., DeclarativeSignIn], connector: Connectors, sandbox: RunningSandbox
) -> None:
    brought = signed_in(begin(), typed(sandbox))
    for command in ("check", "discover"):
        assert run(command, connector, brought).controls == []
    assert grants(sandbox) == ["authorization_code"]

    sandbox.advance(3 * DAY_S)
    assert written(connector, brought, 1).controls == []
    sandbox.advance(28 * DAY_S)
    outcome = written(connector, brought, 2)

    assert grants(sandbox) == ["authorization_code", "refresh_token"]
    (kept,) = outcome.controls
    for token in ("refresh_token", "access_token"):
        assert kept["credentials"][token] != brought["credentials"][token], "the sandbox gives new ones"
        assert kept["credentials"][token].encode() not in said_of(outcome)
    assert {name: kept["credentials"][name] for name in APP} == APP
    assert sandbox.members_of("customers") == {*digests(address(1)), *digests(address(2))}

    assert run("check", connector, kept).controls == []
    assert grants(sandbox) == ["authorization_code", "refresh_token"]


def test_a_person_who_signs_in_again_spends_nothing_because_of_what_is_kept_of_the_earlier_time(
    begin: Callable[..., DeclarativeSignIn], connector: Connectors, sandbox: RunningSandbox
) -> None:
    first = signed_in(begin(), typed(sandbox))
    sandbox.advance(31 * DAY_S)
    (kept,) = run("check", connector, first).controls
    # The connector's clock is this machine's, which does not go ahead with the sandbox's.
    kept["credentials"] |= {"access_token_expires_at": 1, "refresh_token_expires_at": 1}
    sandbox.advance(61 * DAY_S)
    ended = connector.start("check", "--config", connector.given(kept)).finish().succeeded()
    assert "Sign in again" in ended.connection_status["message"]

    sandbox.forget_requests()
    again = signed_in(begin(), kept)
    assert again["credentials"]["access_token_mark"] == kept["credentials"]["access_token_mark"]
    outcome = run("check", connector, again)
    assert "sign-in ends" not in outcome.connection_status["message"]
    assert outcome.controls == run("discover", connector, again).controls == []
    assert grants(sandbox) == ["authorization_code"]


def test_the_token_has_the_scopes_that_were_asked_for_and_no_others(
    begin: Callable[..., DeclarativeSignIn], sandbox: RunningSandbox
) -> None:
    sign_in, person = begin(), Person()
    person.visit(sign_in.consent_url())
    brought = sign_in.complete(person.click("allow"))

    tokens = sandbox.control("GET", "/tokens")
    (token,) = (token for token in json_objects(tokens) if token.get("token") == brought["refresh_token"])
    assert set(token["scopes"]) == set(SCOPES)


def test_a_person_who_denies_it_leaves_no_token_behind(
    begin: Callable[..., DeclarativeSignIn], sandbox: RunningSandbox
) -> None:
    sign_in, person = begin(), Person()
    person.visit(sign_in.consent_url())
    query = person.click("deny")

    assert "code" not in query
    assert sign_in.complete(query) == {"request_succeeded": False, "request_error": "access_denied"}
    assert sandbox.seen("oauth/token") == []


def test_a_code_is_good_once(begin: Callable[..., DeclarativeSignIn]) -> None:
    sign_in, person = begin(), Person()
    person.visit(sign_in.consent_url())
    query = person.click("allow")
    sign_in.complete(query)

    with pytest.raises(SignInError, match="lacks"):
        sign_in.complete(query)


def test_an_app_with_a_wrong_secret_gets_nothing(begin: Callable[..., DeclarativeSignIn]) -> None:
    sign_in, person = begin(client_secret="wrong"), Person()
    person.visit(sign_in.consent_url())
    query = person.click("allow")

    with pytest.raises(SignInError, match="refresh_token"):
        sign_in.complete(query)


def test_a_check_that_fails_shows_no_secret(connector: Connectors) -> None:
    credentials = {**APP, "auth_method": "oauth2.0", "refresh_token": "pinr_of_somebody_else_77"}
    outcome = connector.check(credentials=credentials)

    assert outcome.connection_status["status"] == "FAILED"
    assert outcome.controls == []
    for secret in (credentials["client_secret"], credentials["refresh_token"]):
        assert secret.encode() not in said_of(outcome)


def json_objects(content: Any) -> list[dict[str, Any]]:
    """Every object within, whatever it lies in."""
    if isinstance(content, dict):
        return [content, *(found for value in content.values() for found in json_objects(value))]
    return [found for item in content for found in json_objects(item)] if isinstance(content, list) else []
