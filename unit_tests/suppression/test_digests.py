from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.suppression import digests as module
from destination_pinterest.suppression.digests import DIGEST_BYTES, DigestFile, joined, write_with, write_without


def digest(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=DIGEST_BYTES).digest()


# Zeros at the end are what NumPy leaves out of such values.
AWKWARD = [bytes(16), b"\0" * 15 + b"\1", b"\1" + bytes(15), b"\xff" * 16, b"\xff" * 15 + b"\0"]
SOME = st.sets(st.one_of(st.sampled_from(AWKWARD), st.integers(0, 50).map(digest)), max_size=30)


@given(before=SOME, added=SOME, lifted=SOME)
def test_a_file_is_as_a_set_would_be(
    before: set[bytes], added: set[bytes], lifted: set[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("digests")
    (folder / "before").write_bytes(joined(before).tobytes())
    assert write_with(folder / "before", joined(added), folder / "with") == len(before | added)
    count = write_without(folder / "with", joined(lifted), folder / "left")
    assert count == len((before | added) - lifted)
    content = (folder / "left").read_bytes()
    left = [content[at : at + DIGEST_BYTES] for at in range(0, len(content), DIGEST_BYTES)]
    assert left == sorted((before | added) - lifted)
    found = DigestFile(folder / "left", count)
    asked = [*AWKWARD, *map(digest, range(60))]
    assert [found.has(one) for one in asked] == [one in (before | added) - lifted for one in asked]


def test_a_file_of_several_chunks_is_merged_and_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    (tmp_path / "before").write_bytes(joined(map(digest, range(0, 100, 2))).tobytes())
    assert write_with(tmp_path / "before", joined(map(digest, range(0, 100, 3))), tmp_path / "after") == 67
    content = np.fromfile(tmp_path / "after", dtype="S16")
    assert len(np.unique(content)) == 67
    found = DigestFile(tmp_path / "after", 67)
    assert sum(found.has(digest(number)) for number in range(100)) == 67
