"""Settings for an S3 bucket, or a compatible one. The keys are those of Airbyte's other connectors.

Source: airbytehq/airbyte, airbyte-cdk/bulk/toolkits/load-dlq, ObjectStorageSpec.kt, and expected-spec-oss.json of
destination-customer-io and destination-hubspot (read 2026-11-22). There the region is one of a list; here it is any
text, for storages with other regions.
"""

from __future__ import annotations

import re
from typing import Final, Self

from pydantic import field_validator, model_validator
from pydantic_core import PydanticCustomError

from destination_pinterest.config.setting import Settings, setting

# Rows' keys are sent there, so plain HTTP is allowed for this machine only.
_ENDPOINT: Final = r"^(https://[^\s?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/[^\s?#]*)?)?$"
_ENDPOINT_IN_WORDS: Final = "https://…, or http://… on this machine"


class S3Access(Settings):
    """A bucket, a folder in it, and the credentials for it."""

    access_key_id: str | None = setting(
        None,
        description=(
            "The access key of a user who may read, write, delete and list in the bucket. Leave it empty to use the "
            "credentials of the machine that the connector runs on."
        ),
        title="Access key ID",
        order=1,
        form={"airbyte_secret": True},
    )
    secret_access_key: str | None = setting(
        None,
        description="The secret of the access key ID. Leave it empty if that is empty.",
        title="Secret access key",
        order=2,
        form={"airbyte_secret": True},
    )
    role_arn: str | None = setting(
        None,
        description="A role to assume for the bucket. Leave it empty to use the credentials without one.",
        examples=["arn:aws:iam::123456789012:role/airbyte"],
        title="Role ARN",
        order=3,
    )
    s3_bucket_name: str = setting(
        min_length=1, description="The name of the bucket, as the storage shows it.", title="S3 bucket name", order=4
    )
    s3_bucket_region: str = setting(
        min_length=1,
        description="The region of the bucket.",
        examples=["eu-central-1"],
        title="S3 bucket region",
        order=5,
    )
    s3_endpoint: str | None = setting(
        None,
        description="The address of an S3-compatible storage. Leave it empty for AWS.",
        examples=["https://minio.example.com"],
        title="Endpoint",
        order=6,
        form={"pattern": _ENDPOINT, "pattern_descriptor": _ENDPOINT_IN_WORDS},
    )
    bucket_path: str = setting(
        min_length=1,
        description="The folder in the bucket to write to.",
        examples=["pinterest"],
        title="S3 bucket path",
        order=7,
    )

    @field_validator("s3_endpoint")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(_ENDPOINT, value):
            raise PydanticCustomError("endpoint", f"must be {_ENDPOINT_IN_WORDS}")
        return value or None

    @model_validator(mode="after")
    def _has_both_keys_or_none(self) -> Self:
        if bool(self.access_key_id) != bool(self.secret_access_key):
            raise PydanticCustomError(
                "keys", "an access key ID and its secret access key go together; enter both or neither"
            )
        return self
