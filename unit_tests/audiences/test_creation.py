from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import LOOKS_S, AudienceCreator, CreatedList
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.delivery.lane import Delivery
from destination_pinterest.delivery.sender import DeliverySender
from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises

EMAIL = frozenset({Identifier.EMAIL})


def target(name: str = "VIP", **known: Any) -> AudienceTarget:
    return AudienceTarget(name, EMAIL, **known)


@pytest.fixture
def client(make_client: Callable[[], PinterestClient]) -> PinterestClient:
    return make_client()


@pytest.fixture
def lookup(client: PinterestClient, clock: Clock) -> AudienceLookup:
    return AudienceLookup(client, now=clock.now)


@pytest.fixture
def creator(client: PinterestClient, lookup: AudienceLookup, clock: Clock) -> AudienceCreator:
    """Waits 1 s, 2 s, 3 s for a lost answer, then gives up."""
    return AudienceCreator(
        client,
        lookup,
        delay_s=lambda attempt, _: float(attempt) if attempt <= 3 else None,
        system=clock.system,
    )


def test_a_list_is_created_with_its_first_people(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    created = creator.create_list(target(), "aa,bb")
    assert created.holds_records
    assert pinterest.members[created.id] == {"aa", "bb"}
    assert pinterest.lists[created.id]["name"] == "VIP"


@pytest.mark.parametrize(
    ("identifiers", "list_type"),
    [
        ({Identifier.EMAIL}, "EMAIL"),
        ({Identifier.IDFA}, "IDFA"),
        ({Identifier.GAID}, "MAID"),
        ({Identifier.GAID, Identifier.IDFA}, "MAID"),
        ({Identifier.EMAIL, Identifier.MAID}, "EMAIL"),
        ({Identifier.LR_ID, Identifier.DLX_ID}, "LR_ID"),
    ],
)
def test_the_type_of_a_list_is_its_most_telling_identifier(
    creator: AudienceCreator, pinterest: FakePinterest, identifiers: set[Identifier], list_type: str
) -> None:
    created = creator.create_list(AudienceTarget("VIP", frozenset(identifiers)), "aa")
    assert pinterest.lists[created.id]["name"] == "VIP"
    assert [asked.body["list_type"] for asked in pinterest.asked_for("POST", "customer_lists")] == [list_type]


def test_a_creation_that_got_lost_after_it_happened_is_found_and_not_repeated(
    creator: AudienceCreator, pinterest: FakePinterest, clock: Clock
) -> None:
    """Whether its first people are in it, nobody knows, so whoever asked adds them again."""
    pinterest.lose("POST", "customer_lists", acted=True)
    created = creator.create_list(target(), "aa,bb")
    assert pinterest.members == {created.id: {"aa", "bb"}}
    assert created == CreatedList(created.id, holds_records=False)
    assert len(pinterest.asked_for("POST")) == 1
    assert clock.slept == [1.0]


def test_a_creation_that_got_lost_before_it_happened_is_looked_up_and_repeated(
    creator: AudienceCreator, pinterest: FakePinterest, clock: Clock
) -> None:
    pinterest.lose("POST", "customer_lists", acted=False, times=2)
    created = creator.create_list(target(), "aa")
    looks = ["GET"] * len(LOOKS_S)
    assert [asked.method for asked in pinterest.asked] == ["POST", *looks, "POST", *looks, "POST"]
    assert list(pinterest.lists) == [created.id]
    assert created.holds_records
    assert clock.slept == [*LOOKS_S, *LOOKS_S]


def test_a_creation_that_got_lost_and_is_listed_late_is_found_and_not_repeated(
    creator: AudienceCreator, pinterest: FakePinterest, clock: Clock
) -> None:
    """It is shown only to the last of the looks, half a minute after it was made."""
    pinterest.hides_new = True
    clock.before_sleep = lambda seconds: pinterest.hidden.clear() if seconds == LOOKS_S[-1] else None
    pinterest.lose("POST", "customer_lists", acted=True)
    created = creator.create_list(target(), "aa")
    assert list(pinterest.lists) == [created.id]
    assert len(pinterest.asked_for("POST")) == 1
    assert clock.slept == list(LOOKS_S)


def test_a_lost_creation_is_waited_for_as_long_as_the_retries_want_it(
    client: PinterestClient, lookup: AudienceLookup, pinterest: FakePinterest, clock: Clock
) -> None:
    creator = AudienceCreator(client, lookup, delay_s=lambda *_: 50.0, system=clock.system)
    pinterest.lose("POST", "customer_lists", acted=False)
    creator.create_list(target(), "aa")
    assert sum(clock.slept) == 50.0


def test_a_list_of_the_name_that_was_another_audiences_before_is_not_taken_for_the_lost_one(
    lookup: AudienceLookup, creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    others = pinterest.add_list("VIP", "zz")
    pinterest.add_audience("VIP of last year", others)
    (update,) = lookup.find([target()])
    pinterest.lose("POST", "customer_lists", acted=False)
    created = creator.create_list(update.target, "aa")
    assert created.id != others
    assert pinterest.members == {others: {"zz"}, created.id: {"aa"}}


def test_a_creation_that_is_lost_for_ever_is_raised(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    pinterest.lose("POST", "customer_lists", acted=False, times=99)
    with raises(Code.CREATION_IN_DOUBT):
        creator.create_list(target(), "aa")
    assert len(pinterest.asked_for("POST")) == 4
    assert pinterest.lists == {}


def test_another_error_of_a_creation_is_raised_at_once(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    pinterest.refuse("POST", "customer_lists", 400, "name is reserved")
    with raises(Code.REQUEST_REFUSED):
        creator.create_list(target(), "aa")
    assert len(pinterest.asked) == 1


def test_an_open_list_gets_its_audience(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("VIP")
    update = creator.ensure_audience(target(list_id=list_id))
    ((audience_id, created),) = pinterest.audiences.items()
    description = pinterest.asked[0].body["description"]
    assert update == TargetUpdate(target(list_id=list_id, audience_id=audience_id, description=description))
    assert (created["name"], created["rule"]) == ("VIP", {"customer_list_id": list_id})
    assert description.startswith("Kept by destination-pinterest")


def test_an_audience_that_exists_or_has_no_list_is_not_created(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    for known in (target(list_id="1", audience_id="2"), target()):
        assert creator.ensure_audience(known) == TargetUpdate(known)
    assert pinterest.asked == []


@pytest.mark.parametrize(
    "message",
    [
        "Audience size is too small",
        "needs at least 100 matched users",
        "Customer list is still processing",
        "empty list",
    ],
)
def test_an_audience_that_is_refused_as_too_small_is_left_to_a_later_sync(
    lookup: AudienceLookup, creator: AudienceCreator, pinterest: FakePinterest, message: str
) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.refuse("POST", "audiences", 400, message)
    update = creator.ensure_audience(opened)
    assert update.target == opened
    (note,) = update.notes
    assert message in note
    assert "a later sync creates the audience" in note
    (found,) = lookup.find([target()])
    later = creator.ensure_audience(found.target).target
    assert later.audience_id in pinterest.audiences
    assert later.list_id == opened.list_id


def test_another_refusal_of_an_audience_is_raised(creator: AudienceCreator, pinterest: FakePinterest) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.refuse("POST", "audiences", 400, "The name contains a forbidden word.")
    with raises(Code.REQUEST_REFUSED):
        creator.ensure_audience(opened)
    assert pinterest.audiences == {}


def test_a_lost_creation_of_an_audience_is_found_by_its_name_and_its_list(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.add_audience("VIP", pinterest.add_list("another"))
    pinterest.lose("POST", "audiences", acted=True)
    created = creator.ensure_audience(opened).target
    ours = [a["id"] for a in pinterest.audiences.values() if a["rule"]["customer_list_id"] == opened.list_id]
    assert ours == [created.audience_id]


def test_a_lost_creation_of_an_audience_is_repeated_if_there_is_none(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.lose("POST", "audiences", acted=False)
    created = creator.ensure_audience(opened).target
    assert list(pinterest.audiences) == [created.audience_id]


def test_an_audience_is_begun_with_a_left_over_list_which_then_is_its_own(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    older, left_over = (pinterest.add_list(f"VIP [generation {number}, job 11]", "a") for number in (5, 6))
    begun = target(list_id=pinterest.add_list("VIP"), left_over_list_ids=(older, left_over))
    update = creator.create_from_left_over(begun, left_over)
    ((audience_id, created),) = pinterest.audiences.items()
    assert created["rule"] == {"customer_list_id": left_over}
    assert (update.target.audience_id, update.target.list_id) == (audience_id, begun.list_id)
    assert update.target.live is not None
    assert update.target.live.id == left_over
    assert (update.target.left_over_list_ids, update.notes) == ((older,), ())


def test_a_left_over_list_that_is_too_small_as_well_stays_left_over(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    left_over = pinterest.add_list("VIP [generation 6, job 11]")
    begun = target(list_id=pinterest.add_list("VIP"), left_over_list_ids=(left_over,))
    pinterest.refuse("POST", "audiences", 400, "Audience size is too small")
    update = creator.create_from_left_over(begun, left_over)
    assert update.target == begun
    assert "too small" in update.notes[0]


def test_no_audience_is_created_of_a_left_over_list_that_can_not_be_read(
    creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    """Otherwise the report would say that there is none."""
    left_over = pinterest.add_list("VIP [generation 6, job 11]")
    begun = target(list_id=pinterest.add_list("VIP"), left_over_list_ids=(left_over,))
    pinterest.refuse("GET", "customer_lists/", 403)
    with raises(Code.ROLE_MISSING):
        creator.create_from_left_over(begun, left_over)
    assert pinterest.audiences == {}


def test_a_lost_list_that_is_found_is_the_one_for_the_halves_too(
    client: PinterestClient, creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    pinterest.lose("POST", "customer_lists", acted=True)
    pinterest.refuse("PATCH", "customer_lists", 413)
    made: list[str] = []
    delivery = Delivery(Operation.ADD, {"a": None, "b": None}, 2, 0)
    assert DeliverySender(client, creator, 100).send(target(), delivery, made.append) == 2
    assert list(pinterest.lists) == made
    changed = pinterest.asked_for("PATCH")
    assert [asked.path.rpartition("/")[2] for asked in changed] == made * 3
    assert [asked.body["records"] for asked in changed] == ["a,b", "a", "b"]
