"""The command `discover`: lists the audiences that a stream can be pointed at.

It uses the present access token and never renews a sign-in. A refresh may invalidate the refresh token that the
platform keeps, and the platform keeps a new one only from a check or a sync: in discover it takes the connector for a
source, so the CONTROL message, and with it the sign-in, would be lost. An access token is valid for 30 days, comes with
the sign-in, and is renewed by every check or sync that needs to, so there is nearly always a valid one; if not,
discover says how to get one.

Source: airbytehq/airbyte-platform at 310e6cb6, ConnectorMessageProcessor; developers.pinterest.com, "Set up
authentication and authorization": refresh tokens may rotate (both read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from destination_pinterest.api.auth import EXPIRY_MARGIN_S
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.typed import Completion
from destination_pinterest.config import AccessTokenCredentials, Config, OAuthCredentials
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import AuthenticationError
from destination_pinterest.routing.destination_catalog import (
    DestinationCatalog,
    deciding_columns_of,
    destination_catalog,
    leading_columns_of,
)

_RENEW_FIRST: Final = (
    "The sign-in has to be renewed, which can't be done while the destination's objects are looked up: Airbyte would "
    "not keep the new one. Test the destination once (in its settings, or with the command check), then refresh the "
    "list of objects."
)


class Discovery:
    """Lists what streams can be pointed at.

    Args:
        config: the settings.
        clients: the clients made from `without_renewal(config)`, by ad account.
    """

    def __init__(self, config: Config, clients: Mapping[str, PinterestClient]) -> None:
        self._config = config
        self._clients = clients

    def run(self) -> DestinationCatalog:
        """Returns the catalog of the ad accounts, newest audiences of each first.

        Raises:
            AuthenticationError: the access token is refused; the sign-in is unchanged.
            ConnectorError: what is wrong and what to do about it.
        """
        completions = {account: Completion(client) for account, client in self._clients.items()}
        every_audience = (
            (account, completions[account].typed(audience))
            for account, client in self._clients.items()
            for audience in client.audiences(exclude_nca=True)
            if not audience.is_nca
        )
        try:
            catalog = destination_catalog(
                every_audience,
                deciding_columns=deciding_columns_of(self._config),
                leading_columns=leading_columns_of(self._config),
            )
        except AuthenticationError as error:
            if isinstance(self._config.credentials, OAuthCredentials):
                raise AuthenticationError(Code.RENEWAL_DUE_IN_DISCOVERY, _RENEW_FIRST, answer=error.answer) from None
            raise
        return replace(catalog, untold=sum(completion.untold for completion in completions.values()))


def without_renewal(config: Config, now_s: float) -> Config:
    """Returns the settings with a sign-in that can use its access token but not renew it.

    Args:
        config: the settings.
        now_s: seconds since 1970.

    Raises:
        AuthenticationError: there is no valid access token.
    """
    if not isinstance(config.credentials, OAuthCredentials):
        return config
    credentials = config.credentials.without_leftovers()
    ends_at = credentials.access_token_expires_at
    if not credentials.access_token or (ends_at is not None and now_s >= ends_at - EXPIRY_MARGIN_S):
        raise AuthenticationError(Code.RENEWAL_DUE_IN_DISCOVERY, _RENEW_FIRST)
    kept = AccessTokenCredentials(auth_method="access_token", access_token=credentials.access_token)
    return config.model_copy(update={"credentials": kept})
