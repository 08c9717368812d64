"""Pinterest's API v5: one method per endpoint, and no decisions.

Source: Pinterest OpenAPI 5.23.0, operations named beside each method; `records_v2`: models of API 5.28.0
(pinterestsdk 2.1.0, read 2026-11-26). Any 2xx is accepted: 5.28 answers 201 to creations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from destination_pinterest.api import endpoints
from destination_pinterest.api.auth import Bearer, TokenSource
from destination_pinterest.api.endpoints import Endpoint
from destination_pinterest.api.models import (
    AdAccount,
    Audience,
    CustomerList,
    Decode,
    ForeignAnswerError,
    Page,
    SharedAccount,
    UserAccount,
    decoder,
)
from destination_pinterest.api.paging import Paging
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.transport import Call, Transport
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError, PermissionDeniedError, RequestTooLargeError
from destination_pinterest.vocabulary import Identifier, Operation

T = TypeVar("T")
Item = TypeVar("Item", AdAccount, CustomerList, Audience, SharedAccount)

Order = Literal["ASCENDING", "DESCENDING"]
AccountType = Literal["AD_ACCOUNT", "BUSINESS_ACCOUNT"]
Sharing = Literal["SHARE", "REVOKE"]

# People in a request: comma-separated identifiers (`records`), or rows of fields with their values (`records_v2`).
People = str | Sequence[Mapping[str, str]]

# The largest page there is (query_page_size, maximum 250).
PAGE_SIZE: Final = 250

# GAID is Adobe's name; of Pinterest's UserListType, MAID means it.
_LIST_TYPES: Final = {Identifier.GAID: "MAID"}
_ID: Final = re.compile(r"[0-9]{1,18}")

_user_account: Final = decoder(UserAccount)
_ad_account: Final = decoder(AdAccount)
_ad_account_page: Final = decoder(Page[AdAccount])
_customer_list: Final = decoder(CustomerList)
_customer_list_page: Final = decoder(Page[CustomerList])
_audience: Final = decoder(Audience)
_audience_page: Final = decoder(Page[Audience])
_shared_account_page: Final = decoder(Page[SharedAccount])
_anything: Final = decoder(dict[str, Any])


class PinterestClient:
    """The API for one ad account. Thread-safe.

    Every method raises the typed errors of answers.MEANINGS; TransientErrors only after the transport's retries. Ids
    are text of up to 18 digits.
    """

    def __init__(self, ad_account_id: str, tokens: TokenSource, transport: Transport) -> None:
        self._ad_account_id = _checked(ad_account_id, "ad account")
        self._credentials = Bearer(tokens)
        self._transport = transport

    @property
    def ad_account_id(self) -> str:
        """The client's ad account."""
        return self._ad_account_id

    def user_account(self) -> UserAccount:
        """Returns the token's user (user_account/get). Needs the scope user_accounts:read."""
        return self._perform(endpoints.USER_ACCOUNT, _user_account)

    def ad_accounts(self) -> Iterator[AdAccount]:
        """Yields all ad accounts that the token may see, including shared ones (ad_accounts/list)."""
        return self._pages(endpoints.AD_ACCOUNTS, "ad accounts", _ad_account_page, {})

    def ad_account(self) -> AdAccount:
        """Returns the client's ad account (ad_accounts/get)."""
        return self._perform(endpoints.AD_ACCOUNT, _about(_ad_account, self._ad_account_id))

    def customer_lists(self, order: Order = "DESCENDING", *, exclude_nca: bool = False) -> Iterator[CustomerList]:
        """Yields all customer lists by id, newest first by default (customer_lists/list).

        `exclude_nca` leaves out those for new customer acquisition, as API 5.28 can; before it there were none.
        """
        parameters = {"order": order, **_without_nca(exclude_nca)}
        return self._pages(endpoints.CUSTOMER_LISTS, "customer lists", _customer_list_page, parameters)

    def customer_list(self, customer_list_id: str) -> CustomerList:
        """Returns a customer list (customer_lists/get)."""
        return self._perform(endpoints.CUSTOMER_LIST, self._ours(_customer_list, customer_list_id), customer_list_id)

    def create_customer_list(self, name: str, people: People, list_type: Identifier | None) -> CustomerList:
        """Creates a customer list with its first members (customer_lists/create).

        `list_type` is only a label: a list may hold other types too. None leaves it to Pinterest.

        Raises:
            AmbiguousCreationError: it may exist now. Look by name before creating again.
            RequestTooLargeError: create it with fewer identifiers.
        """
        body: dict[str, Any] = {"name": name, **_people_field(people)}
        if list_type is not None:
            body["list_type"] = _LIST_TYPES.get(list_type, list_type.value)
        decode, records = self._ours(_customer_list), _quotable(people)
        created = self._perform(endpoints.CREATE_CUSTOMER_LIST, decode, body=body, records=records)
        self._transport.fresh.made(created.id)
        return created

    def update_customer_list(
        self,
        customer_list_id: str,
        operation: Operation,
        people: People,
        identifiers: int,
        *,
        is_repeated: bool = True,
    ) -> CustomerList:
        """Adds or removes people, who have so many identifiers (customer_lists/update).

        `is_repeated`: whether it is sent again if it may have taken effect, but had no clear answer.

        Raises:
            RequestTooLargeError: send smaller pieces.
        """
        body = {"operation_type": operation.value, **_people_field(people)}
        records = _quotable(people)
        try:
            return self._perform(
                endpoints.UPDATE_CUSTOMER_LIST,
                self._ours(_customer_list, customer_list_id),
                customer_list_id,
                body=body,
                records=records,
                retry=None if is_repeated else replace(self._transport.retry, repeats_unanswered=False),
            )
        except RequestTooLargeError as error:
            refused = error
        message = (
            f"Pinterest finds a request of {identifiers:,} identifiers ({len(records):,} characters) too large. Lower "
            "batch_size."
        )
        raise RequestTooLargeError(refused.code, message, answer=refused.answer)

    def audiences(self, order: Order = "DESCENDING", *, exclude_nca: bool = False) -> Iterator[Audience]:
        """Yields all audiences of the ad account, of every type, by id, newest first by default (audiences/list).

        `exclude_nca`: see `customer_lists`.
        """
        parameters = {"order": order, **_without_nca(exclude_nca)}
        return self._pages(endpoints.AUDIENCES, "audiences", _audience_page, parameters)

    def audience(self, audience_id: str) -> Audience:
        """Returns an audience (audiences/get)."""
        return self._perform(endpoints.AUDIENCE, self._ours(_audience, audience_id), audience_id)

    def create_audience(self, name: str, customer_list_id: str, description: str | None = None) -> Audience:
        """Creates an audience from a customer list (audiences/create).

        Raises:
            AmbiguousCreationError: it may exist now. Look by name before creating again.
        """
        body: dict[str, Any] = {"audience_type": "CUSTOMER_LIST", "name": name, "rule": _rule(customer_list_id)}
        if description is not None:
            body["description"] = description
        decode, names = self._made_from(customer_list_id), (customer_list_id,)
        created = self._perform(endpoints.CREATE_AUDIENCE, decode, body=body, names=names)
        self._transport.fresh.made(created.id)
        return created

    def create_actalike(self, name: str, seed_id: str, *, country: str, percentage: int, description: str) -> Audience:
        """Creates an audience of people like those in another one (audiences/create).

        Raises:
            AmbiguousCreationError: it may exist now. Look for it before creating again.
        """
        rule = {"seed_id": [_checked(seed_id, "audience")], "country": country, "percentage": percentage}
        body = {"audience_type": "ACTALIKE", "name": name, "rule": rule, "description": description}
        created = self._perform(endpoints.CREATE_AUDIENCE, self._ours(_audience), body=body, names=(seed_id,))
        self._transport.fresh.made(created.id)
        return created

    def shared_with(self, audience_id: str, account_type: AccountType) -> Iterator[SharedAccount]:
        """Yields the accounts that an audience is shared with (ad_accounts_audiences_shared_accounts/list)."""
        parameters = {"audience_id": _checked(audience_id, "audience"), "account_type": account_type}
        return self._pages(endpoints.SHARED_ACCOUNTS, "shared accounts", _shared_account_page, parameters)

    def share(
        self, audience_id: str, operation: Sharing, account_type: AccountType, account_ids: Sequence[str]
    ) -> None:
        """Shares an audience with accounts of the same hierarchy, or takes that back.

        These are update_ad_account_to_ad_account_shared_audience and update_ad_account_to_business_shared_audience.
        """
        is_business = account_type == "BUSINESS_ACCOUNT"
        endpoint = endpoints.SHARE_WITH_BUSINESSES if is_business else endpoints.SHARE_WITH_AD_ACCOUNTS
        recipients = "recipient_business_ids" if is_business else "recipient_account_ids"
        body = {"audience_id": audience_id, "operation_type": operation, recipients: list(account_ids)}
        self._perform(endpoint, _anything, body=body, names=(audience_id,))

    def update_audience(
        self,
        audience_id: str,
        *,
        name: str | None = None,
        customer_list_id: str | None = None,
        description: str | None = None,
    ) -> Audience:
        """Changes what is passed; `customer_list_id` is the list that the audience is made from (audiences/update)."""
        body: dict[str, Any] = {"operation_type": "UPDATE"}
        if name is not None:
            body["name"] = name
        if customer_list_id is not None:
            body["rule"] = _rule(customer_list_id)
        if description is not None:
            body["description"] = description
        decode, names = self._ours(_audience, audience_id), () if customer_list_id is None else (customer_list_id,)
        return self._perform(endpoints.UPDATE_AUDIENCE, decode, audience_id, body=body, names=names)

    def expect(self, *object_ids: str | None) -> None:
        """Takes ids that a listing or another object has just named, so that these objects exist.

        If Pinterest does not find one of them soon afterwards, it is asked again for a minute.
        """
        self._transport.fresh.shown(one for one in object_ids if one is not None)

    def remove_audience(self, audience_id: str) -> None:
        """Deletes an audience (audiences/update with REMOVE). Its customer list stays."""
        self._perform(endpoints.UPDATE_AUDIENCE, _audience, audience_id, body={"operation_type": "REMOVE"})

    def _perform(
        self,
        endpoint: Endpoint,
        decode: Callable[[bytes], T],
        object_id: str | None = None,
        *,
        body: Mapping[str, Any] | None = None,
        names: tuple[str, ...] = (),
        records: str = "",
        query: str = "",
        retry: RetryPolicy | None = None,
    ) -> T:
        path = self._path(endpoint, object_id) + query
        encoded = None if body is None else msgspec.json.encode(body)
        names = names if object_id is None else (object_id, *names)
        call = Call(
            endpoint, path, decode, body=encoded, object_id=object_id, names=names, records=records, retry=retry
        )
        try:
            return self._transport.perform(call, self._credentials)
        except PermissionDeniedError as error:
            if error.code is not Code.ROLE_MISSING or "{ad_account_id}" not in endpoint.template:
                raise
            raise PermissionDeniedError(
                Code.ROLE_MISSING,
                f"Pinterest does not permit this on the {endpoint.subject} in the ad account {self._ad_account_id}. "
                "Ask the account's owner for the role Admin or Audience in Pinterest's business access, and see that "
                "the app has access to it.",
                answer=error.answer,
            ) from None

    def _pages(
        self, endpoint: Endpoint, items: str, decode: Callable[[bytes], Page[Item]], parameters: dict[str, str]
    ) -> Iterator[Item]:
        """Yields all items, which `items` names, and requests pages as needed."""
        paging = Paging(items, self._transport.clock, self._transport.retry.listing_s)
        bookmark = ""
        while True:
            asked = {"page_size": str(PAGE_SIZE), **parameters, **({"bookmark": bookmark} if bookmark else {})}
            page = self._perform(endpoint, self._of_ours(paging.measured(decode)), query=f"?{urlencode(asked)}")
            # Audiences that other ad accounts share are not this one's to write to.
            yield from (item for item in page.items if not self._is_foreign(item))
            bookmark = paging.next_bookmark([item.id for item in page.items], page.bookmark)
            if not bookmark:
                return

    def _ours(self, decode: Decode[Item], object_id: str | None = None) -> Callable[[bytes], Item]:
        """Reads an answer that must be about this ad account and, if it was named, about this object."""
        about: Callable[[bytes], Item] = decode if object_id is None else _about(decode, object_id)

        def read(body: bytes) -> Item:
            found = about(body)
            if self._is_foreign(found):
                raise ForeignAnswerError
            return found

        return read

    def _made_from(self, customer_list_id: str) -> Callable[[bytes], Audience]:
        """Reads an audience that must be made from this customer list, if it says of which."""
        read_ours = self._ours(_audience)

        def read(body: bytes) -> Audience:
            found = read_ours(body)
            if found.customer_list_id is not None and not _is_same(found.customer_list_id, customer_list_id):
                raise ForeignAnswerError
            return found

        return read

    def _of_ours(self, decode: Callable[[bytes], Page[Item]]) -> Callable[[bytes], Page[Item]]:
        """Reads a page: of lists, not all may be another ad account's. Audiences may, since others can share theirs."""

        def read(body: bytes) -> Page[Item]:
            page = decode(body)
            if page.items and all(isinstance(item, CustomerList) and self._is_foreign(item) for item in page.items):
                raise ForeignAnswerError
            return page

        return read

    def _is_foreign(self, found: AdAccount | CustomerList | Audience | SharedAccount) -> bool:
        owner = found.ad_account_id if isinstance(found, CustomerList | Audience) else None
        return owner is not None and not _is_same(owner, self._ad_account_id)

    def _path(self, endpoint: Endpoint, object_id: str | None) -> str:
        path = endpoint.template.replace("{ad_account_id}", self._ad_account_id)
        if object_id is None:
            return path
        return re.sub(r"\{\w+\}", _checked(object_id, endpoint.subject), path)


def _about(decode: Decode[Item], object_id: str) -> Callable[[bytes], Item]:
    """Reads an answer that must be about this object."""

    def read(body: bytes) -> Item:
        found = decode(body, object_id)
        if not _is_same(found.id, object_id):
            raise ForeignAnswerError
        return found

    return read


def _is_same(found: str, asked: str) -> bool:
    return found.lstrip("0") == asked.lstrip("0")


def _people_field(people: People) -> dict[str, Any]:
    return {"records": people} if isinstance(people, str) else {"records_v2": people}


def _quotable(people: People) -> str:
    """Returns what a refusal might quote, comma-separated."""
    return people if isinstance(people, str) else ",".join(value for row in people for value in row.values())


def _without_nca(exclude_nca: bool) -> dict[str, str]:
    return {"exclude_nca": "true"} if exclude_nca else {}


def _rule(customer_list_id: str) -> dict[str, str]:
    return {"customer_list_id": _checked(customer_list_id, "customer list")}


def _checked(value: str, subject: str) -> str:
    """Returns the id if it is safe in a path."""
    if not _ID.fullmatch(value):
        raise InvalidConfigError(
            Code.ID_MALFORMED, f"The id of the {subject} is not up to 18 digits. Correct it in the settings."
        )
    return value
