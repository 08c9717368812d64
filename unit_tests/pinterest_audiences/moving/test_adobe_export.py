from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pinterest_audiences.moving.adobe_export import account_in, moment_of, read_export
from pinterest_audiences.moving.export import Export
from unit_tests.pinterest_audiences.moving.exports import old_flow

ACCOUNT = "549755885175"


def segment(name: str | None, **more: Any) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    return {"type": "PLATFORM_SEGMENT", "value": {"id": "9f7d37fd-7039-4454-94ef-2b0cd6c3206a", **named, **more}}


def mapped(path: str) -> dict[str, Any]:
    return {"type": "JSON_PATH", "value": {"path": path, "operator": "EXISTS", "mapping": {"source": path}}}


def flow(*segments: dict[str, Any], paths: tuple[str, ...] = ("Email",), **more: Any) -> dict[str, Any]:
    params = {
        "profileSelectors": {"selectors": [mapped(path) for path in paths]},
        "segmentSelectors": {"selectors": list(segments)},
    }
    return {
        "id": "226fb2e1-db69-4760-b67e-9e671e05abfc",
        "flowSpec": {"id": "71471eba-b620-49e4-90fd-23f1fa0174d8", "version": "1.0"},
        "state": "enabled",
        "targetConnectionIds": ["target"],
        "inheritedAttributes": {"targetConnections": [{"id": "target", "connectionSpec": {"id": "spec"}}]},
        "transformations": [{"name": "GeneralTransform", "params": params}],
        **more,
    }


def target(key: str = "advertiserId", **more: Any) -> dict[str, Any]:
    return {"id": "target", "connectionSpec": {"id": "spec"}, "params": {key: ACCOUNT}, "auth": {"token": "t"}, **more}


def read(*documents: Any, account: str | None = None) -> Export:
    return read_export(documents, account)


def left_out(export: Export) -> dict[str, int]:
    return {each.what: each.count for each in export.left_out}


@pytest.mark.parametrize(
    "documents",
    [
        ({"items": [flow(segment("VIP"))]}, {"items": [target()]}),
        ([flow(segment("VIP")), target()],),
        ({"flow": flow(segment("VIP")), "targetConnection": target()},),
        ({**flow(segment("VIP")), "params": {"advertiserId": ACCOUNT}},),
        ({"result": {"flows": {"items": [flow(segment("VIP"))]}, "connections": [target("adAccountId")]}},),
        (flow(segment("VIP"), inheritedAttributes={"targetConnections": [target("ad_account_id")]}),),
        ({"advertiser_id": int(ACCOUNT), "audiences": ["VIP"], "mappings": ["Email"]},),
        (
            {
                "advertiser": {"id": "549755885175"},
                "segments": [{"name": "VIP"}],
                "mapping": {"Email": "pinterest_audience"},
            },
        ),
        (
            {
                "destination": {"advertiserId": ACCOUNT},
                "audiences": [{"title": "VIP"}],
                "mappings": [{"source": "identityMap.Email[0].id", "destination": "pinterest_audience"}],
            },
        ),
    ],
)
def test_an_export_is_read_in_every_form_that_somebody_may_have_saved(documents: tuple[Any, ...]) -> None:
    (audience,) = read(*documents).audiences

    assert (audience.name, audience.ad_account_id, audience.namespaces) == ("VIP", ACCOUNT, ("Email",))


def test_an_id_of_pinterest_is_kept_and_that_of_the_segment_stands_beside_it() -> None:
    export = read(flow(segment("VIP", mappingId="2680059592705")), target())
    (audience,) = export.audiences

    assert audience.audience_id == "2680059592705"
    assert audience.foreign_id == "9f7d37fd-7039-4454-94ef-2b0cd6c3206a"


def test_a_plain_audience_has_its_size_its_last_update_and_mappings_of_its_own() -> None:
    plain = {
        "advertiser_id": ACCOUNT,
        "audiences": [
            {"id": 2680059592705, "name": "VIP", "size": "12,000", "last_update": 1700000000, "mappings": ["GAID"]}
        ],
        "mappings": ["Email"],
    }

    (audience,) = read(plain).audiences

    assert audience.audience_id == "2680059592705"
    assert audience.size == 12_000
    assert audience.updated == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert audience.namespaces == ("GAID",)


def test_a_disabled_dataflow_leaves_its_audiences_disabled() -> None:
    (audience,) = read(flow(segment("VIP"), state="disabled"), target()).audiences

    assert not audience.is_enabled


def test_a_dataflow_of_another_destination_is_left_out_and_counted() -> None:
    other = flow(segment("Mail"), targetConnectionIds=["elsewhere"], inheritedAttributes={})

    export = read([flow(segment("VIP")), other, target()])

    assert [each.name for each in export.audiences] == ["VIP"]
    assert left_out(export)["dataflow without an advertiser ID"] == 1


def test_where_no_dataflow_names_an_account_the_given_one_is_meant() -> None:
    (audience,) = read(flow(segment("VIP")), account=ACCOUNT).audiences

    assert audience.ad_account_id == "549755885175"


def test_two_accounts_in_one_export_keep_their_audiences_apart() -> None:
    second = {**target(), "id": "second", "params": {"advertiserId": "549755885176"}}

    export = read([flow(segment("VIP")), flow(segment("VIP"), targetConnectionIds=["second"]), target(), second])

    assert [each.ad_account_id for each in export.audiences] == [ACCOUNT, "549755885176"]


def test_what_is_twice_unnamed_unreadable_or_unknown_is_counted() -> None:
    segments = [segment("VIP"), segment("VIP"), segment(None), {"value": 3.5}, segment("New", exportMode="DAILY")]

    export = read(flow(*segments), target())

    assert [each.name for each in export.audiences] == ["VIP", "New"]
    assert left_out(export) == {
        "audience that is there twice": 1,
        "audience without a name": 1,
        "entry among the audiences": 1,
        "the audiences' exportMode": 1,
    }


def test_mappings_that_are_kept_apart_are_found_by_their_id_or_missed_aloud() -> None:
    params = {"mappingId": "m1", "segmentSelectors": {"selectors": [segment("VIP")]}}
    apart = flow(transformations=[{"name": "Mapping", "params": params}])
    mappings = {"id": "m1", "mappings": [{"source": "identityMap.IDFA", "destination": "pinterest_audience"}]}

    assert read(apart, target(), mappings).audiences[0].namespaces == ("IDFA",)
    assert left_out(read(apart, target()))["mapping set that is not in the export"] == 1


def test_membership_is_no_identity() -> None:
    (audience,) = read(flow(segment("VIP"), paths=("GAID", "segmentMembership.status")), target()).audiences

    assert audience.namespaces == ("GAID",)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("1700000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1700000000000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("2023-11-14T22:13:20Z", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("2023-11-14", datetime(2023, 11, 14, tzinfo=UTC)),
        ("yesterday", None),
        (True, None),
        (10**30, None),
    ],
)
def test_a_moment_is_read_however_it_is_written(written: Any, moment: datetime | None) -> None:
    assert moment_of(written) == moment


@pytest.mark.parametrize("named", [None, 7, "t", {"a": None}, [None, "t", 7]])
def test_connections_of_another_form_are_passed_over(named: Any) -> None:
    flow = old_flow({"name": "VIP"}, inheritedAttributes={"targetConnections": named})
    assert [each.ad_account_id for each in read_export([flow], None).audiences] == [ACCOUNT]


def test_connections_under_names_are_found_too() -> None:
    inherited = {"targetConnections": {"a": {"id": "t", "params": {"advertiserId": "7"}}}}
    flow = old_flow({"name": "VIP"}, inheritedAttributes=inherited)["items"][0]
    assert [each.ad_account_id for each in read_export([flow], None).audiences] == ["7"]


def test_only_digits_are_taken_for_an_account() -> None:
    hostile = {"advertiser": {"id": '1"\n    settings: {api_base_url: "https://example.com"}\n    # '}}
    assert account_in(hostile) is None
    assert account_in({"advertiser": {"id": "549755885175"}}) == "549755885175"
