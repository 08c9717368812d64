from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from unit_tests.sandbox.person import FakeClock, Person

AUDIENCES = "/v5/ad_accounts/549755885175/audiences"
MANY = ",".join(f"p{number}@example.com" for number in range(300))


def test_an_audience_has_no_size_until_matching_is_over(start: Callable[..., Any], clock: FakeClock) -> None:
    person = start(matching_delay_s=5, match_rate=1.0)
    audience = person.new_audience(person.new_list(MANY)["id"])
    assert (audience["status"], audience["size"]) == ("INITIALIZING", None)
    clock.now += 5
    audience = person.get_audience(audience["id"])
    assert (audience["status"], audience["size"]) == ("READY", 300)


def test_a_live_audience_keeps_its_size_while_a_write_is_worked_on(start: Callable[..., Any], clock: FakeClock) -> None:
    person = start(matching_delay_s=5, match_rate=1.0)
    list_id = person.new_list(MANY)["id"]
    audience_id = person.new_audience(list_id)["id"]
    clock.now += 5
    person.patch_list(list_id, "ADD", "new@example.com")
    assert (person.get_audience(audience_id)["status"], person.get_audience(audience_id)["size"]) == ("READY", 300)
    clock.now += 5
    assert person.get_audience(audience_id)["size"] == 301


def test_a_small_audience_is_too_small(start: Callable[..., Any]) -> None:
    person = start(matching_delay_s=0, match_rate=1.0)
    audience = person.new_audience(person.new_list("a@example.com")["id"])
    assert (audience["status"], audience["size"]) == ("TOO_SMALL", 1)


def test_an_audience_whose_list_vanished_has_nobody(start: Callable[..., Any]) -> None:
    person = start(matching_delay_s=0)
    list_id = person.new_list(MANY)["id"]
    audience_id = person.new_audience(list_id)["id"]
    assert person.call("DELETE", f"/_sandbox/customer_lists/{list_id}").status == 200
    assert person.get_audience(audience_id)["size"] == 0


@pytest.mark.parametrize(("delay", "status"), [(5, "PROCESSING"), (0, "TOO_SMALL")])
def test_the_floor_refuses_an_audience_of_a_list_that_is_not_ready(
    start: Callable[..., Any], delay: int, status: str
) -> None:
    person = start(matching_delay_s=delay, match_rate=1.0, audience_floor="refuse")
    list_id = person.new_list("a@example.com")["id"]
    body = {"name": "x", "audience_type": "CUSTOMER_LIST", "rule": {"customer_list_id": list_id}}
    reply = person.call("POST", AUDIENCES, body)
    assert (reply.status, reply.json()["code"]) == (400, 1)
    assert status in reply.json()["message"]
    person.patch_list(list_id, "ADD", MANY)
    person.settings(matching_delay_s=0)
    assert person.call("POST", AUDIENCES, body).status == 200


def test_name_and_description_can_be_changed(person: Person, clock: FakeClock) -> None:
    audience = person.new_audience(person.new_list()["id"])
    clock.now += 60
    changed = person.call("PATCH", f"{AUDIENCES}/{audience['id']}", {"name": "new", "description": "text"}).json()
    assert (changed["name"], changed["description"], changed["rule"]) == ("new", "text", audience["rule"])
    assert changed["updated_timestamp"] == audience["updated_timestamp"] + 60


def test_a_changed_rule_points_to_the_other_list_and_is_worked_out_anew(
    start: Callable[..., Any], clock: FakeClock
) -> None:
    person = start(matching_delay_s=5, match_rate=1.0)
    first, second = person.new_list(MANY)["id"], person.new_list(MANY + ",one.more@example.com")["id"]
    audience_id = person.new_audience(first)["id"]
    clock.now += 5
    rule = {"operation_type": "UPDATE", "rule": {"customer_list_id": second}}
    changed = person.call("PATCH", f"{AUDIENCES}/{audience_id}", rule).json()
    assert (changed["id"], changed["rule"], changed["size"]) == (audience_id, {"customer_list_id": second}, None)
    clock.now += 5
    assert person.get_audience(audience_id)["size"] == 301


def test_a_change_of_the_rule_is_refused_where_the_setting_says_so_and_the_same_rule_is_no_change(
    person: Person,
) -> None:
    first, second = person.new_list()["id"], person.new_list()["id"]
    audience_id = person.new_audience(first)["id"]
    person.settings(rule_change="refuse")
    refused = person.call("PATCH", f"{AUDIENCES}/{audience_id}", {"rule": {"customer_list_id": second}})
    assert (refused.status, refused.json()["code"]) == (400, 1)
    assert person.get_audience(audience_id)["rule"] == {"customer_list_id": first}
    same = person.call("PATCH", f"{AUDIENCES}/{audience_id}", {"name": "n", "rule": {"customer_list_id": first}})
    assert same.status == 200


def test_a_removed_audience_is_gone_and_its_list_is_not(person: Person) -> None:
    list_id = person.new_list()["id"]
    audience_id = person.new_audience(list_id)["id"]
    assert person.call("PATCH", f"{AUDIENCES}/{audience_id}", {"operation_type": "REMOVE"}).status == 200
    gone = person.call("GET", f"{AUDIENCES}/{audience_id}")
    assert (gone.status, gone.json()["message"]) == (404, "Audience not found.")
    assert person.call("GET", AUDIENCES).json()["items"] == []
    assert person.call("PATCH", f"{AUDIENCES}/{audience_id}", {"name": "x"}).status == 404
    assert person.get_list(list_id)["id"] == list_id


@pytest.mark.parametrize(
    ("audience_type", "rule"),
    [
        ("CUSTOMER_LIST", {}),
        ("CUSTOMER_LIST", {"customer_list_id": "123"}),
        ("ACTALIKE", {"seed_id": ["1"], "country": "US", "percentage": 5}),
        ("ACTALIKE", {"country": "US", "percentage": 5}),
        ("ENGAGEMENT", {}),
        ("PERSONA", {}),
        ("ACTALIKE", {"seed_id": ["2542620000001"], "country": "FR", "percentage": 5}),
        ("VISITOR", {"retention_days": 0}),
        ("VISITOR", {"retention_days": "541"}),
        ("VISITOR", {"event_source": {"=": ["television"]}}),
        ("VISITOR", {"event_source": {"!=": ["web"]}}),
        ("VISITOR", {"ingestion_source": {"=": "tag"}}),
        ("VISITOR", {"url": {"like": "/shoe"}}),
        ("ENGAGEMENT", {"engagement_domain": ["www.example.com"], "engagement_type": "shout"}),
        ("ENGAGEMENT", {"engagement_domain": ["www.example.com"], "engager_type": 3}),
    ],
)
def test_a_rule_that_does_not_say_enough_or_names_nothing_is_refused(
    person: Person, audience_type: str, rule: dict[str, object]
) -> None:
    reply = person.call("POST", AUDIENCES, {"name": "x", "audience_type": audience_type, "rule": rule})
    assert (reply.status, reply.json()["code"]) == (400, 1)


def test_audiences_that_resemble_another_take_its_id_and_a_percentage_as_number_or_text(person: Person) -> None:
    seed = person.new_audience(person.new_list()["id"])["id"]
    for percentage, status in [(10, 200), ("10", 200), (11, 400), (0, 400)]:
        rule = {"seed_id": [seed], "country": "US", "percentage": percentage}
        reply = person.call("POST", AUDIENCES, {"name": "like", "audience_type": "ACTALIKE", "rule": rule})
        assert reply.status == status
        if status == 200:
            assert reply.json()["rule"]["percentage"] == 10


def test_a_strangers_audience_is_not_permitted(person: Person) -> None:
    audience_id = person.new_audience(person.new_list()["id"])["id"]
    person.world.audiences[audience_id].ad_account_id = "549755885999"
    for method, body in [("GET", None), ("PATCH", {"name": "x"})]:
        reply = person.call(method, f"{AUDIENCES}/{audience_id}", body)
        assert (reply.status, reply.json()["code"]) == (403, 29)


def test_a_size_is_counted_anew_after_a_reset_that_gives_the_same_ids_again(start: Callable[..., Any]) -> None:
    person = start(matching_delay_s=0, match_rate=1.0)
    sizes = []
    for records in (MANY, "a@example.com"):
        person.call("POST", "/_sandbox/reset")
        sizes.append(person.new_audience(person.new_list(records)["id"])["size"])
    assert sizes == [300, 1]


@pytest.mark.parametrize(
    ("audience_type", "rule"),
    [
        (
            "VISITOR",
            {
                "visitor_source_id": "549755885175",
                "ad_account_id": "549755885175",
                "event": "checkout",
                "event_data": {"currency": "USD", "value": 116, "line_items": [{"product_id": "11"}], "our_own": [1]},
                "event_source": {"=": ["web", "mobile"]},
                "ingestion_source": {"=": ["tag"]},
                "prefill": False,
                "retention_days": 30,
                "url": {"contains": ["/shoe", "/boot"]},
            },
        ),
        (
            "ENGAGEMENT",
            {
                "engagement_domain": ["www.example.com"],
                "engagement_type": "click",
                "engager_type": 1,
                "ad_id": ["687201361754"],
                "campaign_id": ["626744528398"],
                "objective_type": ["AWARENESS", "SALES"],
                "pin_id": ["34567"],
                "url": ["https://www.example.com/shoe"],
            },
        ),
    ],
)
def test_an_audience_keeps_every_key_of_its_rule(
    start: Callable[..., Any], database: Callable[..., Any], audience_type: str, rule: dict[str, object]
) -> None:
    person = start(database())
    made = person.call("POST", AUDIENCES, {"name": "x", "audience_type": audience_type, "rule": rule}).json()
    assert made["rule"] == rule
    changed = person.call("PATCH", f"{AUDIENCES}/{made['id']}", {"rule": {**rule, "retention_days": "60"}}).json()
    assert changed["rule"] == {**rule, "retention_days": 60}
    assert person.call("GET", AUDIENCES).json()["items"][0]["rule"] == changed["rule"]
    assert start(database()).get_audience(made["id"])["rule"] == changed["rule"]


def test_an_actalike_audience_may_need_a_seed_that_is_ready(start: Callable[..., Any]) -> None:
    person = start(matching_delay_s=0, match_rate=1.0)
    seed = person.new_audience(person.new_list()["id"])["id"]
    body = {
        "name": "Alike",
        "audience_type": "ACTALIKE",
        "rule": {"seed_id": [seed], "country": "US", "percentage": 5},
    }
    assert person.call("POST", AUDIENCES, body).status == 200
    person.settings(audience_floor="refuse")
    refused = person.call("POST", AUDIENCES, body)
    assert (refused.status, "is TOO_SMALL, not READY" in refused.json()["message"]) == (400, True)
