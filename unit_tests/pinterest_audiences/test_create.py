from __future__ import annotations

import argparse
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.create import creation_lines, run
from unit_tests.support.raises import raises

CREATED: dict[str, Any] = {
    "audience": "VIP",
    "audience_id": "77",
    "customer_list_id": "55",
    "outcome": "created",
    "notes": ["One."],
    "ad_account_id": "549755885175",
}


def test_each_audience_has_a_line_and_its_notes_below() -> None:
    found = {**CREATED, "audience": "Lapsed", "outcome": "found", "notes": []}
    assert list(creation_lines({"audiences": [CREATED, found]})) == [
        ("VIP", "created (id 77, customer list 55)"),
        ("", "One."),
        ("Lapsed", "there already (id 77, customer list 55)"),
    ]


def test_of_several_ad_accounts_each_is_named() -> None:
    sister = {**CREATED, "ad_account_id": "549755885176", "notes": []}
    assert [text for _, text in creation_lines({"audiences": [{**CREATED, "notes": []}, sister]})] == [
        "created in the ad account 549755885175 (id 77, customer list 55)",
        "created in the ad account 549755885176 (id 77, customer list 55)",
    ]


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_that_no_audience_can_have_is_refused_before_anything_is_asked(name: str) -> None:
    with raises(Code.CREATED_NAME_UNUSABLE, match="blank or has more than 200 characters"):
        run(argparse.Namespace(names=["VIP", name], config=None, json=False))


def test_a_name_that_identifies_somebody_is_refused_and_not_repeated() -> None:
    with raises(Code.STATIC_NAME_IDENTIFIES) as caught:
        run(argparse.Namespace(names=["VIP", "Friends of ada@example.com"], config=None, json=False))
    assert "ada" not in caught.value.message
