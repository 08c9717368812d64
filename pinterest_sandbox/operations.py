"""The table of endpoints: for each its path, its scopes, its rate category, and who answers it.

Source: Pinterest OpenAPI 5.23.0 (security, x-ratelimit-category), 5.28.0 (exclude_nca); source_spec/pinterest_v5.yaml
says the same, and a test compares the two.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from pinterest_sandbox import accounts, audiences, customer_lists, oauth, sharing, uploads
from pinterest_sandbox.call import Operation
from pinterest_sandbox.refusals import MethodNotAllowed, no_such_endpoint

_AD_ACCOUNT = "/ad_accounts/{ad_account_id}"
_LISTS = f"{_AD_ACCOUNT}/customer_lists"
_LIST = f"{_LISTS}/{{customer_list_id}}"
_UPLOAD = f"{_LIST}/uploads/{{customer_list_upload_id}}"
_AUDIENCES = f"{_AD_ACCOUNT}/audiences"
_AUDIENCE = f"{_AUDIENCES}/{{audience_id}}"
_BUSINESS = "/businesses/{business_id}/audiences"
_READ = ("ads:read",)
_WRITE = ("ads:write",)
_BIZ_READ = ("biz_access:read",)
_BIZ_WRITE = ("biz_access:write",)
_PAGES = ("page_size", "bookmark")
_ORDERED = (*_PAGES, "order")
_SHARED = ("audience_id", "account_type")

OPERATIONS: tuple[Operation, ...] = (
    Operation("oauth/token", "POST", "/oauth/token", "org_read", (), oauth.token, basic_auth=True),
    Operation(
        "user_account/get",
        "GET",
        "/user_account",
        "org_read",
        ("user_accounts:read",),
        accounts.user_account,
        ("ad_account_id",),
        client_tokens=True,
    ),
    Operation(
        "ad_accounts/list",
        "GET",
        "/ad_accounts",
        "ads_read",
        _READ,
        accounts.list_all,
        (*_PAGES, "include_shared_accounts"),
        client_tokens=True,
    ),
    Operation("ad_accounts/get", "GET", _AD_ACCOUNT, "ads_read", _READ, accounts.get, client_tokens=True),
    Operation("customer_lists/create", "POST", _LISTS, "ads_write", _WRITE, customer_lists.create),
    Operation(
        "customer_lists/list", "GET", _LISTS, "ads_read", _READ, customer_lists.list_all, (*_ORDERED, "exclude_nca")
    ),
    Operation("customer_lists/get", "GET", _LIST, "ads_read", _READ, customer_lists.get, client_tokens=True),
    Operation("customer_lists/update", "PATCH", _LIST, "ads_write", _WRITE, customer_lists.update),
    Operation("customer_list_uploads/create", "POST", f"{_LIST}/uploads", "ads_write", _WRITE, uploads.create),
    Operation("customer_list_uploads/get", "GET", _UPLOAD, "ads_read", _READ, uploads.get),
    Operation("customer_list_uploads/run", "POST", f"{_UPLOAD}/run", "ads_write", _WRITE, uploads.run),
    Operation("audiences/create", "POST", _AUDIENCES, "ads_write", _WRITE, audiences.create),
    Operation(
        "audiences/list",
        "GET",
        _AUDIENCES,
        "ads_read",
        _READ,
        audiences.list_all,
        (*_ORDERED, "ownership_type", "exclude_nca"),
        client_tokens=True,
    ),
    Operation("audiences/get", "GET", _AUDIENCE, "ads_read", _READ, audiences.get, client_tokens=True),
    Operation("audiences/update", "PATCH", _AUDIENCE, "ads_write", _WRITE, audiences.update),
    Operation(
        "ad_accounts_audiences_shared_accounts/list",
        "GET",
        f"{_AUDIENCES}/shared/accounts",
        "ads_read",
        _READ,
        sharing.accounts_of_ad_account_audience,
        (*_PAGES, *_SHARED),
        _SHARED,
        client_tokens=True,
    ),
    Operation(
        "update_ad_account_to_ad_account_shared_audience",
        "PATCH",
        f"{_AUDIENCES}/ad_accounts/shared",
        "ads_write",
        _WRITE,
        sharing.from_ad_account_to_ad_accounts,
    ),
    Operation(
        "update_ad_account_to_business_shared_audience",
        "PATCH",
        f"{_AUDIENCES}/businesses/shared",
        "ads_write",
        _WRITE,
        sharing.from_ad_account_to_businesses,
    ),
    Operation(
        "shared_audiences_for_business/list",
        "GET",
        _BUSINESS,
        "ads_read",
        _BIZ_READ,
        sharing.received_by_business,
        _ORDERED,
    ),
    Operation(
        "business_account_audiences_shared_accounts/list",
        "GET",
        f"{_BUSINESS}/shared/accounts",
        "ads_read",
        _BIZ_READ,
        sharing.accounts_of_business_audience,
        (*_PAGES, *_SHARED),
        _SHARED,
    ),
    Operation(
        "update_business_to_ad_account_shared_audience",
        "PATCH",
        f"{_BUSINESS}/ad_accounts/shared",
        "ads_write",
        _BIZ_WRITE,
        sharing.from_business_to_ad_accounts,
    ),
    Operation(
        "update_business_to_business_shared_audience",
        "PATCH",
        f"{_BUSINESS}/businesses/shared",
        "ads_write",
        _BIZ_WRITE,
        sharing.from_business_to_businesses,
    ),
)


class Routes:
    """Finds the operation of a request by its method and its path below /v5."""

    def __init__(self, operations: Sequence[Operation] = OPERATIONS) -> None:
        self._by_length: dict[int, list[tuple[re.Pattern[str], Operation]]] = defaultdict(list)
        for operation in operations:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]*)", operation.path)
            self._by_length[operation.path.count("/")].append((re.compile(pattern), operation))

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation and the path's parameters.

        Raises:
            Refusal: 404 for a path that is not spoken here, 405 for a method that the path does not take.
        """
        others = []
        for pattern, operation in self._by_length.get(path.count("/"), []):
            if found := pattern.fullmatch(path):
                if operation.method == method:
                    return operation, found.groupdict()
                others.append(operation.method)
        raise MethodNotAllowed(method, path, others) if others else no_such_endpoint()
