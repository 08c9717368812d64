from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from airbyte_cdk.models import ConnectorSpecificationSerializer

from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.specification import SCOPES, connector_specification
from unit_tests.support.raises import raises


@pytest.fixture
def form() -> dict[str, Any]:
    schema: dict[str, Any] = connector_specification()["connectionSpecification"]
    jsonschema.Draft7Validator.check_schema(schema)
    return schema


@pytest.fixture
def sign_in() -> dict[str, Any]:
    specification: dict[str, Any] = connector_specification()["advanced_auth"]["oauth_config_specification"]
    return specification


def every_setting(form: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = list(form["properties"].items())
    for setting in form["properties"].values():
        for option in [*setting.get("oneOf", []), setting, setting.get("items", {})]:
            found += option.get("properties", {}).items()
    return found


def test_the_cdk_can_read_it() -> None:
    loaded = ConnectorSpecificationSerializer.load(connector_specification())
    modes = [mode.value for mode in loaded.supported_destination_sync_modes or []]
    assert modes == ["append", "append_dedup", "overwrite"]


def test_every_setting_has_a_title_a_description_and_its_place(form: dict[str, Any]) -> None:
    for name, setting in every_setting(form):
        assert setting.get("title"), name
        assert setting.get("description") or "const" in setting, name
        assert isinstance(setting.get("order"), int), name
        assert ("pattern" in setting) == ("pattern_descriptor" in setting), name


def test_orders_are_different_within_a_group_and_every_group_is_declared(form: dict[str, Any]) -> None:
    places = [(setting["group"], setting["order"]) for setting in form["properties"].values()]
    assert len(set(places)) == len(places)
    assert {group for group, _ in places} == {group["id"] for group in form["groups"]}


def test_nothing_is_by_reference_and_no_setting_is_required_that_has_a_default(form: dict[str, Any]) -> None:
    assert "$ref" not in str(form)
    assert "$defs" not in form
    assert "anyOf" not in str(form)
    assert form["required"] == ["credentials", "ad_account_id"]


def test_sign_ins_are_told_apart_by_one_required_constant(form: dict[str, Any]) -> None:
    credentials = form["properties"]["credentials"]
    constants = []
    for option in credentials["oneOf"]:
        assert option["required"][0] == "auth_method"
        constants.append(option["properties"]["auth_method"]["const"])
    assert constants == ["oauth2.0", "access_token"]
    assert credentials["type"] == "object"


def test_every_token_and_secret_is_marked_as_one(form: dict[str, Any]) -> None:
    marked = {name for name, setting in every_setting(form) if setting.get("airbyte_secret")}
    sign_in = {"client_id", "client_secret", "refresh_token", "access_token"}
    assert marked == {*sign_in, "access_key_id", "secret_access_key", "store_key", "notify_url", "shared_quota"}


def test_the_form_and_the_connector_take_and_refuse_the_same(
    form: dict[str, Any], raw_config: dict[str, Any], oauth_config: dict[str, Any]
) -> None:
    good = [
        raw_config,
        oauth_config,
        {**raw_config, "platform_key": {"any": 1}},
        {**raw_config, "identity_columns": [{"column": "a", "identifier": "EMAIL", "format": "md5", "more": 1}]},
        {**raw_config, "operation_column": {"mode": "column", "column": "op"}, "deletes": "keep", "retry_hours": 0},
        {**raw_config, "operation_column": {"mode": "none"}, "batch_size": 10_000},
        {**raw_config, "api_base_url": "http://127.0.0.1:8700/v5", "audience_name": "{namespace} {stream}!"},
    ]
    bad = [
        {},
        {**raw_config, "ad_account_id": "12a"},
        {**raw_config, "ad_account_id": "1" * 19},
        {**raw_config, "audience_name": ""},
        {**raw_config, "batch_size": 0},
        {**raw_config, "batch_size": 10_001},
        {**raw_config, "flush_seconds": 0},
        {**raw_config, "retry_hours": 14},
        {**raw_config, "access_tier": "gold"},
        {**raw_config, "api_base_url": "http://api.example.com/v5"},
        {**raw_config, "identity_columns": [{"column": "a", "identifier": "FAX"}]},
        {**raw_config, "operation_column": {}},
        {**raw_config, "operation_column": {"mode": "column"}},
        {**raw_config, "operation_column": {"mode": "often", "column": "op"}},
        {**raw_config, "credentials": {"auth_method": "access_token"}},
        {**raw_config, "credentials": {"auth_method": "oauth2.0", "client_id": "1"}},
    ]
    for config in good:
        jsonschema.validate(config, form)
        read_config(config)
    for config in bad:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(config, form)
        with raises(Code.SETTINGS_INVALID):
            read_config(config)


def test_examples_and_defaults_are_such_as_the_form_takes(form: dict[str, Any]) -> None:
    for name, setting in every_setting(form):
        for value in [*setting.get("examples", []), *([setting["default"]] if "default" in setting else [])]:
            jsonschema.validate(value, setting, cls=jsonschema.Draft7Validator)
            assert name


def test_the_sign_in_asks_for_every_scope_and_speaks_to_pinterest_alone(sign_in: dict[str, Any]) -> None:
    asks = sign_in["oauth_connector_input_specification"]
    assert asks["scope"] == ",".join(SCOPES) == "ads:read,ads:write,user_accounts:read"
    assert urlsplit(asks["consent_url"]).hostname == "www.pinterest.com"
    assert asks["access_token_url"] == "https://api.pinterest.com/v5/oauth/token"
    for wanted in ("client_id_param", "redirect_uri_param", "scope_param", "state_param"):
        assert f"{{{{{wanted}}}}}" in asks["consent_url"]
    assert asks["access_token_headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    assert asks["access_token_params"]["grant_type"] == "authorization_code"


def test_what_the_sign_in_brings_goes_where_the_config_keeps_it(form: dict[str, Any], sign_in: dict[str, Any]) -> None:
    assert connector_specification()["advanced_auth"]["predicate_key"] == ["credentials", "auth_method"]
    (oauth,) = [
        option
        for option in form["properties"]["credentials"]["oneOf"]
        if option["properties"]["auth_method"]["const"] == connector_specification()["advanced_auth"]["predicate_value"]
    ]
    brought = {
        **sign_in["complete_oauth_output_specification"]["properties"],
        **sign_in["complete_oauth_server_output_specification"]["properties"],
    }
    assert set(brought) == {"refresh_token", "access_token", "client_id", "client_secret"}
    for name, content in brought.items():
        assert content["path_in_connector_config"] == ["credentials", name]
        assert name in oauth["properties"]
    extracted = sign_in["oauth_connector_input_specification"]["extract_output"]
    assert set(extracted) == set(sign_in["complete_oauth_output_specification"]["properties"])


def test_the_sign_in_brings_an_access_token_so_that_the_first_check_spends_no_refresh(sign_in: dict[str, Any]) -> None:
    output = sign_in["complete_oauth_output_specification"]
    assert set(output["required"]) == set(output["properties"]) == {"refresh_token", "access_token"}
    for name, content in output["properties"].items():
        assert content["path_in_oauth_response"] == [name]
        # The platform hands everything on as text; a time would be none that the form takes.
        assert content["type"] == "string"
