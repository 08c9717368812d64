from __future__ import annotations

import json
from itertools import combinations
from typing import Any

from integration_tests.airbyte_messages import address, digests, record, sha256, state, stream
from integration_tests.connector_process import Connectors
from integration_tests.sandbox_process import RunningSandbox

LATENCY_S = 0.3


def people(request: dict[str, Any]) -> set[str]:
    return set(json.loads(request["body"])["records"].split(","))


def overlaps(requests: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Pairs of which the second arrived before the first took effect, which is LATENCY_S after it arrived."""
    return [(one, two) for one, two in combinations(requests, 2) if two["at"] - one["at"] < LATENCY_S * 0.99]


def test_a_slow_list_does_not_hold_up_another(connector: Connectors, sandbox: RunningSandbox) -> None:
    slow, fast = (sandbox.new_list(name=name) for name in ("slow", "fast"))
    sandbox.fault({"kind": "latency", "seconds": 3}, endpoint="customer_lists/update", object_id=slow)
    sync = connector.write(stream("slow"), stream("fast"), batch_size=10)
    for number in range(100):
        sync.feed(record("slow", email=f"slow.{number}@example.com"), record("fast", email=address(number)))
    outcome = sync.feed(state(1, "fast")).finish().succeeded()
    everybody = digests(*map(address, range(100)))
    assert sandbox.members(fast) == {"a@example.com", *everybody}
    sent = sandbox.seen("customer_lists/update")
    to_fast = [request["at"] for request in sent if people(request) <= everybody]
    to_slow = [request["at"] for request in sent if people(request).isdisjoint(everybody)]
    assert (len(to_fast), len(to_slow)) == (10, 10)
    # The fast list has got everything before the slow one answers for the first time.
    assert max(to_fast) < min(to_slow) + 3
    assert outcome.audience("fast")["requests"] == 10
    assert outcome.state_ids == [1]


def test_requests_that_contradict_each_other_never_overlap_and_others_do(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    list_id = sandbox.new_list(sha256(address(0)), "customers")
    sandbox.fault({"kind": "latency", "seconds": LATENCY_S}, endpoint="customer_lists/update")
    sync = connector.write(stream("customers", "email", "_ab_cdc_deleted_at"), batch_size=20)
    expected: set[str] = set()
    for turn in range(6):
        for number in range(60):
            gone = (turn + number // 30) % 2 == 0
            (expected.discard if gone else expected.add)(sha256(address(number)))
            deleted_at = "2026-11-22" if gone else None
            sync.feed(record("customers", email=address(number), _ab_cdc_deleted_at=deleted_at))
    outcome = sync.feed(state(1, "customers")).finish().succeeded()
    sent = sandbox.seen("customer_lists/update")
    pairs = overlaps(sent)
    assert len(pairs) >= 3
    assert [
        (one["rid"], two["rid"])
        for one, two in pairs
        if one["operation"] != two["operation"] and not people(one).isdisjoint(people(two))
    ] == []
    contradicting = [
        (one, two)
        for one, two in combinations(sent, 2)
        if one["operation"] != two["operation"] and not people(one).isdisjoint(people(two))
    ]
    assert len(contradicting) >= 5
    assert sandbox.members(list_id) == expected
    assert outcome.state_ids == [1]
