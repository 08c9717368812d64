from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.api.models import Audience
from destination_pinterest.audiences.chosen import find_chosen
from destination_pinterest.error_codes import Code
from destination_pinterest.routing.destination_object import NEW_AUDIENCE, ChosenAudience, chosen_audience, object_name
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises

ACCOUNT = "549755885175"
VIP = ChosenAudience("VIP", "7", ACCOUNT)


def test_an_objects_name_is_the_audiences_with_both_ids() -> None:
    assert object_name(Audience(id="2680059592705", name="VIP customers"), ACCOUNT) == (
        "VIP customers (549755885175/2680059592705)"
    )


def test_an_audience_without_a_name_is_named_by_its_ids() -> None:
    assert object_name(Audience(id="7"), ACCOUNT) == "(549755885175/7)"
    assert chosen_audience("(549755885175/7)", [ACCOUNT]) == ChosenAudience("", "7", ACCOUNT)


@pytest.mark.parametrize("name", ["VIP", "VIP (1/2)", "line\nbreak", "(", "a) (b", ""])
def test_an_audiences_own_name_may_be_anything(name: str) -> None:
    found = chosen_audience(object_name(Audience(id="7", name=name), ACCOUNT), [ACCOUNT])
    assert found == ChosenAudience(name, "7", ACCOUNT)


@pytest.mark.parametrize("name", [None, "", NEW_AUDIENCE])
def test_without_a_choice_the_settings_name_the_audience(name: str | None) -> None:
    assert chosen_audience(name, [ACCOUNT]) is None


@pytest.mark.parametrize("name", ["VIP", "pinterest_audiences", "VIP (549755885175)", "VIP (549755885175/x)", "1/2"])
def test_an_object_that_was_never_offered_is_refused(name: str) -> None:
    with raises(Code.DESTINATION_OBJECT_UNKNOWN, match="not one that this connector offers"):
        chosen_audience(name, [ACCOUNT])


def test_an_object_of_another_ad_account_is_refused_naming_both() -> None:
    with raises(Code.DESTINATION_OBJECT_UNKNOWN, match=r"ad account 549755885176, but .* 549755885175"):
        chosen_audience("VIP (549755885176/7)", [ACCOUNT])


def test_a_chosen_audience_is_found_by_its_id_among_those_that_are_known() -> None:
    renamed = Audience(id="7", name="VIP 2027", audience_type="CUSTOMER_LIST")
    namesake = Audience(id="8", name="VIP", audience_type="CUSTOMER_LIST")
    assert find_chosen(VIP, [namesake, renamed], None) is renamed  # type: ignore[arg-type]  # asked nothing


def test_a_chosen_audience_that_is_not_known_is_asked_for(
    make_client: Callable[..., Any], pinterest: FakePinterest
) -> None:
    audience_id = pinterest.add_audience("VIP 2027", "1")
    assert find_chosen(ChosenAudience("VIP", audience_id, ACCOUNT), [], make_client()).name == "VIP 2027"


def test_a_chosen_audience_that_is_gone_is_named_with_what_to_do(
    make_client: Callable[..., Any], pinterest: FakePinterest
) -> None:
    with raises(Code.CHOSEN_AUDIENCE_GONE, match=r'"VIP" \(7\).*Refresh the list of objects.*HTTP 404'):
        find_chosen(VIP, [], make_client())


def test_a_chosen_audience_of_another_type_is_refused() -> None:
    visitors = Audience(id="7", name="Visitors", audience_type="VISITOR")
    with raises(Code.CHOSEN_AUDIENCE_OF_OTHER_TYPE, match=r'"Visitors" \(7\).* type VISITOR'):
        find_chosen(VIP, [visitors], None)  # type: ignore[arg-type]  # asked nothing
