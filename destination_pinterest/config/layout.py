"""Where each setting stands in the form: its card, and its place there.

A card has what people decide when they set up a connection. What is rarely touched is in *Advanced*, and whatever
takes people out of an audience, or keeps them in, is under *Who joins and who leaves*.

Source: docs.airbyte.com connector-specification-reference (read 2026-11-22): groups of the top level are drawn as
    cards, in the order in which they are declared, and settings within by `order`.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Card(msgspec.Struct, frozen=True):
    """A group of the form: its id and title, and its settings from top to bottom."""

    id: str
    title: str
    settings: tuple[str, ...]


ADVANCED: Final = "advanced"

CARDS: Final = (
    Card("auth", "Sign-in", ("credentials",)),
    Card(
        "account",
        "Ad account and audience",
        (
            "ad_account_id",
            "audience_name",
            "used_for",
            "audience_column",
            "max_audiences",
            "also_in_ad_accounts",
            "ad_account_column",
        ),
    ),
    # Adobe's mapping calls what identifies people at Pinterest by this name, and so does our data activation.
    Card(
        "identity",
        "Identity mapping to pinterest_audience",
        ("identity_columns", "operation_column", "default_country"),
    ),
    Card(
        "membership",
        "Who joins and who leaves",
        (
            "mode",
            "membership_store",
            "consent_column",
            "deletes",
            "max_removal_percent",
            "allow_empty_audience",
            "allow_identity_drift",
            "expire_after_days",
        ),
    ),
    Card("delivery", "Delivery", ("access_tier", "batch_size", "request_growth", "shared_quota", "notify_url")),
    Card("storage", "Rejected rows", ("object_storage_config", "max_rejected_percent")),
    Card(
        ADVANCED,
        "Advanced",
        (
            "description",
            "create_early",
            "actalike",
            "share_with",
            "advertising_id_case",
            "allow_missing_columns",
            "suppression_store",
            "remove_from",
            "everywhere_includes",
            "everywhere_except",
            "max_addition_percent",
            "refused_rule_change",
            "if_audience_is_gone",
            "trust_end_markers",
            "installation_name",
            "record_format",
            "flush_seconds",
            "retry_hours",
            "pinterest_facts",
            "api_base_url",
        ),
    ),
)

PLACES: Final = {
    setting: {"group": card.id, "order": order} for card in CARDS for order, setting in enumerate(card.settings)
}
