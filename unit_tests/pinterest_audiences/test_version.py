"""The version of the program."""

from __future__ import annotations

import pytest

from pinterest_audiences.__main__ import main
from pinterest_audiences.doctor.machine import own_version


def test_the_version_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"pinterest-audiences {own_version()}\n"
