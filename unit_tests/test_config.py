from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from destination_pinterest.config import (
    AccessTokenCredentials,
    Config,
    IdentityColumnSetting,
    OAuthCredentials,
    migrate,
    read_config,
    unknown_keys,
)
from destination_pinterest.config.credentials import token_fingerprint
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat
from unit_tests.support.raises import raises

CANARY = "canary-7f3a"


def test_two_settings_are_enough_and_the_rest_has_defaults(raw_config: dict[str, Any]) -> None:
    del raw_config["access_tier"]
    config = read_config(raw_config)
    assert (config.audience_name, config.identity_columns, config.deletes) == ("{stream}", None, "remove")
    assert (config.advertising_id_case, config.operation_column) == (LetterCase.LOWER, None)
    assert (config.access_tier, config.batch_size, config.flush_seconds) == ("auto", 1900, 5)
    assert (config.retry_hours, config.api_base_url) == (1, "https://api.pinterest.com/v5")


def test_no_operation_column_may_be_said_or_left_unsaid(raw_config: dict[str, Any]) -> None:
    for said in ({}, {"operation_column": None}, {"operation_column": {"mode": "none", "column": "from before"}}):
        assert read_config({**raw_config, **said}).operation_column is None


@pytest.mark.parametrize("mode", ["removes_if_set", "adds_if_set"])
def test_an_operation_column_may_be_one_that_is_set_or_not(raw_config: dict[str, Any], mode: str) -> None:
    setting = read_config({**raw_config, "operation_column": {"mode": mode, "column": "deleted_at"}}).operation_column
    assert setting is not None
    assert (setting.mode, setting.column) == (mode, "deleted_at")


def test_an_unknown_mode_of_the_operation_column_is_told_with_those_that_there_are(raw_config: dict[str, Any]) -> None:
    with raises(
        Code.SETTINGS_INVALID, match=r"\(`operation_column.mode`\) must be column or removes_if_set or adds_if_set"
    ):
        read_config({**raw_config, "operation_column": {"mode": "often", "column": "op"}})


def test_an_operation_column_that_was_written_by_hand_needs_no_mode(raw_config: dict[str, Any]) -> None:
    by_hand, by_form = (
        read_config({**raw_config, "operation_column": {"column": "op", **mode}}) for mode in ({}, {"mode": "column"})
    )
    assert by_hand == by_form
    assert by_form.operation_column is not None
    assert by_form.operation_column.column == "op"


def test_both_ways_to_sign_in_are_read(raw_config: dict[str, Any], oauth_config: dict[str, Any]) -> None:
    assert isinstance(read_config(raw_config).credentials, AccessTokenCredentials)
    credentials = read_config(oauth_config).credentials
    assert isinstance(credentials, OAuthCredentials)
    assert (credentials.access_token, credentials.refresh_token_expires_at) == (None, None)


def test_identity_columns_are_read_with_their_formats(raw_config: dict[str, Any]) -> None:
    columns = [{"column": "a", "identifier": "EMAIL"}, {"column": "b", "identifier": "GAID", "format": "sha256"}]
    first, second = read_config({**raw_config, "identity_columns": columns}).identity_columns or ()
    assert first == IdentityColumnSetting(column="a", identifier=Identifier.EMAIL, format=ValueFormat.AUTO)
    assert (second.identifier, second.format) == (Identifier.GAID, ValueFormat.SHA256)


def test_no_identity_columns_are_the_same_as_none_at_all(raw_config: dict[str, Any]) -> None:
    assert read_config({**raw_config, "identity_columns": []}).identity_columns is None


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("ad_account_id", ["1", "549755885175", "9" * 18]),
        ("audience_name", ["{stream}", "VIP", "{namespace}.{stream} {stream}", "ä" * 200]),
        ("api_base_url", [
            "https://api.pinterest.com/v5", "http://127.0.0.1:8700/v5", "http://localhost", "http://[::1]:1/v5",
        ]),
        ("batch_size", [1, 10_000]),
        ("flush_seconds", [0.1, 600]),
        ("retry_hours", [0, 13]),
        ("access_tier", ["auto", "standard", "trial", "none"]),
        ("deletes", ["remove", "keep"]),
        ("advertising_id_case", ["lower", "upper", "as_is"]),
    ],
)  # fmt: skip
def test_good_values_are_taken(raw_config: dict[str, Any], setting: str, values: list[Any]) -> None:
    for value in values:
        assert getattr(read_config({**raw_config, setting: value}), setting) == value


@pytest.mark.parametrize(
    ("setting", "values", "said"),
    [
        ("ad_account_id", ["", "12a", "9" * 19, "1 2", "-1", "١٢", "12\n3"], "(`ad_account_id`) must be up to"),
        ("audience_name", ["{stream", "stream}", "{{stream}}", "{}"], "(`audience_name`): braces have to hold a name"),
        ("audience_name", [""], "(`audience_name`): string should have at least 1 character"),
        ("audience_name", ["a" * 201], "(`audience_name`): string should have at most 200 characters"),
        ("api_base_url", [
            "http://api.pinterest.com/v5", "ftp://x", "", "https://a b", "https://x/v5?q=1", "https://x/#f", "https://api..example.com/v5",
            "http://localhost.evil.example.com", "http://127.0.0.1:80@evil.example.com", " https://x",
            "https://api.pinterest.com@evil.example.com/v5", "https://api.pinterest.com:443@evil.example.com/v5",
            "https://somebody:s3cret@api.pinterest.com/v5", "https://@api.pinterest.com/v5", "https://", "https:///v5",
            "https://evil.example.com\\@api.pinterest.com/v5", "https://api.pinterest.com\\.evil.example.com/v5",
            "https://api.p\u0456nterest.com/v5", "https://api\u3002pinterest.com/v5", "https://api%2epinterest.com/v5",
            "https://api.pinterest.com\t/v5", "https://api.pinterest.com/v5\n", "https://api.pinterest.com:65536/v5",
            "https://api.pinterest.com/v\u0665", "https://api.pinterest.com./v5", "https://-x.example.com/v5",
        ], "(`api_base_url`) must be https://…, or http://… on this machine"),
        ("batch_size", [0, -1], "(`batch_size`): input should be greater than or equal to 1"),
        ("batch_size", [10_001], "(`batch_size`): input should be less than or equal to 10000"),
        ("batch_size", ["many"], "(`batch_size`): input should be a valid integer"),
        ("flush_seconds", [0, -1, 0.09], "(`flush_seconds`): input should be greater than or equal to 0.1"),
        ("flush_seconds", [601], "`flush_seconds`"),
        ("retry_hours", [-1, 13.5], "`retry_hours`"),
        ("access_tier", ["gold"], "(`access_tier`): input should be 'auto', 'standard', 'trial' or 'none'"),
        ("deletes", ["drop"], "(`deletes`): input should be 'remove' or 'keep'"),
        ("advertising_id_case", ["title"], "`advertising_id_case`"),
        ("identity_columns", [[{"column": "", "identifier": "EMAIL"}]], "`identity_columns.0.column`"),
        ("identity_columns", [[{"column": "a", "identifier": "FAX"}]], "`identity_columns.0.identifier`"),
        ("identity_columns", [[{"column": "a", "identifier": "IDFA", "format": "b64"}]], "`identity_columns.0.format`"),
        ("identity_columns", [[{"identifier": "EMAIL"}]], "(`identity_columns.0.column`) is missing"),
        ("operation_column", [{}], "(`operation_column.column`) is missing"),
        ("also_in_ad_accounts", ["777"], "(`also_in_ad_accounts`) must be a list"),
        ("also_in_ad_accounts", [["12a"]], "(`also_in_ad_accounts.0`) must be up to 18 digits"),
        ("consent_column", ["consent", ["consent"]], "(`consent_column`) must be an object with settings of its own"),
        ("consent_column", [{"column": "c", "permits": "granted"}], "(`consent_column.permits`) must be a list"),
        ("pinterest_facts", [7, "{", "[]"], "(`pinterest_facts`): must be the whole text that"),
        ("operation_column", [{"column": "op", "add_values": "x"}], "`operation_column.add_values`"),
    ],
)  # fmt: skip
def test_bad_values_are_refused_with_what_they_must_be(
    raw_config: dict[str, Any], setting: str, values: list[Any], said: str
) -> None:
    for value in values:
        with raises(Code.SETTINGS_INVALID) as caught:
            read_config({**raw_config, setting: value})
        assert said in str(caught.value)
        assert str(caught.value).startswith(f"{Code.SETTINGS_INVALID}: The settings can't be used: ")


OPTIONAL = [name for name, field in Config.model_fields.items() if not field.is_required()]


@pytest.mark.parametrize("setting", OPTIONAL)
def test_null_in_an_optional_setting_means_that_it_is_not_set(raw_config: dict[str, Any], setting: str) -> None:
    raw_config.pop(setting, None)
    assert getattr(read_config({**raw_config, setting: None}), setting) == getattr(read_config(raw_config), setting)


BUCKET = {"s3_bucket_name": "b", "s3_bucket_region": "r", "bucket_path": "p"}
SIGN_IN = {"auth_method": "oauth2.0", "client_id": "1", "client_secret": "2", "refresh_token": "3"}


@pytest.mark.parametrize(
    ("setting", "given", "meant"),
    [
        ("identity_columns", [None], None),
        (
            "identity_columns",
            [{"column": "mail", "identifier": "EMAIL", "format": None}, None, {"column": None, "identifier": None}],
            [{"column": "mail", "identifier": "EMAIL"}],
        ),
        ("operation_column", {"mode": None, "column": None}, None),
        (
            "operation_column",
            {"mode": None, "column": "op", "add_values": None, "remove_values": ["x", None]},
            {"column": "op", "remove_values": ["x"]},
        ),
        ("membership_store", {"store_type": None, "path": None, "store_key": None}, None),
        (
            "membership_store",
            {"store_type": "s3", "store_key": "0123456789abcdef", **BUCKET, "access_key_id": None, "s3_endpoint": None},
            {"store_type": "s3", "store_key": "0123456789abcdef", **BUCKET},
        ),
        ("object_storage_config", {"storage_type": None, "format": {"format_type": None}}, None),
        (
            "object_storage_config",
            {"storage_type": "S3", **BUCKET, "format": {"format_type": None}, "path_format": None},
            {"storage_type": "S3", **BUCKET},
        ),
        ("credentials", {**SIGN_IN, "auth_method": None, "access_token": None}, SIGN_IN),
        (
            "credentials",
            {"auth_method": None, "access_token": "t", "client_secret": "2"},
            {"auth_method": "access_token", "access_token": "t", "client_secret": "2"},
        ),
    ],
)
def test_null_means_not_set_within_objects_and_lists_as_well(
    raw_config: dict[str, Any], setting: str, given: Any, meant: Any
) -> None:
    assert read_config({**raw_config, setting: given}) == read_config({**raw_config, setting: meant})


def test_null_gives_way_to_what_is_written_in_an_older_form() -> None:
    raw = {"ad_account_id": None, "advertiser_id": 7, "credentials": None, "access_token": "t", "refresh_token": None}
    config = read_config(raw)
    assert config.ad_account_id == "7"
    assert isinstance(config.credentials, AccessTokenCredentials)


def test_settings_that_are_nested_too_deep_are_refused(raw_config: dict[str, Any]) -> None:
    nested: Any = 1
    for _ in range(2_000):
        nested = [nested]
    with raises(Code.SETTINGS_INVALID, match="nested more than 100 levels"):
        read_config({**raw_config, "unknown": nested})


@pytest.mark.parametrize(
    ("credentials", "said"),
    [
        (None, "(`credentials`) must be an object"),
        ("token", "(`credentials`) must be an object"),
        ({}, "(`credentials.access_token`) is missing"),
        ({"auth_method": "access_token"}, "used: Sign-in (`credentials.access_token`) is missing"),
        ({"auth_method": "access_token", "access_token": ""}, "(`credentials.access_token`): string should have"),
        ({"auth_method": "oauth2.0", "client_id": "1"}, "(`credentials.client_secret`) is missing; Sign-in (`cred"),
        ({"auth_method": "oauth2.0", "client_id": "1", "client_secret": "2", "refresh_token": "3", "access_token": 5},
         "used: Sign-in (`credentials.access_token`): input should be a valid string"),
        ({"auth_method": CANARY}, "(`credentials.auth_method`) must be oauth2.0 or access_token"),
        ({"auth_method": None}, "(`credentials.auth_method`) must be oauth2.0 or access_token"),
    ],
)  # fmt: skip
def test_bad_sign_ins_are_refused_by_the_name_of_the_setting(
    raw_config: dict[str, Any], credentials: Any, said: str
) -> None:
    with raises(Code.SETTINGS_INVALID) as caught:
        read_config({**raw_config, "credentials": credentials})
    assert said in str(caught.value)
    assert CANARY not in str(caught.value)


def test_settings_that_are_missing_are_named(raw_config: dict[str, Any]) -> None:
    with raises(
        Code.SETTINGS_INVALID, match=r"\(`credentials`\) is missing; Ad account ID \(`ad_account_id`\) is missing"
    ):
        read_config({})


@pytest.mark.parametrize("wrong", [CANARY, [CANARY], {"a": CANARY}, {CANARY: 1}])
def test_no_error_shows_a_value(oauth_config: dict[str, Any], wrong: Any) -> None:
    """Whatever stands where, wrong in type or in content."""
    nested = {
        "credentials": oauth_config["credentials"],
        "identity_columns": {"column": "a", "identifier": "EMAIL"},
        "operation_column": {"column": "op", "add_values": ["x"]},
    }
    tried = [
        {**oauth_config, key: wrong}
        for key in [*oauth_config, "api_base_url", "batch_size", "flush_seconds", "deletes", "audience_name"]
    ]
    tried += [{**oauth_config, "identity_columns": [wrong]}, {**oauth_config, "operation_column": wrong}]
    for outer, content in nested.items():
        for inner in content:
            changed = {**content, inner: wrong}
            tried.append({**oauth_config, outer: [changed] if outer == "identity_columns" else changed})
    refused = [error for raw in tried if (error := refusal(raw)) is not None]
    assert len(refused) >= 8
    for error in refused:
        assert CANARY not in str(error)
        assert error.__context__ is None


def refusal(raw: dict[str, Any]) -> InvalidConfigError | None:
    try:
        read_config(raw)
    except InvalidConfigError as error:
        return error
    return None


def test_a_number_is_an_ad_account_too(raw_config: dict[str, Any]) -> None:
    assert read_config({**raw_config, "ad_account_id": 549755885175}).ad_account_id == "549755885175"
    assert read_config({**raw_config, "ad_account_id": " 549755885175\n"}).ad_account_id == "549755885175"


def test_a_slash_at_the_addresses_end_does_not_matter(raw_config: dict[str, Any]) -> None:
    assert (
        read_config({**raw_config, "api_base_url": "https://x.example.com/v5//"}).api_base_url
        == "https://x.example.com/v5"
    )


def test_a_config_of_api_v4_is_lifted() -> None:
    old = {
        "advertiser_id": 549755885175,
        "client_id": "1",
        "client_secret": "2",
        "refresh_token": "3",
        "start_date": "x",
    }
    assert migrate(old) == {
        "ad_account_id": "549755885175",
        "credentials": {"auth_method": "oauth2.0", "client_id": "1", "client_secret": "2", "refresh_token": "3"},
        "start_date": "x",
    }
    assert read_config(old).ad_account_id == "549755885175"


def test_a_flat_token_is_lifted() -> None:
    lifted = migrate({"ad_account_id": "1", "access_token": "t"})
    assert lifted["credentials"] == {"auth_method": "access_token", "access_token": "t"}


def test_credentials_without_a_method_get_the_one_that_they_are() -> None:
    assert migrate({"credentials": {"refresh_token": "r"}})["credentials"]["auth_method"] == "oauth2.0"
    assert migrate({"credentials": {"access_token": "t"}})["credentials"]["auth_method"] == "access_token"


def test_todays_names_go_before_old_ones() -> None:
    both = {"ad_account_id": "1", "advertiser_id": "2", "credentials": {"auth_method": "x"}, "access_token": "flat"}
    assert migrate(both) == both


def test_lifting_changes_nothing_in_place_and_nothing_twice(oauth_config: dict[str, Any]) -> None:
    for raw in ({"advertiser_id": 7, "access_token": "t"}, oauth_config, {"credentials": {"access_token": "t"}}, {}):
        before = copy.deepcopy(raw)
        lifted = migrate(raw)
        assert raw == before
        assert migrate(lifted) == lifted


def test_keys_that_are_not_known_are_named_and_left_alone(raw_config: dict[str, Any]) -> None:
    raw_config |= {
        "__platform": {"a": 1},
        "identity_columns": [{"column": "a", "identifier": "EMAIL", "note": "x"}],
        "operation_column": {"column": "op", "hint": "x"},
        "zebra": None,
    }
    raw_config["credentials"]["granted_by"] = "jane"
    assert unknown_keys(read_config(raw_config)) == [
        "__platform", "credentials.granted_by", "identity_columns.note", "operation_column.hint", "zebra",
    ]  # fmt: skip


def test_a_config_of_known_keys_has_no_others(oauth_config: dict[str, Any]) -> None:
    assert unknown_keys(read_config(oauth_config)) == []


@pytest.mark.parametrize(
    ("access_token", "refresh_token", "left"),
    [
        ("kept", "kept", ("kept", 1, 2)),
        ("new", "new", ("new", None, None)),
        ("new", "kept", ("new", None, 2)),
        ("kept", "new", (None, None, None)),
        (None, "kept", (None, None, 2)),
        (None, "new", (None, None, None)),
    ],
)
def test_what_is_kept_of_an_earlier_sign_in_counts_only_for_the_tokens_that_it_is_true_of(
    access_token: str | None, refresh_token: str, left: tuple[str | None, int | None, int | None]
) -> None:
    credentials = OAuthCredentials(
        client_id="1",
        client_secret="s",
        access_token=access_token,
        refresh_token=refresh_token,
        access_token_expires_at=1,
        refresh_token_expires_at=2,
        access_token_mark=token_fingerprint("kept"),
        refresh_token_mark=token_fingerprint("kept"),
    ).without_leftovers()
    times = (credentials.access_token_expires_at, credentials.refresh_token_expires_at)
    assert (credentials.access_token, *times) == left
    assert credentials.refresh_token == refresh_token


def test_times_without_a_mark_are_not_known_to_be_true_of_any_token() -> None:
    credentials = OAuthCredentials(
        client_id="1", client_secret="s", access_token="a", refresh_token="r", access_token_expires_at=1
    ).without_leftovers()
    assert (credentials.access_token, credentials.access_token_expires_at) == ("a", None)


def test_a_mark_tells_tokens_apart_and_holds_none() -> None:
    tokens = ["pina_1", "pina_2", "", "p\udc80"]
    marks = {token_fingerprint(token) for token in tokens}
    assert len(marks) == len(tokens)
    assert all(len(mark) == 16 and "pina" not in mark for mark in marks)


def test_a_consent_column_is_written_by_hand_or_by_the_form(raw_config: dict[str, Any]) -> None:
    by_hand = read_config({**raw_config, "consent_column": {"column": "consent", "permits": ["ads"]}}).consent_column
    assert by_hand is not None
    assert (by_hand.column, by_hand.permits) == ("consent", ("ads",))
    for nothing in (None, {"consent": "none"}, {"consent": "none", "column": None}):
        assert read_config({**raw_config, "consent_column": nothing}).consent_column is None
    with raises(Code.SETTINGS_INVALID, match="consent_column"):
        read_config({**raw_config, "consent_column": {"permits": ["ads"]}})


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"audience_column": " "}, "audience_column"),
        ({"ad_account_column": "\t"}, "ad_account_column"),
        ({"consent_column": {"column": "  "}}, "consent_column.column"),
        ({"operation_column": {"column": " "}}, "operation_column.column"),
        ({"identity_columns": [{"column": " ", "identifier": "EMAIL"}]}, "identity_columns.0.column"),
    ],
)
def test_a_blank_column_is_refused_before_a_sync_looks_for_it(
    raw_config: dict[str, Any], settings: dict[str, Any], place: str
) -> None:
    with raises(Code.SETTINGS_INVALID, match=rf"`{re.escape(place)}`\): the column's name is blank"):
        read_config({**raw_config, **settings})
