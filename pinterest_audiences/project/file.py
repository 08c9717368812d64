"""The form of audiences.yml. Its JSON Schema, for editors and programs, is made from these models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from destination_pinterest.config import connection_specification
from pinterest_audiences.alerts.settings import AlertSettings
from pinterest_audiences.project.file_name import FILE_NAME
from pinterest_audiences.sources.formats.known import FORMATS
from pinterest_audiences.sync_request import DEFAULT_BATCH_ROWS

STATE_FOLDER: Final = ".pinterest-audiences"
# Settings of the connector that have a key of their own in the file, or that don't belong into it.
ELSEWHERE: Final = {
    "credentials": "a sign-in belongs into a profile; name it by `profile`",
    "ad_account_id": "write `ad_account_id` beside `settings`",
    "audience_name": "write `audience` beside `settings`",
    "identity_columns": "write `identities` beside `settings`",
}

_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_TAG: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
_SPAN: Final = r"^\d+(\.\d+)?[smhd]$"
_ID: Final = r"^[0-9]{1,18}$"
_FORMAT: Final = rf"^({'|'.join(FORMATS)})$"
# What a text that has to be of a form must be, in words.
IN_WORDS: Final[Mapping[str, str]] = {
    _NAME: "can't be a name; use up to 64 letters, digits, hyphens, dots and underscores",
    _TAG: "can't be a tag; use letters, digits, hyphens, dots and underscores",
    _SPAN: "must be a span of time, such as 30s, 15m, 24h or 7d",
    _ID: "must be an ID, which has digits alone",
    _FORMAT: f"must be one of {', '.join(FORMATS)}",
}
_Name = Annotated[str, StringConstraints(pattern=_NAME)]
_Tag = Annotated[str, StringConstraints(pattern=_TAG)]
_Span = Annotated[str, StringConstraints(pattern=_SPAN)]


def _as_list(value: Any) -> Any:
    """One name need not be written as a list."""
    return [value] if isinstance(value, str) else value


def _as_text(value: Any) -> Any:
    """A number that is a name: an ID need not be quoted."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Names = Annotated[tuple[_Text, ...], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]
_Id = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int), StringConstraints(pattern=_ID)]


class _Form(BaseModel):
    """An object of the file. What is not known is refused: it would be said for nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class DbtSettings(_Form):
    """Where dbt's models are described."""

    manifest: _Text = Field(
        default="target/manifest.json", description="dbt's manifest, which `dbt compile` or `dbt run` writes."
    )


class FileOptionSettings(_Form):
    """How the source's files are written, where what is found out is wrong."""

    format: Annotated[str, StringConstraints(pattern=_FORMAT)] | None = Field(
        default=None, description="The format of files whose names don't tell it."
    )
    encoding: _Text | None = Field(default=None, description="The encoding of a text file, such as windows-1252.")
    delimiter: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="What separates a text file's cells; `tab` for a tab."
    )
    quote: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="What a text file's cells are quoted by; `none` for nothing."
    )
    header: bool = Field(default=True, description="false: a text file's first line is a row.")
    skip_lines: int = Field(default=0, ge=0, description="How many lines at a text file's beginning are left out.")


class AudienceDefaults(_Form):
    """What may be said once for all audiences; what an audience says itself wins."""

    source: _Text | None = Field(
        default=None, description="Where the rows are: a name from `sources`, or an address as `sync --from` takes it."
    )
    profile: _Text | None = Field(default=None, description="The profile to sign in with, as `login` wrote it.")
    config: _Text | None = Field(
        default=None, description="A config file, as `sync --config` takes it, in place of a profile or beside it."
    )
    ad_account_id: _Id | None = Field(default=None, description="The ad account, in place of the profile's own.")
    mode: Literal["add", "replace"] | None = Field(
        default=None,
        description="replace: the audience becomes equal to the rows, and whoever is not in them leaves. add (the "
        "default): everybody in the rows joins, and nobody leaves by being absent.",
    )
    difference: Literal["connector", "warehouse"] | None = Field(
        default=None,
        description="warehouse: the database of `source` computes who joins and who leaves, and keeps in "
        "`difference_schema` what was last sent, as digests. This WRITES to that database. Needs `mode: replace`. "
        "connector (the default): the source is only read.",
    )
    difference_schema: _Text | None = Field(
        default=None, description="The schema of yours for what was last sent, with `difference: warehouse`."
    )
    identities: dict[str, _Text] | None = Field(
        default=None,
        description="The columns that identify people, and as what: `email: EMAIL`, `email_hash: EMAIL:sha256`. Left "
        "out, columns are recognised by name.",
    )
    cursor: _Text | None = Field(
        default=None,
        description="Read only what is new since the last run, by this column, which has to grow.",
    )
    lookback: _Text | None = Field(
        default=None, description="Begin so far before the cursor's last value (500, 90s, 15m, 2h, 3d)."
    )
    primary_key: _Names = Field(default=(), description="The columns that tell rows apart; `retry` finds rows by them.")
    columns: _Names = Field(default=(), description="Read these columns only.")
    file: FileOptionSettings | None = Field(default=None, description="How the source's files are written.")
    tags: tuple[_Tag, ...] = Field(default=(), description="Words to select audiences by: `--select tag:nightly`.")
    schedule: _Span | None = Field(
        default=None,
        description="How often it is meant to run, such as 24h. Nothing is started by it: `status` says what is late.",
    )
    rejected: bool | _Text | None = Field(
        default=None,
        description="Write down which rows were not used, for `retry`: true for a file in the state folder, or a "
        "file's name.",
    )
    rejected_values: bool = Field(default=False, description="Write the refused values too, which may identify people.")
    batch_rows: int = Field(default=DEFAULT_BATCH_ROWS, ge=1, description="Rows to read between two states.")
    settings: dict[str, Any] = Field(
        default_factory=dict, description="Any further setting of the connector, by its key in docs/settings.md."
    )


class AudienceEntry(AudienceDefaults):
    """An audience, or several that a column names."""

    alerts: AlertSettings | None = Field(default=None, description="What differs from `alerts` for this audience.")

    audience: _Text | None = Field(
        default=None,
        description="The audience's name at Pinterest (default: the name of this entry). {column} stands for each "
        "row's value.",
    )
    audience_id: _Id | None = Field(
        default=None,
        description="The audience's id at Pinterest, in place of its name, which may then change there; `audience` is "
        "what it is called here. Needs `ad_account_id`.",
    )
    table: _Text | None = Field(
        default=None, description="The table (or schema.table) to read; of a workbook, the sheet."
    )
    query: _Text | None = Field(default=None, description="A SELECT to read in place of a table.")
    model: _Text | None = Field(
        default=None,
        description="A dbt model to read in place of a table: its name, or package.name. The manifest says which "
        "relation it is; it is read from `source`.",
    )
    enabled: bool = Field(default=True, description="false: left out, unless `--select` names it.")


class ProjectFile(_Form):
    """A project: where the rows are, and which audiences are kept from them."""

    version: Literal[1] = Field(default=1, description="The version of this form.")
    profile: _Text | None = Field(default=None, description="The profile to sign in with, as `login` wrote it.")
    config: _Text | None = Field(
        default=None, description="A config file, as `sync --config` takes it, in place of a profile or beside it."
    )
    source: _Text | None = Field(default=None, description="The source of all audiences that name no other.")
    sources: dict[_Name, _Text] = Field(default_factory=dict, description="Sources by name.")
    dbt: DbtSettings = Field(default_factory=DbtSettings, description="Where dbt's models are described.")
    state_folder: _Text = Field(
        default=STATE_FOLDER,
        description="Where cursors and rejected rows are kept.",
    )
    defaults: AudienceDefaults = Field(
        default_factory=AudienceDefaults, description="What holds for all audiences that don't say otherwise."
    )
    alerts: AlertSettings = Field(default_factory=AlertSettings, description="When people are told, and by what.")
    audiences: dict[_Name, AudienceEntry] = Field(min_length=1, description="The audiences by name.")


def file_schema() -> dict[str, Any]:
    """The JSON Schema of audiences.yml, with the connector's own settings in it."""
    schema = ProjectFile.model_json_schema()
    known = connection_specification()["properties"]
    settings = {
        "type": "object",
        "properties": {key: form for key, form in known.items() if key not in ELSEWHERE},
        "additionalProperties": False,
    }
    for form in ("AudienceDefaults", "AudienceEntry"):
        own = schema["$defs"][form]["properties"]["settings"]
        own.pop("additionalProperties", None)
        own |= settings
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": FILE_NAME}
