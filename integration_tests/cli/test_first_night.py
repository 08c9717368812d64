"""docs/first-night.md is followed as it stands: each of its commands, by a shell, in the order in which they stand."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.cli.test_sign_in import free_port

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "first-night.md").read_text()
COMMANDS = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
# Whoever opens the address, allows access.
BROWSER = f"""\
#!{sys.executable}
import sys, urllib.parse, urllib.request
page, _, query = sys.argv[1].partition("?")
form = [*urllib.parse.parse_qsl(query), ("decision", "allow")]
urllib.request.urlopen(page, urllib.parse.urlencode(form).encode(), timeout=10)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newcomer")


@pytest.fixture(scope="module")
def said(folder: Path) -> Iterator[list[str]]:
    """What each part of the page printed, on both streams. Ports of the page are others here, as they may be taken."""
    browser = folder / "browser"
    browser.write_text(BROWSER)
    browser.chmod(0o755)
    script = "\n".join(f"{part}\nprintf '\\f'" for part in COMMANDS)
    sandbox, login, alerts = (str(free_port()) for _ in range(3))
    script = script.replace("8700", sandbox).replace("8709", alerts)
    script = script.replace("pinterest-sandbox ", f"pinterest-sandbox --port {sandbox} ")
    script = script.replace("login --profile", f"login --port {login} --profile")
    # The next command of the page is typed by a person, who sees that the sandbox is there.
    script = script.replace(
        ">sandbox.log &", ">sandbox.log &\nuntil grep -q listening sandbox.log; do sleep 0.05; done"
    )
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder / "home"),
        "BROWSER": str(browser),
        **{name: value for name, value in os.environ.items() if name in {"PYTHONPATH", "LANG", "VIRTUAL_ENV"}},
    }
    # Into a file: what goes on in the background would keep a pipe open.
    with (folder / "printed").open("w") as printed:
        process = subprocess.Popen(
            ["bash", "-eu", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        ended = process.wait(timeout=120)
        parts = (folder / "printed").read_text().split("\f")
        assert ended == 0, parts[-1]
        yield parts
    finally:
        os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def alerts(folder: Path, said: list[str]) -> list[str]:
    assert said
    return [json.loads(line)["title"] for line in (folder / "first-night" / "alerts.txt").read_text().splitlines()]


def test_the_page_can_be_followed_to_its_end(said: list[str]) -> None:
    assert len(said) == len(COMMANDS) + 1
    assert "3 of 3 audiences are ready to run" in said[4]
    assert "3 of 3 audiences done." in said[5]


def test_only_the_audience_of_the_lost_customers_fails_and_says_why(said: list[str]) -> None:
    assert "2 of 3 audiences done, 1 failed." in said[6]
    assert "exit code 1" in said[6]
    assert "83 %" in said[6]


def test_what_failed_is_run_again_and_done(said: list[str]) -> None:
    assert "1 of 1 audiences done." in said[7]
    assert said[7].count("Status      READY") == 3


def test_sizes_of_all_three_ad_accounts_are_read(said: list[str]) -> None:
    assert "Audiences: 3" in said[8]


def test_alerts_say_that_it_failed_and_that_it_is_over(alerts: list[str]) -> None:
    first, failed, over = alerts
    assert "test alert" in first
    assert "549755885180" in failed
    assert "guard" in failed
    assert "549755885180" in over
