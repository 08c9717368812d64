from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from destination_pinterest.config import Config, read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.identity.placeholder import UNAVAILABLE_VALUE
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.routing.audience_names import (
    MAX_NAME_CHARACTERS,
    AudienceNames,
    NamesOfRow,
    spelling_key,
    template_of,
)
from unit_tests.support.raises import raises


@pytest.fixture
def config(raw_config: dict[str, Any]) -> Callable[..., Config]:
    return lambda **settings: read_config({**raw_config, **settings})


@pytest.fixture
def names(config: Callable[..., Config]) -> Callable[..., Callable[..., NamesOfRow]]:
    def make(**settings: str) -> Callable[..., NamesOfRow]:
        template = template_of(config(**settings), "users", "shop")
        assert template is not None
        reader = AudienceNames(template)
        return lambda *values, identities=(): reader.of(values, identities)

    return make


def reasons(found: NamesOfRow) -> list[RejectionReason]:
    return [rejection.reason for rejection in found.rejections]


def test_a_template_without_columns_names_one_audience(config: Callable[..., Config]) -> None:
    assert template_of(config(audience_name="{namespace}: {stream}"), "users", None) is None


def test_a_column_alone_is_the_name(names: Callable[..., Callable[..., NamesOfRow]]) -> None:
    assert names(audience_column="segment")("VIP").names == ("VIP",)


def test_a_template_holds_columns_beside_the_stream_and_the_namespace(
    names: Callable[..., Callable[..., NamesOfRow]],
) -> None:
    of = names(audience_name="{namespace}.{stream} {country}: {segment}")
    assert of("DE", "VIP").names == ("shop.users DE: VIP",)


def test_a_column_may_be_called_stream_if_the_settings_say_that_it_is_a_column(
    names: Callable[..., Callable[..., NamesOfRow]],
) -> None:
    assert names(audience_column="stream")("radio").names == ("radio",)


def test_a_name_that_does_not_hold_the_audience_column_is_an_error(config: Callable[..., Config]) -> None:
    settings = config(audience_column="segment", audience_name="VIP {country}")
    with raises(Code.AUDIENCE_COLUMN_NOT_IN_NAME, match=r'"segment".*"VIP \{country\}" does not hold it'):
        template_of(settings, "users", None)


@pytest.mark.parametrize(
    "value",
    [["VIP", "Gold"], '["VIP", "Gold"]', ' ["VIP",null,"Gold",""] ', '{VIP,"Gold"}', ["VIP", "vip ", "Gold", "GOLD"]],
)
def test_an_array_gives_a_name_for_each_element_once(
    value: object, names: Callable[..., Callable[..., NamesOfRow]]
) -> None:
    assert names(audience_column="segment")(value) == NamesOfRow(("VIP", "Gold"))


def test_arrays_in_several_columns_multiply(names: Callable[..., Callable[..., NamesOfRow]]) -> None:
    of = names(audience_name="{a}/{b}")
    assert of(["1", "2"], ["x", "y"]).names == ("1/x", "1/y", "2/x", "2/y")
    assert reasons(of([*map(str, range(40))], [*map(str, range(40))])) == [RejectionReason.TOO_MANY_AUDIENCES_IN_ROW]


@pytest.mark.parametrize(
    ("value", "name"), [(7, "7"), (7.0, "7"), (7.5, "7.5"), (True, "true"), ("  Kunden\t Süd\u200b ", "Kunden Süd")]
)
def test_a_value_is_written_as_people_would(
    value: object, name: str, names: Callable[..., Callable[..., NamesOfRow]]
) -> None:
    assert names(audience_column="segment")(value).names == (name,)


def test_equal_values_of_different_types_are_not_taken_for_each_other(
    names: Callable[..., Callable[..., NamesOfRow]],
) -> None:
    of = names(audience_column="segment")
    assert [of(value).names for value in (1, True, 1.0, "1")] == [("1",), ("true",), ("1",), ("1",)]


@pytest.mark.parametrize("value", [None, "", "  ", [], "[]", "{}", [None, ""], "NULL", "n/a"])
def test_a_row_without_a_value_is_in_no_audience(
    value: object, names: Callable[..., Callable[..., NamesOfRow]]
) -> None:
    assert reasons(names(audience_column="segment")(value)) == [RejectionReason.NO_AUDIENCE]
    assert reasons(names(audience_name="{country} {segment}")("DE", value)) == [RejectionReason.NO_AUDIENCE]


@pytest.mark.parametrize("value", [msgspec.UNSET, UNAVAILABLE_VALUE])
def test_a_column_that_is_not_given_leaves_the_row_where_it_is(
    value: object, names: Callable[..., Callable[..., NamesOfRow]]
) -> None:
    assert names(audience_column="segment")(value) == NamesOfRow(is_unchanged=True)


@pytest.mark.parametrize("value", ["ada@example.com", "+49 170 1234567", "0" * 64, 4917012345678])
def test_what_looks_like_an_identifier_never_becomes_a_name(
    value: object, names: Callable[..., Callable[..., NamesOfRow]]
) -> None:
    found = names(audience_column="segment")(value)
    assert (found.names, reasons(found)) == ((), [RejectionReason.AUDIENCE_NAME_IDENTIFIES])
    assert str(value) not in repr(found)


def test_a_value_of_an_identity_column_of_the_row_never_becomes_a_name(
    names: Callable[..., Callable[..., NamesOfRow]],
) -> None:
    of = names(audience_column="segment")
    assert of("Club", identities=("ada.l",)).names == ("Club",)
    assert reasons(of("ADA.L", identities=("ada.l",))) == [RejectionReason.AUDIENCE_NAME_IDENTIFIES]
    assert reasons(of("club of ada.lovelace", identities=(["x", "Ada.Lovelace"],))) == [
        RejectionReason.AUDIENCE_NAME_IDENTIFIES
    ]
    assert of("Club", identities=("ada@example.com",)).names == ("Club",)
    for name in ("team@work", "Team@Work", "Team\uff20work", "the team@work of 2026"):
        assert reasons(of(name, identities=("team@work",))) == [RejectionReason.AUDIENCE_NAME_IDENTIFIES]
    found = of(["Club", "ada.l"], identities=("ada.l",))
    assert (found.names, reasons(found)) == (("Club",), [RejectionReason.AUDIENCE_NAME_IDENTIFIES])


def test_one_refused_element_does_not_take_the_others_along(names: Callable[..., Callable[..., NamesOfRow]]) -> None:
    found = names(audience_column="segment")(["VIP", "ada@example.com", ["nested"], {"a": 1}])
    assert found.names == ("VIP",)
    assert reasons(found) == [
        RejectionReason.AUDIENCE_NAME_IDENTIFIES,
        RejectionReason.AUDIENCE_NAME_NOT_TEXT,
        RejectionReason.AUDIENCE_NAME_NOT_TEXT,
    ]


def test_a_name_that_is_too_long_or_can_not_be_shown_is_refused(
    names: Callable[..., Callable[..., NamesOfRow]],
) -> None:
    of = names(audience_column="segment")
    assert of("x" * MAX_NAME_CHARACTERS).names
    assert reasons(of("x " * MAX_NAME_CHARACTERS)) == [RejectionReason.AUDIENCE_NAME_TOO_LONG]
    assert reasons(of("VIP\x00")) == [RejectionReason.AUDIENCE_NAME_NOT_TEXT]
    assert reasons(of("VIP\ud800")) == [RejectionReason.AUDIENCE_NAME_NOT_TEXT]


def test_names_that_differ_in_case_blanks_or_the_form_of_letters_have_one_key() -> None:
    assert len({spelling_key(name) for name in ("VIP Süd", "vip  süd", " Vip Su\u0308d\u200b", "VIP\u00a0SÜD")}) == 1
    assert spelling_key("VIP") != spelling_key("VIPs")
