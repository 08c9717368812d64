from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import read_config
from destination_pinterest.delivery.append import AppendStrategy, MembershipBatch
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.mirror import MirroredStreams, MirrorStrategy, Rhythm
from destination_pinterest.delivery.precedence import precedence_of
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.delivery.row_support import RowSupport
from destination_pinterest.delivery.sink import LaneSink
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.input import MessageDecoder, RowRun
from destination_pinterest.routing.plan import StreamPlan, plan_streams
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.membership.shop import LIST, Shop, person
from unit_tests.support.rig import new_count

ADD, REMOVE = Operation.ADD, Operation.REMOVE
DEDUPED = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup", "primary_key": [["id"]]}
APPENDED = {"sync_mode": "full_refresh", "destination_sync_mode": "append"}
LEAVERS = {**DEDUPED, "destination_sync_mode": "soft_delete"}
DELETED = "2026-11-22T10:00:00Z"
BY_OPERATION = {"operation_column": {"mode": "column", "column": "op"}}
EPOCH_S = 60.0


def row(email: str | None, **data: Any) -> dict[str, Any]:
    return {"email": None if email is None else f"{email}@example.com", **data}


@dataclass
class Desk:
    """A route, and what is behind it."""

    plan: StreamPlan
    decoder: MessageDecoder
    strategy: SyncStrategy
    route: StreamRoute
    tally: StreamTally
    position: int = 0
    now_s: float = field(default=100.0)

    def take(self, *rows: dict[str, Any]) -> dict[str, int]:
        """What was not synced so far, by reason."""
        lines = [json.dumps({"type": "RECORD", "record": {"stream": "users", "data": data}}) for data in rows]
        read = [message.record.data for message in self.decoder.decode("\n".join([*lines, ""]).encode())]
        self.route.take(RowRun(self.plan.stream.key, read, self.position), self.now_s)
        self.position += len(rows)
        return dict(self.strategy.lane.tally.not_synced)

    def sent(self) -> tuple[set[str], set[str]]:
        """Who is added and who removed if the input ends now, and Pinterest accepts all of it."""
        came: dict[Operation, set[str]] = {ADD: set(), REMOVE: set()}
        lane = self.strategy.lane
        self.strategy.drain()
        for delivery in iter(lane.start_next, None):
            came[delivery.operation] |= delivery.identifiers.keys()
            lane.ack(delivery, len(delivery.identifiers))
        for deliveries in self.strategy.settle(lambda _: True, is_end=True):
            for delivery in deliveries:
                came[delivery.operation] |= delivery.identifiers.keys()
        return came[ADD], came[REMOVE]

    @property
    def synced(self) -> int:
        return self.strategy.lane.tally.synced


MakeDesk = Callable[..., Desk]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    (tmp_path / "store").mkdir()
    shop = Shop(tmp_path / "store")
    yield shop
    for ledger in shop.opened:
        ledger.close()


@pytest.fixture
def make(
    shop: Shop,
    raw_config: dict[str, Any],
    make_client: Callable[..., PinterestClient],
    make_creator: Callable[[PinterestClient], AudienceCreator],
) -> MakeDesk:
    """A desk for one stream of these columns, with a membership store unless told otherwise."""
    creator = make_creator(make_client())

    def make(*columns: str, remembers: bool = True, configured: dict[str, Any] | None = None, **settings: Any) -> Desk:
        properties = {column: {} for column in columns or ("id", "email", "op", "_ab_cdc_deleted_at")}
        described = {"name": "users", "json_schema": {"properties": properties}}
        streams = [{"stream": described, **(DEDUPED if configured is None else configured)}]
        store = {"store_type": "local", "path": str(shop.root), "store_key": "a key that is not used here"}
        config = read_config({**raw_config, **({"membership_store": store} if remembers else {}), **settings})
        (plan,) = plan_streams(parse_catalog(json.dumps({"streams": streams}).encode()), config)
        target = AudienceTarget("users", frozenset({Identifier.EMAIL}), list_id=LIST, live=CustomerList(id=LIST))
        lane = AudienceLane(target, (plan.stream.key,), 6.7, new_count(target))
        decoder, tally = MessageDecoder(plan.columns), StreamTally()
        strategy: SyncStrategy = AppendStrategy(
            lane, MembershipBatch(100), 5.0, creator, precedence=precedence_of([plan], config)
        )
        if remembers:
            percent = config.max_addition_percent if config.used_for == "exclusion" else None
            safeguards = Safeguards(100, allow_empty=True, max_addition_percent=percent)
            mirrored = MirroredStreams((plan.stream,), ())
            mirror = MirrorStrategy(
                lane, mirrored, creator, safeguards,
                rows=RowSupport("auto", date(2026, 11, 27)), max_identifiers=lambda: 9, rhythm=Rhythm(EPOCH_S),
            )  # fmt: skip
            mirror.open(shop.open())
            strategy = mirror
        sink = LaneSink(strategy, plan, config.advertising_id_case)
        return Desk(plan, decoder, strategy, StreamRoute(plan, config, decoder, sink, tally), tally)

    return make


def people(names: str) -> set[str]:
    return {person(name) for name in names}


# --- rows that are sent as they come ----------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [("email",), ("email", "gaid")])
def test_a_stream_that_can_only_add_comes_to_the_same_whether_it_is_read_by_its_only_column_or_row_by_row(
    make: MakeDesk, columns: tuple[str, ...]
) -> None:
    desk = make(*columns, remembers=False, configured=APPENDED)
    counted = desk.take(
        row("a"), row(None), row("b", op="delete", _ab_cdc_deleted_at=DELETED), {"email": "nobody"}, row("a"),
        {"email": 7}, {"email": ["c@example.com", "d@example.com", "nobody"]},
    )  # fmt: skip
    assert counted["no_identity"] == 1
    assert sum(counted.values()) == desk.tally.rejected == desk.strategy.lane.tally.not_synced.total()
    added, removed = desk.sent()
    assert added == people("abcd")
    assert removed == set()
    assert desk.synced + desk.tally.rejected == desk.strategy.lane.tally.entered == 7


def test_values_of_several_people_in_the_only_column_are_taken_with_their_row(make: MakeDesk) -> None:
    desk = make("email", remembers=False, configured=APPENDED)
    assert desk.take({"email": ["a@example.com", "b@example.com"]}, row("c")) == {}
    assert desk.sent() == (people("abc"), set())
    assert desk.synced == 2


@pytest.mark.parametrize(("configured", "settings"), [(APPENDED, {"mode": "remove"}), (LEAVERS, {})])
def test_rows_that_all_remove_are_decided_about_without_a_column(
    make: MakeDesk, configured: dict[str, Any], settings: dict[str, Any]
) -> None:
    desk = make("email", "op", remembers=False, configured={**configured, "primary_key": []}, **settings)
    assert desk.take(row("a", op="add")) == {}
    assert desk.sent() == (set(), people("a"))


def test_a_row_is_decided_about_by_the_values_that_the_decoder_reads(make: MakeDesk) -> None:
    desk = make("email", "op", "_AB_CDC_DELETED_AT", remembers=False, configured=APPENDED, **BY_OPERATION)
    desk.take(
        row("a", op="delete"),
        row("b", op="insert"),
        row("c", _AB_CDC_DELETED_AT="2026-11-22"),
        row("d", _ab_cdc_deleted_at="2026"),
    )
    assert desk.sent() == (people("b"), people("acd"))


def test_rows_are_held_from_the_first_of_their_run_on(make: MakeDesk) -> None:
    desk = make("email", remembers=False, configured=APPENDED)
    desk.take(row("a"))
    desk.take(row("b"), row("c"))
    assert (desk.strategy.watermark, desk.strategy.due_s) == (0, desk.now_s + 5.0)
    desk.sent()
    assert desk.strategy.watermark is None


# --- rows that are compared with the membership store -----------------------------------------------------------------


def test_remembered_rows_are_recorded_and_held_from_the_first_one_on(make: MakeDesk) -> None:
    desk = make()
    desk.take(row("a", id=1), row("b", id=2))
    desk.take(row("c", id=3))
    assert (desk.strategy.watermark, desk.strategy.lane.tally.entered) == (0, 3)
    assert desk.strategy.settle_due_s == desk.now_s + EPOCH_S
    assert desk.synced == 0
    assert desk.sent() == (people("abc"), set())
    assert (desk.synced, desk.strategy.watermark) == (3, None)


def test_the_last_row_of_a_key_counts(make: MakeDesk) -> None:
    desk = make()
    desk.take(row("a", id=1), row("b", id=1), row("c", id=2), row(None, id=2, _ab_cdc_deleted_at=DELETED))
    assert desk.sent() == (people("b"), set())


def test_a_deletion_that_names_its_person_takes_that_person_out_whoever_brought_it_in(make: MakeDesk) -> None:
    desk = make()
    desk.take(row("x", id=1, _ab_cdc_deleted_at=DELETED))
    assert desk.sent() == (set(), people("x"))


def test_a_deletion_by_key_alone_is_recorded_and_counts_as_synced(make: MakeDesk) -> None:
    desk = make()
    assert desk.take(row("a", id=1)) == {}
    desk.sent()
    assert desk.take(row(None, id=1, _ab_cdc_deleted_at=DELETED)) == {}
    assert desk.sent() == (set(), people("a"))
    assert (desk.synced, desk.tally.rejected) == (2, 0)


@pytest.mark.parametrize(
    "more",
    [{"remembers": False}, {"configured": {**DEDUPED, "primary_key": []}}, {"configured": {}}],
)
def test_a_deletion_without_a_person_is_counted_where_its_key_says_nothing(
    make: MakeDesk, more: dict[str, Any]
) -> None:
    desk = make(**more)
    assert desk.take(row(None, id=1, _ab_cdc_deleted_at=DELETED)) == {"no_identity_in_deletion": 1}
    assert desk.tally.rejected == 1


@pytest.mark.parametrize(("email", "reason"), [(None, "no_identity"), ("not an address", "invalid_email")])
def test_a_row_that_names_nobody_any_more_lets_its_person_go_and_is_rejected(
    make: MakeDesk, email: str | None, reason: str
) -> None:
    desk = make()
    desk.take(row("a", id=1))
    desk.sent()
    assert desk.take(row(email, id=1)) == {reason: 1}
    assert desk.sent() == (set(), people("a"))
    assert (desk.synced, desk.tally.rejected) == (1, 1)


def test_rows_without_a_value_in_their_key_are_not_taken_for_one_another(make: MakeDesk) -> None:
    desk = make()
    desk.take(row("a"), row("b", id=None))
    assert desk.sent() == (people("ab"), set())


def test_a_deletion_that_is_not_wanted_is_settled_and_changes_nothing(make: MakeDesk) -> None:
    desk = make(deletes="keep")
    desk.take(row("a", id=1))
    desk.sent()
    assert desk.take(row(None, id=1, _ab_cdc_deleted_at=DELETED)) == {"deletion_kept": 1}
    assert desk.sent() == (set(), set())
    assert desk.tally.rejected == 0


def test_an_operation_that_is_not_known_is_rejected_and_recorded_nowhere(make: MakeDesk) -> None:
    desk = make(**BY_OPERATION)
    counted = desk.take(row("a", id=1, op="archive"), row(None, id=2, op="archive"))
    assert counted == {"unknown_operation": 2}
    assert desk.sent() == (set(), set())


def test_leavers_are_withdrawn_whatever_their_key_and_need_an_identity(make: MakeDesk) -> None:
    desk = make(configured=LEAVERS)
    counted = desk.take(row("a", id=1), row("b", id=1), row(None, id=2))
    assert counted == {"no_identity_in_deletion": 1}
    assert desk.sent() == (set(), people("ab"))
    assert desk.synced == 2


# --- consent ----------------------------------------------------------------------------------------------------------

CONSENT: dict[str, Any] = {"consent_column": {"column": "consent"}}
WITH_CONSENT = ("id", "email", "consent", "_ab_cdc_deleted_at")
X = {person("x")}


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("yes_first", [True, False])
@pytest.mark.parametrize("configured", [DEDUPED, APPENDED])
def test_no_consent_wins_over_any_row_with_the_identifier_whichever_comes_first(
    make: MakeDesk, remembers: bool, yes_first: bool, configured: dict[str, Any]
) -> None:
    desk = make(*WITH_CONSENT, remembers=remembers, configured=configured, **CONSENT)
    rows = [row("x", id=1, consent=True), row("x", id=2, consent=False)]
    not_synced = desk.take(*(rows if yes_first else rows[::-1]))
    assert not_synced["no_consent"] >= 1
    assert desk.sent() == (set(), X)


@pytest.mark.parametrize("remembers", [True, False])
def test_a_later_version_of_the_row_takes_its_refusal_back(make: MakeDesk, remembers: bool) -> None:
    desk = make(*WITH_CONSENT, remembers=remembers, **CONSENT)
    desk.take(row("x", id=1, consent="no"), row("x", id=1, consent="yes"))
    assert desk.sent()[0] == X


@pytest.mark.parametrize("value", [None, "", "maybe", False, 0, "withdrawn", []])
@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("settings", [{}, {"deletes": "keep"}, {"mode": "additive"}])
def test_without_consent_nobody_joins_and_members_leave_whatever_the_settings(
    make: MakeDesk, value: Any, remembers: bool, settings: dict[str, Any]
) -> None:
    desk = make(*WITH_CONSENT, remembers=remembers and "mode" not in settings, **CONSENT, **settings)
    assert desk.take(row("x", id=1, consent=value), row("y", id=2, consent="yes")) == {"no_consent": 1}
    assert desk.sent() == ({person("y")}, X)
    assert (desk.synced, desk.tally.rejected) == (1, 1)


def test_only_one_of_two_rows_comes_and_no_consent_still_wins(make: MakeDesk, shop: Shop) -> None:
    for rows, sent in (
        ([row("x", id=1, consent=True)], (X, set())),
        ([row("x", id=2, consent=False)], (set(), X)),
        ([row("x", id=1, consent=True)], (set(), set())),
        ([row("x", id=2, consent=True)], (X, set())),
    ):
        desk = make(*WITH_CONSENT, **CONSENT)
        desk.take(*rows)
        assert desk.sent() == sent
        desk.strategy.close()


def test_a_deleted_row_says_no_more_of_consent_unless_deletions_are_kept(make: MakeDesk) -> None:
    gone = {"_ab_cdc_deleted_at": DELETED}
    desk = make(*WITH_CONSENT, remembers=False, **CONSENT)
    assert desk.take(row("x", id=1, consent=False, **gone)) == {}
    keeps = make(*WITH_CONSENT, remembers=False, deletes="keep", **CONSENT)
    assert keeps.take(row("x", id=1, consent=False, **gone), row("y", id=2, consent=None, **gone)) == {
        "no_consent": 1,
        "deletion_kept": 1,
    }
    assert keeps.sent() == (set(), X)


@pytest.mark.parametrize("remembers", [True, False])
def test_the_refusal_of_a_row_goes_with_the_row(make: MakeDesk, remembers: bool) -> None:
    desk = make(*WITH_CONSENT, remembers=remembers, **CONSENT)
    desk.take(row("x", id=1, consent="no"), row("x", id=1, consent="no", _ab_cdc_deleted_at=DELETED))
    assert desk.take(row("x", id=2, consent="yes")) == {"no_consent": 1}
    assert desk.sent()[0] == X


def test_the_refusal_of_one_row_stays_when_another_one_goes(make: MakeDesk) -> None:
    desk = make(*WITH_CONSENT, remembers=False, **CONSENT)
    desk.take(row("x", id=1, consent="no"), row("x", id=2, consent="yes", _ab_cdc_deleted_at=DELETED))
    desk.take(row("x", id=3, consent="yes"))
    assert desk.sent() == (set(), X)


def test_a_row_without_consent_gives_up_what_it_had_even_if_it_comes_without_an_address(make: MakeDesk) -> None:
    desk = make(*WITH_CONSENT, **CONSENT)
    desk.take(row("x", id=1, consent=True), row("x", id=2, consent=True))
    desk.sent()
    desk.strategy.close()
    later = make(*WITH_CONSENT, **CONSENT)
    later.take(row(None, id=1, consent=False))
    assert later.sent() == (set(), X)


def test_nobody_is_asked_to_consent_to_see_no_ads_or_to_be_suppressed(make: MakeDesk) -> None:
    excluded = make(*WITH_CONSENT, remembers=False, used_for="exclusion", **CONSENT)
    assert excluded.take(row("x", id=1, consent=False)) == {}
    assert excluded.sent() == (X, set())
    suppressed = make(*WITH_CONSENT, remembers=False, mode="remove", **CONSENT)
    assert suppressed.take(row("x", id=1, consent=True)) == {}
    assert suppressed.sent() == (set(), X)


# --- what the audience is used for ------------------------------------------------------------------------------------

USES = ("targeting", "exclusion")


@pytest.mark.parametrize(("used_for", "sent"), [("targeting", (set(), X)), ("exclusion", (X, set()))])
@pytest.mark.parametrize("doubtful", ["0", "1970-01-01", 0, "false"])
def test_a_doubtful_mark_does_what_is_safe(make: MakeDesk, used_for: str, sent: Any, doubtful: Any) -> None:
    desk = make(remembers=False, used_for=used_for)
    desk.take(row("x", id=1, _ab_cdc_deleted_at=doubtful))
    assert desk.sent() == sent


@pytest.mark.parametrize("used_for", USES)
def test_a_plain_deletion_removes_whatever_the_use(make: MakeDesk, used_for: str) -> None:
    for remembers in (True, False):
        desk = make(remembers=remembers, used_for=used_for)
        desk.take(row("x", id=1, _ab_cdc_deleted_at=DELETED))
        assert desk.sent() == (set(), X)
        desk.strategy.close()


@pytest.mark.parametrize(("used_for", "sent"), [("targeting", (set(), set())), ("exclusion", (X, set()))])
def test_an_unknown_operation_is_rejected_or_adds_and_is_counted_either_way(
    make: MakeDesk, used_for: str, sent: Any
) -> None:
    desk = make(remembers=False, used_for=used_for, **BY_OPERATION)
    not_synced = desk.take(row("x", id=1, op="archive"))
    assert (not_synced | dict(desk.strategy.lane.tally.identifiers_refused)) == {"unknown_operation": 1}
    assert desk.sent() == sent


@pytest.mark.parametrize(("used_for", "sent"), [("targeting", (set(), X)), ("exclusion", (X, set()))])
@pytest.mark.parametrize("configured", [DEDUPED, APPENDED])
def test_of_rows_that_contradict_each_other_the_last_one_wins_or_the_one_that_adds(
    make: MakeDesk, used_for: str, sent: Any, configured: dict[str, Any]
) -> None:
    desk = make(remembers=False, used_for=used_for, configured=configured)
    not_synced = desk.take(row("x", id=1), row("x", id=2, _ab_cdc_deleted_at=DELETED))
    assert not_synced == ({"still_excluded": 1} if used_for == "exclusion" else {})
    assert desk.sent() == sent


@pytest.mark.parametrize("used_for", USES)
def test_a_row_that_is_deleted_later_leaves_whatever_the_use(make: MakeDesk, used_for: str) -> None:
    desk = make(remembers=False, used_for=used_for)
    desk.take(row("x", id=1), row("x", id=1, _ab_cdc_deleted_at=DELETED))
    assert desk.sent() == (set(), X)


@pytest.mark.parametrize("used_for", USES)
@pytest.mark.parametrize("value", [None, "REDACTED", ""])
def test_who_can_not_be_read_any_more_leaves_or_stays(make: MakeDesk, used_for: str, value: Any) -> None:
    desk = make(used_for=used_for)
    desk.take(row("x", id=1))
    desk.sent()
    desk.strategy.close()
    later = make(used_for=used_for)
    reasons = later.take({"email": value, "id": 1}, {"email": value, "id": 2})
    assert sum(reasons.values()) == later.tally.rejected == 2
    assert later.sent() == (set(), X if used_for == "targeting" else set())


@pytest.mark.parametrize(("used_for", "removed"), [("targeting", X), ("exclusion", set())])
def test_a_suppressed_identifier_leaves_an_exclusion_audience_only_if_no_row_has_it(
    make: MakeDesk, used_for: str, removed: set[str]
) -> None:
    desk = make(used_for=used_for)
    desk.take(row("x", id=1))
    desk.sent()
    desk.strategy.close()
    later = make(used_for=used_for, configured=LEAVERS)
    later.take(row("x", id=9), row("z", id=8))
    assert later.sent() == (set(), removed | {person("z")})


def test_in_a_suppression_table_of_an_exclusion_audience_a_doubtful_row_changes_nothing(make: MakeDesk) -> None:
    desk = make(remembers=False, used_for="exclusion", mode="remove")
    assert desk.take(row("x", id=1, _ab_cdc_deleted_at="0"), row("y", id=2)) == {"deletion_kept": 1}
    assert desk.sent() == (set(), {person("y")})
