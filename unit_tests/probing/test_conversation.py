from __future__ import annotations

import json

import pytest

from destination_pinterest.markers import PROBE_PREFIX
from destination_pinterest.probing.conversation import LineConversation
from destination_pinterest.probing.questions import Finding
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.wording.probe_text import BY_NAME


@pytest.mark.parametrize(("lines", "permits"), [([b"yes"], True), ([b" no "], False), ([b"stop"], None), ([], None)])
def test_a_step_is_done_after_a_yes_and_after_nothing_else(lines: list[bytes], permits: bool | None) -> None:
    assert LineConversation(lambda *_: None, MessageLines(lines)).asks(BY_NAME["list"]) is permits


def test_answers_that_come_together_are_taken_one_by_one() -> None:
    conversation = LineConversation(lambda *_: None, MessageLines([b"yes\nno\nyes"]))
    assert [conversation.asks(BY_NAME[name]) for name in ("list", "visible", "counters", "size")] == [
        True, False, True, None,
    ]  # fmt: skip


def test_what_a_step_does_is_said_before_it_and_what_it_showed_after_it() -> None:
    said: list[str] = []
    conversation = LineConversation(lambda _, text: said.append(text), MessageLines([b"yes"]))
    conversation.asks(BY_NAME["list"])
    conversation.tells(BY_NAME["list"], Finding("Made.", {"names": "kept"}, is_conclusive=False))
    before, after = (json.loads(text.removeprefix(PROBE_PREFIX)) for text in said)
    assert (before["event"], before["step"], before["writes"]) == ("step", "list", 1)
    assert "stays for ever" in before["does"]
    assert after == {
        "event": "learned", "step": "list", "says": "Made.", "facts": {"names": "kept"}, "is_conclusive": False,
    }  # fmt: skip
