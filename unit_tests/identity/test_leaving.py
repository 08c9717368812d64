from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.identity.leaving import LeavingColumn, consent_columns, leaving_columns

BY_VALUE = [
    *("is_deleted", "IsDeleted", "deleted", "_fivetran_deleted", "__deleted", "opted_out", "optedOut", "Email Opt Out"),
    *("HasOptedOutOfEmail", "property_hs_email_optout", "do_not_contact", "Do Not Email", "donotbulkemail"),
    *("unsubscribed_from_emails", "Unsubscribed from all email", "delete_flag", "archived", "ISDELETED"),
    *("op", "__op", "Op", "METADATA$ACTION", "_change_type", "cdc_operation", "__$operation"),
]
BY_TIME = [
    *("deleted_at", "DELETED_AT", "deletedAt", "DELETEDAT", "_sdc_deleted_at", "_SDC_DELETED_AT", "unsubscribed_at"),
    *("UNSUB_TIME", "gdpr_erased_at", "date_deleted", "anonymized_at", "deletion_requested_at", "DeletedDate"),
]
OTHERS = [
    *("id", "email", "name", "created_at", "updated_at", "status", "cancelled_at", "operation_id", "options", "topic"),
    *("deleted_by", "deleted_items", "emails_deleted", "unsubscribe_url", "unsubscribedChannelIds", "undeleted_at"),
    *("_ab_cdc_deleted_at", "_AB_CDC_DELETED_AT", "opt", "", "is_active", "opt.out@example.com"),
]
CONSENT = [
    *("accepts_marketing", "Accepts Email Marketing", "is_subscribed", "email_opt_in", "Email Marketing Consent"),
    *("email_subscribe", "Email Subscription Status"),
]
NO_CONSENT = [
    "subscribed_at",
    "Accepts SMS Marketing",
    "Email Marketing Consent Timestamp",
    "opted_out",
    "subscriptions_count",
]


@pytest.mark.parametrize("name", BY_VALUE)
def test_a_column_whose_values_say_who_left_is_recognised(name: str) -> None:
    assert leaving_columns([name]) == (LeavingColumn(name, "column"),)


@pytest.mark.parametrize("name", BY_TIME)
def test_a_column_of_times_at_which_people_left_is_recognised(name: str) -> None:
    assert leaving_columns([name]) == (LeavingColumn(name, "removes_if_set"),)


@pytest.mark.parametrize("name", OTHERS)
def test_other_columns_say_nothing_about_leaving(name: str) -> None:
    assert leaving_columns([name]) == ()
    assert consent_columns([name]) == ()


@pytest.mark.parametrize("name", CONSENT)
def test_a_column_of_consent_is_recognised(name: str) -> None:
    assert consent_columns([name]) == (name,)


@pytest.mark.parametrize("name", NO_CONSENT)
def test_what_is_only_about_consent_is_left_alone(name: str) -> None:
    assert consent_columns([name]) == ()


@given(st.lists(st.text()))
def test_no_name_makes_it_raise(names: list[str]) -> None:
    leaving_columns(names)
    consent_columns(names)
