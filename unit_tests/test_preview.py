"""What `preview` says of a sync, and that neither Pinterest nor a store is changed by it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.assembly import SyncRequest, assemble
from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.preview import Bounds, Preview, PreviewedAudience, SyncPreview
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.session import PlatformConfig
from destination_pinterest.system import System
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises
from unit_tests.support.rig import CHEAP, new_sync

REPLACED = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
APPENDED = {"sync_mode": "full_refresh", "destination_sync_mode": "append"}


def lines(
    table: Iterable[int],
    *,
    stream: str = "users",
    domain: str = "example.com",
    deleted: Iterable[int] = (),
    is_whole: bool = True,
) -> MessageLines:
    people = [{"id": number, "email": f"p{number}@{domain}"} for number in table]
    people += [{"id": number, "_ab_cdc_deleted_at": "x", "email": f"p{number}@{domain}"} for number in deleted]
    messages: list[Any] = [{"type": "RECORD", "record": {"stream": stream, "data": row}} for row in people]
    if is_whole:
        status = {"stream_descriptor": {"name": stream}, "status": "COMPLETE"}
        messages.append({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": status}})
    return MessageLines([json.dumps(message).encode() for message in messages])


class Shop:
    """Previews and runs the same syncs into the audience "users"."""

    def __init__(self, raw: dict[str, Any], messages: MessageWriter, pinterest: FakePinterest, clock: Clock) -> None:
        self.raw = raw
        self.pinterest = pinterest
        self.system = clock.system
        self.stream = "users"
        self.domain = "example.com"
        self.messages = messages
        self._clock = clock

    def sync(self, table: Iterable[int], plan: dict[str, str] = REPLACED, **more: Any) -> None:
        sync = new_sync(
            self.raw,
            self._streams(plan),
            lines(table, stream=self.stream, domain=self.domain, **more),
            self.messages,
            self.pinterest,
            system=self._clock.system,
        )
        list(sync.run())
        self._clock.pass_by(60.0)

    def whole_preview(self, table: Iterable[int], plan: dict[str, str] = REPLACED, **more: Any) -> Preview:
        self.pinterest.asked.clear()
        request = SyncRequest(
            read_config(self.raw),
            PlatformConfig(self.raw, self.messages),
            self._streams(plan),
            lines(table, stream=self.stream, domain=self.domain, **more),
            self.messages,
            self.pinterest.open_wire,
        )
        try:
            return SyncPreview(assemble(request, self.system, tuning=CHEAP)).run()
        finally:
            assert {asked.method for asked in self.pinterest.asked} == {"GET"}

    def preview(self, table: Iterable[int], plan: dict[str, str] = REPLACED, **more: Any) -> PreviewedAudience:
        (audience,) = self.whole_preview(table, plan, **more).audiences
        return audience

    def _streams(self, plan: dict[str, str]) -> Any:
        properties: dict[str, Any] = {"id": {}, "email": {}, "_ab_cdc_deleted_at": {}}
        stream = {"name": self.stream, "json_schema": {"properties": properties}}
        return parse_catalog(json.dumps({"streams": [{"stream": stream, "primary_key": [["id"]], **plan}]}).encode())


@pytest.fixture
def shop(raw_config: dict[str, Any], messages: MessageWriter, pinterest: FakePinterest, clock: Clock) -> Shop:
    return Shop({**raw_config, "audience_name": "users"}, messages, pinterest, clock)


@pytest.fixture
def stored(shop: Shop, tmp_path: Path) -> Shop:
    (tmp_path / "store").mkdir()
    key = "a key that is only for tests"
    shop.raw = {
        **shop.raw,
        "membership_store": {"store_type": "local", "path": str(tmp_path / "store"), "store_key": key},
    }
    return shop


def exactly(number: int) -> Bounds:
    return Bounds(number, number)


def test_into_a_new_audience_everybody_joins_and_nobody_leaves(shop: Shop) -> None:
    shop.raw, shop.system = {**shop.raw, "access_tier": "standard"}, System()
    preview = shop.whole_preview([*range(10), *range(10)])
    (audience,) = preview.audiences
    assert preview.account == 'Connected to the ad account "Shop" (549755885175) as owner.'
    assert (audience.is_new, audience.audience_id, audience.members) == (True, None, exactly(0))
    assert (audience.joins, audience.leaves, audience.refusal) == (exactly(10), exactly(0), None)
    assert (audience.upload_requests, preview.lookup_requests) == (1, 2)
    assert preview.quota_left == {"ads_read": 997, "ads_write": 400}


def test_a_replacement_is_bounded_by_what_was_counted_at_the_last_one(shop: Shop) -> None:
    shop.sync(range(200))
    audience = shop.preview(range(150, 280))
    assert (audience.is_new, audience.members) == (False, exactly(200))
    assert (audience.joins, audience.leaves) == (Bounds(0, 130), Bounds(70, 200))
    assert audience.refusal is None


def test_what_was_never_counted_is_bounded_by_what_was_ever_added(shop: Shop) -> None:
    shop.pinterest.add_audience("users", shop.pinterest.add_list("users", *"abcde"))
    audience = shop.preview(range(3), APPENDED, deleted=[7, 8])
    assert (audience.members, audience.joins, audience.leaves) == (Bounds(0, 5), Bounds(0, 3), Bounds(0, 2))


@pytest.mark.parametrize(
    ("table", "more", "code"),
    [(range(20), {}, Code.REMOVAL_ABOVE_LIMIT), (range(200), {"is_whole": False}, Code.TABLE_INCOMPLETE)],
)
def test_what_a_guard_would_say_is_told(shop: Shop, table: range, more: dict[str, Any], code: Code) -> None:
    shop.sync(range(200))
    refusal = shop.preview(table, **more).refusal
    assert refusal is not None
    assert refusal.error_code == code
    assert refusal.error.startswith(f"{code}: ")


@pytest.mark.parametrize("plan", [APPENDED, REPLACED])
@pytest.mark.parametrize("kept_by", ["shop", "stored"])
def test_rows_of_which_none_can_be_used_are_told_as_the_sync_would(
    kept_by: str, plan: dict[str, str], request: pytest.FixtureRequest
) -> None:
    shop: Shop = request.getfixturevalue(kept_by)
    shop.domain = "nowhere"
    refusal = shop.preview(range(20), plan).refusal
    assert refusal is not None
    assert refusal.error_code == Code.NO_ROW_USABLE
    with raises(Code.NO_ROW_USABLE):
        shop.sync(range(20), plan)


def test_a_table_without_rows_empties_nothing_unless_it_may(shop: Shop) -> None:
    shop.sync(range(200))
    audience = shop.preview([])
    assert audience.leaves == exactly(0)
    assert audience.refusal is None
    assert [note for note in audience.notes if "The table has no usable rows, so the audience keeps" in note]
    assert audience.empty_table == "kept"
    shop.sync([])  # It succeeds, as was foreseen.
    shop.raw = {**shop.raw, "allow_empty_audience": True, "max_removal_percent": 100}
    assert shop.preview([]).leaves == exactly(200)


def test_with_a_store_a_table_without_rows_empties_nothing_unless_it_may(stored: Shop) -> None:
    assert stored.preview([]).empty_table == "nobody_yet"
    stored.sync(range(100))
    audience = stored.preview([])
    assert (audience.leaves, audience.upload_requests, audience.empty_table) == (exactly(0), 0, "kept")
    assert "keeps the 100 members" in audience.notes[0]
    stored.raw = {**stored.raw, "allow_empty_audience": True}
    assert stored.preview([]).leaves == exactly(100)


def test_with_a_store_it_is_exact_and_the_store_stays_as_it_is(stored: Shop, tmp_path: Path) -> None:
    stored.sync(range(100))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    audience = stored.preview(range(10, 130))
    assert (audience.counted_by, audience.members) == ("membership_store", exactly(100))
    assert (audience.joins, audience.leaves, audience.upload_requests) == (exactly(30), exactly(10), 2)
    assert audience.refusal is None
    refusal = stored.preview(range(10)).refusal
    assert refusal is not None
    assert refusal.error_code == Code.REMOVAL_ABOVE_LIMIT
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    stored.sync(range(10, 130))
    assert len(stored.pinterest.members_of("users")) == 120


def test_members_from_other_streams_that_stay_are_spoken_of(stored: Shop) -> None:
    stored.sync(range(100))
    stored.stream = "customers"
    preview = stored.whole_preview(range(10))
    assert preview.audiences[0].leaves == exactly(0)
    (note,) = preview.notes
    assert "also has members from streams that are not in this sync: users. They stay in it." in note


def test_a_store_that_was_never_used_is_not_begun(stored: Shop, tmp_path: Path) -> None:
    assert stored.preview(range(10)).joins == exactly(10)
    assert list((tmp_path / "store").iterdir()) == []


def test_a_dead_token_is_an_error(shop: Shop) -> None:
    shop.pinterest.refuse("GET", "", 401, "Authentication failed.", code=2, times=9)
    with raises(Code.ACCESS_TOKEN_REFUSED):
        shop.preview(range(10))


# --- several audiences, of which some would fail ----------------------------------------------------------------------


def preview_of(shop: Shop, names: Iterable[str], rows_of: str, **settings: Any) -> dict[str, PreviewedAudience]:
    """Previews streams of these names, each into an audience of its own; one of them has three rows."""
    properties: dict[str, Any] = {"email": {}}
    streams = [{"stream": {"name": name, "json_schema": {"properties": properties}}, **APPENDED} for name in names]
    raw = {**shop.raw, "audience_name": "{stream}", **settings}
    request = SyncRequest(
        read_config(raw),
        PlatformConfig(raw, shop.messages),
        parse_catalog(json.dumps({"streams": streams}).encode()),
        lines(range(3), stream=rows_of),
        shop.messages,
        shop.pinterest.open_wire,
    )
    found = SyncPreview(assemble(request, shop.system, tuning=CHEAP)).run()
    return {audience.audience: audience for audience in found.audiences}


def test_what_is_wrong_is_said_of_each_audience_and_the_others_are_previewed(shop: Shop) -> None:
    shop.pinterest.add_audience("taken", None, kind="VISITOR")
    shop.pinterest.add_audience("gone", "12345")
    shop.pinterest.refuse("GET", "customer_lists/12345", 403)
    found = preview_of(shop, ["taken", "good", "gone"], "good")
    assert found["good"].joins == exactly(3)
    assert found["good"].refusal is None
    refusals = [found[name].refusal for name in ("taken", "gone")]
    assert [refusal and refusal.error_code for refusal in refusals] == [Code.AUDIENCE_OF_OTHER_TYPE, Code.ROLE_MISSING]
    assert [found[name].is_new for name in ("taken", "good", "gone")] == [False, True, False]
    assert (found["taken"].members, found["taken"].upload_requests) == (Bounds(0, None), 0)


def test_where_every_audience_would_fail_each_is_named(shop: Shop) -> None:
    for name in ("one", "two"):
        shop.pinterest.add_audience(name, None, kind="VISITOR")
    with raises(Code.AUDIENCE_OF_OTHER_TYPE, match='"one".*"two"'):
        preview_of(shop, ["one", "two"], "one")


def test_a_ledger_that_is_damaged_is_said_of_its_audience(stored: Shop, tmp_path: Path) -> None:
    stored.raw["audience_name"] = "{stream}"
    stored.stream = "bad"
    stored.sync(range(5), APPENDED)
    (manifest,) = (tmp_path / "store").glob("*/manifest.json")
    manifest.write_bytes(b"{}")
    found = preview_of(stored, ["bad", "good"], "good")
    assert found["good"].joins == exactly(3)
    assert found["bad"].refusal is not None
    assert found["bad"].refusal.error_code == Code.STORE_DAMAGED


def test_a_ledger_whose_files_are_damaged_is_said_of_its_audience(stored: Shop, tmp_path: Path) -> None:
    stored.raw["audience_name"] = "{stream}"
    stored.stream = "bad"
    stored.sync(range(5), APPENDED)
    for file in (tmp_path / "store").glob("*/*.parquet"):
        file.write_bytes(b"nothing")
    found = preview_of(stored, ["bad", "good"], "bad")
    assert found["good"].joins == exactly(0)
    assert found["bad"].refusal is not None
    assert found["bad"].refusal.error_code == Code.STORE_DAMAGED


@pytest.mark.parametrize("plan", [APPENDED, REPLACED])
def test_a_list_that_has_no_audience_yet_is_what_a_sync_would_go_on_with(shop: Shop, plan: dict[str, str]) -> None:
    waiting = shop.pinterest.add_list("users", *"abcde")
    audience = shop.preview(range(4), plan)
    assert (audience.is_new, audience.audience_id, audience.customer_list_id) == (True, None, waiting)
    assert audience.members == Bounds(0, 5)
    assert f"There is no such audience, but a customer list of it ({waiting}, 5 records)." in audience.notes[-1]


def test_a_list_that_has_no_audience_yet_is_guarded_as_an_audience_is(shop: Shop) -> None:
    shop.pinterest.add_list("users", *"abcdefghij")
    refusal = shop.preview(range(2)).refusal
    assert refusal is not None
    assert refusal.error_code == "PIN-GUARD-001"


def test_a_clear_of_a_list_that_has_no_audience_yet_is_told_beforehand(shop: Shop) -> None:
    waiting = shop.pinterest.add_list("users", *"abcde")
    assert f"the customer list {waiting}, which has no audience yet, keeps its members" in shop.preview([]).notes[0]
    shop.raw = {**shop.raw, "allow_empty_audience": True}
    audience = shop.preview([])
    assert audience.leaves == Bounds(0, 5)
    assert f"an empty one takes the place of the list {waiting}" in audience.notes[0]


def test_that_the_settings_fail_a_sync_whose_audience_is_gone_is_told_beforehand(shop: Shop) -> None:
    shop.raw = {**shop.raw, "if_audience_is_gone": "fail"}
    shop.pinterest.add_list("users", *"abcde")
    with raises(Code.AUDIENCE_GONE):
        shop.preview(range(4))


def test_what_would_be_made_beside_the_audience_is_told_and_nothing_is_made(shop: Shop) -> None:
    shop.raw = {
        **shop.raw,
        "create_early": True,
        "actalike": {"countries": ["US"], "percentages": [1, 5]},
        "share_with": {"ad_accounts": ["549755885176"]},
    }
    before = shop.preview(range(10))
    assert [(one.percentage, one.outcome) for one in before.actalikes] == [(1, "foreseen"), (5, "foreseen")]
    assert [one.outcome for one in before.shared_with] == ["foreseen"]
    shop.sync(range(10))
    after = shop.preview(range(10))
    assert [one.outcome for one in after.actalikes] == ["found", "found"]
    assert [one.outcome for one in after.shared_with] == ["found"]
    shop.raw = {**shop.raw, "share_with": {}}
    assert [one.outcome for one in shop.preview(range(10)).shared_with] == ["foreseen_revoked"]


def test_those_who_would_expire_would_leave(stored: Shop, clock: Clock) -> None:
    stored.raw = {**stored.raw, "expire_after_days": 30, "max_removal_percent": 100}
    incremental = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
    stored.sync(range(10), incremental)
    clock.pass_by(31 * 86_400.0)
    audience = stored.preview(range(4), incremental)
    assert (audience.joins, audience.leaves) == (exactly(0), exactly(6))
