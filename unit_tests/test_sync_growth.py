"""Whatever Pinterest does with large requests, everybody is in the audience, and nobody is left in who left."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.system import System
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import Asked, FakePinterest
from unit_tests.support.outbox import Outbox
from unit_tests.support.rig import Rig, new_sync

MakeRig = Callable[..., Rig]
ADDRESSES = "^/ad_accounts/[0-9]+/customer_lists"


def line(number: int, operation: str = "add") -> bytes:
    data = {"email": f"{number}@example.com", "op": operation}
    return json.dumps({"type": "RECORD", "record": {"stream": "users", "data": data}}).encode() + b"\n"


def digest(number: int) -> str:
    return sha256(f"{number}@example.com".encode()).hexdigest()


def sizes(pinterest: FakePinterest) -> list[int]:
    return [len(asked.body["records"].split(",")) for asked in pinterest.asked if "records" in (asked.body or {})]


@pytest.fixture
def run(make_rig: MakeRig, pinterest: FakePinterest) -> Callable[..., Rig]:
    def run(lines: bytes, remembering: int | None = None, **settings: Any) -> Rig:
        column = {"column": "op", "remove_values": ["leave"]}
        rig = make_rig({"users": ["email", "op"]}, **{"request_growth": "auto", "operation_column": column, **settings})
        if remembering is not None:
            remember(rig, pinterest, remembering)
        list(rig.run(lines))
        return rig

    return run


def test_requests_grow_by_what_the_counters_show(run: Callable[..., Rig], pinterest: FakePinterest) -> None:
    rig = run(b"".join(map(line, range(500))), batch_size=10)
    assert sizes(pinterest) == [10, 10, 20, 20, 40, 40, 80, 80, 160, 40]
    assert pinterest.members_of("users") == set(map(digest, range(500)))
    assert rig.lanes["users"].tally.synced == 500


def test_requests_stay_as_they_are_by_default(run: Callable[..., Rig], pinterest: FakePinterest) -> None:
    run(b"".join(map(line, range(500))), batch_size=10, request_growth="off")
    assert sizes(pinterest) == [10] * 50


def test_a_size_that_is_cut_without_a_word_is_sent_again_whole(
    run: Callable[..., Rig], pinterest: FakePinterest
) -> None:
    pinterest.takes_at_most = 33
    rig = run(b"".join(map(line, range(500))), batch_size=10)
    assert sizes(pinterest)[:8] == [10, 10, 20, 20, 40, 20, 20, 33]
    assert max(sizes(pinterest)) == 40
    assert pinterest.members_of("users") == set(map(digest, range(500)))
    growth = rig.lanes["users"].growth
    assert growth is not None
    assert (growth.largest, growth.stopped_by) == (33, "cut")
    assert rig.lanes["users"].tally.again_added == 33


@pytest.mark.parametrize(("above", "says"), [("413", ""), ("400", "Too many records."), ("400", "Try something else.")])
def test_a_size_that_is_refused_is_stepped_back_from_whatever_the_refusal_says(
    run: Callable[..., Rig], pinterest: FakePinterest, above: str, says: str
) -> None:
    pinterest.takes_at_most, pinterest.above, pinterest.above_says = 33, above, says
    rig = run(b"".join(map(line, range(500))), batch_size=10)
    assert sizes(pinterest)[:8] == [10, 10, 20, 20, 40, 20, 20, 29]
    assert pinterest.members_of("users") == set(map(digest, range(500)))
    assert rig.lanes["users"].growth is not None


def test_counters_that_are_late_never_grow(run: Callable[..., Rig], pinterest: FakePinterest) -> None:
    pinterest.counts_late = True
    run(b"".join(map(line, range(500))), batch_size=10)
    assert sizes(pinterest) == [10] * 50


def test_another_writer_hides_what_was_taken_so_everything_goes_again_in_sizes_that_fit(
    run: Callable[..., Rig], pinterest: FakePinterest
) -> None:
    def write_too(asked: Asked) -> None:
        if asked.method == "PATCH":
            list_id = asked.path.rpartition("/")[2]
            # So many that a request which was cut looks as if it had been taken whole.
            pinterest.lists[list_id]["num_uploaded_user_records"] += 10
            pinterest.lists[list_id]["num_batches"] += 1

    pinterest.takes_at_most, pinterest.before = 10, write_too
    run(b"".join(map(line, range(100))), batch_size=10)
    assert max(sizes(pinterest)) == 10
    assert pinterest.members_of("users") == set(map(digest, range(100)))


def test_a_request_without_an_answer_proves_nothing(run: Callable[..., Rig], pinterest: FakePinterest) -> None:
    # Each time, half of it is taken twice, so that the counter shows the whole.
    pinterest.takes_at_most = 20
    for _ in range(3):
        pinterest.lose("PATCH", ADDRESSES, acted=True)
    run(b"".join(map(line, range(300))), batch_size=20)
    assert pinterest.members_of("users") == set(map(digest, range(300)))


@pytest.fixture
def sync(
    raw_config: dict[str, Any], pinterest: FakePinterest, messages: MessageWriter, outbox: Outbox
) -> Callable[..., dict[str, Any]]:
    """Runs a whole sync; returns its report."""

    def sync(numbers: range, **settings: Any) -> dict[str, Any]:
        columns = {"properties": {"email": {}, "op": {}}}
        catalog = parse_catalog(
            json.dumps({"streams": [{"stream": {"name": "users", "json_schema": columns}}]}).encode()
        )
        raw = {**raw_config, "request_growth": "auto", "batch_size": 10, **settings}
        pinterest.asked.clear()
        list(new_sync(raw, catalog, MessageLines(list(map(line, numbers))), messages, pinterest, system=System()).run())
        line_of = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)][-1]
        return dict(json.loads(line_of.removeprefix(REPORT_PREFIX))["audiences"][0])

    return sync


def remember(rig: Rig, pinterest: FakePinterest, size: int) -> None:
    """The audience as a sync looks it up whose mark says what an earlier one has proven."""
    lane = rig.lanes["users"]
    list_id = pinterest.add_list("users", "earlier")
    lane.target = replace(lane.target, list_id=list_id, description=f"VIPs [dp1:q{size}]")


def test_what_an_earlier_sync_has_proven_is_tried_at_once(run: Callable[..., Rig], pinterest: FakePinterest) -> None:
    run(b"".join(map(line, range(500))), remembering=160, batch_size=10)
    assert sizes(pinterest) == [10, 10, 160, 160, 160]
    assert pinterest.members_of("users") == {"earlier", *map(digest, range(500))}


def test_a_limit_that_became_lower_since_takes_nobody(run: Callable[..., Rig], pinterest: FakePinterest) -> None:
    pinterest.takes_at_most = 25
    rig = run(b"".join(map(line, range(500))), remembering=160, batch_size=10)
    assert sizes(pinterest)[:4] == [10, 10, 160, 10]
    assert pinterest.members_of("users") == {"earlier", *map(digest, range(500))}
    growth = rig.lanes["users"].growth
    assert growth is not None
    assert (growth.largest, growth.remembered(160), growth.stopped_by) == (25, 25, "cut")


def test_what_was_proven_is_remembered_without_a_further_request_and_left_alone_by_others(
    sync: Callable[..., dict[str, Any]], pinterest: FakePinterest
) -> None:
    report = sync(range(2_000))
    size = report["request_growth"]["size"]
    assert size > 10
    assert (report["retries"], report["reconciliation"]["difference"], report["notes"]) == (0, None, [])
    (audience,) = pinterest.audiences.values()
    assert f";q{size}]" in audience["description"]
    assert pinterest.asked_for("PATCH", "/audiences/") == []  # It was said when the audience was made.
    report = sync(range(500, 600), request_growth="off")
    assert (report["request_growth"], sizes(pinterest)) == (None, [10] * 10)
    (audience,) = pinterest.audiences.values()
    assert f";q{size}]" in audience["description"]


def test_a_mirror_sends_only_the_difference_in_requests_that_grow(
    sync: Callable[..., dict[str, Any]], pinterest: FakePinterest, tmp_path: Path
) -> None:
    store = {"store_type": "local", "path": str(tmp_path), "store_key": "a key that only tests know"}
    pinterest.takes_at_most = 70
    report = sync(range(500), membership_store=store)
    assert pinterest.members_of("users") == set(map(digest, range(500)))
    assert 10 < report["request_growth"]["size"] <= 70
    assert report["members"]["after"] == 500
    report = sync(range(400, 600), membership_store=store)
    assert pinterest.members_of("users") == set(map(digest, range(600)))
    assert (report["identifiers_added"], report["notes"]) == (100, [])


@pytest.mark.parametrize(
    ("method", "acted", "takes_at_most"), [("PATCH", False, None), ("PATCH", True, None), ("POST", True, 5)]
)
def test_a_trial_that_had_no_answer_is_no_reason_to_sync_again(
    sync: Callable[..., dict[str, Any]],
    pinterest: FakePinterest,
    method: str,
    acted: bool,
    takes_at_most: int | None,
) -> None:
    pinterest.takes_at_most = takes_at_most
    pinterest.lose(method, ADDRESSES, acted=acted)
    report = sync(range(100))
    assert pinterest.members_of("users") == set(map(digest, range(100)))
    assert report["reconciliation"]["difference"] is None


@pytest.mark.parametrize("seed", range(24))
def test_whatever_pinterest_does_with_large_requests_the_membership_is_exact(
    run: Callable[..., Rig], pinterest: FakePinterest, clock: Clock, seed: int
) -> None:
    chance = random.Random(f"growth {seed}")
    pinterest.above = chance.choice(("cut", "cut", "413", "400"))
    pinterest.takes_at_most = chance.choice((None, 1, 2, 3, chance.randint(4, 40), chance.randint(40, 400)))
    pinterest.counts_late = pinterest.above != "cut" and chance.random() < 0.3
    for _ in range(chance.choice((0, 0, 1, 3))):
        pinterest.lose(chance.choice(("PATCH", "PATCH", "POST")), ADDRESSES, acted=chance.random() < 0.7)
    slow_above, slow_s = chance.randint(1, 100), chance.choice((0.0, 0.0, 0.05))

    def be_slow(asked: Asked) -> None:
        if "records" in (asked.body or {}):
            clock.pass_by(max(0, len(asked.body["records"].split(",")) - slow_above) * slow_s)

    pinterest.before = be_slow
    expected: set[str] = set()
    lines = []
    for _ in range(chance.choice((5, 60, 700))):
        number, leaves = chance.randrange(400), chance.random() < 0.3
        lines.append(line(number, "leave" if leaves else "add"))
        (expected.discard if leaves else expected.add)(digest(number))
    rig = run(b"".join(lines), batch_size=chance.choice((1, 2, 7, 50, 1_900)), flush_seconds=600)
    assert pinterest.members_of("users") == expected
    assert rig.lanes["users"].tally.synced + rig.lanes["users"].tally.not_synced.total() == len(lines)
