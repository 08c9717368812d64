from __future__ import annotations

import msgspec
import pytest

from destination_pinterest.api.models import (
    AdAccount,
    Audience,
    CustomerList,
    Page,
    TokenAnswer,
    UserAccount,
    decoder,
)

IDENTIFIED = [AdAccount, Audience, CustomerList]


@pytest.mark.parametrize("kind", IDENTIFIED)
def test_an_id_is_enough(kind: type) -> None:
    assert decoder(kind)(b'{"id":"643"}').id == "643"


@pytest.mark.parametrize("kind", IDENTIFIED)
@pytest.mark.parametrize(
    "body", [b"{}", b'{"id":null}', b'{"id":""}', b'{"id":"a/b"}', b'{"id":"\xd9\xa3"}', b"[]", b"null"]
)
def test_without_an_id_there_is_nothing(kind: type, body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        decoder(kind)(body)


@pytest.mark.parametrize("kind", IDENTIFIED)
def test_every_other_field_may_be_null_and_unknown_ones_are_passed_over(kind: type) -> None:
    fields = [field.name for field in msgspec.structs.fields(kind) if field.name != "id"]
    body = msgspec.json.encode({"id": "1", "brand_new": {"x": [1]}, **dict.fromkeys(fields)})
    found = decoder(kind)(body)
    assert all(getattr(found, name) is None for name in fields)


def test_a_customer_list_is_read_as_pinterest_describes_it() -> None:
    found = decoder(CustomerList)(
        b'{"ad_account_id":"549756359984","created_time":1452208622,"exceptions":{},"id":"643","name":"Leads",'
        b'"num_batches":2,"num_removed_user_records":0,"num_uploaded_user_records":11,"status":"PROCESSING",'
        b'"type":"customerlist","updated_time":1461269616.5}'
    )
    assert (found.name, found.status, found.num_batches, found.num_uploaded_user_records) == (
        "Leads",
        "PROCESSING",
        2,
        11,
    )
    assert (found.created_time, found.updated_time) == (1452208622, 1461269616.5)
    assert found.described_exceptions == ""


def test_counters_written_as_text_or_with_a_fraction_of_nothing_are_numbers() -> None:
    found = decoder(CustomerList)(b'{"id":"1","num_batches":"2","num_uploaded_user_records":11.0}')
    assert (found.num_batches, found.num_uploaded_user_records) == (2, 11)


@pytest.mark.parametrize(
    ("exceptions", "described"),
    [
        (b"null", ""),
        (b"{}", ""),
        (b"[]", ""),
        (b'{"code":2,"message":"Advertiser not found."}', '{"code":2,"message":"Advertiser not found."}'),
        (b'[{"message":"bad: jane@example.com"}]', '[{"message":"bad: […]"}]'),
    ],
)
def test_exceptions_of_any_shape_are_described_without_people(exceptions: bytes, described: str) -> None:
    found = decoder(CustomerList)(b'{"id":"1","exceptions":%s}' % exceptions)
    assert found.described_exceptions == described
    assert "jane" not in repr(found)


def test_an_audience_tells_its_customer_list() -> None:
    assert decoder(Audience)(b'{"id":"1","rule":{"customer_list_id":"643"}}').customer_list_id == "643"
    assert decoder(Audience)(b'{"id":"1","rule":{"customer_list_id":643}}').customer_list_id == "643"
    assert decoder(Audience)(b'{"id":"1","rule":{"seed_id":["7"]}}').customer_list_id is None
    assert decoder(Audience)(b'{"id":"1","rule":null}').customer_list_id is None


def test_a_page_needs_items_and_each_item_its_id() -> None:
    read = decoder(Page[Audience])
    assert [item.id for item in read(b'{"items":[{"id":"1"},{"id":"2"}],"bookmark":null}').items] == ["1", "2"]
    for body in (b'{"bookmark":"x"}', b'{"items":null}', b'{"items":[{"name":"x"}]}'):
        with pytest.raises(msgspec.ValidationError):
            read(body)


def test_a_user_account_has_a_name() -> None:
    assert decoder(UserAccount)(b'{"username":"shop","account_type":"BUSINESS"}').username == "shop"
    with pytest.raises(msgspec.ValidationError):
        decoder(UserAccount)(b"{}")


def test_tokens_are_never_shown() -> None:
    found = decoder(TokenAnswer)(b'{"access_token":"pina_secret","refresh_token":"pinr_secret","expires_in":1}')
    assert "secret" not in repr(found)
    assert "secret" not in str(found)
