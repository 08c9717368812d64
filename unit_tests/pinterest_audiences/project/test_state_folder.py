from __future__ import annotations

from pathlib import Path

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import exit_code_of
from pinterest_audiences.project.state_folder import held
from unit_tests.support.raises import raises


def test_a_second_run_of_the_same_project_is_told_to_wait(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with held(folder):
        assert (folder / ".gitignore").read_text() == "*\n"
        with raises(Code.PROJECT_BUSY) as caught, held(folder):
            pass
        assert exit_code_of(caught.value) == 75
    with held(folder):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with raises(Code.PROJECT_INVALID, match="can't be written"), held(tmp_path / "file" / "state"):
        pass
