"""Shows customer lists: a table for each, and a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pinterest_audiences.report_view import Line, counts_text, with_id

_KINDS: Final = {
    "ours": "kept by this connector",
    "left_over": "made by this connector; no audience is made of it",
    "note": "a note of this connector; it holds nobody",
    "exclusion": "of an exclusion audience",
    "other": "not known to be made by this connector",
}


def list_title(customer_list: Mapping[str, Any]) -> str:
    """Names a list."""
    return f'Customer list "{customer_list["name"] or customer_list["customer_list_id"]}"'


def list_lines(customer_list: Mapping[str, Any], ad_account_ids: Sequence[str]) -> Iterator[Line]:
    """Yields names and values of a list; the ad account is named if there are several."""
    if len(ad_account_ids) > 1:
        yield "Ad account", customer_list["ad_account_id"]
    yield "Customer list", with_id(customer_list["status"], customer_list["customer_list_id"])
    yield "Whose", _KINDS.get(customer_list["kind"], customer_list["kind"])
    if customer_list["left_over_of"]:
        yield "Left over of", f'"{customer_list["left_over_of"]}"'
    for audience in customer_list["audiences"]:
        size = "size unknown" if audience["size"] is None else f"size {audience['size']:,}"
        status = with_id(audience["status"], audience["audience_id"])
        yield "Used by", f'"{audience["name"] or audience["audience_id"]}", {status}, {size}'
    counts = customer_list["counts"]
    yield "Records", "not given by Pinterest" if counts is None else counts_text(counts)


def closing_sentence(found: Mapping[str, Any]) -> str:
    """Sums up the lists."""
    lists = found["customer_lists"]
    kinds = Counter(each["kind"] for each in lists)
    of_kinds = ", ".join(f"{kind.replace('_', ' ')} {kinds[kind]:,}" for kind in _KINDS if kinds[kind])
    accounts = ", ".join(found["ad_account_ids"])
    untold = found["audiences_untold"]
    rest = f" Of {untold:,} audiences Pinterest does not say which list they are made of." if untold else ""
    return f"Ad account {accounts}: customer lists: {len(lists):,}{f' ({of_kinds})' if of_kinds else ''}.{rest}"
