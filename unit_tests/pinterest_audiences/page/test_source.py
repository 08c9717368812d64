from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.error_texts import TEXTS
from pinterest_audiences.failures import Failure
from pinterest_audiences.history.progress import followed
from pinterest_audiences.history.records import Observation, RunRecord
from pinterest_audiences.history.store import History
from pinterest_audiences.page.explanations import explanations
from pinterest_audiences.page.listings import Key, Listed, NoListings
from pinterest_audiences.page.source import PageSource
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.sign_in.profile_file import write_account
from pinterest_audiences.sign_in.profiles import Profile, list_profiles
from pinterest_page.view import Content

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ACCOUNT = "549755885175"
LISTING: dict[str, Any] = {
    "ad_account_id": ACCOUNT,
    "audiences": [
        {
            "name": "VIP",
            "audience_id": "7",
            "audience_status": "READY",
            "audience_size": 5_000,
            "match_estimate": {"share": 0.6, "people": 9_000, "counted_on": "2026-11-26"},
            "outlook": "Pinterest matches the last upload until tomorrow.",
            "created": "2026-10-01T00:00:00Z",
            "updated": "2026-11-26T00:00:00Z",
            "customer_list": {
                "customer_list_id": "6",
                "name": "VIP",
                "status": "READY",
                "counts": {"records": 9_000, "added": 9_500, "removed": 500, "batches": 3},
                "exceptions": None,
                "created": None,
                "updated": None,
            },
        }
    ],
    "customer_lists_without_audience": [
        {
            "customer_list_id": "5",
            "name": "VIP (2026-10-01)",
            "status": "READY",
            "counts": None,
            "left_over_of": "VIP",
            "awaits_audience": None,
        }
    ],
    "other_audiences": {"VISITOR": 2},
}


class Asked:
    """Listings that have been asked for."""

    def __init__(self, listed: Mapping[Key, Listed]) -> None:
        self._listed = listed

    def latest(self, profiles: Sequence[Profile]) -> Mapping[Key, Listed]:
        return self._listed

    def is_asking(self) -> bool:
        return False


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "profiles"
    folder.mkdir()
    sign_in = {"refresh_token_expires_at": (NOW + timedelta(days=9)).timestamp()}
    (folder / "shop.json").write_text(json.dumps({"ad_account_id": ACCOUNT, "credentials": sign_in}))
    (folder / "broken.json").write_text("{")
    return {"PINTEREST_AUDIENCES_HOME": str(tmp_path)}


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.sqlite3")


@pytest.fixture
def content_of(environment: dict[str, str], history: History) -> Callable[..., Content]:
    def fill(listed: Mapping[Key, Listed] | None = None, kept: History | None = history) -> Content:
        listings = NoListings() if listed is None else Asked(listed)
        source = PageSource(partial(list_profiles, environment), kept, listings, lambda: NOW)
        return asyncio.run(source.content())

    return fill


def a_run(**given: Any) -> RunRecord:
    known: dict[str, Any] = {
        "run_id": "r1",
        "project": None,
        "name": "VIP",
        "audience": "VIP",
        "ad_account_id": ACCOUNT,
        "profile": "shop",
        "command": "sync",
        "started_at": NOW - timedelta(minutes=3),
        "finished_at": NOW - timedelta(minutes=1),
        "exit_code": 0,
        "failure_kind": None,
        "failure_code": None,
        "failure_text": None,
        "version": "1",
        "figures": {"entered": 10, "synced": 8, "not_synced": {"no_identity": 2}, "requests": 4, "waited_s": 2.0},
    }
    return RunRecord(**(known | given))


def seen(day: int, size: int | None, audience_id: str = "7") -> Observation:
    return Observation(ACCOUNT, audience_id, "VIP", NOW - timedelta(days=day), size, "READY", "observe")


def test_profiles_are_shown_with_the_days_left_and_broken_ones_with_why(content_of: Callable[..., Content]) -> None:
    broken, shop = content_of().accounts

    assert broken.problem is not None
    assert shop.problem is None
    assert ("Sign-in ends", "in 9 days (2026-12-06); each run renews it") in [(f.name, f.value) for f in shop.facts]


def test_what_pinterest_says_now_is_joined_with_the_sizes_of_the_history(
    content_of: Callable[..., Content], history: History
) -> None:
    history.record_observations([seen(3, 3_000), seen(2, None), seen(1, 4_000)])

    shown = content_of({("shop", ACCOUNT): Listed(NOW, LISTING, None, NOW)})

    (audience,) = shown.audiences
    assert (audience.status.text, audience.status.tone, audience.size) == ("ready", "good", "5,000 people")
    assert [point.size for point in audience.history] == [3_000, 4_000, 5_000]
    assert audience.expected == "Pinterest matches the last upload until tomorrow."
    assert [each.list_id for each in shown.left_over] == ["5"]
    assert "Left over from replacing" in shown.left_over[0].text


def test_an_audience_that_two_profiles_can_see_is_shown_once(content_of: Callable[..., Content]) -> None:
    shown = content_of(
        {("shop", ACCOUNT): Listed(NOW, LISTING, None, NOW), ("other", ACCOUNT): Listed(NOW, LISTING, None, NOW)}
    )

    assert len(shown.audiences) == 1
    assert len(shown.left_over) == 1


def test_without_asking_pinterest_the_history_is_shown(content_of: Callable[..., Content], history: History) -> None:
    history.record_observations([seen(2, 10), seen(1, 20)])
    figures = {"audience_id": "7", "outlook": "Wait until tomorrow."}
    history.record_run(a_run(figures=figures))

    (audience,) = content_of().audiences

    assert (audience.size, audience.expected) == ("20 people", "Wait until tomorrow.")
    assert "history on this machine" in content_of().note


def test_why_pinterest_could_not_be_asked_is_shown_with_the_account(content_of: Callable[..., Content]) -> None:
    failure = Failure.because(Code.CONNECTOR_SILENT, "The connector ended. Run it again.")

    _, shop = content_of({("shop", ACCOUNT): Listed(NOW, None, failure)}).accounts

    assert shop.problem is not None
    assert (shop.problem.code, shop.problem.text) == (failure.code, "The connector ended. Run it again.")
    assert shop.problem.remedy == TEXTS[Code.CONNECTOR_SILENT].remedy


def test_a_failed_run_is_shown_with_its_code_its_reason_and_what_to_do(
    content_of: Callable[..., Content], history: History
) -> None:
    code = Code.HISTORY_BUSY
    text = f"{code}: Others use it. Try again."
    history.record_run(
        a_run(exit_code=1, failure_kind="transient_error", failure_code=str(code), failure_text=text, figures={})
    )

    (run,) = content_of().runs or ()

    assert (run.outcome.text, run.outcome.tone, run.summary) == ("failed for now", "bad", "")
    assert run.problem is not None
    assert (run.problem.code, run.problem.text, run.problem.remedy) == (
        code,
        "Others use it. Try again.",
        TEXTS[code].remedy,
    )


def test_the_reasons_of_rows_that_were_not_used_are_shown_with_a_sentence(
    content_of: Callable[..., Content], history: History
) -> None:
    history.record_run(a_run())

    (run,) = content_of().runs or ()

    assert [(reason.name, reason.count) for reason in run.reasons] == [("no_identity", 2)]
    assert run.reasons[0].text
    assert run.summary.startswith("10 rows entered, 8 synced, 2 not synced")


def test_the_quota_counts_the_runs_of_a_day(content_of: Callable[..., Content], history: History) -> None:
    history.record_run(a_run())
    history.record_run(a_run(run_id="r0", finished_at=NOW - timedelta(hours=25)))

    assert [fact.value for fact in content_of().quota] == ["4", "2 s"]


def test_a_damaged_history_does_not_hide_the_rest(content_of: Callable[..., Content], history: History) -> None:
    history.path.write_bytes(b"no database" * 100)

    shown = content_of({("shop", ACCOUNT): Listed(NOW, LISTING, None, NOW)})

    assert len(shown.audiences) == 1
    assert [problem.code for problem in shown.problems] == [str(Code.HISTORY_BROKEN)]


def test_where_no_history_is_wanted_there_is_no_place_for_runs(content_of: Callable[..., Content]) -> None:
    assert content_of(kept=None).runs is None


def test_a_running_sync_is_shown_with_the_name_of_its_account(
    environment: dict[str, str], history: History, tmp_path: Path
) -> None:
    source = PageSource(partial(list_profiles, environment), history, NoListings(), lambda: NOW)
    quiet = QuietDisplay(io.StringIO())
    with followed(quiet, "VIP", ACCOUNT, "sync", {**os.environ, **environment}):
        (running,) = asyncio.run(source.running()) or ()

    assert (running.name, running.account, running.done) == ("VIP", f"shop ({ACCOUNT})", 0)
    assert not asyncio.run(source.running())


def test_only_audiences_whose_last_run_failed_are_shown_as_failing(
    content_of: Callable[..., Content], history: History
) -> None:
    failed = {"exit_code": 1, "failure_kind": "config_error", "failure_text": "No."}
    history.record_run(a_run(run_id="r0", finished_at=NOW - timedelta(hours=2), **failed))
    history.record_run(a_run(run_id="r1"))
    history.record_run(a_run(run_id="r2", name="Lapsed", **failed))

    assert [run.name for run in content_of().failing] == ["Lapsed"]


def test_failures_of_one_name_say_of_which_project_and_ad_account_they_are(
    content_of: Callable[..., Content], history: History
) -> None:
    failed = {"exit_code": 1, "failure_kind": "config_error", "failure_text": "No."}
    history.record_runs([a_run(run_id="r1", project="/data/shop/audiences.yml", **failed)])
    history.record_runs([a_run(run_id="r2", project="/data/travel/audiences.yml", ad_account_id="", **failed)])
    shown = [run.where for run in content_of().failing]
    assert shown == ["travel/audiences.yml", f"shop/audiences.yml, ad account {ACCOUNT}"]


def test_a_run_that_kept_an_audience_for_an_empty_table_is_marked(
    content_of: Callable[..., Content], history: History
) -> None:
    history.record_run(a_run(figures={"entered": 0, "synced": 0, "empty_table": "kept"}))
    (run,) = content_of().runs or ()
    assert (run.outcome.text, run.outcome.tone) == ("empty table, audience kept", "bad")


def test_what_pinterest_takes_is_not_said_of_another_server(content_of: Callable[..., Content]) -> None:
    shown = content_of({("shop", ACCOUNT): Listed(NOW, LISTING, None, NOW, is_pinterest=False)})
    assert [each.expected for each in shown.audiences] == [""]


def test_of_a_run_of_many_audiences_each_that_failed_is_shown_until_the_next_run(
    content_of: Callable[..., Content], history: History
) -> None:
    failed = {"exit_code": 1, "failure_kind": "config_error", "failure_text": "No."}
    many = [a_run(run_id="r1", name="all", audience=f"Segment {number}") for number in range(60)]
    history.record_runs([a_run(run_id="r1", name="all", audience="Gone", **failed), *many])

    (shown,) = content_of().failing
    assert len({run.key for run in content_of().runs or ()}) == len(content_of().runs or ())
    history.record_run(a_run(run_id="r2", name="all", audience="Segment 1", finished_at=NOW + timedelta(hours=1)))
    assert list(content_of().failing) == []
    assert shown.problem is not None


def test_a_run_that_failed_before_its_account_was_known_is_over_with_the_next(
    content_of: Callable[..., Content], history: History
) -> None:
    failed = {"exit_code": 1, "failure_kind": "config_error", "failure_text": "No."}
    history.record_run(a_run(run_id="r1", ad_account_id="", finished_at=NOW - timedelta(hours=2), **failed))
    assert len(content_of().failing) == 1
    history.record_run(a_run(run_id="r2"))
    assert list(content_of().failing) == []


def test_ad_accounts_that_the_runs_of_a_profile_keep_are_asked_for_and_shown_beside_its_own(
    environment: dict[str, str], history: History
) -> None:
    path = Path(environment["PINTEREST_AUDIENCES_HOME"]) / "profiles" / "shop.json"
    write_account(path, {"ad_account_id": ACCOUNT, "name": "Shop", "roles": []}, [{"ad_account_id": "8", "name": "EU"}])
    history.record_runs([a_run(ad_account_id="8")])
    asked: list[tuple[str, str | None]] = []

    class Watched(Asked):
        def latest(self, profiles: Sequence[Profile]) -> Mapping[Key, Listed]:
            asked.extend((each.name, each.ad_account_id) for each in profiles)
            return super().latest(profiles)

    listings = Watched({("shop", "8"): Listed(NOW, {**LISTING, "ad_account_id": "8"}, None, NOW)})
    shown = asyncio.run(PageSource(partial(list_profiles, environment), history, listings, lambda: NOW).content())

    assert asked == [("broken", None), ("shop", ACCOUNT), ("shop", "8")]
    assert [each.name for each in shown.accounts] == ["broken", "Shop", "EU"]
    assert [each.account for each in shown.audiences] == ["EU (8)"]


def test_where_a_remedy_points_within_its_document_the_document_is_named(
    content_of: Callable[..., Content], history: History
) -> None:
    history.record_runs([a_run(exit_code=1, failure_code="PIN-GUARD-001", failure_text="PIN-GUARD-001: Refused.")])

    (run,) = content_of().failing

    assert run.problem is not None
    assert '"The guard refused" in docs/operations.md' in run.problem.remedy
    assert "](" not in run.problem.remedy
    assert run.problem.anchor == "pin-guard-001"


def test_every_code_is_explained_under_the_anchor_that_its_problems_lead_to() -> None:
    found = {each.code: each for each in explanations()}
    assert set(found) == set(Code)
    assert found["PIN-GUARD-001"].anchor == "pin-guard-001"
    assert not [each.code for each in found.values() if "](#" in each.remedy]
