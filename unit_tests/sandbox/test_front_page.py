"""The front page: what is really in the lists, and what has arrived; never who, and never a token."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from unit_tests.sandbox.person import FakeClock, Person

HASHES = [hashlib.sha256(f"{number}@example.com".encode()).hexdigest() for number in range(300)]


def page(person: Person, path: str = "/") -> str:
    reply = person.call("GET", path, token=None)
    assert reply.status == 200
    return str(reply.body.decode())


def test_the_page_counts_exactly_who_is_in_a_list(person: Person, clock: FakeClock) -> None:
    made = person.new_list(",".join(HASHES), name="Shoppers")
    person.patch_list(made["id"], "ADD", ",".join(HASHES[:100]))
    person.patch_list(made["id"], "REMOVE", ",".join(HASHES[:50]))
    person.new_audience(made["id"], "Shoppers")
    clock.now += 10

    text = page(person)

    assert "<dt>In the list, exactly</dt><dd><bdi>250</bdi></dd>" in text
    assert "<dt>Records uploaded</dt><dd><bdi>400</bdi></dd>" in text
    assert f"{person.get_audience(str(int(made['id']) + 1))['size']:,} people" in text


def test_a_list_without_an_audience_is_shown_as_one(person: Person) -> None:
    made = person.new_list("a@example.com", name="Alone")

    text = page(person)

    assert "Customer lists without an audience" in text
    assert f"<td>{made['id']}</td>" in text
    assert "1 person is in it." in text


def test_requests_are_listed_with_what_they_carried_and_how_they_were_answered(person: Person) -> None:
    made = person.new_list(",".join(HASHES[:7]))
    person.patch_list(made["id"], "ADD", ",".join(HASHES[:1]))
    person.call("GET", "/v5/ad_accounts/1/customer_lists", token=None)

    text = page(person)

    assert "PATCH /v5/ad_accounts/{ad_account_id}/customer_lists/{customer_list_id}" in text
    assert '<td class="figure">7</td>' in text
    assert '<span class="mark bad">401</span>' in text


@pytest.mark.parametrize("keep_bodies", [False, True])
def test_nobody_and_no_secret_is_on_the_page(start: Any, keep_bodies: bool) -> None:
    person = start(keep_bodies=keep_bodies)
    made = person.new_list(f"jane@example.com,{HASHES[0]}", name="List")
    person.new_audience(made["id"])
    person.call("GET", "/v5/joe@example.com")

    text = page(person) + page(person, "/_page/content")

    for secret in ("jane@example.com", "joe@example.com", HASHES[0], "pina_", "pinr_", "sandbox-secret"):
        assert secret not in text


def test_the_quota_and_the_plans_of_faults_are_shown(start: Any) -> None:
    person = start(tier="trial")
    person.new_list()
    person.fault({"kind": "reset_after"}, endpoint="customer_lists/update")

    text = page(person)

    assert "299 of 300 in 86,400 seconds" in text
    assert "1 plan of faults is in force" in text


def test_an_audience_whose_list_is_gone_is_shown_too(person: Person) -> None:
    made = person.new_list()
    person.new_audience(made["id"], "Orphan")
    person.call("DELETE", f"/_sandbox/customer_lists/{made['id']}", token=None)

    assert f"{made['id']}, which no longer exists" in page(person)


def test_looking_at_the_page_is_no_request_and_needs_no_control_side(start: Any) -> None:
    person = start(with_control=False)
    page(person)

    assert "None has arrived yet." in page(person)
    assert person.call("GET", "/_page/static/page.css", token=None).status == 200


def test_the_consent_page_uses_the_same_files_and_may_lead_elsewhere(person: Person) -> None:
    query = "client_id=1234567&redirect_uri=http://localhost/cb&response_type=code&scope=ads:read"
    reply = person.call("GET", f"/oauth/?{query}", token=None)

    assert b'href="../_page/static/page.css"' in reply.body
    policy = reply.headers["content-security-policy"]
    assert "form-action" not in policy  # Chromium would hold it against the way back to the app.
    assert "default-src 'none'" in policy
