"""SQL and the mapper say the same of every value: whatever SQL takes, Python takes, and sends the same for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import duckdb
import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destination_pinterest.identity.identifiers import IDENTIFIERS
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat
from pinterest_audiences.difference.dialects import DUCKDB
from pinterest_audiences.difference.judging import RESERVED_DOMAINS, SENT_AS_DIGESTS, judgement_of

KINDS = [(kind, value_format) for kind in sorted(SENT_AS_DIGESTS) for value_format in IDENTIFIERS[kind].formats]
DIGEST = hashlib.sha256(b"ada@example.com").hexdigest()
UUID = "f7b3A5c1-8d2e-4f6a-9b0c-1d2e3f4a5b6c"
HARD = [
    "ada@example.com",
    " Ada@EXAMPLE.com  ",
    "ada@example.com\n",
    "\tada@example.com",
    "ada@example.test",
    "ada@sub.example.LOCAL",
    "'ada@example.com",
    "ada.@example.com",
    "ada..l@example.com",
    ".ada@example.com",
    "-ada@example.com",
    "a@b.c",
    "a@b--c.com",
    "a@-b.com",
    "\u212aim@example.com",
    "kim@example.com\u2028",
    "\u0131da@example.com",
    "ada@example.com;bob@example.com",
    "a" * 52 + "@example.com",
    "a" * 51 + "@example.com",
    "",
    "   ",
    "\u00a0",
    DIGEST,
    DIGEST.upper(),
    f" {DIGEST}",
    "0" * 64,
    hashlib.sha256(b"null").hexdigest(),
    hashlib.md5(b"ada@example.com").hexdigest(),
    hashlib.sha1(b"ada@example.com").hexdigest(),
    "0" * 32,
    UUID,
    UUID.lower(),
    f"{{{UUID}}}",
    "00000000-0000-0000-0000-000000000000",
    "0",
    "+4915112345678",
    "__debezium_unavailable_value",
]
SIGNS = st.sampled_from(
    [*"abAZ09._%+-@ '\"<>;,\t\n\r{}[]()\\ü\u212a\u0131\u017f", "example", ".com", ".test", "@", "\x00"]
)
ADDRESSES = st.builds(
    "{}{}@{}.{}{}".format,
    st.sampled_from(["", " ", "'", "\t"]),
    st.text("abcXYZ019._+-%'", max_size=12),
    st.text("abcXYZ019.-", max_size=14),
    st.sampled_from(["com", "COM", "test", "de", "c", "invalid", "co1", "co-m"]),
    st.sampled_from(["", " ", "\n", ",", "\u00a0"]),
)
DIGESTS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", " ", "0x", "\n"]),
    st.sampled_from([32, 40, 63, 64, 65]).flatmap(lambda n: st.text("0123456789abcdefABCDEF", min_size=n, max_size=n)),
    st.sampled_from(["", " ", "\n"]),
)
VALUES = st.one_of(st.sampled_from(HARD), ADDRESSES, DIGESTS, st.lists(SIGNS, max_size=20).map("".join))


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def judged(
    database: duckdb.DuckDBPyConnection, column: IdentityColumn, case: LetterCase, values: Sequence[str | None]
) -> list[tuple[bool, bool, str | None]]:
    one = judgement_of(column, case, DUCKDB)
    statement = (
        f"SELECT {one.is_blank}, {one.is_taken}, CASE WHEN {one.is_taken} THEN {one.sent} END "
        "FROM (SELECT unnest($values) AS email)"
    )
    return database.execute(statement, {"values": list(values)}).fetchall()


def check(database: duckdb.DuckDBPyConnection, values: Sequence[str | None], case: LetterCase) -> None:
    for kind, value_format in KINDS:
        column = IdentityColumn("email", kind, value_format, "DE")
        map_row = IdentityMapper([column], maid_case=case).map
        for value, (is_blank, is_taken, sent) in zip(values, judged(database, column, case, values), strict=True):
            mapped = map_row((value,))
            if is_taken:
                assert mapped.identifiers == (sent,), (kind, value_format, value)
                assert not mapped.rejections
            if is_blank:
                assert not is_taken
                assert [each.reason for each in mapped.rejections] == ["no_identity"], (kind, value_format, value)


@settings(max_examples=12, deadline=None)
@example(values=[*HARD, None], case=LetterCase.LOWER)
@example(values=[*HARD, None], case=LetterCase.UPPER)
@given(values=st.lists(st.none() | VALUES, min_size=1, max_size=40), case=st.sampled_from(LetterCase))
def test_what_duckdb_takes_the_mapper_takes_alike(
    database: duckdb.DuckDBPyConnection, values: list[str | None], case: LetterCase
) -> None:
    check(database, values, case)


def test_plain_addresses_device_ids_and_digests_need_no_python(database: duckdb.DuckDBPyConnection) -> None:
    cases = [
        (Identifier.EMAIL, ValueFormat.AUTO, " Ada.Lovelace+shop@Mail.Example.com "),
        (Identifier.EMAIL, ValueFormat.AUTO, DIGEST.upper()),
        (Identifier.EMAIL, ValueFormat.SHA256, DIGEST),
        (Identifier.EMAIL, ValueFormat.MD5, "a" * 32),
        (Identifier.IDFA, ValueFormat.PLAIN, UUID),
        (Identifier.PHONE, ValueFormat.SHA256, DIGEST),
    ]
    for kind, value_format, value in cases:
        column = IdentityColumn("email", kind, value_format)
        ((_, is_taken, _),) = judged(database, column, LetterCase.LOWER, [value])
        assert is_taken, (kind, value_format)


def test_values_that_are_no_text_are_left_to_python(database: duckdb.DuckDBPyConnection) -> None:
    one = judgement_of(IdentityColumn("email", Identifier.EMAIL, ValueFormat.SHA256), LetterCase.LOWER, DUCKDB)
    for value in (f"'{DIGEST}'::BLOB", f"['{DIGEST}']", f"to_json('{DIGEST}')", "1"):
        found = database.execute(f"SELECT {one.is_blank}, {one.is_taken} FROM (SELECT {value} AS email)").fetchone()
        assert found == (False, False), value


def test_the_reserved_domains_are_those_of_the_address_check() -> None:
    assert set(RESERVED_DOMAINS) == {name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES}
