from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from destination_pinterest.config import Config, read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.routing.plan import plan_stream, plan_streams
from destination_pinterest.vocabulary import Identifier, ValueFormat
from unit_tests.support.raises import raises


@pytest.fixture
def config(raw_config: dict[str, Any]) -> Callable[..., Config]:
    return lambda **settings: read_config({**raw_config, **settings})


def stream(
    *columns: str, name: str = "users", namespace: str | None = None, mode: str = "append", into: str | None = None
) -> ConfiguredStream:
    return ConfiguredStream(StreamKey(namespace, name), columns, "full_refresh", mode, destination_object_name=into)


def declared(*columns: str) -> list[dict[str, str]]:
    return [{"column": column, "identifier": "EMAIL"} for column in columns]


def test_without_settings_columns_are_recognised_by_name(config: Callable[..., Config]) -> None:
    plan = plan_stream(stream("id", "Email", "idfa", "_airbyte_raw_id"), config())
    assert plan.identities == (
        IdentityColumn("Email", Identifier.EMAIL, ValueFormat.AUTO),
        IdentityColumn("idfa", Identifier.IDFA, ValueFormat.AUTO),
    )
    assert plan.columns == ("Email", "idfa")


def test_a_stream_without_a_recognised_column_is_refused_with_the_columns_it_has(
    config: Callable[..., Config],
) -> None:
    with raises(Code.NO_IDENTITY_COLUMN_RECOGNISED, match=r'stream "shop\.users".*its columns are id, name\.'):
        plan_stream(stream("id", "name", namespace="shop"), config())
    with raises(Code.NO_IDENTITY_COLUMN_RECOGNISED, match="names no columns"):
        plan_stream(stream(), config())


def test_declared_columns_are_taken_as_declared_and_nothing_else_is(config: Callable[..., Config]) -> None:
    settings = [{"column": "contact", "identifier": "EMAIL", "format": "sha256"}]
    plan = plan_stream(stream("email", "contact"), config(identity_columns=settings))
    assert plan.identities == (IdentityColumn("contact", Identifier.EMAIL, ValueFormat.SHA256),)


def test_a_declared_column_that_a_stream_lacks_is_an_error_that_names_it(config: Callable[..., Config]) -> None:
    named = r'"users" lacks the column "b", which the settings name; its columns are a\. .* \(allow_missing_columns\)'
    with raises(Code.COLUMN_MISSING, match=named):
        plan_stream(stream("a"), config(identity_columns=declared("a", "b")))
    with raises(Code.COLUMN_MISSING, match=r'lacks the columns "b" and "op", which'):
        plan_stream(stream("a"), config(identity_columns=declared("a", "b"), operation_column={"column": "op"}))


def test_a_declared_column_that_another_stream_has_is_no_error(config: Callable[..., Config]) -> None:
    settings = config(identity_columns=declared("a", "b"))
    plans = plan_streams([stream("a", "b"), stream("a")], settings)
    assert [[identity.column for identity in plan.identities] for plan in plans] == [["a", "b"], ["a"]]
    with raises(Code.COLUMN_MISSING, match='lacks the column "b"'):
        plan_streams([stream("a", "c"), stream("a")], settings)


def test_a_declared_column_that_a_stream_lacks_is_passed_over_where_that_is_allowed(
    config: Callable[..., Config],
) -> None:
    plan = plan_stream(stream("a"), config(identity_columns=declared("a", "b"), allow_missing_columns=True))
    assert [identity.column for identity in plan.identities] == ["a"]


def test_the_fields_of_a_destination_object_are_not_the_columns_that_the_settings_name(
    config: Callable[..., Config],
) -> None:
    mapped = stream("a", into=VIP)
    plan = plan_stream(mapped, config(identity_columns=declared("a", "b"), operation_column={"column": "op"}))
    assert ([identity.column for identity in plan.identities], plan.operation_column) == (["a"], None)


def test_a_stream_with_none_of_the_declared_columns_is_refused(config: Callable[..., Config]) -> None:
    with raises(
        Code.IDENTITY_COLUMNS_NOT_IN_STREAM, match=r"none of the identity columns .*\(a, b\); its columns are c\."
    ):
        plan_stream(stream("c"), config(identity_columns=declared("a", "b")))


def test_declared_columns_are_believed_where_the_schema_names_none(config: Callable[..., Config]) -> None:
    plan = plan_stream(stream(), config(identity_columns=declared("a"), operation_column={"column": "op"}))
    assert plan.columns == ("a", "op", "_ab_cdc_deleted_at", "_AB_CDC_DELETED_AT")


@pytest.mark.parametrize("name", ['"email"', "e\\mail", "email\t"])
def test_a_column_whose_name_can_not_be_read_is_refused_and_named(config: Callable[..., Config], name: str) -> None:
    with raises(Code.COLUMN_NAME_UNREADABLE, match="quotation mark"):
        plan_stream(stream(name, "gaid"), config())
    with raises(Code.COLUMN_NAME_UNREADABLE, match="quotation mark"):
        plan_stream(stream("email", name), config(operation_column={"column": name}))
    assert plan_stream(stream(name, "gaid"), config(identity_columns=declared("gaid"))).columns == ("gaid",)


@pytest.mark.parametrize("mode", ["update", "overwrite_dedup"])
def test_sync_modes_that_are_not_offered_are_refused(config: Callable[..., Config], mode: str) -> None:
    with raises(Code.SYNC_MODE_UNKNOWN, match=f'"users" is set to the sync mode {mode}'):
        plan_stream(stream("email", mode=mode), config())


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_sync_modes_that_are_offered_are_taken(config: Callable[..., Config], mode: str) -> None:
    assert plan_stream(stream("email", mode=mode), config()).audience == "users"


@pytest.mark.parametrize(
    ("template", "namespace", "name"),
    [
        ("{stream}", "shop", "users"),
        ("VIP customers", None, "VIP customers"),
        ("{namespace}: {stream}", "shop", "shop: users"),
        (" {namespace} {stream} ", None, "users"),
        ("{namespace}{namespace}", "shop", "shopshop"),
    ],
)
def test_the_audiences_name_is_the_template_filled_in(
    config: Callable[..., Config], template: str, namespace: str | None, name: str
) -> None:
    assert plan_stream(stream("email", namespace=namespace), config(audience_name=template)).audience == name


def test_a_streams_name_is_never_taken_for_a_template(config: Callable[..., Config]) -> None:
    plan = plan_stream(stream("email", name="{namespace}", namespace="shop"), config(audience_name="{stream}"))
    assert plan.audience == "{namespace}"
    plan = plan_stream(stream("email", name="users", namespace="{stream}"), config(audience_name="{namespace}"))
    assert plan.audience == "{stream}"


def test_an_audience_without_a_name_is_refused(config: Callable[..., Config]) -> None:
    with raises(Code.AUDIENCE_NAME_EMPTY, match="is blank for the stream"):
        plan_stream(stream("email"), config(audience_name="{namespace}"))


def test_an_operation_column_that_a_stream_lacks_does_not_concern_it_where_that_is_allowed(
    config: Callable[..., Config],
) -> None:
    with raises(Code.COLUMN_MISSING, match='lacks the column "op"'):
        plan_stream(stream("email"), config(operation_column={"column": "op"}))
    plan = plan_stream(stream("email"), config(operation_column={"column": "op"}, allow_missing_columns=True))
    assert (plan.operation_column, plan.deciding_columns) == (None, ())


def test_a_stream_that_takes_out_has_no_place_in_an_additive_connection(config: Callable[..., Config]) -> None:
    with raises(Code.SOFT_DELETE_CONTRADICTS_MODE, match=r'"users" removes .* additive'):
        plan_stream(stream("email", mode="soft_delete"), config(mode="additive"))


# --- data activation --------------------------------------------------------------------------------------------------

VIP = "VIP (549755885175/7)"


def test_a_stream_that_was_pointed_at_an_audience_leads_there_whatever_the_settings_name(
    config: Callable[..., Config],
) -> None:
    plan = plan_stream(stream("email", into=VIP), config(audience_name="other"))
    assert (plan.audience, plan.audience_id) == ("VIP", "7")


@pytest.mark.parametrize("into", [None, "pinterest_audience"])
def test_a_stream_that_was_pointed_at_no_existing_audience_leads_where_the_settings_say(
    config: Callable[..., Config], into: str | None
) -> None:
    plan = plan_stream(stream("email", into=into), config(audience_name="VIP {stream}"))
    assert (plan.audience, plan.audience_id) == ("VIP users", None)


def test_an_object_that_was_never_offered_is_refused(config: Callable[..., Config]) -> None:
    with raises(Code.DESTINATION_OBJECT_UNKNOWN, match="not one that this connector offers"):
        plan_stream(stream("email", into="VIP"), config())


def test_streams_share_a_lane_by_the_audiences_id_or_else_by_its_name(config: Callable[..., Config]) -> None:
    keys = [
        plan_stream(stream("email", into=into), config(audience_name=name)).lane_key
        for into, name in ((VIP, "a"), ("VIP 2027 (549755885175/7)", "b"), (None, "7"), ("pinterest_audience", "7"))
    ]
    assert keys[0] == keys[1] != keys[2] == keys[3]


def test_the_objects_fields_are_recognised_where_the_settings_name_the_sources_columns(
    config: Callable[..., Config],
) -> None:
    settings = config(identity_columns=declared("contact"))
    plan = plan_stream(stream("email", "gaid", into=VIP), settings)
    assert [identity.column for identity in plan.identities] == ["email", "gaid"]
    assert [i.column for i in plan_stream(stream("email", "contact", into=VIP), settings).identities] == ["contact"]
    with raises(Code.NO_IDENTITY_COLUMN_RECOGNISED, match="is recognised as an identity column"):
        plan_stream(stream("fax", into=VIP), settings)


def test_an_operation_column_that_only_a_soft_delete_lacks_is_not_missing(config: Callable[..., Config]) -> None:
    settings = config(operation_column={"column": "op"})
    removing = stream("email", name="gone", mode="soft_delete")
    assert len(plan_streams([removing], settings)) == 1
    assert len(plan_streams([removing, stream("email", "op")], settings)) == 2
    with raises(Code.OPERATION_COLUMN_UNKNOWN, match='has the operation column "op"'):
        plan_streams([removing, stream("email")], settings)


CONSENT = {"consent_column": {"column": "consent"}}


def test_a_stream_without_the_consent_column_is_refused_whatever_other_columns_may_be_missing(
    config: Callable[..., Config],
) -> None:
    for settings in (CONSENT, {**CONSENT, "allow_missing_columns": True}):
        with raises(Code.CONSENT_COLUMN_MISSING, match="nobody in it consents"):
            plan_streams([stream("email", "consent"), stream("email", name="leads")], config(**settings))


@pytest.mark.parametrize(
    ("settings", "mode", "column"),
    [
        ({}, "append", "consent"),
        ({"mode": "additive"}, "append", "consent"),
        ({"mode": "remove"}, "append", None),
        ({"used_for": "exclusion"}, "append", None),
        ({}, "soft_delete", None),
    ],
)
def test_consent_is_asked_for_where_somebody_may_join_and_see_ads(
    config: Callable[..., Config], settings: dict[str, Any], mode: str, column: str | None
) -> None:
    plan = plan_stream(stream("email", "consent", mode=mode), config(**CONSENT, **settings))
    assert plan.consent_column == column
    assert ("consent" in plan.columns) is (column is not None)


def test_the_key_is_read_where_rows_may_overrule_each_other(config: Callable[..., Config]) -> None:
    keyed = msgspec.structs.replace(stream("id", "email", "consent", "_ab_cdc_deleted_at"), primary_key=("id",))
    assert plan_stream(keyed, config()).key_columns == ()
    assert plan_stream(keyed, config(**CONSENT)).key_columns == ("id",)
    assert plan_stream(keyed, config(used_for="exclusion")).key_columns == ("id",)


def test_kinds_that_leave_in_plain_are_taken_only_from_columns_that_are_named_for_them(
    config: Callable[..., Config],
) -> None:
    columns = ("email", "phone", "external_id", "liveramp_envelope")
    assert [one.column for one in plan_stream(stream(*columns), config()).identities] == ["email"]
    named = config(
        identity_columns=[
            {"column": "external_id", "identifier": "EXTERNAL_ID"},
            {"column": "phone", "identifier": "PHONE"},
        ],
        default_country="DE",
    )
    assert [(one.identifier, one.country) for one in plan_stream(stream(*columns), named).identities] == [
        (Identifier.EXTERNAL_ID, ""),
        (Identifier.PHONE, "DE"),
    ]
    mapped = plan_stream(stream(*columns, into=VIP), config(default_country="US"))
    assert [one.identifier for one in mapped.identities] == [
        Identifier.EMAIL,
        Identifier.PHONE,
        Identifier.EXTERNAL_ID,
        Identifier.LIVERAMP_ENVELOPE,
    ]
    assert mapped.identities[1].country == "US"


def test_a_stream_whose_identifiers_can_not_be_sent_in_the_form_of_the_settings_is_refused(
    config: Callable[..., Config],
) -> None:
    phone = [{"column": "phone", "identifier": "PHONE"}]
    with raises(Code.RECORD_FORMAT_CONTRADICTS_COLUMNS):
        plan_stream(stream("phone"), config(identity_columns=phone, record_format="records"))
    both = [*phone, {"column": "email", "identifier": "EMAIL"}]
    assert plan_stream(stream("phone", "email"), config(identity_columns=both, record_format="records")).identities


def test_a_country_that_does_not_exist_is_refused_where_it_matters(config: Callable[..., Config]) -> None:
    phone = [{"column": "phone", "identifier": "PHONE"}]
    with raises(Code.COUNTRY_UNKNOWN, match="such as GB"):
        plan_stream(stream("phone"), config(identity_columns=phone, default_country="UK"))
    assert plan_stream(stream("email"), config(default_country="UK")).identities


def test_columns_whose_names_are_data_are_not_listed(config: Callable[..., Config]) -> None:
    with raises(Code.NO_IDENTITY_COLUMN_RECOGNISED, match="its columns are segment, \\[…\\]") as caught:
        plan_stream(stream("segment", "ada@example.com"), config())
    assert "ada" not in caught.value.message
