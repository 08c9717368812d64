from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.identity.column_sample import SAMPLE_ROWS, ColumnSample, Finding, FindingKind
from destination_pinterest.identity.consent import ConsentRule
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.identity.recognition import recognise_columns
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Identifier, ValueFormat

ADA, GRACE = "ada@example.com", "grace@example.com"
MAID = "aece52e7-03ee-455a-b3c4-e57283966239"
ZEROS = "00000000-0000-0000-0000-000000000000"


def digest_of(text: str, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


def found_in(table: dict[str, Sequence[Any]], *, marks: Sequence[str] = ()) -> tuple[Finding, ...]:
    """What a table, given by columns, shows where the recognised columns are used."""
    sample = ColumnSample(list(table), recognise_columns(table), marks)
    sample.take(zip(*table.values(), strict=True))
    return sample.findings()


def seen_in(table: dict[str, Sequence[Any]]) -> list[tuple[str, Identifier, ValueFormat]]:
    found = found_in(table)
    assert all(one.kind is FindingKind.NOT_USED for one in found)
    return [(one.column, one.seems.identifier, one.seems.format) for one in found if one.seems is not None]


def test_a_plain_table_shows_nothing() -> None:
    ids = [str(uuid.uuid5(uuid.NAMESPACE_DNS, str(number))) for number in range(3)]
    table = {
        "id": [1, 2, 3],
        "uuid": ids,
        "email": [ADA, GRACE, None],
        "name": ["Ada", "Grace @ work", "x"],
        "created_at": ["2026-11-27", "2026-11-27", None],
        "password_hash": [digest_of(each) for each in ids],
        "session_id": [digest_of(each, "md5") for each in ids],
        "phone_sha256": [digest_of(each) for each in ids],
        "deleted": [False, True, None],
        "tags": [["a"], [], None],
        "notes": ["write to ada@example.com today", "", "x@y"],
    }
    assert found_in(table) == ()


@pytest.mark.parametrize(
    ("column", "values", "identifier", "value_format"),
    [
        ("Kontakt", [ADA, GRACE], Identifier.EMAIL, ValueFormat.AUTO),
        ("email_id", [ADA, None], Identifier.EMAIL, ValueFormat.AUTO),
        ("login", [ADA, "root", "guest"], Identifier.EMAIL, ValueFormat.AUTO),
        ("mails", [f"{ADA};{GRACE}", ""], Identifier.EMAIL, ValueFormat.AUTO),
        ("mails", [[ADA, GRACE], []], Identifier.EMAIL, ValueFormat.AUTO),
        ("device_id", [MAID, None], Identifier.MAID, ValueFormat.AUTO),
        ("adid", [MAID, MAID], Identifier.MAID, ValueFormat.AUTO),
        ("google_thing", [MAID, MAID], Identifier.GAID, ValueFormat.AUTO),
        ("ios_ifa", [MAID, MAID], Identifier.IDFA, ValueFormat.AUTO),
        ("identifier", [MAID, ZEROS], Identifier.MAID, ValueFormat.AUTO),
        ("sha256", [digest_of(ADA), digest_of(GRACE)], Identifier.EMAIL, ValueFormat.SHA256),
        ("user_hash", [digest_of(ADA, "md5")] * 2, Identifier.EMAIL, ValueFormat.MD5),
        ("email_key", [digest_of(ADA, "sha1")] * 2, Identifier.EMAIL, ValueFormat.SHA1),
    ],
)
def test_a_column_that_holds_identifiers_and_is_not_used_is_found(
    column: str, values: Sequence[Any], identifier: Identifier, value_format: ValueFormat
) -> None:
    table = {column: values, "email": ["other@example.com"] * len(values)}
    assert seen_in(table) == [(column, identifier, value_format)]


@pytest.mark.parametrize("column", ["owner", "sales_rep", "created_by", "Parent's e-mail", "from", "referrer_email"])
def test_a_column_about_somebody_else_is_not_recommended(column: str) -> None:
    assert found_in({column: [ADA, GRACE], "email": [None, None]}) == ()


def test_a_copy_of_a_used_column_is_no_news() -> None:
    assert found_in({"email": [ADA, GRACE], "login": [ADA.upper(), GRACE]}) == ()


@pytest.mark.parametrize("column", ["idfv", "vendor_device_id", "device_session", "ad_campaign_id", "id", "user_id"])
def test_other_ids_in_the_form_of_advertising_ids_are_left_alone(column: str) -> None:
    assert found_in({column: [MAID, MAID], "email": [ADA, GRACE]}) == ()


@pytest.mark.parametrize("column", [ADA, digest_of(ADA), MAID])
def test_a_column_whose_name_is_an_identifier_is_never_named(column: str) -> None:
    assert found_in({column: [GRACE], "email": [ADA]}) == ()


def test_a_rare_address_in_a_text_makes_no_column_of_addresses() -> None:
    assert found_in({"comment": [ADA, *["words"] * 9], "email": [GRACE] * 10}) == ()


def test_a_used_column_that_holds_none_is_found_with_the_reason() -> None:
    (found,) = found_in({"email": ["Ada", "Grace", None, ""], "maid": [MAID, None, None, None]})
    expected = Finding(FindingKind.USELESS, "email", 2, 2, None, RejectionReason.INVALID_EMAIL)
    assert found == expected


def test_a_used_column_of_digests_of_another_kind_is_found_with_that_kind() -> None:
    hashed = base64.b64encode(hashlib.md5(ADA.encode(), usedforsecurity=False).digest()).decode()
    (found,) = found_in({"email": [digest_of(ADA, "md5"), hashed]})
    assert found.seems == IdentityColumn("email", Identifier.EMAIL, ValueFormat.MD5)


def test_advertising_ids_without_hyphens_are_not_taken_for_digests() -> None:
    (found,) = found_in({"gaid": [MAID.replace("-", "")]})
    assert (found.seems, found.reason) == (None, RejectionReason.INVALID_ADVERTISING_ID)


@pytest.mark.parametrize("values", [[None, None], ["", " "], [ADA, "unknown"], [[], None]])
def test_a_used_column_that_is_blank_or_good_here_and_there_is_right(values: Sequence[Any]) -> None:
    assert found_in({"email": values}) == ()


def test_a_column_of_zeros_is_a_column_of_advertising_ids() -> None:
    assert found_in({"gaid": [ZEROS, ZEROS]}) == ()


def test_marks_that_may_mean_nothing_are_counted() -> None:
    table = {"email": [ADA] * 4, "deleted_at": [None, "0000-00-00", "2026-11-27", ""]}
    (found,) = found_in(table, marks=["deleted_at"])
    assert found == Finding(FindingKind.DOUBTFUL_MARKS, "deleted_at", 1, 3)


def test_only_the_first_rows_are_looked_at() -> None:
    sample = ColumnSample(["email", "login"], recognise_columns(["email"]))
    assert not sample.is_full
    sample.take([(None, None)] * SAMPLE_ROWS)
    assert sample.is_full
    sample.take([(None, ADA)] * SAMPLE_ROWS)
    assert sample.findings() == ()


def test_nothing_in_a_sample_has_a_value_of_the_rows() -> None:
    sample = ColumnSample(["email", "login"], recognise_columns(["email"]))
    sample.take([(GRACE, ADA)] * 3)

    def parts(thing: object) -> Iterable[object]:
        yield thing
        if isinstance(thing, dict):
            for key, value in thing.items():
                yield from (*parts(key), *parts(value))
        elif isinstance(thing, list | tuple | frozenset):
            for each in thing:
                yield from parts(each)

    state = [getattr(sample, name) for name in vars(sample)]
    counts = [[getattr(each, name) for name in type(each).__slots__] for each in sample._counts.values()]
    assert not {ADA, GRACE, digest_of(ADA), digest_of(GRACE)} & {
        part for part in parts([state, counts]) if isinstance(part, str)
    }
    assert ADA not in repr(sample.findings())


@given(st.lists(st.tuples(*[st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.text())] * 3)))
def test_no_row_makes_it_raise(rows: list[tuple[object, ...]]) -> None:
    sample = ColumnSample(["email", "other_hash", "deleted_at"], recognise_columns(["email"]), ["deleted_at"])
    sample.take(rows)
    sample.findings()


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ([True, False, None], []),
        ([True, "perhaps", False], [FindingKind.UNCLEAR_CONSENT]),
        (["perhaps", False, None], [FindingKind.UNCLEAR_CONSENT, FindingKind.NO_CONSENT]),
    ],
)
def test_a_consent_column_is_looked_at_for_a_yes_and_for_what_is_unclear(
    values: list[Any], kinds: list[FindingKind]
) -> None:
    sample = ColumnSample(["email", "consent"], recognise_columns(["email"]), consent=("consent", ConsentRule()))
    sample.take([ADA, value] for value in values)
    assert [one.kind for one in sample.findings()] == kinds
