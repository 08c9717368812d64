"""Config files of earlier releases keep working: each value that their specs offer is read as it was, and kept.

What the CDK's check compares are schemas (test_spec_contract.py); here it is what the connector does with the files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from packaging.version import Version

from destination_pinterest.api.auth import TokenSet
from destination_pinterest.config import connection_specification, read_config, unknown_keys
from destination_pinterest.session import with_tokens

ROOT = Path(__file__).parents[2]
RELEASED = sorted((ROOT / "source_spec" / "released").iterdir(), key=lambda folder: Version(folder.name))
# What a person types where a spec has neither a default nor an example.
TYPED = {
    "access_key_id": "AKIA", "access_token": "pina_old", "auth_method": "access_token", "client_id": "1234567",
    "client_secret": "app-secret", "refresh_token": "pinr_old", "s3_bucket_name": "shop", "secret_access_key": "secret",
    "store_key": "0123456789abcdef", "access_token_mark": "0", "refresh_token_mark": "0",
}  # fmt: skip


def schema_of(release: Path) -> Mapping[str, Any]:
    spec = json.loads((release / "connector_spec.json").read_text())
    found: Mapping[str, Any] = spec["connectionSpecification"]
    return found


def values(key: str, schema: Mapping[str, Any]) -> Iterator[Any]:
    """What a person may have chosen in this field."""
    if "oneOf" in schema:
        for option in schema["oneOf"]:
            yield filled(option, required_only=True)
            yield filled(option, required_only=False)
    elif "const" in schema:
        yield schema["const"]
    elif schema.get("type") == "object":
        yield filled(schema, required_only=False)
    elif schema.get("type") == "array":
        yield [value for value in values(key, schema["items"]) if value is not None]
    else:
        offered = [*schema.get("enum", ()), *schema.get("examples", ())]
        bounds = [schema[bound] for bound in ("default", "minimum", "maximum") if bound in schema]
        yield from [*offered, *bounds, *([True, False] if schema.get("type") == "boolean" else [])] or typed(
            key, schema
        )


def typed(key: str, schema: Mapping[str, Any]) -> list[Any]:
    return [1_795_000_000] if schema.get("type") in {"integer", "number"} else [TYPED.get(key, "text")]


def filled(schema: Mapping[str, Any], *, required_only: bool) -> dict[str, Any]:
    required = schema.get("required", ())
    return {
        key: next(values(key, field))
        for key, field in schema["properties"].items()
        if key in required or not required_only
    }


def configs(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    least = {
        "credentials": {"auth_method": "access_token", "access_token": "pina_old"}, "ad_account_id": "549755885175",
    }  # fmt: skip
    yield {**least, **{key: field["default"] for key, field in schema["properties"].items() if "default" in field}}
    for key, field in schema["properties"].items():
        for value in values(key, field):
            yield {**least, key: value}


CASES = [(release, config) for release in RELEASED for config in configs(schema_of(release))]


def test_there_are_old_configs_of_every_setting() -> None:
    for release in RELEASED:
        keys = {key for known, config in CASES if known == release for key in config}
        assert keys == set(schema_of(release)["properties"])


@pytest.mark.parametrize(("release", "config"), CASES, ids=lambda value: value.name if isinstance(value, Path) else "")
def test_a_config_of_an_earlier_release_is_taken_by_the_form_and_read_as_it_was_meant(
    release: Path, config: dict[str, Any]
) -> None:
    jsonschema.validate(config, schema_of(release), cls=jsonschema.Draft7Validator)
    jsonschema.validate(config, connection_specification(), cls=jsonschema.Draft7Validator)
    read = read_config(config)
    assert unknown_keys(read) == []
    for key, value in config.items():
        if isinstance(value, str | int | float | bool):
            assert getattr(read, key) == value, key


@pytest.mark.parametrize("release", RELEASED, ids=lambda folder: folder.name)
def test_what_is_written_back_is_the_old_config_with_the_new_tokens_and_nothing_else(release: Path) -> None:
    defaults = {key: field["default"] for key, field in schema_of(release)["properties"].items() if "default" in field}
    credentials = {
        "auth_method": "oauth2.0", "client_id": "1", "client_secret": "2", "refresh_token": "pinr_old", "of_old": 1,
    }  # fmt: skip
    old = {**defaults, "credentials": credentials, "ad_account_id": "549755885175", "of_the_platform": {"any": 1}}
    written = with_tokens(old, TokenSet("pina_new", 1_795_000_000.0, "pinr_new", 1_799_000_000.0))
    changed = written.pop("credentials")
    assert written == {key: value for key, value in old.items() if key != "credentials"}
    assert {key: changed[key] for key in ("auth_method", "client_id", "client_secret", "of_old")} == {
        key: credentials[key] for key in ("auth_method", "client_id", "client_secret", "of_old")
    }
    assert (changed["refresh_token"], changed["access_token"]) == ("pinr_new", "pina_new")


@pytest.mark.parametrize("release", RELEASED, ids=lambda folder: folder.name)
def test_a_default_that_an_old_form_wrote_is_kept_although_there_is_another_one_now(release: Path) -> None:
    """A form writes its defaults down, so a new default is for new connections alone."""
    defaults = {key: field["default"] for key, field in schema_of(release)["properties"].items() if "default" in field}
    read = read_config({**defaults, "credentials": {"access_token": "t"}, "ad_account_id": "1"})
    assert read.access_tier == defaults["access_tier"] == "standard"
