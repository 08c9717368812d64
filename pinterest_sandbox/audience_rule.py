"""Who an audience's rule may name, and within which bounds: what the types of a request body can't say.

Source: Pinterest OpenAPI 5.23.0, descriptions of AudienceRule and its properties; 5.28.0 says the same. Whether an
audience may be made of a list that is still PROCESSING or TOO_SMALL, or an ACTALIKE of a seed that is not READY, is not
documented: a setting.
"""

from __future__ import annotations

from typing import Any

from pinterest_sandbox.call import Call
from pinterest_sandbox.contract import AudienceRule, invalid_body
from pinterest_sandbox.entities import AdAccount, AudienceType
from pinterest_sandbox.refusals import invalid

_NUMBERS = {"percentage": (1, 10), "retention_days": (1, 540), "engager_type": (1, 2)}
_TEXTS = {
    "country": ("US", "CA", "GB"),
    "engagement_type": ("click", "save", "closeup", "comment", "like"),
}
# Used "as a {'=': [value]}".
_SOURCES = {
    "event_source": ("web", "mobile", "offline"),
    "ingestion_source": ("tag", "mmp", "file_upload", "conversions_api"),
}


def checked_rule(call: Call, ad_account: AdAccount, audience_type: AudienceType, rule: AudienceRule) -> dict[str, Any]:
    """The rule to store.

    Raises:
        Refusal: 400; its type can't be created, it lacks a key of its type or has one out of bounds, or what it names
            is not there.
    """
    stored = rule.as_stored()
    _check_bounds(call, stored)
    match audience_type:
        case "CUSTOMER_LIST":
            _check_customer_list(call, ad_account, stored.get("customer_list_id"))
        case "ACTALIKE":
            _check_seeds(call, ad_account, stored)
        case "ENGAGEMENT":
            if not stored.get("engagement_domain"):
                raise invalid_body(call.body, "'engagement_domain' is required in the rule of an ENGAGEMENT audience")
        case "PERSONA":
            raise invalid_body(call.body, "PERSONA audiences cannot be created")
        case "VISITOR":
            pass  # No key is documented as required.
    return stored


def _check_bounds(call: Call, rule: dict[str, Any]) -> None:
    for key, (least, most) in _NUMBERS.items():
        if key in rule and not least <= rule[key] <= most:
            raise invalid_body(call.body, f"'{key}' must be from {least} to {most}")
    for key, supported in _TEXTS.items():
        if key in rule and rule[key] not in supported:
            raise invalid_body(call.body, f"'{key}' must be one of {', '.join(supported)}")
    for key, supported in _SOURCES.items():
        if key in rule and not _is_source(rule[key], supported):
            raise invalid_body(call.body, f"'{key}' must be {{'=': […]}} with values of {', '.join(supported)}")


def _is_source(source: dict[str, Any], supported: tuple[str, ...]) -> bool:
    values = source.get("=")
    return source.keys() == {"="} and isinstance(values, list) and all(value in supported for value in values)


def _check_customer_list(call: Call, ad_account: AdAccount, customer_list_id: str | None) -> None:
    if customer_list_id is None:
        raise invalid_body(call.body, "'customer_list_id' is required in the rule of a CUSTOMER_LIST audience")
    found = call.world.customer_lists.get(customer_list_id)
    if found is None or found.ad_account_id != ad_account.id or not call.lateness.is_known(found.id):
        raise invalid_body(call.body, f"there is no customer list {customer_list_id} in this ad account")
    if call.settings.audience_floor == "refuse" and (status := call.matching.list_status(found)) != "READY":
        raise invalid(
            f"Invalid request: customer list {customer_list_id} is {status}; an audience needs at least 100 members"
        )


def _check_seeds(call: Call, ad_account: AdAccount, rule: dict[str, Any]) -> None:
    if not {"seed_id", "country", "percentage"} <= rule.keys() or not rule["seed_id"]:
        raise invalid_body(call.body, "'seed_id', 'country' and 'percentage' are required in the rule of an ACTALIKE")
    for seed_id in rule["seed_id"]:
        seed = call.world.audiences.get(seed_id)
        if seed is None or seed.ad_account_id != ad_account.id:
            raise invalid_body(call.body, f"there is no audience {seed_id} in this ad account")
        if call.settings.audience_floor == "refuse" and (status := call.matching.audience_status(seed)) != "READY":
            raise invalid(f"Invalid request: the seed audience {seed_id} is {status}, not READY")
