"""Settings for a table's columns: which identify people, and which says what a row does."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from destination_pinterest.config.column_name import ColumnName
from destination_pinterest.config.setting import Settings, setting
from destination_pinterest.vocabulary import Identifier, ValueFormat


class IdentityColumnSetting(Settings):
    """One column that identifies people."""

    model_config = ConfigDict(title="Identity column")

    column: ColumnName = setting(
        min_length=1,
        description="The column's name in the stream; upper and lower case count.",
        examples=["email"],
        title="Column",
        order=0,
    )
    identifier: Identifier = setting(
        description=(
            "What the column has. EMAIL: e-mail addresses. GAID, IDFA: advertising IDs of Android and iOS devices; "
            "MAID: either. LR_ID: LiveRamp. DLX_ID: Oracle Data Cloud. HASHED_PINNER_ID: Pinterest's hashed user IDs. "
            "PHONE: phone numbers. EXTERNAL_ID: your own customer IDs. LIVERAMP_ENVELOPE: LiveRamp's envelopes. The "
            "last two are sent as they are, since Pinterest takes them so."
        ),
        title="Identifier",
        order=1,
    )
    format: ValueFormat = setting(
        ValueFormat.AUTO,
        description=(
            "How the values are written. plain: not hashed; the connector normalises and hashes them. sha256, "
            "sha1, md5: hashed already, as hexadecimal digits or Base64. auto: a SHA-256 digest is taken as one, all "
            "else as plain. A value in another format is rejected and counted. Plain addresses, phone numbers and "
            "advertising IDs never leave the connector."
        ),
        title="Format",
        order=2,
    )


class NoOperationColumn(Settings):
    """Every row is added to the audience, except those that the source marks as deleted."""

    model_config = ConfigDict(title="No column")

    mode: Literal["none"] = setting("none", order=0)


class OperationColumnSetting(Settings):
    """A column says by its value what each row does. Streams without it are synced as if none were set."""

    model_config = ConfigDict(title="Use a column")

    mode: Literal["column"] = setting("column", order=0)
    column: ColumnName = setting(
        min_length=1,
        description=(
            "The column's name in the stream; upper and lower case count. Its value says whether the row is added to "
            "the audience or removed from it."
        ),
        examples=["operation", "is_deleted"],
        title="Column",
        order=1,
    )
    remove_values: tuple[str, ...] = setting(
        ("remove", "removed", "delete", "deleted", "d", "true", "1"),
        description="Values that remove the row from the audience. Upper and lower case are the same.",
        title="Values that remove",
        order=2,
    )
    add_values: tuple[str, ...] = setting(
        ("add", "added", "insert", "update", "upsert", "i", "u", "c", "r", "false", "0"),
        description="Values that add the row to the audience. Upper and lower case are the same.",
        title="Values that add",
        order=3,
    )


class RemovesIfSetSetting(Settings):
    """A column that is set when somebody leaves, such as the time of a soft deletion: any value removes, none adds."""

    model_config = ConfigDict(title="Any value removes")

    mode: Literal["removes_if_set"] = setting("removes_if_set", order=0)
    column: ColumnName = setting(
        min_length=1,
        description=(
            "The column's name in the stream; upper and lower case count. Null, blank and a Boolean false add the "
            "row to the audience; all else removes it, also doubtful texts such as 0 and null."
        ),
        examples=["deleted_at", "unsubscribed_at"],
        title="Column",
        order=1,
    )


class AddsIfSetSetting(Settings):
    """A column that is set while somebody takes part, such as the time of consent: any value adds, none removes."""

    model_config = ConfigDict(title="Any value adds")

    mode: Literal["adds_if_set"] = setting("adds_if_set", order=0)
    column: ColumnName = setting(
        min_length=1,
        description=(
            "The column's name in the stream; upper and lower case count. Null, blank and a Boolean false remove the "
            "row from the audience, as do doubtful texts such as 0 and null; all else adds it."
        ),
        examples=["consented_at", "subscribed_at"],
        title="Column",
        order=1,
    )
