from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from unit_tests.sandbox.person import FakeClock, Person

LISTS = "/v5/ad_accounts/549755885175/customer_lists"


def test_a_new_list_counts_its_records_and_one_batch(person: Person) -> None:
    made = person.new_list("a@example.com,b@example.com,a@example.com", name="people")
    assert made["name"] == "people"
    assert (made["num_uploaded_user_records"], made["num_removed_user_records"], made["num_batches"]) == (3, 0, 1)
    assert person.members(made["id"]) == {"a@example.com", "b@example.com"}


def test_counters_grow_even_where_membership_does_not_change(person: Person) -> None:
    list_id = person.new_list("a@example.com")["id"]
    person.patch_list(list_id, "ADD", "a@example.com")
    after = person.patch_list(list_id, "REMOVE", "nobody@example.com,b@example.com").json()
    assert (after["num_uploaded_user_records"], after["num_removed_user_records"], after["num_batches"]) == (2, 2, 3)
    assert person.members(list_id) == {"a@example.com"}


def test_removed_people_are_gone(person: Person) -> None:
    list_id = person.new_list("a@example.com,b@example.com")["id"]
    person.patch_list(list_id, "REMOVE", "a@example.com")
    assert person.members(list_id) == {"b@example.com"}


@pytest.mark.parametrize("records", ["", ",", " , "])
def test_empty_records_are_refused_or_accepted_as_the_setting_says(person: Person, records: str) -> None:
    refused = person.call("POST", LISTS, {"name": "x", "records": records})
    assert (refused.status, refused.json()["code"]) == (400, 1)
    assert person.world.customer_lists == {}
    person.settings(empty_records="accept")
    list_id = person.new_list(records)["id"]
    assert person.patch_list(list_id, "ADD", records).status == 200
    assert person.members(list_id) == set()


def test_an_unknown_list_is_not_found(person: Person) -> None:
    reply = person.call("GET", f"{LISTS}/123")
    assert (reply.status, reply.json()) == (404, {"code": 50, "message": "Customer list not found."})


def test_a_strangers_list_is_not_permitted_and_a_sisters_not_found_under_ones_own_account(person: Person) -> None:
    own = person.new_list()
    for account, status, code in [("549755885999", 403, 29), ("549755885176", 404, 50)]:
        person.world.customer_lists[own["id"]].ad_account_id = account
        reply = person.call("GET", f"{LISTS}/{own['id']}")
        assert (reply.status, reply.json()["code"]) == (status, code)


def test_an_unknown_ad_account_is_answered_as_the_setting_says(person: Person) -> None:
    missing = "/v5/ad_accounts/1/customer_lists"
    reply = person.call("GET", missing)
    assert (reply.status, reply.json()) == (404, {"code": 50, "message": "AdAccount not found."})
    person.settings(unknown_ad_account="not_permitted")
    reply = person.call("GET", missing)
    assert (reply.status, reply.json()["code"]) == (403, 29)


def test_a_strangers_ad_account_is_not_permitted(person: Person) -> None:
    reply = person.call("GET", "/v5/ad_accounts/549755885999/customer_lists")
    assert (reply.status, reply.json()["code"]) == (403, 29)


def test_an_analyst_may_read_and_not_write(person: Person) -> None:
    sister = "/v5/ad_accounts/549755885176/customer_lists"
    assert person.call("GET", sister).status == 200
    reply = person.call("POST", sister, {"name": "x", "records": "a@example.com"})
    assert (reply.status, reply.json()["code"]) == (403, 29)


def test_writes_to_one_object_too_close_together_are_answered_429_while_quota_remains(
    person: Person, clock: FakeClock
) -> None:
    list_id, other = person.new_list()["id"], person.new_list()["id"]
    person.settings(object_spacing_ms=500)
    assert person.patch_list(list_id, "ADD", "a@example.com").status == 200
    refused = person.patch_list(list_id, "ADD", "b@example.com")
    assert (refused.status, refused.json()["code"]) == (429, 8)
    assert int(refused.headers["x-ratelimit-remaining"]) > 300
    assert person.patch_list(other, "ADD", "b@example.com").status == 200
    clock.now += 0.5
    assert person.patch_list(list_id, "ADD", "b@example.com").status == 200


def test_a_list_is_processing_then_too_small_or_ready(start: Callable[..., Any], clock: FakeClock) -> None:
    person = start(matching_delay_s=5, match_rate=1.0)
    people = [f"p{number}@example.com" for number in range(100)]
    list_id = person.new_list(",".join(people[:99]))["id"]
    assert person.get_list(list_id)["status"] == "PROCESSING"
    clock.now += 5
    assert person.get_list(list_id)["status"] == "TOO_SMALL"
    assert person.patch_list(list_id, "ADD", people[99]).json()["status"] == "PROCESSING"
    clock.now += 5
    assert person.get_list(list_id)["status"] == "READY"


def test_pages_follow_each_other_by_bookmark_in_both_orders(person: Person) -> None:
    made = [person.new_list(name=str(number))["id"] for number in range(5)]
    for order, expected in [("ASCENDING", made), ("DESCENDING", made[::-1])]:
        found: list[str] = []
        bookmark = ""
        while True:
            page = person.call("GET", f"{LISTS}?page_size=2&order={order}{bookmark}").json()
            found += [item["id"] for item in page["items"]]
            if page["bookmark"] is None:
                break
            bookmark = f"&bookmark={page['bookmark']}"
        assert found == expected


def test_a_page_goes_on_where_the_last_one_ended_when_a_list_is_added_in_between(person: Person) -> None:
    made = [person.new_list()["id"] for _ in range(3)]
    first = person.call("GET", f"{LISTS}?page_size=2").json()
    person.new_list()
    second = person.call("GET", f"{LISTS}?page_size=2&bookmark={first['bookmark']}").json()
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]


@pytest.mark.parametrize("bookmark", ["nonsense", "YWJj", "%00"])
def test_a_bookmark_that_was_not_given_out_is_refused(person: Person, bookmark: str) -> None:
    reply = person.call("GET", f"{LISTS}?bookmark={bookmark}")
    assert (reply.status, reply.json()["code"]) == (400, 1)


def test_every_answer_has_a_request_id_and_rate_limit_headers(person: Person) -> None:
    headers = person.call("GET", LISTS).headers
    assert headers["x-pinterest-rid"].isdecimal()
    assert headers["x-ratelimit-limit"] == "1000, 1000;w=60"
    assert (headers["x-ratelimit-remaining"], headers["x-ratelimit-reset"]) == ("999", "60")


def test_a_path_and_a_method_that_do_not_exist_are_told_apart(person: Person) -> None:
    assert (person.call("GET", "/v5/nothing").status, person.call("GET", "/v5/nothing").json()["code"]) == (404, 404)
    reply = person.call("DELETE", f"{LISTS}/123")
    assert (reply.status, reply.json()["code"], reply.headers["allow"]) == (405, 5, "GET, PATCH")
    assert set(reply.json()) == {"code", "message", "status", "data", "endpoint_name"}
