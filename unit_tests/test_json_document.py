from __future__ import annotations

import json
from pathlib import Path

import pytest

from destination_pinterest.json_document import (
    DEEPEST,
    UnreadableDocumentError,
    decode_object,
    is_deeper_than,
    read_bytes,
)

CANARY = "canary.person@example.com"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_read_past(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes('{"name": "Müller"}'.encode(encoding))
    assert decode_object(read_bytes(path, 1_000)) == {"name": "Müller"}


def test_a_document_may_have_as_many_bytes_as_are_permitted_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"{}" + b" " * 98)
    assert len(read_bytes(path, 100)) == 100
    with pytest.raises(UnreadableDocumentError, match="has more than 99 bytes"):
        read_bytes(path, 99)
    with pytest.raises(UnreadableDocumentError, match="has more than 1,000 bytes"):
        read_bytes(Path("/dev/zero"), 1_000)


@pytest.mark.parametrize("levels", [DEEPEST, 900, 100_000])
def test_what_is_nested_deeper_than_anything_needs_is_refused(levels: int) -> None:
    with pytest.raises(UnreadableDocumentError, match="nested more than 100 levels deep"):
        decode_object(b'{"a":' + b"[" * levels + b"]" * levels + b"}")
    allowed = DEEPEST - 1
    assert decode_object(b'{"a":' + b"[" * allowed + b"]" * allowed + b"}")
    assert not is_deeper_than(5, 0)
    assert is_deeper_than([5], 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is not JSON (line 1, column 2)"),
        (f'{{"a":"{CANARY}\n'.encode(), "is not JSON (line 1, column"),
        (f'{{"a":"{CANARY}\xff"}}'.encode("latin-1"), "is not JSON"),
        (f'{{"{CANARY}":{"9" * 5_000}}}'.encode(), "is not JSON"),
        (b'{"a":NaN}', "is not JSON"),
        (b'{"a":-Infinity}', "is not JSON"),
        (f'["{CANARY}"]'.encode(), "is not one JSON object"),
        (b"null", "is not one JSON object"),
        (b"", "is not JSON (line 1, column 1)"),
        (b'{"x":{"a":1,"b":2,"a":3}}', 'has the key "a" twice in one object'),
    ],
)
def test_why_a_document_cannot_be_read_is_said_without_its_content(content: bytes, said: str) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        decode_object(content)
    assert str(caught.value).startswith(said)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_integers_of_any_size_and_texts_come_as_they_are() -> None:
    content = {"big": 10**4000, "text": "\u2028\U0001f600", "nothing": None}
    assert decode_object(json.dumps(content).encode()) == content
