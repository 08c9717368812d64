from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

import pytest

from destination_pinterest.audiences.creation import NOBODY
from destination_pinterest.audiences.description_mark import read_mark
from destination_pinterest.config.pinterest_facts import PinterestFacts
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.sync import Sync
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.rig import ClockPause, new_sync

ACTALIKE = {"countries": ["US", "GB"], "percentages": [1, 5]}
SISTER, OTHER = "549755885176", "549755885177"


def lines(names: Iterable[str], *, ends: bool = False) -> list[bytes]:
    rows = [
        {"type": "RECORD", "record": {"stream": "users", "data": {"email": f"{name}@example.com"}}} for name in names
    ]
    status = {"stream_descriptor": {"name": "users"}, "status": "COMPLETE"}
    end = {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": status}}
    return [json.dumps(each).encode() for each in [*rows, *([end] if ends else [])]]


def people(names: Iterable[str]) -> set[str]:
    return {sha256(f"{name}@example.com".encode()).hexdigest() for name in names}


@pytest.fixture
def run(
    raw_config: dict[str, Any], messages: Any, pinterest: FakePinterest, outbox: Any, clock: Clock
) -> Callable[..., Any]:
    def sync(names: str, *, overwrites: bool = False, **settings: Any) -> dict[str, Any]:
        schema = {"properties": {"email": {}}}
        stream: dict[str, Any] = {"stream": {"name": "users", "json_schema": schema}}
        if overwrites:
            generation = {"generation_id": 1, "minimum_generation_id": 1, "sync_id": 1}
            stream |= {"destination_sync_mode": "overwrite", **generation}
        streams = parse_catalog(json.dumps({"streams": [stream]}).encode())
        source = MessageLines(lines(names, ends=overwrites))
        made: Sync = new_sync(
            {**raw_config, **settings},
            streams,
            source,
            messages,
            pinterest,
            system=clock.system,
            pause=ClockPause(clock),
        )
        list(made.run())
        report = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)][-1]
        (audience,) = json.loads(report.removeprefix(REPORT_PREFIX))["audiences"]
        return dict(audience)

    return sync


Run = Callable[..., dict[str, Any]]


def warnings(outbox: Any) -> list[str]:
    return [log["message"] for log in outbox.of("LOG") if log["level"] == "WARN"]


def ready(pinterest: FakePinterest, **more: object) -> str:
    """An audience that is there already, with its list."""
    return pinterest.add_audience("users", pinterest.add_list("users", "x"), **more)


def test_an_early_audience_is_there_before_the_first_identifier_is_sent(run: Run, pinterest: FakePinterest) -> None:
    run("ab", create_early=True)
    writes = [(asked.method, asked.path.rsplit("/", 1)[-1]) for asked in pinterest.asked if asked.method != "GET"]
    assert writes[:2] == [("POST", "customer_lists"), ("POST", "audiences")]
    assert pinterest.asked_for("POST", "customer_lists")[0].body["records"] == NOBODY
    assert pinterest.members_of("users") == people("ab") | {NOBODY}


def test_the_stand_in_of_an_early_audience_is_in_no_count(run: Run, pinterest: FakePinterest) -> None:
    audience = run("ab", create_early=True)
    assert (audience["identifiers_added"], audience["pinterest_counts_after"]["records"]) == (2, 3)
    assert audience["reconciliation"]["difference"] is None
    members = read_mark(pinterest.audiences[audience["audience_id"]]["description"]).members
    assert members is not None
    assert (members.identifiers, members.people, members.records) == (2, 2, 3)


def test_an_audience_that_an_earlier_run_began_is_counted_as_empty(run: Run, pinterest: FakePinterest) -> None:
    run("", create_early=True)
    audience = run("ab")
    members = read_mark(pinterest.audiences[audience["audience_id"]]["description"]).members
    assert members is not None
    assert (members.identifiers, members.records) == (2, 3)
    assert len(pinterest.lists) == 1


def test_a_table_replaces_an_early_audience_as_any_other(run: Run, pinterest: FakePinterest) -> None:
    audience = run("ab", overwrites=True, create_early=True)
    (found,) = pinterest.audiences.values()
    assert pinterest.members[found["rule"]["customer_list_id"]] == people("ab")
    assert audience["replaced_customer_list_counts"]["records"] == 1
    members = read_mark(found["description"]).members
    assert members is not None
    assert (members.identifiers, members.records) == (2, 2)


def test_an_early_audience_that_pinterest_refuses_is_created_at_the_end(
    run: Run, pinterest: FakePinterest, outbox: Any
) -> None:
    pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    audience = run("ab", create_early=True)
    assert audience["audience_id"] in pinterest.audiences
    assert warnings(outbox) == []


def test_the_description_is_filled_from_its_template_and_then_not_written_again(
    run: Run, pinterest: FakePinterest
) -> None:
    audience = run("ab", description="From {stream}, for the shop")
    description = pinterest.audiences[audience["audience_id"]]["description"]
    assert description.startswith("From users, for the shop [dp1:")
    run("ab", description="From {stream}, for the shop")
    pinterest.asked.clear()
    run("ab", description="From {stream}, for the shop")
    assert pinterest.asked_for("PATCH", "audiences/") == []


def test_another_template_takes_the_place_of_the_connectors_own_text(run: Run, pinterest: FakePinterest) -> None:
    audience_id = run("ab")["audience_id"]
    for template in ("First", "Second"):
        run("ab", description=template)
        assert pinterest.audiences[audience_id]["description"].startswith(f"{template} [dp1:")


def test_a_persons_description_is_left_alone(run: Run, pinterest: FakePinterest) -> None:
    audience_id = run("ab", description="First")["audience_id"]
    found = pinterest.audiences[audience_id]
    found["description"] = found["description"].replace("First", "Ours, ask Ada")
    run("abc", description="Second")
    assert found["description"].startswith("Ours, ask Ada [dp1:")


def test_a_description_that_a_person_emptied_stays_empty(run: Run, pinterest: FakePinterest) -> None:
    audience_id = run("ab", description="First")["audience_id"]
    found = pinterest.audiences[audience_id]
    found["description"] = found["description"].replace("First ", "")
    run("abc", description="Second")
    assert found["description"].startswith("[dp1:")


def test_actalike_audiences_are_created_once_and_found_again_after_a_rename(run: Run, pinterest: FakePinterest) -> None:
    seed = ready(pinterest)
    made = run("ab", actalike=ACTALIKE)["actalikes"]
    assert [(one["country"], one["percentage"], one["outcome"]) for one in made] == [
        ("US", 1, "made"), ("US", 5, "made"), ("GB", 1, "made"), ("GB", 5, "made"),
    ]  # fmt: skip
    first = pinterest.audiences[made[0]["audience_id"]]
    assert first["rule"] == {"seed_id": [seed], "country": "US", "percentage": 1}
    first |= {"name": "Alike", "description": "somebody's own words"}
    again = run("ab", actalike=ACTALIKE)["actalikes"]
    assert {one["outcome"] for one in again} == {"found"}
    assert [one["audience_id"] for one in again] == [one["audience_id"] for one in made]
    assert len(pinterest.audiences) == 5


def test_actalike_audiences_are_found_by_their_marks_where_the_listing_hides_rules(
    run: Run, pinterest: FakePinterest
) -> None:
    ready(pinterest)
    run("ab", actalike=ACTALIKE)
    pinterest.shows_rules = False
    assert {one["outcome"] for one in run("ab", actalike=ACTALIKE)["actalikes"]} == {"found"}


def test_an_actalike_audience_without_rule_and_mark_in_the_listing_is_asked_for(
    run: Run, pinterest: FakePinterest
) -> None:
    seed = ready(pinterest)
    rule = {"seed_id": [seed], "country": "US", "percentage": "1"}
    own = pinterest.add_audience("Alike", None, "ACTALIKE", rule=rule)
    pinterest.shows_rules = False
    (found,) = run("ab", actalike={"countries": ["US"], "percentages": [1]})["actalikes"]
    assert (found["outcome"], found["audience_id"]) == ("found", own)


def test_actalike_audiences_wait_until_the_seed_is_ready(run: Run, pinterest: FakePinterest, outbox: Any) -> None:
    seed = ready(pinterest, status="TOO_SMALL")
    assert {one["outcome"] for one in run("ab", actalike=ACTALIKE)["actalikes"]} == {"waiting"}
    assert (len(pinterest.audiences), warnings(outbox)) == (1, [])
    pinterest.audiences[seed]["status"] = "READY"
    assert {one["outcome"] for one in run("ab", actalike=ACTALIKE)["actalikes"]} == {"made"}


def test_actalike_audiences_that_are_no_longer_asked_for_stay_and_are_named(
    run: Run, pinterest: FakePinterest, outbox: Any
) -> None:
    ready(pinterest)
    run("ab", actalike={"countries": ["US"], "percentages": [1]})
    run("ab", actalike={"countries": ["US"], "percentages": [2]})
    assert len(pinterest.audiences) == 3
    (note,) = warnings(outbox)
    assert '"users (actalike US 1 %)"' in note


@pytest.mark.parametrize(("status", "code"), [(401, 3), (403, 29), (400, 1), (404, 404)])
def test_an_actalike_audience_that_pinterest_refuses_is_a_warning_and_no_failure(
    run: Run, pinterest: FakePinterest, outbox: Any, status: int, code: int
) -> None:
    ready(pinterest)
    pinterest.refuse("POST", "audiences", status, "no", code=code, times=99)
    audience = run("ab", actalike={"countries": ["US"], "percentages": [1]})
    assert (audience["synced"], audience["actalikes"][0]["outcome"]) == (2, "failed")
    assert any("could not be created" in text and f"HTTP {status}" in text for text in warnings(outbox))


def test_an_audience_is_shared_once_and_taken_back_when_the_settings_say_so(run: Run, pinterest: FakePinterest) -> None:
    seed = ready(pinterest)
    audience = run("ab", share_with={"ad_accounts": [SISTER], "businesses": [OTHER]})
    assert [(one["account_id"], one["outcome"]) for one in audience["shared_with"]] == [
        (SISTER, "shared"), (OTHER, "shared"),
    ]  # fmt: skip
    assert pinterest.shares == {(seed, "AD_ACCOUNT", SISTER), (seed, "BUSINESS_ACCOUNT", OTHER)}
    again = run("ab", share_with={"ad_accounts": [SISTER], "businesses": [OTHER]})
    assert {one["outcome"] for one in again["shared_with"]} == {"found"}
    fewer = run("ab", share_with={"ad_accounts": [SISTER]})
    assert [(one["account_id"], one["outcome"]) for one in fewer["shared_with"]] == [
        (SISTER, "found"), (OTHER, "revoked"),
    ]  # fmt: skip
    run("ab")
    assert pinterest.shares == set()
    assert "dp-shared" not in pinterest.audiences[seed]["description"]


def test_what_somebody_else_has_shared_is_never_taken_back(run: Run, pinterest: FakePinterest) -> None:
    seed = ready(pinterest)
    pinterest.shares = {(seed, "AD_ACCOUNT", SISTER), (seed, "AD_ACCOUNT", OTHER)}
    run("ab", share_with={"ad_accounts": [SISTER]})
    run("ab", share_with={})
    assert pinterest.shares == {(seed, "AD_ACCOUNT", SISTER), (seed, "AD_ACCOUNT", OTHER)}


def test_a_recipient_that_pinterest_refuses_does_not_keep_the_audience_from_the_others(
    run: Run, pinterest: FakePinterest, outbox: Any
) -> None:
    seed = ready(pinterest)
    pinterest.no_recipients = {OTHER}
    audience = run("ab", share_with={"ad_accounts": [SISTER, OTHER]})
    assert [one["outcome"] for one in audience["shared_with"]] == ["shared", "failed"]
    assert pinterest.shares == {(seed, "AD_ACCOUNT", SISTER)}
    assert any("could not be shared with the ad account" in text for text in warnings(outbox))
    assert f"[dp-shared1:a{SISTER}]" in pinterest.audiences[seed]["description"]


def test_whom_it_is_shared_with_is_noted_before_it_is_shared(run: Run, pinterest: FakePinterest) -> None:
    seed = ready(pinterest)
    said: list[str] = []

    def look(asked: Any) -> None:
        if asked.path.endswith("/shared"):
            said.append(pinterest.audiences[seed]["description"])

    pinterest.before = look
    run("ab", share_with={"ad_accounts": [SISTER]})
    assert f"[dp-shared1:a{SISTER}]" in said[0]


def test_an_audience_for_new_customer_acquisition_is_never_taken_for_an_ordinary_one(
    run: Run, pinterest: FakePinterest
) -> None:
    other = pinterest.add_audience("users", pinterest.add_list("users", "x", is_nca=True), is_nca=True)
    pinterest.add_list("users", "y", is_nca=True)
    audience = run("ab")
    assert audience["audience_id"] != other
    assert len(pinterest.audiences) == 2
    assert len(pinterest.lists) == 3


def test_without_these_settings_a_sync_asks_for_nothing_more(run: Run, pinterest: FakePinterest) -> None:
    ready(pinterest)
    run("ab")
    pinterest.asked.clear()
    run("ab")
    assert [asked.method for asked in pinterest.asked] == ["GET", "GET", "PATCH", "GET", "GET"]


@pytest.mark.parametrize(("mode", "is_made_meanwhile"), [("append", True), ("overwrite", False)])
def test_an_audience_is_made_during_a_long_sync_unless_its_list_is_to_be_whole_first(
    raw_config: dict[str, Any], messages: Any, pinterest: FakePinterest, clock: Clock, mode: str, *,
    is_made_meanwhile: bool,
) -> None:  # fmt: skip
    seen: list[bool] = []

    def slowly() -> Iterable[bytes]:
        for name in "abcdef":
            yield from lines(name)
            clock.pass_by(400.0)
        seen.append(bool(pinterest.audiences))
        yield from lines("z", ends=True)

    generation = {"generation_id": 1, "minimum_generation_id": int(mode == "overwrite"), "sync_id": 1}
    stream = {"stream": {"name": "users", "json_schema": {"properties": {"email": {}}}}, **generation}
    streams = parse_catalog(json.dumps({"streams": [{**stream, "destination_sync_mode": mode}]}).encode())
    source = MessageLines(slowly())
    list(new_sync(raw_config, streams, source, messages, pinterest, system=clock.system, pause=ClockPause(clock)).run())
    assert seen == [is_made_meanwhile]
    assert len(pinterest.audiences) == 1


def test_an_audience_is_not_begun_early_where_no_list_can_be_swapped_in(run: Run, pinterest: FakePinterest) -> None:
    facts = PinterestFacts(format=1, asked_on="2026-11-20", host="api.pinterest.com", rule_change="refused").as_text()
    audience = run("ab", overwrites=True, create_early=True, pinterest_facts=facts)
    assert list(pinterest.members.values()) == [people("ab")]
    assert any("not early" in note for note in audience["notes"])


def test_a_table_of_which_nobody_consents_may_begin_early(run: Run, pinterest: FakePinterest) -> None:
    run("ab", overwrites=True, create_early=True, consent_column={"column": "email", "permits": ["everybody"]})
    assert pinterest.members_of("users") == {NOBODY}
