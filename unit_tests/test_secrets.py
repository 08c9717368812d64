from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from destination_pinterest.config import connection_specification, secret_settings
from destination_pinterest.secrets import Secrets, secrets_in


def test_whatever_the_form_marks_is_a_secret_wherever_it_stands() -> None:
    config = {
        "credentials": {"auth_method": "oauth2.0", "client_id": "app", "client_secret": "s1", "refresh_token": "s2"},
        "access_token": "s3",
        "membership_store": {"store_type": "S3", "store_key": "s4", "s3_bucket_name": "bucket"},
        "ad_account_id": "549755885175",
    }
    assert set(secrets_in(config)) >= {"s1", "s2", "s3", "s4"}
    assert {"549755885175", "bucket"}.isdisjoint(secrets_in(config))
    assert secrets_in([{"client_secret": 5}, None]) == []


def test_the_form_marks_exactly_those_settings_as_secret_that_are_kept_secret() -> None:
    assert set(marked(connection_specification())) == secret_settings()


def marked(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        settings = schema.get("properties", {})
        yield from (name for name, setting in settings.items() if setting.get("airbyte_secret"))
        for part in schema.values():
            yield from marked(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from marked(part)


def test_no_secret_is_left_in_a_text_and_no_part_of_a_longer_one() -> None:
    secrets = Secrets()
    secrets.replace(["key", "key-and-more", ""])
    assert secrets.scrub("key-and-more, key") == "****, ****"


def test_replaced_secrets_are_scrubbed_as_well() -> None:
    secrets = Secrets()
    secrets.replace(["old"])
    secrets.add(["new"])
    assert secrets.scrub("old new") == "**** ****"
