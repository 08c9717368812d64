from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.__main__ import main
from pinterest_audiences.alerts.reading import ALERTS_VARIABLE
from pinterest_audiences.project import every_command
from unit_tests.support.webhook import Webhook, webhook

BROKEN = "config: c.json\nsource: a.csv\naudiences: {vip: {mode: nonsense}}\n"
FINE = BROKEN.replace("nonsense", "add")


@pytest.fixture
def server() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@pytest.fixture
def file(tmp_path: Path, server: Webhook, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PINTEREST_AUDIENCES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(ALERTS_VARIABLE, f"json://{server.host}")
    return tmp_path / "audiences.yml"


def messages(server: Webhook) -> list[str]:
    return [posted.json()["message"] for posted in server.posted]


def test_a_run_that_can_not_begin_is_told_once_and_so_is_that_it_can_again(file: Path, server: Webhook) -> None:
    run = ["run", "--quiet", "--file", str(file)]
    file.write_text(BROKEN)
    assert main(run) == main(run) == 2
    (told,) = messages(server)
    assert f'Project "{file}": the run failed. {Code.PROJECT_INVALID}' in told
    file.write_text(FINE)
    assert main(run) == 1
    _, over, failed = messages(server)
    assert "well again" in over
    assert 'Audience "vip": the run failed. ' in failed


def test_the_addresses_are_those_of_the_file_though_the_rest_of_it_is_wrong(
    file: Path, server: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ALERTS_VARIABLE)
    file.write_text(BROKEN + f"alerts: {{notify: 'json://{server.host}'}}\n")
    assert main(["run", "--file", str(file)]) == 2
    assert len(server.posted) == 1


def test_a_file_that_is_not_there_and_an_unusable_state_folder_are_told(file: Path, server: Webhook) -> None:
    assert main(["run", "--file", str(file)]) == 2
    file.write_text(FINE)
    (file.parent / ".pinterest-audiences").write_text("in the way")
    assert main(["run", "--file", str(file)]) == 2
    first, second = messages(server)
    assert str(Code.PROJECT_NOT_FOUND) in first
    assert "can't be written" in second


def test_who_wants_no_alerts_of_failures_gets_none(file: Path, server: Webhook) -> None:
    file.write_text(BROKEN + "alerts: {failure: false}\n")
    assert main(["run", "--file", str(file)]) == 2
    assert server.posted == []


def test_rounds_that_can_not_begin_are_told(file: Path, server: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(FINE)
    left = file.parent / ".pinterest-audiences" / "unfinished.json"
    waits = iter([True, False])

    def wait(*_: object) -> bool:
        left.write_text("no JSON")
        return next(waits)

    monkeypatch.setattr(every_command, "waited", wait)
    main(["every", "1s", "--quiet", "--file", str(file)])
    assert f"{Code.PROJECT_INVALID}" in messages(server)[-1]
