from __future__ import annotations

from collections.abc import Callable

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.lane import Delivery
from destination_pinterest.delivery.sender import MAX_RECORDS_BYTES, DeliverySender
from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.support.fake_pinterest import Asked, FakePinterest
from unit_tests.support.raises import raises

MakeSender = Callable[..., DeliverySender]


@pytest.fixture
def make_sender(
    make_client: Callable[..., PinterestClient], make_creator: Callable[[PinterestClient], AudienceCreator]
) -> MakeSender:
    def make(max_identifiers: int = 100, retry_s: float = 3600.0) -> DeliverySender:
        client = make_client(retry_s=retry_s)
        return DeliverySender(client, make_creator(client), max_identifiers)

    return make


@pytest.fixture
def opened(pinterest: FakePinterest) -> AudienceTarget:
    """A target whose list exists and is empty."""
    return AudienceTarget("VIP", frozenset({Identifier.EMAIL}), list_id=pinterest.add_list("VIP"))


def people(count: int, length: int = 8) -> dict[str, None]:
    return dict.fromkeys(f"{number:0{length}x}" for number in range(count))


def delivery(identifiers: dict[str, None], operation: Operation = Operation.ADD) -> Delivery:
    return Delivery(operation, identifiers, len(identifiers), 0)


def no_list(list_id: str) -> None:
    raise AssertionError(f"The customer list {list_id} was created beside the one that exists.")


def sizes(pinterest: FakePinterest) -> list[int]:
    return [len(asked.body["records"].split(",")) for asked in pinterest.asked if asked.body]


def test_a_delivery_is_one_request_where_it_fits(
    make_sender: MakeSender, opened: AudienceTarget, pinterest: FakePinterest
) -> None:
    assert make_sender().send(opened, delivery(people(100)), no_list) == 100
    (asked,) = pinterest.asked
    assert asked.body == {"operation_type": "ADD", "records": ",".join(people(100))}
    assert pinterest.members[opened.list_id] == set(people(100))


def test_a_delivery_of_more_identifiers_is_cut(
    make_sender: MakeSender, opened: AudienceTarget, pinterest: FakePinterest
) -> None:
    make_sender(max_identifiers=4).send(opened, delivery(people(10)), no_list)
    assert sizes(pinterest) == [4, 4, 2]
    assert pinterest.members[opened.list_id] == set(people(10))


def test_a_delivery_of_more_bytes_is_cut(
    make_sender: MakeSender, opened: AudienceTarget, pinterest: FakePinterest
) -> None:
    make_sender(max_identifiers=100_000).send(opened, delivery(people(40_000, length=64)), no_list)
    records = [asked.body["records"] for asked in pinterest.asked]
    assert len(records) == 4
    assert all(len(each) <= MAX_RECORDS_BYTES for each in records)
    assert pinterest.members[opened.list_id] == set(people(40_000, length=64))


def test_an_identifier_beyond_all_bounds_goes_out_alone(
    make_sender: MakeSender, opened: AudienceTarget, pinterest: FakePinterest
) -> None:
    huge = "a" * (MAX_RECORDS_BYTES + 1)
    sent = make_sender().send(opened, delivery(dict.fromkeys([huge, "b", "c"])), no_list)
    assert sent == 3
    assert [len(asked.body["records"]) for asked in pinterest.asked] == [len(huge), len("b,c")]


def test_what_is_refused_as_too_large_is_halved_and_later_deliveries_begin_smaller(
    make_sender: MakeSender, opened: AudienceTarget, pinterest: FakePinterest
) -> None:
    sender = make_sender()
    pinterest.refuse("PATCH", "", 413)
    pinterest.refuse("PATCH", "", 400, "records exceed the maximum size")
    sender.send(opened, delivery(people(10)), no_list)
    assert sizes(pinterest) == [10, 5, 2, 2, 1, 5]
    assert pinterest.members[opened.list_id] == set(people(10))
    assert sender.max_identifiers == 2
    sender.send(opened, delivery(people(4)), no_list)
    assert sizes(pinterest)[6:] == [2, 2]


def test_a_single_identifier_that_is_too_large_is_an_error_that_says_so(
    make_sender: MakeSender, opened: AudienceTarget, pinterest: FakePinterest
) -> None:
    pinterest.refuse("PATCH", "", 413, times=99)
    with raises(Code.SINGLE_IDENTIFIER_REFUSED, match="even a single identifier") as caught:
        make_sender().send(opened, delivery(dict.fromkeys(["secret-one", "secret-two", "secret-three"])), no_list)
    assert sizes(pinterest) == [3, 1]
    assert "secret" not in str(caught.value)
    assert caught.value.answer is not None


def test_removing_from_a_list_that_does_not_exist_is_done_already(
    make_sender: MakeSender, pinterest: FakePinterest
) -> None:
    target = AudienceTarget("VIP", frozenset({Identifier.EMAIL}))
    sent = make_sender().send(target, delivery(people(3), Operation.REMOVE), no_list)
    assert (sent, pinterest.asked) == (0, [])


def test_the_first_piece_creates_the_list_and_the_others_are_added(
    make_sender: MakeSender, pinterest: FakePinterest
) -> None:
    target = AudienceTarget("VIP", frozenset({Identifier.EMAIL}))
    created: list[str] = []
    assert make_sender(max_identifiers=2).send(target, delivery(people(5)), created.append) == 5
    assert [asked.method for asked in pinterest.asked] == ["POST", "PATCH", "PATCH"]
    (list_id,) = created
    assert pinterest.members == {list_id: set(people(5))}


def test_a_creation_that_is_too_large_is_made_with_fewer(make_sender: MakeSender, pinterest: FakePinterest) -> None:
    pinterest.refuse("POST", "customer_lists", 413)
    target = AudienceTarget("VIP", frozenset({Identifier.EMAIL}))
    created: list[str] = []
    assert make_sender().send(target, delivery(people(5)), created.append) == 5
    assert [(asked.method, len(asked.body["records"].split(","))) for asked in pinterest.asked] == [
        ("POST", 5), ("POST", 2), ("PATCH", 2), ("PATCH", 1),
    ]  # fmt: skip
    (list_id,) = created
    assert pinterest.members == {list_id: set(people(5))}


def test_people_are_removed(make_sender: MakeSender, opened: AudienceTarget, pinterest: FakePinterest) -> None:
    pinterest.members[opened.list_id] = {"a", "b", "c"}
    assert make_sender().send(opened, delivery(dict.fromkeys("ab"), Operation.REMOVE), no_list) == 2
    assert pinterest.members[opened.list_id] == {"c"}


def test_another_thread_that_makes_the_pieces_smaller_costs_no_request(
    make_sender: MakeSender, opened: AudienceTarget, pinterest: FakePinterest
) -> None:
    sender = make_sender(max_identifiers=8)
    others = iter([delivery(people(8, length=4))])

    def meanwhile(asked: Asked) -> None:
        for other in others:
            pinterest.refuse("PATCH", "", 413)
            sender.send(opened, other, no_list)

    pinterest.before = meanwhile
    sender.send(opened, delivery(people(12)), no_list)
    ours = [asked.body["records"] for asked in pinterest.asked if len(asked.body["records"].partition(",")[0]) == 8]
    assert ",".join(ours) == ",".join(people(12))


def test_an_error_that_is_not_about_size_is_raised(
    make_sender: MakeSender, opened: AudienceTarget, pinterest: FakePinterest
) -> None:
    pinterest.refuse("PATCH", "", 500, times=99)
    with raises(Code.PINTEREST_FAULT):
        make_sender(retry_s=0.0).send(opened, delivery(people(3)), no_list)


def test_a_new_list_is_told_of_before_the_rest_is_sent(make_sender: MakeSender, pinterest: FakePinterest) -> None:
    """Also where the rest fails: the next delivery goes to the list that exists."""
    pinterest.refuse("PATCH", "", 500, times=99)
    target = AudienceTarget("VIP", frozenset({Identifier.EMAIL}))
    created: list[str] = []
    with raises(Code.PINTEREST_FAULT):
        make_sender(max_identifiers=2, retry_s=0.0).send(target, delivery(people(3)), created.append)
    assert created == list(pinterest.lists)


def test_a_list_whose_creation_had_no_answer_gets_its_first_people_once_more(
    make_sender: MakeSender, pinterest: FakePinterest
) -> None:
    pinterest.lose("POST", "customer_lists", acted=True)
    target = AudienceTarget("VIP", frozenset({Identifier.EMAIL}))
    created: list[str] = []
    assert make_sender().send(target, delivery(people(3)), created.append) == 3
    assert created == list(pinterest.lists)
    (again,) = pinterest.asked_for("PATCH")
    assert again.body["records"] == ",".join(people(3))


def test_who_was_to_be_removed_before_there_was_a_list_is_removed_from_one_that_an_ended_sync_has_asked_for(
    make_sender: MakeSender, pinterest: FakePinterest
) -> None:
    target = AudienceTarget("VIP", frozenset({Identifier.EMAIL}))
    sender = make_sender(max_identifiers=2)
    gone = people(3)
    sender.send(target, delivery(gone, Operation.REMOVE), no_list)
    pinterest.lose("POST", "customer_lists", acted=False)
    pinterest.before = lambda asked: asked.method == "POST" and pinterest.add_list("VIP", *gone, "stays") and None
    made: list[str] = []
    sender.send(target, delivery({"comes": None}), made.append)
    assert pinterest.members[made[0]] == {"stays", "comes"}
