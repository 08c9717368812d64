"""A probe against the sandbox, on a clock that only sleeping moves: what it says, learns and leaves."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.config import PinterestFacts, read_config
from destination_pinterest.config.pinterest_facts import merged
from destination_pinterest.probing.header_forms import HeaderForms
from destination_pinterest.probing.probe import Probe, ProbeReport
from destination_pinterest.probing.questions import Finding, Questions
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.session import PlatformConfig, open_session
from destination_pinterest.wording.probe_text import STEPS, Step, chosen_steps
from pinterest_sandbox.in_process import InProcess
from pinterest_sandbox.profiles import PROFILES
from pinterest_sandbox.sandbox import Sandbox
from pinterest_sandbox.storage import Memory
from unit_tests.support.clock import Clock
from unit_tests.support.outbox import Outbox
from unit_tests.support.rig import ClockPause
from unit_tests.support.sandbox_wire import SandboxWire

HOST = "127.0.0.1:8700"


class Person:
    """Permits steps, and remembers what was said."""

    def __init__(self, *, declines: tuple[str, ...] = (), stops_at: str | None = None) -> None:
        self.declines = declines
        self.stops_at = stops_at
        self.asked: list[str] = []
        self.findings: dict[str, Finding] = {}

    def asks(self, step: Step) -> bool | None:
        self.asked.append(step.name)
        return None if step.name == self.stops_at else step.name not in self.declines

    def tells(self, step: Step, finding: Finding) -> None:
        self.findings[step.name] = finding

    @property
    def uncertain(self) -> list[str]:
        return [name for name, finding in self.findings.items() if not finding.is_conclusive]


class Account:
    """An ad account at a sandbox, which a probe asks."""

    def __init__(self, profile: str, settings: dict[str, Any]) -> None:
        self.clock = Clock()
        chosen = PROFILES[profile]
        now = msgspec.structs.replace(chosen.settings, **settings)
        self.sandbox = Sandbox(
            now, Memory(), with_control=True, clock=self.clock.now, sleep=self._sleep, chance=random.Random(1),
            plans=chosen.plans,
        )  # fmt: skip
        self.client = InProcess(self.sandbox)

    def probe(self, person: Person, steps: tuple[Step, ...] = STEPS, *, token: str = "pina_sandbox") -> ProbeReport:
        raw = {
            "credentials": {"auth_method": "access_token", "access_token": token},
            "ad_account_id": "549755885175",
            "api_base_url": f"http://{HOST}/v5",
        }
        wire = HeaderForms(SandboxWire(self.client))
        session = open_session(
            read_config(raw),
            PlatformConfig(raw, MessageWriter(Outbox(), now=self.clock.now, scrub=str)),
            system=self.clock.system,
            observer=SilentObserver(),
            retry=RetryPolicy(20.0),
            open_wire=lambda *_: wire,
            pause=ClockPause(self.clock),
        )
        questions = Questions(session.client, wire, access_tier=session.access_tier, system=self.clock.system)
        return Probe(questions, person, host=HOST, before=None, now=self.clock.now).run(steps, lambda: wire.exchanges)

    async def _sleep(self, seconds: float) -> None:
        self.clock.pass_by(seconds)


@pytest.fixture
def account() -> Iterator[Callable[..., Account]]:
    opened: list[Account] = []

    def make(profile: str = "default", **settings: Any) -> Account:
        opened.append(Account(profile, settings))
        return opened[-1]

    yield make
    for each in opened:
        each.client.close()


def facts(report: ProbeReport) -> dict[str, Any]:
    assert report.facts is not None
    content = msgspec.json.decode(report.facts)
    assert (content.pop("format"), content.pop("host")) == (1, HOST)
    return dict(content)


def test_a_pinterest_as_it_is_believed_to_be_answers_everything_but_what_nothing_can_tell(
    account: Callable[..., Account],
) -> None:
    person = Person()
    report = account().probe(person)
    assert facts(report) == {
        "asked_on": "2027-01-15", "access_tier": "standard", "rate_headers": "envoy", "names": "kept",
        "longest_name": 200, "listed_after_s": 0.0, "counters": "exact", "request_size": 10_000,
        "audience_of_young_list": "accepted", "listings_have_rule": True, "rule_change": "accepted",
        "records_v2": "accepted", "records_v2_removal": "accepted",
    }  # fmt: skip
    assert person.asked == [step.name for step in STEPS]
    assert person.uncertain == ["removal"]
    assert "can't be told" in person.findings["removal"].says
    assert report.recommended == {"request_growth": "auto"}


@pytest.mark.parametrize("settings", [{"count_lag_s": 30.0}, {"max_records": 1_900}], ids=["late", "small"])
def test_growth_is_recommended_only_where_larger_requests_were_counted_exactly(
    account: Callable[..., Account], settings: dict[str, Any]
) -> None:
    assert account(**settings).probe(Person()).recommended == {}


def test_two_lists_of_nobody_stay_and_no_audience(account: Callable[..., Account]) -> None:
    pinterest = account()
    report = pinterest.probe(Person())
    world = pinterest.sandbox.world
    assert list(world.customer_lists) == report.customer_list_ids
    assert len(report.customer_list_ids) == 2
    assert (list(world.audiences), report.audience_id) == ([], None)
    assert all(found.name.startswith("Destination-Pinterest  PROBE") for found in world.customer_lists.values())
    writes = sum(
        request["method"] != "GET"
        for request in pinterest.client.request("GET", "/_sandbox/requests").json()["requests"]
    )
    assert 0 < writes <= sum(step.writes for step in STEPS)


def test_the_pessimist_is_seen_through_as_far_as_anybody_can(account: Callable[..., Account]) -> None:
    person = Person()
    report = account("pessimist", above_max_records="cut").probe(person)
    learned = facts(report)
    assert (learned["names"], learned["counters"], learned["records_v2"]) == ("folded", "late", "refused")
    assert (learned["request_size"], learned["request_size_refused"]) == (1_900, 5_000)
    assert (learned["audience_of_young_list"], learned["rate_headers"]) == ("refused", "none")
    assert learned["listed_after_s"] >= 5
    assert "rule_change" not in learned
    assert "access_tier" not in learned
    assert person.uncertain == ["removal", "listing", "names", "rule", "headers"]
    assert person.findings["rule"].says == "Left out: it needs the step audience."


def test_what_is_cut_and_counted_is_not_taken_for_proof(account: Callable[..., Account]) -> None:
    person = Person()
    account(max_records=1_900, above_max_records="cut_and_count").probe(person, chosen_steps(("size",)))
    assert "does not prove that all were kept" in person.findings["size"].says


@pytest.mark.parametrize(
    ("settings", "step", "learned"),
    [
        ({"max_records": 3_000}, "size", {"request_size": 1_900, "request_size_refused": 5_000}),
        ({"max_records": 1_000}, "size", {"request_size": 1_000, "request_size_refused": 1_900}),
        ({"max_records": 700, "above_max_records": "cut"}, "size",
         {"request_size": 500, "request_size_refused": 1_900}),
        ({"max_records": 700, "above_max_records": "cut", "count_lag_s": 20.0}, "size",
         {"request_size": 500, "request_size_refused": 1_900}),
        ({"max_records": 100}, "size", {"request_size_refused": 1_900}),
        ({"max_records": 6_000, "above_max_records": "cut"}, "size",
         {"request_size": 5_000, "request_size_refused": 10_000}),
        ({"names": "folded"}, "list", {"names": "folded"}),
        ({"longest_name": 20}, "list", {"names": "changed"}),
        ({"longest_name": 120}, "names", {"longest_name": 120}),
        ({"rule_change": "refuse"}, "rule", {"rule_change": "refused"}),
        ({"records_v2": "refuse"}, "v2", {"records_v2": "refused"}),
        ({"audience_floor": "refuse"}, "audience", {"audience_of_young_list": "refused"}),
        ({"rate_limit_headers": "plain"}, "headers", {"rate_headers": "plain", "access_tier": "standard"}),
        ({"tier": "trial"}, "headers", {"rate_headers": "envoy", "access_tier": "trial"}),
        ({"rate_limit_headers": "none"}, "headers", {"rate_headers": "none"}),
    ],
)  # fmt: skip
def test_each_answer_is_told_from_the_others(
    account: Callable[..., Account], settings: dict[str, Any], step: str, learned: dict[str, Any]
) -> None:
    person = Person()
    account(**settings).probe(person, chosen_steps(("list", step)))
    assert person.findings[step].facts == learned


def test_counters_that_are_never_right_prove_nothing(account: Callable[..., Account]) -> None:
    pinterest = account()
    fault = {"action": {"kind": "lagging_counts", "records": 7}, "endpoint": "*"}
    assert pinterest.client.request("POST", "/_sandbox/faults", fault).status == 201
    person = Person()
    pinterest.probe(person, chosen_steps(("size",)))
    assert person.findings["counters"].facts == {"counters": "inexact"}
    assert person.findings["size"].facts == {}
    assert not person.findings["size"].is_conclusive


def test_a_list_that_is_never_listed_is_said_to_be_unknown(account: Callable[..., Account]) -> None:
    pinterest = account()
    fault = {
        "action": {"kind": "late_visible", "seconds": 999, "listings_only": True},
        "endpoint": "customer_lists/create",
    }
    assert pinterest.client.request("POST", "/_sandbox/faults", fault).status == 201
    person = Person()
    pinterest.probe(person, chosen_steps(("visible",)))
    assert person.findings["visible"].facts == {}
    assert "is not known" in person.findings["visible"].says


def test_a_step_that_is_declined_is_not_done_and_neither_is_what_needs_it(account: Callable[..., Account]) -> None:
    pinterest, person = account(), Person(declines=("audience", "size"))
    report = pinterest.probe(person)
    assert "rule_change" not in report.learned
    assert "request_size" not in report.learned
    assert len(report.customer_list_ids) == 1
    assert person.findings["rule"].says == "Left out: it needs the step audience."


def test_whoever_stops_before_the_first_step_leaves_nothing_behind(account: Callable[..., Account]) -> None:
    pinterest = account()
    report = pinterest.probe(Person(stops_at="list"))
    assert (report.facts, report.requests, report.customer_list_ids) == (None, 0, [])


def test_a_fault_of_pinterests_leaves_its_question_open_and_the_others_answered(
    account: Callable[..., Account],
) -> None:
    pinterest = account()
    fault = {"action": {"kind": "status", "status": 503}, "endpoint": "audiences/create"}
    assert pinterest.client.request("POST", "/_sandbox/faults", fault).status == 201
    person = Person()
    report = pinterest.probe(person)
    assert person.findings["audience"].says.startswith("Not answered: PIN-")
    assert report.status == "succeeded"
    assert report.learned["records_v2"] == "accepted"


def test_whoever_stops_once_there_is_an_audience_is_asked_whether_to_remove_it(account: Callable[..., Account]) -> None:
    pinterest, person = account(), Person(stops_at="visible")
    report = pinterest.probe(person)
    assert person.asked == ["list", "audience", "visible", "end"]
    assert (list(pinterest.sandbox.world.audiences), report.audience_id) == ([], None)


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_a_step_that_is_refused_for_itself_leaves_the_others_answered_and_one_for_all_ends_the_probe(
    account: Callable[..., Account], status: int
) -> None:
    pinterest, person = account(), Person()
    headers = {"retry-after": "3600"} if status == 429 else {}
    fault = {"action": {"kind": "status", "status": status, "headers": headers}, "endpoint": "customer_lists/update"}
    assert pinterest.client.request("POST", "/_sandbox/faults", fault).status == 201
    report = pinterest.probe(person)
    assert person.findings["counters"].says.startswith("Not answered: PIN-")
    assert report.learned["names"] == "kept"
    goes_on = status in {403, 503}
    assert (report.status, "end" in person.asked) == (("succeeded", True) if goes_on else ("failed", False))
    assert (report.audience_id is None) == goes_on


def test_an_ad_account_that_is_refused_from_the_beginning_ends_the_probe(account: Callable[..., Account]) -> None:
    pinterest, person = account(), Person()
    fault = {"action": {"kind": "status", "status": 403}, "endpoint": "*"}
    assert pinterest.client.request("POST", "/_sandbox/faults", fault).status == 201
    report = pinterest.probe(person)
    assert (report.status, person.asked, report.facts) == ("failed", ["list"], None)


def test_a_token_that_is_refused_ends_the_probe_with_its_error(account: Callable[..., Account]) -> None:
    person = Person()
    report = account().probe(person, token="pina_of_nobody")
    assert (report.status, report.facts, person.asked) == ("failed", None, ["list"])
    assert report.error is not None
    assert report.error.startswith(f"{report.error_code}: ")


def test_what_was_learned_before_stays_where_nothing_else_is_learned() -> None:
    before = PinterestFacts(format=1, asked_on="2026-11-01", host="a", names="kept", rule_change="refused")
    after = merged(before, {"rule_change": "accepted"}, day="2026-11-27", host="a")
    assert after is not None
    assert (after.names, after.rule_change, after.asked_on) == ("kept", "accepted", "2026-11-27")
    of_another = merged(before, {"rule_change": "accepted"}, day="2026-11-27", host="b")
    assert of_another is not None
    assert of_another.names is None
    assert merged("no JSON", {}, day="2026-11-27", host="a") is None


def test_what_one_step_learned_earlier_goes_as_a_whole_once_it_is_done_again() -> None:
    before = PinterestFacts(
        format=1, asked_on="2026-11-01", host="a", counters="late", counters_late_by_s=60.0, request_size=500,
        request_size_refused=1_900,
    )  # fmt: skip
    after = merged(before, {"counters": "exact", "request_size": 10_000}, day="2026-11-27", host="a")
    assert after is not None
    assert (after.counters, after.counters_late_by_s) == ("exact", None)
    assert (after.request_size, after.request_size_refused) == (10_000, None)


def test_a_step_brings_what_it_needs_in_order_and_the_end() -> None:
    names = [step.name for step in chosen_steps(("rule", "size"))]
    assert names == ["list", "audience", "counters", "size", "rule", "end"]
    assert chosen_steps() == STEPS
