from __future__ import annotations

import hashlib

import pytest

from destination_pinterest.identity.every_form import EveryForm
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat

UUID = "6D92078A-8246-4BA4-AE5B-76104861E7dc"
ADA = "ada@example.com"


def digest(algorithm: str, text: str) -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


def forms(value: object, identifier: Identifier, value_format: ValueFormat = ValueFormat.AUTO) -> tuple[str, ...]:
    return EveryForm(IdentityColumn("c", identifier, value_format), LetterCase.LOWER).of(value).identifiers


def test_an_address_may_have_been_sent_as_any_digest_and_with_a_spreadsheet_s_apostrophe() -> None:
    assert set(forms(" Ada@Example.com", Identifier.EMAIL)) == {
        *(digest(algorithm, ADA) for algorithm in ("sha256", "sha1", "md5")),
        digest("sha256", f"'{ADA}"),
    }


@pytest.mark.parametrize("kind", [Identifier.GAID, Identifier.IDFA, Identifier.MAID])
def test_an_advertising_id_may_have_been_sent_in_any_case(kind: Identifier) -> None:
    found = forms(UUID, kind)
    for spelled in (UUID, UUID.lower(), UUID.upper()):
        assert {digest(algorithm, spelled) for algorithm in ("sha256", "sha1", "md5")} <= set(found)
    assert len(found) == 9


@pytest.mark.parametrize("case", LetterCase)
@pytest.mark.parametrize("value_format", [ValueFormat.AUTO, ValueFormat.PLAIN])
def test_what_a_sync_sends_is_among_the_forms(case: LetterCase, value_format: ValueFormat) -> None:
    for kind, value in (
        (Identifier.EMAIL, "mailto:Ada@exämple.com; bob@example.com"),
        (Identifier.IDFA, f"{{{UUID}}}"),
    ):
        column = IdentityColumn("c", kind, value_format)
        sent = IdentityMapper([column], maid_case=case).map((value,)).identifiers
        assert sent
        assert set(sent) <= set(EveryForm(column, LetterCase.LOWER).of(value).identifiers)


@pytest.mark.parametrize(
    ("value", "identifier", "value_format"),
    [
        (digest("sha256", ADA).upper(), Identifier.EMAIL, ValueFormat.AUTO),
        (digest("md5", ADA), Identifier.EMAIL, ValueFormat.MD5),
        ("Xi1234", Identifier.LR_ID, ValueFormat.AUTO),
    ],
)
def test_a_digest_or_an_id_that_is_sent_as_given_has_one_form(
    value: str, identifier: Identifier, value_format: ValueFormat
) -> None:
    (form,) = forms(value, identifier, value_format)
    assert form.lower() == value.lower()


def test_each_value_of_an_array_or_a_cell_counts() -> None:
    assert len(forms([ADA, "bob@example.com;eve@example.com"], Identifier.EMAIL)) == 12


def test_what_can_t_be_read_is_refused_as_a_sync_refuses_it() -> None:
    mapped = EveryForm(IdentityColumn("c", Identifier.EMAIL), LetterCase.LOWER).of("nobody")
    assert mapped.identifiers == ()
    assert [rejection.reason for rejection in mapped.rejections] == [RejectionReason.INVALID_EMAIL]
