"""What the connector is told when it gets a difference: digests, each with what becomes of it.

The safeguards have judged the whole before, so those that judge rows are off for the connector: it sees only changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from destination_pinterest.config import Config, read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.identity.row_field import TAGS
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.routing.plan import StreamPlan, plan_streams
from destination_pinterest.vocabulary import Identifier, ValueFormat
from pinterest_audiences.airbyte_messages import StreamDescription
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_process import OWN_CONNECTOR
from pinterest_audiences.difference.judging import SENT_AS_DIGESTS
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sync_request import SyncRequest

OPERATION: Final = "operation"
NUMBER: Final = "number"
_FORMATS: Final = {64: ValueFormat.SHA256, 40: ValueFormat.SHA1, 32: ValueFormat.MD5}
_ADDS: Final = "add"
_REMOVES: Final = "remove"


@dataclass(frozen=True, slots=True)
class Digests:
    """A column that the connector gets: identifiers of one kind, hashed in one way."""

    kind: Identifier
    format: ValueFormat

    @property
    def column(self) -> str:
        """Its name."""
        return f"{self.kind.value.lower()}_{self.format.value}"

    @classmethod
    def of(cls, kind: Identifier, characters: int) -> Digests:
        """Of identifiers with so many characters, as they are written inside the process."""
        return cls(kind, _FORMATS[characters - len(TAGS.get(kind, ""))])


def plan_of(request: SyncRequest, config: ConfigFile, columns: Iterable[str]) -> tuple[StreamPlan, Config]:
    """Returns the connector's plan for the table, and the settings.

    Raises: ConnectorError as the connector would; UsageError if the difference can't be computed for such a sync.
    """
    _check_request(request)
    settings = read_config(config.overlaid(**request.overlay()))
    _check_settings(settings)
    stream = request.stream_of(request.table, tuple(columns), ())
    (plan,) = plan_streams(parse_catalog(msgspec.json.encode(stream.catalog())), settings)
    _check_plan(plan)
    return plan, settings


def overlay_of(request: SyncRequest, digests: Iterable[Digests], *, removes: bool) -> dict[str, Any]:
    """Returns the settings for the connector's process."""
    operation = {"mode": "column", "column": OPERATION, "add_values": [_ADDS], "remove_values": [_REMOVES]}
    identities = [
        {"column": each.column, "identifier": each.kind.value, "format": each.format.value} for each in digests
    ]
    return {
        **request.overlay(),
        "identity_columns": identities,
        "operation_column": operation if removes else None,
        "consent_column": None,
        "deletes": "remove",
        "allow_identity_drift": True,
        "max_rejected_percent": 100,
    }


def stream_of(request: SyncRequest, digests: Iterable[Digests], *, replaces: bool) -> StreamDescription:
    """Describes the stream of changes, or that of everybody who is to be in the audience."""
    text = {"type": ["null", "string"]}
    columns = {each.column: text for each in digests}
    name = request.stream or (request.table or "query").rpartition(".")[2]
    if replaces:
        return StreamDescription(name, columns, replaces=True, destination_object=request.destination_object)
    properties = {**columns, OPERATION: text, NUMBER: {"type": ["null", "integer"]}}
    return StreamDescription(name, properties, NUMBER, destination_object=request.destination_object)


def _check_request(request: SyncRequest) -> None:
    if request.cursor is not None:
        raise _not_possible("--cursor reads a part of the table, and the difference needs all of it")
    if request.destination != OWN_CONNECTOR:
        raise _not_possible("--destination names a connector whose rules are not known")
    if "{" in request.audience:
        raise _not_possible("the audience's name has a column in it, and one difference is of one audience")


def _check_settings(settings: Config) -> None:
    alone: Mapping[str, bool] = {
        "also_in_ad_accounts": bool(settings.also_in_ad_accounts),
        "ad_account_column": settings.ad_account_column is not None,
        "audience_column": settings.audience_column is not None,
        "membership_store": settings.membership_store is not None,
        "object_storage_config": settings.object_storage_config is not None,
        "mode": settings.mode != "mirror",
        "deletes": settings.deletes != "remove",
        "remove_from": settings.remove_from != "audience",
        "expire_after_days": settings.expire_after_days is not None,
    }
    for name, is_set in alone.items():
        if is_set:
            raise _not_possible(f"the setting {name} does not go with it")


def _check_plan(plan: StreamPlan) -> None:
    if plan.deciding_columns:
        column = plan.deciding_columns[0]
        raise _not_possible(f"the column {column} says what a row does; leave such rows out by --query instead")
    for identity in plan.identities:
        if identity.identifier not in SENT_AS_DIGESTS:
            raise _not_possible(
                f"identifiers of the kind {identity.identifier} (column {identity.column}) are sent as they are, and "
                "only digests are kept in the database"
            )


def _not_possible(why: str) -> UsageError:
    return UsageError(
        Code.DIFFERENCE_NOT_POSSIBLE,
        f"--difference warehouse is not possible here: {why}.",
    )
