from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.description_mark import decode, encode, read_mark, with_mark
from destination_pinterest.audiences.drift import IdentityFill
from destination_pinterest.audiences.mark_keeper import MarkKeeper
from destination_pinterest.audiences.remembered import NOTHING, KnownMembers, Remembered
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.fake_pinterest import FakePinterest

WHOLE = IdentityFill(12_345, {Identifier.GAID: 0.4004, Identifier.EMAIL: 1.0, Identifier.IDFA: 0.0001})
MEMBERS = KnownMembers(11_800, 11_000, 12_000, "0415", date(2026, 11, 27))
REMEMBERED = Remembered(WHOLE, IdentityFill(150, {Identifier.EMAIL: 0.9}), MEMBERS)
MARK = "[dp1:w12000,E1000,G400,I1;i150,E900;m11800,11000,12000,0415,261127]"


def test_a_mark_is_short_rounded_and_read_back() -> None:
    assert with_mark("Ours.", REMEMBERED) == f"Ours. {MARK}"
    read = read_mark(f"Ours. {MARK}")
    assert read.whole == IdentityFill(12_000, {Identifier.EMAIL: 1.0, Identifier.GAID: 0.4, Identifier.IDFA: 0.001})
    assert (read.increment, read.members) == (REMEMBERED.increment, MEMBERS)
    assert encode(read) == encode(REMEMBERED)


def test_every_kind_of_identifier_has_its_letter() -> None:
    fill = IdentityFill(100, dict.fromkeys(Identifier, 0.5))
    assert decode(encode(Remembered(whole=fill))).whole == fill


def test_a_mark_is_bounded_however_large_the_figures_are() -> None:
    fill = IdentityFill(10**15 - 1, dict.fromkeys(Identifier, 1.0))
    members = KnownMembers(10**15 - 1, 10**15 - 1, 10**15 - 1, "9999", date(2026, 11, 27))
    assert len(with_mark("", Remembered(fill, fill, members))) < 240


def test_a_mark_that_would_be_too_long_to_be_found_again_leaves_out_what_is_unknown() -> None:
    others = read_mark(f"[dp1:{'n' * 399}]").others
    assert others
    marked = with_mark("Ours.", replace(REMEMBERED, others=others))
    assert marked == f"Ours. {MARK}"
    assert with_mark(marked, replace(REMEMBERED, others=others)) == marked


@pytest.mark.parametrize(
    ("description", "text"),
    [
        (f"{MARK} written around", " written around"),
        (f"Before {MARK}, and after", "Before, and after"),
        (f"{MARK}{MARK}", ""),
        ("Ours. [dp1:w12000,E1000", "Ours. [dp1:w12000,E1000"),
        ("Two\nlines  [not ours]", "Two\nlines  [not ours]"),
        (None, ""),
    ],
)
def test_the_users_words_stay_and_one_mark_stands_behind_them(description: str | None, text: str) -> None:
    marked = with_mark(description, REMEMBERED)
    assert marked == f"{text} {MARK}".lstrip(" " if not text else "")
    assert with_mark(marked, REMEMBERED) == marked
    assert with_mark(marked, NOTHING) == text


@pytest.mark.parametrize(
    "description", [None, "", "Ours.", "[dp1:]", "[dp1:w,E1;i12,e5;m1,2,3]", "[dp2:w12000,E1000]", "[dp1:w1,E12345]"]
)
def test_what_was_deleted_damaged_or_of_another_version_is_unknown(description: str | None) -> None:
    read = read_mark(description)
    assert (read.whole, read.increment, read.members) == (None, None, None)


def test_a_day_that_does_not_exist_is_unknown() -> None:
    assert read_mark("[dp1:m1,1,1,0415,269999]").members is None


def test_a_mark_of_a_later_version_is_left_alone() -> None:
    assert with_mark("Ours. [dp2:secret]", REMEMBERED) == "Ours. [dp2:secret]"


def test_parts_that_this_version_does_not_know_are_kept() -> None:
    read = read_mark("[dp1:n17;w12000,E1000,Z7]")
    assert read.whole == IdentityFill(12_000, {Identifier.EMAIL: 1.0})
    assert encode(read) == "w12000,E1000;n17"


class Stage:
    """An audience with a description, as the sync's beginning saw it."""

    def __init__(self, pinterest: FakePinterest, client: PinterestClient, description: str | None) -> None:
        self.pinterest = pinterest
        self.keeper = MarkKeeper(client)
        list_id = pinterest.add_list("VIP")
        self.audience_id = pinterest.add_audience("VIP", list_id, description=description)
        self.target = AudienceTarget(
            "VIP", frozenset(Identifier), list_id=list_id, audience_id=self.audience_id, description=description
        )

    @property
    def description(self) -> str:
        return str(self.pinterest.audiences[self.audience_id]["description"])


@pytest.fixture
def stage(pinterest: FakePinterest, make_client: Callable[[], PinterestClient]) -> Callable[[str | None], Stage]:
    return lambda description: Stage(pinterest, make_client(), description)


def test_a_mark_that_would_say_the_same_costs_no_request(stage: Callable[[str | None], Stage]) -> None:
    here = stage(f"Ours. {MARK}")
    assert here.keeper.keep(here.target, REMEMBERED).target == here.target
    assert here.keeper.description_for(here.target, REMEMBERED) is None
    assert here.pinterest.asked == []


def test_words_that_somebody_wrote_meanwhile_are_kept(stage: Callable[[str | None], Stage]) -> None:
    here = stage("Ours.")
    here.pinterest.audiences[here.audience_id]["description"] = "Theirs now."
    update = here.keeper.keep(here.target, REMEMBERED)
    assert here.description == update.target.description == f"Theirs now. {MARK}"


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_mark_that_can_not_be_written_is_a_note(stage: Callable[[str | None], Stage], method: str) -> None:
    here = stage("Ours.")
    here.pinterest.refuse(method, "audiences/", 400, "description too long")
    update = here.keeper.keep(here.target, REMEMBERED)
    (note,) = update.notes
    assert note.startswith("Everything was synced, but the mark for the next sync could not be")
    assert (update.target, here.description) == (here.target, "Ours.")


def test_an_audience_that_does_not_exist_has_no_mark(stage: Callable[[str | None], Stage]) -> None:
    here = stage(None)
    target = AudienceTarget("VIP", frozenset(Identifier))
    assert here.keeper.keep(target, REMEMBERED).target == target
    assert here.keeper.description_for(target, REMEMBERED) is None


def test_a_mark_within_a_mark_leaves_none_behind() -> None:
    text = f"Ours. [dp1:{MARK}w1]"
    marked = with_mark(text, REMEMBERED)
    assert marked == f"Ours. {MARK}"


def test_a_size_that_was_proven_is_read_back_and_nonsense_is_kept_unread() -> None:
    assert encode(Remembered(request_size=10_000)) == "q10000"
    assert decode("q10000").request_size == 10_000
    for nonsense in ("q", "q0", "qx", "q-5", "q1234567"):
        assert (decode(nonsense).request_size, decode(nonsense).others) == (None, (nonsense,))
