from __future__ import annotations

from typing import Any

from destination_pinterest.wording.certificate_text import certificate_lines


def entry(number: int, **more: Any) -> dict[str, Any]:
    return {
        "name": f"List {number}", "customer_list_id": str(number), "kind": "ours", "state": "removed", "requests": 2,
        "left_alone_because": None, "error": None, **more,
    }  # fmt: skip


def certificate(**more: Any) -> dict[str, Any]:
    return {
        "action": "forget", "status": "succeeded", "forgetting": "0a1b", "identifiers": 8, "newly_suppressed": 7,
        "suppression_store": "/data", "requests": 9, "runs": 2, "begun": "B", "ended": "E", "ad_accounts": ["1", "2"],
        "rows": {"entered": 3, "used": 2, "not_used": {"invalid_email": 1}, "values_refused": {}}, "lists": [],
        "ledgers": [], "notes": [], **more,
    }  # fmt: skip


def test_it_says_who_where_and_what_it_cost() -> None:
    lists = [entry(1), entry(2, kind="left_over")]
    ledgers = [{"audience": "VIP", "state": "removed", "members": 4, "error": None}]
    text = "\n".join(certificate_lines(certificate(lists=lists, ledgers=ledgers)))
    assert "People forgotten: 2 of 3 rows used; 8 identifiers" in text
    assert "Rows not used: invalid_email 1. " in text
    assert "7 identifiers new in /data" in text
    assert "2 of 2 gone through, 1 of them left over from replacements, in the ad accounts 1, 2" in text
    assert "4 to these lists, 9 in all. Time: B to E, in 2 runs" in text
    assert "1 of 1 audience gone through, 4 members taken out" in text


def test_what_was_left_alone_or_failed_is_named_with_its_reason() -> None:
    alone = [entry(number, state="left_alone", left_alone_because="other_list") for number in range(4)]
    failed = entry(9, state="failed", error="PIN-API-002: no")
    ledger = {"audience": "VIP", "state": "failed", "members": 0, "error": "PIN-STORE-001: busy"}
    lines = list(certificate_lines(certificate(lists=[*alone, failed], ledgers=[ledger], notes=["Look."])))
    assert '  Left alone, not made by this connector: 4 ("List 0", "List 1", "List 2", …).' in lines
    assert '  Failed: customer list "List 9" (9): PIN-API-002: no' in lines
    assert '  Failed: "VIP" in the membership store: PIN-STORE-001: busy' in lines
    assert "  Note: Look." in lines


def test_lifting_names_no_list() -> None:
    lines = list(certificate_lines(certificate(action="lift", forgetting=None)))
    assert lines[0].startswith("People lifted: ")
    assert lines[-1] == "  Suppression store: 7 identifiers taken out of /data."
