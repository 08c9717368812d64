from __future__ import annotations

from typing import Any

import pytest

from destination_pinterest.audiences.shadow_list import (
    ListLabel,
    ShadowList,
    is_shadow_list_of,
    new_shadow_list,
    read_label,
)
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.routing.replacement import obstacle, replaces

NOON = 1_800_000_000.0


def plan(name: str = "users", **more: Any) -> ConfiguredStream:
    known = {"sync_mode": "full_refresh", "destination_sync_mode": "append", **more}
    return ConfiguredStream(StreamKey(None, name), ("email",), **known)


def refreshed(name: str = "users", generation: int = 7, job: int | None = 12, **more: Any) -> ConfiguredStream:
    """As a current platform asks for the earlier rows to go."""
    return plan(name, generation_id=generation, minimum_generation_id=generation, sync_id=job, **more)


def by_image(name: str = "users", **more: Any) -> ConfiguredStream:
    """As a platform asks it of a custom connector."""
    return plan(name, **{"destination_sync_mode": "overwrite", **more})


def pyairbyte(name: str = "users", **more: Any) -> ConfiguredStream:
    return plan(name, generation_id=1, minimum_generation_id=1, sync_id=1, **more)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (refreshed(), True),
        (refreshed(sync_mode="incremental"), True),
        (by_image(), True),
        (pyairbyte(destination_sync_mode="overwrite"), True),
        (pyairbyte(), False),
        (pyairbyte(sync_mode="incremental", destination_sync_mode="append_dedup"), False),
        (plan(), False),
        (plan(generation_id=7, minimum_generation_id=0, sync_id=12), False),
        (plan(generation_id=0, minimum_generation_id=0, sync_id=12), False),
        (refreshed(destination_sync_mode="soft_delete"), False),
    ],
)
def test_a_stream_replaces_if_earlier_generations_go_or_the_mode_says_so(asked: ConfiguredStream, wanted: bool) -> None:
    assert replaces(asked) is wanted


@pytest.mark.parametrize(
    "asked",
    [
        [refreshed()],
        [refreshed(sync_mode="incremental")],
        [refreshed(is_resumable=True)],
        [by_image()],
        [pyairbyte(destination_sync_mode="overwrite")],
        [refreshed(), refreshed("orders", 3)],
        [by_image(), by_image("orders")],
    ],
)
def test_whole_tables_have_no_obstacle(asked: list[ConfiguredStream]) -> None:
    assert obstacle(asked) is None


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ([by_image(sync_mode="incremental")], '"users" is read incrementally'),
        ([pyairbyte(sync_mode="incremental", destination_sync_mode="overwrite")], '"users" is read incrementally'),
        ([by_image(is_resumable=True)], '"users" can be resumed in its middle'),
        ([pyairbyte(is_resumable=True, destination_sync_mode="overwrite")], '"users" can be resumed in its middle'),
        ([refreshed(), plan("orders")], '"orders" leads to the same audience and does not replace it'),
        ([by_image(), by_image("orders", is_resumable=True)], '"orders" can be resumed'),
    ],
)
def test_rows_that_may_not_be_the_whole_table_are_an_obstacle(asked: list[ConfiguredStream], reason: str) -> None:
    assert reason in (obstacle(asked) or "")


def test_attempts_that_go_on_from_each_other_build_the_same_list() -> None:
    table = refreshed(is_resumable=True)
    first, second = (new_shadow_list([table], None, NOON + attempt, attempt / 10) for attempt in (1, 2))
    assert first == second == ShadowList("generation 7, job 12", "job")
    assert first.list_name("VIP") == "VIP [dp2: generation 7, job 12]"


def test_jobs_and_generations_build_lists_of_their_own() -> None:
    ids: list[dict[str, Any]] = [{}, {"generation": 8}, {"job": 13}, {"job": None}]
    labels = {new_shadow_list([refreshed(**each, is_resumable=True)], None, NOON, 0.0).label for each in ids}
    assert len(labels) == 4


@pytest.mark.parametrize(
    ("plans", "label"),
    [
        ([by_image()], "started 2027-01-15 08:00:00 UTC, 8000"),
        ([pyairbyte(destination_sync_mode="overwrite")], "started 2027-01-15 08:00:00 UTC, 8000"),
        ([refreshed()], "generation 7, job 12, started 2027-01-15 08:00:00 UTC, 8000"),
        ([refreshed(sync_mode="incremental")], "generation 7, job 12, started 2027-01-15 08:00:00 UTC, 8000"),
        (
            [refreshed(is_resumable=True), refreshed("orders", 3, is_resumable=True)],
            "generations 3, 7, job 12, started 2027-01-15 08:00:00 UTC, 8000",
        ),
        ([refreshed(), by_image("orders")], "started 2027-01-15 08:00:00 UTC, 8000"),
    ],
)
def test_attempts_from_the_beginning_build_lists_of_their_own(plans: list[ConfiguredStream], label: str) -> None:
    made = [new_shadow_list(plans, None, now, chance) for now, chance in ((NOON, 0.5), (NOON, 0.25), (NOON + 1, 0.5))]
    assert (made[0].label, made[0].spans) == (label, "attempt")
    assert len({generation.label for generation in made}) == 3


def test_streams_of_one_audience_are_named_in_whatever_order_they_come() -> None:
    users, orders = refreshed("users", 7), refreshed("orders", 3)
    assert new_shadow_list([users, orders], None, NOON, 0.0) == new_shadow_list([orders, users], None, NOON, 0.0)


def test_a_chosen_audience_is_in_the_label_since_its_name_may_change() -> None:
    made = new_shadow_list([refreshed(is_resumable=True)], "2680059592705", NOON, 0.0)
    assert made == ShadowList("audience 2680059592705, generation 7, job 12", "job")


@pytest.mark.parametrize(
    "generation",
    [
        new_shadow_list([refreshed()], None, NOON, 0.0),
        new_shadow_list([refreshed(is_resumable=True)], "2680059592705", NOON, 0.0),
        new_shadow_list([refreshed(job=None)], None, NOON, 0.0),
        new_shadow_list([refreshed(), refreshed("orders", 3)], "2680059592705", NOON, 0.0),
        new_shadow_list([by_image()], None, NOON, 0.9999),
    ],
)
def test_a_lists_name_tells_what_it_was_made_for(generation: ShadowList) -> None:
    name = generation.list_name("VIP (a+b)")
    assert is_shadow_list_of(name, "VIP (a+b)")
    assert not is_shadow_list_of(name, "VIP")
    assert not is_shadow_list_of(f"{name} 2", "VIP (a+b)")


@pytest.mark.parametrize("name", ["VIP", "VIP [2026]", "VIP [generation]", "VIP generation 7, job 12"])
def test_other_lists_are_not_taken_for_generations(name: str) -> None:
    assert not is_shadow_list_of(name, "VIP")


def test_a_later_attempt_of_a_refresh_goes_on_with_what_an_earlier_one_has_put_in_its_place() -> None:
    refresh = new_shadow_list([refreshed(sync_mode="incremental")], None, NOON, 0.0)
    earlier = new_shadow_list([refreshed(sync_mode="incremental")], None, NOON - 60, 0.5).list_name("VIP")
    assert refresh.continues_from(earlier)
    for other in ("VIP", "VIP [generation 7, job 1]", "VIP [generation 7, job 121, started …]", "job 12"):
        assert not refresh.continues_from(other)


@pytest.mark.parametrize("plans", [[refreshed()], [by_image()], [refreshed(), refreshed("orders")]])
def test_attempts_that_start_from_nothing_go_on_with_nothing(plans: list[ConfiguredStream]) -> None:
    made = new_shadow_list(plans, None, NOON, 0.0)
    assert not made.continues_from(made.list_name("VIP"))


def test_the_name_of_a_list_says_which_installation_made_it_and_in_which_form() -> None:
    made = new_shadow_list([refreshed(is_resumable=True)], None, NOON, 0.0, installation="shop-eu")
    assert made.list_name("VIP") == "VIP [dp2 shop-eu: generation 7, job 12]"
    assert read_label(made.list_name("VIP [2026]")) == ListLabel("VIP [2026]", 2, "shop-eu", "generation 7, job 12")
    assert read_label("VIP [generation 7, job 12]") == ListLabel("VIP", 1, None, "generation 7, job 12")
    assert read_label("VIP [dp3 shop-eu: generation 7, job 12]") is None
    assert read_label(None) is None


@pytest.mark.parametrize("label", ["dp2 other: generation 7, job 12", "dp2: generation 7, job 12"])
def test_what_another_installation_put_in_place_is_not_gone_on_with(label: str) -> None:
    refresh = new_shadow_list([refreshed(sync_mode="incremental")], None, NOON, 0.0, installation="shop-eu")
    assert not refresh.continues_from(f"VIP [{label}]")
    assert refresh.continues_from("VIP [dp2 shop-eu: generation 7, job 12, started 2027-01-15 08:00:00 UTC, 8000]")
    assert refresh.continues_from("VIP [generation 7, job 12, started 2027-01-15 08:00:00 UTC, 8000]")
