from __future__ import annotations

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


def test_no_secret_is_left_in_a_text_and_no_part_of_a_longer_one() -> None:
    secrets = Secrets()
    secrets.replace(["key", "key-and-more", ""])
    assert secrets.scrub("key-and-more, key") == "****, ****"


def test_replaced_secrets_are_scrubbed_as_well() -> None:
    secrets = Secrets()
    secrets.replace(["old"])
    secrets.add(["new"])
    assert secrets.scrub("old new") == "**** ****"
