"""People are forgotten in every list and ledger, however often that is ended, and nothing brings them back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.assembly import SyncRequest
from destination_pinterest.config import read_config
from destination_pinterest.config.membership_store import LocalMembershipStore
from destination_pinterest.error_codes import Code
from destination_pinterest.forgetting.command import ForgetRequest, read_forget_request
from destination_pinterest.forgetting_sync import ForgettingRun
from destination_pinterest.markers import FORGETTING_PREFIX, REPORT_PREFIX
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.routing.decision import forgets_everywhere
from destination_pinterest.session import PlatformConfig
from destination_pinterest.suppression.store import open_suppression_store
from unit_tests.remembered.shop import Shop, complete, deduped, people, row, rows, state, stream
from unit_tests.support.fake_pinterest import AD_ACCOUNT, SISTER_ACCOUNT
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises
from unit_tests.support.rig import CHEAP, ClockPause

OURS = "Kept by destination-pinterest. Changes made by hand may be overwritten."
REPLACED = {"destination_sync_mode": "overwrite"}
NO_STORE: dict[str, Any] = {"membership_store": None}


class Office:
    """A shop in which people are forgotten."""

    def __init__(self, shop: Shop, raw: dict[str, Any], messages: Any, clock: Any, outbox: Outbox) -> None:
        self.shop = shop
        self.pinterest = shop.pinterest
        self.raw = raw
        self._messages = messages
        self._clock = clock
        self._outbox = outbox

    def run(self, steps: Iterable[bytes], asked: ForgetRequest | None, **settings: Any) -> list[bytes]:
        raw = {**self.raw, **settings}
        catalog = parse_catalog(json.dumps({"streams": [stream(primary_key=[["id"]])]}).encode())
        request = SyncRequest(
            read_config(raw), PlatformConfig(raw, self._messages), catalog, MessageLines(list(steps)), self._messages,
            self.pinterest.open_wire,
        )  # fmt: skip
        self.pinterest.asked.clear()
        pause = ClockPause(self._clock)
        return list(ForgettingRun(request, self._clock.system, asked, pause=pause, tuning=CHEAP).run())

    def forget(self, *names: str, asked: ForgetRequest = ForgetRequest(), **settings: Any) -> dict[str, Any]:  # noqa: B008
        self.run([*rows(names), complete()], asked, **settings)
        return self.certificate

    def members(self, list_id: str) -> set[str]:
        return set(self.pinterest.members[list_id])

    @property
    def certificate(self) -> dict[str, Any]:
        return self._figures(FORGETTING_PREFIX)

    @property
    def report(self) -> dict[str, Any]:
        return self._figures(REPORT_PREFIX)

    def _figures(self, prefix: str) -> dict[str, Any]:
        lines = [text for text in self._outbox.log_texts if text.startswith(prefix)]
        return json.loads(lines[-1].removeprefix(prefix))  # type: ignore[no-any-return]


@pytest.fixture
def office(
    pinterest: Any, messages: Any, raw_config: dict[str, Any], clock: Any, tmp_path: Path, outbox: Outbox
) -> Office:
    (tmp_path / "suppressed").mkdir()
    shop = Shop(pinterest, messages, raw_config, clock, tmp_path / "store")
    suppression = {"store_type": "local", "path": str(tmp_path / "suppressed"), "store_key": "a suppression key"}
    membership = {"store_type": "local", "path": str(tmp_path / "store"), "store_key": "a key that only tests know"}
    raw = {**raw_config, "suppression_store": suppression, "membership_store": membership}
    return Office(shop, raw, messages, clock, outbox)


def kept(office: Office, name: str, *names: str, **more: Any) -> str:
    list_id: str = office.pinterest.add_list(name, *people(names), **more)
    office.pinterest.add_audience(name, list_id, description=OURS)
    return list_id


def entry_of(certificate: dict[str, Any], list_id: str) -> dict[str, Any]:
    (entry,) = [one for one in certificate["lists"] if one["customer_list_id"] == list_id]
    return entry  # type: ignore[no-any-return]


def test_people_leave_every_list_that_is_ours_the_left_over_ones_too(office: Office) -> None:
    suppressing = {"suppression_store": office.raw["suppression_store"], **NO_STORE}
    for _ in range(3):
        office.shop.sync([stream(**REPLACED)], *rows(["ada", "bob"]), complete(), **suppressing)
        office.shop.wait(60)()
    left_over = list(office.pinterest.lists)
    assert len(left_over) == 3
    certificate = office.forget("bob")
    assert {frozenset(office.members(one)) for one in left_over} == {frozenset(people(["ada"]))}
    assert sorted(one["kind"] for one in certificate["lists"]) == ["left_over", "left_over", "ours"]
    assert certificate["status"] == "succeeded"
    office.shop.sync([stream(**REPLACED)], *rows(["ada", "bob"]), complete(), **suppressing)
    assert all(people(["bob"]).isdisjoint(office.members(one)) for one in office.pinterest.lists)


def test_what_is_not_ours_or_for_exclusion_is_left_alone_unless_it_is_included(office: Office) -> None:
    ours = kept(office, "VIP", "ada", "bob")
    others = office.pinterest.add_list("Uploaded by hand", *people(["bob"]))
    excluded = office.pinterest.add_list("Staff", *people(["bob"]))
    office.pinterest.add_audience("Staff", excluded, description=f"{OURS} [dp1:x]")
    certificate = office.forget("bob")
    assert (office.members(ours), office.members(others), office.members(excluded)) == (
        people(["ada"]), people(["bob"]), people(["bob"]),
    )  # fmt: skip
    assert entry_of(certificate, others)["left_alone_because"] == "other_list"
    assert entry_of(certificate, excluded)["left_alone_because"] == "exclusion_audience"
    office.forget("bob", asked=ForgetRequest(includes=("other_lists", "exclusion_audiences")))
    assert office.members(others) == office.members(excluded) == set()


def test_exceptions_are_left_alone_by_name_or_id(office: Office) -> None:
    first, second = kept(office, "First", "bob"), kept(office, "Second", "bob")
    certificate = office.forget("bob", asked=ForgetRequest(exceptions=("First", second)))
    assert office.members(first) == office.members(second) == people(["bob"])
    assert {one["left_alone_because"] for one in certificate["lists"]} == {"exception"}


def test_an_exception_that_names_nothing_ends_it_before_anything_is_changed(office: Office) -> None:
    ours = kept(office, "VIP", "bob")
    with raises(Code.FORGET_EXCEPTION_UNKNOWN):
        office.forget("bob", asked=ForgetRequest(exceptions=("VIPs",)))
    assert office.members(ours) == people(["bob"])
    assert not list(Path(office.raw["suppression_store"]["path"]).rglob("people-*"))


def test_a_list_that_only_a_note_is_is_not_written_to(office: Office) -> None:
    note = office.pinterest.add_list("VIP [dp2: audience made]", "x")
    assert entry_of(office.forget("bob"), note)["left_alone_because"] == "holds_nobody"
    assert not office.pinterest.asked_for("PATCH")


def test_every_form_that_may_have_been_sent_is_removed(office: Office) -> None:
    address = "ada@example.com"
    forms = {hashlib.new(kind, address.encode()).hexdigest() for kind in ("md5", "sha1", "sha256")}
    list_id = office.pinterest.add_list("VIP", *forms, "another")
    office.pinterest.add_audience("VIP", list_id, description=OURS)
    office.forget("ada")
    assert office.members(list_id) == {"another"}


def test_ledgers_of_audiences_that_no_sync_has_forget_too_and_keep_the_row_s_other_identifiers(
    office: Office, tmp_path: Path
) -> None:
    both = deduped("users", "email_2")
    office.shop.sync([both], row("ada", id=1, email_2="bob@example.com"), row("eve", id=2), complete())
    assert office.forget("bob")["ledgers"] == [
        {**office.certificate["ledgers"][0], "audience": "users", "state": "removed", "members": 1}
    ]
    with office.shop.store().open("549755885175", "users") as ledger:
        assert {one for piece in ledger.identifiers(10) for one in piece} == people(["ada", "eve"])
        assert ledger.members == 2
    (list_id,) = office.pinterest.lists
    assert office.members(list_id) == people(["ada", "eve"])
    office.shop.sync([both], row("ada", id=1), complete())
    office.shop.sync([both], row(None, id=1, _ab_cdc_deleted_at="2026-11-22T10:00:00Z"), complete())
    assert office.members(list_id) == people(["eve"])


def test_no_file_of_a_ledger_has_who_was_forgotten(office: Office) -> None:
    office.shop.sync([deduped()], row("ada", id=1), row("bob", id=2), complete())
    office.shop.sync([deduped()], row("eve", id=1), complete())
    office.forget("bob", "ada")
    assert office.forget("bob", "ada")["ledgers"][0]["members"] == 0
    (base,) = office.shop.root.rglob("*.parquet")
    assert base.name.startswith("base-")


def test_a_ledger_that_a_sync_is_at_work_on_is_left_to_the_next_run(office: Office, clock: Any) -> None:
    office.shop.sync([deduped()], row("bob", id=1), complete())
    other = kept(office, "Other", "bob")
    store = office.shop.store()
    busy = store.open("549755885175", "users")
    clock.before_sleep = lambda _: busy._leased.beat()
    with raises(Code.FORGETTING_INCOMPLETE):
        office.forget("bob")
    assert office.certificate["status"] == "incomplete"
    assert office.members(other) == set()
    clock.before_sleep = lambda _: None
    busy.close()
    certificate = office.forget("bob")
    assert (certificate["status"], certificate["runs"]) == ("succeeded", 2)
    assert [asked.path.rpartition("/")[2] for asked in office.pinterest.asked_for("PATCH", "customer_lists")] != [other]
    assert entry_of(certificate, other)["state"] == "removed"


def test_a_run_that_ends_in_the_middle_goes_on_there_and_not_again(office: Office) -> None:
    lists = [kept(office, f"A{number}", "bob") for number in range(6)]
    office.pinterest.refuse("PATCH", f"customer_lists/{lists[2]}", 401, "no", times=9)
    with raises(Code.ACCESS_TOKEN_REFUSED):
        office.forget("bob")
    progress = next(Path(office.raw["suppression_store"]["path"]).rglob("progress-*")).read_text()
    done = {one for one in lists if f'"{one}"' in progress}
    office.pinterest.stop_trouble()
    certificate = office.forget("bob")
    again = {asked.path.rpartition("/")[2] for asked in office.pinterest.asked_for("PATCH", "customer_lists")}
    assert again == set(lists) - done
    assert all(not office.members(one) for one in lists)
    assert certificate["runs"] == 2
    assert len(certificate["lists"]) == 6


def test_what_one_list_refuses_does_not_keep_the_others(office: Office) -> None:
    bad, good = kept(office, "Bad", "bob"), kept(office, "Good", "bob")
    office.pinterest.refuse("PATCH", f"customer_lists/{bad}", 400, "broken", times=1)
    with raises(Code.FORGETTING_INCOMPLETE):
        office.forget("bob")
    assert (office.members(bad), office.members(good)) == (people(["bob"]), set())
    assert entry_of(office.certificate, bad)["state"] == "failed"
    office.forget("bob")
    assert office.members(bad) == set()
    assert [asked.path.endswith(bad) for asked in office.pinterest.asked_for("PATCH", "customer_lists")] == [True]


def test_of_rows_that_broke_off_nobody_is_forgotten(office: Office) -> None:
    ours = kept(office, "VIP", "bob")
    with raises(Code.TABLE_INCOMPLETE):
        office.run(rows(["bob"]), ForgetRequest())
    assert office.members(ours) == people(["bob"])


def test_lifted_people_may_be_added_again_and_nobody_is(office: Office) -> None:
    ours = kept(office, "VIP", "bob")
    office.forget("bob")
    certificate = office.forget("bob", asked=ForgetRequest(action="lift"))
    assert certificate["newly_suppressed"] == certificate["identifiers"]
    assert office.members(ours) == set()
    suppression = open_suppression_store(
        LocalMembershipStore(**office.raw["suppression_store"]), stretchings=CHEAP.stretchings or {}
    )
    assert suppression.add(people(["bob"])) == 1


def test_the_certificate_has_no_identifier(office: Office, outbox: Outbox) -> None:
    kept(office, "VIP", "bob")
    office.forget("bob")
    said = json.dumps(office.certificate) + "".join(outbox.log_texts)
    assert not any(one in said for one in (*people(["bob"]), "bob@example.com"))


def test_without_a_suppression_store_nobody_is_forgotten(office: Office) -> None:
    ours = kept(office, "VIP", "bob")
    with raises(Code.SUPPRESSION_STORE_NOT_SET):
        office.forget("bob", suppression_store=None)
    assert office.members(ours) == people(["bob"])


def test_a_sync_of_a_suppression_table_forgets_everywhere_and_returns_its_states_then(office: Office) -> None:
    ours = kept(office, "VIP", "ada", "bob")
    other = office.pinterest.add_list("Other", *people(["bob"]))
    everywhere = {"mode": "remove", "remove_from": "everywhere", "everywhere_includes": ["other_lists"]}
    released = office.run([*rows(["bob"]), row("nobody"), row(None), state(7)], None, **everywhere)
    assert [json.loads(one)["id"] for one in released] == [7]
    assert (office.members(ours), office.members(other)) == (people(["ada"]), set())
    (audience,) = office.report["audiences"]
    assert (audience["entered"], audience["synced"], audience["not_synced"]) == (3, 2, {"no_identity_in_deletion": 1})
    assert office.report["forgetting"] == office.certificate


def test_a_sync_that_could_not_go_through_everything_returns_no_state(office: Office) -> None:
    bad = kept(office, "Bad", "bob")
    office.pinterest.refuse("PATCH", f"customer_lists/{bad}", 400, "broken", times=1)
    everywhere = {"mode": "remove", "remove_from": "everywhere"}
    with raises(Code.FORGETTING_INCOMPLETE):
        office.run([*rows(["bob"]), state(7)], None, **everywhere)
    (audience,) = office.report["audiences"]
    assert (audience["synced"], audience["pending"]) == (0, 1)
    assert audience["failure"]["error_code"] == Code.FORGETTING_INCOMPLETE


def test_the_mark_keeps_the_guard_of_the_next_replacement_awake(office: Office) -> None:
    names = [f"p{number}" for number in range(20)]
    suppressing = {"suppression_store": office.raw["suppression_store"], **NO_STORE}
    office.shop.sync([stream(**REPLACED)], *rows(names), complete(), **suppressing)
    office.forget(*[f"x{number}" for number in range(30)])
    office.shop.wait(60)()
    with raises(Code.REMOVAL_ABOVE_LIMIT):
        office.shop.sync([stream(**REPLACED)], *rows(names[:5]), complete(), **suppressing)


def test_a_request_that_the_command_line_would_not_write_is_a_fault() -> None:
    with raises(Code.STORE_MISUSED):
        read_forget_request({"action": "vanish"})


def test_blobs_of_both_stores_may_share_a_folder(office: Office) -> None:
    shared = {**office.raw["suppression_store"], "path": office.raw["membership_store"]["path"]}
    office.shop.sync([deduped()], row("ada", id=1), row("bob", id=2), complete(), suppression_store=shared)
    office.forget("bob", suppression_store=shared)
    office.shop.sync([deduped()], row("bob", id=2), complete(), suppression_store=shared)
    (list_id,) = office.pinterest.lists
    assert office.members(list_id) == people(["ada"])
    assert FolderBlobs(office.shop.root).names("suppressions/")


def test_everywhere_is_refused_where_rows_add(raw_config: dict[str, Any]) -> None:
    with raises(Code.REMOVAL_PLACE_UNUSED):
        forgets_everywhere(read_config({**raw_config, "remove_from": "everywhere"}))
    assert not forgets_everywhere(read_config(raw_config))


BY_SEGMENT = {"audience_column": "segment"}
BY_KEY = deduped("users", "segment")
SEGMENTS = [row("ada", id=1, segment="VIP"), row("bob", id=2, segment="VIP"), row("bob", id=3, segment="Gold")]


def test_the_ledgers_of_audiences_that_a_column_names_forget_and_their_index_is_none(office: Office) -> None:
    office.shop.sync([BY_KEY], *SEGMENTS, **BY_SEGMENT)
    folders = len(list(office.shop.root.iterdir()))
    certificate = office.forget("bob", **BY_SEGMENT)
    ledgers = {one["audience"]: one["members"] for one in certificate["ledgers"]}
    assert ledgers == {"VIP": 1, "Gold": 1}
    assert {one["kind"] for one in certificate["lists"]} == {"ours"}
    assert len(list(office.shop.root.iterdir())) == folders
    assert office.shop.people_in("VIP") & people(["ada", "bob"]) == people(["ada"])
    assert not office.shop.people_in("Gold") & people(["bob"])
    suppressing = {"suppression_store": office.raw["suppression_store"]}
    office.shop.sync([BY_KEY], *SEGMENTS, **BY_SEGMENT, **suppressing)
    assert not people(["bob"]) & (office.shop.people_in("VIP") | office.shop.people_in("Gold"))


def test_audiences_of_a_column_that_a_sync_is_at_work_on_are_left_to_the_next_run(office: Office, clock: Any) -> None:
    office.shop.sync([BY_KEY], *SEGMENTS, **BY_SEGMENT)
    other = kept(office, "Other", "bob")
    index = office.shop.store().open_placements("549755885175", "{segment}")
    clock.before_sleep = lambda _: index._leased.beat()
    with raises(Code.FORGETTING_INCOMPLETE):
        office.forget("bob")
    assert office.members(other) == set()
    assert people(["bob"]) < office.shop.people_in("VIP")
    failed = {one["audience"]: one["error_code"] for one in office.certificate["ledgers"]}
    assert failed == dict.fromkeys(["{segment}", "VIP", "Gold"], Code.STORE_BUSY.value)
    clock.before_sleep = lambda _: None
    index.close()
    assert office.forget("bob")["status"] == "succeeded"
    assert not people(["bob"]) & (office.shop.people_in("VIP") | office.shop.people_in("Gold"))


def test_people_who_never_consented_leave_the_files_too(office: Office) -> None:
    asked = deduped("users", "consent")
    consent = {"consent_column": {"column": "consent"}}
    office.shop.sync([asked], row("ada", id=1, consent="yes"), row("bob", id=2, consent="no"), **consent)
    with office.shop.open() as before:
        assert before._workspace.number("SELECT count(*) FROM holdings") == 2
    office.forget("bob", **consent)
    with office.shop.open() as after:
        assert after._workspace.number("SELECT count(*) FROM holdings") == 1
        assert after.members == 1


@pytest.mark.parametrize(
    "settings",
    [
        BY_SEGMENT,
        {"audience_name": "{segment} of {stream}"},
        {"consent_column": {"column": "consent"}},
        {"also_in_ad_accounts": ["549755885176"], "ad_account_column": "account"},
        {"operation_column": {"mode": "column", "column": "op"}},
        {"used_for": "exclusion"},
    ],
)
def test_a_table_of_people_needs_no_column_that_only_concerns_audiences(
    settings: dict[str, Any], office: Office
) -> None:
    ours = kept(office, "VIP", "ada", "bob")
    office.forget("bob", **settings)
    assert office.members(ours) == people(["ada"])


def test_audiences_of_a_column_are_for_exclusion_before_their_marks_say_so(office: Office) -> None:
    office.shop.sync([BY_KEY], *SEGMENTS, **BY_SEGMENT)
    certificate = office.forget("bob", **BY_SEGMENT, used_for="exclusion")
    assert {one["left_alone_because"] for one in certificate["lists"]} == {"exclusion_audience"}
    assert people(["bob"]) < office.shop.people_in("VIP")


def test_audiences_of_one_name_in_several_ad_accounts_forget_each_in_its_own(office: Office) -> None:
    both = {"also_in_ad_accounts": [SISTER_ACCOUNT]}
    office.shop.sync([deduped()], row("ada", id=1), row("bob", id=2), complete(), **both)
    office.pinterest.refuse("PATCH", f"{SISTER_ACCOUNT}/customer_lists", 400, "broken", times=1)
    with raises(Code.FORGETTING_INCOMPLETE):
        office.forget("bob", **both)
    certificate = office.forget("bob", **both)
    told = [(one["ad_account_id"], one["audience"], one["members"]) for one in certificate["ledgers"]]
    assert sorted(told) == sorted([(AD_ACCOUNT, "users", 1), (SISTER_ACCOUNT, "users", 1)])
    assert (certificate["ad_accounts"], certificate["runs"]) == ([AD_ACCOUNT, SISTER_ACCOUNT], 2)
    assert all(not people(["bob"]) & set(members) for members in office.pinterest.members.values())


def test_a_column_that_names_a_left_over_list_makes_no_audience_of_it(office: Office) -> None:
    left_over = office.pinterest.add_list("VIP [dp2: generation 3, job 41]", *people(["bob"]))
    named = row("ada", id=1, segment="VIP [dp2: generation 3, job 41]")
    with raises(Code.AUDIENCE_NAMED_LIKE_LABEL):
        office.shop.sync([BY_KEY], named, row("eve", id=2, segment="Gold"), **BY_SEGMENT)
    assert [one["name"] for one in office.pinterest.audiences.values()] == ["Gold"]
    assert office.members(left_over) == people(["bob"])
