from __future__ import annotations

import json
from typing import Any

import pytest

from destination_pinterest.delivery.early_audiences import LOOK_EVERY_S
from unit_tests.support.fake_pinterest import FakePinterest


def row(name: str) -> bytes:
    content = {"stream": "users", "data": {"email": f"{name}@example.com"}}
    return json.dumps({"type": "RECORD", "record": content}).encode() + b"\n"


def steps(pauses: int) -> list[bytes | float]:
    """Rows that keep coming."""
    return [step for number in range(pauses) for step in (row(f"p{number}"), LOOK_EVERY_S)]


def creations(pinterest: FakePinterest) -> int:
    return len(pinterest.asked_for("POST", "audiences$"))


def test_an_audience_is_made_while_rows_still_come(make_rig: Any, pinterest: FakePinterest) -> None:
    rig = make_rig()
    made: list[bool] = []
    list(rig.run(*steps(14), lambda: made.append(bool(pinterest.audiences)), row("z")))
    assert made == [True]
    assert rig.lanes["users"].target.audience_id in pinterest.audiences


def test_a_short_sync_asks_for_nothing_more(make_rig: Any, pinterest: FakePinterest) -> None:
    rig = make_rig()
    list(rig.run(*steps(8)))
    assert creations(pinterest) == 0


def test_after_a_refusal_it_is_tried_again_after_growing_pauses_and_without_a_note(
    make_rig: Any, pinterest: FakePinterest
) -> None:
    pinterest.refuse("POST", "audiences", 400, "Audience size too small", times=99)
    rig = make_rig()
    list(rig.run(*steps(140)))  # 70 minutes
    assert creations(pinterest) == 3
    assert rig.lanes["users"].notes == []


@pytest.mark.parametrize(("status", "code"), [(401, 3), (403, 29)])
def test_what_else_goes_wrong_is_left_to_the_end(
    make_rig: Any, pinterest: FakePinterest, status: int, code: int
) -> None:
    pinterest.refuse("POST", "audiences", status, "no", code=code)
    rig = make_rig()
    list(rig.run(*steps(20)))
    assert rig.lanes["users"].failure is None
    assert len(pinterest.members_of("users")) == 20
