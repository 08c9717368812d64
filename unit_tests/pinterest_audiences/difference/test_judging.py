"""SQL and the mapper say the same of every value: whatever SQL takes, Python takes, and sends the same for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat
from pinterest_audiences.difference.dialects import DUCKDB
from pinterest_audiences.difference.judging import BLANK, ODD, RESERVED_DOMAINS, Judgement, judgement_of
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.trust import HARD_VALUES
from unit_tests.support.examples import examples
from unit_tests.support.judged_values import DIGEST, UUID, VALUES, check


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def judged(
    database: duckdb.DuckDBPyConnection, one: Judgement, values: Sequence[object], given: str = "unnest($values)"
) -> list[tuple[str, str | None]]:
    ways = Statements(DUCKDB, "pins", "people")._ways([one], f"(SELECT {given} AS email)")
    statement = f"SELECT way_0, {one.sent('text_0', 'way_0')} FROM {ways}"
    return database.execute(statement, {"values": list(values)} if values else None).fetchall()


@settings(max_examples=examples(4), deadline=None)
@example(values=[*HARD_VALUES, None], case=LetterCase.LOWER)
@example(values=[*HARD_VALUES, None], case=LetterCase.UPPER)
@given(values=st.lists(st.none() | VALUES, min_size=1, max_size=40), case=st.sampled_from(LetterCase))
def test_what_duckdb_takes_the_mapper_takes_alike(
    database: duckdb.DuckDBPyConnection, values: list[str | None], case: LetterCase
) -> None:
    def judge(one: Judgement) -> list[tuple[str, str | None]]:
        return judged(database, one, values)

    check(DUCKDB, judge, values, case)


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
        one = judgement_of(IdentityColumn("email", kind, value_format), LetterCase.LOWER, DUCKDB)
        ((way, sent),) = judged(database, one, [value])
        assert way not in {BLANK, ODD}, (kind, value_format)
        assert sent is not None


def test_values_that_are_no_text_are_left_to_python(database: duckdb.DuckDBPyConnection) -> None:
    one = judgement_of(IdentityColumn("email", Identifier.EMAIL, ValueFormat.SHA256), LetterCase.LOWER, DUCKDB)
    for value in (f"'{DIGEST}'::BLOB", f"['{DIGEST}']", f"to_json('{DIGEST}')", "1"):
        assert judged(database, one, [], value) == [(ODD, None)], value


def test_the_reserved_domains_are_those_of_the_address_check() -> None:
    assert set(RESERVED_DOMAINS) == {name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES}
