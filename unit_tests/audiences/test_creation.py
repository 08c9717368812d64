from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.errors import (
    AmbiguousCreationError,
    InvalidRequestError,
    RequestTooLargeError,
)
from destination_pinterest.vocabulary import Identifier

EMAIL = frozenset({Identifier.EMAIL})


def target(name: str = "VIP", **known: Any) -> AudienceTarget:
    return AudienceTarget(name, EMAIL, **known)


@pytest.fixture
def client(make_client: Callable[..., Any]) -> Any:
    return make_client()


@pytest.fixture
def finder(client: Any, clock: Any) -> AudienceLookup:
    return AudienceLookup(client, now=clock.now)


@pytest.fixture
def provisioner(client: Any, finder: AudienceLookup, clock: Any) -> AudienceCreator:
    """Waits 1 s, 2 s, 3 s for a lost answer, then gives up."""
    return AudienceCreator(
        client,
        finder,
        delay_s=lambda attempt, _: float(attempt) if attempt <= 3 else None,
        sleep=clock.sleep,
        clock=clock.clock,
    )


def test_a_list_is_created_with_its_first_people(provisioner: AudienceCreator, pinterest: Any) -> None:
    opened = target()
    provisioner.open(opened, "aa,bb", 2)
    assert opened.list_id is not None
    assert pinterest.members[opened.list_id] == {"aa", "bb"}
    assert pinterest.lists[opened.list_id]["name"] == "VIP"


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
    provisioner: AudienceCreator, pinterest: Any, identifiers: set[Identifier], list_type: str
) -> None:
    opened = AudienceTarget("VIP", frozenset(identifiers))
    provisioner.open(opened, "aa", 1)
    assert [asked.body["list_type"] for asked in pinterest.asked_for("POST", "customer_lists")] == [list_type]


def test_a_creation_that_got_lost_after_it_happened_is_found_and_not_repeated(
    provisioner: AudienceCreator, pinterest: Any, clock: Any
) -> None:
    pinterest.lose("POST", "customer_lists", acted=True)
    opened = target()
    provisioner.open(opened, "aa,bb", 2)
    assert len(pinterest.lists) == 1
    assert pinterest.members == {opened.list_id: {"aa", "bb"}}
    assert len(pinterest.asked_for("PATCH")) == 1
    assert clock.slept == [1.0]


def test_a_creation_that_got_lost_before_it_happened_is_looked_up_and_repeated(
    provisioner: AudienceCreator, pinterest: Any, clock: Any
) -> None:
    pinterest.lose("POST", "customer_lists", acted=False, times=2)
    opened = target()
    provisioner.open(opened, "aa", 1)
    assert [asked.method for asked in pinterest.asked] == ["POST", "GET", "POST", "GET", "POST"]
    assert list(pinterest.lists) == [opened.list_id]
    assert clock.slept == [1.0, 2.0]


def test_a_list_of_the_name_that_was_another_audiences_before_is_not_taken_for_the_lost_one(
    finder: AudienceLookup, provisioner: AudienceCreator, pinterest: Any
) -> None:
    others = pinterest.add_list("VIP", "zz")
    pinterest.add_audience("VIP of last year", others)
    opened = target()
    finder.find([opened])
    pinterest.lose("POST", "customer_lists", acted=False)
    provisioner.open(opened, "aa", 1)
    assert opened.list_id != others
    assert pinterest.members[others] == {"zz"}


def test_a_creation_that_is_lost_for_ever_is_raised(provisioner: AudienceCreator, pinterest: Any) -> None:
    pinterest.lose("POST", "customer_lists", acted=False, times=99)
    opened = target()
    with pytest.raises(AmbiguousCreationError):
        provisioner.open(opened, "aa", 1)
    assert len(pinterest.asked_for("POST")) == 4
    assert not opened.is_open


def test_another_error_of_a_creation_is_raised_at_once(provisioner: AudienceCreator, pinterest: Any) -> None:
    pinterest.refuse("POST", "customer_lists", 400, "name is reserved")
    with pytest.raises(InvalidRequestError):
        provisioner.open(target(), "aa", 1)
    assert len(pinterest.asked) == 1


def test_an_open_list_gets_its_audience(provisioner: AudienceCreator, pinterest: Any) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    provisioner.ensure_audience(opened)
    created = pinterest.audiences[str(opened.audience_id)]
    assert (created["name"], created["rule"]) == ("VIP", {"customer_list_id": opened.list_id})
    assert pinterest.asked[0].body["description"].startswith("Kept by destination-pinterest")


def test_an_audience_that_exists_or_has_no_list_is_not_created(provisioner: AudienceCreator, pinterest: Any) -> None:
    provisioner.ensure_audience(target(list_id="1", audience_id="2"))
    provisioner.ensure_audience(target())
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
    finder: AudienceLookup, provisioner: AudienceCreator, pinterest: Any, message: str
) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.refuse("POST", "audiences", 400, message)
    provisioner.ensure_audience(opened)
    assert opened.audience_id is None
    (note,) = opened.notes
    assert message in note
    assert "created by a later sync" in note
    later = target()
    finder.find([later])
    provisioner.ensure_audience(later)
    assert later.audience_id is not None
    assert later.list_id == opened.list_id


def test_another_refusal_of_an_audience_is_raised(provisioner: AudienceCreator, pinterest: Any) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.refuse("POST", "audiences", 400, "The name contains a forbidden word.")
    with pytest.raises(InvalidRequestError):
        provisioner.ensure_audience(opened)
    assert (opened.audience_id, opened.notes) == (None, [])


def test_a_lost_creation_of_an_audience_is_found_by_its_name_and_its_list(
    provisioner: AudienceCreator, pinterest: Any
) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.add_audience("VIP", pinterest.add_list("another"))
    pinterest.lose("POST", "audiences", acted=True)
    provisioner.ensure_audience(opened)
    ours = [a["id"] for a in pinterest.audiences.values() if a["rule"]["customer_list_id"] == opened.list_id]
    assert ours == [opened.audience_id]


def test_a_lost_creation_of_an_audience_is_repeated_if_there_is_none(
    provisioner: AudienceCreator, pinterest: Any
) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.lose("POST", "audiences", acted=False)
    provisioner.ensure_audience(opened)
    assert list(pinterest.audiences) == [opened.audience_id]


def test_the_status_is_asked_of_what_there_is(provisioner: AudienceCreator, pinterest: Any) -> None:
    nothing = provisioner.status(target())
    assert (nothing.customer_list, nothing.audience, nothing.size) == (None, None, None)
    list_id = pinterest.add_list("VIP", status="UPLOADING")
    only_list = provisioner.status(target(list_id=list_id))
    assert (only_list.customer_list, only_list.audience) == ("UPLOADING", None)
    both = provisioner.status(target(list_id=list_id, audience_id=pinterest.add_audience("VIP", list_id)))
    assert (both.customer_list, both.audience, both.size) == ("UPLOADING", "READY", 120)


def test_a_lost_list_that_is_found_is_the_one_for_the_halves_too(provisioner: AudienceCreator, pinterest: Any) -> None:
    lost = target()
    pinterest.lose("POST", "customer_lists", acted=True)
    pinterest.refuse("PATCH", "customer_lists", 413)
    with pytest.raises(RequestTooLargeError):
        provisioner.open(lost, "a,b", 2)
    assert list(pinterest.lists) == [lost.list_id]
