from __future__ import annotations

from pathlib import Path

import pytest

from pinterest_audiences.__main__ import main


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_password_that_is_written_into_a_source_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    file = tmp_path / "audiences.yml"
    file.write_text(
        "audiences: {vip: {source: 'postgresql://reader:hid@den/1@db.example.com/shop', table: customers}}\n"
    )
    assert main(["validate", "--file", str(file), *more]) == 0
    said = capsys.readouterr()
    assert "den/1" not in said.out + said.err
    if more:
        assert "postgresql://reader:***@db.example.com/shop" in said.out
