from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette

from pinterest_page.site import Site
from pinterest_page.view import (
    Account,
    Audience,
    Content,
    Explanation,
    LeftOver,
    Mark,
    Point,
    Problem,
    Reason,
    Request,
    Run,
    Running,
)
from unit_tests.support.page_reader import PageReader

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
EMPTY = Content(title="Pinterest audiences", note="", accounts=[], audiences=[], empty="Nothing yet. Run `observe`.")
SHOPPERS = Running("Shoppers", "Shop", 50, 200, "50 of 200 rows read")


class Shown:
    """A source that shows what it is given."""

    def __init__(self) -> None:
        self.now = EMPTY
        self.syncs: Sequence[Running] | None = ()

    async def content(self) -> Content:
        return self.now

    async def running(self) -> Sequence[Running] | None:
        return self.syncs


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def browser(shown: Shown) -> PageReader:
    return PageReader(Starlette(routes=Site(shown).routes()))


def test_an_empty_page_says_how_to_fill_it(browser: PageReader) -> None:
    assert "Nothing yet. Run <code>observe</code>." in browser.get("/").text


def test_an_audience_is_shown_with_its_sizes_as_a_chart_in_words_and_as_a_table(
    browser: PageReader, shown: Shown
) -> None:
    sizes = [Point(NOON.replace(day=day), 1_000 * day) for day in (1, 2, 3)]
    audience = Audience("VIP", "7", "Shop", Mark("ready", "good"), "3,000 people", expected="Wait.", history=sizes)
    shown.now = replace(EMPTY, audiences=[audience])

    page = browser.get("/").text

    assert "3,000 people" in page
    assert "<svg" in page
    assert "Size from 2026-11-01 to 2026-11-03: 1,000 at first, 3,000 at last, between 1,000 and 3,000" in page
    assert '<td class="figure">2,000</td>' in page
    assert "What comes next:</strong> Wait." in page


def test_a_code_leads_to_its_explanation(shown: Shown) -> None:
    entry = Explanation("PIN-AUTH-001", "pin-auth-001", "It was <refused>.", "Run `login`.", "Somebody has to act.")
    browser = PageReader(Starlette(routes=Site(shown, explained=lambda: [entry]).routes()))
    shown.now = replace(EMPTY, problems=[Problem("PIN-AUTH-001", "Refused.", "Sign in.", "pin-auth-001")])
    assert '<a href="errors#pin-auth-001"><code class="error-code">PIN-AUTH-001</code></a> Refused.' in (
        browser.get("/").text
    )
    page = browser.get("/errors").text
    assert 'id="pin-auth-001"' in page
    assert "It was &lt;refused&gt;." in page
    assert "Run <code>login</code>." in page


def test_failed_runs_of_one_name_are_told_apart(browser: PageReader, shown: Shown) -> None:
    run = Run("1", NOON, "VIP", "run", "took 3 s", Mark("failed", "bad"), "", where="shop/audiences.yml")
    shown.now = replace(EMPTY, failing=[run, replace(run, key="2", where="travel/audiences.yml")])
    page = re.sub(r"<[^>]+>", "", browser.get("/").text)
    assert "VIP (shop/audiences.yml), \nVIP (travel/audiences.yml)" in page or (
        "VIP (shop/audiences.yml), VIP (travel/audiences.yml)" in page
    )


def test_a_failure_is_shown_with_its_code_and_what_to_do(browser: PageReader, shown: Shown) -> None:
    problem = Problem("PIN-AUTH-001", "It was refused.", "Sign in by `login`; see [the page](sign-in.md).")
    run = Run("1", NOON, "VIP", "sync", "took 3 s", Mark("failed", "bad"), "", problem, [Reason("no_identity", 3, "")])
    shown.now = replace(EMPTY, runs=[run])

    page = browser.get("/").text

    assert '<code class="error-code">PIN-AUTH-001</code> It was refused.' in page
    assert "Sign in by <code>login</code>; see the page." in page
    assert '<strong class="figure">3</strong> <code>no_identity</code>' in page


def test_whatever_a_name_holds_it_stays_text(browser: PageReader, shown: Shown) -> None:
    name = "<script>alert(1)</script>\"' `x`"
    shown.now = Content(
        title=name,
        note=name,
        accounts=[Account(name, "1", problem=Problem(None, name, name))],
        audiences=[Audience(name, name, name, Mark(name), name, history=[Point(NOON, 1), Point(NOON, 2)])],
        left_over=[LeftOver(name, name, name, name, name)],
        runs=[Run(name, NOON, name, name, name, Mark(name), name)],
        requests=[Request(1, NOON, name, name, Mark(name), name, name)],
    )
    shown.syncs = [Running(name, name, 0, None, name, name)]

    page = browser.get("/").text

    assert "<script>alert" not in page
    assert page.count("<script") == 2


def test_a_part_that_has_not_changed_is_not_sent_again(browser: PageReader, shown: Shown) -> None:
    for part in ("content", "running"):
        first = browser.get(f"/{part}")
        seen = re.search(r"\?seen=(\w+)", first.text)
        assert seen is not None
        assert browser.get(f"/{part}", seen=seen[1]).status == 204

    shown.now = replace(EMPTY, note="New.")
    assert "New." in browser.get("/content", seen="old").text


def test_running_syncs_are_shown_with_how_far_they_are(browser: PageReader, shown: Shown) -> None:
    shown.syncs = [SHOPPERS, replace(SHOPPERS, name="Buyers", total=None, waiting="Waiting for Pinterest's quota.")]

    page = browser.get("/").text

    assert 'max="200" value="50"' in page
    assert '<progress aria-labelledby="running-2"></progress>' in page
    assert "Waiting for Pinterest&#39;s quota." in page


def test_the_end_of_a_sync_is_said_once_and_renews_the_rest_of_the_page(browser: PageReader, shown: Shown) -> None:
    ended = browser.get("/running", seen="old", count="1")

    assert ended.headers["hx-trigger"] == "runs-changed"
    assert 'hx-swap-oob="innerHTML">No sync is running.' in ended.text


def test_progress_alone_is_not_said_to_a_screen_reader(browser: PageReader, shown: Shown) -> None:
    shown.syncs = [SHOPPERS]

    further = browser.get("/running", seen="old", count="1")

    assert "hx-trigger" not in further.headers
    assert "hx-swap-oob" not in further.text


def test_a_program_that_knows_of_no_syncs_shows_no_place_for_them(browser: PageReader, shown: Shown) -> None:
    shown.syncs = None

    assert "Running now" not in browser.get("/").text


@pytest.mark.parametrize("path", ["/", "/content", "/running", "/static/page.css", "/static/htmx.min.js"])
def test_a_browser_is_told_to_load_nothing_from_elsewhere(browser: PageReader, path: str) -> None:
    answer = browser.get(path)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert (answer.headers["x-content-type-options"], answer.headers["referrer-policy"]) == ("nosniff", "no-referrer")


def test_the_page_has_nothing_that_the_policy_forbids(browser: PageReader, shown: Shown) -> None:
    points = [Point(NOON.replace(day=day), day) for day in (1, 2)]
    shown.now = replace(EMPTY, audiences=[Audience("A", "1", "", Mark("ready"), "2", history=points)])

    page = browser.get("/").text

    assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?! src)|https?://(?!www\.w3\.org)", page)


@pytest.mark.parametrize("name", ["README.md", "../view.py", "%2e%2e%2fview.py", "nothing.css"])
def test_no_other_file_is_given_away(browser: PageReader, name: str) -> None:
    assert browser.get(f"/static/{name}").status == 404
