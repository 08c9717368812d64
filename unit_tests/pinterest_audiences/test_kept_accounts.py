"""Which ad accounts a profile is used for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pinterest_audiences.history.records import RunRecord
from pinterest_audiences.history.store import History
from pinterest_audiences.kept_accounts import listed_settings, with_kept_accounts
from pinterest_audiences.sign_in.profiles import Profile, read_profile

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.sqlite3")


@pytest.fixture
def shop(tmp_path: Path) -> Profile:
    path = tmp_path / "shop.json"
    path.write_text(json.dumps({"ad_account_id": "1", "also_in_ad_accounts": ["2"]}))
    return read_profile(path)


def a_run(ad_account_id: str, *, profile: str = "shop", days_ago: int = 1, exit_code: int = 0) -> RunRecord:
    at = NOW - timedelta(days=days_ago)
    failure = (None, None, None) if exit_code == 0 else ("config_error", "PIN-GUARD-001", "No.")
    return RunRecord("r", None, "VIP", "VIP", ad_account_id, profile, "run", at, at, exit_code, *failure, "1")


def accounts(profile: Profile, history: History | None) -> list[str | None]:
    return [each.ad_account_id for each in with_kept_accounts([profile], history, NOW)]


def test_its_own_comes_first_and_those_of_its_runs_follow_once_each(shop: Profile, history: History) -> None:
    history.record_runs([a_run("9"), a_run("8"), a_run("8", days_ago=2), a_run("1")])

    assert accounts(shop, history) == ["1", "8", "9"]


def test_what_others_keep_what_never_worked_and_what_is_long_ago_is_left_out(shop: Profile, history: History) -> None:
    history.record_runs([a_run("7", profile="other"), a_run("8", exit_code=1), a_run("9", days_ago=36), a_run("")])

    assert accounts(shop, history) == ["1"]


def test_without_a_history_it_is_the_profiles_own_alone(shop: Profile) -> None:
    assert accounts(shop, None) == ["1"]


def test_its_own_is_listed_as_its_settings_say_and_a_further_one_alone(shop: Profile, history: History) -> None:
    history.record_runs([a_run("8")])

    assert [listed_settings(each) for each in with_kept_accounts([shop], history, NOW)] == [
        {},
        {"ad_account_id": "8", "also_in_ad_accounts": []},
    ]
