from __future__ import annotations

import pytest

from destination_pinterest.identity.identifiers import IDENTIFIERS
from destination_pinterest.identity.mapping import IdentityColumn, check_columns
from destination_pinterest.identity.recognition import fold_name, recognise_columns
from destination_pinterest.vocabulary import Identifier, ValueFormat
from unit_tests.identity.vendor_headers import HEADERS, Header


@pytest.mark.parametrize(
    ("name", "identifier", "value_format"),
    [
        ("email", Identifier.EMAIL, ValueFormat.AUTO),
        ("e_mail", Identifier.EMAIL, ValueFormat.AUTO),
        ("E-Mail", Identifier.EMAIL, ValueFormat.AUTO),
        ("EMAIL_ADDRESS", Identifier.EMAIL, ValueFormat.AUTO),
        ("emailAddress", Identifier.EMAIL, ValueFormat.AUTO),
        ("e-mail address", Identifier.EMAIL, ValueFormat.AUTO),
        ("customer.email", Identifier.EMAIL, ValueFormat.AUTO),
        ("hashed_email", Identifier.EMAIL, ValueFormat.AUTO),
        ("email_hash", Identifier.EMAIL, ValueFormat.AUTO),
        ("email_sha256", Identifier.EMAIL, ValueFormat.SHA256),
        ("email_sha-256", Identifier.EMAIL, ValueFormat.SHA256),
        ("sha256_email", Identifier.EMAIL, ValueFormat.SHA256),
        ("Email_LC_SHA256", Identifier.EMAIL, ValueFormat.SHA256),
        ("hashed_email_sha256", Identifier.EMAIL, ValueFormat.SHA256),
        ("email_sha1", Identifier.EMAIL, ValueFormat.SHA1),
        ("email_md5", Identifier.EMAIL, ValueFormat.MD5),
        ("email_address_md5", Identifier.EMAIL, ValueFormat.MD5),
        ("gaid", Identifier.GAID, ValueFormat.AUTO),
        ("Google Advertising ID", Identifier.GAID, ValueFormat.AUTO),
        ("google_ad_id", Identifier.GAID, ValueFormat.AUTO),
        ("AAID", Identifier.GAID, ValueFormat.AUTO),
        ("android_advertising_id", Identifier.GAID, ValueFormat.AUTO),
        ("gaid_sha256", Identifier.GAID, ValueFormat.SHA256),
        ("idfa", Identifier.IDFA, ValueFormat.AUTO),
        ("apple_idfa", Identifier.IDFA, ValueFormat.AUTO),
        ("idfa_sha1", Identifier.IDFA, ValueFormat.SHA1),
        ("maid", Identifier.MAID, ValueFormat.AUTO),
        ("mobile_advertising_id", Identifier.MAID, ValueFormat.AUTO),
        ("mobile_ad_id", Identifier.MAID, ValueFormat.AUTO),
        ("advertising_id", Identifier.MAID, ValueFormat.AUTO),
        ("maid_sha256", Identifier.MAID, ValueFormat.SHA256),
        ("hashed_maid_md5", Identifier.MAID, ValueFormat.MD5),
        ("lr_id", Identifier.LR_ID, ValueFormat.AUTO),
        ("LiveRampID", Identifier.LR_ID, ValueFormat.AUTO),
        ("ramp_id", Identifier.LR_ID, ValueFormat.AUTO),
        ("dlx_id", Identifier.DLX_ID, ValueFormat.AUTO),
        ("hashed_pinner_id", Identifier.HASHED_PINNER_ID, ValueFormat.AUTO),
    ],
)
def test_a_column_is_recognised_by_its_name(name: str, identifier: Identifier, value_format: ValueFormat) -> None:
    assert recognise_columns([name]) == (IdentityColumn(name, identifier, value_format),)


@pytest.mark.parametrize(
    "name",
    [
        *("_airbyte_raw_id", "_airbyte_email", "_airbyte_extracted_at", "_ab_cdc_deleted_at"),
        *("sales_rep_email", "email_opt_in", "email_verified_at", "mail", "emails_sent", "id", "lr_id_sha256"),
        *("idfv", "pinner_id", "", "___", "é"),
    ],
)
def test_other_columns_are_left_alone(name: str) -> None:
    assert recognise_columns([name]) == ()


def test_columns_keep_their_order_and_their_spelling() -> None:
    found = recognise_columns(iter(["IDFA", "name", "E-mail", "_airbyte_ab_id", "Email_SHA256", "gaid"]))
    assert [column.column for column in found] == ["IDFA", "E-mail", "Email_SHA256", "gaid"]


def test_a_stream_without_identity_columns_gives_none() -> None:
    assert recognise_columns([]) == ()


def test_a_folded_name_belongs_to_one_identifier_only() -> None:
    names = [fold_name(name) for rule in IDENTIFIERS.values() for name in rule.column_names]
    assert len(names) == len(set(names))


def test_what_is_recognised_makes_sense_as_identity_columns() -> None:
    names = [name for rule in IDENTIFIERS.values() for name in rule.column_names]
    check_columns(recognise_columns([*names, *(f"{name}_sha256" for name in names)]))


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header.vendor)
def test_of_a_vendors_columns_exactly_its_peoples_are_recognised(header: Header) -> None:
    found = recognise_columns(header.columns.split("|"))
    assert "|".join(column.column for column in found) == header.used


def test_there_are_vendors_enough() -> None:
    assert len({header.vendor for header in HEADERS}) == len(HEADERS) >= 60
