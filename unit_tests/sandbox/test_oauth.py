from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from pinterest_sandbox.in_process import Reply
from unit_tests.sandbox.person import FakeClock, Person

DAY_S = 86_400
REDIRECT = "http://localhost:8080/callback"
USER = "/v5/user_account"


def basic(client_id: str = "1234567", secret: str = "sandbox-secret") -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def trade(person: Person, authorization: str | None = None, **form: str) -> Any:
    headers = {
        "authorization": authorization or basic(),
        "content-type": "application/x-www-form-urlencoded",
    }
    return person.call("POST", "/v5/oauth/token", body=urlencode(form).encode(), token=None, headers=headers)


def refresh(person: Person, token: str = "pinr_sandbox", **form: str) -> Any:
    return trade(person, grant_type="refresh_token", refresh_token=token, **form)


def consent(person: Person, decision: str = "allow", **changes: str) -> Any:
    form = {
        "client_id": "1234567",
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "ads:read,ads:write",
        "state": "s t&te",
        "decision": decision,
        **changes,
    }
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return person.call("POST", "/oauth/", body=urlencode(form).encode(), token=None, headers=headers)


def sent_back(reply: Reply) -> dict[str, str]:
    assert reply.status == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["location"]).query).items()}


def redeem(person: Person, code: str, redirect_uri: str = REDIRECT, authorization: str | None = None) -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return trade(person, authorization, **form)


def assert_failed(reply: Reply) -> None:
    assert (reply.status, reply.json()) == (401, {"code": 2, "message": "Authentication failed."})


def test_consent_gives_a_code_and_the_code_gives_tokens_that_work(person: Person) -> None:
    back = sent_back(consent(person))
    assert back["state"] == "s t&te"
    tokens = redeem(person, back["code"]).json()
    assert tokens["response_type"] == "authorization_code"
    assert tokens["token_type"] == "bearer"
    assert tokens["scope"] == "ads:read ads:write"
    assert (tokens["expires_in"], tokens["refresh_token_expires_in"]) == (30 * DAY_S, 60 * DAY_S)
    assert person.call("GET", "/v5/ad_accounts", token=tokens["access_token"]).status == 200
    assert refresh(person, tokens["refresh_token"]).status == 200


def test_a_code_works_once_for_its_own_client_and_redirect_uri_and_for_ten_minutes(
    person: Person, clock: FakeClock
) -> None:
    person.call("PUT", "/_sandbox/apps/77", {"client_secret": "other"})
    code = sent_back(consent(person))["code"]
    assert_failed(redeem(person, code, redirect_uri="http://localhost:8080/other"))
    assert_failed(redeem(person, code, authorization=basic("77", "other")))
    clock.now += 599
    assert redeem(person, code).status == 200
    assert_failed(redeem(person, code))
    late = sent_back(consent(person))["code"]
    clock.now += 600
    assert_failed(redeem(person, late))


def test_saying_no_sends_back_access_denied(person: Person) -> None:
    back = sent_back(consent(person, decision="deny"))
    assert (back["error"], back["state"]) == ("access_denied", "s t&te")
    assert "code" not in back


def test_the_page_shows_app_and_scopes_and_escapes_what_it_was_given(person: Person) -> None:
    query = urlencode(
        {
            "client_id": "1234567",
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": "ads:read ads:write",
            "state": '"><script>',
        }
    )
    page = person.call("GET", f"/oauth/?{query}", token=None)
    text = page.body.decode()
    assert page.status == 200
    assert all(shown in text for shown in ("Sandbox App", "ads:read", "ads:write", "Allow", "Deny", REDIRECT))
    assert "<script>" not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_id", "9"),
        ("redirect_uri", "http://example.com/callback"),
        ("redirect_uri", "http://localhost.example.com/"),
        ("redirect_uri", "http://localhost:80@example.com/"),
        ("response_type", "token"),
        ("scope", "ads:read,ads:everything"),
        ("scope", ""),
    ],
)
def test_an_address_that_is_out_of_order_is_answered_on_the_page_and_never_sent_back(
    person: Person, name: str, value: str
) -> None:
    reply = consent(person, **{name: value})
    assert reply.status == 400
    assert name in reply.body.decode()


def test_the_page_says_what_is_wrong_with_its_own_address(person: Person) -> None:
    page = person.call("GET", "/oauth/?client_id=<b>&response_type=code", token=None)
    assert (page.status, b"client_id" in page.body, b"<b>" in page.body) == (400, True, False)


def test_a_registered_redirect_uri_without_a_star_must_match_exactly(person: Person) -> None:
    person.call("PUT", "/_sandbox/apps/77", {"client_secret": "x", "redirect_uris": [REDIRECT]})
    assert consent(person, client_id="77").status == 302
    assert consent(person, client_id="77", redirect_uri=REDIRECT + "/").status == 400


def test_a_refresh_rotates_and_the_old_refresh_token_is_dead(person: Person) -> None:
    first = refresh(person).json()
    assert first["response_type"] == "refresh_token"
    assert first["refresh_token"] != "pinr_sandbox"
    assert first["refresh_token_expires_at"] == int(person.world.now()) + 60 * DAY_S
    assert_failed(refresh(person))
    assert refresh(person, first["refresh_token"]).status == 200
    assert person.call("GET", USER).status == 200, "the access token of before stays valid"


def test_without_rotation_the_refresh_token_stays_and_its_life_is_renewed(person: Person, clock: FakeClock) -> None:
    person.settings(rotate_refresh_tokens=False)
    for _ in range(3):
        clock.now += 59 * DAY_S
        assert refresh(person).json()["refresh_token"] == "pinr_sandbox"


def test_refresh_tokens_end_after_60_days(person: Person, clock: FakeClock) -> None:
    clock.now += 60 * DAY_S
    assert_failed(refresh(person))


def test_access_tokens_end_after_30_days(person: Person, clock: FakeClock) -> None:
    token = refresh(person).json()["access_token"]
    clock.now += 30 * DAY_S - 1
    assert person.call("GET", USER, token=token).status == 200
    clock.now += 1
    assert_failed(person.call("GET", USER, token=token))
    assert person.call("GET", USER).status == 200, "the default world's token never ends"


def test_a_refresh_may_ask_for_fewer_scopes_and_not_for_more(person: Person) -> None:
    narrow = refresh(person, scope="ads:read").json()
    assert narrow["scope"] == "ads:read"
    limited = person.token(kind="refresh", scopes=["ads:read"])
    assert refresh(person, limited, scope="ads:write").json()["code"] == 3


@pytest.mark.parametrize("authorization", [basic(secret="wrong"), basic("9"), "Basic !", "Bearer pina_sandbox"])
def test_a_wrong_client_is_refused(person: Person, authorization: str) -> None:
    assert_failed(trade(person, authorization, grant_type="refresh_token", refresh_token="pinr_sandbox"))
    assert refresh(person).status == 200, "and the refresh token is not spent by it"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"grant_type": "password"},
        {"grant_type": "refresh_token"},
        {"grant_type": "authorization_code", "code": "x"},
        {"grant_type": "authorization_code", "redirect_uri": REDIRECT},
        {"grant_type": "client_credentials"},
        {"grant_type": "refresh_token", "refresh_token": "pinr_sandbox", "scope": "all"},
    ],
)
def test_a_form_that_does_not_say_enough_is_refused(person: Person, form: dict[str, str]) -> None:
    reply = trade(person, **form)
    assert (reply.status, reply.json()["code"]) == (400, 1)


def test_a_json_body_is_refused_where_a_form_is_asked_for(person: Person) -> None:
    headers = {"authorization": basic(), "content-type": "application/json"}
    reply = person.call("POST", "/v5/oauth/token", {"grant_type": "refresh_token"}, token=None, headers=headers)
    assert (reply.status, reply.json()["code"]) == (400, 1)


def test_client_credentials_may_read_audiences_and_neither_write_nor_list_customer_lists(person: Person) -> None:
    tokens = trade(person, grant_type="client_credentials", scope="ads:read,ads:write").json()
    assert "refresh_token" not in tokens
    base = "/v5/ad_accounts/549755885175"
    assert person.call("GET", f"{base}/audiences", token=tokens["access_token"]).status == 200
    for method in ("GET", "POST"):
        reply = person.call(method, f"{base}/customer_lists", token=tokens["access_token"])
        assert (reply.status, reply.json()["code"]) == (403, 29)


@pytest.mark.parametrize("token", [None, "garbage", "pinr_sandbox", ""])
def test_no_token_or_garbage_is_refused(person: Person, token: str | None) -> None:
    assert_failed(person.call("GET", USER, token=token))


@pytest.mark.parametrize("end", ["revoke", "expire"])
def test_a_token_that_was_ended_is_refused(person: Person, end: str) -> None:
    person.call("POST", f"/_sandbox/tokens/pina_sandbox/{end}")
    assert_failed(person.call("GET", USER))


def test_a_missing_scope_is_named_by_code_3(person: Person) -> None:
    token = person.token(scopes=["ads:read"])
    reply = person.call("POST", "/v5/ad_accounts/549755885175/customer_lists", {}, token=token)
    assert (reply.status, reply.json()["code"]) == (401, 3)


def test_user_account_is_the_tokens_user_or_the_owner_of_an_ad_account(person: Person) -> None:
    assert person.call("GET", USER).json()["username"] == "sandbox_business"
    assert person.call("GET", f"{USER}?ad_account_id=549755885176").json()["username"] == "sandbox_sister"
    assert person.call("GET", f"{USER}?ad_account_id=549755885999").status == 403


def test_ad_accounts_are_the_owned_ones_and_the_shared_ones_unless_left_out(person: Person) -> None:
    items = person.call("GET", "/v5/ad_accounts").json()["items"]
    assert [(item["id"], item["permissions"]) for item in items] == [
        ("549755885175", ["OWNER"]),
        ("549755885176", ["ANALYST"]),
        ("549755885180", ["OWNER"]),
        ("549755885190", ["OWNER"]),
    ]
    owned = person.call("GET", "/v5/ad_accounts?include_shared_accounts=false").json()["items"]
    assert [item["id"] for item in owned] == ["549755885175", "549755885180", "549755885190"]
    assert person.call("GET", "/v5/ad_accounts/549755885175").json()["name"] == "Sandbox Ad Account"
