"""Pages through entities in Pinterest's way: `page_size`, `order` and an opaque `bookmark`, which is null at the end.

A bookmark holds the key of the last item given, so that a page goes on where the one before ended, whatever was added
or removed in between.

Source: Pinterest OpenAPI 5.23.0, Paginated and the query parameters bookmark, order, page_size. The order without
`order` is not documented; newest first is our reading.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pinterest_sandbox.contract import DEFAULT_PAGE_SIZE
from pinterest_sandbox.refusals import invalid

Item = TypeVar("Item")
Key = tuple[int, ...]


def page(
    items: Iterable[Item], key: Callable[[Item], Key], show: Callable[[Item], dict[str, Any]], query: dict[str, str]
) -> dict[str, Any]:
    """One page as a response body. `key` orders the items and is different for each.

    Raises:
        Refusal: 400 code 1; the bookmark is none of ours.
    """
    size = int(query.get("page_size", DEFAULT_PAGE_SIZE))
    ascending = query.get("order", "DESCENDING") == "ASCENDING"
    ordered = sorted(items, key=key, reverse=not ascending)
    if bookmark := query.get("bookmark"):
        last = _opened(bookmark)
        ordered = [item for item in ordered if (key(item) > last if ascending else key(item) < last)]
    shown = ordered[:size]
    more = len(ordered) > size
    return {"items": [show(item) for item in shown], "bookmark": _bookmark(key(shown[-1])) if more else None}


def _bookmark(key: Key) -> str:
    return base64.urlsafe_b64encode(",".join(map(str, key)).encode()).decode()


def _opened(bookmark: str) -> Key:
    try:
        return tuple(
            int(part) for part in base64.b64decode(bookmark, altchars=b"-_", validate=True).decode().split(",")
        )
    except (binascii.Error, ValueError) as error:
        raise invalid(f"'bookmark' value '{bookmark}' is not valid") from error
