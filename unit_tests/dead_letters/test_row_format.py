from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.dead_letters.row_format import DeadLetterFormat
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.input import MessageDecoder
from destination_pinterest.vocabulary import Identifier

INVALID = Rejection("email", Identifier.EMAIL, RejectionReason.INVALID_EMAIL)
NO_IDENTITY = Rejection(None, None, RejectionReason.NO_IDENTITY)
PLAIN = "Somebody at example.com"


@cache
def decoder_of(*columns: str) -> MessageDecoder:
    return MessageDecoder(columns)


def sha256(text: str) -> dict[str, str]:
    return {"sha256": hashlib.sha256(text.encode()).hexdigest()}


def written(
    data: dict[str, Any], *key: str, rejection: Rejection = INVALID, identities: tuple[str, ...] = ("email",),
    include_values: bool = False, namespace: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    decoder = decoder_of(*identities, *key)
    record = {"type": "RECORD", "record": {"stream": "users", "data": data}}
    (message,) = decoder.decode(json.dumps(record).encode() + b"\n")
    row_format = DeadLetterFormat(
        StreamKey(namespace, "users"), key, identities, decoder, include_values=include_values
    )
    line = row_format.line(message.record.data, rejection)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    content: dict[str, Any] = json.loads(line)
    return content


def test_a_row_is_told_by_reason_column_sentence_stream_and_key() -> None:
    assert written({"email": PLAIN, "id": 7, "shop": "north"}, "id", "shop", namespace="crm") == {
        "rejected_reason": "invalid_email",
        "rejected_field": "email",
        "rejected_message": RejectionReason.INVALID_EMAIL.sentence,
        "stream_name": "users",
        "stream_namespace": "crm",
        "primary_key": {"id": 7, "shop": "north"},
    }


def test_a_stream_without_a_key_has_none_written() -> None:
    assert written({"email": PLAIN})["primary_key"] is None


def test_a_key_column_that_is_absent_is_null() -> None:
    assert written({"email": PLAIN}, "id")["primary_key"] == {"id": None}


def test_a_key_that_identifies_people_is_written_as_its_hash() -> None:
    assert written({"email": PLAIN, "id": 7}, "email", "id")["primary_key"] == {"email": sha256(PLAIN), "id": 7}


def test_a_key_that_looks_like_an_identity_though_none_is_declared_is_written_as_its_hash() -> None:
    key = written({"work_email": PLAIN, "idfa": "9", "email": None}, "idfa", identities=("work_email",))["primary_key"]
    assert key == {"idfa": sha256("9")}


@pytest.mark.parametrize("value", ["mailto:somebody@example.com", ["somebody@example.com"], {"a": {"b": "x@y"}}])
def test_a_key_whose_value_holds_an_at_sign_is_written_as_its_hash(value: object) -> None:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    assert written({"id": value}, "id", rejection=NO_IDENTITY)["primary_key"] == {"id": sha256(text)}


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "", "ключ", [1, "a"], {"a": None}, 10**30, "\x00\n\u2028"])
def test_any_other_key_is_written_as_it_is(value: object) -> None:
    assert written({"id": value}, "id")["primary_key"] == {"id": value}


def test_values_are_written_only_if_they_are_wanted() -> None:
    data = {"email": PLAIN, "id": 7}
    assert "rejected_value" not in written(data, "id")
    wanted = written(data, "email", include_values=True)
    assert wanted["rejected_value"] == PLAIN
    assert wanted["primary_key"] == {"email": PLAIN}


def test_a_row_in_which_no_one_column_is_at_fault_has_no_value_to_write() -> None:
    content = written({"email": None, "id": 7}, "id", rejection=NO_IDENTITY, include_values=True)
    assert "rejected_value" not in content
    assert content["rejected_field"] is None


@given(st.emails() | st.text(), st.booleans())
def test_no_identity_value_is_ever_written_unless_it_is_wanted(value: str, is_key: bool) -> None:
    value = f"canary{value}"
    key = ("email", "id") if is_key else ("id",)
    content = written({"email": value, "id": 1}, *key)
    assert "canary" not in json.dumps(content)
