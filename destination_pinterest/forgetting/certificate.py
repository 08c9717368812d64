"""What was done to forget people: a certificate that holds no identifier, for programs and in words.

Within a schema_version, keys are only added.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from destination_pinterest.audiences.list_kinds import ListKind
from destination_pinterest.forgetting.choice import Reason
from destination_pinterest.markers import FORGETTING_PREFIX
from destination_pinterest.wording.certificate_text import certificate_lines

SCHEMA_VERSION: Final = 1


class ListEntry(msgspec.Struct, frozen=True):
    """What was done about a customer list.

    Args:
        ad_account_id, customer_list_id, name: the list.
        audience: the audience that is made of it, or was.
        kind: whose it is; see audiences.list_kinds.
        state: `removed`: all identifiers were sent for removal; `left_alone`; `failed`.
        left_alone_because, error, error_code: why.
        identifiers: how many were sent; Pinterest does not say who was in it.
        not_sent: how many only `records_v2` can carry, which Pinterest refuses or the settings rule out.
        requests: how many requests that took.
        done_at: when, in UTC.
    """

    ad_account_id: str
    customer_list_id: str
    name: str
    audience: str | None
    kind: ListKind
    state: Literal["removed", "left_alone", "failed"]
    left_alone_because: Reason | None = None
    error: str | None = None
    error_code: str | None = None
    identifiers: int = 0
    not_sent: int = 0
    requests: int = 0
    done_at: str | None = None


class LedgerEntry(msgspec.Struct, frozen=True):
    """What was done about an audience's part of the membership store; `members` of it were among the people."""

    ad_account_id: str
    audience: str
    state: Literal["removed", "left_alone", "failed"]
    members: int = 0
    error: str | None = None
    error_code: str | None = None
    done_at: str | None = None


class ForgottenRows(msgspec.Struct, frozen=True):
    """The rows that named people: how many came, how many were used, and why the others were not."""

    entered: int
    used: int
    not_used: dict[str, int]
    values_refused: dict[str, int]


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What was done.

    Args:
        status: `succeeded`, or `incomplete` if lists or ledgers are left to do.
        action: `forget` or `lift`.
        forgetting: a name by which the same people are known again: a keyed digest.
        begun, ended: when, in UTC; a forgetting that was gone on with began with its first run.
        runs: how often it was begun or gone on with.
        ad_accounts: those whose lists were gone through.
        rows: what the input held.
        identifiers: how many different ones, in every form in which they may have been sent.
        newly_suppressed: how many of them the suppression store did not have; for `lift`, how many it had.
        suppression_store: where they are kept.
        requests: every request of this run, and those to lists of earlier ones.
        lists: what was done about each customer list.
        ledgers: what was done about each audience in the membership store.
        notes: what else is to be known.
    """

    status: Literal["succeeded", "incomplete"]
    action: Literal["forget", "lift"]
    forgetting: str | None
    begun: str
    ended: str
    runs: int
    ad_accounts: list[str]
    rows: ForgottenRows
    identifiers: int
    newly_suppressed: int
    suppression_store: str
    requests: int
    lists: list[ListEntry]
    ledgers: list[LedgerEntry]
    notes: list[str]
    schema_version: int = SCHEMA_VERSION

    def as_line(self) -> str:
        """Returns the certificate as one line for a program."""
        return FORGETTING_PREFIX + msgspec.json.encode(self).decode()

    def as_text(self) -> Iterator[str]:
        """Yields the certificate as lines for people."""
        return certificate_lines(msgspec.to_builtins(self))


def moment(seconds: float) -> str:
    """Returns a time as certificates have it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
