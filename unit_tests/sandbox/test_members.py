from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinterest_sandbox.members import count_matches, matches, member_lines, member_text, parse_records, unpack_digests

SHA256 = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(50)]
PIECES = st.one_of(
    st.sampled_from(SHA256),
    st.sampled_from([value.upper() for value in SHA256]),
    st.sampled_from([hashlib.md5(b"a").hexdigest(), hashlib.sha1(b"a").hexdigest(), "0" * 64]),
    st.text(alphabet=st.characters(exclude_characters=",", exclude_categories=["Cs"]), max_size=70),
    st.text(alphabet="0123456789abcdefABCDEF ", min_size=60, max_size=68),
)


@given(st.lists(PIECES, max_size=6))
def test_every_piece_comes_back_exactly_as_it_was_sent_whichever_way_it_was_read(pieces: list[str]) -> None:
    records = parse_records(",".join(pieces))
    assert [member_text(member) for member in records.members] == [piece for piece in pieces if piece.strip()]


@given(st.lists(st.sampled_from(SHA256), min_size=1, max_size=60))
def test_digests_come_back_from_what_the_store_keeps_of_them(pieces: list[str]) -> None:
    records = parse_records(",".join(pieces))
    assert records.digests is not None
    assert unpack_digests(records.digests).members == records.members


def test_a_trailing_comma_as_in_pinterests_example_adds_nothing() -> None:
    assert len(parse_records("email2@example.com,email6@example.com,").members) == 2


def test_an_upper_case_digest_is_another_member_than_the_lower_case_one() -> None:
    members = set(parse_records(f"{SHA256[0]},{SHA256[0].upper()}").members)
    assert len(members) == 2


@pytest.mark.parametrize("other", ["g" * 64, "é" * 64, SHA256[1][:63] + "G", SHA256[1][:-2], "-" * 64])
def test_one_value_that_is_no_digest_among_digests_stays_as_it_is(other: str) -> None:
    sent = [SHA256[0], other, SHA256[2]]
    assert [member_text(member) for member in parse_records(",".join(sent)).members] == sent


def test_a_blank_inside_a_digest_is_not_swallowed() -> None:
    broken = SHA256[0][:30] + "  " + SHA256[0][32:]
    assert parse_records(f"{broken},{SHA256[1]}").members[0] == broken


@pytest.mark.parametrize(
    "value", ["AEBE52E7-03EE-455A-B3C4-E57283966239", "Jane@example.com", "A" * 64, " a@example.com"]
)
def test_what_no_matching_can_recognise_is_never_matched(value: str) -> None:
    (member,) = parse_records(value).members
    assert not matches(member, "EMAIL", 1.0)


def test_partner_ids_are_matched_on_lists_of_their_type_only() -> None:
    assert matches("XY123", "LR_ID", 1.0)
    assert not matches("XY123", "EMAIL", 1.0)


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.6, 1.0])
def test_the_share_matched_is_near_the_rate_even_for_counted_up_digests(rate: float) -> None:
    counted_up = parse_records(",".join(f"{number:064x}" for number in range(10_000))).members
    hashed = [hashlib.sha256(str(number).encode()).digest() for number in range(10_000)]
    for members in (counted_up, hashed):
        assert count_matches(members, "EMAIL", rate) == pytest.approx(rate * 10_000, abs=250)


def test_counting_stops_where_it_is_told_to() -> None:
    assert count_matches((f"p{number}@example.com" for number in range(10_000)), "EMAIL", 1.0, at_most=100) == 100


def test_lines_hold_every_member_whatever_the_size_of_chunks() -> None:
    text = "".join(member_lines(parse_records("a@example.com,b@example.com,c@example.com").members, lines_per_chunk=2))
    assert text.splitlines() == ["a@example.com", "b@example.com", "c@example.com"]


def test_the_repr_of_records_shows_nobody() -> None:
    assert "example.com" not in repr(parse_records("a@example.com"))
