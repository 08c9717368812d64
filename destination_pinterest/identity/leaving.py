"""Recognises, by their names alone, columns that say who left, and columns that say who consented.

They are only pointed out: whether such a column means what its name says, only the user knows.

Source: docs of Fivetran (`_fivetran_deleted`), Singer and Stitch (`_sdc_deleted_at`), Debezium (`__deleted`, `__op`),
    Snowflake streams (`METADATA$ACTION`), Delta Lake (`_change_type`), Dynamics (`donotemail`), Salesforce
    (`HasOptedOutOfEmail`), Shopify (`accepts_marketing`); read 2026-11-27.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from destination_pinterest.identity.column_words import words_of
from destination_pinterest.identity.operation import DELETED_AT

_LEFT: Final = re.compile(
    r"\b(?:(?<!emails )deleted|erased|forgotten|anonymi[sz]ed|unsub|unsubscribed?|opt(?:ed)? ?outs?|archived|"
    r"churned|deactivated|suppressed|blacklisted|blocklisted|deceased|withdrawn|revoked|"
    r"do not (?:bulk )?(?:contact|e?mail|call|market|sell|track|process|advertise)|"
    r"(?:delete|del|deletion|erasure|removal) (?:flag|ind|indicator|date|time|ts|at|requested|request)|"
    r"right to be forgotten)\b"
)
_CHANGE: Final = frozenset(
    {
        *("op", "operation", "cdc op", "cdc operation", "change type", "metadata action", "dml type", "dml operation"),
        *("row kind", "rowkind", "record mode"),
    }
)
_CONSENT: Final = re.compile(
    r"\b(?:subscribed?|opt(?:ed)? ?in|consent(?:s|ed)?|accepts?(?: \w+)? marketing|"
    r"(?:subscri\w+|permission|marketing) status)\b"
)
# Words that make such a name speak of something else: how many, by whom, by which link.
_ANOTHER_THING: Final = frozenset(
    {
        *("count", "counts", "number", "num", "total", "rate", "by", "reason", "url", "link", "token", "items", "item"),
        *("orders", "messages", "files", "comments", "posts", "groups", "group", "list", "lists", "channel"),
        *(
            "channels",
            "topics",
            "ids",
            "id",
            "source",
            "method",
            "campaign",
            "text",
            "template",
            "undeleted",
            "version",
        ),
    }
)
# Consent has a time, a form and channels of its own; its state alone is enough to point out.
_BESIDES_CONSENT: Final = frozenset(
    {
        *("at", "on", "time", "timestamp", "date", "ip", "updated", "created", "level", "collected", "sms", "phone"),
        *("whatsapp", "push", "cookie", "cookies"),
    }
)
_TIMES: Final = frozenset({"at", "on", "time", "timestamp", "date", "ts", "datetime", "when"})
_KNOWN_WORDS: Final = frozenset(
    {
        *(
            "deleted",
            "delete",
            "deletion",
            "erased",
            "unsub",
            "unsubscribe",
            "unsubscribed",
            "opt",
            "opted",
            "out",
            "optout",
        ),
        *("not", "contact", "email", "mail", "call", "market", "marketing", "bulk", "has", "is", "at", "flag", "date"),
        *("time", "timestamp", "consent", "accepts", "subscribed", "status", "fivetran", "sdc", "gdpr", "donot"),
    }
)


class LeavingColumn(msgspec.Struct, frozen=True):
    """A column that seems to say who left, and the operation column's mode that it would need."""

    column: str
    mode: Literal["column", "removes_if_set"]


def leaving_columns(column_names: Iterable[str]) -> tuple[LeavingColumn, ...]:
    """Returns the columns that seem to say who left, in order, without Airbyte's own, which is used anyway."""
    return tuple(
        LeavingColumn(name, "removes_if_set" if not _TIMES.isdisjoint(words) else "column")
        for name in column_names
        if name.lower() != DELETED_AT and _says_who_left(words := _words(name))
    )


def consent_columns(column_names: Iterable[str]) -> tuple[str, ...]:
    """Returns the columns that seem to say who consented or is subscribed, in order."""
    return tuple(
        name
        for name in column_names
        if _CONSENT.search(" ".join(words := _words(name)))
        and (_ANOTHER_THING | _BESIDES_CONSENT).isdisjoint(words)
        and not _says_who_left(words)
    )


def _says_who_left(words: tuple[str, ...]) -> bool:
    text = " ".join(words)
    return text in _CHANGE or (_LEFT.search(text) is not None and _ANOTHER_THING.isdisjoint(words))


def _words(name: str) -> tuple[str, ...]:
    """Returns the words of a column's name; none if the name is an address itself, which must not be shown."""
    if "@" in name:
        return ()
    text = " ".join(words_of(name, _KNOWN_WORDS))
    return tuple(text.replace("donot ", "do not ").replace("optout", "opt out").split())
