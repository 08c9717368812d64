"""Settings for where rejected rows are written, with the keys that Airbyte's data activation destinations share.

Source: docs.airbyte.com, "Rejected records"; airbytehq/airbyte, airbyte-cdk/bulk/toolkits/load-dlq,
ObjectStorageSpec.kt, and expected-spec-oss.json of destination-customer-io and of destination-hubspot;
airbytehq/airbyte-platform at 310e6cb6, ConnectorObjectStorageService.kt (all read 2026-11-22). The keys, the defaults
of both names and their placeholders are theirs; `include_values` is ours. They also offer CSV; here JSONL is the only
format. The platform links to the bucket only if the key is exactly `object_storage_config`.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from pydantic import ConfigDict, field_validator
from pydantic_core import PydanticCustomError

from destination_pinterest.config.s3 import S3Access
from destination_pinterest.config.setting import Settings, setting

_ANY: Final = (
    r"([^{}]|\{(sync_id|namespace|stream_name|date|timestamp|part_number|format_extension)\})*"  # text and known words
)
_PATH: Final = rf"^{_ANY}$"
_PATH_IN_WORDS: Final = (
    "text with {sync_id}, {namespace}, {stream_name}, {date}, {timestamp}, {part_number} and {format_extension}, and "
    "no other braces"
)
# Without both, a later file could overwrite an earlier one.
_FILE: Final = (
    rf"^({_ANY}\{{timestamp\}}{_ANY}\{{part_number\}}{_ANY}|{_ANY}\{{part_number\}}{_ANY}\{{timestamp\}}{_ANY})$"
)
_FILE_IN_WORDS: Final = f"{_PATH_IN_WORDS}; {{timestamp}} and {{part_number}} have to be among them"


class NoObjectStorage(Settings):
    """Rejected rows are counted by reason but not written."""

    model_config = ConfigDict(title="None")

    storage_type: Literal["None"] = setting("None", order=0)


class JsonLines(Settings):
    """One JSON object per line."""

    model_config = ConfigDict(title="JSON Lines: newline-delimited JSON")

    format_type: Literal["JSONL"] = setting("JSONL", order=0)


class S3ObjectStorage(S3Access):
    """Rejected rows are written to an S3 bucket, with the reason, column and primary key."""

    model_config = ConfigDict(title="S3")

    storage_type: Literal["S3"] = setting("S3", order=0)
    include_values: bool = setting(
        False,
        description=(
            "Whether refused values are written too. They are often almost e-mail addresses, so switch it on "
            "only if everyone with access to the bucket may see them."
        ),
        title="Include refused values",
        order=8,
    )
    format: JsonLines = setting(
        JsonLines(), description="The format of the files.", title="Format", order=9, form={"airbyte_hidden": True}
    )
    path_format: str = setting(
        "{sync_id}/{namespace}/{stream_name}/",
        description="The folder for a stream's files, below the bucket path.",
        title="Path format",
        order=10,
        form={"airbyte_hidden": True, "pattern": _PATH, "pattern_descriptor": _PATH_IN_WORDS},
    )
    file_name_format: str = setting(
        "{date}_{timestamp}_{part_number}{format_extension}",
        description="How each file is named in that folder.",
        title="File name format",
        order=11,
        form={"airbyte_hidden": True, "pattern": _FILE, "pattern_descriptor": _FILE_IN_WORDS},
    )

    @field_validator("path_format")
    @classmethod
    def _has_known_words(cls, value: str) -> str:
        if not re.fullmatch(_PATH, value):
            raise PydanticCustomError("path_format", "must be {words}", {"words": _PATH_IN_WORDS})
        return value

    @field_validator("file_name_format")
    @classmethod
    def _names_every_file_anew(cls, value: str) -> str:
        if not re.fullmatch(_FILE, value):
            raise PydanticCustomError("file_name_format", "must be {words}", {"words": _FILE_IN_WORDS})
        return value
