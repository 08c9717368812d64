from __future__ import annotations

from random import Random

from destination_pinterest.delivery.possibly_added import PossiblyAdded
from destination_pinterest.delivery.precedence import Precedence, row_hash
from destination_pinterest.vocabulary import Operation

ADA, BOB = row_hash("users", (1,)), row_hash("users", (2,))
NOBODY = row_hash("users", None)


def test_what_a_row_has_claimed_is_not_left_to_others() -> None:
    precedence = Precedence(Operation.ADD)
    precedence.claim(["a", "b"], ADA)
    assert precedence.left_to(["a", "c"], BOB) == ["c"]
    assert precedence.left_to(["b"], NOBODY) == []


def test_a_row_takes_its_own_claim_back_and_nobody_elses() -> None:
    precedence = Precedence(Operation.ADD)
    precedence.claim(["a", "b"], ADA)
    precedence.claim(["b"], BOB)
    assert precedence.left_to(["a", "b"], ADA) == ["a"]
    assert precedence.left_to(["a"], BOB) == ["a"]
    precedence.claim(["a"], BOB)
    assert precedence.left_to(["a"], ADA) == []


def test_rows_without_a_key_are_never_known_to_be_the_same() -> None:
    precedence = Precedence(Operation.ADD)
    precedence.claim(["a"], NOBODY)
    assert precedence.left_to(["a"], NOBODY) == []


def test_a_row_that_is_gone_claims_nothing_any_more_and_leaves_the_claims_of_others() -> None:
    precedence = Precedence(Operation.ADD)
    precedence.claim(["a"], ADA)
    precedence.claim(["b"], BOB)
    precedence.claim(["c"], NOBODY)
    for row in (ADA, NOBODY):
        precedence.take_back(["a", "b", "c"], row)
    precedence.claim(["a"], BOB)
    assert precedence.left_to(["a", "b", "c"], BOB) == ["a", "b"]


def test_keys_are_told_apart_by_stream_and_value() -> None:
    keys = [("users", (1,)), ("users", ("1",)), ("leads", (1,)), ("users", (1, 2)), ("users", ({"a": [1]},))]
    assert len({row_hash(stream, key) for stream, key in keys} | {NOBODY}) == len(keys) + 1


def test_many_claims_are_remembered_as_few_are() -> None:
    precedence, chance = Precedence(Operation.ADD), Random(1)
    rows = {f"{number}": row_hash("users", (chance.randrange(99),)) for number in range(5_000)}
    for identifier, row in rows.items():
        precedence.claim([identifier], row)
    assert all(precedence.left_to([identifier], ADA) == [] for identifier in rows if rows[identifier] != ADA)
    assert all(precedence.left_to([identifier], row) == [identifier] for identifier, row in rows.items())
    assert precedence.left_to(["5000"], NOBODY) == ["5000"]


def test_whoever_was_added_is_among_those_who_may_have_been_and_few_others_are() -> None:
    added = PossiblyAdded()
    added.add(f"{number}" for number in range(2_000))
    assert added.among([f"{number}" for number in range(2_000)]) == [f"{number}" for number in range(2_000)]
    assert len(added.among([f"{number}" for number in range(2_000, 4_000)])) < 10
