from __future__ import annotations

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.recognition import recognise_columns
from pinterest_audiences.sources.headers import check_header, holds_identifier, kind_of, unique_names
from unit_tests.support.raises import raises

MAID = "38400000-8cf0-11bd-b23e-10b96e40000d"
DIGEST = "a" * 64


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        (" Ada@Example.com ", "email"),
        ("'ada@example.com", "email"),
        (MAID.upper(), "maid"),
        (DIGEST, "email_sha256"),
        (f"0x{DIGEST}", "email_sha256"),
        ("tfyF5VdV+eDQMKEKtEKbaylEhV+aDWAHf+gyvsvEHXI=", "email_sha256"),
        ("b" * 40, "email_sha1"),
        ("0" * 32, "email_md5"),
    ],
)
def test_an_identifier_is_told_by_its_form_and_its_kind_is_a_recognised_name(cell: str, kind: str) -> None:
    assert kind_of(cell) == kind
    assert holds_identifier(["name", cell])
    assert recognise_columns([kind])


@pytest.mark.parametrize("cell", ["", "email", "E-mail @ work", "e-mail@work", "@ada", "12345", "Ada", "a@b.c, d@e.f"])
def test_other_cells_are_no_identifiers(cell: str) -> None:
    assert kind_of(cell) is None
    assert holds_identifier([cell]) == ("a@b.c" in cell)


def test_a_name_with_an_address_in_it_is_refused_without_being_quoted() -> None:
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN, match=r"first line of x\.csv holds data") as error:
        check_header(["id", "Ada <ada@example.com>"], "x.csv")
    assert "ada" not in str(error.value)


def test_each_name_occurs_once_and_no_column_is_without() -> None:
    cells = ["\ufeffEmail", " Email", "Email 2", "", '"Zip"', "Email", "First\n name"]
    assert unique_names(cells) == ("Email", "Email 3", "Email 2", "column 4", "Zip", "Email 4", "First name")
