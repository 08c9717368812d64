"""What a client's own HTTP library makes of the faults that only a real connection can have."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

LISTS = "/v5/ad_accounts/549755885175/customer_lists"


@pytest.mark.parametrize(("kind", "takes_effect"), [("reset_before", False), ("reset_after", True)])
def test_a_reset_is_a_connection_error_before_or_after_the_effect(sandbox: Any, kind: str, takes_effect: bool) -> None:
    list_id = sandbox.new_list()
    sandbox.fault({"kind": kind}, endpoint="customer_lists/update", times=1)
    with pytest.raises(requests.ConnectionError):
        sandbox.add(list_id, "b@example.com")
    assert ("b@example.com" in sandbox.members(list_id)) is takes_effect
    assert sandbox.add(list_id, "c@example.com").status_code == 200


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_a_reset_is_a_real_one_whatever_the_size_of_the_request(sandbox: Any, size: int) -> None:
    list_id = sandbox.new_list()
    sandbox.fault({"kind": "reset_before"}, endpoint="customer_lists/update")
    address = urlsplit(sandbox.url)
    body = json.dumps({"operation_type": "ADD", "records": "a" * size}).encode()
    head = (
        f"PATCH {LISTS}/{list_id} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer pina_sandbox\r\n"
        "content-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(head.encode() + body)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_truncated_answer_ends_before_its_length(sandbox: Any) -> None:
    sandbox.fault({"kind": "truncate"}, times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        sandbox.new_list()
    assert len(sandbox.call("GET", LISTS).json()["items"]) == 1


def test_an_answer_whose_json_is_cut_is_whole_for_http(sandbox: Any) -> None:
    sandbox.fault({"kind": "truncate", "how": "body"}, times=1)
    reply = sandbox.call("GET", LISTS)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        reply.json()


def test_an_html_page_comes_in_place_of_json(sandbox: Any) -> None:
    sandbox.fault({"kind": "not_json"}, times=1)
    reply = sandbox.call("GET", LISTS)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_breaking_one_connection_leaves_the_server_silent_and_the_others_alone(sandbox: Any) -> None:
    with requests.Session() as other:
        headers = {"authorization": "Bearer pina_sandbox"}
        assert other.get(f"{sandbox.url}/v5/ad_accounts", headers=headers, timeout=20).status_code == 200
        for kind in ("reset_before", "reset_after", "truncate"):
            sandbox.fault({"kind": kind}, endpoint="customer_lists/list", times=1)
            with pytest.raises(requests.RequestException):
                sandbox.call("GET", LISTS)
            assert other.get(f"{sandbox.url}/v5/ad_accounts", headers=headers, timeout=20).status_code == 200
    outcomes = [seen["outcome"] for seen in sandbox.call("GET", "/_sandbox/requests").json()["requests"]]
    assert [outcome for outcome in outcomes if outcome != "answered"] == ["reset_before", "reset_after", "truncated"]
    sandbox.process.terminate()
    assert sandbox.process.communicate(timeout=10)[1] == ""


def test_a_client_that_goes_away_in_the_middle_of_its_request_changes_nothing(sandbox: Any) -> None:
    list_id = sandbox.new_list()
    address = urlsplit(sandbox.url)
    whole = json.dumps({"operation_type": "ADD", "records": "b@example.com"}).encode()
    head = (
        f"PATCH {LISTS}/{list_id} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer pina_sandbox\r\n"
        "content-type: application/json\r\n"
        f"content-length: {len(whole) + 10}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(head.encode() + whole)
    assert sandbox.members(list_id) == {"a@example.com"}
    assert sandbox.call("GET", f"{LISTS}/{list_id}").json()["num_batches"] == 1


def test_a_request_that_waits_while_the_sandbox_is_reset_has_no_effect_on_the_new_world(sandbox: Any) -> None:
    list_id = sandbox.new_list()
    sandbox.fault({"kind": "latency", "seconds": 1}, endpoint="customer_lists/update")
    failures: list[Exception] = []

    def add() -> None:
        try:
            requests.patch(
                f"{sandbox.url}{LISTS}/{list_id}",
                json={"operation_type": "ADD", "records": "b@example.com"},
                headers={"authorization": "Bearer pina_sandbox"},
                timeout=20,
            )
        except requests.ConnectionError as failure:
            failures.append(failure)

    waiting = threading.Thread(target=add)
    waiting.start()
    sandbox.wait_for_hits(1)
    sandbox.reset()
    assert sandbox.new_list("a@example.com") == list_id
    waiting.join()
    assert len(failures) == 1
    assert sandbox.members(list_id) == {"a@example.com"}
    assert [request["endpoint"] for request in sandbox.seen()] == ["customer_lists/create"]


def test_a_reset_of_a_connection_whose_client_has_gone_is_no_fault_of_the_sandbox(run: Callable[..., Any]) -> None:
    quiet = run("--quiet")
    list_id = quiet.new_list()
    quiet.fault({"kind": "latency", "seconds": 0.5}, endpoint="customer_lists/update")
    quiet.fault("reset_after", endpoint="customer_lists/update")
    body = {"operation_type": "ADD", "records": "b@example.com"}
    with pytest.raises(requests.ReadTimeout):
        requests.patch(
            f"{quiet.url}{LISTS}/{list_id}",
            json=body,
            headers={"authorization": "Bearer pina_sandbox", "connection": "close"},
            timeout=0.1,
        )
    give_up_at = time.monotonic() + 20
    while len(quiet.seen("customer_lists/update")) == 0:
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    assert quiet.members(list_id) == {"a@example.com", "b@example.com"}
    quiet.process.terminate()
    assert quiet.process.communicate(timeout=10) == ("", "")
