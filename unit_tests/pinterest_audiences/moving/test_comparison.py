from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from pinterest_audiences.moving.comparison import compared
from pinterest_audiences.moving.export import OldAudience

VIP = OldAudience(
    name="VIP",
    audience_id="2680059592705",
    foreign_id=None,
    ad_account_id="549755885175",
    namespaces=("Email", "GAID"),
    size=1_000,
    updated=datetime(2026, 11, 20, tzinfo=UTC),
)


def lacking(new: OldAudience) -> tuple[str, ...]:
    (result,) = compared([VIP], [new])
    return result.lacks


def test_an_audience_that_is_the_same_lacks_nothing() -> None:
    (result,) = compared([VIP], [VIP])

    assert (result.verdict, result.lacks, result.unknown) == ("same", (), ())


def test_a_renamed_audience_is_recognised_by_its_id() -> None:
    assert lacking(replace(VIP, name="Best")) == ('its name: it is called "Best" now',)


def test_two_of_a_name_find_each_a_partner_of_its_own_and_ids_come_first() -> None:
    unknown, other = replace(VIP, audience_id=None), replace(VIP, audience_id="9")
    results = compared([unknown, VIP], [other, VIP])
    assert [(each.old, each.new) for each in results] == [(unknown, other), (VIP, VIP)]


def test_as_many_audiences_as_a_file_can_hold_are_compared_in_a_moment() -> None:
    many = [replace(VIP, name=str(number), audience_id=str(number)) for number in range(20_000)]
    assert {each.verdict for each in compared(many, many[::-1])} == {"same"}


def test_an_audience_without_an_id_is_recognised_by_its_name() -> None:
    (result,) = compared([replace(VIP, audience_id=None)], [VIP])

    assert (result.verdict, result.audience_id) == ("same", "2680059592705")


def test_the_same_name_with_another_id_or_in_another_account_is_another_audience() -> None:
    for other in (replace(VIP, audience_id="2680059592706"), replace(VIP, ad_account_id="549755885176")):
        assert [each.verdict for each in compared([VIP], [other])] == ["missing", "added"]


def test_a_size_may_shrink_a_little() -> None:
    assert lacking(replace(VIP, size=900)) == ()
    assert lacking(replace(VIP, size=899)) == ("101 of 1,000 people",)


def test_an_older_update_a_missing_identity_and_a_disabled_flow_are_lacking() -> None:
    older = replace(VIP, updated=datetime(2026, 11, 1, tzinfo=UTC), namespaces=("EMAIL:sha256",), is_enabled=False)

    assert lacking(older) == (
        "the update of 2026-11-20 00:00 UTC: its last is of 2026-11-01 00:00 UTC",
        "the identity GAID",
        "being enabled",
    )


def test_what_no_file_says_is_unknown_and_not_lacking() -> None:
    (result,) = compared([VIP], [replace(VIP, size=None, updated=None, namespaces=())])

    assert (result.verdict, result.unknown) == ("same", ("size", "last update"))


def test_what_no_customer_list_takes_is_not_lacking() -> None:
    (result,) = compared([replace(VIP, namespaces=("Email", "ECID"))], [replace(VIP, namespaces=("EMAIL",))])

    assert result.lacks == ()


def test_two_audiences_of_one_name_need_two_partners() -> None:
    nameless = replace(VIP, audience_id=None)

    assert [each.verdict for each in compared([nameless, nameless], [VIP])] == ["same", "missing"]
