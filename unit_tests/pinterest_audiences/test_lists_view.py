from __future__ import annotations

from typing import Any

from pinterest_audiences.lists_view import closing_sentence, list_lines, list_title


def one(**more: Any) -> dict[str, Any]:
    return {
        "ad_account_id": "1", "customer_list_id": "22", "name": "VIP", "status": "READY", "kind": "ours",
        "left_over_of": None, "audiences": [], "counts": None, "created": None, "updated": None, **more,
    }  # fmt: skip


def test_a_list_shows_whose_it_is_and_what_is_made_of_it() -> None:
    made = {"audience_id": "7", "name": "VIPs", "status": "READY", "size": 1200}
    lines = dict(list_lines(one(audiences=[made]), ["1"]))
    assert lines["Whose"] == "kept by this connector"
    assert lines["Used by"] == '"VIPs", READY (id 7), size 1,200'
    assert "Ad account" not in lines
    assert lines["Records"] == "not given by Pinterest"


def test_a_left_over_list_names_its_audience_and_of_several_accounts_its_own() -> None:
    lines = dict(list_lines(one(kind="left_over", left_over_of="VIP"), ["1", "2"]))
    assert lines["Left over of"] == '"VIP"'
    assert lines["Ad account"] == "1"
    assert list_title(one(name=None)) == 'Customer list "22"'


def test_the_closing_sentence_counts_lists_by_whose_they_are() -> None:
    lists = [one(), one(kind="left_over"), one(kind="left_over"), one(kind="other")]
    found = {"ad_account_ids": ["1", "2"], "customer_lists": lists, "audiences_untold": 3}
    said = closing_sentence(found)
    assert said.startswith("Ad account 1, 2: customer lists: 4 (ours 1, left over 2, other 1).")
    assert "Of 3 audiences" in said
