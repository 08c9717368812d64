"""The parts of Pinterest's answers that are read, as frozen structs.

Tolerant of unknown and null fields, and of numbers written as text; strict about ids, on which everything else depends.

Source: Pinterest OpenAPI 5.23.0: Account, AdAccount, CustomerList, Audience, Paginated (read 2026-11-22). 5.28 requires
`id` and `name` of lists; 5.23 requires nothing. Statuses are text here, so that a new one is not a failure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from destination_pinterest.api.scrub import scrub

T = TypeVar("T")

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+$")]


class UserAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The token's user."""

    username: str
    id: str | None = None
    account_type: str | None = None
    business_name: str | None = None


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The owner of an ad account."""

    username: str | None = None
    id: str | None = None


class AdAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An ad account, and the roles that the token's user has on it (ADMIN, AUDIENCE_MANAGER, …)."""

    id: Id
    name: str | None = None
    country: str | None = None
    currency: str | None = None
    permissions: list[str] | None = None
    owner: Owner | None = None
    created_time: int | None = None
    updated_time: int | None = None


class CustomerList(msgspec.Struct, frozen=True, kw_only=True):
    """A customer list. Times are in seconds since 1970.

    The counters grow by what was sent, even if membership does not change. `status` is PROCESSING, READY, TOO_SMALL,
    UPLOADING, or a new one. `exceptions` is what Pinterest says is wrong with the list.
    """

    id: Id
    name: str | None = None
    status: str | None = None
    ad_account_id: str | None = None
    type: str | None = None
    num_batches: int | None = None
    num_uploaded_user_records: int | None = None
    num_removed_user_records: int | None = None
    created_time: float | None = None
    updated_time: float | None = None
    exceptions: Any = None

    @property
    def described_exceptions(self) -> str:
        """What Pinterest says is wrong with the list, fit to be shown; empty if nothing is."""
        return scrub(msgspec.json.encode(self.exceptions).decode()) if self.exceptions else ""

    def __repr__(self) -> str:
        return f"CustomerList(id={self.id!r}, name={self.name!r}, status={self.status!r})"


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """An audience. `size` is Pinterest's count of matched people, if given; times are in seconds since 1970."""

    id: Id
    name: str | None = None
    audience_type: str | None = None
    status: str | None = None
    size: int | None = None
    description: str | None = None
    rule: dict[str, Any] | None = None
    ad_account_id: str | None = None
    created_timestamp: float | None = None
    updated_timestamp: float | None = None

    @property
    def customer_list_id(self) -> str | None:
        """The customer list that the audience is made from, if any."""
        value = (self.rule or {}).get("customer_list_id")
        return None if value is None else str(value)


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list; `bookmark` asks for the next one, and is null or empty on the last."""

    items: list[T]
    bookmark: str | None = None


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The token endpoint's answer. `..._in` are seconds from now, `..._at` seconds since 1970."""

    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None
    refresh_token_expires_in: float | None = None
    refresh_token_expires_at: float | None = None
    scope: str | None = None

    def __repr__(self) -> str:
        return "TokenAnswer(…)"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an error, whose shape is not guaranteed."""

    code: Any = None
    message: Any = None


def decoder(kind: type[T]) -> Callable[[bytes], T]:
    """Returns a function that reads a JSON body as `kind`.

    The function raises msgspec.ValidationError if the body is JSON of another shape, and msgspec.DecodeError or
    UnicodeDecodeError if it is not JSON.
    """
    return msgspec.json.Decoder(kind, strict=False).decode
