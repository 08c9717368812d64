from __future__ import annotations

import io
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.forget_choice import chosen_includes, is_terminal
from unit_tests.support.raises import raises


def one(kind: str, name: str = "L", *audiences: str) -> dict[str, Any]:
    made = [{"audience_id": f"7{number}", "name": audience} for number, audience in enumerate(audiences)]
    return {"customer_list_id": "11", "name": name, "kind": kind, "left_over_of": None, "audiences": made}


def found(*lists: dict[str, Any]) -> dict[str, Any]:
    return {"customer_lists": list(lists)}


def test_lists_of_ours_need_no_question() -> None:
    lists = found(one("ours"), one("left_over"), one("note"))
    assert chosen_includes(lists, [], [], may_ask=False) == []


@pytest.mark.parametrize(("kind", "choice"), [("exclusion", "exclusion_audiences"), ("other", "other_lists")])
@pytest.mark.parametrize(("answer", "is_touched"), [("yes", True), ("Y", True), ("no", False)])
def test_the_doubtful_is_asked_for(
    kind: str, choice: str, answer: str, is_touched: bool, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{answer}\n"))
    assert chosen_includes(found(one(kind, "Staff")), [], [], may_ask=True) == ([choice] if is_touched else [])
    assert "1 customer lists are" in capsys.readouterr().err


def test_each_kind_is_asked_for_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("no\nyes\n"))
    assert chosen_includes(found(one("other"), one("exclusion")), [], [], may_ask=True) == ["other_lists"]


@pytest.mark.parametrize("answer", ["", "perhaps"])
def test_another_answer_ends_it(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    with raises(Code.FORGET_NOT_CONFIRMED, "neither yes nor no"):
        chosen_includes(found(one("other")), [], [], may_ask=True)


def test_where_nobody_can_be_asked_it_says_what_to_add() -> None:
    with raises(Code.FORGET_NOT_CONFIRMED, "--only-ours"):
        chosen_includes(found(one("other")), [], [], may_ask=False)


def test_what_was_included_or_excepted_is_not_asked_for() -> None:
    lists = found(one("other", "Staff"), one("exclusion", "X", "Employees"))
    assert chosen_includes(lists, ["other_lists"], ["Employees"], may_ask=False) == ["other_lists"]


def test_a_test_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert not is_terminal()
    monkeypatch.setattr("sys.stdin", None)
    assert not is_terminal()
