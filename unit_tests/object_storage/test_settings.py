"""`object_storage_config`: other connectors' settings are taken as they are, faults are named without values."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from destination_pinterest.config import S3ObjectStorage, connection_specification, read_config
from destination_pinterest.error_codes import Code
from unit_tests.support.raises import raises

REQUIRED = {"storage_type": "S3", "s3_bucket_name": "shop", "s3_bucket_region": "eu-central-1", "bucket_path": "rows"}
# As airbytehq/airbyte's destination-customer-io is configured (its expected-spec-oss.json, read 2026-11-22).
OF_ANOTHER_CONNECTOR = {
    **REQUIRED,
    "access_key_id": "A012345678910EXAMPLE",
    "secret_access_key": "a012345678910ABCDEFGH/AbCdEfGhEXAMPLEKEY",
    "s3_endpoint": "http://localhost:9000",
    "format": {"format_type": "JSONL", "flattening": "No flattening"},
    "path_format": "{sync_id}/{namespace}/{stream_name}/",
    "file_name_format": "{date}_{timestamp}_{part_number}{format_extension}",
}
WORDS = "must be text with {sync_id}"


def read(raw_config: dict[str, Any], storage: dict[str, Any]) -> S3ObjectStorage | None:
    return read_config({**raw_config, "object_storage_config": storage}).object_storage_config


def option() -> dict[str, Any]:
    options = connection_specification()["properties"]["object_storage_config"]["oneOf"]
    found: dict[str, Any] = next(each for each in options if each["title"] == "S3")
    return found


def test_four_settings_are_enough_and_the_rest_has_the_other_connectors_defaults(raw_config: dict[str, Any]) -> None:
    storage = read(raw_config, REQUIRED)
    assert storage is not None
    assert storage.path_format == "{sync_id}/{namespace}/{stream_name}/"
    assert storage.file_name_format == "{date}_{timestamp}_{part_number}{format_extension}"
    assert (storage.format.format_type, storage.include_values, storage.s3_endpoint) == ("JSONL", False, None)
    assert set(option()["required"]) == set(REQUIRED)


@pytest.mark.parametrize("storage", [None, {"storage_type": "None"}])
def test_no_storage_is_none(raw_config: dict[str, Any], storage: Any) -> None:
    assert read(raw_config, storage) is None


def test_another_connectors_settings_are_taken_as_they_are(raw_config: dict[str, Any]) -> None:
    jsonschema.validate(OF_ANOTHER_CONNECTOR, option(), cls=jsonschema.Draft7Validator)
    storage = read(raw_config, OF_ANOTHER_CONNECTOR)
    assert storage is not None
    assert storage.s3_endpoint == "http://localhost:9000"


@pytest.mark.parametrize("endpoint", ["", None, "https://minio.example.com", "http://127.0.0.1:9000", "http://[::1]"])
def test_an_endpoint_is_secure_or_on_this_machine(raw_config: dict[str, Any], endpoint: str | None) -> None:
    storage = read(raw_config, {**REQUIRED, "s3_endpoint": endpoint})
    assert storage is not None
    assert storage.s3_endpoint == (endpoint or None)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"s3_endpoint": "http://canary.example.com"}, "s3_endpoint`): must be https://…, or http://… on this machine"),
        ({"s3_endpoint": "canary"}, "s3_endpoint`): must be https://…"),
        ({"access_key_id": "canary"}, "an access key ID and its secret access key go together"),
        ({"secret_access_key": "canary"}, "an access key ID and its secret access key go together"),
        ({"format": {"format_type": "CSV"}}, "format.format_type`): input should be 'JSONL'"),
        ({"path_format": "{canary}/"}, f"path_format`): {WORDS}"),
        ({"path_format": "canary}"}, f"path_format`): {WORDS}"),
        ({"file_name_format": "{part_number}"}, "{timestamp} and {part_number} have to be among them"),
        ({"file_name_format": "{timestamp}"}, "{timestamp} and {part_number} have to be among them"),
        ({"file_name_format": "{timestamp}{part_number}{canary}"}, f"file_name_format`): {WORDS}"),
        ({"s3_bucket_name": ""}, "s3_bucket_name`"),
        ({"storage_type": "canary"}, "storage_type`): input should be 'S3'"),
    ],
)
def test_what_is_wrong_is_named_without_its_value(
    raw_config: dict[str, Any], changes: dict[str, Any], says: str
) -> None:
    with raises(Code.SETTINGS_INVALID) as caught:
        read(raw_config, {**REQUIRED, **changes})
    assert "`object_storage_config" in str(caught.value)
    assert says in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", ["{part_number}-{timestamp}", "x{timestamp}{date}{part_number}.jsonl"])
def test_a_file_name_may_have_its_words_in_any_order(raw_config: dict[str, Any], name: str) -> None:
    storage = read(raw_config, {**REQUIRED, "file_name_format": name})
    assert storage is not None
    jsonschema.validate({**REQUIRED, "file_name_format": name}, option(), cls=jsonschema.Draft7Validator)


@pytest.mark.parametrize("key", ["s3_endpoint", "path_format", "file_name_format"])
def test_the_form_knows_the_rules_too(key: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**REQUIRED, key: "{canary}"}, option(), cls=jsonschema.Draft7Validator)
    assert option()["properties"][key]["pattern_descriptor"]
