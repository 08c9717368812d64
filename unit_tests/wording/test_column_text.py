from __future__ import annotations

import pytest

from destination_pinterest.identity.column_sample import Finding, FindingKind
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Identifier, ValueFormat
from destination_pinterest.wording.column_text import finding_lines
from destination_pinterest.wording.plan_text import PlanLine

EMAIL = IdentityColumn("email", Identifier.EMAIL)
GAID = IdentityColumn("gaid", Identifier.GAID)


def told(*findings: Finding, are_declared: bool = False) -> list[PlanLine]:
    return list(finding_lines(findings, "users", [EMAIL, GAID], are_declared=are_declared))


def not_used(column: str, identifier: Identifier, value_format: ValueFormat = ValueFormat.AUTO) -> Finding:
    return Finding(FindingKind.NOT_USED, column, 3, 5, IdentityColumn(column, identifier, value_format))


@pytest.mark.parametrize(
    ("identifier", "value_format", "held", "typed"),
    [
        (Identifier.EMAIL, ValueFormat.AUTO, "e-mail addresses", "--identity x=EMAIL."),
        (Identifier.MAID, ValueFormat.AUTO, "advertising IDs", "--identity x=MAID."),
        (Identifier.EMAIL, ValueFormat.SHA1, "SHA-1 digests", "--identity x=EMAIL:sha1."),
    ],
)
def test_a_column_that_is_not_used_says_what_to_type_beside_what_is_used(
    identifier: Identifier, value_format: ValueFormat, held: str, typed: str
) -> None:
    ((level, text),) = told(not_used("x", identifier, value_format))
    assert level == "WARN"
    start = f'The stream "users" has a column that is not used but may hold identifiers: x ({held}, in 3 of the first 5'
    assert text.startswith(start)
    assert text.endswith(f"or pass --identity email=EMAIL --identity gaid=GAID {typed}")


def test_several_columns_that_are_not_used_are_told_at_once() -> None:
    ((_, text),) = told(not_used("x y", Identifier.EMAIL), not_used("z", Identifier.MAID))
    assert "has columns that are not used but may hold identifiers: x y (e-mail addresses" in text
    assert "name email as EMAIL (auto), gaid as GAID (auto), x y as EMAIL (auto), z as MAID (auto) under" in text
    assert text.endswith("--identity 'x y=EMAIL' --identity z=MAID.")


def test_what_the_settings_leave_out_is_only_mentioned() -> None:
    ((level, _),) = told(not_used("x", Identifier.EMAIL), are_declared=True)
    assert level == "INFO"


def test_a_useless_column_says_why() -> None:
    finding = Finding(FindingKind.USELESS, "email", 5, 5, None, RejectionReason.INVALID_EMAIL)
    ((level, text),) = told(finding, are_declared=True)
    assert level == "WARN"
    assert text == (
        'The column email of the stream "users" is used as EMAIL, but none of its first 5 values can be used '
        f"(invalid_email). {RejectionReason.INVALID_EMAIL.sentence}"
    )


def test_a_useless_column_of_digests_says_how_to_declare_it() -> None:
    seems = IdentityColumn("email", Identifier.EMAIL, ValueFormat.MD5)
    ((_, text),) = told(Finding(FindingKind.USELESS, "email", 1, 1, seems, RejectionReason.ALREADY_HASHED))
    assert "but its only value can't be used: it may hold MD5 digests. If so, name email as EMAIL (md5), gaid" in text
    assert text.endswith("or pass --identity email=EMAIL:md5 --identity gaid=GAID.")


def test_doubtful_marks_say_what_they_do() -> None:
    ((level, text),) = told(Finding(FindingKind.DOUBTFUL_MARKS, "deleted_at", 2, 9))
    assert level == "WARN"
    assert 'deleted_at of the stream "users" has marks that may stand for none' in text
    assert "in 2 of the first 9 values. They remove" in text


def test_doubtful_marks_add_on_an_exclusion_audience() -> None:
    doubtful = Finding(FindingKind.DOUBTFUL_MARKS, "deleted_at", 3, 5)
    ((_, text),) = finding_lines([doubtful], "users", [EMAIL], are_declared=False, is_for_exclusion=True)
    assert "They add, so that nobody is advertised to who must not be" in text


def test_consent_that_is_unclear_or_nobodys_is_warned_of() -> None:
    unclear, nobody = told(
        Finding(FindingKind.UNCLEAR_CONSENT, "consent", 3, 5), Finding(FindingKind.NO_CONSENT, "consent", 5, 5)
    )
    assert (unclear[0], "neither a yes nor a no in 3 of the first 5 rows" in unclear[1]) == ("WARN", True)
    assert (nobody[0], "in none of the first 5 rows, so all of them leave" in nobody[1]) == ("WARN", True)
