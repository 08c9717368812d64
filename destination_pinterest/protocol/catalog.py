"""Reads the configured catalog: which streams will come, in which mode, with which columns.

Source: airbytehq/airbyte-protocol ConfiguredAirbyteCatalog at 776eede (read 2026-11-22); hosts omit or null most of it.
"""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any, Final

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ProtocolError
from destination_pinterest.json_document import CATALOG_BYTES, UnreadableDocumentError, is_deeper_than, read_bytes
from destination_pinterest.protocol.column_type import column_type
from destination_pinterest.vocabulary import ColumnType

# Python bounds what msgspec decodes, each version otherwise: a schema of 996 levels passes on 3.11, of 9,996 on 3.13
# (measured 2026-11-27, msgspec 0.22.0). So that all refuse the same, it is just below the least of these.
_DEEPEST_SCHEMA: Final = 900


class StreamKey(msgspec.Struct, frozen=True):
    """A stream's name within its namespace."""

    namespace: str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.namespace is None else f"{self.namespace}.{self.name}"


class ConfiguredStream(msgspec.Struct, frozen=True):
    """One stream of the catalog.

    `columns` are the top-level properties of the stream's schema, in order; empty if the schema has none. `primary_key`
    has top-level columns only, and `key_types` their types; `is_key_whole` says whether the key has no others.
    Generation ids are None if the host has no refreshes. A stream that `is_resumable` may send only what an earlier
    attempt had not sent.
    """

    key: StreamKey
    columns: tuple[str, ...]
    sync_mode: str
    destination_sync_mode: str
    primary_key: tuple[str, ...] = ()
    generation_id: int | None = None
    minimum_generation_id: int | None = None
    sync_id: int | None = None
    destination_object_name: str | None = None
    is_resumable: bool = False
    is_key_whole: bool = False
    key_types: tuple[ColumnType, ...] = ()

    @property
    def has_generation(self) -> bool:
        """Whether the generation ids are meaningful.

        PyAirbyte sends 1 for all three ids on every run (read and run 2026-11-22, airbyte 0.71.3).
        """
        return bool(self.generation_id) and not self.generation_id == self.minimum_generation_id == self.sync_id == 1

    @property
    def drops_earlier_generations(self) -> bool:
        """Whether the platform wants earlier generations removed once the sync is complete."""
        return self.has_generation and self.generation_id == self.minimum_generation_id


class _Stream(msgspec.Struct):
    name: str
    namespace: str | None = None
    json_schema: dict[str, Any] | None = None
    is_resumable: bool | None = None


class _StreamEntry(msgspec.Struct):
    stream: _Stream
    sync_mode: str | None = None
    destination_sync_mode: str | None = None
    primary_key: list[list[str]] | None = None
    generation_id: int | None = None
    minimum_generation_id: int | None = None
    sync_id: int | None = None
    destination_object_name: str | None = None


class _Catalog(msgspec.Struct):
    streams: list[_StreamEntry]


def read_catalog(path: Path) -> tuple[ConfiguredStream, ...]:
    """Returns the streams of a catalog file.

    Raises:
        ProtocolError: the file does not exist or is not a configured catalog.
    """
    try:
        content = read_bytes(path, CATALOG_BYTES)
    except UnreadableDocumentError as error:
        raise ProtocolError(
            Code.CATALOG_UNUSABLE, f"The catalog file {path} {error}. Correct the file, or select fewer streams."
        ) from None
    except OSError as error:
        raise ProtocolError(
            Code.CATALOG_UNUSABLE,
            f"The catalog file {path} can't be read: {error.strerror}. Correct the path or the file's permissions.",
        ) from None
    return parse_catalog(content)


def parse_catalog(content: bytes) -> tuple[ConfiguredStream, ...]:
    """Returns the streams of a configured catalog, given as JSON.

    Raises:
        ProtocolError: it is not a configured catalog, or names a stream twice.
    """
    try:
        catalog = msgspec.json.decode(content.removeprefix(codecs.BOM_UTF8), type=_Catalog)
    except RecursionError:
        raise _unusable("it is nested too deep") from None
    except UnicodeDecodeError:
        raise _unusable("it is not UTF-8") from None
    except msgspec.DecodeError as error:  # names what is wrong and where, never a value
        raise _unusable(str(error)) from None
    if any(is_deeper_than(entry.stream.json_schema, _DEEPEST_SCHEMA) for entry in catalog.streams):
        raise _unusable("it is nested too deep")
    streams = tuple(_stream(stream) for stream in catalog.streams)
    if len({stream.key for stream in streams}) != len(streams):
        raise ProtocolError(Code.CATALOG_UNUSABLE, "The catalog names a stream twice. Take one of the two out.")
    return streams


def _unusable(why: str) -> ProtocolError:
    return ProtocolError(
        Code.CATALOG_UNUSABLE,
        f"The catalog is not a ConfiguredAirbyteCatalog: {why}. Correct the file, or report this to the platform.",
    )


def _stream(configured: _StreamEntry) -> ConfiguredStream:
    schema = configured.stream.json_schema or {}
    properties = schema.get("properties")
    key = configured.primary_key or []
    key_columns = tuple(path[0] for path in key if len(path) == 1)
    return ConfiguredStream(
        key=StreamKey(configured.stream.namespace, configured.stream.name),
        columns=tuple(properties) if isinstance(properties, dict) else (),
        sync_mode=configured.sync_mode or "full_refresh",
        destination_sync_mode=configured.destination_sync_mode or "append",
        primary_key=key_columns,
        is_key_whole=bool(key) and all(len(path) == 1 for path in key),
        generation_id=configured.generation_id,
        minimum_generation_id=configured.minimum_generation_id,
        sync_id=configured.sync_id,
        destination_object_name=configured.destination_object_name,
        is_resumable=bool(configured.stream.is_resumable),
        key_types=tuple(column_type(_schema_of(column, properties)) for column in key_columns),
    )


def _schema_of(column: str, properties: object) -> object:
    return properties.get(column) if isinstance(properties, dict) else None
