"""Rows of several identifiers are people: whoever a table holds is in the audience, however Pinterest removes."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from destination_pinterest.config.pinterest_facts import PinterestFacts
from destination_pinterest.error_codes import Code
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.markers import REPORT_PREFIX
from unit_tests.remembered.shop import PLATFORM, Shop, complete, deduped, reports, said, state, stream
from unit_tests.support.clock import Clock
from unit_tests.support.examples import examples
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises
from unit_tests.support.rows_pinterest import RowsPinterest

COLUMNS = [
    {"column": "email", "identifier": "EMAIL"},
    {"column": "phone", "identifier": "PHONE"},
    {"column": "customer", "identifier": "EXTERNAL_ID"},
]
SIGN_IN = {"credentials": {"auth_method": "access_token", "access_token": "pina_sandbox"}}
NO_STORE: dict[str, Any] = {"membership_store": None}
REMOVALS = pytest.mark.parametrize("removal_by", ["any", "all"])

Person = tuple[str | None, int | None, str | None]
Table = dict[int, Person]


def email(name: str) -> str:
    return hashlib.sha256(f"{name}@example.com".encode()).hexdigest()


def phone(number: int) -> str:
    return hashlib.sha256(f"1415555010{number}".encode()).hexdigest()


def row(key: int, person: Person, **data: Any) -> bytes:
    name, number, customer = person
    content = {
        "id": key,
        "email": None if name is None else f"{name}@example.com",
        "phone": None if number is None else f"+1 415 555 010{number}",
        "customer": customer,
        **data,
    }
    return json.dumps({"type": "RECORD", "record": {"stream": "users", "data": content}}).encode()


def identifiers(table: Table) -> set[str]:
    found = set()
    for name, number, customer in table.values():
        found |= {email(name)} if name is not None else set()
        found |= {phone(number)} if number is not None else set()
        found |= {customer} if customer is not None else set()
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[RowsPinterest]:
    with RowsPinterest(clock) as pinterest:
        yield pinterest


@pytest.fixture
def shop(sandbox: RowsPinterest, messages: Any, raw_config: dict[str, Any], clock: Clock, tmp_path: Path) -> Shop:
    raw = {**raw_config, **SIGN_IN, "identity_columns": COLUMNS, "retry_hours": 0.0}
    made = Shop(sandbox, messages, raw, clock, tmp_path / "store")
    made.sleeps_by_clock = True
    return made


def platform(number: int) -> dict[str, int]:
    """What the platform says of the refresh of that number; it begins above PyAirbyte's constants."""
    return {"generation_id": 10 + number, "minimum_generation_id": 10 + number, "sync_id": 10 + number}


def refreshed(number: int, *, has_key: bool = False) -> dict[str, Any]:
    if has_key:
        return deduped("users", "phone", "customer", **platform(number))
    return stream("users", "phone", "customer", "id", **platform(number))


PEOPLE = st.tuples(
    st.none() | st.sampled_from("abc"), st.none() | st.integers(0, 2), st.none() | st.sampled_from(["C-1", "C-2"])
).filter(any)
TABLES = st.dictionaries(st.integers(1, 4), PEOPLE, min_size=1, max_size=4)
ANY_GUARD = {"max_removal_percent": 100, "allow_empty_audience": True, "allow_identity_drift": True}


@REMOVALS
@settings(
    max_examples=examples(8),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    tables=st.lists(TABLES, min_size=2, max_size=4),
    refresh=st.sampled_from(["none", "keyless", "keyed"]),
    batch=st.integers(1, 5),
)
def test_a_mirrored_audience_has_exactly_the_identifiers_of_the_table(
    removal_by: str, tables: list[Table], messages: Any, raw_config: dict[str, Any], *, refresh: str, batch: int
) -> None:
    clock = Clock()
    raw = {**raw_config, **SIGN_IN, "identity_columns": COLUMNS, "batch_size": batch, **ANY_GUARD}
    with tempfile.TemporaryDirectory() as folder, RowsPinterest(clock, removal_by=removal_by) as sandbox:
        shop = Shop(sandbox, messages, raw, clock, Path(folder) / "store")
        shop.sleeps_by_clock = True
        before: Table = {}
        for generation, table in enumerate(tables, start=1):
            if refresh != "none":
                configured = refreshed(generation, has_key=refresh == "keyed")
                shop.sync([configured], *(row(key, one) for key, one in table.items()), complete())
            else:
                gone = [
                    row(key, (None, None, None), _ab_cdc_deleted_at="2026-01-01") for key in before if key not in table
                ]
                changed = [row(key, one) for key, one in table.items() if before.get(key) != one]
                shop.sync([deduped("users", "phone", "customer")], *gone, *changed, state(generation))
            assert sandbox.identifiers_of("users") == identifiers(table)
            before = table


@REMOVALS
@settings(
    max_examples=examples(8),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(st.tuples(st.booleans(), PEOPLE), min_size=1, max_size=8),
    batch=st.integers(1, 4),
    is_replaced=st.booleans(),
)
def test_without_a_store_the_last_row_of_each_identifier_decides(
    removal_by: str,
    steps: list[tuple[bool, Person]],
    messages: Any,
    raw_config: dict[str, Any],
    *,
    batch: int,
    is_replaced: bool,
) -> None:
    clock = Clock()
    raw = {
        **raw_config,
        **SIGN_IN,
        "identity_columns": COLUMNS,
        "batch_size": batch,
        **ANY_GUARD,
        "max_rejected_percent": 100,
    }
    expected = {"C-0"}
    operation = {"operation_column": {"mode": "column", "column": "op"}, **NO_STORE}
    configured = stream("users", "phone", "customer", "id", "op", **(PLATFORM if is_replaced else {}))
    with tempfile.TemporaryDirectory() as folder, RowsPinterest(clock, removal_by=removal_by) as sandbox:
        shop = Shop(sandbox, messages, raw, clock, Path(folder) / "store")
        shop.sleeps_by_clock = True
        lines = [row(0, (None, None, "C-0"), op="add")]
        for adds, person in steps:
            lines.append(row(1, person, op="add" if adds else "remove"))
            expected = expected | identifiers({1: person}) if adds else expected - identifiers({1: person})
        shop.sync([configured], *lines, complete(), **operation)
        assert sandbox.identifiers_of("users") == expected


@pytest.mark.parametrize(
    ("configured", "given"),
    [
        (refreshed(1), NO_STORE),
        (stream("users", "phone", "customer", "id"), {**NO_STORE, "mode": "additive"}),
        (refreshed(1, has_key=True), {}),
        (deduped("users", "phone", "customer"), {}),
    ],
    ids=["swap", "additive", "mirror", "increment"],
)
def test_a_person_is_one_row_where_something_of_it_needs_one(
    shop: Shop, sandbox: RowsPinterest, outbox: Outbox, configured: dict[str, Any], given: dict[str, Any]
) -> None:
    table: Table = {1: ("a", 1, "C-1"), 2: ("b", None, None), 3: ("c", 2, None)}
    shop.sync([configured], *(row(key, one) for key, one in table.items()), complete(), **given)
    assert reports(outbox)[-1]["reconciliation"]["difference"] is None
    assert {frozenset(one) for one in sandbox.rows_of("users")} == {
        frozenset({("email", email("a")), ("hashed_phone_number", phone(1)), ("external_id", "C-1")}),
        frozenset({("email", email("c")), ("hashed_phone_number", phone(2))}),
    }
    assert sandbox.identifiers_of("users") == identifiers(table)


def test_rows_that_records_can_carry_go_as_they_always_did(shop: Shop, sandbox: RowsPinterest) -> None:
    shop.sync([refreshed(1)], row(1, ("a", None, None)), complete(), identity_columns=COLUMNS[:1], **NO_STORE)
    assert sandbox.writes() == [("records", "ADD")]


@pytest.mark.parametrize("profile", ["default", "pessimist"])
@pytest.mark.parametrize("store", [NO_STORE, {}], ids=["without store", "with store"])
def test_a_refusal_is_asked_for_once_remembered_and_costs_nobody_that_records_can_carry(
    profile: str, store: dict[str, Any], messages: Any, raw_config: dict[str, Any], outbox: Outbox, tmp_path: Path
) -> None:
    clock = Clock()
    with RowsPinterest(clock, profile=profile) as sandbox:
        sandbox.change(records_v2="refuse", audience_floor="allow", tier="none")
        shop = Shop(
            sandbox, messages, {**raw_config, **SIGN_IN, "identity_columns": COLUMNS}, clock, tmp_path / "store"
        )
        shop.sleeps_by_clock = True
        table: Table = {1: ("a", 1, None), 2: ("b", None, "C-1"), 3: ("c", None, None), 4: (None, 2, None)}
        lines = [row(key, one) for key, one in table.items()]
        shop.sync([stream("users", "phone", "customer", "id")], *lines, **store)
        assert sandbox.identifiers_of("users") == {email(name) for name in "abc"}
        assert [form for form, _ in sandbox.writes()].count("records_v2") == 1
        report = reports(outbox)[-1]
        assert report["not_synced"] == {RejectionReason.NEEDS_RECORDS_V2: 1}
        assert report["identifiers_refused"] == {RejectionReason.NEEDS_RECORDS_V2: 2}
        assert any("does not accept requests in the form records_v2" in text for text in said(outbox, "WARN"))
        shop.sync([stream("users", "phone", "customer", "id")], *lines, **store)
        assert [form for form, _ in sandbox.writes()].count("records_v2") == 0
        clock.pass_by(31 * 86_400)
        sandbox.change(records_v2="accept")
        shop.sync([stream("users", "phone", "customer", "id")], *lines, **store)
        assert sandbox.identifiers_of("users") == identifiers(table)


def test_the_settings_can_insist_on_rows_and_rule_them_out(shop: Shop, sandbox: RowsPinterest, outbox: Outbox) -> None:
    sandbox.change(records_v2="refuse")
    lines = [row(1, ("a", 1, None)), row(2, ("b", None, None))]
    with raises(Code.RECORDS_V2_REFUSED, match="Ask Pinterest"):
        shop.sync([stream("users", "phone", "customer", "id")], *lines, **NO_STORE, record_format="records_v2")
    sandbox.change(records_v2="accept")
    shop.sync([stream("users", "phone", "customer", "id")], *lines, **NO_STORE, record_format="records")
    assert {form for form, _ in sandbox.writes()} == {"records"}
    assert reports(outbox)[-1]["identifiers_refused"] == {RejectionReason.NEEDS_RECORDS_V2: 1}


@pytest.mark.parametrize("is_ruled_out", [False, True])
def test_people_who_can_not_be_taken_out_any_more_are_told_and_leave_once_they_can(
    shop: Shop, sandbox: RowsPinterest, outbox: Outbox, *, is_ruled_out: bool
) -> None:
    table: Table = {1: ("a", 1, None), 2: ("b", None, None), 3: ("c", None, None)}
    shop.sync([refreshed(1)], *(row(key, one) for key, one in table.items()), complete())
    sandbox.change(records_v2="refuse")
    later: Table = {2: ("b", None, None), 3: ("c", None, None), 4: ("a", None, None)}
    lines = [row(key, one) for key, one in later.items()]
    drift = {"allow_identity_drift": True}
    if is_ruled_out:
        shop.sync([refreshed(2)], *lines, complete(), record_format="records", **drift)
    else:
        with raises(Code.RECORDS_V2_REFUSED):
            shop.sync([refreshed(2)], *lines, complete(), **drift)
    assert any("1 identifiers that no row has any more" in text for text in said(outbox, "WARN"))
    assert sandbox.identifiers_of("users") == identifiers(later) | {phone(1)}
    sandbox.change(records_v2="accept")
    shop.sync([refreshed(3)], *lines, complete(), record_format="records_v2", **drift)
    assert sandbox.identifiers_of("users") == identifiers(later)


def test_identifiers_whose_columns_are_named_no_more_still_leave(shop: Shop, sandbox: RowsPinterest) -> None:
    shop.sync([refreshed(1)], row(1, ("a", 1, None)), row(2, ("b", None, None)), complete())
    shop.sync(
        [refreshed(2)],
        row(1, ("a", 1, None)),
        row(2, ("b", None, None)),
        complete(),
        identity_columns=COLUMNS[:1],
        allow_identity_drift=True,
    )
    assert sandbox.identifiers_of("users") == {email("a"), email("b")}


@REMOVALS
def test_who_stays_is_added_again_after_a_removal_that_took_out_a_whole_row(
    shop: Shop, sandbox: RowsPinterest, removal_by: str
) -> None:
    sandbox.change(removal_by=removal_by)
    configured = deduped("users", "phone", "customer")
    shop.sync([configured], row(1, ("a", 1, "C-1")), row(2, ("a", 2, None)), state(1))
    shop.sync([configured], row(1, ("a", 0, "C-1")), state(2))
    assert sandbox.identifiers_of("users") == {email("a"), phone(0), phone(2), "C-1"}
    shop.sync([configured], row(1, (None, None, None), _ab_cdc_deleted_at="2026-01-01"), state(3))
    assert sandbox.identifiers_of("users") == {email("a"), phone(2)}


@pytest.mark.parametrize("comes_again", [False, True])
def test_a_sync_that_ends_between_a_removal_and_what_it_took_along_is_made_good_by_the_next(
    shop: Shop, sandbox: RowsPinterest, *, comes_again: bool
) -> None:
    configured = deduped("users", "phone", "customer")
    shop.sync([configured], row(1, ("a", 1, "C-1")), row(2, ("b", 2, None)), state(1))
    sandbox.fails = lambda message: b"C-1" in (message.body or b"") and b'"ADD"' in (message.body or b"")
    with raises(Code.PINTEREST_FAULT):
        shop.sync([configured], row(1, ("a", None, "C-1")), state(2))
    assert sandbox.identifiers_of("users") == {email("b"), phone(2)}
    sandbox.fails = lambda _: False
    shop.sync([configured], *([row(1, ("a", None, "C-1"))] if comes_again else [row(2, ("b", 2, None))]), state(2))
    assert sandbox.identifiers_of("users") == {email("a"), "C-1", email("b"), phone(2)}


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 422, 501])
def test_whatever_refuses_rows_alone_is_a_refusal_of_the_form(
    shop: Shop, sandbox: RowsPinterest, outbox: Outbox, status: int
) -> None:
    configured = stream("users", "phone", "customer", "id")
    shop.sync([configured], row(1, ("a", None, None)), identity_columns=COLUMNS[:1], **NO_STORE)
    sandbox.fails, sandbox.status = lambda message: b"records_v2" in (message.body or b""), status
    shop.sync([configured], row(1, ("a", 1, None)), row(2, ("b", None, None)), **NO_STORE)
    assert sandbox.identifiers_of("users") == {email("a"), email("b")}
    assert reports(outbox)[-1]["identifiers_refused"] == {RejectionReason.NEEDS_RECORDS_V2: 1}


def test_a_role_that_is_missing_for_every_form_is_no_refusal_of_the_form(shop: Shop, sandbox: RowsPinterest) -> None:
    configured = stream("users", "phone", "customer", "id")
    shop.sync([configured], row(1, ("a", None, None)), identity_columns=COLUMNS[:1], **NO_STORE)
    sandbox.fails, sandbox.status = lambda message: message.method == "PATCH", 403
    with raises(Code.ROLE_MISSING):
        shop.sync([configured], row(1, ("a", 1, None)), **NO_STORE)


def test_settings_that_insist_fail_every_audience(shop: Shop, sandbox: RowsPinterest) -> None:
    sandbox.change(records_v2="refuse")
    others = stream("others", "phone", "customer", "id")
    with raises(Code.RECORDS_V2_REFUSED, match='"users", "others"'):
        shop.sync([stream("users", "phone", "customer", "id"), others], **NO_STORE, record_format="records_v2")


BY_SEGMENT = {"audience_column": "segment"}
SEGMENTED = deduped("users", "phone", "customer", "segment")


@pytest.mark.parametrize("store", [{}, NO_STORE], ids=["with store", "without store"])
def test_named_audiences_get_people_as_rows_and_no_list_has_the_name_of_the_column(
    shop: Shop, sandbox: RowsPinterest, store: dict[str, Any]
) -> None:
    people = {1: ("ada", 1, "c1"), 2: ("bea", 2, "c2")}
    shop.sync(
        [SEGMENTED], row(1, people[1], segment="VIP"), row(2, people[2], segment="Gold"), state(1), complete(),
        **BY_SEGMENT, **store,
    )  # fmt: skip
    assert sandbox.identifiers_of("VIP") == identifiers({1: people[1]})
    assert sandbox.identifiers_of("Gold") == identifiers({2: people[2]})
    assert not [one for one in sandbox._sandbox.world.customer_lists.values() if "{" in one.name]


@pytest.mark.parametrize("store", [{}, NO_STORE], ids=["with store", "without store"])
def test_named_audiences_go_without_what_pinterest_refuses_and_say_so_once(
    shop: Shop, sandbox: RowsPinterest, outbox: Outbox, store: dict[str, Any]
) -> None:
    sandbox.change(records_v2="refuse")
    lines = [row(1, ("ada", 1, None), segment="VIP"), row(2, (None, 2, None), segment="VIP"),
             row(3, ("cyd", 3, None), segment="Gold"), state(1), complete()]  # fmt: skip
    assert shop.sync([SEGMENTED], *lines, **BY_SEGMENT, **store) == [1]
    assert (sandbox.identifiers_of("VIP") >= {email("ada")}, phone(1) in sandbox.identifiers_of("VIP")) == (True, False)
    text = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)][-1]
    by_name = {each["audience"]: each for each in json.loads(text.removeprefix(REPORT_PREFIX))["audiences"]}
    assert by_name["VIP"]["not_synced"] == {"needs_records_v2": 1}
    assert by_name["VIP"]["identifiers_refused"]["needs_records_v2"] >= 1
    assert len([text for text in said(outbox, "WARN") if "are not sent" in text]) == 1


@REMOVALS
def test_an_objection_that_takes_a_row_along_leaves_the_rest_of_it_in(
    shop: Shop, sandbox: RowsPinterest, removal_by: str
) -> None:
    sandbox.change(removal_by=removal_by)
    table = deduped("users", "phone", "customer", "ok")
    consent = {"consent_column": {"column": "ok"}}
    shop.sync([table], row(1, ("ada", 1, "c1"), ok="yes"), complete(), **consent)
    shop.sync([table], row(2, (None, 1, None), ok="no"), complete(), **consent)
    assert sandbox.identifiers_of("users") == {email("ada"), "c1"}


def test_what_a_probe_found_refused_is_not_asked_again(shop: Shop, sandbox: RowsPinterest) -> None:
    facts = PinterestFacts(format=1, asked_on="2026-11-20", host="api.pinterest.com", records_v2="refused").as_text()
    shop.sync([SEGMENTED], row(1, ("ada", 1, None)), complete(), pinterest_facts=facts)
    assert {form for form, _ in sandbox.writes()} == {"records"}
    assert sandbox.identifiers_of("users") == {email("ada")}
