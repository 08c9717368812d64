"""The contract as the sandbox enforces it: typed request bodies, and the rules of path and query parameters.

source_spec/pinterest_v5.yaml says the same in OpenAPI; a test keeps the two equal. What is refused here is answered
with 400 and code 1, in the wording of Pinterest's own examples. As those do, a refusal of a body repeats the body, so
that a client which logs Pinterest's messages is seen to log its customers' identifiers.

Source: Pinterest OpenAPI 5.23.0 (read 2026-11-22); for `records_v2`, `is_nca` and `exclude_nca` the models of 5.28.0 in
pinterestsdk 2.1.0 (read 2026-11-26).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from pinterest_sandbox.entities import AudienceType, Currency, ListType, ObjectiveType, UrlOperator, UserListOperation
from pinterest_sandbox.refusals import Refusal, invalid

DIGITS = r"^\d+$"
NumericId = Annotated[str, msgspec.Meta(pattern=DIGITS)]
_DIGITS = re.compile(r"[0-9]+")
_ID_LENGTH = 18
_ID_LENGTHS = {"business_id": 20}
DEFAULT_PAGE_SIZE = 25
LARGEST_PAGE = 250
QUERY_ENUMS = {
    "order": ("ASCENDING", "DESCENDING"),
    "ownership_type": ("OWNED", "RECEIVED"),
    "account_type": ("AD_ACCOUNT", "BUSINESS_ACCOUNT"),
    "include_shared_accounts": ("true", "false"),
    "exclude_nca": ("true", "false"),
}
_MOST_ECHOED = 4_096

Body = TypeVar("Body")


class CustomerListRecordRow(msgspec.Struct, omit_defaults=True):
    """One person in `records_v2`."""

    email: str | UnsetType = UNSET
    external_id: str | UnsetType = UNSET
    hashed_phone_number: str | UnsetType = UNSET
    hashed_pinner_id: str | UnsetType = UNSET
    ip_address: str | UnsetType = UNSET
    liveramp_envelope: str | UnsetType = UNSET
    maid: str | UnsetType = UNSET
    user_agent: str | UnsetType = UNSET


class CustomerListRequest(msgspec.Struct):
    """POST customer_lists."""

    name: str
    records: str | UnsetType = UNSET
    records_v2: list[CustomerListRecordRow] | UnsetType = UNSET
    list_type: ListType = "EMAIL"
    is_nca: bool | UnsetType = UNSET


class CustomerListUpdateRequest(msgspec.Struct):
    """PATCH customer_lists/{id}."""

    operation_type: UserListOperation
    records: str | UnsetType = UNSET
    records_v2: list[CustomerListRecordRow] | UnsetType = UNSET


class CustomerListUploadCreateRequest(msgspec.Struct):
    """POST customer_lists/{id}/uploads."""

    operation: UserListOperation
    total_parts: Annotated[int, msgspec.Meta(ge=1, le=10)]


class LineItem(msgspec.Struct):
    """`line_items` of an event; all keys are optional.

    `product_id` and `product_quantity` are integers in the description's schema, and the price is text. Its examples
    have both of either, so both pass.
    """

    product_brand: str | UnsetType = UNSET
    product_category: str | UnsetType = UNSET
    product_id: int | str | UnsetType = UNSET
    product_name: str | UnsetType = UNSET
    product_price: float | str | UnsetType = UNSET
    product_quantity: int | str | UnsetType = UNSET
    product_variant: str | UnsetType = UNSET
    product_variant_id: str | UnsetType = UNSET


class EventData(msgspec.Struct):
    """`event_data` of a rule: the predefined keys. Whoever writes the tag may add keys, which are not checked.

    `line_items` is one object in the description's schema and a list in its examples, and `value` is text in the one
    and a number in the others: all pass.
    """

    currency: Currency | UnsetType = UNSET
    lead_type: str | UnsetType = UNSET
    line_items: LineItem | list[LineItem] | UnsetType = UNSET
    order_id: str | UnsetType = UNSET
    order_quantity: int | UnsetType = UNSET
    page_name: str | UnsetType = UNSET
    promo_code: str | UnsetType = UNSET
    property: str | UnsetType = UNSET
    search_query: str | UnsetType = UNSET
    value: float | str | UnsetType = UNSET
    video_title: str | UnsetType = UNSET


class AudienceRule(msgspec.Struct, omit_defaults=True):
    """Who belongs to an audience; the keys that its type asks for.

    Schema, example and text of the description don't agree everywhere; what any of them allows passes. `percentage` and
    `retention_days` may be text, `visitor_source_id` a list, `url` a text or an operator with its value.
    """

    customer_list_id: NumericId | UnsetType = UNSET
    seed_id: list[NumericId] | UnsetType = UNSET
    country: str | UnsetType = UNSET
    percentage: int | NumericId | UnsetType = UNSET
    ad_account_id: NumericId | UnsetType = UNSET
    ad_id: list[NumericId] | UnsetType = UNSET
    campaign_id: list[NumericId] | UnsetType = UNSET
    engagement_domain: list[str] | UnsetType = UNSET
    engagement_type: str | UnsetType = UNSET
    engager_type: int | UnsetType = UNSET
    event: str | UnsetType = UNSET
    event_data: dict[str, Any] | UnsetType = UNSET
    event_source: dict[str, Any] | UnsetType = UNSET
    ingestion_source: dict[str, Any] | UnsetType = UNSET
    objective_type: list[ObjectiveType] | UnsetType = UNSET
    pin_id: list[NumericId] | UnsetType = UNSET
    prefill: bool | UnsetType = UNSET
    retention_days: int | NumericId | UnsetType = UNSET
    url: str | list[str] | dict[UrlOperator, str | list[str]] | UnsetType = UNSET
    visitor_source_id: NumericId | list[NumericId] | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Hold the predefined keys of `event_data` to their types; the others are kept as they are.

        Raises:
            ValueError: one of them is of another type.
        """
        if self.event_data is UNSET:
            return
        try:
            msgspec.convert(self.event_data, EventData)
        except msgspec.ValidationError as error:
            raise ValueError(f"{error} in 'event_data'") from error

    def as_stored(self) -> dict[str, Any]:
        """The keys that were given; numbers as numbers."""
        rule: dict[str, Any] = msgspec.to_builtins(self)
        return {key: int(value) if key in {"percentage", "retention_days"} else value for key, value in rule.items()}


class AudienceCreateRequest(msgspec.Struct):
    """POST audiences."""

    audience_type: AudienceType
    name: str
    rule: AudienceRule
    description: str | UnsetType = UNSET
    ad_account_id: NumericId | UnsetType = UNSET


class AudienceUpdateRequest(msgspec.Struct):
    """PATCH audiences/{id}."""

    operation_type: Literal["UPDATE", "REMOVE"] = "UPDATE"
    name: str | UnsetType = UNSET
    rule: AudienceRule | UnsetType = UNSET
    description: str | UnsetType = UNSET
    ad_account_id: NumericId | UnsetType = UNSET


class SharedAudience(msgspec.Struct):
    """PATCH audiences/ad_accounts/shared."""

    audience_id: NumericId
    recipient_account_ids: list[NumericId]
    operation_type: Literal["SHARE", "REVOKE"]


class BusinessSharedAudience(msgspec.Struct):
    """PATCH audiences/businesses/shared."""

    audience_id: NumericId
    recipient_business_ids: list[NumericId]
    operation_type: Literal["SHARE", "REVOKE"]


def read_body(body: bytes, kind: type[Body]) -> Body:
    """Decode a request body.

    Raises:
        Refusal: 400 code 1; the body is not JSON or not what the contract asks for.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise invalid_body(body, str(error).replace("`", "'")) from error


def invalid_body(body: bytes, reason: str) -> Refusal:
    """The refusal of a body, which it repeats."""
    try:
        echo = repr(msgspec.json.decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        echo = "no valid JSON"
    return invalid(f"Invalid request: {echo[:_MOST_ECHOED]} ({reason})")


def check_media_type(headers: dict[str, str]) -> None:
    """Hold a body to the one media type that the contract names.

    Raises:
        Refusal: 400 code 1.
    """
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise invalid("Invalid request: the body must be application/json")


def check_id(name: str, value: str) -> None:
    """Hold an id to its pattern and length.

    Raises:
        Refusal: 400 code 1.
    """
    if not _DIGITS.fullmatch(value):
        raise invalid(f"'{name}' value '{value}' must match the pattern: {DIGITS}")
    most = _ID_LENGTHS.get(name, _ID_LENGTH)
    if len(value) > most:
        raise invalid(f"'{name}' value '{value}' must be at most {most} characters long")


def check_query(query: dict[str, str], known: tuple[str, ...], required: tuple[str, ...]) -> None:
    """Hold the query to the parameters of an operation; others are passed over.

    Raises:
        Refusal: 400 code 1.
    """
    for name in required:
        if name not in query:
            raise invalid(f"Missing required query parameter '{name}'")
    for name in known:
        if name in query:
            _check_parameter(name, query[name])


def _check_parameter(name: str, value: str) -> None:
    if name == "page_size":
        if not re.fullmatch(r"-?[0-9]{1,9}", value):
            raise invalid(f"Parameter 'page_size' was not numeric (was {value})")
        if not 1 <= int(value) <= LARGEST_PAGE:
            raise invalid(f"'page_size' value '{value}' must be from 1 to {LARGEST_PAGE}")
    elif name in QUERY_ENUMS:
        if value not in QUERY_ENUMS[name]:
            raise invalid(f"'{name}' value '{value}' must be one of {list(QUERY_ENUMS[name])}")
    elif name.endswith("_id"):
        check_id(name, value)
