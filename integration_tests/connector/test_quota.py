from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from integration_tests.airbyte_messages import address, digests, record, state, stream
from integration_tests.connector.conftest import ROWS_OF_A_MINUTE
from integration_tests.connector_process import Connector, Connectors, Outcome
from integration_tests.sandbox_process import RunningSandbox

DAY_S = 86_400


def most_within(seconds: float, moments: Sequence[float]) -> int:
    """How many of the moments, which are in order, lie in the fullest window of so many seconds."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


@dataclass(frozen=True)
class WaitTold:
    """What the platform was told of a wait for quota: at which moment, and how many seconds it would last."""

    at: float
    seconds: float


def waits_told(outcome: Outcome) -> list[WaitTold]:
    return [
        WaitTold(line.at, reason["rate_limited"]["quota_reset"] / 1000 - line.at)
        for line in outcome.lines
        if line.message["type"] == "TRACE"
        for reason in line.message["trace"]["stream_status"].get("reasons", ())
        if (line.message["trace"]["stream_status"]["status"], reason["type"]) == ("RUNNING", "RATE_LIMITED")
    ]


def use_up_trial_quota(sandbox: RunningSandbox, *, resets_in_s: float, but: int = 0) -> None:
    """Another program has spent the day's 300 writes, and the first of them leaves the day's window before long."""
    sandbox.change(tier="trial")
    list_id = sandbox.new_list(name="other")
    first_at = sandbox.now()
    for number in range(299 - but):
        sandbox.add(list_id, address(number))
    sandbox.forget_requests()
    sandbox.advance(DAY_S - resets_in_s - (sandbox.now() - first_at))


def test_more_than_a_minute_of_standard_quota_is_used_without_a_refusal(
    sync_of_more_than_a_minute: Connector, standard_sandbox: RunningSandbox
) -> None:
    outcome = sync_of_more_than_a_minute.finish().succeeded()
    requests = standard_sandbox.seen()
    assert [request["status"] for request in requests if request["status"] != 200] == []
    writes = [request["at"] for request in requests if request["category"] == "ads_write"]
    assert len(writes) == ROWS_OF_A_MINUTE + 1
    assert most_within(60.0, writes) <= 400
    # 7 a second as they are sent; how long each travels differs, so an eighth may arrive a little early.
    assert most_within(0.8, writes) <= 7
    assert most_within(10.0, writes) <= 71
    assert writes[-1] - writes[0] < 80
    assert standard_sandbox.members_of("customers") == digests(*map(address, range(ROWS_OF_A_MINUTE)))
    assert outcome.state_ids == [1]
    if writes[399] - writes[0] > 57:
        pytest.skip("The machine was too busy to send 400 requests in a minute, so there was no wait to be told of.")
    assert any(text.startswith("Pinterest's quota for ads_write is used up; the next") for text in outcome.texts)
    (told,) = waits_told(outcome)
    assert 0 < told.seconds < 15
    assert outcome.stream_statuses[-1] == {"stream_descriptor": {"name": "customers"}, "status": "RUNNING"}
    assert outcome.report["waited_s"] > 2


def arrival_of_last(sandbox: RunningSandbox, endpoint: str) -> float:
    """In seconds of the wall clock, which the sandbox's may be ahead of."""
    return float(sandbox.seen(endpoint)[-1]["at"] - sandbox.control("GET", "/clock")["ahead_s"])


def trial_sync(connector: Connectors, access_tier: str = "trial") -> Connector:
    """A sync that has looked for its audiences and waits for rows, so that what follows takes the time it takes."""
    sync = connector.write(stream("customers"), access_tier=access_tier)
    sync.feed(state(0, "customers")).wait_for_state(0)
    return sync


def test_a_refusal_for_quota_that_returns_soon_is_waited_out_where_everybody_can_see_it(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sync = trial_sync(connector)
    use_up_trial_quota(sandbox, resets_in_s=3)
    outcome = sync.feed(record("customers", email=address(1)), state(1, "customers")).finish().succeeded()
    assert [request["status"] for request in sandbox.seen("customer_lists/create")] == [429, 200]
    assert sandbox.members_of("customers") == digests(address(1))
    (told,) = waits_told(outcome)
    assert 0 < told.seconds < 8
    assert told.at + 1 < arrival_of_last(sandbox, "customer_lists/create")
    assert any("quota" in text and "used up" in text for text in outcome.texts)
    assert outcome.report["waited_s"] > 1
    assert outcome.audience("customers")["retries"] == 1


def test_quota_that_the_last_answer_used_up_is_waited_for_without_a_refusal(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    sync = trial_sync(connector)
    use_up_trial_quota(sandbox, resets_in_s=3, but=1)
    outcome = sync.feed(record("customers", email=address(1)), state(1, "customers")).finish().succeeded()
    assert [request["status"] for request in sandbox.seen() if request["status"] != 200] == []
    (told,) = waits_told(outcome)
    assert 0 < told.seconds < 8
    assert told.at + 1 < arrival_of_last(sandbox, "audiences/create")
    assert sandbox.members_of("customers") == digests(address(1))


@pytest.mark.parametrize("access_tier", ["trial", "auto"])
def test_quota_that_returns_too_late_fails_the_sync_at_once_naming_the_time(
    connector: Connectors, sandbox: RunningSandbox, access_tier: str
) -> None:
    sync = trial_sync(connector, access_tier)
    use_up_trial_quota(sandbox, resets_in_s=DAY_S / 2)
    began_at = time.monotonic()
    outcome = sync.feed(record("customers", email=address(1)), state(1, "customers")).finish()
    assert time.monotonic() - began_at < 10
    assert outcome.error["failure_type"] == "transient_error"
    assert re.search(r"at \d{4}-\d\d-\d\d \d\d:\d\d UTC \(in (11 h 59|12 h 0) min\)", outcome.error["message"])
    assert outcome.state_ids == [0]
    assert [found["name"] for found in sandbox.customer_lists()] == ["other"]
