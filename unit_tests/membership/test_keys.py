from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destination_pinterest.membership.keys import (
    BODY_BYTES,
    NEEDS_ROWS,
    TAG_BYTES,
    AudienceKeys,
    DamagedSealError,
    Kind,
)
from unit_tests.membership.shop import person
from unit_tests.support.examples import examples

SALT = bytes(range(16))
SECRET = bytes(range(32))
KEYS = AudienceKeys(SECRET, SALT)

HEX = st.text("0123456789abcdef", max_size=70)


@given(st.one_of(st.text(max_size=70), HEX))
@example(person("a"))
@example(person("a").upper())
@example("a" * 63 + " ")
@example("ab" * 20)
@example("ab" * 16)
@example("ab" * 31)
@example("abc")
@example("")
@example("x" * 31)
@example("é" * 16)
@example("XY-" * 300)
@example("\ud800")
@example("@p" + "ab" * 32)
@example("@p" + "ab" * 20)
@example("@p" + "AB" * 32)
@example("@xC-1005")
@example("@x" + "x" * 29)
@example("@x" + "x" * 30)
@example("@l" + "aB0-_" * 200)
@example("@")
def test_every_identifier_comes_back_as_it_was(identifier: str) -> None:
    kind, sealed = KEYS.seal(identifier)
    assert KEYS.unseal(kind, sealed) == identifier
    assert (kind, sealed) == KEYS.seal(identifier)
    assert kind in {Kind.LONG, Kind.TAGGED} or len(sealed) == TAG_BYTES + BODY_BYTES


def test_a_short_text_behind_a_tag_does_not_stand_out() -> None:
    assert len({len(KEYS.seal(f"@x{'1' * digits}")[1]) for digits in range(30)}) == 1


def test_the_digest_of_a_phone_number_is_not_taken_for_that_of_an_address() -> None:
    digest = person("a")
    assert KEYS.seal(digest)[1] != KEYS.seal(f"@p{digest}")[1]


def test_sql_tells_what_only_rows_can_carry() -> None:
    assert NEEDS_ROWS.endswith(f"IN ({Kind.TAGGED_SHA256:d}, {Kind.TAGGED:d})")


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        (person("a"), Kind.SHA256),
        ("ab" * 20, Kind.HEX),
        ("ab" * 16, Kind.HEX),
        ("AB", Kind.TEXT),
        ("x" * 32, Kind.LONG),
        (f"@p{person('a')}", Kind.TAGGED_SHA256),
        ("@xC-1005", Kind.TAGGED),
    ],
)
def test_identifiers_are_written_by_what_they_are(identifier: str, kind: Kind) -> None:
    assert KEYS.seal(identifier)[0] == kind


def test_texts_of_the_same_bytes_but_another_kind_have_different_tags() -> None:
    texts = ["6161", "aa", "616161", "aaa"]
    assert len({KEYS.seal(text)[1][:TAG_BYTES] for text in texts}) == len(texts)


def test_another_key_or_salt_gives_other_tags_row_keys_and_checks() -> None:
    for other in (AudienceKeys(SECRET[::-1], SALT), AudienceKeys(SECRET, bytes(16))):
        assert other.seal(person("a")) != KEYS.seal(person("a"))
        assert other.row_key("s", (1,)) != KEYS.row_key("s", (1,))
        assert other.check != KEYS.check
        with pytest.raises(DamagedSealError):
            other.unseal(*KEYS.seal(person("a")))


def test_what_was_changed_is_not_decrypted() -> None:
    kind, sealed = KEYS.seal(person("a"))
    with pytest.raises(DamagedSealError):
        KEYS.unseal(kind, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(DamagedSealError):
        KEYS.unseal(Kind.HEX, sealed)


def test_row_keys_differ_by_stream_value_type_and_order() -> None:
    rows = [("s", (1,)), ("t", (1,)), ("s", ("1",)), ("s", (1, 2)), ("s", (2, 1)), ("s", (None,)), ("s", ("a", "b"))]
    rows += [("s", ("a,b",)), ("s", (10**30,)), ("s", ("\ud800",)), ("s", ({"a": 1},))]
    keys = [KEYS.row_key(*row) for row in rows]
    assert len(set(keys)) == len(rows)
    assert {len(key) for key in keys} == {TAG_BYTES}


@settings(max_examples=examples(50), deadline=None)
@given(
    st.sampled_from(["users", 'public."naïve"']), st.lists(st.tuples(st.integers()) | st.tuples(st.text()), max_size=4)
)
@example("users", [(1,), (2**64,)])
@example("users", [(True,), (1,), (None,)])
@example("users", [(-(2**63),), (2**64 - 1,)])
def test_many_row_keys_are_what_each_is(stream: str, keys: list[tuple[object]]) -> None:
    assert KEYS.row_keys(stream, keys) == [KEYS.row_key(stream, key) for key in keys]
