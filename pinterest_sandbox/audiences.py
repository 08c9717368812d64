"""Audiences: create, list, get, and update by UPDATE or REMOVE.

Source: Pinterest OpenAPI 5.23.0, audiences/*. Whether an audience's rule may be changed is not documented: a setting.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from pinterest_sandbox.audience_rule import checked_rule
from pinterest_sandbox.call import Call, foreign_or_missing
from pinterest_sandbox.contract import AudienceCreateRequest, AudienceRule, AudienceUpdateRequest, read_body
from pinterest_sandbox.entities import AdAccount, Audience
from pinterest_sandbox.names import kept_name
from pinterest_sandbox.paging import page
from pinterest_sandbox.refusals import invalid, not_permitted


def create(call: Call) -> dict[str, Any]:
    """POST /ad_accounts/{ad_account_id}/audiences."""
    request = read_body(call.body, AudienceCreateRequest)
    call.seen.operation = "CREATE"
    ad_account = call.ad_account()
    rule = checked_rule(call, ad_account, request.audience_type, request.rule)
    now = call.now()
    audience = Audience(
        id=call.world.next_id(),
        ad_account_id=ad_account.id,
        name=kept_name(request.name, call.settings),
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
    owned = [
        audience
        for audience in call.world.audiences.values()
        if audience.ad_account_id == ad_account.id
        and call.lateness.is_listed(audience.id)
        and not (call.query.get("exclude_nca") == "true" and _is_nca(call, audience))
    ]
    return page(owned, lambda audience: (int(audience.id),), lambda audience: show(call, audience), call.query)


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
        audience.name = kept_name(request.name, call.settings)
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
        "is_nca": _is_nca(call, audience),
        "name": audience.name,
        "rule": audience.rule,
        "size": call.matching.audience_size(audience),
        "status": call.matching.audience_status(audience),
        "type": "audience",
        "updated_timestamp": audience.updated_time,
    }


def _is_nca(call: Call, audience: Audience) -> bool:
    """Whether it is made of a list for new customer acquisition."""
    customer_list = call.world.customer_lists.get(audience.rule.get("customer_list_id", ""))
    return customer_list is not None and customer_list.is_nca


def _existing(call: Call, ad_account: AdAccount) -> Audience:
    audience = call.world.audiences.get(call.path["audience_id"])
    if audience is None or not call.lateness.is_known(audience.id):
        raise foreign_or_missing(call, ad_account.id, "Audience")
    return audience


def _change_rule(call: Call, ad_account: AdAccount, audience: Audience, rule: AudienceRule) -> None:
    checked = checked_rule(call, ad_account, audience.audience_type, rule)
    if checked == audience.rule:
        return
    if call.settings.rule_change == "refuse":
        raise invalid("Invalid request: the rule of an audience cannot be changed")
    audience.rule = checked
    audience.rule_set_at = call.world.now()
