from __future__ import annotations

import gzip

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.compression import ContentFile
from pinterest_audiences.sources.random_access import RandomAccess
from unit_tests.support.data_files import BytesFile
from unit_tests.support.raises import raises


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_file_can_be_read_from_anywhere_as_often_as_wanted(is_stream: bool) -> None:
    access = RandomAccess(BytesFile(b"0123456789", is_stream=is_stream))
    for _ in range(2):
        with access.open() as stream:
            stream.seek(-3, 2)
            assert stream.read() == b"789"


def test_a_file_that_is_too_large_for_memory_says_so() -> None:
    with raises(Code.SOURCE_TOO_LARGE, match="is larger than 1 MB"):
        RandomAccess(BytesFile(bytes((1 << 20) + 1), is_stream=True), 1 << 20).open()


def test_a_file_that_can_be_sought_in_may_be_of_any_size() -> None:
    assert RandomAccess(BytesFile(bytes(100)), 10).open().read() == bytes(100)


def test_a_compressed_file_that_was_cut_off_says_so() -> None:
    with raises(Code.SOURCE_CUT_OFF, match=r"people.parquet.gz is damaged or ends in its middle"):
        RandomAccess(ContentFile(BytesFile(gzip.compress(bytes(99))[:-4], "people.parquet.gz"))).open()
