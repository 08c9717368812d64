"""What only `records_v2` can carry is forgotten where Pinterest takes it, and holds nothing up where it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.assembly import SyncRequest
from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.forgetting.command import ForgetRequest
from destination_pinterest.forgetting_sync import ForgettingRun
from destination_pinterest.markers import FORGETTING_PREFIX
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.session import PlatformConfig
from unit_tests.remembered.shop import Shop, complete, stream
from unit_tests.remembered.test_people import COLUMNS, NO_STORE, SIGN_IN, email, phone, row
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises
from unit_tests.support.rig import CHEAP, Clock, ClockPause
from unit_tests.support.rows_pinterest import RowsPinterest

ADA, BOB = ("a", 1, None), ("b", 2, "C-2")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[RowsPinterest]:
    with RowsPinterest(clock) as pinterest:
        yield pinterest


@pytest.fixture
def raw(raw_config: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "suppressed").mkdir()
    suppression = {"store_type": "local", "path": str(tmp_path / "suppressed"), "store_key": "a suppression key"}
    return {**raw_config, **SIGN_IN, "identity_columns": COLUMNS, "retry_hours": 0.0, "suppression_store": suppression}


class Office:
    """Forgets Bob, whose phone and customer ID are known."""

    def __init__(
        self, sandbox: RowsPinterest, raw: dict[str, Any], messages: Any, clock: Clock, outbox: Outbox
    ) -> None:
        self.sandbox, self._raw, self._messages, self._clock, self._outbox = sandbox, raw, messages, clock, outbox

    def forget(self, **settings: Any) -> dict[str, Any]:
        raw = {**self._raw, **settings}
        catalog = parse_catalog(json.dumps({"streams": [stream("users", "phone", "customer", "id")]}).encode())
        request = SyncRequest(
            read_config(raw), PlatformConfig(raw, self._messages), catalog,
            MessageLines([row(2, BOB), complete()]), self._messages, self.sandbox.open_wire,
        )  # fmt: skip
        pause = ClockPause(self._clock)
        list(ForgettingRun(request, self._clock.system, ForgetRequest(), pause=pause, tuning=CHEAP).run())
        return self.certificate

    @property
    def certificate(self) -> dict[str, Any]:
        lines = [text for text in self._outbox.log_texts if text.startswith(FORGETTING_PREFIX)]
        return json.loads(lines[-1].removeprefix(FORGETTING_PREFIX))  # type: ignore[no-any-return]


@pytest.fixture
def office(sandbox: RowsPinterest, raw: dict[str, Any], messages: Any, clock: Clock, outbox: Outbox) -> Office:
    return Office(sandbox, raw, messages, clock, outbox)


@pytest.fixture
def shop(sandbox: RowsPinterest, messages: Any, raw: dict[str, Any], clock: Clock, tmp_path: Path) -> Shop:
    made = Shop(sandbox, messages, raw, clock, tmp_path / "store")
    made.sleeps_by_clock = True
    return made


def filled(shop: Shop, **settings: Any) -> None:
    shop.sync([stream("users", "phone", "customer", "id")], row(1, ADA), row(2, BOB), **settings)


def test_phones_and_customer_ids_leave_where_pinterest_takes_them(shop: Shop, office: Office) -> None:
    filled(shop, **NO_STORE)
    (entry,) = office.forget()["lists"]
    assert entry["not_sent"] == 0
    assert office.sandbox.identifiers_of("users") == {email("a"), phone(1)}


@pytest.mark.parametrize("record_format", ["auto", "records"])
def test_what_no_request_can_carry_is_counted_and_the_rest_is_forgotten(
    shop: Shop, office: Office, record_format: str
) -> None:
    office.sandbox.change(records_v2="refuse")
    filled(shop, **NO_STORE)
    certificate = office.forget(record_format=record_format)
    (entry,) = certificate["lists"]
    assert office.sandbox.identifiers_of("users") == {email("a")}
    assert (certificate["status"], entry["state"]) == ("succeeded", "removed")
    assert entry["not_sent"] > 0
    assert entry["identifiers"] + entry["not_sent"] == certificate["identifiers"]
    assert any("phone numbers, customer IDs and envelopes could not be sent" in note for note in certificate["notes"])


def test_where_the_settings_insist_on_rows_a_refusal_leaves_the_list_to_do(shop: Shop, office: Office) -> None:
    office.sandbox.change(records_v2="refuse")
    filled(shop, **NO_STORE)
    with raises(Code.FORGETTING_INCOMPLETE):
        office.forget(record_format="records_v2")
    assert office.certificate["status"] == "incomplete"


def test_where_people_were_sent_as_rows_a_refusal_leaves_the_list_to_do(
    shop: Shop, office: Office, tmp_path: Path
) -> None:
    filled(shop)
    office.sandbox.change(records_v2="refuse")
    membership = {"store_type": "local", "path": str(tmp_path / "store"), "store_key": "a key that only tests know"}
    with raises(Code.FORGETTING_INCOMPLETE):
        office.forget(membership_store=membership)
    office.sandbox.change(records_v2="accept")
    office.forget(membership_store=membership)
    assert office.sandbox.identifiers_of("users") == {email("a"), phone(1)}
