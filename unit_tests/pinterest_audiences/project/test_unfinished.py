from __future__ import annotations

from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.project.unfinished import begin, end, unfinished
from unit_tests.support.raises import raises


def test_what_was_begun_and_did_not_end_is_known_to_the_next_run(tmp_path: Path) -> None:
    assert unfinished(tmp_path) == set()
    begin(tmp_path, ["vip", "leads"])
    end(tmp_path, ["leads"])
    assert unfinished(tmp_path) == {"vip"}
    begin(tmp_path, ["leads"])
    end(tmp_path, ["leads", "vip"])
    assert unfinished(tmp_path) == set()


@pytest.mark.parametrize("content", ["", "[]", '{"format": 2, "audiences": []}', '{"format": 1}'])
def test_a_file_that_can_not_be_read_is_no_proof_that_all_ended(tmp_path: Path, content: str) -> None:
    (tmp_path / "unfinished.json").write_text(content)
    with raises(Code.PROJECT_INVALID, match="Remove it, and run all audiences once"):
        unfinished(tmp_path)
