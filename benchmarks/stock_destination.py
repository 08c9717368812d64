"""What the connector is held against: a destination on the stock airbyte-cdk that reads its input and does nothing.

It gives each STATE back, as any destination must; records it lets pass.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    ConfiguredAirbyteCatalog,
    ConnectorSpecification,
    Status,
    Type,
)


class StockDestination(Destination):
    """The least that a destination can do."""

    def spec(self, logger: logging.Logger) -> ConnectorSpecification:  # noqa: ARG002 - the CDK's signature
        """A form that accepts anything."""
        return ConnectorSpecification(connectionSpecification={})

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:  # noqa: ARG002
        """There is nothing to reach."""
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def write(
        self,
        config: Mapping[str, Any],  # noqa: ARG002
        configured_catalog: ConfiguredAirbyteCatalog,  # noqa: ARG002
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterable[AirbyteMessage]:
        """Every state, as soon as it comes."""
        for message in input_messages:
            if message.type == Type.STATE:
                yield message


if __name__ == "__main__":
    StockDestination().run(sys.argv[1:])
