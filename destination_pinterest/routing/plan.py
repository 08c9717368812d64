"""Plans a stream before its first row: its columns, what its rows do, and its audience."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from destination_pinterest.config import Config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConfigurationError, IdentityColumnsError, InvalidConfigError, SyncModeError
from destination_pinterest.identity.identifier_like import names_a_person, without_people
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.identity.operation import DELETED_AT, deletion_columns
from destination_pinterest.identity.phone_number import is_country
from destination_pinterest.identity.recognition import recognise_columns, recognise_fields, recognised_by_words
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.routing.audience_names import NameTemplate, template_of
from destination_pinterest.routing.destination_object import chosen_audience
from destination_pinterest.vocabulary import ROWS_ONLY, Identifier

SYNC_MODES: Final = ("append", "append_dedup", "overwrite")
# Data activation's mode for rows to remove. Other connections don't have it, so `spec` does not name it.
SOFT_DELETE: Final = "soft_delete"

# Columns that can't be read: JSON can write these names in several ways, and msgspec knows one.
_UNREADABLE_NAME: Final = re.compile(r'["\\\x00-\x1f]')


class StreamPlan(msgspec.Struct, frozen=True):
    """The plan of a stream, made before its first row.

    `audience` is a name; if the stream was pointed at an existing audience, `audience_id` is its id, and the name is
    the one it had then. `ad_account_ids` are the ad accounts in which the audience is kept. `newly_recognised` are the
    identity columns that version 0.1.0 would not have recognised. If the rows name their audiences, `naming` says how,
    and `audience` is the settings' template. `account_column` names the one of the ad accounts to
    which a row goes; None if each row goes to all.
    """

    stream: ConfiguredStream
    audience: str
    identities: tuple[IdentityColumn, ...]
    operation_column: str | None
    deletion_columns: tuple[str, ...]
    ad_account_ids: tuple[str, ...]
    audience_id: str | None = None
    key_columns: tuple[str, ...] = ()
    newly_recognised: tuple[str, ...] = ()
    naming: NameTemplate | None = None
    account_column: str | None = None
    consent_column: str | None = None

    @property
    def has_key(self) -> bool:
        """Whether the key identifies a row, so that a later row of the same key replaces the earlier one.

        A full refresh that is not deduplicated may have several rows of one key, and all of them count.
        """
        if self.stream.sync_mode != "incremental" and self.stream.destination_sync_mode != "append_dedup":
            return False
        return self.stream.is_key_whole and len(self.key_columns) == len(self.stream.primary_key)

    @property
    def lane_key(self) -> tuple[str, str]:
        """A key that all streams of one audience share."""
        return _lane_key(self.audience, self.audience_id, self.naming)

    @property
    def only_removes(self) -> bool:
        """Whether every row is removed, whatever it says."""
        return self.stream.destination_sync_mode == SOFT_DELETE

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        naming = () if self.naming is None else self.naming.columns
        account = () if self.account_column is None else (self.account_column,)
        identities = (identity.column for identity in self.identities)
        return (*identities, *self.deciding_columns, *self.key_columns, *naming, *account)

    @property
    def deciding_columns(self) -> tuple[str, ...]:
        """The columns that say what a row does: of operation, deletion and consent, in this order, as far as it has."""
        operation = () if self.operation_column is None else (self.operation_column,)
        consent = () if self.consent_column is None else (self.consent_column,)
        # PyAirbyte's cache renames the column to lower case, and the decoder would take that for another stream's.
        deletions = dict.fromkeys((*self.deletion_columns, DELETED_AT)) if self.deletion_columns else ()
        return (*operation, *deletions, *consent)


OnFailure = Callable[[ConfiguredStream, ConfigurationError], None]


def _raise(_stream: ConfiguredStream, failure: ConfigurationError) -> None:
    raise failure


def plan_streams(
    streams: Sequence[ConfiguredStream], config: Config, on_failure: OnFailure = _raise
) -> list[StreamPlan]:
    """Plans the streams of a sync.

    Args:
        streams: the streams.
        config: the settings.
        on_failure: takes a stream that can't be planned, and what `plan_stream` raises.

    Raises:
        InvalidConfigError: the settings name an operation column that no stream has; or what `on_failure` raises.
    """
    concerned = [stream for stream in streams if stream.destination_sync_mode != SOFT_DELETE]
    column = config.operation_column.column if config.operation_column else None
    if column and concerned and all(stream.columns and column not in stream.columns for stream in concerned):
        raise InvalidConfigError(
            Code.OPERATION_COLUMN_UNKNOWN,
            f'No stream has the operation column "{column}" of the settings, so every row '
            "would add, also those that should remove. Correct the name (upper and lower case count), or take the "
            "setting out.",
        )
    somewhere = frozenset(column for stream in streams for column in stream.columns)
    plans = []
    for stream in streams:
        try:
            plans.append(plan_stream(stream, config, somewhere))
        except ConfigurationError as failure:
            on_failure(stream, failure)
    return plans


def plan_stream(stream: ConfiguredStream, config: Config, in_some_stream: Collection[str] = frozenset()) -> StreamPlan:
    """Plans a stream.

    Args:
        stream: the stream.
        config: the settings.
        in_some_stream: the columns of all streams of the sync. One of them that this stream lacks is no error.

    Raises:
        SyncModeError: the stream is set to a sync mode that is not offered.
        IdentityColumnsError: no column identifies people, or a needed column has a name that can't be read.
        InvalidConfigError: the audience would have no name, the destination object is of another ad account, the
            stream lacks the column of its ad accounts, of its audiences or of consent, or one that the settings name
            and no other stream has, or a column can't name audiences, its identifiers can't be sent in the form of the
            settings, or their country does not exist.
    """
    if stream.destination_sync_mode not in (*SYNC_MODES, SOFT_DELETE):
        raise SyncModeError(
            Code.SYNC_MODE_UNKNOWN,
            f'The stream "{stream.key}" is set to the sync mode {stream.destination_sync_mode}, which this connector '
            "does not offer. Choose a mode that ends in Append, Append + Deduped or Overwrite.",
        )
    if stream.destination_sync_mode == SOFT_DELETE and config.mode == "additive":
        raise SyncModeError(
            Code.SOFT_DELETE_CONTRADICTS_MODE,
            f'The stream "{stream.key}" removes (soft_delete), but the setting What the table does (mode) is additive, '
            "so that nobody leaves. Change the one or the other.",
        )
    chosen = chosen_audience(stream.destination_object_name, config.ad_account_ids)
    only_removes = stream.destination_sync_mode == SOFT_DELETE
    operation_column = config.operation_column.column if config.operation_column and not only_removes else None
    if operation_column is not None and stream.columns and operation_column not in stream.columns:
        operation_column = None
    identities = _identities(stream, config)
    _check_record_format(stream, identities, config)
    # The settings are one for all streams: a column that another stream has is named for that one.
    missing = [column for column in missing_columns(stream, config) if column not in in_some_stream]
    if missing and not config.allow_missing_columns:
        raise InvalidConfigError(
            Code.COLUMN_MISSING,
            f'The stream "{stream.key}" lacks {_named(missing)}, which the settings name; {_has_columns(stream)}. '
            "Correct the names (upper and lower case count), or set Allow missing columns (allow_missing_columns) to "
            "true if streams of other connections have them.",
        )
    naming = None if chosen else _naming(stream, config, identities)
    name = chosen.name if chosen else None if naming is None else naming.label
    consent_column = _consent_column(stream, config)
    plan = StreamPlan(
        stream=stream,
        audience=audience_name(stream, config.audience_name) if name is None else name,
        identities=identities,
        operation_column=operation_column,
        deletion_columns=() if only_removes else deletion_columns(stream.columns),
        ad_account_ids=(chosen.ad_account_id,) if chosen else config.ad_account_ids,
        audience_id=chosen.audience_id if chosen else None,
        newly_recognised=_newly_recognised(identities, config),
        naming=naming,
        account_column=None if chosen else _account_column(stream, config),
        consent_column=consent_column,
    )
    plan = replace(plan, key_columns=_key_columns(plan, config))
    for column in plan.columns:
        if _UNREADABLE_NAME.search(column):
            raise IdentityColumnsError(
                Code.COLUMN_NAME_UNREADABLE,
                f'The column {column!r} of the stream "{stream.key}" has a quotation mark, a backslash or a control '
                "character in its name. Rename it where the data comes from, or name other columns in the settings.",
            )
    return plan


def _account_column(stream: ConfiguredStream, config: Config) -> str | None:
    column = config.ad_account_column
    if column is not None and stream.columns and column not in stream.columns:
        raise InvalidConfigError(
            Code.AD_ACCOUNT_COLUMN_MISSING,
            f'The stream "{stream.key}" lacks the column "{column}", which names the ad account of each row; '
            f"{_has_columns(stream)}. Correct Ad account column (ad_account_column; upper and lower case count), or "
            "take the stream out of the connection.",
        )
    return column


def audience_name(stream: ConfiguredStream, template: str) -> str:
    """Returns the audience name: the template filled in.

    Raises:
        InvalidConfigError: the name is empty.
    """
    words = {"{namespace}": stream.key.namespace or "", "{stream}": stream.key.name}
    name = re.sub(r"\{(?:namespace|stream)\}", lambda word: words[word[0]], template).strip()
    if not name:
        raise InvalidConfigError(
            Code.AUDIENCE_NAME_EMPTY,
            f'The audience name "{template}" is blank for the stream "{stream.key}". Put {{stream}} into it.',
        )
    return name


class Destination(msgspec.Struct, frozen=True):
    """Where a stream leads: the `lane_key`, the audience's name, and the ad accounts that have the audience."""

    lane_key: tuple[str, str]
    audience: str
    ad_account_ids: tuple[str, ...]


def destination_of(stream: ConfiguredStream, config: Config) -> Destination:
    """Returns where a stream leads, whether or not it can be planned.

    If the settings lead it nowhere, it is the only stream of an audience that is called like the stream.
    """
    try:
        chosen = chosen_audience(stream.destination_object_name, config.ad_account_ids)
        naming = None if chosen else template_of(config, stream.key.name, stream.key.namespace)
        if naming is not None:
            # A stream whose rows can't name audiences fails alone: the audiences of the others are whole without it.
            return Destination(("stream", str(stream.key)), str(stream.key), config.ad_account_ids)
        name = chosen.name if chosen else audience_name(stream, config.audience_name)
    except InvalidConfigError:
        return Destination(("stream", str(stream.key)), str(stream.key), config.ad_account_ids)
    if chosen is None:
        return Destination(_lane_key(name, None), name, config.ad_account_ids)
    return Destination(_lane_key(name, chosen.audience_id), name, (chosen.ad_account_id,))


def _naming(stream: ConfiguredStream, config: Config, identities: Sequence[IdentityColumn]) -> NameTemplate | None:
    """Returns how the stream's rows name their audiences; None if the settings name one for all of them.

    Raises:
        InvalidConfigError: the stream lacks a column for it, the column identifies people, or rows replace earlier
            ones and there is no membership store, so that nothing knows which audiences a row was in.
    """
    naming = template_of(config, stream.key.name, stream.key.namespace)
    if naming is None:
        return None
    missing = [column for column in naming.columns if stream.columns and column not in stream.columns]
    if missing:
        raise InvalidConfigError(
            Code.AUDIENCE_COLUMN_MISSING,
            f'The stream "{stream.key}" lacks {_named(missing)}, which names its audiences; {_has_columns(stream)}. '
            "Correct Audience column (audience_column) or Audience name (audience_name); upper and lower case count.",
        )
    identifying = {identity.column for identity in identities}
    personal = [column for column in naming.columns if column in identifying or names_a_person(column)]
    if personal:
        raise InvalidConfigError(
            Code.AUDIENCE_COLUMN_IDENTIFIES,
            f'Audiences of the stream "{stream.key}" were to be named by {_named(personal)}, which identifies people, '
            "and names are shown in many places. Choose a column that names groups.",
        )
    wants_to_replace = stream.drops_earlier_generations or stream.destination_sync_mode == "overwrite"
    if wants_to_replace and config.mode == "mirror" and config.membership_store is None:
        raise InvalidConfigError(
            Code.AUDIENCE_COLUMN_NEEDS_STORE,
            f'The stream "{stream.key}" is to replace its audiences (Overwrite), and a column names them, which needs '
            "a membership store. Set one up under Membership store (membership_store), or choose a sync mode that ends "
            "in Append.",
        )
    return naming


def _lane_key(audience: str, audience_id: str | None, naming: NameTemplate | None = None) -> tuple[str, str]:
    if naming is not None:
        return ("column", audience)
    return ("name", audience) if audience_id is None else ("id", audience_id)


def declared_identities(config: Config) -> tuple[IdentityColumn, ...]:
    """Returns the identity columns that the settings name; none if columns are to be recognised by name."""
    return tuple(
        IdentityColumn(
            setting.column,
            setting.identifier,
            setting.format,
            (config.default_country or "") if setting.identifier is Identifier.PHONE else "",
        )
        for setting in config.identity_columns or ()
    )


def missing_columns(stream: ConfiguredStream, config: Config) -> tuple[str, ...]:
    """Returns the columns that the settings name and the stream lacks, if it can be told.

    A stream that leads to a destination object has that object's fields, and the settings name the source's columns. A
    stream without any of the identity columns is an error of its own, and so is an operation column that no stream has.
    """
    if not stream.columns or stream.destination_object_name:
        return ()
    declared = [column.column for column in declared_identities(config)]
    missing = [column for column in declared if column not in stream.columns]
    if len(missing) == len(declared):
        missing = []
    setting, only_removes = config.operation_column, stream.destination_sync_mode == SOFT_DELETE
    if setting is not None and not only_removes and setting.column not in stream.columns:
        missing.append(setting.column)
    return tuple(missing)


def _named(columns: Sequence[str]) -> str:
    names = " and ".join(f'"{column}"' for column in columns)
    return f"the column {names}" if len(columns) == 1 else f"the columns {names}"


def _identities(stream: ConfiguredStream, config: Config) -> tuple[IdentityColumn, ...]:
    if config.identity_columns is None:
        return _recognised(stream, config)
    declared = declared_identities(config)
    present = tuple(column for column in declared if not stream.columns or column.column in stream.columns)
    if not present:
        if stream.destination_object_name:
            return _recognised(
                stream, config
            )  # The settings name the source's columns, but these are the object's fields.
        names = ", ".join(column.column for column in declared)
        raise IdentityColumnsError(
            Code.IDENTITY_COLUMNS_NOT_IN_STREAM,
            f'The stream "{stream.key}" has none of the identity columns of the settings ({names}); '
            f"{_has_columns(stream)}. Correct the settings, or take the stream out of the connection.",
        )
    return present


def _recognised(stream: ConfiguredStream, config: Config) -> tuple[IdentityColumn, ...]:
    if stream.destination_object_name:  # Somebody has mapped each column to a field of that name.
        recognised = recognise_fields(stream.columns, config.default_country or "")
    else:
        recognised = recognise_columns(stream.columns)
    if not recognised:
        raise IdentityColumnsError(
            Code.NO_IDENTITY_COLUMN_RECOGNISED,
            f'No column of the stream "{stream.key}" is recognised as an identity column; {_has_columns(stream)}. '
            "Name the right one under Identity columns (identity_columns; on the command line --identity, in a project "
            "file `identities`), or leave the stream out.",
        )
    return recognised


def _check_record_format(stream: ConfiguredStream, identities: Sequence[IdentityColumn], config: Config) -> None:
    kinds = {identity.identifier for identity in identities}
    if config.record_format == "records" and kinds <= ROWS_ONLY:
        raise InvalidConfigError(
            Code.RECORD_FORMAT_CONTRADICTS_COLUMNS,
            f'The stream "{stream.key}" has identifiers of the kind {" and ".join(sorted(kinds))} alone, and the '
            "setting Form of requests (record_format) is records, which can't carry them. Set it to auto, or name "
            "another identity column.",
        )
    country = config.default_country
    if country is not None and Identifier.PHONE in kinds and not is_country(country):
        raise InvalidConfigError(
            Code.COUNTRY_UNKNOWN,
            f"No country with phone numbers has the code {country} (default_country). Enter two letters as in ISO "
            "3166-1, such as GB for the United Kingdom.",
        )


def _newly_recognised(identities: Sequence[IdentityColumn], config: Config) -> tuple[str, ...]:
    declared = {identity.column for identity in declared_identities(config)}
    return recognised_by_words(identity.column for identity in identities if identity.column not in declared)


def asks_for_consent(stream: ConfiguredStream, config: Config) -> bool:
    """Whether the stream's rows join only with consent: not where nobody joins, nor where members see no ads."""
    if stream.destination_sync_mode == SOFT_DELETE or config.mode == "remove":
        return False
    return config.consent_column is not None and config.used_for == "targeting"


def _consent_column(stream: ConfiguredStream, config: Config) -> str | None:
    """Returns the stream's consent column, if it is asked for one.

    Raises:
        InvalidConfigError: it has none. No setting allows that, since its rows would be added without consent.
    """
    if config.consent_column is None or not asks_for_consent(stream, config):
        return None
    column = config.consent_column.column
    if stream.columns and column not in stream.columns:
        raise InvalidConfigError(
            Code.CONSENT_COLUMN_MISSING,
            f'The stream "{stream.key}" lacks the consent column "{column}" of the settings, so nobody in it consents; '
            f"{_has_columns(stream)}. Correct the name under Consent column (consent_column; upper and lower case "
            "count), or bring the column into the stream.",
        )
    return column


def may_contradict(plan: StreamPlan, config: Config) -> bool:
    """Whether the word of one row may overrule other rows, so that it matters which is a later version of which."""
    return plan.consent_column is not None or (config.used_for == "exclusion" and bool(plan.deciding_columns))


def _key_columns(plan: StreamPlan, config: Config) -> tuple[str, ...]:
    """Returns the primary key, if it is used."""
    is_kept = config.object_storage_config is not None or config.membership_store is not None
    return readable_key(plan.stream) if is_kept or may_contradict(plan, config) else ()


def readable_key(stream: ConfiguredStream) -> tuple[str, ...]:
    """Returns the columns of the primary key. One that can't be read is left out; it is no reason to fail."""
    return tuple(column for column in stream.primary_key if not _UNREADABLE_NAME.search(column))


def _has_columns(stream: ConfiguredStream) -> str:
    return (
        f"its columns are {', '.join(without_people(stream.columns))}"
        if stream.columns
        else "its schema names no columns"
    )
