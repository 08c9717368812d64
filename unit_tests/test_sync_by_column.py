"""One table keeps many audiences: each row joins those that its column names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destination_pinterest.assembly import SyncRequest, assemble
from destination_pinterest.audiences.creation import NOBODY
from destination_pinterest.config import read_config
from destination_pinterest.config.membership_store import LocalMembershipStore
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.delivery.sink import Sink
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.preview import PreviewedAudience, SyncPreview
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.routing.audience_names import AudienceNames
from destination_pinterest.session import PlatformConfig
from destination_pinterest.suppression.store import open_suppression_store
from unit_tests.membership.shop import KilledError
from unit_tests.remembered.shop import (
    BY_OPERATION,
    EPOCH,
    PLATFORM,
    Shop,
    complete,
    deduped,
    deleted,
    people,
    row,
    said,
    state,
    stream,
)
from unit_tests.support.clock import Clock
from unit_tests.support.examples import examples
from unit_tests.support.fake_pinterest import AD_ACCOUNT, SISTER_ACCOUNT, FakePinterest
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises
from unit_tests.support.rig import CHEAP, ClockPause, new_sync

BY_SEGMENT = {"audience_column": "segment"}
REPLACED = {**PLATFORM, "destination_sync_mode": "overwrite"}
KEYED = deduped("users", "segment")
TABLE = stream("users", "segment", **REPLACED)


COUNTED = ("audience", "ad_account_id", "entered", "synced", "not_synced", "identifiers_refused", "notes", "pending")


def _report(outbox: Outbox) -> str:
    return [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)][-1].removeprefix(REPORT_PREFIX)


def _record(data: dict[str, Any]) -> bytes:
    return json.dumps({"type": "RECORD", "record": {"stream": "users", "data": data}}).encode()


def _one_by_one(route: StreamRoute, sink: Sink, naming: AudienceNames, _read: object, run: RowRun) -> None:
    for each in run.rows:
        route._take_named(sink, naming, each, run.position)


def reported(outbox: Outbox) -> dict[str, dict[str, Any]]:
    """What the last sync reported of each audience."""
    return {each["audience"]: each for each in json.loads(_report(outbox))["audiences"]}


@pytest.fixture
def shop(pinterest: FakePinterest, messages: Any, raw_config: dict[str, Any], clock: Clock, tmp_path: Path) -> Shop:
    return Shop(pinterest, messages, raw_config, clock, tmp_path / "store")


class Account:
    """Syncs without a membership store."""

    def __init__(self, raw: dict[str, Any], messages: Any, pinterest: FakePinterest, clock: Clock) -> None:
        self._raw, self._messages, self._pinterest, self._clock = raw, messages, pinterest, clock

    def sync(self, *lines: bytes, table: dict[str, Any] | None = None, **settings: Any) -> list[int]:
        catalog = parse_catalog(json.dumps({"streams": [table or stream("users", "segment", "country")]}).encode())
        sync = new_sync(
            {**self._raw, "retry_hours": 0.01, **settings}, catalog, MessageLines(lines), self._messages,
            self._pinterest, system=self._clock.system, pause=ClockPause(self._clock),
        )  # fmt: skip
        self._pinterest.asked.clear()
        return [json.loads(released)["id"] for released in sync.run()]


@pytest.fixture
def account(raw_config: dict[str, Any], messages: Any, pinterest: FakePinterest, clock: Clock) -> Account:
    return Account(raw_config, messages, pinterest, clock)


def members(pinterest: FakePinterest) -> dict[str, set[str]]:
    """The members of each audience, by its name."""
    return {
        each["name"]: pinterest.members[each["rule"]["customer_list_id"]] - NOBODIES
        for each in pinterest.audiences.values()
    }


NOBODIES = frozenset({"c9d4e8f0"})


def test_a_row_joins_the_audience_that_its_column_names(account: Account, pinterest: FakePinterest) -> None:
    released = account.sync(
        row("a", segment="VIP"), row("b", segment="Gold"), state(1), row("c", segment="VIP"), state(2), **BY_SEGMENT
    )
    assert members(pinterest) == {"VIP": people("ac"), "Gold": people("b")}
    assert released == [1, 2]


def test_an_array_joins_several_audiences(account: Account, pinterest: FakePinterest, outbox: Outbox) -> None:
    account.sync(row("a", segment=["VIP", "Gold"]), row("b", segment='["Gold"]'), **BY_SEGMENT)
    assert members(pinterest) == {"VIP": people("a"), "Gold": people("ab")}
    assert {name: each["synced"] for name, each in reported(outbox).items()} == {"VIP": 1, "Gold": 2}


def test_a_template_names_audiences_by_several_columns(account: Account, pinterest: FakePinterest) -> None:
    account.sync(
        row("a", segment="VIP", country="DE"), row("b", segment="VIP", country="FR"),
        audience_name="{stream} {country}/{segment}",
    )  # fmt: skip
    assert members(pinterest) == {"users DE/VIP": people("a"), "users FR/VIP": people("b")}


def test_names_that_differ_in_case_or_blanks_are_one_audience_as_pinterest_spells_it(
    account: Account, pinterest: FakePinterest, outbox: Outbox
) -> None:
    pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    account.sync(row("a", segment="vip"), row("b", segment=" Vip "), row("c", segment="VIP"), **BY_SEGMENT)
    assert members(pinterest) == {"VIP": people("abc")}
    assert any('"vip", "Vip" are in this audience too' in text for text in said(outbox, "WARN"))


def test_what_identifies_people_never_becomes_a_name(
    account: Account, pinterest: FakePinterest, outbox: Outbox
) -> None:
    account.sync(
        row("a", segment="VIP"), row("b", segment="b@example.com"), row("c", segment="+49 170 1234567"),
        row("d", segment=["VIP", "d@example.com"]), row("e", segment=None), row("f", segment="VIP"),
        **BY_SEGMENT,
    )  # fmt: skip
    assert members(pinterest) == {"VIP": people("adf")}
    nobodys = reported(outbox)["{segment}"]
    assert nobodys["not_synced"] == {"audience_name_identifies": 2, "no_audience": 1}
    assert nobodys["identifiers_refused"] == {"audience_name_identifies": 1}
    assert not any("@example.com" in text or "1234567" in text for text in outbox.log_texts)


def test_a_column_that_identifies_people_fails_the_sync(account: Account, pinterest: FakePinterest) -> None:
    with raises(Code.AUDIENCE_COLUMN_IDENTIFIES, match='named by the column "email", which identifies people'):
        account.sync(row("a"), audience_column="email")
    assert pinterest.audiences == {}


def test_a_stream_without_the_column_fails(account: Account) -> None:
    with raises(Code.AUDIENCE_COLUMN_MISSING, match='"users" lacks the column "sgement"'):
        account.sync(row("a"), audience_column="sgement")


def test_overwrite_needs_a_membership_store(account: Account) -> None:
    with raises(Code.AUDIENCE_COLUMN_NEEDS_STORE, match="membership store"):
        account.sync(row("a", segment="VIP"), complete(), table=TABLE, **BY_SEGMENT)


def test_more_audiences_than_permitted_fail_before_any_is_created(account: Account, pinterest: FakePinterest) -> None:
    rows = [row("a", segment=f"S{number}") for number in range(4)]
    with raises(Code.TOO_MANY_AUDIENCES, match="more than 3 audiences"):
        account.sync(*rows, max_audiences=3, **BY_SEGMENT)
    assert pinterest.members == {}
    account.sync(*rows, max_audiences=4, **BY_SEGMENT)
    assert len(members(pinterest)) == 4


def test_one_bad_audience_fails_alone_and_holds_back_the_states(
    account: Account, pinterest: FakePinterest, outbox: Outbox
) -> None:
    pinterest.add_audience("bad", None, kind="VISITOR")
    released: list[int] = []
    with raises(Code.AUDIENCE_OF_OTHER_TYPE, match='"bad"'):
        released += account.sync(
            row("a", segment="good"), state(1), row("b", segment="bad"), state(2), row("c", segment="fine"), state(3),
            **BY_SEGMENT,
        )  # fmt: skip
    assert released == []
    found = {each["name"]: each for each in pinterest.audiences.values() if each["name"] != "bad"}
    assert {name: pinterest.members[one["rule"]["customer_list_id"]] for name, one in found.items()} == {
        "good": people("a"),
        "fine": people("c"),
    }
    assert reported(outbox)["bad"]["errored"] == 1


def test_deleted_rows_leave_the_audiences_that_they_name(account: Account, pinterest: FakePinterest) -> None:
    table = stream("users", "segment", "_ab_cdc_deleted_at")
    account.sync(row("a", segment="VIP"), row("b", segment="VIP"), table=table, **BY_SEGMENT)
    account.sync(row("a", segment="VIP", _ab_cdc_deleted_at="2026-11-22"), table=table, **BY_SEGMENT)
    assert members(pinterest) == {"VIP": people("b")}


@pytest.mark.parametrize("is_in_bulk", [True, False])
def test_a_chunk_of_rows_comes_to_the_same_in_bulk_and_one_by_one(
    account: Account, pinterest: FakePinterest, outbox: Outbox, monkeypatch: pytest.MonkeyPatch, *, is_in_bulk: bool
) -> None:
    if not is_in_bulk:
        monkeypatch.setattr(StreamRoute, "_take_named_column", _one_by_one)
    table = stream("users", "segment", "op", "_ab_cdc_deleted_at")
    chunk = [
        row("a", segment="VIP"), row("b", segment="VIP"), row("c", segment=["VIP", "Gold"]), row("d", segment=None),
        row("a", segment="VIP", op="remove"), row("a", segment="Gold"), row("b", segment="VIP", op="?"),
        row("e", segment="e@example.com"), row(None, segment="VIP"), row("f", segment=["Gold", "f@example.com"]),
        row("c", segment="Gold", _ab_cdc_deleted_at="2026-11-22"), row("g", segment="vip "),
        row("no one", segment="VIP"),
    ]  # fmt: skip
    account.sync(
        b"\n".join(chunk), table=table, operation_column={"mode": "column", "column": "op"},
        max_rejected_percent=100, **BY_SEGMENT,
    )  # fmt: skip
    assert members(pinterest) == {"VIP": people("bcg"), "Gold": people("af")}
    counted = {
        name: (each["entered"], each["synced"], each["not_synced"], each["identifiers_refused"])
        for name, each in reported(outbox).items()
    }
    assert counted == {
        "{segment}": (
            2, 0, {"no_audience": 1, "audience_name_identifies": 1}, {"audience_name_identifies": 1},
        ),
        "VIP": (8, 5, {"unknown_operation": 1, "no_identity": 1, "invalid_email": 1}, {}),
        "Gold": (4, 4, {}, {}),
    }  # fmt: skip


NAMED_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "email": st.sampled_from(
                ["a@example.com", "b@example.com", "A@example.com ", "c@example.com", "vip", "no one", None, 7]
            ),
            "segment": st.sampled_from(
                ["VIP", "vip ", "x", ["VIP", "Gold"], ["x", "vip"], "a@example.com", ["x", "b@example.com"], None]
            ),
        },
        optional={"op": st.sampled_from(["add", "remove", "?"]), "consent": st.sampled_from(["yes", "no"])},
    ),
    min_size=1,
    max_size=20,
)  # fmt: skip


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(NAMED_ROWS, min_size=1, max_size=2),
    st.sampled_from([{}, BY_OPERATION, {"consent_column": {"column": "consent", "permits": ["yes"]}}]),
    st.sampled_from([[], [SISTER_ACCOUNT]]),
)
def test_rows_taken_together_come_to_what_they_come_to_one_by_one(
    raw_config: dict[str, Any],
    chunks: list[list[dict[str, Any]]],
    more: dict[str, Any],
    also_in: list[str],
) -> None:
    lines = [b"\n".join(_record(data) for data in chunk) for chunk in chunks]

    def outcome() -> list[Any]:
        clock, pinterest, outbox = Clock(), FakePinterest(), Outbox()
        account = Account(raw_config, MessageWriter(outbox, now=clock.now, scrub=lambda text: text), pinterest, clock)
        table, failure = stream("users", "segment", "op", "consent"), None
        every = {**BY_SEGMENT, **more, "also_in_ad_accounts": also_in, "max_rejected_percent": 100}
        try:
            account.sync(*lines, table=table, **every)
        except ConnectorError as error:
            failure = error.code
        found = [
            ({key: value for key, value in each.items() if key in COUNTED})
            for each in json.loads(_report(outbox))["audiences"]
        ]
        joined = sorted(
            (each["name"], sorted(pinterest.members[each["rule"]["customer_list_id"]]))
            for each in pinterest.audiences.values()
        )
        return [failure, sorted(map(str, found)), joined]

    together = outcome()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StreamRoute, "_take_named_column", _one_by_one)
        assert outcome() == together


def test_all_audiences_are_looked_up_in_one_listing(account: Account, pinterest: FakePinterest) -> None:
    rows = [row(f"p{number}", segment=f"S{number}") for number in range(30)]
    account.sync(*rows, **BY_SEGMENT)
    account.sync(*rows, **BY_SEGMENT)
    reads = [one.path for one in pinterest.asked if one.method == "GET"]
    assert len(reads) <= 4


def test_audiences_that_only_earlier_epochs_name_are_created_and_finished(
    shop: Shop, pinterest: FakePinterest, outbox: Outbox
) -> None:
    first = (row("ada", id=1, segment="gold"), row("ada", id=2, segment="Gold"), state(1), shop.wait(EPOCH + 1))
    shop.sync([KEYED], *first, row("bea", id=3, segment="tin"), state(2), **BY_SEGMENT)
    assert shop.released == [1, 2]
    assert members(pinterest) == {"gold": people({"ada"}), "tin": people({"bea"})}
    assert 'Rows that name "Gold" are in this audience' in reported(outbox)["gold"]["notes"][0]


def test_an_audience_is_created_before_the_states_of_an_epoch_come_back(shop: Shop, pinterest: FakePinterest) -> None:
    def fails() -> None:
        raise KilledError

    with pytest.raises(KilledError):
        shop.sync(
            [KEYED], row("ada", id=1, segment="gold"), state(1), shop.wait(EPOCH + 1), state(2), fails, **BY_SEGMENT
        )
    assert members(pinterest) == {"gold": people({"ada"})}


def test_without_a_store_a_warning_says_that_rows_that_move_stay(account: Account, outbox: Outbox) -> None:
    account.sync(row("a", segment="VIP"), **BY_SEGMENT)
    assert any("stays in the old one" in text for text in said(outbox, "WARN"))


def test_a_row_that_moves_leaves_the_old_audience(shop: Shop, pinterest: FakePinterest) -> None:
    shop.sync([KEYED], row("a", id=1, segment="VIP"), row("b", id=2, segment="VIP"), state(1), **BY_SEGMENT)
    assert shop.sync([KEYED], row("a", id=1, segment="Gold"), state(2), **BY_SEGMENT) == [2]
    assert members(pinterest) == {"VIP": people("b"), "Gold": people("a")}


def test_an_array_that_gains_and_loses_a_name_moves_the_row(shop: Shop, pinterest: FakePinterest) -> None:
    shop.sync([KEYED], row("a", id=1, segment=["x", "y"]), row("b", id=2, segment=["x", "y", "z"]), **BY_SEGMENT)
    shop.sync([KEYED], row("a", id=1, segment=["y", "z"]), **BY_SEGMENT)
    assert members(pinterest) == {"x": people("b"), "y": people("ab"), "z": people("ab")}


def test_a_row_that_names_no_audience_any_more_leaves_all(shop: Shop, pinterest: FakePinterest, outbox: Outbox) -> None:
    shop.sync([KEYED], row("a", id=1, segment=["x", "y"]), row("b", id=2, segment=["x", "y"]), **BY_SEGMENT)
    shop.sync([KEYED], row("a", id=1, segment=None), **BY_SEGMENT)
    assert members(pinterest) == {"x": people("b"), "y": people("b")}
    assert reported(outbox)["{segment}"]["not_synced"] == {"no_audience": 1}


def test_a_deletion_by_key_alone_leaves_all_audiences(shop: Shop, pinterest: FakePinterest, outbox: Outbox) -> None:
    shop.sync([KEYED], row("a", id=1, segment=["x", "y"]), row("b", id=2, segment=["x", "y"]), **BY_SEGMENT)
    shop.sync([KEYED], deleted(1), deleted(99), **BY_SEGMENT)
    assert members(pinterest) == {"x": people("b"), "y": people("b")}
    nobodys = reported(outbox)["{segment}"]
    assert (nobodys["entered"], nobodys["synced"], nobodys["not_synced"]) == (2, 1, {"unknown_key": 1})


def test_a_record_that_does_not_give_the_column_leaves_the_row_where_it_is(
    shop: Shop, pinterest: FakePinterest
) -> None:
    shop.sync([KEYED], row("a", id=1, segment=["x", "y"]), **BY_SEGMENT)
    shop.sync([KEYED], row("new", id=1), **BY_SEGMENT)
    assert members(pinterest) == {"x": people(["new"]), "y": people(["new"])}


def test_a_table_that_replaces_makes_every_audience_equal_to_it(shop: Shop, pinterest: FakePinterest) -> None:
    first = [row("a", segment="x"), row("b", segment="x"), row("c", segment="y"), row("d", segment="y")]
    assert shop.sync([TABLE], *first, complete(), state(1), **BY_SEGMENT) == [1]
    second = [row("a", segment="x"), row("c", segment="y"), row("d", segment="x"), row("e", segment="z")]
    assert shop.sync([TABLE], *second, complete(), state(2), **BY_SEGMENT) == [2]
    assert members(pinterest) == {"x": people("ad"), "y": people("c"), "z": people("e")}


def test_of_several_rows_of_a_key_the_last_says_where_a_replacing_table_has_it(
    shop: Shop, pinterest: FakePinterest
) -> None:
    log = [
        row("a", id=1, segment="x"),
        row("b", id=2, segment="x"),
        row("c", id=3, segment="x"),
        row("d", id=4, segment="x"),
    ]
    moved = [row("a", id=1, segment="y"), row("b", id=2, segment=None), deleted(3)]
    refreshed = deduped("users", "segment", **{**PLATFORM, "generation_id": 8, "minimum_generation_id": 8})
    shop.sync([refreshed], *log, *moved, complete(), **BY_SEGMENT)
    assert members(pinterest) == {"x": people("d"), "y": people("a")}


def test_an_audience_that_lost_its_last_row_is_emptied_only_as_far_as_the_limit_permits(
    shop: Shop, pinterest: FakePinterest
) -> None:
    shop.sync([TABLE], row("a", segment="x"), row("b", segment="y"), complete(), **BY_SEGMENT)
    with raises(Code.REMOVAL_ABOVE_LIMIT, match='"y" stays as it is'):
        shop.sync([TABLE], row("a", segment="x"), row("c", segment="z"), complete(), **BY_SEGMENT)
    assert members(pinterest) == {"x": people("a"), "y": people("b"), "z": people("c")}
    shop.sync([TABLE], row("a", segment="x"), row("c", segment="z"), complete(), max_removal_percent=100, **BY_SEGMENT)
    assert members(pinterest) == {"x": people("a"), "y": set(), "z": people("c")}
    shop.sync([TABLE], row("a", segment="x"), row("c", segment="z"), complete(), **BY_SEGMENT)


def test_a_table_without_rows_empties_nothing(shop: Shop, pinterest: FakePinterest, outbox: Outbox) -> None:
    shop.sync([TABLE], row("a", segment="x"), row("b", segment="y"), complete(), **BY_SEGMENT)
    shop.sync([TABLE], complete(), **BY_SEGMENT)
    assert members(pinterest) == {"x": people("a"), "y": people("b")}
    assert any("no usable rows" in text for text in said(outbox, "WARN"))


def test_a_table_that_is_not_known_to_be_whole_changes_nothing(shop: Shop, pinterest: FakePinterest) -> None:
    shop.sync([TABLE], row("a", segment="x"), complete(), **BY_SEGMENT)
    with raises(Code.TABLE_INCOMPLETE):
        shop.sync([TABLE], row("b", segment="x"), row("c", segment="z"), **BY_SEGMENT)
    assert members(pinterest) == {"x": people("a")}


def test_two_streams_share_the_audience_that_both_name(shop: Shop, pinterest: FakePinterest) -> None:
    streams = [deduped("users", "segment"), deduped("guests", "segment")]
    both = [row("a", id=1, segment="x"), row("a", of="guests", id=7, segment="x"), row("b", id=2, segment="x")]
    shop.sync(streams, *both, **BY_SEGMENT)
    shop.sync(streams, row("a", id=1, segment="y"), **BY_SEGMENT)
    assert members(pinterest) == {"x": people("ab"), "y": people("a")}
    shop.sync(streams, row("a", of="guests", id=7, segment="y"), **BY_SEGMENT)
    assert members(pinterest) == {"x": people("b"), "y": people("a")}


def test_an_audience_that_failed_loses_its_leavers_later(shop: Shop, pinterest: FakePinterest) -> None:
    shop.sync([KEYED], row("a", id=1, segment="x"), row("b", id=2, segment="x"), **BY_SEGMENT)
    (audience,) = [one for one in pinterest.audiences.values() if one["name"] == "x"]
    pinterest.refuse("PATCH", f"customer_lists/{audience['rule']['customer_list_id']}", 403, times=1)
    with raises(Code.ROLE_MISSING):
        shop.sync([KEYED], row("a", id=1, segment="y"), state(1), **BY_SEGMENT)
    assert shop.released == []
    assert members(pinterest) == {"x": people("ab"), "y": people("a")}
    assert shop.sync([KEYED], row("a", id=1, segment="z"), state(1), **BY_SEGMENT) == [1]
    assert members(pinterest) == {"x": people("b"), "y": set(), "z": people("a")}


def test_an_attempt_after_one_that_failed_for_an_audience_replaces_all_of_them_again(
    shop: Shop, pinterest: FakePinterest
) -> None:
    table = stream("users", "segment", sync_mode="full_refresh", **{**REPLACED, "destination_sync_mode": "append"})
    table["stream"]["is_resumable"] = True
    shop.sync([table], row("a", segment="x"), row("b", segment="y"), complete(), max_removal_percent=100, **BY_SEGMENT)
    refreshed = {**table, "generation_id": 8, "minimum_generation_id": 8}
    (bad,) = [one for one in pinterest.audiences.values() if one["name"] == "y"]
    pinterest.refuse("PATCH", f"customer_lists/{bad['rule']['customer_list_id']}", 403, times=1)
    with raises(Code.ROLE_MISSING):
        shop.sync(
            [refreshed], row("a", segment="x"), row("c", segment="x"), row("d", segment="y"), complete(),
            max_removal_percent=100, **BY_SEGMENT,
        )  # fmt: skip
    shop.sync(
        [refreshed], row("a", segment="x"), row("d", segment="y"), complete(), max_removal_percent=100, **BY_SEGMENT
    )
    assert members(pinterest) == {"x": people("a"), "y": people("d")}


def test_every_ad_account_gets_the_audiences_of_the_table(shop: Shop, pinterest: FakePinterest) -> None:
    settings = {**BY_SEGMENT, "also_in_ad_accounts": [SISTER_ACCOUNT]}
    shop.sync([KEYED], row("a", id=1, segment="x"), row("b", id=2, segment="x"), state(1), **settings)
    assert shop.sync([KEYED], row("a", id=1, segment="y"), state(2), **settings) == [2]
    found = sorted(
        (each["name"], sorted(pinterest.members[each["rule"]["customer_list_id"]]))
        for each in pinterest.audiences.values()
    )
    assert found == [("x", sorted(people("b")))] * 2 + [("y", sorted(people("a")))] * 2


def test_a_row_may_name_its_ad_account_too(shop: Shop, pinterest: FakePinterest) -> None:
    settings = {**BY_SEGMENT, "also_in_ad_accounts": [SISTER_ACCOUNT], "ad_account_column": "account"}
    table = deduped("users", "segment", "account")
    rows = [
        row("a", id=1, segment="x", account=AD_ACCOUNT), row("b", id=2, segment="x", account=AD_ACCOUNT),
        row("c", id=3, segment="x", account=SISTER_ACCOUNT),
    ]  # fmt: skip
    shop.sync([table], *rows, **settings)
    shop.sync([table], row("a", id=1, segment="x", account=SISTER_ACCOUNT), state(2), **settings)
    assert pinterest.people_in("x") == people("b")
    assert pinterest.people_in("x", SISTER_ACCOUNT) == people("ac")
    assert shop.released == [2]


def test_each_row_is_entered_once_whether_it_lacks_its_audience_or_its_ad_account(shop: Shop, outbox: Outbox) -> None:
    settings = {
        **BY_SEGMENT, "also_in_ad_accounts": [SISTER_ACCOUNT], "ad_account_column": "account",
        "max_rejected_percent": 100,
    }  # fmt: skip
    rows = [
        row("a", id=1, segment="x", account=AD_ACCOUNT), row("b", id=2, segment=None, account=AD_ACCOUNT),
        row("c", id=3, segment="x", account="999"), row("d", id=4, segment="x", account=None),
    ]  # fmt: skip
    shop.sync([deduped("users", "segment", "account")], *rows, **settings)
    in_none = reported(outbox)["{segment}"]
    assert in_none["not_synced"] == {"no_audience": 1, "unknown_ad_account": 1, "no_ad_account": 1}
    assert (in_none["entered"], in_none["pending"]) == (3, 0)


def test_a_record_that_moves_a_row_and_does_not_give_who_it_is_says_that_it_could_not_follow(
    shop: Shop, pinterest: FakePinterest, outbox: Outbox
) -> None:
    shop.sync([KEYED], row("a", id=1, segment="x"), row("b", id=2, segment="x"), **BY_SEGMENT)
    moved = {"type": "RECORD", "record": {"stream": "users", "data": {"id": 1, "segment": "y"}}}
    shop.sync([KEYED], json.dumps(moved).encode(), **BY_SEGMENT)
    assert members(pinterest) == {"x": people("b")}
    assert reported(outbox)["y"]["not_synced"] == {"value_unchanged": 1}


def foreseen(shop: Shop, *lines: bytes, **settings: Any) -> dict[str, PreviewedAudience]:
    raw = {**shop._raw_config, **settings}
    catalog = parse_catalog(json.dumps({"streams": [KEYED]}).encode())
    request = SyncRequest(
        read_config(raw),
        PlatformConfig(raw, shop._messages),
        catalog,
        MessageLines(lines),
        shop._messages,
        open_wire=lambda _url, _system: shop.pinterest,
    )
    preview = SyncPreview(assemble(request, shop._clock.system, tuning=CHEAP)).run()
    return {each.audience: each for each in preview.audiences}


def test_a_preview_says_of_each_audience_who_would_join_and_leave_and_changes_nothing(
    shop: Shop, pinterest: FakePinterest
) -> None:
    shop.sync([KEYED], row("a", id=1, segment="x"), row("b", id=2, segment="x"), **BY_SEGMENT)
    files = {path: path.read_bytes() for path in shop.root.rglob("*") if path.is_file()}
    pinterest.asked.clear()
    found = foreseen(shop, row("a", id=1, segment="y"), row("c", id=3, segment="y"), **BY_SEGMENT)
    assert {name: (each.is_new, each.joins.at_most, each.leaves.at_most) for name, each in found.items()} == {
        "x": (False, 0, 1),
        "y": (True, 2, 0),
    }
    assert {asked.method for asked in pinterest.asked} == {"GET"}
    assert {path: path.read_bytes() for path in shop.root.rglob("*") if path.is_file()} == files


@pytest.mark.parametrize("by_segment", [BY_SEGMENT, {}])
def test_a_preview_counts_the_forgotten_among_those_who_leave(
    by_segment: dict[str, Any], shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "suppressed").mkdir()
    store = {"store_type": "local", "path": str(tmp_path / "suppressed"), "store_key": "a suppression key"}
    shop.sync([KEYED], row("a", id=1, segment="x"), row("b", id=2, segment="x"), **by_segment)
    suppressed = open_suppression_store(LocalMembershipStore(**store), stretchings=CHEAP.stretchings or {})
    suppressed.add(people("a"))
    files = {path: path.read_bytes() for path in shop.root.rglob("*") if path.is_file()}
    found = foreseen(
        shop, row("a", id=1, segment="y"), row("c", id=3, segment="y"), **by_segment, suppression_store=store
    )
    assert sum(each.leaves.at_most for each in found.values()) == 1
    assert sum(each.joins.at_most for each in found.values()) == 1
    assert any("rows without anybody else: 1;" in note for each in found.values() for note in each.notes)
    assert {path: path.read_bytes() for path in shop.root.rglob("*") if path.is_file()} == files


EXPIRING = {**BY_SEGMENT, "expire_after_days": 30, "max_removal_percent": 100}
DAY_S = 86_400.0


def test_members_expire_also_in_audiences_that_no_row_names_any_more(shop: Shop, pinterest: FakePinterest) -> None:
    shop.sync([KEYED], row("a", id=1, segment="VIP"), row("b", id=2, segment="Gold"), complete(), **EXPIRING)
    shop.wait(20 * DAY_S)()
    shop.sync([KEYED], row("a", id=1, segment="VIP"), complete(), **EXPIRING)
    shop.wait(20 * DAY_S)()
    shop.sync([KEYED], row("c", id=3, segment="VIP"), complete(), **EXPIRING)
    assert members(pinterest) == {"VIP": people("ac"), "Gold": set()}
    shop.sync([KEYED], row("b", id=2, segment="Gold"), complete(), **EXPIRING)
    assert members(pinterest) == {"VIP": people("ac"), "Gold": people("b")}


def test_a_named_audience_is_there_before_the_first_of_its_rows_is_sent(
    account: Account, pinterest: FakePinterest
) -> None:
    account.sync(row("a", segment="VIP"), row("b", segment="VIP"), **BY_SEGMENT, create_early=True)
    writes = [asked for asked in pinterest.asked if asked.method != "GET"]
    assert [asked.path.rsplit("/", 1)[-1] for asked in writes][:2] == ["customer_lists", "audiences"]
    assert writes[0].body["records"] == NOBODY
    assert members(pinterest) == {"VIP": {NOBODY, *people("ab")}}


def test_an_audience_that_is_gone_and_that_no_row_names_is_not_created_early(
    shop: Shop, pinterest: FakePinterest
) -> None:
    shop.sync([KEYED], row("a", id=1, segment="VIP"), complete(), **EXPIRING)
    pinterest.audiences.clear()
    shop.wait(20 * DAY_S)()
    shop.sync([KEYED], complete(), **EXPIRING, create_early=True)
    assert NOBODY not in set().union(*pinterest.members.values())


def test_named_audiences_are_described_and_shared_as_the_settings_say(
    account: Account, pinterest: FakePinterest, outbox: Outbox
) -> None:
    rows = [row("a", segment="VIP"), row("b", segment="Gold")]
    account.sync(*rows, **BY_SEGMENT)
    account.sync(*rows, **BY_SEGMENT, description="From {stream}", share_with={"ad_accounts": [SISTER_ACCOUNT]})
    assert {each["description"].partition(" [")[0] for each in pinterest.audiences.values()} == {"From users"}
    assert {of for of, _, _ in pinterest.shares} == set(pinterest.audiences)
    assert all(
        [one["outcome"] for one in reported(outbox)[name]["shared_with"]] == ["shared"] for name in ("VIP", "Gold")
    )
    account.sync(*rows, **BY_SEGMENT, description="From {stream}")
    assert pinterest.shares == set()


def test_what_thousands_of_audiences_warn_of_alike_is_logged_for_some_and_reported_for_all(
    account: Account, pinterest: FakePinterest, outbox: Outbox
) -> None:
    pinterest.refuse("PATCH", "audiences/ad_accounts/shared", 403, "Not permitted", times=1_000)
    rows = [row(f"p{number}", segment=f"Segment {number}") for number in range(60)]
    account.sync(*rows, **BY_SEGMENT, share_with={"ad_accounts": [SISTER_ACCOUNT]})
    warnings = said(outbox, "WARN")
    assert len([text for text in warnings if "could not be shared" in text]) == 50
    assert "10 further warnings about audiences are in the report alone." in warnings
    assert sum(bool(audience["notes"]) for audience in reported(outbox).values()) == 60
