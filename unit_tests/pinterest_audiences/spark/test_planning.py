from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from destination_pinterest.vocabulary import Identifier
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.failures import UsageError
from pinterest_audiences.spark.planning import OPERATION_COLUMN, FedKinds, Mode, SparkPlan, planned

TOKEN = {"auth_method": "access_token", "access_token": "pina_secret"}


def plan(tmp_path: Path, *columns: str, kept: Mode = "append", audience: str = "VIP", **settings: Any) -> SparkPlan:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"credentials": TOKEN, "ad_account_id": "549755885175"}))
    path.chmod(0o600)
    return planned(columns, audience, kept, ConfigFile(str(path), {}), settings=settings)


def test_columns_are_recognised_and_fed_as_digests(tmp_path: Path) -> None:
    found = plan(tmp_path, "id", "email", "gaid", "name")

    assert [each.identifier for each in found.identities] == [Identifier.EMAIL, Identifier.GAID]
    assert found.columns == ("email", "gaid")
    assert found.settings == {
        "audience_name": "VIP",
        "identity_columns": [
            {"column": "email", "identifier": "EMAIL", "format": "sha256"},
            {"column": "gaid", "identifier": "GAID", "format": "sha256"},
        ],
    }
    assert set(found.stream.properties) == {"email", "gaid"}


def test_what_goes_to_the_executors_holds_no_secret(tmp_path: Path) -> None:
    assert "pina_secret" not in repr(plan(tmp_path, "email").mapping)


@pytest.mark.parametrize(("mode", "written"), [("append", "append"), ("replace", "overwrite"), ("mirror", "append")])
def test_the_connector_is_told_how_the_audience_is_kept(tmp_path: Path, mode: Mode, written: str) -> None:
    (stream,) = plan(tmp_path, "email", kept=mode).stream.catalog()["streams"]

    assert stream["destination_sync_mode"] == written
    assert set(stream["stream"]["json_schema"]["properties"]) == {"email"}


def test_a_difference_is_fed_as_an_increment_with_a_column_for_each_kind(tmp_path: Path) -> None:
    fed = FedKinds(("EMAIL/md5", "EMAIL/sha256"))
    found = fed.plan(plan(tmp_path, "email", kept="mirror"))

    assert fed.columns == ("email_md5", "email_sha256", OPERATION_COLUMN)
    (stream,) = found.stream.catalog()["streams"]
    assert (stream["sync_mode"], stream["destination_sync_mode"]) == ("incremental", "append")
    assert found.settings["identity_columns"] == [
        {"column": "email_md5", "identifier": "EMAIL", "format": "md5"},
        {"column": "email_sha256", "identifier": "EMAIL", "format": "sha256"},
    ]
    assert found.settings["operation_column"] == {"mode": "column", "column": OPERATION_COLUMN}


@pytest.mark.parametrize(
    ("columns", "settings"),
    [
        (("email", "_ab_cdc_deleted_at"), {}),
        (("email", "op"), {"operation_column": {"mode": "column", "column": "op"}}),
        (("email", "ok"), {"consent_column": {"column": "ok", "permits": ["yes"]}}),
        (("email", "segment"), {"audience": "{segment}", "audience_column": "segment"}),
        (("email", "account"), {"ad_account_column": "account"}),
    ],
)
def test_rows_that_say_more_than_whom_they_identify_are_refused(
    tmp_path: Path, columns: tuple[str, ...], settings: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match=f"Column {columns[1]}") as raised:
        plan(tmp_path, *columns, **settings)

    assert raised.value.code is Code.SPARK_NOT_CARRIED


def test_people_are_not_forgotten_by_digests_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="pinterest-audiences forget") as raised:
        plan(tmp_path, "email", mode="remove", remove_from="everywhere")

    assert raised.value.code is Code.SPARK_NOT_CARRIED


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "additive"},
        {"deletes": "keep"},
        {"membership_store": {"store_type": "local", "path": "/store", "store_key": "k" * 32}},
        {"identity_columns": [{"column": "email", "identifier": "EXTERNAL_ID"}]},
    ],
)
def test_a_mirror_is_refused_where_settings_contradict_it(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as raised:
        plan(tmp_path, "email", kept="mirror", **settings)

    assert raised.value.code is Code.SPARK_NOT_CARRIED


def test_the_audience_is_known_by_its_name_and_all_its_ad_accounts(tmp_path: Path) -> None:
    found = plan(tmp_path, "email", audience="{stream} of ours", also_in_ad_accounts=["549755885176"])

    assert found.audience == "dataframe of ours"
    assert found.ad_accounts == "549755885175, 549755885176"


def test_a_batch_of_a_stream_is_an_increment(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"credentials": TOKEN, "ad_account_id": "549755885175"}))
    config = ConfigFile(str(path), {})

    whole = planned(["email"], "VIP", "append", config, settings={})
    increment = planned(["email"], "VIP", "append", config, settings={}, is_increment=True)

    assert (whole.is_whole, increment.is_whole) == (True, False)
    assert increment.stream.catalog()["streams"][0]["sync_mode"] == "incremental"


def test_a_dataframe_without_people_is_refused_as_a_table_is(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError) as raised:
        plan(tmp_path, "name")

    assert raised.value.code is Code.NO_IDENTITY_COLUMN_RECOGNISED
