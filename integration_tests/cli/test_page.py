"""The pages in a browser: that of `pinterest-audiences ui`, the sandbox's front page, and its consent page."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from destination_pinterest.error_codes import Code
from integration_tests.sandbox_process import AD_ACCOUNT_ID, RunningSandbox
from pinterest_audiences.history.progress import followed
from pinterest_audiences.history.records import Observation, RunRecord
from pinterest_audiences.history.store import History
from pinterest_audiences.progress import QuietDisplay

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

SHOTS = os.environ.get("PAGE_SCREENSHOTS")
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
Scheme = Literal["light", "dark"]
# What has no name for a screen reader, or no place in the page's outline.
UNNAMED = """() => {
    const found = [];
    const named = (it) => it.getAttribute("aria-label") || document.getElementById(it.getAttribute("aria-labelledby"))
        || it.labels?.length || it.textContent.trim();
    const those = "button, a, summary, progress, section, article, [role=img], [role=region]";
    for (const it of document.querySelectorAll(those))
        if (!named(it)) found.push(it.outerHTML.slice(0, 80));
    for (const it of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
        if (!named(it)) found.push(it.outerHTML.slice(0, 80));
    for (const it of document.querySelectorAll("th")) if (!it.scope) found.push(it.outerHTML);
    for (const one of ["main", "h1", "head > title"])
        if (document.querySelectorAll(one).length !== 1) found.push(`not one ${one}`);
    let before = 0;
    for (const it of document.querySelectorAll("h1, h2, h3, h4")) {
        const level = Number(it.tagName[1]);
        if (level > before + 1) found.push(`${it.tagName} after H${before}: ${it.textContent}`);
        before = level;
    }
    const ids = [...document.querySelectorAll("[id]")].map((it) => it.id);
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`id ${id} twice`);
    if (!document.documentElement.lang) found.push("no language");
    return found;
}"""


class Shown:
    """A page of the command line in a process of its own, and what it shows."""

    def __init__(self, folder: Path, sandbox: RunningSandbox) -> None:
        self.environment = {**os.environ, "PINTEREST_AUDIENCES_HOME": str(folder), "HOME": str(folder)}
        profile = {
            "ad_account_id": AD_ACCOUNT_ID,
            "api_base_url": sandbox.api_base_url,
            "credentials": {"auth_method": "access_token", "access_token": "pina_sandbox"},
        }
        (folder / "profiles").mkdir(mode=0o700)
        file = folder / "profiles" / "shop.json"
        file.write_text(json.dumps(profile))
        file.chmod(0o600)
        self.history = History(folder / "history.sqlite3")
        command = [sys.executable, "-m", "pinterest_audiences", "ui", "--port", "0", "--no-browser"]
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/[\w-]{32,}/", line)
        assert found, line
        self.url = found[0]

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    running = RunningSandbox("--matching-delay-s", "0")
    records = ",".join(f"{number:064x}" for number in range(900))
    for name in ("VIP customers", "Newsletter readers in Germany, Austria and Switzerland", "Lapsed"):
        running.new_audience(name, running.new_list(records if name != "Lapsed" else "a" * 64, name))
    running.new_list("b" * 64, "VIP customers (2026-10-01)")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, sandbox: RunningSandbox) -> Iterator[Shown]:
    page = Shown(tmp_path_factory.mktemp("home"), sandbox)
    remember(page.history, sandbox)
    yield page
    page.stop()


def remember(history: History, sandbox: RunningSandbox) -> None:
    """Sizes of a month, and runs: one that succeeded, one that needs somebody."""
    now = datetime.now(UTC)
    vip = next(each for each in sandbox.audiences() if each["name"] == "VIP customers")
    history.record_observations(
        Observation(
            AD_ACCOUNT_ID, vip["id"], "VIP customers", now - timedelta(days=day), 900 - 12 * day, "READY", "observe"
        )
        for day in range(30, 0, -1)
    )
    figures = {
        "entered": 12_000,
        "synced": 11_800,
        "not_synced": {"no_identity": 150, "email_not_bare": 50},
        "identifiers_added": 300,
        "identifiers_removed": 25,
        "requests": 31,
        "waited_s": 4.2,
    }
    begun = now - timedelta(minutes=9)
    good = RunRecord(
        run_id="r1",
        project=None,
        name="VIP customers",
        audience="VIP customers",
        ad_account_id=AD_ACCOUNT_ID,
        profile="shop",
        command="sync",
        started_at=begun,
        finished_at=now - timedelta(minutes=8),
        exit_code=0,
        failure_kind=None,
        failure_code=None,
        failure_text=None,
        version="0.1.0",
        figures=figures,
    )
    bad = replace(
        good,
        run_id="r2",
        name="Lapsed",
        audience="Lapsed",
        command="run",
        exit_code=2,
        failure_kind="config_error",
        failure_code=str(Code.USAGE_WRONG),
        failure_text=f"{Code.USAGE_WRONG}: The source has no column with identifiers. Name one by `--email`.",
        figures={},
    )
    history.record_runs([good, bad])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


def opened(browser: Browser, url: str, complaints: list[str], size: dict[str, int], scheme: Scheme = "light") -> Page:
    """Opens a page, and takes down what the browser complains of: above all, what the policy forbids."""
    page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    return page


def photograph(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_the_command_line_can_be_read_everywhere(
    browser: Browser, shown: Shown, complaints: list[str], size: dict[str, int], scheme: Scheme
) -> None:
    page = opened(browser, shown.url, complaints, size, scheme)

    expect(page.get_by_text("Pinterest was last asked at")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("heading", name="VIP customers").first).to_be_visible()
    expect(page.get_by_text("What to do:").first).to_be_visible()
    photograph(page, f"ui-{size['width']}-{scheme}")
    assert overflow(page) <= 0
    assert page.evaluate(UNNAMED) == []
    assert complaints == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 21)"
    assert dark == (scheme == "dark")
    page.close()


def test_a_running_sync_is_followed_and_its_end_renews_the_runs(
    browser: Browser, shown: Shown, complaints: list[str]
) -> None:
    page = opened(browser, shown.url, complaints, WIDE)
    expect(page.get_by_text("No sync is running.").first).to_be_visible()
    with followed(QuietDisplay(io.StringIO()), "Nightly", AD_ACCOUNT_ID, "sync", shown.environment) as display:
        display.begin(200)
        display.waiting(datetime.now(UTC).timestamp() + 60)
        expect(page.get_by_role("progressbar", name="Nightly")).to_be_visible()
        expect(page.locator("#said")).to_have_text("1 sync is running.")
        expect(page.get_by_text("Waiting for Pinterest's quota until")).to_be_visible()
        photograph(page, "ui-running")
        page.get_by_text("All figures").first.click()
    run = shown.history.runs(limit=1)[0]
    shown.history.record_run(replace(run, run_id="r3", name="Nightly"))

    expect(page.locator("#said")).to_have_text("No sync is running.")
    expect(page.get_by_role("heading", name="Nightly")).to_be_visible()
    assert complaints == []
    page.close()


def test_the_front_page_of_the_sandbox_can_be_read_everywhere(
    browser: Browser, sandbox: RunningSandbox, complaints: list[str]
) -> None:
    for size, scheme in ((WIDE, "light"), (PHONE, "dark")):
        page = opened(browser, f"{sandbox.url}/", complaints, size, scheme)  # type: ignore[arg-type]
        expect(page.get_by_role("heading", name="Requests, the latest first")).to_be_visible()
        photograph(page, f"sandbox-{size['width']}-{scheme}")
        assert overflow(page) <= 0
        assert page.evaluate(UNNAMED) == []
        page.close()
    assert complaints == []


@pytest.mark.parametrize(("presses", "outcome"), [(1, "code="), (2, "error=access_denied")])
def test_consent_is_given_and_refused_by_the_keyboard_alone(
    browser: Browser, sandbox: RunningSandbox, complaints: list[str], presses: int, outcome: str
) -> None:
    back = f"{sandbox.url}/back"
    query = f"client_id=1234567&redirect_uri={back}&response_type=code&scope=ads:read,ads:write&state=s"
    size, scheme = (WIDE, "light") if presses == 1 else (PHONE, "dark")
    page = opened(browser, f"{sandbox.url}/oauth/?{query}", complaints, size, scheme)  # type: ignore[arg-type]
    photograph(page, f"consent-{size['width']}-{scheme}")
    assert overflow(page) <= 0
    assert page.evaluate(UNNAMED) == []

    for _ in range(presses):
        page.keyboard.press("Tab")
    focused = page.evaluate(
        "[document.activeElement.textContent, getComputedStyle(document.activeElement).outlineWidth]"
    )
    assert focused == [["Allow", "Deny"][presses - 1], "3px"]
    page.keyboard.press("Enter")

    page.wait_for_url(f"{back}**")
    assert outcome in page.url
    assert "state=s" in page.url
    assert not [each for each in complaints if "404" not in each]  # The sandbox has no page there.
    page.close()


def test_a_stopped_program_is_noticed_on_the_page_and_ends_without_an_error(
    browser: Browser, tmp_path: Path, sandbox: RunningSandbox
) -> None:
    own = Shown(tmp_path, sandbox)
    page = opened(browser, own.url, [], PHONE)
    expect(page.get_by_role("alert")).to_be_hidden()

    assert own.stop() == (0, "")

    expect(page.get_by_role("alert")).to_be_visible()
    page.close()
