from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.config import Config, read_config
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IdentityColumnsError
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.messages import MessageDecoder
from destination_pinterest.routing.plan import StreamPlan, plan_stream, plan_streams
from destination_pinterest.vocabulary import Identifier, Operation, ValueFormat
from unit_tests.support.raises import raises


@pytest.fixture
def config(raw_config: dict[str, Any]) -> Callable[..., Config]:
    return lambda **settings: read_config({**raw_config, **settings})


def plan(
    *columns: str, name: str = "users", namespace: str | None = None, mode: str = "append", into: str | None = None
) -> ConfiguredStream:
    return ConfiguredStream(StreamKey(namespace, name), columns, "full_refresh", mode, destination_object_name=into)


def declared(*columns: str) -> list[dict[str, str]]:
    return [{"column": column, "identifier": "EMAIL"} for column in columns]


def test_without_settings_columns_are_recognised_by_name(config: Callable[..., Config]) -> None:
    way = plan_stream(plan("id", "Email", "idfa", "_airbyte_raw_id"), config())
    assert way.identities == (
        IdentityColumn("Email", Identifier.EMAIL, ValueFormat.AUTO),
        IdentityColumn("idfa", Identifier.IDFA, ValueFormat.AUTO),
    )
    assert way.columns == ("Email", "idfa")


def test_a_stream_without_a_recognised_column_is_refused_with_the_columns_it_has(
    config: Callable[..., Config],
) -> None:
    with raises(Code.NO_IDENTITY_COLUMN_RECOGNISED, match=r'stream "shop\.users".*its columns are id, name\.'):
        plan_stream(plan("id", "name", namespace="shop"), config())
    with pytest.raises(IdentityColumnsError, match="names no columns"):
        plan_stream(plan(), config())


def test_declared_columns_are_taken_as_declared_and_nothing_else_is(config: Callable[..., Config]) -> None:
    settings = [{"column": "contact", "identifier": "EMAIL", "format": "sha256"}]
    way = plan_stream(plan("email", "contact"), config(identity_columns=settings))
    assert way.identities == (IdentityColumn("contact", Identifier.EMAIL, ValueFormat.SHA256),)


def test_a_declared_column_that_a_stream_lacks_is_passed_over_if_it_has_another(
    config: Callable[..., Config],
) -> None:
    way = plan_stream(plan("a"), config(identity_columns=declared("a", "b")))
    assert [identity.column for identity in way.identities] == ["a"]


def test_a_stream_with_none_of_the_declared_columns_is_refused(config: Callable[..., Config]) -> None:
    with raises(
        Code.IDENTITY_COLUMNS_NOT_IN_STREAM, match=r"none of the identity columns .*\(a, b\); its columns are c\."
    ):
        plan_stream(plan("c"), config(identity_columns=declared("a", "b")))


def test_declared_columns_are_believed_where_the_schema_names_none(config: Callable[..., Config]) -> None:
    way = plan_stream(plan(), config(identity_columns=declared("a"), operation_column={"column": "op"}))
    assert way.columns == ("a", "op", "_ab_cdc_deleted_at", "_AB_CDC_DELETED_AT")


@pytest.mark.parametrize("name", ['"email"', "e\\mail", "email\t"])
def test_a_column_whose_name_can_not_be_read_is_refused_and_named(config: Callable[..., Config], name: str) -> None:
    with raises(Code.COLUMN_NAME_UNREADABLE, match="quotation mark"):
        plan_stream(plan(name, "gaid"), config())
    with raises(Code.COLUMN_NAME_UNREADABLE, match="quotation mark"):
        plan_stream(plan("email", name), config(operation_column={"column": name}))
    assert plan_stream(plan(name, "gaid"), config(identity_columns=declared("gaid"))).columns == ("gaid",)


@pytest.mark.parametrize("mode", ["update", "overwrite_dedup"])
def test_sync_modes_that_are_not_offered_are_refused(config: Callable[..., Config], mode: str) -> None:
    with raises(Code.SYNC_MODE_UNKNOWN, match=f'"users" is set to the sync mode {mode}'):
        plan_stream(plan("email", mode=mode), config())


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_sync_modes_that_are_offered_are_taken(config: Callable[..., Config], mode: str) -> None:
    assert plan_stream(plan("email", mode=mode), config()).audience == "users"


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
    assert plan_stream(plan("email", namespace=namespace), config(audience_name=template)).audience == name


def test_a_streams_name_is_never_taken_for_a_template(config: Callable[..., Config]) -> None:
    way = plan_stream(plan("email", name="{namespace}", namespace="shop"), config(audience_name="{stream}"))
    assert way.audience == "{namespace}"
    way = plan_stream(plan("email", name="users", namespace="{stream}"), config(audience_name="{namespace}"))
    assert way.audience == "{stream}"


def test_an_audience_without_a_name_is_refused(config: Callable[..., Config]) -> None:
    with raises(Code.AUDIENCE_NAME_EMPTY, match="is blank for the stream"):
        plan_stream(plan("email"), config(audience_name="{namespace}"))


@pytest.fixture
def decisions(config: Callable[..., Config], make_lane: Callable[..., AudienceLane]) -> Callable[..., list[Any]]:
    """What a stream with these columns and settings decides of each row."""

    def decide(columns: list[str], rows: list[dict[str, Any]], **settings: Any) -> list[Any]:
        read = config(**settings)
        way = plan_stream(plan(*columns), read)
        route, decoder = make_route(way, read, make_lane())
        lines = b"".join(
            json.dumps({"type": "RECORD", "record": {"stream": "users", "data": row}}).encode() + b"\n" for row in rows
        )
        assert route.decide is not None
        return [route.decide(message.record.data) for message in decoder.decode(lines)]

    return decide


def make_route(way: StreamPlan, config: Config, lane: AudienceLane) -> tuple[StreamRoute, MessageDecoder]:
    decoder = MessageDecoder(way.columns)
    return StreamRoute(way, config, decoder, lane, StreamTally()), decoder


def test_a_stream_that_can_only_add_decides_nothing_and_is_read_by_its_only_column(
    config: Callable[..., Config], make_lane: Callable[..., AudienceLane]
) -> None:
    one, _ = make_route(plan_stream(plan("email"), config()), config(), make_lane())
    assert one.decide is None
    assert one.read_only_column is not None
    two, _ = make_route(plan_stream(plan("email", "gaid"), config()), config(), make_lane())
    assert (two.decide, two.read_only_column) == (None, None)


def test_a_time_of_deletion_removes(decisions: Callable[..., list[Any]]) -> None:
    rows = [{"_ab_cdc_deleted_at": None}, {}, {"_ab_cdc_deleted_at": "2026-11-22T00:00:00Z"}]
    columns = ["email", "_ab_cdc_deleted_at"]
    assert decisions(columns, rows) == [Operation.ADD, Operation.ADD, Operation.REMOVE]
    assert decisions(columns, rows, deletes="keep") == [Operation.ADD, Operation.ADD, None]


LOWER, UPPER = "_ab_cdc_deleted_at", "_AB_CDC_DELETED_AT"


@pytest.mark.parametrize("column", [UPPER, "_Ab_Cdc_Deleted_At"])
def test_a_time_of_deletion_removes_whatever_the_case_of_its_column(
    decisions: Callable[..., list[Any]], column: str
) -> None:
    rows = [{column: None}, {column: "2026-11-22"}, {LOWER: "2026-11-22"}]
    assert decisions(["email", column], rows) == [Operation.ADD, Operation.REMOVE, Operation.REMOVE]


@pytest.mark.parametrize("columns", [[], ["email", LOWER, UPPER], ["email", UPPER, LOWER]])
def test_any_time_of_deletion_removes_where_there_may_be_several(
    decisions: Callable[..., list[Any]], columns: list[str]
) -> None:
    rows = [{LOWER: None, UPPER: ""}, {LOWER: "2026-11-22"}, {UPPER: "2026-11-22", "op": "insert"}, {"op": "delete"}]
    settings = {"identity_columns": declared("email")}
    expected = [Operation.ADD, Operation.REMOVE, Operation.REMOVE]
    assert decisions(columns, rows, **settings) == [*expected, Operation.ADD]
    by_operation = {**settings, "operation_column": {"column": "op"}}
    assert decisions(columns and [*columns, "op"], rows, **by_operation) == [*expected, Operation.REMOVE]


def test_in_an_additive_connection_nobody_leaves(decisions: Callable[..., list[Any]]) -> None:
    rows = [{"op": "insert"}, {"op": "delete"}, {"_ab_cdc_deleted_at": "2026-11-22"}]
    columns = ["email", "op", "_ab_cdc_deleted_at"]
    assert decisions(columns, rows, operation_column={"column": "op"}, mode="additive") == [Operation.ADD, None, None]


def test_a_stream_that_takes_out_has_no_place_in_an_additive_connection(config: Callable[..., Config]) -> None:
    with raises(Code.SOFT_DELETE_CONTRADICTS_MODE, match=r'"users" removes .* additive'):
        plan_stream(plan("email", mode="soft_delete"), config(mode="additive"))


def test_a_suppression_table_takes_out_whoever_is_in_it(decisions: Callable[..., list[Any]]) -> None:
    assert decisions(["email"], [{"email": "a@example.com"}], mode="remove") == [Operation.REMOVE]
    rows = [{"op": "insert"}, {"op": "delete"}, {"op": "whatever"}, {"_ab_cdc_deleted_at": "2026-11-22"}]
    columns = ["email", "op", "_ab_cdc_deleted_at"]
    expected = [Operation.REMOVE, None, RejectionReason.UNKNOWN_OPERATION, None]
    for deletes in ("remove", "keep"):
        settings = {"operation_column": {"column": "op"}, "mode": "remove", "deletes": deletes}
        assert decisions(columns, rows, **settings) == expected


def test_an_operation_column_decides(decisions: Callable[..., list[Any]]) -> None:
    rows = [{"op": "Insert"}, {"op": "DELETE"}, {"op": None}, {"op": "whatever"}]
    expected = [Operation.ADD, Operation.REMOVE, Operation.ADD, RejectionReason.UNKNOWN_OPERATION]
    assert decisions(["email", "op"], rows, operation_column={"column": "op"}) == expected


def test_a_time_of_deletion_goes_before_the_operation(decisions: Callable[..., list[Any]]) -> None:
    rows = [{"op": "insert", "_ab_cdc_deleted_at": "2026-11-22"}, {"op": "delete"}, {"op": "insert"}]
    columns = ["email", "op", "_ab_cdc_deleted_at"]
    expected = [Operation.REMOVE, Operation.REMOVE, Operation.ADD]
    assert decisions(columns, rows, operation_column={"column": "op"}) == expected


def test_an_operation_column_that_a_stream_lacks_does_not_concern_it(config: Callable[..., Config]) -> None:
    way = plan_stream(plan("email"), config(operation_column={"column": "op"}))
    assert (way.operation_column, way.deciding_columns) == (None, ())


def test_own_words_for_operations_are_taken(decisions: Callable[..., list[Any]]) -> None:
    setting = {"column": "op", "add_values": ["hinzu"], "remove_values": ["weg"]}
    rows = [{"op": "Hinzu"}, {"op": "weg"}, {"op": "delete"}]
    expected = [Operation.ADD, Operation.REMOVE, RejectionReason.UNKNOWN_OPERATION]
    assert decisions(["email", "op"], rows, operation_column=setting) == expected


# --- data activation --------------------------------------------------------------------------------------------------

VIP = "VIP (549755885175/7)"


def test_a_stream_that_was_pointed_at_an_audience_leads_there_whatever_the_settings_name(
    config: Callable[..., Config],
) -> None:
    way = plan_stream(plan("email", into=VIP), config(audience_name="other"))
    assert (way.audience, way.audience_id) == ("VIP", "7")


@pytest.mark.parametrize("into", [None, "pinterest_audience"])
def test_a_stream_that_was_pointed_at_no_existing_audience_leads_where_the_settings_say(
    config: Callable[..., Config], into: str | None
) -> None:
    way = plan_stream(plan("email", into=into), config(audience_name="VIP {stream}"))
    assert (way.audience, way.audience_id) == ("VIP users", None)


def test_an_object_that_was_never_offered_is_refused(config: Callable[..., Config]) -> None:
    with raises(Code.DESTINATION_OBJECT_UNKNOWN, match="not one that this connector offers"):
        plan_stream(plan("email", into="VIP"), config())


def test_streams_share_a_lane_by_the_audiences_id_or_else_by_its_name(config: Callable[..., Config]) -> None:
    keys = [
        plan_stream(plan("email", into=into), config(audience_name=name)).lane_key
        for into, name in ((VIP, "a"), ("VIP 2027 (549755885175/7)", "b"), (None, "7"), ("pinterest_audience", "7"))
    ]
    assert keys[0] == keys[1] != keys[2] == keys[3]


def test_the_objects_fields_are_recognised_where_the_settings_name_the_sources_columns(
    config: Callable[..., Config],
) -> None:
    settings = config(identity_columns=declared("contact"))
    way = plan_stream(plan("email", "gaid", into=VIP), settings)
    assert [identity.column for identity in way.identities] == ["email", "gaid"]
    assert [i.column for i in plan_stream(plan("email", "contact", into=VIP), settings).identities] == ["contact"]
    with raises(Code.NO_IDENTITY_COLUMN_RECOGNISED, match="is recognised as an identity column"):
        plan_stream(plan("phone", into=VIP), settings)


@pytest.mark.parametrize("into", [None, VIP, "pinterest_audience"])
def test_every_row_of_a_soft_delete_removes_whatever_is_in_it(
    config: Callable[..., Config], make_lane: Callable[..., AudienceLane], into: str | None
) -> None:
    settings = config(operation_column={"column": "op"}, deletes="keep")
    way = plan_stream(plan("email", "op", "_ab_cdc_deleted_at", mode="soft_delete", into=into), settings)
    assert (way.only_removes, way.columns) == (True, ("email",))
    route, _ = make_route(way, settings, make_lane())
    assert route.decide is not None
    assert route.decide({"op": "add"}) is Operation.REMOVE
    assert route.read_only_column is None


def test_an_operation_column_that_only_a_soft_delete_lacks_is_not_missing(config: Callable[..., Config]) -> None:
    settings = config(operation_column={"column": "op"})
    removing = plan("email", name="gone", mode="soft_delete")
    assert len(plan_streams([removing], settings)) == 1
    assert len(plan_streams([removing, plan("email", "op")], settings)) == 2
    with raises(Code.OPERATION_COLUMN_UNKNOWN, match='has the operation column "op"'):
        plan_streams([removing, plan("email")], settings)
