from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.forgetting.people import People

HEX = "0123456789abcdef"
DIGESTS = st.sampled_from([32, 40, 64]).flatmap(lambda digits: st.text(HEX, min_size=digits, max_size=digits))
AWKWARD = st.sampled_from(["0" * 64, "f" * 62 + "00", "0" * 31 + "1", "Xi1234", "A" * 40, "@x" + "a" * 62, "g" * 32])


@given(st.lists(st.one_of(DIGESTS, AWKWARD), max_size=60), st.integers(1, 20))
def test_each_identifier_comes_out_once_as_it_went_in(identifiers: list[str], size: int) -> None:
    people = People()
    people.add(identifiers[:30])
    people.add(identifiers[30:])
    assert len(people) == len(set(identifiers))
    assert set(people) == set(identifiers)
    assert list(people) == list(people)
    pieces = list(people.pieces(size))
    assert all(0 < len(piece) <= size for piece in pieces)
    assert [one for piece in pieces for one in piece] == list(people)
