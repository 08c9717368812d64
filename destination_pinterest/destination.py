"""The connector for callers with the CDK's objects: those who embed it, and the CDK's own tests.

The CDK's own `run` is replaced, because it drops the platform's `state.id`, leaves states in a pipe's buffer, and logs
lines that it can't read, customers' data included.

Source: airbyte-cdk 7.39.1, destinations/destination.py (read and run 2026-11-22).
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    ConnectorSpecification,
    ConnectorSpecificationSerializer,
    Status,
)

from destination_pinterest.api.wire import OpenWire, open_http_wire
from destination_pinterest.commands import parse_command
from destination_pinterest.connector import CHECK_RETRY_S, Connector
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.specification import connector_specification
from destination_pinterest.system import System


class DestinationPinterest(Destination):
    """Pinterest as an Airbyte destination.

    Args:
        system, open_wire, check_retry_s: see Connector.
    """

    def __init__(
        self,
        system: System | None = None,
        *,
        open_wire: OpenWire = open_http_wire,
        check_retry_s: float = CHECK_RETRY_S,
    ) -> None:
        self._connector = Connector(system, open_wire=open_wire, check_retry_s=check_retry_s)

    def run(self, args: list[str]) -> None:
        """Runs a command; everything on standard output is an Airbyte message. Exits with 1 after any failure."""
        self._connector.run(args)

    def spec(self, logger: logging.Logger) -> ConnectorSpecification:  # noqa: ARG002 - the CDK's signature
        """Returns the form, the sign-in and the sync modes."""
        return ConnectorSpecificationSerializer.load(connector_specification())

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Says whether a sync with these settings would work, and what to change if not."""
        succeeded, message = self._connector.check(config)
        if succeeded:
            logger.info(message)
        return AirbyteConnectionStatus(status=Status.SUCCEEDED if succeeded else Status.FAILED, message=message)

    def write(
        self,
        config: Mapping[str, Any],
        configured_catalog: ConfiguredAirbyteCatalog,
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterator[AirbyteMessage]:
        """Runs the same sync for callers with the CDK's objects, which can't carry `state.id`."""
        streams = parse_catalog(orjson.dumps(ConfiguredAirbyteCatalogSerializer.dump(configured_catalog)))
        lines = MessageLines(_line(AirbyteMessageSerializer.dump(message)) for message in input_messages)
        for state in self._connector.sync(config, streams, lines).run():
            # Unlike orjson, it keeps an integer of more than 64 bits as it is.
            yield AirbyteMessageSerializer.load({"type": "STATE", "state": json.loads(state)})

    def parse_args(self, args: list[str]) -> argparse.Namespace:
        """See `parse_command`."""
        return parse_command(args)


def _line(message: Any) -> bytes:
    try:
        return orjson.dumps(message)
    except TypeError:  # An integer of more than 64 bits, or half of a surrogate pair.
        return json.dumps(message, default=lambda value: orjson.loads(orjson.dumps(value))).encode()
