from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pinterest_sandbox.storage import Sqlite
from unit_tests.sandbox.person import LISTS, FakeClock, Person

JANE = {"email": "jane@example.com", "hashed_phone_number": "b" * 64, "external_id": "7"}
JOE = {"hashed_phone_number": "b" * 64, "liveramp_envelope": "QWlUMXBn"}


def new_list(person: Person, *rows: dict[str, str], **more: object) -> dict[str, Any]:
    reply = person.call("POST", LISTS, {"name": "x", "records_v2": rows, **more})
    assert reply.status == 200, reply.body
    return dict(reply.json())


def change(person: Person, list_id: str, operation: str, *rows: dict[str, str]) -> dict[str, Any]:
    reply = person.call("PATCH", f"{LISTS}/{list_id}", {"operation_type": operation, "records_v2": rows})
    assert reply.status == 200, reply.body
    return dict(reply.json())


def people(person: Person, list_id: str) -> dict[str, Any]:
    return dict(person.call("GET", f"/_sandbox/customer_lists/{list_id}/members").json())


def test_rows_are_kept_whole_and_counted_once_each(person: Person) -> None:
    made = new_list(person, JANE, JOE, {"email": "a@example.com"})
    assert made["num_uploaded_user_records"] == 3
    kept = people(person, made["id"])
    assert kept == {"count": 3, "members": ["a@example.com"], "rows": [JANE, JOE]}
    text = person.call("GET", f"/_sandbox/customer_lists/{made['id']}/members?format=text").body.decode()
    assert len(text.splitlines()) == 3
    (shown,) = person.call("GET", "/_sandbox/customer_lists").json()["customer_lists"]
    assert shown["members"] == 3
    (seen,) = person.call("GET", "/_sandbox/requests?endpoint=customer_lists/create").json()["requests"]
    assert (seen["record_format"], seen["identifiers"]) == ("records_v2", 6)


@pytest.mark.parametrize(("removal_by", "left"), [("any", []), ("all", [JOE])])
def test_what_a_removal_by_several_identifiers_means_is_a_setting(
    start: Callable[..., Person], removal_by: str, left: list[object]
) -> None:
    person = start(removal_by=removal_by)
    list_id = new_list(person, JANE, JOE)["id"]
    assert change(person, list_id, "REMOVE", JANE)["num_removed_user_records"] == 1
    assert people(person, list_id)["rows"] == left


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"records": "a@example.com", "records_v2": [JANE]},
        {"records_v2": JANE},
        {"records_v2": [{"email": 5}]},
        {"records_v2": [{"email": None}]},
        {"records_v2": []},
        {"records_v2": [{}, {"email": " "}]},
        {"records_v2": [JANE], "is_nca": "yes"},
    ],
)
def test_exactly_one_form_with_somebody_in_it_is_taken(person: Person, body: dict[str, object]) -> None:
    list_id = person.new_list()["id"]
    for method, path, more in [("POST", LISTS, {"name": "x"}), ("PATCH", f"{LISTS}/{list_id}", {})]:
        if method == "PATCH" and "is_nca" in body:
            continue
        reply = person.call(method, path, {"operation_type": "ADD", **more, **body})
        assert (reply.status, reply.json()["code"]) == (400, 1)
    assert people(person, list_id)["count"] == 1


def test_a_sandbox_that_refuses_rows_answers_as_if_it_had_never_heard_of_them(start: Callable[..., Person]) -> None:
    person = start(records_v2="refuse")
    for method, path in [("POST", LISTS), ("PATCH", f"{LISTS}/{person.new_list()['id']}")]:
        body = {"name": "x", "operation_type": "ADD", "records_v2": [JANE]}
        reply = person.call(method, path, body)
        assert (reply.status, reply.json()["code"]) == (400, 1)
        assert "missing required field 'records'" in reply.json()["message"]
        assert person.call(method, path, {**body, "records": "a@example.com"}).status == 200


def test_rows_count_towards_status_and_size(start: Callable[..., Person], clock: FakeClock) -> None:
    person = start(matching_delay_s=5, match_rate=1.0)
    rows = [{"external_id": str(number), "hashed_phone_number": f"{number:064x}"} for number in range(60)]
    list_id = new_list(person, *rows)["id"]
    person.patch_list(list_id, "ADD", ",".join(f"p{number}@example.com" for number in range(40)))
    audience_id = person.new_audience(list_id)["id"]
    clock.now += 5
    assert person.get_list(list_id)["status"] == "READY"
    assert person.get_audience(audience_id)["size"] == 100
    change(person, list_id, "REMOVE", {"external_id": "0"})
    clock.now += 5
    assert person.get_list(list_id)["status"] == "TOO_SMALL"


@pytest.mark.parametrize("removal_by", ["any", "all"])
def test_rows_and_their_removals_survive_a_restart(
    start: Callable[..., Person], database: Callable[..., Sqlite], removal_by: str
) -> None:
    before = start(database(), removal_by=removal_by)
    list_id = new_list(before, JANE, JOE, {"external_id": "8"}, {"email": "a@example.com"})["id"]
    change(before, list_id, "REMOVE", {"external_id": "7", "hashed_phone_number": "b" * 64}, {"external_id": "8"})
    expected = people(before, list_id)
    assert expected["count"] == (1 if removal_by == "any" else 2)
    assert people(start(database()), list_id) == expected


def test_a_long_history_of_rows_is_rewritten_as_its_outcome(
    start: Callable[..., Person], database: Callable[..., Sqlite]
) -> None:
    before = start(database(), tier="none")
    list_id = new_list(before, JANE, {"email": "a@example.com"})["id"]
    for number in range(1_000, 1_200):
        change(before, list_id, "ADD", {"external_id": str(number)})
        change(before, list_id, "REMOVE", {"external_id": str(number)})
    store = database(smallest_history=10)
    long = store.stored_records(list_id)
    assert people(start(store), list_id) == {"count": 2, "members": ["a@example.com"], "rows": [JANE]}
    assert store.stored_records(list_id) < long / 4
    assert people(start(database()), list_id)["count"] == 2


def test_a_list_for_new_customers_and_its_audience_say_so_and_listings_can_leave_them_out(person: Person) -> None:
    ordinary, new = person.new_list(), new_list(person, JANE, is_nca=True)
    audiences = [person.new_audience(found["id"]) for found in (ordinary, new)]
    assert [found["is_nca"] for found in (ordinary, new, *audiences)] == [False, True, False, True]
    for path, all_of_them in [(LISTS, (ordinary, new)), (LISTS.replace("customer_lists", "audiences"), audiences)]:
        for query, expected in [
            ("", {False, True}),
            ("?exclude_nca=false", {False, True}),
            ("?exclude_nca=true", {False}),
        ]:
            items = person.call("GET", path + query).json()["items"]
            assert {item["is_nca"] for item in items} == expected
            assert {item["id"] for item in items} <= {found["id"] for found in all_of_them}
