"""Audiences: create, list, get, and update by UPDATE or REMOVE.

Source: Pinterest OpenAPI 5.23.0, audiences/*. Not documented, and therefore settings: whether an audience may be
made of a list that is still PROCESSING or TOO_SMALL, and whether the rule of an audience may be changed.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from pinterest_sandbox.call import Call, foreign_or_missing
from pinterest_sandbox.contract import (
    AudienceCreateRequest,
    AudienceRule,
    AudienceUpdateRequest,
    invalid_body,
    read_body,
)
from pinterest_sandbox.entities import AdAccount, Audience, AudienceType
from pinterest_sandbox.names import stored_name
from pinterest_sandbox.paging import page
from pinterest_sandbox.refusals import invalid, not_permitted

# Percentage of an ACTALIKE audience: "should be 1-10" (AudienceRule).
_PERCENTAGES = range(1, 11)


def create(call: Call) -> dict[str, Any]:
    """POST /ad_accounts/{ad_account_id}/audiences."""
    request = read_body(call.body, AudienceCreateRequest)
    call.seen.operation = "CREATE"
    ad_account = call.ad_account()
    rule = _checked_rule(call, ad_account, request.audience_type, request.rule)
    now = call.now()
    audience = Audience(
        id=call.world.next_id(),
        ad_account_id=ad_account.id,
        name=stored_name(request.name, call.settings),
        description=None if request.description is UNSET else request.description,
        audience_type=request.audience_type,
        rule=rule,
        created_time=now,
        updated_time=now,
        rule_set_at=call.world.now(),
        created_by_company_name=call.world.users[ad_account.owner_user_id].business_name,
    )
    call.world.save(audience)
    return show(call, audience)


def list_all(call: Call) -> dict[str, Any]:
    """GET /ad_accounts/{ad_account_id}/audiences."""
    ad_account = call.ad_account()
    if call.query.get("ownership_type") == "RECEIVED":
        return received(call, ad_account.id)
    owned = [audience for audience in call.world.audiences.values() if audience.ad_account_id == ad_account.id]
    return page(owned, lambda audience: (int(audience.id),), lambda audience: _listed(call, audience), call.query)


def received(call: Call, account_id: str) -> dict[str, Any]:
    """A page of the audiences that were shared with an ad account or a business, by the time of sharing."""
    world = call.world
    shares = [share for share in world.shares.values() if share.account_id == account_id]
    return page(
        shares,
        lambda share: (share.shared_on, int(share.audience_id)),
        lambda share: show(call, world.audiences[share.audience_id]),
        call.query,
    )


def get(call: Call) -> dict[str, Any]:
    """GET /ad_accounts/{ad_account_id}/audiences/{audience_id}: one's own, or one that was received."""
    ad_account = call.ad_account()
    audience = _existing(call, ad_account)
    is_received = f"{audience.id}/AD_ACCOUNT/{ad_account.id}" in call.world.shares
    if audience.ad_account_id != ad_account.id and not is_received:
        raise foreign_or_missing(call, audience.ad_account_id, "Audience")
    return show(call, audience)


def update(call: Call) -> dict[str, Any]:
    """PATCH /ad_accounts/{ad_account_id}/audiences/{audience_id}."""
    request = read_body(call.body, AudienceUpdateRequest)
    call.seen.operation = request.operation_type
    ad_account = call.ad_account()
    audience = _existing(call, ad_account)
    if audience.ad_account_id != ad_account.id:
        is_received = f"{audience.id}/AD_ACCOUNT/{ad_account.id}" in call.world.shares
        raise not_permitted() if is_received else foreign_or_missing(call, audience.ad_account_id, "Audience")
    call.writes_to(audience.id)
    if request.operation_type == "REMOVE":
        shown = show(call, audience)
        call.world.drop_audience(audience)
        return shown
    if request.rule is not UNSET:
        _change_rule(call, ad_account, audience, request.rule)
    if request.name is not UNSET:
        audience.name = stored_name(request.name, call.settings)
    if request.description is not UNSET:
        audience.description = request.description
    audience.updated_time = call.now()
    call.world.save(audience)
    return show(call, audience)


def show(call: Call, audience: Audience) -> dict[str, Any]:
    """The audience as a response body."""
    return {
        "ad_account_id": audience.ad_account_id,
        "audience_type": audience.audience_type,
        "created_by_company_name": audience.created_by_company_name,
        "created_timestamp": audience.created_time,
        "description": audience.description,
        "id": audience.id,
        "name": audience.name,
        "rule": audience.rule,
        "size": call.matching.audience_size(audience),
        "status": call.matching.audience_status(audience),
        "type": "audience",
        "updated_timestamp": audience.updated_time,
    }


def _listed(call: Call, audience: Audience) -> dict[str, Any]:
    shown = show(call, audience)
    return shown if call.settings.listed_rules == "shown" else {**shown, "rule": None}


def _existing(call: Call, ad_account: AdAccount) -> Audience:
    audience = call.world.audiences.get(call.path["audience_id"])
    if audience is None:
        raise foreign_or_missing(call, ad_account.id, "Audience")
    return audience


def _change_rule(call: Call, ad_account: AdAccount, audience: Audience, rule: AudienceRule) -> None:
    checked = _checked_rule(call, ad_account, audience.audience_type, rule)
    if checked == audience.rule:
        return
    if call.settings.rule_change == "refuse":
        raise invalid("Invalid request: the rule of an audience cannot be changed")
    audience.rule = checked
    audience.rule_set_at = call.world.now()


def _checked_rule(call: Call, ad_account: AdAccount, audience_type: AudienceType, rule: AudienceRule) -> dict[str, Any]:
    """The rule to store, if its type may be created and what it names is there."""
    stored = rule.as_stored()
    match audience_type:
        case "CUSTOMER_LIST":
            _check_customer_list(call, ad_account, stored.get("customer_list_id"))
        case "ACTALIKE":
            _check_seeds(call, ad_account, stored)
        case "VISITOR" | "ENGAGEMENT":
            if audience_type == "ENGAGEMENT" and not stored.get("engagement_domain"):
                raise invalid_body(call.body, "'engagement_domain' is required in the rule of an ENGAGEMENT audience")
        case "PERSONA":
            raise invalid_body(call.body, "PERSONA audiences cannot be created")
    return stored


def _check_customer_list(call: Call, ad_account: AdAccount, customer_list_id: str | None) -> None:
    if customer_list_id is None:
        raise invalid_body(call.body, "'customer_list_id' is required in the rule of a CUSTOMER_LIST audience")
    found = call.world.customer_lists.get(customer_list_id)
    if found is None or found.ad_account_id != ad_account.id:
        raise invalid_body(call.body, f"there is no customer list {customer_list_id} in this ad account")
    if call.settings.audience_floor == "refuse" and (status := call.matching.list_status(found)) != "READY":
        raise invalid(
            f"Invalid request: customer list {customer_list_id} is {status}; an audience needs at least 100 members"
        )


def _check_seeds(call: Call, ad_account: AdAccount, rule: dict[str, Any]) -> None:
    if not {"seed_id", "country", "percentage"} <= rule.keys() or not rule["seed_id"]:
        raise invalid_body(call.body, "'seed_id', 'country' and 'percentage' are required in the rule of an ACTALIKE")
    if rule["percentage"] not in _PERCENTAGES:
        raise invalid_body(call.body, "'percentage' must be from 1 to 10")
    for seed_id in rule["seed_id"]:
        seed = call.world.audiences.get(seed_id)
        if seed is None or seed.ad_account_id != ad_account.id:
            raise invalid_body(call.body, f"there is no audience {seed_id} in this ad account")
