from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from destination_pinterest.api.models import (
    AdAccount,
    Audience,
    CustomerList,
    Page,
    Refusal,
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


def test_a_user_account_may_have_a_name() -> None:
    assert decoder(UserAccount)(b'{"username":"shop","account_type":"BUSINESS"}').username == "shop"
    assert decoder(UserAccount)(b"{}") == UserAccount()


# Of a field that is only shown: another type, and what can't be meant.
MISFITS: list[Any] = [{"a": 1}, [1, None], -1, 1e300, 10**30, 7.5, True, "x" * 3_000, "yesterday"]


@pytest.mark.parametrize("kind", [UserAccount, AdAccount, CustomerList, Audience])
@pytest.mark.parametrize("misfit", MISFITS, ids=lambda misfit: str(misfit)[:12])
def test_what_is_only_shown_ends_nothing_whatever_it_is(kind: type[Any], misfit: Any) -> None:
    names = [name for name in kind.__struct_fields__ if name != "id"]
    body = json.dumps({"id": "7", **dict.fromkeys(names, misfit)}).encode()
    found = decoder(kind)(body)
    assert found.id == "7"
    assert decoder(Page[kind])(b'{"items":[%b]}' % body).items == [found]  # type: ignore[valid-type]
    if isinstance(found, CustomerList):
        assert found.described_exceptions
    else:
        msgspec.json.encode(found)


def test_what_fits_stays_beside_what_does_not() -> None:
    found = decoder(CustomerList)(b'{"id":"7","name":"VIP","status":{},"num_batches":"3","created_time":1e400}')
    assert found == CustomerList(id="7", name="VIP", num_batches=3)
    page = decoder(Page[Audience])(b'{"items":[{"id":"1","size":"?","name":"a"},{"id":"2","name":"b"}],"bookmark":"x"}')
    assert page == Page(items=[Audience(id="1", name="a"), Audience(id="2", name="b")], bookmark="x")


@pytest.mark.parametrize("bookmark", [b"5", b"{}", b'"%b"' % (b"x" * 9_000)], ids=["number", "object", "long"])
def test_a_bookmark_that_can_not_be_read_is_not_the_end_of_a_listing(bookmark: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        decoder(Page[Audience])(b'{"items":[],"bookmark":%b}' % bookmark)


def test_a_refresh_token_that_can_not_be_read_is_not_taken_for_none() -> None:
    with pytest.raises(msgspec.ValidationError):
        decoder(TokenAnswer)(b'{"access_token":"pina_1","refresh_token":5}')
    assert decoder(TokenAnswer)(b'{"access_token":"pina_1","expires_in":"soon","scope":[1]}').expires_in is None


@pytest.mark.parametrize("identifier", ["", "x", "12 ", "1\\n", "1" * 19, "-1", "\u0661"])
def test_an_id_has_up_to_18_digits_and_nothing_else(identifier: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        decoder(CustomerList)(b'{"id":"%b"}' % identifier.encode())


def test_an_id_may_be_a_number() -> None:
    page = decoder(Page[CustomerList])(b'{"items":[{"id":549755885175,"ad_account_id":7},{"id":"8"}]}')
    assert [(item.id, item.ad_account_id) for item in page.items] == [("549755885175", "7"), ("8", None)]
    for misfit in (b"true", b"7.0", b"-7", b"1e3", b"9" * 19):
        with pytest.raises(msgspec.ValidationError):
            decoder(CustomerList)(b'{"id":%b}' % misfit)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"caf\u00e9 \ud83d", "caf\u00e9 \ufffd"),
        (rb"\uDE00\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\\ud83d\ud83d", "\\ud83d\ufffd"),
    ],
)
def test_a_name_that_was_cut_within_a_character_ends_no_listing(written: bytes, read: str) -> None:
    items = b'[{"id":"1","name":"%b"},{"id":"2"}]' % written
    assert decoder(Page[Audience])(b'{"items":%b}' % items).items[0].name == read
    assert decoder(Page[Audience])(b'{"bookmark":null,"items":%b}' % items.replace(b'"2"', b"2")).items[0].name == read
    assert decoder(Audience)(b'{"id":"1","size":"x","name":"%b"}' % written).name == read


def test_an_answer_need_not_repeat_the_id_that_was_asked_for() -> None:
    read = decoder(CustomerList)
    assert read(b'{"name":"VIP"}', "7").id == "7"
    assert read(b'{"id":null}', "7").id == "7"
    assert read(b'{"id":"8"}', "7").id == "8"
    with pytest.raises(msgspec.ValidationError):
        read(b'{"name":"VIP"}')


@pytest.mark.parametrize("kind", [UserAccount, AdAccount, CustomerList, Audience, Page[Audience], TokenAnswer, Refusal])
@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"exceptions":' * 100_000, b'{"id":"7","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"]
)
def test_depth_is_of_another_shape(kind: type[Any], body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decoder(kind)(body)


def test_exceptions_that_are_nested_too_deeply_are_not_shown() -> None:
    nested: Any = "x"
    for _ in range(100_000):
        nested = [nested]
    assert CustomerList(id="7", exceptions=nested).described_exceptions == "too deep or too large to be shown"


def test_an_audience_without_a_type_is_what_its_rule_says() -> None:
    read = decoder(Audience)
    assert read(b'{"id":"1","rule":{"customer_list_id":"7"}}').audience_type == "CUSTOMER_LIST"
    assert read(b'{"id":"1","audience_type":5,"rule":{"customer_list_id":7}}').audience_type == "CUSTOMER_LIST"
    assert read(b'{"id":"1","audience_type":"NEW","rule":{"customer_list_id":"7"}}').audience_type == "NEW"
    assert read(b'{"id":"1","rule":{"visitor_source_id":"7"}}').audience_type is None


@pytest.mark.parametrize("value", [b"{}", b'"x/../y"', b'""', b"7.5", b"null", b'"%b"' % (b"1" * 40)])
def test_a_rule_that_names_no_id_names_no_list(value: bytes) -> None:
    assert decoder(Audience)(b'{"id":"1","rule":{"customer_list_id":%b}}' % value).customer_list_id is None


def test_tokens_are_never_shown() -> None:
    found = decoder(TokenAnswer)(b'{"access_token":"pina_secret","refresh_token":"pinr_secret","expires_in":1}')
    assert "secret" not in repr(found)
    assert "secret" not in str(found)


@pytest.mark.parametrize("fields", ["", ',"num_batches":"many"'])
def test_half_a_character_in_what_is_only_shown_ends_nothing(fields: str) -> None:
    body = rb'{"id":"1","name":"cut \ud83d","exceptions":["\udc00"]' + fields.encode() + b"}"
    found = decoder(CustomerList)(body)
    assert (found.id, found.name, found.described_exceptions) == ("1", "cut \ufffd", '["\ufffd"]')


def test_whole_characters_and_escaped_backslashes_stay_as_they_are() -> None:
    found = decoder(CustomerList)(rb'{"id":"1","name":"\ud83d\ude00 \\ud83d \u00e9 \ud83d"}')
    assert found.name == "\U0001f600 \\ud83d \u00e9 \ufffd"


def test_what_is_not_json_stays_so() -> None:
    with pytest.raises(msgspec.DecodeError):
        decoder(CustomerList)(rb'{"id":"1","name":"\ud83d"')
