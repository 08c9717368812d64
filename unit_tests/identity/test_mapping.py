from __future__ import annotations

import hashlib
import re
from collections import Counter

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.identifiers import IDENTIFIERS
from destination_pinterest.identity.mapping import (
    IdentityColumn,
    IdentityMapper,
    MappedRow,
    check_columns,
    gives_any,
)
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.identity.row_field import needs_rows
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat
from unit_tests.support.examples import examples
from unit_tests.support.raises import raises

EMAIL = IdentityColumn("email", Identifier.EMAIL)
IDFA = IdentityColumn("idfa", Identifier.IDFA)
LR_ID = IdentityColumn("lr_id", Identifier.LR_ID)
UUID = "6d92078a-8246-4ba4-ae5b-76104861e7dc"
NO_IDENTITY = (Rejection(None, None, RejectionReason.NO_IDENTITY),)

EVERY_COLUMN = [
    IdentityColumn(f"{identifier}_{value_format}", identifier, value_format)
    for identifier, rule in IDENTIFIERS.items()
    for value_format in rule.formats
]
TEXTS = (
    st.text(alphabet=st.characters())
    | st.emails()
    | st.uuids().map(str)
    | st.from_regex(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}", fullmatch=True)
    | st.sampled_from(["", " ", "ada@example.com", UUID, "\x00", "\ud83d", "XY1005", "a,b"])
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)


def sha256_hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


ADA, GRACE = sha256_hex("ada@example.com"), sha256_hex("grace@example.com")


def refused(column: IdentityColumn, *reasons: RejectionReason) -> tuple[Rejection, ...]:
    return tuple(Rejection(column.column, column.identifier, reason) for reason in reasons)


def test_a_plain_address_is_sent_as_the_lower_case_hex_of_its_sha256() -> None:
    by_sha256sum = "b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72"
    assert IdentityMapper([EMAIL]).map([" Ada@Example.com "]) == MappedRow((by_sha256sum,), ())


def test_a_blank_email_is_rejected_as_no_identity() -> None:
    mapper = IdentityMapper([EMAIL])
    for nothing in (None, "", " \u200b", [], [None, " "]):
        assert mapper.map([nothing]) == MappedRow((), NO_IDENTITY)


def test_a_row_of_nothing_in_several_columns_is_rejected_once() -> None:
    assert IdentityMapper([EMAIL, IDFA]).map([None, ""]) == MappedRow((), NO_IDENTITY)


def test_a_bad_value_is_a_rejection_that_names_its_column() -> None:
    assert IdentityMapper([EMAIL]).map(["ada"]) == MappedRow((), refused(EMAIL, RejectionReason.INVALID_EMAIL))


def test_a_null_beside_a_bad_value_is_not_counted() -> None:
    row = IdentityMapper([EMAIL, IDFA]).map(["ada", None])
    assert row == MappedRow((), refused(EMAIL, RejectionReason.INVALID_EMAIL))


def test_several_columns_are_sent_in_their_order() -> None:
    row = IdentityMapper([LR_ID, EMAIL, IDFA]).map(["XY1005", "ada@example.com", UUID])
    assert row == MappedRow(("XY1005", ADA, sha256_hex(UUID)), ())


def test_a_good_value_is_sent_beside_a_bad_one() -> None:
    row = IdentityMapper([EMAIL, IDFA]).map(["ada@example.com", "0" * 32])
    assert row == MappedRow((ADA,), refused(IDFA, RejectionReason.ZERO_MAID))


def test_an_array_fans_out_and_each_identifier_is_sent_once() -> None:
    row = IdentityMapper([EMAIL]).map([["grace@example.com", None, "ADA@example.com", "", "grace@example.com "]])
    assert row == MappedRow((GRACE, ADA), ())


def test_the_same_person_in_two_columns_is_sent_once() -> None:
    hashed = IdentityColumn("email_sha256", Identifier.EMAIL, ValueFormat.SHA256)
    assert IdentityMapper([EMAIL, hashed]).map(["ada@example.com", ADA.upper()]) == MappedRow((ADA,), ())


def test_each_bad_element_of_an_array_is_counted() -> None:
    row = IdentityMapper([EMAIL]).map([["ada", "ada@example.com", 7, ["grace@example.com"], "grace"]])
    invalid, not_text = RejectionReason.INVALID_EMAIL, RejectionReason.NOT_TEXT
    assert row == MappedRow((ADA,), refused(EMAIL, invalid, not_text, not_text, invalid))


@pytest.mark.parametrize("value", [0, 12, 1.5, True, False, {"email": "ada@example.com"}, {}, [[]]])
@pytest.mark.parametrize("column", [EMAIL, IDFA, LR_ID])
def test_what_is_no_text_is_refused(value: object, column: IdentityColumn) -> None:
    assert IdentityMapper([column]).map([value]) == MappedRow((), refused(column, RejectionReason.NOT_TEXT))


@pytest.mark.parametrize("case", LetterCase)
def test_advertising_ids_are_hashed_in_the_case_that_is_set(case: LetterCase) -> None:
    mixed = UUID.replace("a", "A")
    hashed = {LetterCase.LOWER: UUID, LetterCase.UPPER: UUID.upper(), LetterCase.AS_IS: mixed}[case]
    assert IdentityMapper([IDFA], maid_case=case).map([mixed]).identifiers == (sha256_hex(hashed),)


def test_advertising_ids_are_hashed_in_lower_case_unless_said_otherwise() -> None:
    assert IdentityMapper([IDFA]).map([UUID.upper()]).identifiers == (sha256_hex(UUID),)


def test_rejections_are_shared_by_rows() -> None:
    mapper = IdentityMapper([EMAIL])
    assert mapper.map(["ada"]).rejections[0] is mapper.map(["grace"]).rejections[0]


def test_the_mapper_knows_its_columns() -> None:
    assert IdentityMapper([EMAIL, IDFA]).columns == (EMAIL, IDFA)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EVERY_COLUMN), JSON), min_size=1, max_size=3, unique_by=lambda cell: cell[0]))
def test_no_json_value_makes_the_mapper_raise_and_every_row_comes_to_something(
    cells: list[tuple[IdentityColumn, object]],
) -> None:
    row = IdentityMapper([column for column, _ in cells]).map([value for _, value in cells])
    assert row.identifiers or row.rejections
    assert len(set(row.identifiers)) == len(row.identifiers)
    assert all(
        re.fullmatch(r"[!-+\--?A-~]{1,256}", identifier) or needs_rows(identifier) for identifier in row.identifiers
    )


def test_a_kind_that_only_rows_can_carry_is_told_from_digests_and_ids_by_its_tag() -> None:
    digest = hashlib.sha256(b"14155550100").hexdigest()
    columns = [
        IdentityColumn("email_sha256", Identifier.EMAIL, ValueFormat.SHA256),
        IdentityColumn("phone_sha256", Identifier.PHONE, ValueFormat.SHA256),
        IdentityColumn("ramp", Identifier.LR_ID),
        IdentityColumn("id", Identifier.EXTERNAL_ID),
    ]
    row = IdentityMapper(columns).map([digest, digest, "XY1005", "XY1005"])
    assert row.identifiers == (digest, f"@p{digest}", "XY1005", "@xXY1005")
    assert [needs_rows(identifier) for identifier in row.identifiers] == [False, True, False, True]


@pytest.mark.parametrize("identifier", [Identifier.PHONE, Identifier.EXTERNAL_ID])
def test_an_integer_is_taken_as_its_digits_where_tables_have_such(identifier: Identifier) -> None:
    mapper = IdentityMapper([IdentityColumn("c", identifier, country="US")])
    assert mapper.map([14155550100]) == mapper.map(["14155550100"])
    assert mapper.map_column([14155550100]) == ([], [mapper.map(["14155550100"])])
    for value in (True, 1.5, {}):
        assert [one.reason for one in mapper.map([value]).rejections] == [RejectionReason.NOT_TEXT]


@settings(max_examples=examples(300), deadline=None)
@given(st.sampled_from(EVERY_COLUMN), JSON)
@example(EMAIL, "ada@example.com")
@example(EMAIL, "\u212aate@example.com")
@example(EMAIL, "ada;grace")
def test_one_column_is_mapped_as_it_is_among_several(column: IdentityColumn, value: object) -> None:
    other = IdentityColumn("other", Identifier.EMAIL)
    alone = IdentityMapper([column]).map([value])
    assert alone == IdentityMapper([column, other]).map([value, None])
    assert alone == IdentityMapper([other, column]).map([None, value])


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(EVERY_COLUMN), st.lists(JSON, max_size=4))
@example(EMAIL, ["ada@example.com", "", "ada", ["grace@example.com", "ada@example.com"], None, 7, "grace@example.com"])
def test_a_column_is_mapped_in_bulk_as_it_is_row_by_row(column: IdentityColumn, values: list[object]) -> None:
    mapper = IdentityMapper([column])
    rows = [mapper.map([value]) for value in values]
    alone = [isinstance(value, str) and bool(row.identifiers) for value, row in zip(values, rows, strict=True)]
    identifiers, others = mapper.map_column(iter(values))
    assert Counter(identifiers) == Counter(
        row.identifiers[0] for row, is_alone in zip(rows, alone, strict=True) if is_alone
    )
    assert Counter(others) == Counter(row for row, is_alone in zip(rows, alone, strict=True) if not is_alone)


def test_several_columns_are_not_mapped_in_bulk() -> None:
    with pytest.raises(ValueError, match="row by row"):
        IdentityMapper([EMAIL, IDFA]).map_column(["ada@example.com"])


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from([column for column in EVERY_COLUMN if IDENTIFIERS[column.identifier].may_be_hashed]), TEXTS)
def test_an_identifier_that_may_be_plain_leaves_as_nothing_but_hexadecimal_digits(
    column: IdentityColumn, text: str
) -> None:
    for identifier in IdentityMapper([column]).map([text]).identifiers:
        assert re.fullmatch(r"(@p)?([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})", identifier)


def test_huge_and_deep_values_do_not_raise() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    mapper = IdentityMapper([EMAIL, LR_ID])
    row = mapper.map(["a@" * 5_000_000, deep])
    assert [rejection.reason for rejection in row.rejections] == [
        RejectionReason.EMAIL_TOO_LONG,
        RejectionReason.NOT_TEXT,
    ]
    while deep:  # taken apart by hand: Python would free 100,000 levels by recursion
        deep = deep.pop()  # type: ignore[assignment]


def test_a_row_shows_how_many_identifiers_it_has_but_not_which() -> None:
    row = IdentityMapper([EMAIL, LR_ID]).map(["ada@example.com", "a,b"])
    for shown in (repr(row), str(row), repr([row]), str(row.__rich_repr__())):
        assert ADA not in shown
        assert "<1 hidden>" in shown
        assert "invalid_id" in shown


def test_a_row_is_frozen() -> None:
    with pytest.raises(AttributeError):
        MappedRow((), ()).identifiers = ("x",)  # type: ignore[misc]
    with pytest.raises(AttributeError):
        EMAIL.column = "x"  # type: ignore[misc]


def test_an_identity_column_is_read_from_the_connections_settings() -> None:
    column = msgspec.json.decode(b'{"column": "mail", "identifier": "EMAIL", "format": "sha1"}', type=IdentityColumn)
    assert column == IdentityColumn("mail", Identifier.EMAIL, ValueFormat.SHA1)


@pytest.mark.parametrize("identifier", Identifier)
@pytest.mark.parametrize("value_format", ValueFormat)
def test_a_format_is_taken_exactly_if_the_identifier_comes_in_it(
    identifier: Identifier, value_format: ValueFormat
) -> None:
    columns = [IdentityColumn("x", identifier, value_format)]
    if value_format in IDENTIFIERS[identifier].formats:
        check_columns(columns)
    else:
        with raises(Code.IDENTITY_FORMAT_UNKNOWN, match=rf"'x'.*{identifier}.*{value_format}.*auto"):
            check_columns(columns)


@pytest.mark.parametrize("second", [EMAIL, IdentityColumn("email", Identifier.IDFA)])
def test_a_column_that_is_given_twice_is_refused(second: IdentityColumn) -> None:
    with raises(Code.IDENTITY_COLUMN_MISDECLARED, match="'email' is given twice"):
        check_columns([EMAIL, second])


def test_two_columns_of_one_identifier_are_fine() -> None:
    check_columns([EMAIL, IdentityColumn("Email", Identifier.EMAIL)])


@pytest.mark.parametrize("name", ["", "  "])
def test_a_column_without_a_name_is_refused(name: str) -> None:
    with raises(Code.IDENTITY_COLUMN_MISDECLARED, match="has no name"):
        check_columns([IdentityColumn(name, Identifier.GAID)])


def test_no_column_at_all_is_refused() -> None:
    with raises(Code.IDENTITY_COLUMN_MISDECLARED, match="No identity column"):
        IdentityMapper([])


def test_the_mapper_refuses_columns_that_make_no_sense() -> None:
    with raises(Code.IDENTITY_FORMAT_UNKNOWN, match="does not exist"):
        IdentityMapper([IdentityColumn("p", Identifier.HASHED_PINNER_ID, ValueFormat.PLAIN)])


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.sampled_from(EVERY_COLUMN), min_size=1, max_size=3, unique=True), st.data())
def test_rows_are_mapped_in_bulk_as_they_are_one_by_one(columns: list[IdentityColumn], data: st.DataObject) -> None:
    mapper = IdentityMapper(columns)
    rows = data.draw(st.lists(st.tuples(*[JSON for _ in columns]), max_size=4))
    mapped = mapper.map_columns([[row[at] for row in rows] for at in range(len(columns))])
    for at, row in enumerate(rows):
        found = mapped.odd.get(at) or MappedRow(tuple(dict.fromkeys(mapped.rows[at])), ())
        assert found == mapper.map(row)
        for column, cells in zip(columns, mapped.cells, strict=True):
            alone = IdentityMapper([column]).map([row[columns.index(column)]])
            assert gives_any(cells[at]) == bool(alone.identifiers)
