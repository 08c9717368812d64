"""Data activation: the destination catalog, the objects that a connection's streams can be pointed at.

Every audience that is made from a customer list is an object, and `pinterest_audience` is one more, for audiences named
by the settings. The operations are those that Airbyte's form calls Insert, Upsert and Soft delete. Fields have the
names by which identity columns are recognised, so they need no settings; so do those that count only here, where
somebody maps a column to them.

Each of the matching keys has one element: the protocol reads it as a path, the platform's server and form as a
composite key, and a single field is both.

Source: airbytehq/airbyte-protocol at 776eede, DestinationCatalog; airbytehq/airbyte-platform at 310e6cb6,
airbyte-webapp/src/area/dataActivation and VersionedAirbyteStreamFactory (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from destination_pinterest.api.models import Audience
from destination_pinterest.config import Config
from destination_pinterest.identity.given_id import MAX_ENVELOPE_CHARACTERS, MAX_EXTERNAL_ID_CHARACTERS
from destination_pinterest.identity.opaque_id import MAX_ID_CHARACTERS
from destination_pinterest.identity.operation import DELETED_AT
from destination_pinterest.routing.audience_names import columns_of_names
from destination_pinterest.routing.destination_object import CUSTOMER_LIST, NEW_AUDIENCE, object_name
from destination_pinterest.routing.plan import SOFT_DELETE

OPERATIONS: Final = ("append", "append_dedup", SOFT_DELETE)
# The platform refuses lines of more than 20,000,000 characters; the difference is for the message around the catalog.
MAX_CATALOG_BYTES: Final = 19_000_000

_HEX: Final = "[0-9A-Fa-f]"
_SHA256: Final = f"{_HEX}{{64}}"
_BARE_UUID: Final = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_UUID: Final = rf"{_BARE_UUID}|\{{{_BARE_UUID}\}}"
# Printable ASCII except the blank, the comma and the @.
_OPAQUE: Final = rf"[\x21-\x2b\x2d-\x3f\x41-\x7e]{{1,{MAX_ID_CHARACTERS}}}"
_IDENTITIES: Final = {
    "email": (
        "E-mail address, plain or as its SHA-256. Plain ones are hashed before they are sent.",
        rf"[^@\s]+@[^@\s]+|{_SHA256}",
    ),
    "email_sha256": ("SHA-256 of the trimmed, lower-case e-mail address, in hexadecimal.", _SHA256),
    "email_sha1": ("SHA-1 of the trimmed, lower-case e-mail address, in hexadecimal.", f"{_HEX}{{40}}"),
    "email_md5": ("MD5 of the trimmed, lower-case e-mail address, in hexadecimal.", f"{_HEX}{{32}}"),
    "gaid": ("Advertising ID of an Android device, plain or as its SHA-256.", f"{_UUID}|{_SHA256}"),
    "idfa": ("Advertising ID of an iOS device, plain or as its SHA-256.", f"{_UUID}|{_SHA256}"),
    "maid": ("Advertising ID of any mobile device, plain or as its SHA-256.", f"{_UUID}|{_SHA256}"),
    "lr_id": ("LiveRamp ID, as LiveRamp gives it.", _OPAQUE),
    "dlx_id": ("Oracle Data Cloud (Datalogix) ID, as given.", _OPAQUE),
    "hashed_pinner_id": ("Pinterest's hashed user ID, as given.", _OPAQUE),
    "phone": (
        "Phone number, plain or as the SHA-256 of its digits with the country code. Plain ones are hashed first.",
        rf"[+(0-9][0-9 ().+/-]{{4,59}}|{_SHA256}",
    ),
    "phone_sha256": ("SHA-256 of the phone number's digits with the country code, in hexadecimal.", _SHA256),
    "external_id": (
        "Your own ID of the customer. It is sent as it is, so it must be no address and no phone number.",
        rf"[^@]{{1,{MAX_EXTERNAL_ID_CHARACTERS}}}",
    ),
    "liveramp_envelope": (
        "LiveRamp's envelope. It is sent as it is.",
        rf"[A-Za-z0-9+/_-]{{32,{MAX_ENVELOPE_CHARACTERS}}}={{0,2}}",
    ),
}
_DELETED: Final = (
    "When the row was deleted at the source. A row with a value here is removed from the audience. Map the "
    "source's field of the same name if the source reads a database's change log (CDC)."
)
_CONSENT: Final = (
    "Whether the person consents to advertising: the consent column of the destination's settings. It has to be "
    "mapped; without consent the person leaves."
)
_AUDIENCE: Final = (
    "The audience that the row joins, or an array of several: the settings name audiences by this column."
)
_AD_ACCOUNT: Final = (
    "The ID of the ad account that the row goes to: the ad account column of the destination's settings. It has to be "
    "mapped."
)
_OPERATION: Final = "Whether the row is added or removed: the operation column of the destination's settings."
_ONE_VALUE: Final = ("null", "string", "boolean", "integer", "number")

Fields = Mapping[str, Mapping[str, Any]]


class DestinationCatalog(msgspec.Struct, frozen=True):
    """The catalog that `discover` prints, how many audiences did not fit, and of how many the type is not known."""

    content: dict[str, Any]
    left_out: int
    untold: int = 0


def destination_catalog(
    audiences: Iterable[tuple[str, Audience]],
    *,
    deciding_columns: Fields | None = None,
    leading_columns: Fields | None = None,
    max_bytes: int = MAX_CATALOG_BYTES,
) -> DestinationCatalog:
    """Returns the catalog of one or several ad accounts.

    Args:
        audiences: all audiences, of every type, each with its ad account's id; the last are left out if `max_bytes` is
            too small.
        deciding_columns: the columns by which settings decide what a row does, each with its schema: fields too.
        leading_columns: the columns by which settings decide where a row goes: fields of a new audience alone.
        max_bytes: the limit for the catalog as JSON.
    """
    # An audience created meanwhile moves others to later pages, where they appear again.
    usable = {one.id: (account, one) for account, one in audiences if one.audience_type == CUSTOMER_LIST}
    deciding = deciding_columns or {}
    operations = list(_operations(NEW_AUDIENCE, deciding, leading_columns or {}))
    room = max_bytes - len(msgspec.json.encode({"operations": operations}))
    left_out = len(usable)
    for account, audience in usable.values():
        more = list(_operations(object_name(audience, account), deciding))
        room -= len(msgspec.json.encode(more))
        if room < 0:
            break
        operations += more
        left_out -= 1
    return DestinationCatalog({"operations": operations}, left_out)


def deciding_columns_of(config: Config) -> Fields:
    """Returns the columns by which the settings decide what a row does, each with its schema as a field."""
    setting = config.operation_column
    deciding = {} if setting is None else {setting.column: _field(_OPERATION)}
    if config.consent_column is not None and config.used_for == "targeting" and config.mode != "remove":
        deciding.setdefault(config.consent_column.column, _field(_CONSENT, "array", "object"))
    return deciding


def leading_columns_of(config: Config) -> Fields:
    """Returns the columns by which the settings decide where a row goes, each with its schema as a field.

    Raises:
        InvalidConfigError: the settings contradict each other about what names audiences.
    """
    leading = {column: _field(_AUDIENCE, "array") for column in columns_of_names(config)}
    if config.ad_account_column is not None:
        leading.setdefault(config.ad_account_column, _field(_AD_ACCOUNT))
    return leading


def _operations(name: str, deciding: Fields, leading: Fields | None = None) -> Iterator[dict[str, Any]]:
    for operation in OPERATIONS:
        fields = {key: _identity(description, pattern) for key, (description, pattern) in _IDENTITIES.items()}
        fields |= _others(leading or {})
        if operation != SOFT_DELETE:
            fields |= {DELETED_AT: {"type": ["null", "string"], "description": _DELETED}, **_others(deciding)}
        yield {
            "object_name": name,
            "sync_mode": operation,
            "json_schema": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "additionalProperties": False,
                "properties": fields,
            },
            "matching_keys": [[key] for key in _IDENTITIES],
        }


def _identity(description: str, pattern: str) -> dict[str, Any]:
    return {"type": ["null", "string"], "description": description, "pattern": f"^({pattern})$"}


def _field(description: str, *more_types: str) -> dict[str, Any]:
    return {"type": [*_ONE_VALUE, *more_types], "description": description}


def _others(fields: Fields) -> dict[str, Any]:
    """Returns those fields that are none of an identity, which stays what it is."""
    return {column: dict(field) for column, field in fields.items() if column not in _IDENTITIES}
