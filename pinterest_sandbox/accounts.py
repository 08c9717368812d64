"""Who is connected, and which ad accounts they have: user_account and ad_accounts.

Source: Pinterest OpenAPI 5.23.0, user_account/get, ad_accounts/list, ad_accounts/get.
"""

from __future__ import annotations

from typing import Any

from pinterest_sandbox.call import Call, roles_of
from pinterest_sandbox.entities import AdAccount
from pinterest_sandbox.paging import page


def user_account(call: Call) -> dict[str, Any]:
    """GET /user_account: the token's user, or the owner of the ad account that the query names."""
    user_id = call.token.user_id
    if "ad_account_id" in call.query:
        user_id = call.ad_account(call.query["ad_account_id"]).owner_user_id
    user = call.world.users[user_id]
    return {
        "account_type": "BUSINESS",
        "business_name": user.business_name,
        "id": user.id,
        "profile_image": "https://example.com/profile.png",
        "username": user.username,
        "website_url": "https://example.com/",
    }


def list_all(call: Call) -> dict[str, Any]:
    """GET /ad_accounts: those the user owns and, unless left out, those shared with it."""
    user_id = call.token.user_id
    with_shared = call.query.get("include_shared_accounts", "true") == "true"
    accounts = [
        account
        for account in call.world.ad_accounts.values()
        if account.owner_user_id == user_id or (with_shared and roles_of(account, user_id))
    ]
    return page(
        accounts,
        lambda account: (int(account.id),),
        lambda account: _show(call, account),
        {"order": "ASCENDING", **call.query},
    )


def get(call: Call) -> dict[str, Any]:
    """GET /ad_accounts/{ad_account_id}."""
    return _show(call, call.ad_account())


def _show(call: Call, account: AdAccount) -> dict[str, Any]:
    owner = call.world.users[account.owner_user_id]
    return {
        "country": account.country,
        "created_time": account.created_time,
        "currency": account.currency,
        "id": account.id,
        "name": account.name,
        "owner": {"id": owner.id, "username": owner.username},
        "permissions": roles_of(account, call.token.user_id),
        "updated_time": account.updated_time,
    }
