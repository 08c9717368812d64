"""The client and all that it needs, made from the settings: sign-in, quota, retries, and a way to stop."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from destination_pinterest.api.auth import RefreshingToken, SignIn, StaticToken, TokenSet
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.limits import limits_of
from destination_pinterest.api.observer import Observer
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.token_endpoint import TokenEndpoint
from destination_pinterest.api.transport import Transport
from destination_pinterest.api.wire import OpenWire, open_http_wire
from destination_pinterest.config import Config, OAuthCredentials
from destination_pinterest.config.credentials import token_mark
from destination_pinterest.errors import ConnectionFailedError
from destination_pinterest.pause import Pause
from destination_pinterest.system import System


class ConfigKeeper(Protocol):
    """Where a changed config goes, to be kept by the platform."""

    def control(self, config: Mapping[str, Any]) -> None:
        """Takes the whole config."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What speaks with Pinterest. `sign_in` is None where the token is one that can't be renewed."""

    client: PinterestClient
    sign_in: RefreshingToken | None
    pause: Pause
    lost_answer_delay_s: Callable[[int, float], float | None]


def connect(
    config: Config,
    raw: Mapping[str, Any],
    *,
    keeper: ConfigKeeper,
    system: System,
    observer: Observer,
    retry: RetryPolicy,
    open_wire: OpenWire = open_http_wire,
) -> Connection:
    """Makes a connection. Nothing is sent yet.

    Args:
        config: the settings.
        raw: the config that they were read from; a rotated token goes out in a copy of it.
        keeper: takes that copy.
        system: clocks, sleep and chance; waits are interruptible whatever its sleep is.
        observer: hears of answers, retries and waits, from every thread.
        retry: how long requests are tried.
        open_wire: makes the way to Pinterest.
    """
    pause = Pause()
    interruptible = system.with_sleep(pause.sleep)
    quota = Quota(limits_of(config.access_tier), longest_wait_s=retry.retry_s, system=interruptible, observer=observer)
    wire = open_wire(config.api_base_url, system)
    transport = Transport(wire, quota, retry, system=interruptible, observer=observer)
    sign_in: RefreshingToken | None = None
    if isinstance(config.credentials, OAuthCredentials):
        endpoint = TokenEndpoint(transport)
        sign_in = _sign_in(config.credentials.without_leftovers(), raw, keeper, endpoint, system)
        tokens: RefreshingToken | StaticToken = sign_in
    else:
        tokens = StaticToken(config.credentials.access_token)
    client = PinterestClient(config.ad_account_id, tokens, transport)
    # A creation without an answer is not repeated by the client; whoever looks it up waits as for any lost answer.
    lost = ConnectionFailedError("The answer was lost.")
    return Connection(
        client, sign_in, pause, lambda attempt, elapsed_s: retry.delay_s(lost, attempt, elapsed_s, system.chance())
    )


def _sign_in(
    credentials: OAuthCredentials,
    raw: Mapping[str, Any],
    keeper: ConfigKeeper,
    endpoint: TokenEndpoint,
    system: System,
) -> RefreshingToken:
    return RefreshingToken(
        SignIn(
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            refresh_token=credentials.refresh_token,
            access_token=credentials.access_token,
            access_token_expires_at=credentials.access_token_expires_at,
            refresh_token_expires_at=credentials.refresh_token_expires_at,
        ),
        endpoint=endpoint,
        system=system,
        on_rotation=lambda tokens: keeper.control(with_tokens(raw, tokens)),
    )


def with_tokens(raw: Mapping[str, Any], tokens: TokenSet) -> dict[str, Any]:
    """The whole config with the sign-in's present tokens: what the platform is to keep."""
    config = copy.deepcopy(dict(raw))
    config["credentials"] = {
        **config["credentials"],
        "refresh_token": tokens.refresh_token,
        "access_token": tokens.access_token,
        "access_token_expires_at": _whole(tokens.access_token_expires_at),
        "refresh_token_expires_at": _whole(tokens.refresh_token_expires_at),
        "access_token_mark": token_mark(tokens.access_token),
        "refresh_token_mark": token_mark(tokens.refresh_token),
    }
    return config


def _whole(moment: float | None) -> int | None:
    return None if moment is None else int(moment)
