from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from unit_tests.sandbox.person import Person


def test_the_control_side_is_not_there_unless_it_was_asked_for(start: Callable[..., Any]) -> None:
    closed = start(with_control=False)
    for method, path in [("GET", "customer_lists"), ("POST", "reset"), ("GET", "requests")]:
        assert closed.call(method, f"/_sandbox/{path}").status == 404
    assert closed.call("GET", "/v5/ad_accounts").status == 200


def test_a_reset_brings_back_the_start_settings_and_clock_included(start: Callable[..., Any]) -> None:
    person = start(matching_delay_s=9)
    person.new_list()
    person.settings(matching_delay_s=1, tier="trial")
    person.fault({"kind": "status", "status": 500})
    person.call("POST", "/_sandbox/clock", {"advance_s": 100})
    person.call("POST", "/_sandbox/tokens/pina_sandbox/revoke")
    assert person.call("POST", "/_sandbox/reset").json() == {"reset": True}
    assert person.call("GET", "/v5/ad_accounts").headers["x-ratelimit-remaining"] == "999"
    assert person.world.customer_lists == {}
    assert person.call("GET", "/_sandbox/clock").json()["ahead_s"] == 0
    assert person.call("GET", "/_sandbox/settings").json()["matching_delay_s"] == 9
    assert person.call("GET", "/_sandbox/requests").json()["total"] == 1


@pytest.mark.parametrize(
    "changes", [{"tier": "gold"}, {"match_rate": 1.5}, {"latency": 3}, {"matching_delay_s": -1}, []]
)
def test_settings_that_make_no_sense_are_refused_and_change_nothing(person: Person, changes: object) -> None:
    before = person.call("GET", "/_sandbox/settings").json()
    assert person.call("PATCH", "/_sandbox/settings", changes).status == 400
    assert person.call("GET", "/_sandbox/settings").json() == before


def test_the_clock_advances_matching_and_token_lives(person: Person) -> None:
    token = person.token(expires_in_s=100)
    list_id = person.new_list()["id"]
    person.call("POST", "/_sandbox/clock", {"advance_s": 100})
    assert person.get_list(list_id)["status"] == "TOO_SMALL"
    assert person.call("GET", "/v5/ad_accounts", token=token).status == 401


def test_requests_are_remembered_with_what_they_did(person: Person) -> None:
    list_id = person.new_list("a@example.com,b@example.com")["id"]
    person.patch_list(list_id, "REMOVE", "a@example.com")
    person.call("GET", "/v5/ad_accounts?page_size=0")
    person.call("GET", "/v5/nowhere")
    shown = person.call("GET", "/_sandbox/requests").json()
    assert shown["total"] == 4
    assert shown["by_status"] == {"200": 2, "400": 1, "404": 1}
    assert shown["by_endpoint"]["customer_lists/update"] == 1
    update = shown["requests"][1]
    assert update["path"] == "/v5/ad_accounts/{ad_account_id}/customer_lists/{customer_list_id}"
    assert (update["operation"], update["identifiers"], update["category"]) == ("REMOVE", 1, "ads_write")
    assert update["body"] is None
    narrowed = person.call("GET", "/_sandbox/requests?status=400&after=1&limit=5").json()["requests"]
    assert [(seen["number"], seen["code"]) for seen in narrowed] == [(3, 1)]
    assert person.call("GET", "/_sandbox/requests?limit=x").status == 400
    assert person.call("DELETE", "/_sandbox/requests").json() == {"total": 0}


def test_bodies_are_kept_only_when_asked_for(person: Person) -> None:
    person.settings(keep_bodies=True)
    person.new_list("canary@example.com")
    assert "canary@example.com" in person.seen()[0]["body"]


def test_quota_left_can_be_seen_and_refilled(person: Person) -> None:
    person.new_list()
    shown = person.call("GET", "/_sandbox/quota").json()
    assert (shown["tier"], shown["categories"]["ads_write"]["remaining"]) == ("standard", 399)
    assert person.call("DELETE", "/_sandbox/quota").json()["categories"]["ads_write"]["remaining"] == 400


def test_an_ad_account_with_a_role_can_be_put_and_used(person: Person) -> None:
    account = {
        "name": "New",
        "owner_user_id": "729090764583391999",
        "roles": {"729090764583391194": ["AUDIENCE_MANAGER"]},
    }
    assert person.call("PUT", "/_sandbox/ad_accounts/777", account).status == 200
    assert person.call("GET", "/v5/ad_accounts/777").json()["permissions"] == ["AUDIENCE_MANAGER"]
    made = person.call("POST", "/v5/ad_accounts/777/customer_lists", {"name": "x", "records": "a@example.com"})
    assert made.status == 200
    assert person.call("PUT", "/_sandbox/ad_accounts/778", {"name": "x", "owner_user_id": "1"}).status == 400
    assert "777" in [shown["id"] for shown in person.call("GET", "/_sandbox/ad_accounts").json()["ad_accounts"]]


def test_tokens_are_issued_with_scopes_life_and_text_as_wanted_and_listed(person: Person) -> None:
    issued = person.call(
        "POST", "/_sandbox/tokens", {"token": "pina_mine", "scopes": ["ads:read"], "expires_in_s": 5}
    ).json()
    assert (issued["token"], issued["scopes"]) == ("pina_mine", ["ads:read"])
    assert issued["expires_at"] == person.world.now() + 5
    tokens = person.call("GET", "/_sandbox/tokens").json()
    assert [token["token"] for token in tokens["access_tokens"]] == ["pina_sandbox", "pina_mine"]
    assert person.call("POST", "/_sandbox/tokens", {"user_id": "1"}).status == 400
    assert person.call("POST", "/_sandbox/tokens/nothing/revoke").status == 404
    assert person.call("POST", "/_sandbox/tokens/pina_mine/forget").status == 404


def test_members_are_shown_as_json_or_one_a_line_and_lists_with_their_counts(person: Person) -> None:
    list_id = person.new_list("b@example.com,a@example.com")["id"]
    members = f"/_sandbox/customer_lists/{list_id}/members"
    shown = person.call("GET", members).json()
    assert (shown["count"], sorted(shown["members"])) == (2, ["a@example.com", "b@example.com"])
    lines = person.call("GET", f"{members}?format=text").body.decode().splitlines()
    assert sorted(lines) == ["a@example.com", "b@example.com"]
    (summary,) = person.call("GET", "/_sandbox/customer_lists").json()["customer_lists"]
    assert (summary["id"], summary["members"]) == (list_id, 2)
    assert person.call("GET", "/_sandbox/customer_lists/1/members").status == 404
    assert person.call("DELETE", "/_sandbox/customer_lists/1").status == 404


def test_audiences_are_shown(person: Person) -> None:
    audience = person.new_audience(person.new_list()["id"])
    (shown,) = person.call("GET", "/_sandbox/audiences").json()["audiences"]
    assert shown["id"] == audience["id"]
