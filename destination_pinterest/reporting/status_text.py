"""Explains the statuses of a customer list and its audience, and what Pinterest will still change.

Source: Pinterest OpenAPI 5.23.0, CustomerList.status and Audience.status; Hightouch, Braze and Treasure Data, who quote
Pinterest's help on 24 to 48 hours (all read 2026-11-22). Pinterest itself documents no time. Unknown statuses get no
explanation.
"""

from __future__ import annotations

from typing import Final

MATCHING_TIME: Final = "24 to 48 hours"

_LISTS: Final = {
    "PROCESSING": f"Matching is running, which takes Pinterest {MATCHING_TIME}: status and size will still change.",
    "UPLOADING": f"Pinterest is still importing the list, and then matches it within {MATCHING_TIME}.",
    "TOO_SMALL": "Fewer than 100 people are matched, so it can't be targeted. If members were added in the last "
    f"{MATCHING_TIME}, more may still be matched; otherwise add more.",
}
_AUDIENCES: Final = {
    "INITIALIZING": f"Pinterest is building the audience: it can be targeted within {MATCHING_TIME}.",
    "TOO_SMALL": "The list is matched, but the audience has fewer than 100 people; it follows its list within "
    f"{MATCHING_TIME}.",
    "READY": "It can be targeted.",
}
_NO_AUDIENCE: Final = "A sync creates the audience once Pinterest allows it."
_NO_SIZE: Final = "Pinterest gives no size yet."
_SIZE_LAGS: Final = f"Members of the last {MATCHING_TIME} may still be missing from its size."
_OTHER_SIZE: Final = "Until the new customer list is matched, the size may be that of the one before."


def status_text(
    list_status: str | None,
    audience_status: str | None,
    size: int | None,
    *,
    has_audience: bool,
    was_replaced: bool = False,
) -> str | None:
    """Returns a few sentences on a status; None if the statuses are unknown.

    Args:
        list_status: the customer list's status; None if Pinterest gives none.
        audience_status: the audience's status, likewise.
        size: the audience's size; None if Pinterest has not counted yet.
        has_audience: whether the audience exists.
        was_replaced: whether this sync swapped the list in.
    """
    if list_status is None and audience_status is None:
        return None
    sentences = []
    about_list = _LISTS.get(list_status or "")
    if about_list:
        sentences.append(about_list)
    elif has_audience and audience_status in _AUDIENCES:
        sentences.append(_AUDIENCES[audience_status])
    if not has_audience:
        sentences.append(_NO_AUDIENCE)
    elif size is None:
        sentences.append(_NO_SIZE)
    elif was_replaced:
        sentences.append(_OTHER_SIZE)
    elif not about_list and audience_status == "READY":
        sentences.append(_SIZE_LAGS)
    return " ".join(sentences) or None
