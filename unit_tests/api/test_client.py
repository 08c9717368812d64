from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from destination_pinterest.api.auth import RefreshingToken, SignIn
from destination_pinterest.api.client import PAGE_SIZE, PinterestClient
from destination_pinterest.api.models import TokenAnswer
from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.api.factories import MakeClient
from unit_tests.support.clock import Clock
from unit_tests.support.raises import raises
from unit_tests.support.scripted_adapter import ScriptedAdapter, answer
from unit_tests.support.watcher import Watcher

ACCOUNT = "/v5/ad_accounts/549755885175"
IN_PATH: dict[str, Callable[[PinterestClient, str], Any]] = {
    "customer_list": lambda client, value: client.customer_list(value),
    "update_customer_list": lambda client, value: client.update_customer_list(value, Operation.ADD, "a", 1),
    "audience": lambda client, value: client.audience(value),
    "create_audience": lambda client, value: client.create_audience("VIP", value),
    "update_audience": lambda client, value: client.update_audience(value, name="VIP"),
    "update_audience rule": lambda client, value: client.update_audience("7", customer_list_id=value),
}


def asked(far_end: ScriptedAdapter) -> tuple[str, str, dict[str, str], Any]:
    """Method, path, query and body of the last request."""
    request = far_end.requests[-1]
    url = urlsplit(request.url)
    body = None if request.body is None else json.loads(request.body)
    return request.method, url.path, dict(parse_qsl(url.query)), body


def test_the_user_account_says_who_is_signed_in(client: PinterestClient, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(200, {"username": "shop"}))
    assert client.user_account().username == "shop"
    assert asked(far_end) == ("GET", "/v5/user_account", {}, None)


def test_the_ad_account_is_the_clients(client: PinterestClient, far_end: ScriptedAdapter) -> None:
    far_end.will(
        answer(200, {"id": "549755885175", "name": "Shop", "permissions": ["ADMIN"], "owner": {"username": "x"}})
    )
    found = client.ad_account()
    assert (found.name, found.permissions, found.owner.username if found.owner else None) == ("Shop", ["ADMIN"], "x")
    assert asked(far_end) == ("GET", ACCOUNT, {}, None)
    assert client.ad_account_id == "549755885175"


@pytest.mark.parametrize(
    ("method", "path", "order"),
    [
        ("ad_accounts", "/v5/ad_accounts", {}),
        ("customer_lists", f"{ACCOUNT}/customer_lists", {"order": "DESCENDING"}),
        ("audiences", f"{ACCOUNT}/audiences", {"order": "DESCENDING"}),
    ],
)
def test_lists_are_read_to_their_last_page_as_far_as_they_are_wanted(
    *, client: PinterestClient, far_end: ScriptedAdapter, method: str, path: str, order: dict[str, str]
) -> None:
    far_end.will(
        answer(200, {"items": [{"id": "1"}, {"id": "2"}], "bookmark": "b+/="}),
        answer(200, {"items": [], "bookmark": "c"}),
        answer(200, {"items": [{"id": "3"}], "bookmark": None}),
    )
    items = getattr(client, method)()
    assert far_end.requests == []
    assert next(items).id == "1"
    assert next(items).id == "2"
    assert asked(far_end) == ("GET", path, {"page_size": str(PAGE_SIZE), **order}, None)
    assert len(far_end.requests) == 1
    assert [item.id for item in items] == ["3"]
    assert asked(far_end) == ("GET", path, {"page_size": str(PAGE_SIZE), **order, "bookmark": "c"}, None)
    assert dict(parse_qsl(urlsplit(far_end.requests[1].url).query))["bookmark"] == "b+/="


@pytest.mark.parametrize("method", ["customer_lists", "audiences"])
def test_lists_are_ordered_as_asked(client: PinterestClient, far_end: ScriptedAdapter, method: str) -> None:
    far_end.will(answer(200, {"items": [], "bookmark": ""}))
    assert list(getattr(client, method)("ASCENDING")) == []
    assert asked(far_end)[2]["order"] == "ASCENDING"


def test_pages_that_go_in_a_circle_are_not_read_for_ever(client: PinterestClient, far_end: ScriptedAdapter) -> None:
    first = answer(200, {"items": [{"id": "1"}], "bookmark": "a"})
    second = answer(200, {"items": [{"id": "2"}], "bookmark": "b"})
    far_end.will(first, second, first)
    with raises(Code.ANSWER_UNEXPECTED, match="never end"):
        list(client.audiences())
    assert len(far_end.requests) == 3


def test_a_customer_list_is_read_by_its_id(client: PinterestClient, far_end: ScriptedAdapter, watcher: Watcher) -> None:
    far_end.will(answer(200, {"id": "643", "status": "READY"}))
    assert client.customer_list("643").status == "READY"
    assert asked(far_end) == ("GET", f"{ACCOUNT}/customer_lists/643", {}, None)
    assert watcher.exchanges[0].object_id == "643"


@pytest.mark.parametrize("identifier", Identifier)
def test_a_customer_list_is_created_with_pinterests_type(
    client: PinterestClient, far_end: ScriptedAdapter, identifier: Identifier
) -> None:
    far_end.will(answer(201, {"id": "643"}))
    assert client.create_customer_list("VIP ✓", "a,b", identifier).id == "643"
    pinterests = {Identifier.GAID: "MAID"}.get(identifier, identifier.value)
    body = {"name": "VIP ✓", "records": "a,b", "list_type": pinterests}
    assert asked(far_end) == ("POST", f"{ACCOUNT}/customer_lists", {}, body)


@pytest.mark.parametrize("operation", Operation)
def test_a_customer_list_is_updated(client: PinterestClient, far_end: ScriptedAdapter, operation: Operation) -> None:
    far_end.will(answer(200, {"id": "643", "num_uploaded_user_records": 12}))
    assert client.update_customer_list("643", operation, 'a,"b\\', 2).num_uploaded_user_records == 12
    body = {"operation_type": operation.value, "records": 'a,"b\\'}
    assert asked(far_end) == ("PATCH", f"{ACCOUNT}/customer_lists/643", {}, body)


def test_a_request_that_is_too_large_says_how_large_it_was(client: PinterestClient, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(413, b"<html>"))
    with raises(
        Code.REQUEST_TOO_LARGE, match=r"a request of 1,900 identifiers \(3,799 characters\) too large.*HTTP 413"
    ):
        client.update_customer_list("643", Operation.ADD, ",".join("a" * 1900), 1900)


def test_an_audience_is_read_by_its_id(client: PinterestClient, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(200, {"id": "7", "size": None}))
    assert client.audience("7").size is None
    assert asked(far_end) == ("GET", f"{ACCOUNT}/audiences/7", {}, None)


@pytest.mark.parametrize("description", [None, "Kept equal"])
def test_an_audience_is_created_of_a_customer_list(
    client: PinterestClient, far_end: ScriptedAdapter, description: str | None
) -> None:
    far_end.will(answer(200, {"id": "7"}))
    assert client.create_audience("VIP", "643", description).id == "7"
    body = {"audience_type": "CUSTOMER_LIST", "name": "VIP", "rule": {"customer_list_id": "643"}}
    if description:
        body["description"] = description
    assert asked(far_end) == ("POST", f"{ACCOUNT}/audiences", {}, body)


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({"name": "VIP"}, {"name": "VIP"}),
        ({"customer_list_id": "644"}, {"rule": {"customer_list_id": "644"}}),
        ({"description": ""}, {"description": ""}),
        ({}, {}),
    ],
)
def test_an_audience_is_updated_in_what_is_given(
    client: PinterestClient, far_end: ScriptedAdapter, change: dict[str, str], sent: dict[str, Any]
) -> None:
    far_end.will(answer(200, {"id": "7"}))
    client.update_audience("7", **change)
    assert asked(far_end) == ("PATCH", f"{ACCOUNT}/audiences/7", {}, {"operation_type": "UPDATE", **sent})


@pytest.mark.parametrize("value", ["", "../../oauth/token", "7?x=1", "7/8", "seven", "1" * 19, "\u0663", "7\n"])
@pytest.mark.parametrize("method", IN_PATH)
def test_an_id_can_not_lead_anywhere_else(
    client: PinterestClient, far_end: ScriptedAdapter, method: str, value: str
) -> None:
    with raises(Code.ID_MALFORMED, match="up to 18 digits"):
        IN_PATH[method](client, value)
    assert far_end.requests == []


def test_an_ad_account_that_is_none_is_refused_before_anything_is_sent() -> None:
    with raises(Code.ID_MALFORMED, match="ad account"):
        PinterestClient("me", None, None)  # type: ignore[arg-type]


def test_threads_that_are_refused_together_refresh_once_and_all_succeed(
    make_client: MakeClient, far_end: ScriptedAdapter, clock: Clock
) -> None:
    refreshed: list[str] = []

    def endpoint(client_id: str, client_secret: str, refresh_token: str, *, patient: bool = True) -> TokenAnswer:
        refreshed.append(refresh_token)
        return TokenAnswer(access_token="pina_new", expires_in=1e6)

    tokens = RefreshingToken(
        SignIn("1", "s", "pinr_0", "pina_old"),
        endpoint=endpoint,
        system=clock.system,
        on_rotation=lambda tokens: None,
    )

    def reply(request: requests.PreparedRequest) -> requests.Response:
        old = request.headers["Authorization"] == "Bearer pina_old"
        return answer(401, {"code": 2, "message": "x"})(request) if old else answer(200, {"id": "643"})(request)

    far_end.will(reply)
    client = make_client(tokens)
    with ThreadPoolExecutor(8) as threads:
        found = list(
            threads.map(lambda number: client.update_customer_list("643", Operation.ADD, str(number), 1), range(64))
        )
    assert [item.id for item in found] == ["643"] * 64
    assert refreshed == ["pinr_0"]


ANOTHER: dict[str, tuple[dict[str, Any], Callable[[PinterestClient], Any]]] = {
    "ad account": ({"id": "549755885176"}, lambda client: client.ad_account()),
    "list": ({"id": "8"}, lambda client: client.customer_list("7")),
    "list of another account": ({"id": "7", "ad_account_id": "1"}, lambda client: client.customer_list("7")),
    "written list": ({"id": "8"}, lambda client: client.update_customer_list("7", Operation.ADD, "a", 1)),
    "written list of another account": (
        {"id": "7", "ad_account_id": "1"},
        lambda client: client.update_customer_list("7", Operation.REMOVE, "a", 1),
    ),
    "audience": ({"id": "8"}, lambda client: client.audience("7")),
    "changed audience": ({"id": "8"}, lambda client: client.update_audience("7", name="VIP")),
    "lists": ({"items": [{"id": "7", "ad_account_id": "1"}]}, lambda client: list(client.customer_lists())),
}


@pytest.mark.parametrize("case", ANOTHER)
def test_an_answer_about_something_else_than_was_asked_for_is_not_taken(
    client: PinterestClient, far_end: ScriptedAdapter, case: str
) -> None:
    body, ask = ANOTHER[case]
    far_end.will(answer(200, body, {"x-pinterest-rid": "4711"}))
    with raises(Code.ANSWER_OF_ANOTHER, match="4711"):
        ask(client)
    assert len(far_end.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"id": "7", "ad_account_id": "1"},
        {"id": "7", "rule": {"customer_list_id": "8"}},
    ],
    ids=["of another account", "of another list"],
)
def test_a_creation_whose_answer_is_about_something_else_is_in_doubt(
    client: PinterestClient, far_end: ScriptedAdapter, body: dict[str, Any]
) -> None:
    far_end.will(answer(200, body))
    with raises(Code.CREATION_IN_DOUBT, match="PIN-API-010"):
        client.create_audience("VIP", "643")


@pytest.mark.parametrize("body", [{}, {"id": "7"}, {"id": "07", "ad_account_id": "549755885175"}])
def test_an_answer_that_does_not_say_what_it_is_about_is_about_what_was_asked_for(
    client: PinterestClient, far_end: ScriptedAdapter, body: dict[str, Any]
) -> None:
    far_end.will(answer(200, body))
    assert client.update_customer_list("7", Operation.ADD, "a", 1).id.lstrip("0") == "7"
    assert client.audience("7").id.lstrip("0") == "7"


def test_audiences_that_another_account_shares_are_left_out(client: PinterestClient, far_end: ScriptedAdapter) -> None:
    items = [{"id": "1", "ad_account_id": "549755885175"}, {"id": "2", "ad_account_id": "1"}, {"id": "3"}]
    far_end.will(answer(200, {"items": items}))
    assert [audience.id for audience in client.audiences()] == ["1", "3"]
    far_end.will(answer(200, {"items": items[1:2]}))
    assert list(client.audiences()) == []


def test_a_listing_that_never_ends_is_given_up(client: PinterestClient, far_end: ScriptedAdapter) -> None:
    def fresh(request: requests.PreparedRequest) -> requests.Response:
        return answer(200, {"items": [], "bookmark": str(len(far_end.requests))})(request)

    far_end.will(fresh)
    with raises(Code.ANSWER_TOO_LARGE, match="does not end"):
        list(client.audiences())
    assert len(far_end.requests) <= 21
