"""The version of the program."""

from __future__ import annotations

import pytest

from destination_pinterest.program_version import program_version
from pinterest_audiences.__main__ import main


def test_the_version_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"pinterest-audiences {program_version()}\n"
