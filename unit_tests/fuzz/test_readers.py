"""No document of others makes a reader fail with anything but the connector's own errors, or quote what it holds.

Always the same few documents are tried; `make fuzz SECONDS=600` tries new ones for as long as one likes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, seed, settings

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ProtocolError
from unit_tests.fuzz.readers import READERS, Reader, suppress_and_check
from unit_tests.fuzz.strategies import documents
from unit_tests.support.examples import examples

_SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
_SEED = int(os.environ.get("FUZZ_SEED", "0"))
_A_BATCH = 200


def _property(reader: Reader, tried: int, *, is_fixed: bool) -> Callable[[], None]:
    @settings(
        max_examples=tried,
        derandomize=is_fixed,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(reader.strategy)
    def holds(content: bytes) -> None:
        with suppress_and_check():
            reader.read(content)

    return holds


@pytest.mark.parametrize("name", READERS)
def test_a_reader_reads_what_is_right(name: str) -> None:
    for sample in READERS[name].samples:
        with suppress_and_check():
            READERS[name].read(sample)


@pytest.mark.parametrize("name", READERS)
def test_a_reader_fails_only_with_errors_of_its_own_and_quotes_nothing(name: str) -> None:
    reader = READERS[name]
    if not _SECONDS:
        _property(reader, examples(reader.examples), is_fixed=True)()
        return
    ends_at, number = time.monotonic() + _SECONDS / len(READERS), _SEED or time.time_ns() % 1_000_000
    while time.monotonic() < ends_at:
        sys.stdout.write(f"Again: FUZZ_SECONDS=1 FUZZ_SEED={number} python -m pytest unit_tests/fuzz -k '{name}'\n")
        seed(number)(_property(reader, _A_BATCH, is_fixed=False))()
        number += 1


def _crashes(content: bytes) -> None:
    if b"null" in content:
        raise KeyError(content)


def _quotes(content: bytes) -> None:
    if b"null" in content:
        raise ProtocolError(Code.LINE_NOT_A_MESSAGE, f"It is {content!r}.")


@pytest.mark.parametrize(("read", "fault"), [(_crashes, KeyError), (_quotes, AssertionError)])
def test_a_reader_with_a_fault_is_found(read: Callable[[bytes], None], fault: type[Exception]) -> None:
    reader = Reader(read, documents([READERS["lines"].samples[0]]), ())
    with pytest.raises(fault):
        _property(reader, 60, is_fixed=True)()
