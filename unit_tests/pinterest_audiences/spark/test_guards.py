from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IdentityDriftError, RemovalGuardError
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.spark.guards import empty_table_of, may_be_sent
from pinterest_audiences.spark.logged_display import LoggedWatcher
from pinterest_audiences.spark.planning import SparkPlan, planned

EMAIL, PHONE = "EMAIL/sha256", "PHONE/sha256"


@pytest.fixture
def watcher() -> LoggedWatcher:
    return LoggedWatcher()


def plan(folder: Path, **settings: Any) -> SparkPlan:
    credentials = {"auth_method": "access_token", "access_token": "pina_secret"}
    path = folder / "config.json"
    path.write_text(json.dumps({"credentials": credentials, "ad_account_id": "549755885175", **settings}))
    return planned(["email"], "VIP", "mirror", ConfigFile(str(path), {}), settings={})


def test_at_most_the_permitted_share_may_leave(tmp_path: Path, watcher: LoggedWatcher) -> None:
    assert may_be_sent(plan(tmp_path), {EMAIL: 100}, {EMAIL: 50}, 50, watcher)
    with pytest.raises(RemovalGuardError, match="51 of 100 identifiers would leave") as raised:
        may_be_sent(plan(tmp_path), {EMAIL: 100}, {EMAIL: 49}, 51, watcher)

    assert raised.value.code is Code.REMOVAL_ABOVE_LIMIT
    assert may_be_sent(plan(tmp_path, max_removal_percent=51), {EMAIL: 100}, {EMAIL: 49}, 51, watcher)


def test_a_first_difference_may_be_sent(tmp_path: Path, watcher: LoggedWatcher) -> None:
    assert may_be_sent(plan(tmp_path), {}, {EMAIL: 100}, 0, watcher)
    assert not watcher.warnings


def test_an_empty_dataframe_changes_nothing_unless_that_is_permitted(tmp_path: Path, watcher: LoggedWatcher) -> None:
    assert not may_be_sent(plan(tmp_path), {EMAIL: 100}, {}, 100, watcher)
    assert watcher.warnings[0].startswith("The DataFrame has no usable rows, so the audience keeps its 100 members.")
    assert not may_be_sent(plan(tmp_path), {}, {}, 0, watcher)
    assert watcher.warnings[1].startswith("The DataFrame has no usable rows, so there is nobody to add.")
    for were in ({EMAIL: 100}, {}):
        assert may_be_sent(plan(tmp_path, allow_empty_audience=True), were, {}, sum(were.values()), watcher)
    assert len(watcher.warnings) == 2


@pytest.mark.parametrize(
    ("were", "are", "expected"),
    [({EMAIL: 100}, {}, "kept"), ({}, {}, "nobody_yet"), ({EMAIL: 100}, {PHONE: 1}, None), ({}, {EMAIL: 1}, None)],
)
def test_an_empty_dataframe_is_marked_unless_it_may_empty_the_audience(
    tmp_path: Path, were: dict[str, int], are: dict[str, int], expected: str | None
) -> None:
    assert empty_table_of(plan(tmp_path), were, are) == expected
    assert empty_table_of(plan(tmp_path, allow_empty_audience=True), were, are) is None


def test_a_kind_of_identifier_that_is_gone_takes_nobody_out(tmp_path: Path, watcher: LoggedWatcher) -> None:
    """As where a column was emptied by mistake; the share of all is small."""
    were = {EMAIL: 1_000, PHONE: 100}
    with pytest.raises(IdentityDriftError, match="of PHONE/sha256, the DataFrame has less than half") as raised:
        may_be_sent(plan(tmp_path), were, {EMAIL: 1_000, PHONE: 49}, 51, watcher)

    assert raised.value.code is Code.IDENTITY_DRIFT
    assert may_be_sent(plan(tmp_path), were, {EMAIL: 1_000, PHONE: 50}, 50, watcher)
    assert may_be_sent(plan(tmp_path, allow_identity_drift=True), were, {EMAIL: 1_000}, 100, watcher)
