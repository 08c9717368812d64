"""Whatever Pinterest does with large requests, everybody is in the audience, and nobody is left in who left."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import Asked, FakePinterest
from unit_tests.support.rig import Rig

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
def run(make_rig: MakeRig) -> Callable[..., Rig]:
    def run(lines: bytes, **settings: Any) -> Rig:
        column = {"column": "op", "remove_values": ["leave"]}
        rig = make_rig({"users": ["email", "op"]}, **{"request_growth": "auto", "operation_column": column, **settings})
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
