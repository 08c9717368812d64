from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.audience.provision import AudienceProvisioner, AudienceTarget
from destination_pinterest.errors import (
    AmbiguousCreationError,
    AudienceConflictError,
    InvalidRequestError,
    NotFoundError,
    ServerError,
)
from destination_pinterest.vocabulary import Identifier

EMAIL = frozenset({Identifier.EMAIL})


def target(name: str = "VIP", **known: Any) -> AudienceTarget:
    return AudienceTarget(name, EMAIL, **known)


@pytest.fixture
def provisioner(make_client: Callable[..., Any], clock: Any) -> AudienceProvisioner:
    """Waits 1 s, 2 s, 3 s for a lost answer, then gives up."""
    return AudienceProvisioner(
        make_client(),
        delay_s=lambda attempt, _: float(attempt) if attempt <= 3 else None,
        sleep=clock.sleep,
        clock=clock.clock,
    )


def test_an_audience_of_the_name_is_used_with_its_list(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    list_id = pinterest.add_list("some other name")
    audience_id = pinterest.add_audience("VIP", list_id)
    found = target()
    provisioner.find([found])
    assert (found.audience_id, found.list_id, found.notes) == (audience_id, list_id, [])
    assert pinterest.asked_for("GET", "customer_lists$") == []


def test_two_audiences_of_one_list_are_a_conflict(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    list_id = pinterest.add_list("VIP")
    for name in ("VIP", "Buyers"):
        pinterest.add_audience(name, list_id)
    with pytest.raises(AudienceConflictError, match=f'"VIP" and "Buyers" are made from the same .*{list_id}'):
        provisioner.find([target("VIP"), target("Buyers")])


def test_it_is_found_on_whatever_page_it_is(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    pinterest.page_size = 2
    lists = [pinterest.add_list(f"list {number}") for number in range(7)]
    audiences = [pinterest.add_audience(f"audience {number}", list_id) for number, list_id in enumerate(lists)]
    pinterest.add_list("lonely")
    found, adopted = target("audience 6"), target("lonely")
    provisioner.find([found, adopted])
    assert found.audience_id == audiences[6]
    assert adopted.is_open


def test_an_audience_that_the_list_does_not_show_in_full_is_asked_for(
    provisioner: AudienceProvisioner, pinterest: Any
) -> None:
    list_id = pinterest.add_list("VIP")
    audience_id = pinterest.add_audience("VIP", list_id)
    full = pinterest.audiences[audience_id]
    pinterest.audiences[audience_id] = {**full, "rule": None}

    def show_in_full(asked: Any) -> None:
        if asked.path.endswith(f"/audiences/{audience_id}"):
            pinterest.audiences[audience_id] = full

    pinterest.before = show_in_full
    found = target()
    provisioner.find([found])
    assert found.list_id == list_id


def test_an_audience_that_names_no_list_is_a_conflict(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    pinterest.add_audience("VIP", None)
    with pytest.raises(AudienceConflictError, match="does not say from which customer list"):
        provisioner.find([target()])


def test_nothing_of_the_name_leaves_everything_open(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    list_id = pinterest.add_list("vip")
    pinterest.add_audience("VIP ", list_id)
    wanted = target()
    provisioner.find([wanted])
    assert (wanted.list_id, wanted.audience_id, wanted.notes) == (None, None, [])


def test_of_several_audiences_the_newest_is_used_and_it_is_said(
    provisioner: AudienceProvisioner, pinterest: Any
) -> None:
    old, new = pinterest.add_list("a"), pinterest.add_list("b")
    newest = pinterest.add_audience("VIP", new)
    pinterest.audiences["99"] = {**pinterest.audiences[newest], "id": "99", "rule": {"customer_list_id": old}}
    found = target()
    provisioner.find([found])
    assert (found.audience_id, found.list_id) == (newest, new)
    assert found.notes == [f"2 audiences are named so; the newest made from a customer list is used ({newest})."]


def test_an_audience_of_another_type_takes_the_name(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    pinterest.add_audience("VIP", None, kind="VISITOR")
    with pytest.raises(AudienceConflictError, match='an audience "VIP" of the type VISITOR'):
        provisioner.find([target()])


def test_beside_an_audience_of_another_type_one_of_ours_is_used(
    provisioner: AudienceProvisioner, pinterest: Any
) -> None:
    list_id = pinterest.add_list("VIP")
    ours = pinterest.add_audience("VIP", list_id)
    pinterest.add_audience("VIP", None, kind="ACTALIKE")
    found = target()
    provisioner.find([found])
    assert found.audience_id == ours
    assert "2 audiences" in found.notes[0]


def test_an_audience_whose_list_is_gone_says_what_to_do(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    pinterest.add_audience("VIP", "12345")
    with pytest.raises(NotFoundError, match=r"customer list 12345, which is gone\. Remove or rename") as caught:
        provisioner.find([target()])
    assert caught.value.answer is not None
    assert caught.value.answer.status == 404


def test_a_list_without_an_audience_is_adopted(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    list_id = pinterest.add_list("VIP")
    found = target()
    provisioner.find([found])
    assert (found.list_id, found.audience_id) == (list_id, None)
    assert found.notes == [f"A customer list without an audience was found and is used ({list_id})."]


def test_of_several_lists_the_newest_is_adopted(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    pinterest.lists["99"] = {"id": "99", "name": "VIP"}
    newest = pinterest.add_list("VIP")
    pinterest.lists["100"] = {"id": "100", "name": "VIP"}
    found = target()
    provisioner.find([found])
    assert found.list_id == newest
    assert found.notes == [f"3 customer lists are named so; the newest is used ({newest})."]


def test_a_list_that_an_audience_of_another_name_uses_is_left_alone(
    provisioner: AudienceProvisioner, pinterest: Any
) -> None:
    """Somebody has renamed the audience in Ads Manager: its people must not come and go with another table."""
    pinterest.add_audience("VIP of last year", pinterest.add_list("VIP"))
    found = target()
    provisioner.find([found])
    assert (found.list_id, found.notes) == (None, [])


def test_a_list_is_created_with_its_first_people(provisioner: AudienceProvisioner, pinterest: Any) -> None:
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
    provisioner: AudienceProvisioner, pinterest: Any, identifiers: set[Identifier], list_type: str
) -> None:
    opened = AudienceTarget("VIP", frozenset(identifiers))
    provisioner.open(opened, "aa", 1)
    assert pinterest.lists[str(opened.list_id)]["type"] == list_type


def test_a_creation_that_got_lost_after_it_happened_is_found_and_not_repeated(
    provisioner: AudienceProvisioner, pinterest: Any, clock: Any
) -> None:
    pinterest.lose("POST", "customer_lists", acted=True)
    opened = target()
    provisioner.open(opened, "aa,bb", 2)
    assert len(pinterest.lists) == 1
    assert pinterest.members == {opened.list_id: {"aa", "bb"}}
    assert len(pinterest.asked_for("PATCH")) == 1
    assert clock.slept == [1.0]


def test_a_creation_that_got_lost_before_it_happened_is_looked_up_and_repeated(
    provisioner: AudienceProvisioner, pinterest: Any, clock: Any
) -> None:
    pinterest.lose("POST", "customer_lists", acted=False, times=2)
    opened = target()
    provisioner.open(opened, "aa", 1)
    assert [asked.method for asked in pinterest.asked] == ["POST", "GET", "POST", "GET", "POST"]
    assert list(pinterest.lists) == [opened.list_id]
    assert clock.slept == [1.0, 2.0]


def test_a_list_of_the_name_that_was_another_audiences_before_is_not_taken_for_the_lost_one(
    provisioner: AudienceProvisioner, pinterest: Any
) -> None:
    others = pinterest.add_list("VIP", "zz")
    pinterest.add_audience("VIP of last year", others)
    opened = target()
    provisioner.find([opened])
    pinterest.lose("POST", "customer_lists", acted=False)
    provisioner.open(opened, "aa", 1)
    assert opened.list_id != others
    assert pinterest.members[others] == {"zz"}


def test_a_creation_that_is_lost_for_ever_is_raised(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    pinterest.lose("POST", "customer_lists", acted=False, times=99)
    opened = target()
    with pytest.raises(AmbiguousCreationError):
        provisioner.open(opened, "aa", 1)
    assert len(pinterest.asked_for("POST")) == 4
    assert not opened.is_open


def test_another_error_of_a_creation_is_raised_at_once(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    pinterest.refuse("POST", "customer_lists", 400, "name is reserved")
    with pytest.raises(InvalidRequestError):
        provisioner.open(target(), "aa", 1)
    assert len(pinterest.asked) == 1


def test_an_open_list_gets_its_audience(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    provisioner.ensure_audience(opened)
    created = pinterest.audiences[str(opened.audience_id)]
    assert (created["name"], created["rule"]) == ("VIP", {"customer_list_id": opened.list_id})
    assert pinterest.asked[0].body["description"].startswith("Kept by destination-pinterest")


def test_an_audience_that_exists_or_has_no_list_is_not_created(
    provisioner: AudienceProvisioner, pinterest: Any
) -> None:
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
    provisioner: AudienceProvisioner, pinterest: Any, message: str
) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.refuse("POST", "audiences", 400, message)
    provisioner.ensure_audience(opened)
    assert opened.audience_id is None
    (note,) = opened.notes
    assert message in note
    assert "created by a later sync" in note
    later = target()
    provisioner.find([later])
    provisioner.ensure_audience(later)
    assert later.audience_id is not None
    assert later.list_id == opened.list_id


def test_another_refusal_of_an_audience_is_raised(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.refuse("POST", "audiences", 400, "The name contains a forbidden word.")
    with pytest.raises(InvalidRequestError):
        provisioner.ensure_audience(opened)
    assert (opened.audience_id, opened.notes) == (None, [])


def test_a_lost_creation_of_an_audience_is_found_by_its_name_and_its_list(
    provisioner: AudienceProvisioner, pinterest: Any
) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.add_audience("VIP", pinterest.add_list("another"))
    pinterest.lose("POST", "audiences", acted=True)
    provisioner.ensure_audience(opened)
    ours = [a["id"] for a in pinterest.audiences.values() if a["rule"]["customer_list_id"] == opened.list_id]
    assert ours == [opened.audience_id]


def test_a_lost_creation_of_an_audience_is_repeated_if_there_is_none(
    provisioner: AudienceProvisioner, pinterest: Any
) -> None:
    opened = target(list_id=pinterest.add_list("VIP"))
    pinterest.lose("POST", "audiences", acted=False)
    provisioner.ensure_audience(opened)
    assert list(pinterest.audiences) == [opened.audience_id]


def test_the_status_is_asked_of_what_there_is(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    nothing = provisioner.status(target())
    assert (nothing.customer_list, nothing.audience, nothing.size) == (None, None, None)
    list_id = pinterest.add_list("VIP", status="UPLOADING")
    only_list = provisioner.status(target(list_id=list_id))
    assert (only_list.customer_list, only_list.audience) == ("UPLOADING", None)
    both = provisioner.status(target(list_id=list_id, audience_id=pinterest.add_audience("VIP", list_id)))
    assert (both.customer_list, both.audience, both.size) == ("UPLOADING", "READY", 120)


def test_what_may_pass_is_raised_when_it_does_not(provisioner: AudienceProvisioner, pinterest: Any) -> None:
    pinterest.refuse("GET", "audiences", 500, times=9999)
    with pytest.raises(ServerError):
        provisioner.find([target()])
