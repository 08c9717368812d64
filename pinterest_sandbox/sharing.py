"""Sharing audiences with ad accounts and businesses of one's own hierarchy, taking it back, and who has access.

Source: Pinterest OpenAPI 5.23.0, tag audience_sharing. Which permissions an answer names is not documented beyond an
example; a recipient is a RESOURCE_PINNER_LIST_READER here, and nothing after it was revoked.
"""

from __future__ import annotations

from typing import Any

from pinterest_sandbox.audiences import received
from pinterest_sandbox.call import Call, roles_of
from pinterest_sandbox.contract import BusinessSharedAudience, SharedAudience, read_body
from pinterest_sandbox.entities import AccountType, Audience, Share, User
from pinterest_sandbox.paging import page
from pinterest_sandbox.refusals import Refusal, not_found, not_permitted, user_not_found

_ROLES_THAT_SEE = ["RESOURCE_PINNER_LIST_READER"]


def from_ad_account_to_ad_accounts(call: Call) -> dict[str, Any]:
    """PATCH /ad_accounts/{ad_account_id}/audiences/ad_accounts/shared."""
    request = read_body(call.body, SharedAudience)
    audience = _owned_by_ad_account(call, request.audience_id)
    return _share_with_ad_accounts(call, request, audience, _hierarchy_of(call, audience))


def from_ad_account_to_businesses(call: Call) -> dict[str, Any]:
    """PATCH /ad_accounts/{ad_account_id}/audiences/businesses/shared."""
    request = read_body(call.body, BusinessSharedAudience)
    return _share_with_businesses(call, request, _owned_by_ad_account(call, request.audience_id))


def from_business_to_ad_accounts(call: Call) -> dict[str, Any]:
    """PATCH /businesses/{business_id}/audiences/ad_accounts/shared: by the owner, or by a recipient to its own."""
    request = read_body(call.body, SharedAudience)
    business = _business(call)
    audience = _audience(call, request.audience_id)
    if _owner(call, audience).id == business.id:
        return _share_with_ad_accounts(call, request, audience, business.hierarchy_id)
    if f"{audience.id}/BUSINESS_ACCOUNT/{business.id}" not in call.world.shares:
        raise not_permitted()
    for account_id in request.recipient_account_ids:
        account = call.world.ad_accounts.get(account_id)
        if account is None or account.owner_user_id != business.id:
            raise _invalid_recipient("ad account")
    return _share_with_ad_accounts(call, request, audience, business.hierarchy_id)


def from_business_to_businesses(call: Call) -> dict[str, Any]:
    """PATCH /businesses/{business_id}/audiences/businesses/shared: by the owner only."""
    request = read_body(call.body, BusinessSharedAudience)
    business = _business(call)
    audience = _audience(call, request.audience_id)
    if _owner(call, audience).id != business.id:
        raise not_permitted()
    return _share_with_businesses(call, request, audience)


def received_by_business(call: Call) -> dict[str, Any]:
    """GET /businesses/{business_id}/audiences."""
    return received(call, _business(call).id)


def accounts_of_ad_account_audience(call: Call) -> dict[str, Any]:
    """GET /ad_accounts/{ad_account_id}/audiences/shared/accounts."""
    return _accounts(call, _owned_by_ad_account(call, call.query["audience_id"]), only_owned_by=None)


def accounts_of_business_audience(call: Call) -> dict[str, Any]:
    """GET /businesses/{business_id}/audiences/shared/accounts: a recipient sees its own ad accounts only."""
    business = _business(call)
    audience = _audience(call, call.query["audience_id"])
    if _owner(call, audience).id == business.id:
        return _accounts(call, audience, only_owned_by=None)
    if f"{audience.id}/BUSINESS_ACCOUNT/{business.id}" not in call.world.shares:
        raise not_permitted()
    return _accounts(call, audience, only_owned_by=business.id)


def _share_with_ad_accounts(
    call: Call, request: SharedAudience, audience: Audience, hierarchy_id: str
) -> dict[str, Any]:
    for account_id in request.recipient_account_ids:
        account = call.world.ad_accounts.get(account_id)
        if account is None or call.world.users[account.owner_user_id].hierarchy_id != hierarchy_id:
            raise _invalid_recipient("ad account")
    permissions = _change(call, audience, "AD_ACCOUNT", request.recipient_account_ids, request.operation_type)
    return {
        "audience_id": audience.id,
        "permissions": permissions,
        "recipient_account_ids": request.recipient_account_ids,
    }


def _share_with_businesses(call: Call, request: BusinessSharedAudience, audience: Audience) -> dict[str, Any]:
    for business_id in request.recipient_business_ids:
        business = call.world.users.get(business_id)
        if business is None or business.hierarchy_id != _hierarchy_of(call, audience):
            raise _invalid_recipient("business")
    permissions = _change(call, audience, "BUSINESS_ACCOUNT", request.recipient_business_ids, request.operation_type)
    return {
        "audience_id": audience.id,
        "permissions": permissions,
        "recipient_business_ids": request.recipient_business_ids,
    }


def _change(
    call: Call, audience: Audience, account_type: AccountType, account_ids: list[str], operation: str
) -> list[str]:
    call.seen.operation = operation
    for account_id in account_ids:
        share = Share(audience.id, account_type, account_id, call.now())
        if operation == "REVOKE":
            call.world.drop_share(share)
        elif share.id not in call.world.shares:
            call.world.save(share)
    return _ROLES_THAT_SEE if operation == "SHARE" else []


def _accounts(call: Call, audience: Audience, only_owned_by: str | None) -> dict[str, Any]:
    world = call.world
    shares = [
        share
        for share in world.shares.values()
        if share.audience_id == audience.id
        and share.account_type == call.query["account_type"]
        and (only_owned_by is None or _owner_id(call, share) == only_owned_by)
    ]
    return page(shares, lambda share: (int(share.account_id),), lambda share: _show(call, share), call.query)


def _show(call: Call, share: Share) -> dict[str, Any]:
    if share.account_type == "AD_ACCOUNT":
        name = call.world.ad_accounts[share.account_id].name
    else:
        name = call.world.users[share.account_id].business_name
    return {
        "account_id": share.account_id,
        "account_name": name,
        "account_type": share.account_type,
        "shared_on_timestamp": share.shared_on,
    }


def _owner_id(call: Call, share: Share) -> str | None:
    return call.world.ad_accounts[share.account_id].owner_user_id if share.account_type == "AD_ACCOUNT" else None


def _owned_by_ad_account(call: Call, audience_id: str) -> Audience:
    ad_account = call.ad_account()
    audience = _audience(call, audience_id)
    if audience.ad_account_id != ad_account.id:
        raise not_permitted()
    return audience


def _audience(call: Call, audience_id: str) -> Audience:
    audience = call.world.audiences.get(audience_id)
    if audience is None:
        raise not_found("Audience")
    return audience


def _owner(call: Call, audience: Audience) -> User:
    return call.world.users[call.world.ad_accounts[audience.ad_account_id].owner_user_id]


def _hierarchy_of(call: Call, audience: Audience) -> str:
    return _owner(call, audience).hierarchy_id


def _business(call: Call) -> User:
    business = call.world.users.get(call.path["business_id"])
    if business is None:
        raise user_not_found()
    # The businesses that a user may speak for: itself, and those in whose ad accounts it is an owner or admin.
    speaks_for = {
        account.owner_user_id
        for account in call.world.ad_accounts.values()
        if {"OWNER", "ADMIN"} & set(roles_of(account, call.token.user_id))
    }
    if business.id != call.token.user_id and business.id not in speaks_for:
        raise not_permitted()
    return business


def _invalid_recipient(what: str) -> Refusal:
    return Refusal(400, 400, f"Invalid {what} id")
