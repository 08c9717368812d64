from __future__ import annotations

import io

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.places.standard_input import StandardInput
from unit_tests.support.raises import raises


def test_standard_input_is_read_from_the_beginning_as_often_as_wanted() -> None:
    stdin = StandardInput(io.BytesIO(bytes(range(256)) * 4_000), "csv")
    first = stdin.open()
    assert first.read(10) == bytes(range(10))
    assert stdin.open().read() == bytes(range(256)) * 4_000
    assert stdin.open().read() == bytes(range(256)) * 4_000
    assert (stdin.name, stdin.label, stdin.size_bytes) == ("stdin.csv", "standard input", None)


def test_after_a_look_at_its_beginning_any_amount_is_read_once() -> None:
    content = bytes(3_000_000)
    stdin = StandardInput(io.BytesIO(content), "csv", kept_bytes=1_000_000)
    assert stdin.open().read(100) == bytes(100)
    assert stdin.open().read() == content


def test_more_than_is_kept_cannot_be_read_twice() -> None:
    stdin = StandardInput(io.BytesIO(bytes(3_000_000)), "jsonl", kept_bytes=1 << 20)
    stdin.open().read()
    with raises(Code.SOURCE_TOO_LARGE, match="longer than 1 MB, and this format has to be read twice"):
        stdin.open()


def test_what_is_no_longer_kept_is_not_given_wrongly() -> None:
    stdin = StandardInput(io.BytesIO(bytes(3_000_000)), "csv", kept_bytes=1 << 20)
    earlier = stdin.open()
    stdin.open().read()
    try:
        earlier.read()
    except OSError as error:
        assert "has been read already" in str(error)  # noqa: PT017 - OSError without errno
    else:
        raise AssertionError
