"""The settings for what Pinterest does not document, and the profile that answers all of it in the worst way."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from pinterest_sandbox.command import _parser, _profile
from pinterest_sandbox.in_process import InProcess
from pinterest_sandbox.people_sent import slowness_s
from pinterest_sandbox.profiles import PROFILES
from pinterest_sandbox.sandbox import Sandbox
from pinterest_sandbox.settings import Settings
from pinterest_sandbox.storage import Memory
from unit_tests.sandbox.person import AUDIENCES, LISTS, FakeClock, Person

TWO, THREE = "a@example.com,b@example.com", "a@example.com,b@example.com,c@example.com"


@pytest.mark.parametrize(("above", "counted"), [("cut", 2), ("cut_and_count", 3)])
def test_the_rest_of_a_large_request_is_dropped_without_a_word(
    start: Callable[..., Person], above: str, counted: int
) -> None:
    person = start(max_records=2, above_max_records=above)
    made = person.new_list(THREE)
    assert (made["num_uploaded_user_records"], person.members(made["id"])) == (counted, set(TWO.split(",")))
    changed = person.patch_list(made["id"], "REMOVE", "x@example.com," + TWO).json()
    assert (changed["num_removed_user_records"], person.members(made["id"])) == (counted, {"b@example.com"})
    rows = [{"external_id": str(number)} for number in range(3)]
    body = {"operation_type": "ADD", "records_v2": rows}
    assert person.call("PATCH", f"{LISTS}/{made['id']}", body).status == 200
    kept = person.call("GET", f"/_sandbox/customer_lists/{made['id']}/members").json()
    assert kept["rows"] == rows[:2]


def test_what_was_cut_is_cut_after_a_restart_as_well(
    start: Callable[..., Person], database: Callable[..., Any]
) -> None:
    person = start(database(), max_records=2, above_max_records="cut")
    digests = [f"{number:064x}" for number in range(3)]
    list_id = person.new_list(",".join(digests))["id"]
    assert start(database()).members(list_id) == set(digests[:2])


def test_a_large_request_is_refused_where_the_setting_says_so(start: Callable[..., Person]) -> None:
    person = start(max_records=2)
    assert person.call("POST", LISTS, {"name": "x", "records": THREE}).status == 413
    list_id = person.new_list(TWO)["id"]
    assert person.patch_list(list_id, "ADD", THREE).status == 413
    assert person.get_list(list_id)["num_batches"] == 1


def test_a_large_request_is_refused_by_400_where_the_setting_says_so(start: Callable[..., Person]) -> None:
    person = start(max_records=2, above_max_records="refuse_with_400")
    list_id = person.new_list(TWO)["id"]
    refused = person.patch_list(list_id, "ADD", THREE)
    assert (refused.status, refused.json()["message"]) == (
        400, "Invalid request: 'records' exceeds the maximum of 2 records",
    )  # fmt: skip


def test_a_large_request_is_slow_by_each_person_beyond_what_the_setting_says() -> None:
    slow = Settings(slow_above_records=2, slow_ms_per_record=50)
    rows = [{"email": one} for one in THREE.split(",")]
    for people in ({"records": THREE}, {"records_v2": rows}):
        assert slowness_s(msgspec.json.encode({"operation_type": "ADD", **people}), slow) == 0.05
    assert slowness_s(msgspec.json.encode({"records": TWO}), slow) == 0
    assert slowness_s(b"no JSON", slow) == 0
    assert slowness_s(msgspec.json.encode({"records": THREE}), Settings()) == 0


def test_counts_lag_behind_by_the_time_that_is_set(start: Callable[..., Person], clock: FakeClock) -> None:
    def counts() -> tuple[int, int, int]:
        shown = person.get_list(list_id)
        return shown["num_batches"], shown["num_uploaded_user_records"], shown["num_removed_user_records"]

    person = start(count_lag_s=10)
    made = person.new_list(TWO)
    list_id = made["id"]
    assert (made["num_batches"], made["num_uploaded_user_records"]) == (0, 0)
    clock.now += 4
    assert person.patch_list(list_id, "ADD", THREE).json()["num_uploaded_user_records"] == 0
    clock.now += 4
    person.patch_list(list_id, "REMOVE", "a@example.com")
    assert counts() == (0, 0, 0)
    clock.now += 2
    assert counts() == (1, 2, 0)
    clock.now += 4
    assert counts() == (2, 5, 0)
    assert person.call("GET", LISTS).json()["items"][0]["num_uploaded_user_records"] == 5
    clock.now += 4
    assert counts() == (3, 5, 1)
    person.patch_list(list_id, "REMOVE", "b@example.com")
    person.settings(count_lag_s=0)
    assert counts() == (4, 5, 2)


def test_names_are_folded_and_cut_where_the_settings_say_so(start: Callable[..., Person]) -> None:
    person = start(names="folded", longest_name=9)
    made = person.new_list(name="  VIP \t Customers of Spring ")
    assert made["name"] == "vip custo"
    audience = person.new_audience(made["id"], name="VIP  Buyers")
    assert audience["name"] == "vip buyer"
    assert person.call("PATCH", f"{AUDIENCES}/{audience['id']}", {"name": "New"}).json()["name"] == "new"
    person.settings(names="as_sent", longest_name=0)
    assert person.new_list(name="  VIP \t Customers ")["name"] == "  VIP \t Customers "


def test_creations_and_tokens_are_answered_201_and_nothing_else_is(start: Callable[..., Person]) -> None:
    person = start(created_status=201)
    made = person.call("POST", LISTS, {"name": "x", "records": TWO})
    body = {"name": "x", "audience_type": "CUSTOMER_LIST", "rule": {"customer_list_id": made.json()["id"]}}
    assert (made.status, person.call("POST", AUDIENCES, body).status) == (201, 201)
    assert person.patch_list(made.json()["id"], "ADD", TWO).status == 200
    assert person.call("POST", LISTS, {"name": "x"}).status == 400
    form = {
        "authorization": "Basic MTIzNDU2NzpzYW5kYm94LXNlY3JldA==",
        "content-type": "application/x-www-form-urlencoded",
    }
    grant = b"grant_type=refresh_token&refresh_token=pinr_sandbox"
    assert person.call("POST", "/v5/oauth/token", body=grant, headers=form, token=None).status == 201


def test_times_and_counts_of_lists_come_as_floats_where_the_setting_says_so(start: Callable[..., Person]) -> None:
    person = start(list_numbers="floats")
    list_id = person.new_list(TWO)["id"]
    shown = person.call("GET", f"{LISTS}/{list_id}").body
    assert b'"num_uploaded_user_records":2.0' in shown
    assert b'"created_time":1795000000.0' in shown
    person.fault({"kind": "lagging_counts", "records": 1})
    assert person.get_list(list_id)["num_uploaded_user_records"] == 1.0


def test_an_audience_can_be_given_a_status_and_a_type_that_no_call_gives_it(person: Person) -> None:
    audience_id = person.new_audience(person.new_list()["id"])["id"]
    control = f"/_sandbox/audiences/{audience_id}"
    person.call("PATCH", control, {"audience_type": "PERSONA", "status": "PERSONAS_INELIGIBLE_SIZE"})
    shown = person.get_audience(audience_id)
    assert (shown["audience_type"], shown["status"]) == ("PERSONA", "PERSONAS_INELIGIBLE_SIZE")
    person.call("PATCH", control, {"audience_type": "CUSTOMER_LIST", "status": None})
    assert person.get_audience(audience_id)["status"] == "INITIALIZING"
    assert person.call("PATCH", control, {"status": "BEST"}).status == 400
    assert person.call("PATCH", "/_sandbox/audiences/1", {"status": None}).status == 404


@pytest.fixture
def pessimist(clock: FakeClock) -> Iterator[Person]:
    profile = PROFILES["pessimist"]
    sandbox = Sandbox(
        profile.settings,
        Memory(),
        with_control=True,
        clock=clock,
        sleep=clock.sleep,
        chance=random.Random(1),
        plans=profile.plans,
    )
    with InProcess(sandbox) as client:
        yield Person(sandbox, client)


def test_the_pessimist_answers_every_open_question_in_the_worst_way(pessimist: Person, clock: FakeClock) -> None:
    many = ",".join(f"p{number}@example.com" for number in range(2_000))
    made = pessimist.call("POST", LISTS, {"name": "VIP", "records": many})
    list_id = made.json()["id"]
    assert (made.status, made.json()["name"], made.json()["num_uploaded_user_records"]) == (201, "vip", 0.0)
    assert "x-ratelimit-remaining" not in made.headers
    assert len(pessimist.members(list_id)) == 1_900
    assert pessimist.call("GET", f"{LISTS}/{list_id}").status == 200
    assert pessimist.call("GET", LISTS).json()["items"] == []
    body = {"name": "x", "audience_type": "CUSTOMER_LIST", "rule": {"customer_list_id": list_id}}
    assert pessimist.call("POST", LISTS, {"name": "x", "records_v2": [{"external_id": "7"}]}).status == 400
    pessimist.settings(matching_delay_s=10)
    clock.now += 5
    assert [item["id"] for item in pessimist.call("GET", LISTS).json()["items"]] == [list_id]
    assert pessimist.call("POST", AUDIENCES, body).status == 400
    clock.now += 5
    audience = pessimist.call("POST", AUDIENCES, body)
    assert audience.status == 201
    clock.now += 50
    assert pessimist.get_list(list_id)["num_uploaded_user_records"] == 2_000.0
    assert "rule" not in pessimist.call("GET", AUDIENCES).json()["items"][0]
    other = pessimist.call("POST", LISTS, {"name": "y", "records": many}).json()["id"]
    clock.now += 10
    change = {"rule": {"customer_list_id": other}}
    refused = pessimist.call("PATCH", f"{AUDIENCES}/{audience.json()['id']}", change)
    assert refused.status == 400
    assert "cannot be changed" in refused.json()["message"]


def test_a_reset_comes_back_to_the_profile(pessimist: Person) -> None:
    pessimist.settings(names="as_sent")
    pessimist.call("DELETE", "/_sandbox/faults")
    pessimist.call("POST", "/_sandbox/reset")
    assert pessimist.call("GET", "/_sandbox/settings").json()["names"] == "folded"
    plans = pessimist.call("GET", "/_sandbox/faults").json()["faults"]
    assert len(plans) == len(PROFILES["pessimist"].plans) == 3


def test_options_overrule_a_profile_and_without_them_it_is_as_it_says() -> None:
    assert _profile(_parser().parse_args([])).settings == Settings()
    assert _profile(_parser().parse_args(["--profile", "pessimist"])) == PROFILES["pessimist"]
    options = ["--profile", "pessimist", "--tier", "trial", "--match-rate", "0", "--no-rotate-refresh-tokens"]
    overruled = _profile(_parser().parse_args([*options, "--keep-bodies"]))
    assert overruled.settings.names == "folded"
    shown = overruled.settings
    assert (shown.tier, shown.match_rate, shown.rotate_refresh_tokens, shown.keep_bodies) == ("trial", 0.0, False, True)
