"""The parts of Pinterest's answers that are read, as frozen structs.

Tolerant of unknown and null fields, of numbers written as text and ids written as numbers, and of text that was cut
within a character; otherwise strict about ids, on which everything else depends.
What is only shown, or estimated by, counts as absent if it is of another type or absurd: no command must end by it.

Source: Pinterest OpenAPI 5.23.0: Account, AdAccount, CustomerList, Audience, Paginated (read 2026-11-22). 5.28 requires
`id` and `name` of lists; 5.23 requires nothing. Statuses are text here, so that a new one is not a failure.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final, Generic, Protocol, TypeVar, get_args

import msgspec

from destination_pinterest.api.scrub import scrub

T = TypeVar("T")
Read_co = TypeVar("Read_co", covariant=True)

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}\Z")]
# A name that is longer is none of ours.
Shown = Annotated[str, msgspec.Meta(max_length=2_000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
# In seconds since 1970, until the end of the year 9999.
Moment = Annotated[float, msgspec.Meta(ge=0, le=253_402_300_799)]
Bookmark = Annotated[str, msgspec.Meta(max_length=8_000)]
Token = Annotated[str, msgspec.Meta(max_length=8_000)]

_CUSTOMER_LIST: Final = "CUSTOMER_LIST"
_ID: Final = re.compile(r"[0-9]{1,18}")
# 5.23 and 5.28 disagree on whether it is text; numbers may come as floats.
_PERCENTAGE: Final = re.compile(r"([1-9]|10)(?:\.0)?")
# An escaped backslash, a surrogate pair, or half of one: what is left of an emoji if a text was cut there. JSON allows
# that; msgspec and UTF-8 don't.
_SURROGATES: Final = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_IDS: Final = frozenset({"id", "ad_account_id", "account_id"})
# To do without one of these would lose the rest of a listing, or a sign-in.
_NEVER_LEFT_OUT: Final = frozenset({"bookmark", "refresh_token"})


class ForeignAnswerError(Exception):
    """An answer is about something else than was asked for."""


class UserAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The token's user."""

    username: Shown | None = None
    id: Shown | None = None
    account_type: Shown | None = None
    business_name: Shown | None = None


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The owner of an ad account."""

    username: Shown | None = None
    id: Shown | None = None


class AdAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An ad account, and the roles that the token's user has on it (ADMIN, AUDIENCE_MANAGER, …)."""

    id: Id
    name: Shown | None = None
    country: Shown | None = None
    currency: Shown | None = None
    permissions: list[Shown] | None = None
    owner: Owner | None = None
    created_time: Moment | None = None
    updated_time: Moment | None = None


class CustomerList(msgspec.Struct, frozen=True, kw_only=True):
    """A customer list. Times are in seconds since 1970.

    The counters grow by what was sent, even if membership does not change. `status` is PROCESSING, READY, TOO_SMALL,
    UPLOADING, or a new one. `exceptions` is what Pinterest says is wrong with the list. `is_nca`: a list for new
    customer acquisition (expanded matching), which it is from its creation on.
    """

    id: Id
    name: Shown | None = None
    status: Shown | None = None
    ad_account_id: Shown | None = None
    type: Shown | None = None
    num_batches: Count | None = None
    num_uploaded_user_records: Count | None = None
    num_removed_user_records: Count | None = None
    created_time: Moment | None = None
    updated_time: Moment | None = None
    is_nca: bool | None = None
    exceptions: Any = None

    @property
    def described_exceptions(self) -> str:
        """What Pinterest says is wrong with the list, fit to be shown; empty if nothing is."""
        try:
            return scrub(msgspec.json.encode(self.exceptions).decode()) if self.exceptions else ""
        except (RecursionError, OverflowError):
            return "too deep or too large to be shown"

    def __repr__(self) -> str:
        return f"CustomerList(id={self.id!r}, name={self.name!r}, status={self.status!r})"


class ActalikeRule(msgspec.Struct, frozen=True):
    """What an ACTALIKE audience is made from: people like those in the seeds, so many per cent of a country's."""

    seed_ids: frozenset[str]
    country: str
    percentage: int


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """An audience. `size` is Pinterest's count of matched people, if given; times are in seconds since 1970.

    `is_nca`: it is made of a list for new customer acquisition.
    """

    id: Id
    name: Shown | None = None
    audience_type: Shown | None = None
    status: Shown | None = None
    size: Count | None = None
    description: str | None = None
    rule: dict[str, Any] | None = None
    ad_account_id: Shown | None = None
    created_timestamp: Moment | None = None
    updated_timestamp: Moment | None = None
    is_nca: bool | None = None

    def __post_init__(self) -> None:
        """Takes the type from the rule where Pinterest leaves it out: its description requires neither."""
        if self.audience_type is None and self.customer_list_id is not None:
            msgspec.structs.force_setattr(self, "audience_type", _CUSTOMER_LIST)

    @property
    def customer_list_id(self) -> str | None:
        """The customer list that the audience is made from, if any."""
        value = (self.rule or {}).get("customer_list_id")
        return str(value) if isinstance(value, str | int) and _ID.fullmatch(str(value)) else None

    @property
    def actalike(self) -> ActalikeRule | None:
        """The rule of an ACTALIKE audience; None if it is of another type, or Pinterest does not say."""
        rule = self.rule or {}
        seeds, percentage = rule.get("seed_id"), str(rule.get("percentage"))
        if not isinstance(seeds, list) or not _PERCENTAGE.fullmatch(percentage):
            return None
        return ActalikeRule(frozenset(str(seed) for seed in seeds), str(rule.get("country")), int(float(percentage)))


class SharedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An ad account or a business that an audience is shared with."""

    account_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}\Z")]
    account_name: Shown | None = None
    account_type: Shown | None = None

    @property
    def id(self) -> str:
        """The account's id."""
        return self.account_id


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list; `bookmark` asks for the next one, and is null or empty on the last."""

    items: list[T]
    bookmark: Bookmark | None = None


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The token endpoint's answer. `..._in` are seconds from now, `..._at` seconds since 1970."""

    access_token: Token
    expires_in: float | None = None
    refresh_token: Token | None = None
    refresh_token_expires_in: float | None = None
    refresh_token_expires_at: float | None = None
    scope: Shown | None = None

    def __repr__(self) -> str:
        return "TokenAnswer(…)"


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an error, whose shape is not guaranteed."""

    code: Any = None
    message: Any = None


class Decode(Protocol[Read_co]):
    """Reads a JSON body."""

    def __call__(self, body: bytes, known_id: str | None = None) -> Read_co:
        """Reads it. `known_id` is the id that was asked for: an answer need not repeat it.

        Raises:
            msgspec.ValidationError: it is JSON of another shape.
            msgspec.DecodeError, UnicodeDecodeError: it is not JSON.
        """


def decoder(kind: type[T]) -> Decode[T]:
    """Returns a function that reads a JSON body as `kind`."""
    exact = msgspec.json.Decoder(kind, strict=False).decode

    def decode(body: bytes, known_id: str | None = None) -> T:
        try:
            return exact(body)
        except msgspec.ValidationError:
            return _without_misfits(kind, body, known_id)
        except msgspec.DecodeError:
            mended = _without_halves(body)
            if mended == body:
                raise
            return decode(mended, known_id)
        except RecursionError:
            raise msgspec.ValidationError("nested too deeply") from None

    return decode


def _without_misfits(kind: type[T], body: bytes, known_id: str | None) -> T:
    """Reads a body again and leaves out what does not fit and need not be there."""
    try:
        # Unlike msgspec, which has found JSON in it already, it takes numbers beyond any range.
        raw = json.loads(_without_halves(body))
        if known_id is not None and isinstance(raw, dict) and raw.get("id") is None:
            raw["id"] = known_id
        return msgspec.convert(_fitting(kind, raw), kind, strict=False)
    except (RecursionError, ValueError) as fault:
        if isinstance(fault, msgspec.ValidationError):
            raise
        raise msgspec.ValidationError("a number or a depth beyond any measure") from None


def _without_halves(body: bytes) -> bytes:
    return _SURROGATES.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)


def _fitting(kind: Any, raw: Any) -> Any:
    if not isinstance(raw, dict):
        return raw
    fitting = {}
    for field in msgspec.structs.fields(kind):
        value = raw.get(field.encode_name)
        if field.name in _IDS and type(value) is int:
            value = str(value)
        if field.name == "items" and isinstance(value, list):
            (item,) = get_args(field.type)
            value = [_fitting(item, each) for each in value]
        elif not field.required and field.name not in _NEVER_LEFT_OUT and not _fits(value, field.type):
            continue
        if field.encode_name in raw:
            fitting[field.encode_name] = value
    return fitting


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, RecursionError, OverflowError):
        return False
    return True
