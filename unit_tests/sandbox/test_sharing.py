from __future__ import annotations

from typing import Any

import pytest

from unit_tests.sandbox.person import Person

OWN = "/v5/ad_accounts/549755885175/audiences"
BUSINESS = "/v5/businesses/729090764583391194/audiences"
SISTER_ACCOUNT, FOREIGN_ACCOUNT = "549755885176", "549755885999"
SISTER_BUSINESS, FOREIGN_BUSINESS = "729090764583391195", "729090764583391999"


@pytest.fixture
def audience_id(person: Person) -> str:
    return str(person.new_audience(person.new_list()["id"])["id"])


def share(audience_id: str, recipients: list[str], operation: str = "SHARE", key: str = "account") -> dict[str, Any]:
    return {"audience_id": audience_id, f"recipient_{key}_ids": recipients, "operation_type": operation}


@pytest.mark.parametrize("prefix", [OWN, BUSINESS])
def test_an_audience_is_shared_with_an_ad_account_seen_there_and_taken_back(
    person: Person, audience_id: str, prefix: str
) -> None:
    path = f"{prefix}/ad_accounts/shared"
    shared = person.call("PATCH", path, share(audience_id, [SISTER_ACCOUNT])).json()
    assert shared["recipient_account_ids"] == [SISTER_ACCOUNT]
    accounts = f"{prefix}/shared/accounts?audience_id={audience_id}&account_type=AD_ACCOUNT"
    (seen,) = person.call("GET", accounts).json()["items"]
    assert (seen["account_id"], seen["account_name"]) == (SISTER_ACCOUNT, "Sandbox Sister Account")
    received = f"/v5/ad_accounts/{SISTER_ACCOUNT}/audiences?ownership_type=RECEIVED"
    assert [item["id"] for item in person.call("GET", received).json()["items"]] == [audience_id]
    assert person.call("GET", f"/v5/ad_accounts/{SISTER_ACCOUNT}/audiences/{audience_id}").status == 200
    assert person.call("GET", f"/v5/ad_accounts/{SISTER_ACCOUNT}/audiences").json()["items"] == []
    person.call("PATCH", path, share(audience_id, [SISTER_ACCOUNT], "REVOKE"))
    assert person.call("GET", accounts).json()["items"] == []
    assert person.call("GET", received).json()["items"] == []


@pytest.mark.parametrize("prefix", [OWN, BUSINESS])
def test_an_audience_is_shared_with_a_business_and_taken_back(person: Person, audience_id: str, prefix: str) -> None:
    path = f"{prefix}/businesses/shared"
    body = share(audience_id, [SISTER_BUSINESS], key="business")
    assert person.call("PATCH", path, body).json()["permissions"] == ["RESOURCE_PINNER_LIST_READER"]
    accounts = f"{prefix}/shared/accounts?audience_id={audience_id}&account_type=BUSINESS_ACCOUNT"
    (seen,) = person.call("GET", accounts).json()["items"]
    assert (seen["account_id"], seen["account_type"]) == (SISTER_BUSINESS, "BUSINESS_ACCOUNT")
    taken_back = person.call("PATCH", path, {**body, "operation_type": "REVOKE"}).json()
    assert taken_back["permissions"] == []
    assert person.call("GET", accounts).json()["items"] == []


def test_a_business_that_received_an_audience_sees_it_and_may_pass_it_to_its_own_ad_accounts_only(
    person: Person, audience_id: str
) -> None:
    person.call("PATCH", f"{OWN}/businesses/shared", share(audience_id, [SISTER_BUSINESS], key="business"))
    sister = person.token(user_id=SISTER_BUSINESS)
    base = f"/v5/businesses/{SISTER_BUSINESS}/audiences"
    assert [item["id"] for item in person.call("GET", base, token=sister).json()["items"]] == [audience_id]
    path = f"{base}/ad_accounts/shared"
    assert person.call("PATCH", path, share(audience_id, ["549755885175"]), token=sister).status == 400
    assert person.call("PATCH", path, share(audience_id, [SISTER_ACCOUNT]), token=sister).status == 200
    accounts = f"{base}/shared/accounts?audience_id={audience_id}&account_type=AD_ACCOUNT"
    assert len(person.call("GET", accounts, token=sister).json()["items"]) == 1
    to_business = share(audience_id, [SISTER_BUSINESS], key="business")
    assert person.call("PATCH", f"{base}/businesses/shared", to_business, token=sister).status == 403


def test_a_received_audience_cannot_be_changed_by_its_recipient(person: Person, audience_id: str) -> None:
    person.call("PATCH", f"{OWN}/ad_accounts/shared", share(audience_id, [SISTER_ACCOUNT]))
    sister = person.token(user_id=SISTER_BUSINESS)
    path = f"/v5/ad_accounts/{SISTER_ACCOUNT}/audiences/{audience_id}"
    reply = person.call("PATCH", path, {"operation_type": "REMOVE"}, token=sister)
    assert (reply.status, reply.json()["code"]) == (403, 29)


@pytest.mark.parametrize("recipient", [FOREIGN_ACCOUNT, "1"])
def test_recipients_outside_the_hierarchy_are_refused_and_nothing_is_shared(
    person: Person, audience_id: str, recipient: str
) -> None:
    reply = person.call("PATCH", f"{OWN}/ad_accounts/shared", share(audience_id, [SISTER_ACCOUNT, recipient]))
    assert (reply.status, reply.json()) == (400, {"code": 400, "message": "Invalid ad account id"})
    assert person.world.shares == {}
    body = share(audience_id, [FOREIGN_BUSINESS], key="business")
    assert person.call("PATCH", f"{OWN}/businesses/shared", body).json()["message"] == "Invalid business id"


def test_removing_an_audience_takes_its_shares_along(person: Person, audience_id: str) -> None:
    person.call("PATCH", f"{OWN}/ad_accounts/shared", share(audience_id, [SISTER_ACCOUNT]))
    person.call("PATCH", f"{OWN}/{audience_id}", {"operation_type": "REMOVE"})
    assert person.world.shares == {}


def test_unknown_audiences_and_strange_businesses_are_refused(person: Person, audience_id: str) -> None:
    assert person.call("PATCH", f"{OWN}/ad_accounts/shared", share("9", [SISTER_ACCOUNT])).status == 404
    assert person.call("GET", f"/v5/businesses/{FOREIGN_BUSINESS}/audiences").status == 403
    assert person.call("GET", "/v5/businesses/5/audiences").json() == {"code": 30, "message": "User not found."}
    stranger = person.token(user_id=FOREIGN_BUSINESS)
    accounts = f"/v5/businesses/{FOREIGN_BUSINESS}/audiences/shared/accounts?audience_id={audience_id}"
    assert person.call("GET", f"{accounts}&account_type=AD_ACCOUNT", token=stranger).status == 403
    path = f"/v5/ad_accounts/{SISTER_ACCOUNT}/audiences/ad_accounts/shared"
    sister = person.token(user_id=SISTER_BUSINESS)
    assert person.call("PATCH", path, share(audience_id, [SISTER_ACCOUNT]), token=sister).status == 403
