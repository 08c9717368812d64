from __future__ import annotations

import pytest

from pinterest_sandbox.faults import ErrorStatus, FaultPlan, Faults, ResetBefore
from pinterest_sandbox.in_process import BrokenAnswerError
from unit_tests.sandbox.person import AUDIENCES, LISTS, FakeClock, Person

ACCOUNTS = "/v5/ad_accounts"


def struck(plan: FaultPlan, requests: int = 200) -> list[int]:
    faults = Faults()
    faults.add(plan)
    return [number for number in range(requests) if faults.strike("customer_lists/update", ["12"])]


def test_a_plan_skips_the_first_and_hits_so_many_times() -> None:
    assert struck(FaultPlan(ResetBefore(), after=3, times=2)) == [3, 4]


def test_chance_is_repeatable_by_its_seed_and_near_its_probability() -> None:
    plans = [FaultPlan(ResetBefore(), probability=0.3, seed=seed) for seed in (1, 1, 2)]
    first, again, other = (struck(plan, 2_000) for plan in plans)
    assert first == again != other
    assert len(first) == pytest.approx(600, abs=80)


def test_a_plan_concerns_its_endpoint_and_object_only() -> None:
    assert struck(FaultPlan(ResetBefore(), endpoint="audiences/list")) == []
    assert struck(FaultPlan(ResetBefore(), object_id="13")) == []
    assert len(struck(FaultPlan(ResetBefore(), endpoint="customer_lists/update", object_id="12"))) == 200


def test_several_plans_strike_one_request_together() -> None:
    faults = Faults()
    for action in (ErrorStatus(503), ResetBefore()):
        faults.add(FaultPlan(action))
    assert faults.strike("x", []) == [ErrorStatus(503), ResetBefore()]


def test_an_error_status_comes_with_its_code_message_and_headers_and_nothing_takes_effect(person: Person) -> None:
    list_id = person.new_list()["id"]
    person.fault(
        {"kind": "status", "status": 503, "code": 4197, "message": "later", "headers": {"retry-after": "7"}}, times=1
    )
    reply = person.patch_list(list_id, "ADD", "b@example.com")
    assert (reply.status, reply.json()) == (503, {"code": 4197, "message": "later"})
    assert reply.headers["retry-after"] == "7"
    assert person.patch_list(list_id, "ADD", "c@example.com").status == 200
    assert person.members(list_id) == {"a@example.com", "c@example.com"}


def test_a_429_comes_with_or_without_headers(person: Person) -> None:
    person.fault({"kind": "rate_limit", "reset_s": 9, "retry_after_s": 3}, times=1)
    reply = person.call("GET", ACCOUNTS)
    assert (reply.status, reply.json()["code"]) == (429, 8)
    assert (reply.headers["x-ratelimit-remaining"], reply.headers["x-ratelimit-reset"]) == ("0", "9")
    assert reply.headers["retry-after"] == "3"
    person.fault({"kind": "rate_limit", "headers": False}, times=1)
    reply = person.call("GET", ACCOUNTS)
    assert reply.status == 429
    assert not {name for name in reply.headers if "limit" in name or name == "retry-after"}


def test_a_reset_before_has_no_effect_and_a_reset_after_has(person: Person) -> None:
    list_id = person.new_list()["id"]
    person.fault({"kind": "reset_before"}, times=1)
    person.fault({"kind": "reset_after"}, after=1, times=1)
    for address in ("b@example.com", "c@example.com"):
        with pytest.raises(ConnectionResetError):
            person.patch_list(list_id, "ADD", address)
    assert person.members(list_id) == {"a@example.com", "c@example.com"}
    assert [seen["outcome"] for seen in person.seen()] == ["answered", "reset_before", "reset_after"]


def test_a_truncated_answer_breaks_off_and_a_cut_body_is_no_json(person: Person) -> None:
    person.fault({"kind": "truncate"}, times=1)
    with pytest.raises(BrokenAnswerError):
        person.new_list()
    assert len(person.world.customer_lists) == 1
    person.fault({"kind": "truncate", "how": "body"}, times=1)
    reply = person.call("GET", ACCOUNTS)
    assert (reply.status, len(reply.body)) == (200, int(reply.headers["content-length"]))
    with pytest.raises(ValueError, match="truncated"):
        reply.json()


def test_an_html_page_in_place_of_json(person: Person) -> None:
    person.fault({"kind": "not_json", "status": 502}, times=1)
    reply = person.call("GET", ACCOUNTS)
    assert (reply.status, reply.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert reply.body.startswith(b"<html>")


def test_latency_is_slept_before_the_request_is_worked_on(person: Person, clock: FakeClock) -> None:
    person.settings(latency_ms=250)
    person.fault({"kind": "latency", "seconds": 2}, times=1)
    person.call("GET", ACCOUNTS)
    person.call("GET", ACCOUNTS)
    assert clock.slept == [2.25, 0.25]


def test_a_token_expires_under_the_request_that_shows_it(person: Person) -> None:
    person.fault({"kind": "expire_token"}, after=1, times=1)
    assert [person.call("GET", ACCOUNTS).status for _ in range(3)] == [200, 401, 401]


def test_a_list_vanishes_under_us(person: Person) -> None:
    list_id, other = person.new_list()["id"], person.new_list()["id"]
    person.fault({"kind": "delete_list"}, object_id=list_id)
    assert person.patch_list(other, "ADD", "b@example.com").status == 200
    assert person.patch_list(list_id, "ADD", "b@example.com").status == 404
    assert set(person.world.customer_lists) == {other}


@pytest.mark.parametrize("status", [413, 400])
def test_a_request_with_too_many_identifiers_is_refused_and_a_smaller_one_is_not(person: Person, status: int) -> None:
    list_id = person.new_list()["id"]
    person.fault({"kind": "too_large", "limit": 2, "status": status})
    assert person.patch_list(list_id, "ADD", "b@example.com,c@example.com,d@example.com").status == status
    assert person.patch_list(list_id, "ADD", "b@example.com,c@example.com").status == 200
    assert person.members(list_id) == {"a@example.com", "b@example.com", "c@example.com"}


def test_what_was_created_is_found_late(person: Person, clock: FakeClock) -> None:
    person.fault({"kind": "late_visible", "seconds": 30})
    list_id = person.new_list()["id"]
    for seconds, status, listed in ((29, 404, []), (1, 200, [list_id])):
        clock.now += seconds
        assert person.patch_list(list_id, "ADD", "b@example.com").status == status
        assert [found["id"] for found in person.call("GET", LISTS).json()["items"]] == listed


def test_what_was_created_may_be_known_by_its_id_before_it_is_listed(person: Person, clock: FakeClock) -> None:
    person.fault({"kind": "late_visible", "seconds": 30, "listings_only": True})
    audience = person.new_audience(person.new_list()["id"])
    assert person.get_audience(audience["id"])["id"] == audience["id"]
    assert person.call("GET", AUDIENCES).json()["items"] == []
    clock.now += 30
    assert len(person.call("GET", AUDIENCES).json()["items"]) == 1


def test_a_request_without_an_answer_takes_effect_later(person: Person, clock: FakeClock) -> None:
    list_id = person.new_list()["id"]
    person.fault({"kind": "late_effect", "seconds": 30}, times=1)
    with pytest.raises(ConnectionResetError):
        person.patch_list(list_id, "REMOVE", "a@example.com")
    person.get_list(list_id)
    assert person.members(list_id) == {"a@example.com"}
    clock.now += 30
    person.get_list(list_id)
    assert person.members(list_id) == set()


def test_what_takes_effect_late_may_be_refused_then_and_nobody_hears_of_it(person: Person, clock: FakeClock) -> None:
    list_id = person.new_list()["id"]
    person.fault({"kind": "late_effect", "seconds": 30}, times=1)
    with pytest.raises(ConnectionResetError):
        person.patch_list(list_id, "ADD", "b@example.com")
    person.call("DELETE", f"/_sandbox/customer_lists/{list_id}")
    clock.now += 30
    assert person.call("GET", ACCOUNTS).status == 200


def test_fields_are_left_out_of_an_answer_and_of_each_item(person: Person) -> None:
    audience = person.new_audience(person.new_list()["id"])
    person.fault({"kind": "leave_out", "fields": ["rule", "size"]})
    assert not {"rule", "size"} & person.get_audience(audience["id"]).keys()
    (item,) = person.call("GET", AUDIENCES).json()["items"]
    assert item["id"] == audience["id"]
    assert "rule" not in item


def test_counts_lag_behind(person: Person) -> None:
    list_id = person.new_list("a@example.com,b@example.com")["id"]
    person.fault({"kind": "lagging_counts", "records": 1}, times=1)
    shown = [person.get_list(list_id) for _ in range(2)]
    assert [found["num_uploaded_user_records"] for found in shown] == [1, 2]
    assert [found["num_removed_user_records"] for found in shown] == [0, 0]


def test_plans_are_listed_with_their_counts_and_can_be_ended(person: Person) -> None:
    first = person.fault({"kind": "reset_before"}, endpoint="audiences/list", times=1)
    second = person.fault({"kind": "status", "status": 500}, times=1)
    person.call("GET", ACCOUNTS)
    plans = person.call("GET", "/_sandbox/faults").json()["faults"]
    assert [(plan["id"], plan["counted"], plan["hits"]) for plan in plans] == [(first, 0, 0), (second, 1, 1)]
    assert person.call("DELETE", f"/_sandbox/faults/{first}").status == 200
    assert person.call("DELETE", f"/_sandbox/faults/{first}").status == 404
    person.call("DELETE", "/_sandbox/faults")
    assert person.call("GET", "/_sandbox/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"action": {"kind": "nothing"}},
        {"action": {"kind": "status"}},
        {"action": {"kind": "reset_before"}, "probability": 2},
        {"action": {"kind": "reset_before"}, "tims": 2},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(person: Person, plan: dict[str, object]) -> None:
    reply = person.call("POST", "/_sandbox/faults", plan)
    assert reply.status == 400
    assert reply.json()["error"]
