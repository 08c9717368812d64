"""Reads what `pinterest-audiences audiences --json` has printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pinterest_audiences.moving.adobe_export import moment_of, size_of, text_of
from pinterest_audiences.moving.documents import unreadable
from pinterest_audiences.moving.export import OldAudience


def is_listing(document: Any) -> bool:
    """Whether a document is such a listing, or says why there is none."""
    if not isinstance(document, dict) or "schema_version" not in document:
        return False
    return "audiences" in document or "error" in document


def listed_audiences(document: Mapping[str, Any], name: str) -> list[OldAudience]:
    """Returns the audiences of all ad accounts in it. Raises: UsageError if the listing had failed."""
    if document.get("status") == "failed" or not isinstance(document.get("audiences"), list):
        raise unreadable(f"{name} is the listing of a command that failed. Run `audiences --json` again.")
    try:
        return list(_audiences(document))
    except (KeyError, TypeError, AttributeError):
        raise unreadable(f"{name} is no listing as `audiences --json` prints it. Run that command again.") from None


def _audiences(document: Mapping[str, Any]) -> Iterator[OldAudience]:
    for account in (document, *document.get("further_ad_accounts", ())):
        for each in account["audiences"]:
            yield OldAudience(
                name=text_of(each["name"]),
                audience_id=text_of(each["audience_id"]),
                foreign_id=None,
                ad_account_id=text_of(account["ad_account_id"]),
                namespaces=(),
                size=size_of(each["audience_size"]),
                updated=moment_of(each["updated"]),
            )
