from __future__ import annotations

import argparse
import signal
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import QUOTA_PATH_VARIABLE
from pinterest_audiences.__main__ import main
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.project import every_command
from pinterest_audiences.project.every_command import shorten, waited
from unit_tests.support.raises import raises


def test_the_wait_ends_at_its_moment_or_with_a_signal() -> None:
    now, interruption = [0.0], Interruption()

    def sleep(seconds: float) -> None:
        now[0] += seconds
        if now[0] > 100.0:
            interruption.request(signal.SIGTERM)

    assert waited(interruption, 60.0, lambda: now[0], sleep)
    assert now[0] == pytest.approx(60.0)
    assert not waited(interruption, 500.0, lambda: now[0], sleep)
    assert now[0] < 101.0


def test_the_shared_quotas_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "quota"
    shorten({QUOTA_PATH_VARIABLE: str(path)})
    line = b"1234 567890 ads_write 1234567.123456\n"
    path.write_bytes(line * 150_000)
    shorten({QUOTA_PATH_VARIABLE: str(path)})
    left = path.read_bytes().splitlines(keepends=True)
    assert set(left) == {line}
    assert 2_000 < len(left) < 12_000
    shorten({QUOTA_PATH_VARIABLE: str(path)})
    assert len(path.read_bytes().splitlines()) == len(left)


@pytest.mark.parametrize("interval", ["0.1s", "soon", "-1m", "5", " 60 "])
def test_an_interval_that_is_none_is_refused(interval: str) -> None:
    with raises(Code.USAGE_WRONG, match="is not a span"):
        every_command.run(argparse.Namespace(interval=interval, parallel=1))


def test_a_round_that_finds_no_room_does_not_end_the_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "audiences.yml").write_text("config: c.json\nsource: a.csv\naudiences: {vip: {}}\n")
    monkeypatch.setenv("PINTEREST_AUDIENCES_HISTORY", "off")
    left = tmp_path / ".pinterest-audiences" / "unfinished.json"
    waits = iter([True, True, False])

    def wait(*_: object) -> bool:
        left.write_text("" if left.read_text() else '{"format": 1, "audiences": []}')
        return next(waits)

    monkeypatch.setattr(every_command, "waited", wait)
    assert main(["every", "1s", "--file", str(tmp_path / "audiences.yml")]) == 128
    said = capsys.readouterr()
    assert said.err.count("unfinished.json can't be read") == 1
    assert said.out.count("0 of 1 audiences done, 1 failed") == 2
