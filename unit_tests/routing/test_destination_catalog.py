from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.api.models import Audience
from destination_pinterest.config import read_config
from destination_pinterest.identity.identifiers import IDENTIFIERS
from destination_pinterest.identity.mapping import IdentityMapper
from destination_pinterest.identity.recognition import recognise_fields
from destination_pinterest.routing.destination_catalog import (
    MAX_CATALOG_BYTES,
    deciding_columns_of,
    destination_catalog,
    leading_columns_of,
)
from destination_pinterest.routing.destination_object import NEW_AUDIENCE, chosen_audience
from destination_pinterest.vocabulary import Identifier

ACCOUNT = "549755885175"
UUID = "38400000-8cf0-11bd-b23e-10b96e40000d"


def audience(number: int, name: str | None = "VIP", kind: str = "CUSTOMER_LIST") -> Audience:
    return Audience(id=str(number), name=name, audience_type=kind)


def operations(*audiences: Audience, **more: Any) -> list[dict[str, Any]]:
    catalog = destination_catalog(((ACCOUNT, one) for one in audiences), **more)
    found: list[dict[str, Any]] = catalog.content["operations"]
    return found


def fields_of(operation: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = operation["json_schema"]["properties"]
    return fields


@pytest.fixture(scope="module")
def insert() -> dict[str, Any]:
    return operations()[0]


def objects(found: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(operation["object_name"] for operation in found))


def test_every_audience_of_a_customer_list_is_an_object_and_a_new_one_is_first() -> None:
    found = operations(audience(3), audience(2, kind="VISITOR"), audience(1, "Buyers"))
    assert objects(found) == [NEW_AUDIENCE, f"VIP ({ACCOUNT}/3)", f"Buyers ({ACCOUNT}/1)"]


def test_every_object_can_be_inserted_into_upserted_into_and_deleted_from() -> None:
    found = operations(audience(1))
    modes = ["append", "append_dedup", "soft_delete"]
    assert [operation["sync_mode"] for operation in found] == modes * 2


def test_an_audience_that_two_pages_show_is_one_object() -> None:
    assert objects(operations(audience(2), audience(1), audience(1))) == objects(operations(audience(2), audience(1)))


@given(st.lists(st.tuples(st.integers(1, 10**18 - 1), st.none() | st.text(max_size=30)), max_size=5))
def test_objects_have_names_of_their_own_that_lead_back_to_their_audience(found: list[tuple[int, str | None]]) -> None:
    names = objects(operations(*(audience(number, name) for number, name in found)))
    ids = [chosen.audience_id for name in names if (chosen := chosen_audience(name, [ACCOUNT]))]
    assert ids == list(dict.fromkeys(str(number) for number, _ in found))
    assert len(names) == 1 + len(ids)


def test_each_matching_key_is_one_field_alone() -> None:
    for operation in operations(audience(1)):
        keys = operation["matching_keys"]
        assert {len(key) for key in keys} == {1}
        assert {key[0] for key in keys} <= set(fields_of(operation))
        assert {found.identifier for found in recognise_fields([key[0] for key in keys], "")} == set(Identifier)


def test_every_field_is_recognised_without_a_setting(insert: dict[str, Any]) -> None:
    names = [name for name in fields_of(insert) if name != "_ab_cdc_deleted_at"]
    assert [column.column for column in recognise_fields(names, "")] == names
    assert all(field["description"] for field in fields_of(insert).values())


def test_rows_that_were_deleted_at_the_source_can_be_told_but_in_a_list_of_deletions() -> None:
    told = {operation["sync_mode"]: "_ab_cdc_deleted_at" in fields_of(operation) for operation in operations()}
    assert told == {"append": True, "append_dedup": True, "soft_delete": False}


def test_the_operation_column_of_the_settings_is_a_field_and_no_matching_key() -> None:
    for operation in operations(deciding_columns={"is_deleted": {"type": "string"}}):
        assert ("is_deleted" in fields_of(operation)) == (operation["sync_mode"] != "soft_delete")
        assert ["is_deleted"] not in operation["matching_keys"]


def test_an_operation_column_that_is_named_like_an_identity_stays_an_identity(insert: dict[str, Any]) -> None:
    assert operations(deciding_columns={"email": {"type": "boolean"}})[0] == insert


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("email", value)
            for value in ("a@example.com", "A.B+c@Example.COM", "ä@exämple.com", "0aB" * 21 + "f", None)
        ),
        *((f"email_{name}", "0a" * digits) for name, digits in (("sha256", 32), ("sha1", 20), ("md5", 16))),
        *(
            (name, value)
            for name in ("gaid", "idfa", "maid")
            for value in (UUID, UUID.upper(), f"{{{UUID}}}", "0a" * 32)
        ),
        *((name, "Xi0aB+/=_-:;." * 19) for name in ("lr_id", "dlx_id", "hashed_pinner_id")),
        *(("phone", value) for value in ("+1 415 555 0100", "(415) 555-0100", "14155550100", "0a" * 32)),
        ("phone_sha256", "0a" * 32),
        *(("external_id", value) for value in ("1005", "C 1005, M\u00fcller", "x" * 256)),
        *(("liveramp_envelope", value) for value in ("aB0-_" * 9, "aB0+/" * 9 + "==")),
    ],
)
def test_values_that_a_sync_takes_fit_the_schema(insert: dict[str, Any], field: str, value: str | None) -> None:
    row = {field: value}
    assert jsonschema.Draft7Validator(insert["json_schema"]).is_valid(row)
    if value is not None:
        mapped = IdentityMapper(recognise_fields([field], "US")).map((value,))
        assert (len(mapped.identifiers), mapped.rejections) == (1, ())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("email", value) for value in ("nobody", "a b@example.com", "a@b@example.com", 5, "0a" * 20)),
        *((f"email_{name}", value) for name in ("sha256", "sha1", "md5") for value in ("a@example.com", "0a" * 24)),
        *((name, value) for name in ("gaid", "idfa", "maid") for value in (UUID.replace("-", ""), f"{{{UUID}", "0a")),
        *((name, value) for name in ("lr_id", "dlx_id") for value in ("a,b", "a b", "a@example.com", "x" * 257, "ä")),
        *(("phone", value) for value in ("unknown", "a@example.com", "0a" * 20, 5)),
        ("phone_sha256", "+14155550100"),
        *(("external_id", value) for value in ("a@example.com", "x" * 257)),
        *(("liveramp_envelope", value) for value in ("XY1005", "a@example.com", "aB0-_" * 900)),
    ],
)
def test_values_that_a_sync_refuses_do_not_fit_the_schema(insert: dict[str, Any], field: str, value: Any) -> None:
    assert not jsonschema.Draft7Validator(insert["json_schema"]).is_valid({field: value})
    assert IdentityMapper(recognise_fields([field], "US")).map((value,)).identifiers == ()


def test_a_schema_is_draft_7_and_knows_no_other_fields(insert: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(insert["json_schema"])
    assert not jsonschema.Draft7Validator(insert["json_schema"]).is_valid({"fax": "1"})
    assert jsonschema.Draft7Validator(insert["json_schema"]).is_valid({})


def test_every_identifier_that_there_is_can_be_sent(insert: dict[str, Any]) -> None:
    assert {column.identifier for column in recognise_fields(fields_of(insert), "")} == set(IDENTIFIERS)


def test_audiences_for_which_the_platforms_line_has_no_room_are_left_out_and_counted() -> None:
    everyone = [(ACCOUNT, audience(number)) for number in range(9, 0, -1)]
    whole = destination_catalog(everyone)
    size = len(msgspec.json.encode(whole.content))
    assert whole.left_out == 0
    cut = destination_catalog(everyone, max_bytes=size // 2)
    assert cut.left_out > 1
    assert len(msgspec.json.encode(cut.content)) <= size // 2
    kept = [f"VIP ({ACCOUNT}/{number})" for number in range(9, cut.left_out, -1)]
    assert objects(cut.content["operations"]) == [NEW_AUDIENCE, *kept]


def test_a_catalog_of_a_thousand_audiences_is_a_line_that_the_platform_takes() -> None:
    catalog = destination_catalog((ACCOUNT, audience(number, "ä" * 200)) for number in range(1, 1001))
    assert catalog.left_out == 0
    assert len(json.dumps(catalog.content)) < MAX_CATALOG_BYTES < 20_000_000


def test_the_consent_column_is_a_field_where_somebody_is_asked_for_consent(raw_config: dict[str, Any]) -> None:
    consent = {"consent_column": {"column": "consent"}, "operation_column": {"column": "op"}}
    assert list(deciding_columns_of(read_config({**raw_config, **consent}))) == ["op", "consent"]
    for settings in ({"used_for": "exclusion"}, {"mode": "remove"}):
        assert list(deciding_columns_of(read_config({**raw_config, **consent, **settings}))) == ["op"]


def test_columns_that_name_audiences_and_ad_accounts_are_fields_of_a_new_audience_alone(
    raw_config: dict[str, Any],
) -> None:
    config = read_config({**raw_config, "audience_column": "segment", "ad_account_column": "account"})
    found = operations(audience(7), leading_columns=leading_columns_of(config))
    fields = {operation["object_name"]: operation["json_schema"]["properties"] for operation in found}
    for column in ("segment", "account"):
        assert [name for name, properties in fields.items() if column in properties] == [NEW_AUDIENCE]
    assert "array" in fields[NEW_AUDIENCE]["segment"]["type"]


def test_purposes_that_a_person_consents_to_can_be_mapped_as_a_list(raw_config: dict[str, Any]) -> None:
    config = read_config({**raw_config, "consent_column": {"column": "purposes", "permits": ["advertising"]}})
    insert = operations(deciding_columns=deciding_columns_of(config))[0]
    for value in (["advertising"], {"advertising": True}, "advertising", None):
        assert jsonschema.Draft7Validator(insert["json_schema"]).is_valid({"purposes": value})
