"""What the statuses of a customer list and its audience mean, and what Pinterest will still change by itself.

Source: Pinterest OpenAPI 5.23.0, CustomerList.status and Audience.status; Hightouch, Braze and Treasure Data, who quote
Pinterest's help on 24 to 48 hours (all read 2026-11-22). Pinterest itself documents no time. Statuses that are not
known here are left to speak for themselves.
"""

from __future__ import annotations

from typing import Final

MATCHING_TIME: Final = "24 to 48 hours"

_LISTS: Final = {
    "PROCESSING": f"Matching is running, which takes Pinterest {MATCHING_TIME}: status and size will still change.",
    "UPLOADING": f"Pinterest is still taking the list in, and then matches it within {MATCHING_TIME}.",
    "TOO_SMALL": "Fewer than 100 people are matched, so it can't be targeted. If people were added in the last "
    f"{MATCHING_TIME}, more may be matched by themselves; otherwise it takes more people.",
}
_AUDIENCES: Final = {
    "INITIALIZING": f"Pinterest is building the audience: it can be targeted within {MATCHING_TIME}.",
    "TOO_SMALL": "The list is matched, but the audience counts fewer than 100 people; it follows its list within "
    f"{MATCHING_TIME}.",
    "READY": "It can be targeted.",
}
_NO_AUDIENCE: Final = "A sync creates the audience once Pinterest lets it."
_NO_SIZE: Final = "Pinterest gives no size yet."
_SIZE_LAGS: Final = f"People of the last {MATCHING_TIME} may still be missing from its size."
_OTHER_SIZE: Final = "Until the new customer list is matched, the size may be that of the one before."


def outlook(
    list_status: str | None,
    audience_status: str | None,
    size: int | None,
    *,
    has_audience: bool,
    was_replaced: bool = False,
) -> str | None:
    """A few sentences; None where nothing is known to say.

    Args:
        list_status: of the customer list, as Pinterest gives it; None where it does not.
        audience_status: of the audience, likewise.
        size: the audience's; None where Pinterest has not counted.
        has_audience: whether there is one.
        was_replaced: whether it was only just made of this list, and of another one before.
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
