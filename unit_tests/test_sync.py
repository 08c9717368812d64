from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import (
    PLACE_MEMBER,
    PROGRESS_PREFIX,
    PROGRESS_VARIABLE,
    REJECTED_PREFIX,
    REJECTED_VARIABLE,
    REPORT_PREFIX,
    REPORT_TEXT_VARIABLE,
)
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import Lines, MessageLines
from destination_pinterest.sync import Sync
from destination_pinterest.system import System
from unit_tests.support.raises import raises
from unit_tests.support.rig import new_sync

DAY_S = 86_400


def catalog(*names: str, columns: Iterable[str] = ("email",), **configured: Any) -> Any:
    schema = {"properties": {column: {} for column in columns}}
    streams = [{"stream": {"name": name, "json_schema": schema}, **configured} for name in names]
    return parse_catalog(json.dumps({"streams": streams}).encode())


def row(name: str, stream: str = "users", **data: Any) -> bytes:
    content = {"stream": stream, "data": {"email": f"{name}@example.com", **data}}
    return json.dumps({"type": "RECORD", "record": content}).encode()


def state(number: int, stream: str = "users") -> bytes:
    content = {"id": number, "type": "STREAM", "stream": {"stream_descriptor": {"name": stream}}}
    return json.dumps({"type": "STATE", "state": content}).encode()


def people(names: Iterable[str]) -> set[str]:
    return {sha256(f"{name}@example.com".encode()).hexdigest() for name in names}


@pytest.fixture
def make_sync(raw_config: dict[str, Any], messages: Any, pinterest: Any) -> Callable[..., Sync]:
    def make(
        *lines: bytes, streams: Iterable[str] = ("users",), source: Lines | None = None, system: System | None = None,
        raw: dict[str, Any] | None = None, **settings: Any,
    ) -> Sync:  # fmt: skip
        raw = {**(raw or raw_config), **settings}
        return new_sync(
            raw,
            catalog(*streams),
            source or MessageLines(lines),
            messages,
            pinterest,
            system=system or System(),
        )

    return make


MakeSync = Callable[..., Sync]


def report_of(outbox: Any) -> dict[str, Any]:
    (line,) = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)]
    assert outbox.log_texts[-1] == line
    report: dict[str, Any] = json.loads(line.removeprefix(REPORT_PREFIX))
    return report


def test_a_sync_creates_what_is_missing_and_reports(make_sync: MakeSync, pinterest: Any, outbox: Any) -> None:
    states = list(make_sync(row("a"), row("b"), row(""), row("b"), state(7)).run())
    assert [json.loads(each)["id"] for each in states] == [7]
    assert pinterest.members_of("users") == people("ab")
    report = report_of(outbox)
    assert (report["status"], report["schema_version"]) == ("succeeded", 1)
    (audience,) = report["audiences"]
    assert audience["audience"] == "users"
    assert audience["audience_id"] in pinterest.audiences
    assert audience["customer_list_id"] in pinterest.lists
    assert (audience["entered"], audience["synced"], audience["pending"], audience["errored"]) == (4, 3, 0, 0)
    assert (audience["identifiers_added"], audience["not_synced"]) == (2, {"invalid_email": 1})
    assert (audience["customer_list_status"], audience["audience_status"]) == ("PROCESSING", "READY")
    assert (audience["audience_size"], audience["notes"], audience["streams"]) == (None, [], ["users"])
    assert report["requests"] == len(pinterest.asked)
    assert audience["requests"] == 1
    assert report["rows_per_second"] > 0
    levels = {log["level"] for log in outbox.of("LOG")}
    assert levels == {"INFO"}


def test_a_second_sync_finds_what_the_first_made(make_sync: MakeSync, pinterest: Any) -> None:
    list(make_sync(row("a")).run())
    list(make_sync(row("b")).run())
    assert (len(pinterest.lists), len(pinterest.audiences)) == (1, 1)
    assert pinterest.members_of("users") == people("ab")


def test_a_second_sync_makes_the_audience_that_pinterest_found_too_small(
    make_sync: MakeSync, pinterest: Any, outbox: Any
) -> None:
    pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    list(make_sync(row("a")).run())
    (audience,) = report_of(outbox)["audiences"]
    assert (audience["audience_id"], audience["customer_list_status"]) == (None, "PROCESSING")
    assert "a later sync creates the audience" in audience["notes"][0]
    list(make_sync(row("b")).run())
    assert len(pinterest.audiences) == 1
    assert pinterest.members_of("users") == people("ab")
    assert any("customer list without an audience was found" in text for text in outbox.log_texts)


def test_the_status_is_asked_for_even_where_that_has_to_wait_for_quota(
    make_sync: MakeSync, pinterest: Any, outbox: Any
) -> None:
    """The end of a sync must not interrupt its own last requests, which are spaced by ten milliseconds."""
    pinterest.add_audience("users", pinterest.add_list("users"))
    list(make_sync(row("a"), access_tier="standard").run())
    report = report_of(outbox)
    assert report["waited_s"] > 0
    (audience,) = report["audiences"]
    assert (audience["notes"], audience["audience_size"]) == ([], 120)


def test_what_the_streams_lead_to_is_said_before_anything_is_asked(
    make_sync: MakeSync, pinterest: Any, outbox: Any
) -> None:
    said: list[str] = []
    pinterest.before = lambda _: said.append("; ".join(outbox.log_texts)) if not said else None
    list(make_sync(streams=["users"], audience_name="VIP {stream}").run())
    assert said == ['Stream "users" goes to the audience "VIP users"; identities: email as EMAIL (auto).']


def test_streams_of_one_audience_share_a_lane_and_others_have_their_own(
    make_sync: MakeSync, pinterest: Any, outbox: Any
) -> None:
    list(make_sync(row("a"), row("b", "orders"), streams=["users", "orders"], audience_name="VIP").run())
    assert pinterest.members_of("VIP") == people("ab")
    assert [audience["streams"] for audience in report_of(outbox)["audiences"]] == [["users", "orders"]]
    list(make_sync(row("a"), row("b", "orders"), streams=["users", "orders"]).run())
    assert (pinterest.members_of("users"), pinterest.members_of("orders")) == (people("a"), people("b"))


def test_a_catalog_without_streams_is_a_sync_without_rows(make_sync: MakeSync, pinterest: Any, outbox: Any) -> None:
    assert list(make_sync(streams=[]).run()) == []
    assert report_of(outbox)["audiences"] == []


def test_an_operation_column_that_no_stream_has_is_refused_before_anybody_is_added(
    make_sync: MakeSync, pinterest: Any
) -> None:
    with raises(Code.OPERATION_COLUMN_UNKNOWN, match='No stream has the operation column "Op"'):
        make_sync(operation_column={"column": "Op"})
    assert pinterest.asked == []


def test_a_stream_that_lacks_the_operation_column_of_another_is_a_warning_where_that_is_allowed(
    raw_config: dict[str, Any], messages: Any, pinterest: Any, outbox: Any
) -> None:
    raw = {**raw_config, "operation_column": {"column": "op"}}
    plans = (*catalog("users", columns=("email", "op")), *catalog("orders"))
    sync = new_sync(raw, plans, MessageLines([]), messages, pinterest, system=System())
    list(sync.run())
    (warning,) = [log["message"] for log in outbox.of("LOG") if log["level"] == "WARN"]
    assert warning.startswith('The stream "orders" has no column "op"')


def test_people_whose_rows_are_marked_as_deleted_in_upper_case_leave(
    raw_config: dict[str, Any], messages: Any, pinterest: Any, outbox: Any
) -> None:
    """As Snowflake hands columns back; another stream has the column in lower case, as PyAirbyte's cache writes all."""
    upper, lower = "_AB_CDC_DELETED_AT", "_ab_cdc_deleted_at"
    pinterest.add_audience("users", pinterest.add_list("users", *people("abc")))
    plans = (*catalog("users", columns=("email", upper)), *catalog("orders", columns=("email", lower)))
    deleted = [row("a", **{upper: "2026-11-22"}), row("b", **{lower: "2026-11-22"}), row("c", **{upper: None})]
    source = MessageLines([*deleted, state(1), row("d", "orders", **{lower: None})])
    list(new_sync(raw_config, plans, source, messages, pinterest, system=System()).run())
    assert pinterest.members_of("users") == people("c")
    assert pinterest.members_of("orders") == people("d")
    assert any(text.endswith("email as EMAIL (auto); deletions: _AB_CDC_DELETED_AT.") for text in outbox.log_texts)


def test_one_audience_that_can_not_be_created_does_not_keep_the_others_from_it(
    make_sync: MakeSync, pinterest: Any
) -> None:
    pinterest.refuse("POST", "audiences$", 400, "The name contains a forbidden word.")
    with raises(Code.REQUEST_REFUSED, match='Audience "users": Pinterest refuses'):
        list(make_sync(row("a"), row("b", "orders"), streams=["users", "orders"]).run())
    assert [audience["name"] for audience in pinterest.audiences.values()] == ["orders"]


def test_a_list_without_an_audience_gets_it_before_anybody_is_sent(make_sync: MakeSync, pinterest: Any) -> None:
    pinterest.add_list("users")
    list(make_sync(row("a")).run())
    writes = [asked.path.rpartition("/")[2] for asked in pinterest.asked if asked.method != "GET"]
    assert writes[0] == "audiences"
    assert len(writes) == 3, "the people, and at the end the mark"


def test_names_that_collide_are_a_warning(make_sync: MakeSync, pinterest: Any, outbox: Any) -> None:
    for _ in range(2):
        pinterest.add_audience("users", pinterest.add_list("users"))
    list(make_sync().run())
    (warning,) = [log["message"] for log in outbox.of("LOG") if log["level"] == "WARN"]
    assert warning.startswith('Audience "users": 2 audiences are named so')


def test_a_stream_without_identities_fails_before_anything_is_sent(make_sync: MakeSync, pinterest: Any) -> None:
    with raises(Code.IDENTITY_COLUMNS_NOT_IN_STREAM):
        make_sync(identity_columns=[{"column": "phone", "identifier": "EMAIL"}])
    assert pinterest.asked == []


def test_a_sync_in_which_nobody_is_found_says_so(make_sync: MakeSync, outbox: Any) -> None:
    nobody = json.dumps({"type": "RECORD", "record": {"stream": "users", "data": {"name": "x"}}}).encode()
    list(make_sync(nobody, nobody).run())
    (warning,) = [log["message"] for log in outbox.of("LOG") if log["level"] == "WARN"]
    assert "No row had a value in an identity column" in warning
    list(make_sync(nobody, row("a")).run())
    assert len([log for log in outbox.of("LOG") if log["level"] == "WARN"]) == 1


def test_a_sync_that_fails_raises_after_a_report_that_says_so(make_sync: MakeSync, pinterest: Any, outbox: Any) -> None:
    pinterest.refuse("POST", "customer_lists", 400, "no")
    came: list[bytes] = []
    states = make_sync(state(1), row("a"), state(2)).run()
    came.append(next(states))
    with raises(Code.REQUEST_REFUSED):
        next(states)
    assert [json.loads(each)["id"] for each in came] == [1]
    report = report_of(outbox)
    (audience,) = report["audiences"]
    assert (report["status"], audience["errored"], audience["synced"]) == ("failed", 1, 0)
    assert audience["customer_list_status"] is None
    assert pinterest.asked[-1].method == "POST"
    assert {log["level"] for log in outbox.of("LOG")[1:-1]} == {"WARN"}


def test_a_name_that_is_taken_fails_before_a_row_is_read(make_sync: MakeSync, pinterest: Any, outbox: Any) -> None:
    pinterest.add_audience("users", None, kind="VISITOR")
    with raises(Code.AUDIENCE_OF_OTHER_TYPE):
        list(make_sync(b"garbage that is never read").run())
    assert report_of(outbox)["status"] == "failed"


class StopsAt:
    """Input that goes on for ever; somebody stops the sync when its third line is read."""

    def __init__(self) -> None:
        self.sync: Sync | None = None
        self.reads = 0

    def read(self, timeout_s: float) -> bytes | None:
        self.reads += 1
        if self.reads == 3:
            assert self.sync is not None
            self.sync.stop()
        return row(f"p{self.reads}") + b"\n" + state(self.reads) + b"\n"

    def wake(self) -> None:
        """Nothing waits here."""


def test_a_sync_that_is_stopped_sends_what_it_has_read_and_reports_failure(
    make_sync: MakeSync, pinterest: Any, outbox: Any
) -> None:
    lines = StopsAt()
    sync = lines.sync = make_sync(source=lines)
    states = list(sync.run())
    assert sync.is_stopped
    assert [json.loads(each)["id"] for each in states] == [1, 2, 3]
    assert pinterest.members_of("users") == people(["p1", "p2", "p3"])
    assert (report_of(outbox)["status"], len(pinterest.audiences)) == ("failed", 0)


def test_a_sync_that_still_looks_for_audiences_has_nothing_worth_waiting_for(
    make_sync: MakeSync, pinterest: Any
) -> None:
    sync = make_sync()
    waits: list[bool] = []
    pinterest.before = lambda _: waits.append(sync.stop())
    list(sync.run())
    assert waits
    assert not any(waits)
    assert not sync.is_stopped


def test_no_thread_is_left_after_a_sync(make_sync: MakeSync, pinterest: Any) -> None:
    list(make_sync(row("a")).run())
    for thread in threading.enumerate():
        if thread.name.startswith("sender"):
            thread.join(10.0)
            assert not thread.is_alive()


@pytest.mark.parametrize(("days", "warnings"), [(13, 1), (15, 0)])
def test_a_chain_that_is_near_its_end_and_does_not_get_longer_is_a_warning(
    make_sync: MakeSync, oauth_config: dict[str, Any], pinterest: Any, outbox: Any, clock: Any, days: int, warnings: int
) -> None:
    """Refresh tokens of older apps keep their end when they are used."""
    pinterest.refresh_token_life_s = days * DAY_S
    oauth_config["credentials"]["refresh_token_expires_at"] = int(clock.epoch) + pinterest.refresh_token_life_s
    list(make_sync(raw=oauth_config, system=System(now=clock.now)).run())
    said = [log["message"] for log in outbox.of("LOG") if log["level"] == "WARN"]
    assert len(said) == warnings
    for warning in said:
        assert f"(in {days} days)" in warning
        assert warning.endswith("sign in again in the destination's settings.")


def test_a_chain_that_this_sync_lengthens_is_no_warning(
    make_sync: MakeSync, oauth_config: dict[str, Any], outbox: Any, clock: Any
) -> None:
    oauth_config["credentials"]["refresh_token_expires_at"] = int(clock.epoch) + DAY_S
    list(make_sync(raw=oauth_config, system=System(now=clock.now)).run())
    assert len(outbox.of("CONTROL")) == 1
    assert [log for log in outbox.of("LOG") if log["level"] == "WARN"] == []


def test_whoever_watches_may_ask_for_progress_more_often(
    make_sync: MakeSync, outbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROGRESS_VARIABLE, "0")
    list(make_sync(row("a")).run())
    lines = [text for text in outbox.log_texts if text.startswith(PROGRESS_PREFIX)]
    assert json.loads(lines[-1].removeprefix(PROGRESS_PREFIX))["entered"] == 1


@pytest.mark.parametrize(("variable", "is_told"), [(None, True), ("1", True), ("0", False)])
def test_whoever_shows_the_report_in_a_form_of_its_own_may_leave_its_sentences_out(
    make_sync: MakeSync, outbox: Any, monkeypatch: pytest.MonkeyPatch, variable: str | None, *, is_told: bool
) -> None:
    if variable is not None:
        monkeypatch.setenv(REPORT_TEXT_VARIABLE, variable)
    list(make_sync(row("a")).run())
    assert report_of(outbox)["status"] == "succeeded"
    assert any(text.startswith("Sync succeeded in ") for text in outbox.log_texts) is is_told
    assert any("1 rows entered" in text for text in outbox.log_texts) is is_told


@pytest.mark.parametrize(
    ("wanted", "values"), [("reasons", [None, None]), ("values", ["no address", ["a@example.com", "a@b"]])]
)
def test_whoever_watches_may_ask_why_each_row_is_rejected_and_where_it_was_read(
    make_sync: MakeSync, outbox: Any, monkeypatch: pytest.MonkeyPatch, wanted: str, values: list[Any]
) -> None:
    monkeypatch.setenv(REJECTED_VARIABLE, wanted)
    place = {PLACE_MEMBER: ["people.csv", 12]}
    bad, several = row("x", email="no address", **place), row("x", email=["a@example.com", "a@b"])
    list(make_sync(bad, several, state(1)).run())
    told = [text for text in outbox.log_texts if text.startswith(REJECTED_PREFIX)]
    rows = [json.loads(text.removeprefix(REJECTED_PREFIX)) for text in told]
    assert [(each["file"], each["line"], each["column"], each["reason"], each["row_used"]) for each in rows] == [
        ("people.csv", 12, "email", "invalid_email", False),
        (None, None, "email", "invalid_email_domain", True),
    ]
    assert [each.get("value") for each in rows] == values
    assert ("no address" in "".join(outbox.log_texts)) is (wanted == "values")


# --- data activation --------------------------------------------------------------------------------------------------


@pytest.fixture
def make_activation(raw_config: dict[str, Any], messages: Any, pinterest: Any) -> Callable[..., Sync]:
    """A sync of streams that are each given as the mode and the object that they were pointed at."""

    def make(*lines: bytes, streams: dict[str, tuple[str, str | None]], **settings: Any) -> Sync:
        raw = {**raw_config, **settings}
        plans = [
            plan
            for name, (mode, chosen) in streams.items()
            for plan in catalog(name, destination_sync_mode=mode, destination_object_name=chosen)
        ]
        return new_sync(raw, plans, MessageLines(lines), messages, pinterest, system=System())

    return make


def test_a_stream_writes_to_the_audience_that_was_chosen_though_it_was_renamed(
    make_activation: MakeSync, pinterest: Any, outbox: Any
) -> None:
    list_id = pinterest.add_list("VIP", *people("z"))
    audience_id = pinterest.add_audience("VIP 2027", list_id)
    chosen = f"VIP (549755885175/{audience_id})"
    list(make_activation(row("a"), streams={"users": ("append_dedup", chosen)}, audience_name="other").run())
    assert pinterest.members[list_id] == people("az")
    assert (len(pinterest.lists), len(pinterest.audiences)) == (1, 1)
    (audience,) = report_of(outbox)["audiences"]
    assert (audience["audience"], audience["audience_id"]) == ("VIP 2027", audience_id)


def test_streams_that_add_to_and_take_out_of_one_object_keep_the_order_of_their_rows(
    make_activation: MakeSync, pinterest: Any, outbox: Any
) -> None:
    list_id = pinterest.add_list("VIP", *people("z"))
    audience_id = pinterest.add_audience("VIP", list_id)
    before, now = f"Old (549755885175/{audience_id})", f"VIP (549755885175/{audience_id})"
    rows = [row("a"), row("b"), row("a", "gone"), row("z", "gone"), row("c", "gone"), row("c")]
    streams = {"users": ("append", before), "gone": ("soft_delete", now)}
    list(make_activation(*rows, streams=streams, batch_size=1).run())
    assert pinterest.members[list_id] == people("bc")
    (audience,) = report_of(outbox)["audiences"]
    assert (audience["streams"], audience["synced"], audience["identifiers_removed"]) == (["users", "gone"], 6, 3)
    assert any('Stream "gone" removes members from the audience "VIP"' in text for text in outbox.log_texts)


def test_a_new_audience_goes_by_the_settings(make_activation: MakeSync, pinterest: Any) -> None:
    streams = {"users": ("append_dedup", "pinterest_audience")}
    list(make_activation(row("a"), streams=streams, audience_name="VIP {stream}").run())
    assert pinterest.members_of("VIP users") == people("a")
    assert len(pinterest.audiences) == 1


def test_a_soft_delete_of_a_named_audience_removes_and_creates_nothing(
    make_activation: MakeSync, pinterest: Any
) -> None:
    list_id = pinterest.add_list("users", *people("ab"))
    pinterest.add_audience("users", list_id)
    list(make_activation(row("a"), streams={"users": ("soft_delete", None)}).run())
    assert pinterest.members[list_id] == people("b")
    assert len(pinterest.lists) == 1


@pytest.mark.parametrize("by_setting", [False, True])
def test_who_is_only_to_be_removed_needs_an_audience_to_be_removed_from_and_the_nearest_names_are_said(
    make_activation: MakeSync, make_sync: MakeSync, pinterest: Any, *, by_setting: bool
) -> None:
    for name in ("VIP customers", "Leads", "vip", "Newsletter"):
        pinterest.add_audience(name, pinterest.add_list(f"list of {name}"))
    if by_setting:
        removal = make_sync(row("a"), audience_name="VIP custmers", mode="remove")
    else:
        removal = make_activation(row("a"), streams={"users": ("soft_delete", None)}, audience_name="VIP custmers")
    match = 'no audience "VIP custmers" to remove people from.* the nearest that exist are "VIP customers", '
    with raises(Code.AUDIENCE_TO_REMOVE_FROM_MISSING, match=match):
        list(removal.run())
    assert pinterest.asked_for("PATCH") == []


def unusable(count: int) -> list[bytes]:
    return [row("", email=f"{number:032x}") for number in range(count)]


def test_a_table_of_which_most_can_not_be_used_adds_the_rest_fails_and_returns_no_state(
    make_sync: MakeSync, pinterest: Any, outbox: Any
) -> None:
    states = make_sync(row("a"), state(1), *unusable(2), state(2)).run()
    assert json.loads(next(states))["id"] == 1
    with raises(
        Code.TOO_MANY_ROWS_REJECTED, match="2 of the 3 rows .* column email: 2 of 2 values look like MD5 digests"
    ):
        next(states)
    assert pinterest.members_of("users") == people("a")
    report = report_of(outbox)
    assert (report["status"], report["audiences"][0]["not_synced"]) == ("failed", {"already_hashed": 2})


def test_a_table_without_any_value_succeeds(make_sync: MakeSync) -> None:
    states = make_sync(*(row("", email=None) for _ in range(200)), state(1)).run()
    assert [json.loads(each)["id"] for each in states] == [1]


@pytest.mark.parametrize(
    ("usable", "refused", "fails"), [(0, 99, False), (0, 100, True), (49, 50, False), (49, 51, True)]
)
def test_an_increment_is_judged_from_a_hundred_rows_with_values_on(
    raw_config: dict[str, Any], messages: Any, pinterest: Any, usable: int, refused: int, *, fails: bool
) -> None:
    plans = catalog("users", sync_mode="incremental", destination_sync_mode="append")
    lines = [*(row(str(number)) for number in range(usable)), *unusable(refused), row("", email=None), state(1)]
    sync = new_sync(raw_config, plans, MessageLines(lines), messages, pinterest, system=System())
    if not fails:
        assert [json.loads(each)["id"] for each in sync.run()] == [1]
        return
    with raises(Code.TOO_MANY_ROWS_REJECTED if usable else Code.NO_ROW_USABLE):
        assert list(sync.run()) == []


def test_an_audience_whose_rows_can_not_be_used_does_not_hold_up_another(make_sync: MakeSync, pinterest: Any) -> None:
    lines = [row("a", "orders"), state(1, "orders"), *unusable(3), state(2)]
    states = make_sync(*lines, streams=("users", "orders")).run()
    assert json.loads(next(states))["id"] == 1
    with raises(Code.NO_ROW_USABLE, match='stream "users"'):
        next(states)
    assert pinterest.members_of("orders") == people("a")
    assert len(pinterest.audiences) == 1


def test_a_list_that_has_no_audience_yet_is_enough_to_remove_people_from(make_sync: MakeSync, pinterest: Any) -> None:
    list_id = pinterest.add_list("users", *people("ab"))
    list(make_sync(row("a"), mode="remove").run())
    assert pinterest.members[list_id] == people("b")


def test_a_change_log_may_begin_with_deletions_which_are_counted_as_such(
    raw_config: dict[str, Any], messages: Any, pinterest: Any, outbox: Any
) -> None:
    deleted = [row("a", _ab_cdc_deleted_at="2026"), row("b", _ab_cdc_deleted_at="2026"), state(1)]
    plans = catalog("users", columns=("email", "_ab_cdc_deleted_at"))
    sync = new_sync(raw_config, plans, MessageLines(deleted), messages, pinterest, system=System())
    states = list(sync.run())
    assert [json.loads(each)["id"] for each in states] == [1]
    (audience,) = report_of(outbox)["audiences"]
    assert (audience["synced"], audience["not_synced"]) == (0, {"nobody_to_remove": 2})


def test_one_audience_by_its_id_and_by_its_name_is_refused_before_anything_is_sent(
    make_activation: MakeSync, pinterest: Any
) -> None:
    audience_id = pinterest.add_audience("orders", pinterest.add_list("orders"))
    streams = {"users": ("append", f"orders (549755885175/{audience_id})"), "orders": ("append", None)}
    with raises(Code.CUSTOMER_LIST_SHARED, match="one destination object for both"):
        list(make_activation(row("a"), row("b", "orders"), streams=streams).run())
    assert pinterest.asked_for("PATCH") == []


def test_an_operation_column_is_not_missed_in_a_list_of_deletions(
    make_activation: MakeSync, pinterest: Any, outbox: Any
) -> None:
    pinterest.add_audience("users", pinterest.add_list("users"))
    setting = {"mode": "column", "column": "op"}
    list(make_activation(streams={"users": ("soft_delete", None)}, operation_column=setting).run())
    assert [log for log in outbox.of("LOG") if log["level"] == "WARN"] == []
