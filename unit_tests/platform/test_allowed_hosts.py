"""Every host that a setting names may be reached: metadata.yaml has its template, and the platform fills it in.

Source: airbytehq/airbyte-platform, ConfigReplacer.getAllowedHosts and its test (read 2026-11-27): `${a.b}` stands for
that value of the config, of which only the host is taken; an entry whose value is missing is left out. boto3 reaches
s3.<region>.amazonaws.com or <bucket>.s3.<region>.amazonaws.com, and sts.<region>.amazonaws.com for a role.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from destination_pinterest.specification import connector_specification

ROOT = Path(__file__).parents[2]
HOSTS: list[str] = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]["allowedHosts"]["hosts"]
SCHEMA: Mapping[str, Any] = connector_specification()["connectionSpecification"]
_TEMPLATE = re.compile(r"\$\{([\w.]+)\}")
_NAMES_A_HOST = re.compile(r"(?:^|_)(?:endpoint|url|uri|host|address|broker|server)s?$")


def leaves(schema: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for option in (schema, *schema.get("oneOf", ())):
        for key, field in option.get("properties", {}).items():
            yield prefix + key, field
            yield from leaves(field, f"{prefix}{key}.")


def resolved(config: Mapping[str, Any]) -> list[str]:
    def value(found: re.Match[str]) -> str:
        given: Any = config
        for key in found[1].split("."):
            given = given.get(key) if isinstance(given, Mapping) else None
        if not given:
            return found[0]
        return (urlsplit(given).hostname if "://" in given else given.split("/")[0]) or found[0]

    filled = (_TEMPLATE.sub(value, host) for host in HOSTS)
    return [host for host in filled if "${" not in host]


def allows(config: Mapping[str, Any], host: str) -> bool:
    return any(fnmatch(host, pattern) for pattern in resolved(config))


def test_each_setting_that_names_a_host_has_its_template() -> None:
    naming = {
        path
        for path, field in leaves(SCHEMA)
        if field.get("type") == "string"
        and (_NAMES_A_HOST.search(path.rpartition(".")[2]) or "://" in field.get("pattern", ""))
    }

    assert naming >= {"api_base_url", "membership_store.s3_endpoint", "object_storage_config.s3_endpoint"}
    assert {f"${{{path}}}" for path in naming} <= set(HOSTS)


def test_no_template_is_about_a_setting_that_does_not_exist() -> None:
    paths = {path for path, _ in leaves(SCHEMA)}

    assert {path for host in HOSTS for path in _TEMPLATE.findall(host)} <= paths


def test_without_such_settings_pinterest_is_all_that_is_reached_besides_the_sign_in_for_buckets() -> None:
    assert resolved({}) == ["api.pinterest.com", "sts.amazonaws.com"]


@pytest.mark.parametrize("setting", ["membership_store", "suppression_store", "object_storage_config"])
def test_a_bucket_is_reached_where_boto_looks_for_it(setting: str) -> None:
    aws = {setting: {"s3_bucket_name": "shop", "s3_bucket_region": "eu-central-1"}}
    for host in (
        "s3.eu-central-1.amazonaws.com",
        "shop.s3.eu-central-1.amazonaws.com",
        "sts.eu-central-1.amazonaws.com",
    ):
        assert allows(aws, host), host
    assert not allows(aws, "s3.us-east-1.amazonaws.com")

    own = {setting: {"s3_endpoint": "https://minio.example.com:9000/x"}}
    assert allows(own, "minio.example.com")


def test_another_address_of_the_api_is_reached() -> None:
    assert allows({"api_base_url": "https://proxy.example.com/v5"}, "proxy.example.com")
