"""Signing in through the real processes: from the consent page to a profile, which any number of processes share."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from integration_tests.cli.programs import PROGRAM, Result
from integration_tests.sandbox_process import AD_ACCOUNT_ID, RunningSandbox

SECRETS = re.compile(r"pin[ar]_\w+|sandbox-secret")
APP = {"PINTEREST_CLIENT_ID": "1234567", "PINTEREST_CLIENT_SECRET": "sandbox-secret"}
CHROMIUM = which("chromium")


@pytest.fixture(scope="module")
def started() -> Iterator[RunningSandbox]:
    """One whose refresh tokens are good for one use each."""
    sandbox = RunningSandbox("--tier", "none", "--matching-delay-s", "0", "--quiet")
    yield sandbox
    sandbox.stop()


@pytest.fixture
def pinterest(started: RunningSandbox) -> RunningSandbox:
    started.reset()
    return started


@pytest.fixture
def environment(pinterest: RunningSandbox, tmp_path: Path) -> dict[str, str]:
    own = {"PINTEREST_AUDIENCES_HOME": str(tmp_path / "home"), "PINTEREST_API_BASE_URL": pinterest.api_base_url}
    return {**os.environ, **APP, **own, "BROWSER": "/bin/true"}


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "home" / "profiles" / "default.json"


@pytest.fixture
def signed_in(environment: dict[str, str], profile: Path, pinterest: RunningSandbox) -> Path:
    """A profile with a sign-in that has to be renewed before anything is asked."""
    profile.parent.mkdir(parents=True)
    keys = {"client_id": "1234567", "client_secret": "sandbox-secret", "refresh_token": "pinr_sandbox"}
    settings = {
        "credentials": {"auth_method": "oauth2.0", **keys},
        "ad_account_id": AD_ACCOUNT_ID,
        "api_base_url": pinterest.api_base_url,
    }
    profile.write_text(json.dumps(settings))
    profile.chmod(0o600)
    return profile


def ask(environment: dict[str, str], *arguments: str, typed: str = "") -> Result:
    return subprocess.run(
        [*PROGRAM, *arguments], input=typed, capture_output=True, text=True, timeout=60, check=False, env=environment
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Login:
    """A login that waits for its browser."""

    def __init__(self, environment: dict[str, str], *options: str) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, "login", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.process.stderr is not None
        said = iter(self.process.stderr.readline, "")
        self.address = next(line.strip() for line in said if line.startswith("http"))

    def ended(self, typed: str | None = None) -> Result:
        out, err = self.process.communicate(typed, timeout=60)
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, out, err)


def decide(address: str, decision: str) -> str:
    """Clicks on the consent page as a browser does, without following where it leads; returns that."""
    page, _, query = address.partition("?")
    form = urllib.parse.urlencode([*urllib.parse.parse_qsl(query), ("decision", decision)]).encode()

    class Stays(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    try:
        urllib.request.build_opener(Stays).open(page, form, timeout=10)
    except urllib.error.HTTPError as answer:
        return str(answer.headers["Location"])
    raise AssertionError("the consent page did not lead on")


def test_a_login_by_a_pasted_address_writes_a_profile_that_is_its_owners_alone(
    environment: dict[str, str], profile: Path, pinterest: RunningSandbox
) -> None:
    login = Login(environment, "--no-browser", "--json", "--account", "Sandbox Ad Account")
    ended = login.ended(decide(login.address, "allow") + "\n")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert (found["ad_account_id"], found["roles"], found["sign_in"]["profile"]) == (
        AD_ACCOUNT_ID,
        ["OWNER"],
        "default",
    )
    assert found["sign_in"]["days_left"] in {59, 60}
    assert [one["ad_account_id"] for one in found["ad_accounts"]] == [
        *(AD_ACCOUNT_ID, "549755885176", "549755885180", "549755885190")
    ]
    assert stat.S_IMODE(profile.stat().st_mode) == 0o600
    assert stat.S_IMODE(profile.parent.stat().st_mode) == 0o700
    written = json.loads(profile.read_text())
    assert written["ad_account_id"] == AD_ACCOUNT_ID
    assert written["api_base_url"] == pinterest.api_base_url
    assert not SECRETS.search(ended.stdout + ended.stderr)
    assert len([each for each in pinterest.seen() if each["operation"] == "authorization_code"]) == 1


def test_a_pasted_address_of_another_sign_in_is_not_taken(environment: dict[str, str], profile: Path) -> None:
    login = Login(environment, "--no-browser")
    theirs = re.sub(r"state=[^&]+", "state=theirs", decide(login.address, "allow"))
    ended = login.ended(theirs + "\n")
    assert (ended.returncode, profile.exists()) == (2, False)
    assert "That is not the address" in ended.stderr
    assert "PIN-CLI-086" in ended.stderr


def test_who_denies_access_is_told_so_and_nothing_is_written(environment: dict[str, str], profile: Path) -> None:
    login = Login(environment, "--no-browser")
    ended = login.ended(decide(login.address, "deny") + "\n")
    assert (ended.returncode, profile.exists()) == (2, False)
    assert "PIN-CLI-085" in ended.stderr


def test_a_code_of_a_wrong_app_secret_is_exchanged_once_and_says_what_to_check(
    environment: dict[str, str], profile: Path, pinterest: RunningSandbox
) -> None:
    environment["PINTEREST_CLIENT_SECRET"] = "canary-of-a-secret"
    login = Login(environment, "--no-browser")
    ended = login.ended(decide(login.address, "allow") + "\n")
    assert (ended.returncode, profile.exists()) == (2, False)
    assert "PIN-AUTH-009" in ended.stderr
    assert "canary" not in ended.stdout + ended.stderr
    assert len(pinterest.seen("oauth/token")) == 1


def test_the_listener_takes_only_the_answer_to_its_own_question(environment: dict[str, str], profile: Path) -> None:
    port = free_port()
    login = Login(environment, "--port", str(port), "--account", AD_ACCOUNT_ID)
    back = decide(login.address, "allow")
    assert back.startswith(f"http://localhost:{port}/?")
    for stray in ("/favicon.ico", "/?code=theirs&state=theirs", "/"):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}{stray}", timeout=10)
    with urllib.request.urlopen(back, timeout=10) as answered:
        assert "Go back to the terminal" in answered.read().decode()
    assert login.ended().returncode == 0
    assert profile.exists()


def test_a_login_that_is_stopped_leaves_nothing(environment: dict[str, str], profile: Path) -> None:
    login = Login(environment, "--port", str(free_port()))
    login.process.send_signal(signal.SIGINT)
    ended = login.ended()
    assert (ended.returncode, profile.exists()) == (130, False)


def test_processes_that_share_a_profile_renew_it_once_and_none_is_signed_out(
    environment: dict[str, str], signed_in: Path, pinterest: RunningSandbox
) -> None:
    pinterest.change(latency_ms=200)
    command = [*PROGRAM, "check"]
    running = [
        subprocess.Popen(
            [*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(3)
    ]
    ended = [process.communicate(timeout=90) for process in running]
    assert [process.returncode for process in running] == [0] * 3, ended
    assert len([each for each in pinterest.seen() if each["operation"] == "refresh_token"]) == 1
    # Those that only waited know the new end too.
    assert {json.loads(out)["sign_in"]["days_left"] for out, _ in ended} <= {59, 60}
    pinterest.change(latency_ms=0)
    assert ask(environment, "check").returncode == 0


def test_configs_of_several_accounts_share_the_sign_in_of_a_profile(
    environment: dict[str, str], signed_in: Path, tmp_path: Path
) -> None:
    before = json.loads(signed_in.read_text())["credentials"]["refresh_token"]
    for number in range(2):
        config = tmp_path / f"{number}.json"
        config.write_text(json.dumps({"ad_account_id": AD_ACCOUNT_ID, "batch_size": 100 + number}))
        asked = ask(environment, "check", "--config", str(config), "--profile", "default", "--json")
        assert asked.returncode == 0, asked.stderr
        assert json.loads(asked.stdout)["sign_in"]["days_left"] in {59, 60}
        assert "credentials" not in json.loads(config.read_text())
    assert json.loads(signed_in.read_text())["credentials"]["refresh_token"] != before


def test_accounts_are_listed_and_one_is_made_that_of_the_profile(environment: dict[str, str], signed_in: Path) -> None:
    shown = ask(environment, "accounts")
    assert shown.returncode == 0, shown.stderr
    assert "549755885176  Sandbox Sister Account; ANALYST; may not change audiences" in shown.stdout
    used = ask(environment, "accounts", "--use", "Sandbox Sister Account")
    assert used.returncode == 0, used.stderr
    assert json.loads(signed_in.read_text())["ad_account_id"] == "549755885176"
    unknown = ask(environment, "accounts", "--use", "1")
    assert (unknown.returncode, "PIN-CLI-089" in unknown.stderr) == (2, True)


def test_the_doctor_finds_a_well_machine_and_tells_no_secret(environment: dict[str, str], signed_in: Path) -> None:
    looked = ask(environment, "doctor", "--json")
    assert looked.returncode == 0, looked.stdout
    found = {one["name"]: one for one in json.loads(looked.stdout)["findings"]}
    assert {"Version", "Python", "DNS", "Clock", "Sign-in", "Quota"} <= set(found)
    assert "ends on" in found["Sign-in"]["text"]
    assert not SECRETS.search(looked.stdout + looked.stderr)
    assert "Sandbox Ad Account" not in looked.stdout


def test_a_profile_is_shown_without_asking_pinterest_and_removed(
    environment: dict[str, str], signed_in: Path, pinterest: RunningSandbox
) -> None:
    (listed,) = json.loads(ask(environment, "profiles", "--json").stdout)["profiles"]
    assert (listed["name"], listed["is_default"], listed["ad_account_id"]) == ("default", True, AD_ACCOUNT_ID)
    assert ask(environment, "logout").returncode == 0
    assert list(signed_in.parent.iterdir()) == []
    assert pinterest.seen() == []


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: install the package `chromium`")
def test_a_person_signs_in_with_a_browser(environment: dict[str, str], profile: Path) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - loads a driver that only this test needs

    login = Login(environment, "--port", str(free_port()), "--account", AD_ACCOUNT_ID)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(login.address)
        page.get_by_role("button", name="Allow").click()
        page.get_by_role("heading", name="Go back to the terminal").wait_for()
        browser.close()
    ended = login.ended()
    assert ended.returncode == 0, ended.stderr
    assert "Signed in as sandbox_business" in ended.stdout
    assert json.loads(profile.read_text())["ad_account_id"] == AD_ACCOUNT_ID
