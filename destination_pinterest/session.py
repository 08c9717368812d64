"""Opens a session with Pinterest from the settings: the client, its sign-in, quota, retries and pause."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
from pydantic import ValidationError

from destination_pinterest.api.auth import (
    RefreshingToken,
    SignIn,
    SignInHome,
    StaticToken,
    TokenSet,
    first_tokens,
)
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import limits_of
from destination_pinterest.api.observer import Observer, SilentObserver
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.quota_sharing import shared_counts
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.token_endpoint import TokenEndpoint
from destination_pinterest.api.transport import Transport
from destination_pinterest.api.wire import OpenWire, open_http_wire
from destination_pinterest.config import Config, OAuthCredentials, migrate
from destination_pinterest.config.credentials import token_fingerprint
from destination_pinterest.config_lock import holding
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectionFailedError, InvalidConfigError
from destination_pinterest.pause import Pause
from destination_pinterest.system import System

# What of the credentials the connector itself keeps.
_KEPT: Final = (
    *("refresh_token", "access_token", "access_token_expires_at", "refresh_token_expires_at"),
    *("access_token_mark", "refresh_token_mark"),
)


# How long the caller may take to keep a new token while others wait for their turn.
_KEPT_WITHIN_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.02


class ConfigSink(Protocol):
    """Takes a changed config for the platform to keep."""

    def control(self, config: Mapping[str, Any]) -> None:
        """Takes the whole config."""

    def log(self, level: str, text: str) -> None:
        """Takes what is to be said of its sign-in."""


@dataclass(frozen=True, slots=True, repr=False)
class PlatformConfig:
    """The config as the platform keeps it, with secrets and unknown keys, and the sink for a changed one.

    `read_again` returns it as it is kept now, None if it can't be read; `is_tried_again` as in SignInHome.
    `lock_path` is what processes lock that share its sign-in, if several do.
    """

    content: Mapping[str, Any]
    sink: ConfigSink
    read_again: Callable[[], Mapping[str, Any] | None] = lambda: None
    is_tried_again: bool = False
    lock_path: Path | None = None

    def keep(self, tokens: TokenSet) -> None:
        """Sends the platform a copy with these tokens."""
        self.sink.control(with_tokens(self.content, tokens))


class PinterestSession(msgspec.Struct, frozen=True):
    """A session with Pinterest. `sign_in` is None if the token can't be renewed.

    `clients` has one client for each ad account of the settings, in their order. They share the token, the quota and
    the wire. `quota_left` returns how many requests of a category may still be sent, if that is known; `access_tier`
    which tier the app has by the settings or by Pinterest's answers, None as long as nothing shows it; `leave_quota`
    tells those who share the quota that nothing more is sent.
    """

    clients: Mapping[str, PinterestClient]
    sign_in: RefreshingToken | None
    pause: Pause
    lost_answer_delay_s: Callable[[int, float], float | None]
    quota_left: Callable[[Category], int | None]
    access_tier: Callable[[], str | None]
    leave_quota: Callable[[], None] = lambda: None

    @property
    def client(self) -> PinterestClient:
        """The client for the first ad account."""
        return next(iter(self.clients.values()))


def open_session(
    config: Config,
    platform_config: PlatformConfig,
    *,
    system: System,
    observer: Observer,
    retry: RetryPolicy,
    open_wire: OpenWire = open_http_wire,
    pause: Pause | None = None,
    say: Callable[[str, str], None] = lambda _level, _text: None,
) -> PinterestSession:
    """Opens a session. Nothing is sent yet.

    Args:
        config: the settings.
        platform_config: the config that the platform keeps; takes a rotated token.
        system: clocks and chance; waits use `pause` instead of its sleep.
        observer: is notified of requests, retries and waits, from every thread.
        retry: how long requests are retried.
        open_wire: opens the wire to Pinterest.
        pause: waits, and can be interrupted; by default, a new one.
        say: takes a log level and a sentence, from every thread.

    Raises: ConfigurationError if the quota is to be shared through a Redis, and the package for it is missing.
    """
    pause = pause or Pause()
    interruptible = system.with_sleep(pause.sleep)
    facts = config.pinterest_facts
    limits = limits_of(config.access_tier, None if facts is None else facts.access_tier)
    counts = shared_counts(config, os.environ, system, say)
    quota = Quota(limits, longest_wait_s=retry.retry_s, system=interruptible, observer=observer, counts=counts)
    wire = open_wire(config.api_base_url, system)
    transport = Transport(wire, quota, retry, system=interruptible, observer=observer)
    sign_in: RefreshingToken | None = None
    if isinstance(config.credentials, OAuthCredentials):
        endpoint = TokenEndpoint(transport)
        sign_in = _sign_in(config.credentials.without_leftovers(), platform_config, endpoint, system)
        tokens: RefreshingToken | StaticToken = sign_in
    else:
        tokens = StaticToken(config.credentials.access_token)
    clients = {account: PinterestClient(account, tokens, transport) for account in config.ad_account_ids}
    # A creation without an answer is not repeated by the client; whoever looks it up waits as for any lost answer.
    lost = ConnectionFailedError(Code.PINTEREST_UNREACHABLE, "The answer was lost.")
    return PinterestSession(
        clients,
        sign_in,
        pause,
        lambda attempt, elapsed_s: retry.delay_s(lost, attempt, elapsed_s, system.chance()),
        quota.left,
        lambda: quota.tier if config.access_tier == "auto" else config.access_tier,
        quota.leave,
    )


def _sign_in(
    credentials: OAuthCredentials,
    platform_config: PlatformConfig,
    endpoint: TokenEndpoint,
    system: System,
) -> RefreshingToken:
    def read_again() -> SignIn | None:
        kept = _kept_credentials(credentials, platform_config.read_again())
        return None if kept is None else _as_sign_in(kept)

    def keep(tokens: TokenSet) -> None:
        """Sends the tokens to be kept; where others wait for their turn, until they are."""
        platform_config.keep(tokens)
        give_up_at = system.clock() + _KEPT_WITHIN_S
        while lock_path is not None and system.clock() < give_up_at:
            kept = read_again()
            if kept is None or kept.refresh_token == tokens.refresh_token:
                return
            system.sleep(_LOOK_EVERY_S)

    lock_path = platform_config.lock_path
    return RefreshingToken(
        _as_sign_in(credentials),
        endpoint=endpoint,
        system=system,
        on_rotation=keep,
        home=SignInHome(
            read_again,
            None if lock_path is None else lambda: holding(lock_path, system),
            platform_config.is_tried_again,
            lambda text: platform_config.sink.log("WARN", text),
        ),
    )


def redeem_code(config: Config, code: str, redirect_uri: str, *, system: System, open_wire: OpenWire) -> TokenSet:
    """Exchanges the code that a person's consent gave, for the app that the config names. It is sent once.

    Raises:
        AuthenticationError: Pinterest refuses it.
        ConnectorError: it failed in another way.
    """
    if not isinstance(config.credentials, OAuthCredentials):
        raise InvalidConfigError(
            Code.COMMAND_WRONG, "A code belongs to an app: sign-in needs its ID and secret. Use pinterest-audiences."
        )
    observer, retry = SilentObserver(), RetryPolicy(retry_s=0.0)
    quota = Quota(limits_of("none", None), longest_wait_s=0.0, system=system, observer=observer)
    transport = Transport(open_wire(config.api_base_url, system), quota, retry, system=system, observer=observer)
    client_id, client_secret = config.credentials.client_id.strip(), config.credentials.client_secret.strip()
    answer = TokenEndpoint(transport).redeem(client_id, client_secret, code, redirect_uri)
    return first_tokens(answer, system.now())


def _as_sign_in(credentials: OAuthCredentials) -> SignIn:
    return SignIn(
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        refresh_token=credentials.refresh_token,
        access_token=credentials.access_token,
        access_token_expires_at=credentials.access_token_expires_at,
        refresh_token_expires_at=credentials.refresh_token_expires_at,
    )


def _kept_credentials(credentials: OAuthCredentials, raw: Mapping[str, Any] | None) -> OAuthCredentials | None:
    """Returns the credentials with the tokens that a config holds by now; None if it holds none that can be used."""
    found = migrate(raw or {}).get("credentials")
    if not isinstance(found, dict):
        return None
    # A text of the command line's config file may name a variable.
    kept = {key: found[key] for key in _KEPT if "${" not in str(found.get(key)) and key in found}
    try:
        changed = {**dict.fromkeys(_KEPT), **kept, "client_id": credentials.client_id}
        again = OAuthCredentials.model_validate({**changed, "client_secret": credentials.client_secret})
    except ValidationError:
        return None
    return again.without_leftovers()


def with_tokens(raw: Mapping[str, Any], tokens: TokenSet) -> dict[str, Any]:
    """Returns the whole config with the sign-in's present tokens, for the platform to keep."""
    config = copy.deepcopy(dict(raw))
    config["credentials"] = {
        **config["credentials"],
        "refresh_token": tokens.refresh_token,
        "access_token": tokens.access_token,
        "access_token_expires_at": _whole(tokens.access_token_expires_at),
        "refresh_token_expires_at": _whole(tokens.refresh_token_expires_at),
        "access_token_mark": token_fingerprint(tokens.access_token),
        "refresh_token_mark": token_fingerprint(tokens.refresh_token),
    }
    return config


def _whole(moment: float | None) -> int | None:
    return None if moment is None else int(moment)
