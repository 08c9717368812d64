"""Decides through what a process shares its quota: what its settings name, what has started it, or nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from destination_pinterest.api.counts_in_file import FileCounts, process_is_running
from destination_pinterest.api.shared_counts import SharedCounts
from destination_pinterest.certificates import trusted_certificates
from destination_pinterest.config import Config, OAuthCredentials
from destination_pinterest.config.shared_quota import SharedQuotaAddress, read_shared_quota
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConfigurationError
from destination_pinterest.markers import QUOTA_PATH_VARIABLE
from destination_pinterest.system import System

if TYPE_CHECKING:
    from redis import Redis

    from destination_pinterest.api.presence_in_redis import Say

FORMAT: Final = 1
_PREFIX: Final = "pinterest-quota:"
_TIMEOUT_S: Final = 1.0


def shared_counts(config: Config, environment: Mapping[str, str], system: System, say: Say) -> SharedCounts | None:
    """Returns what the quota is shared through; None if it is not. What can't be used is said, and not shared.

    Raises: ConfigurationError if the package for Redis is missing, or the address says what it doesn't know.
    """
    if config.shared_quota is None:
        return _of_command(environment)
    address = read_shared_quota(config.shared_quota)
    if address.url is not None:
        # Here, since it loads a package that few need.
        from destination_pinterest.api.counts_in_redis import RedisCounts  # noqa: PLC0415

        key = f"{_PREFIX}{FORMAT}:{_name(config, address)}"
        from destination_pinterest.api.presence_in_redis import Presence  # noqa: PLC0415

        client, owner_name = redis_client(address), uuid4().hex
        presence = Presence(client, f"{key}:present", owner_name, address.processes, say)
        return RedisCounts(client, key, owner_name, presence, say)
    # On the wall's clock, which goes on when the machine starts anew.
    offset_s = system.now() - system.clock()
    owner = uuid4().int >> 65
    try:
        return FileCounts(Path(str(address.path)), owner, lambda _: True, offset_s=offset_s)
    except OSError as error:
        say(
            "WARN",
            "The quota is not shared: the file that shared_quota names can't be used "
            f"({error.strerror or 'not ours'}). Correct its folder's permissions, or name another.",
        )
        return None


def check_sharing(config: Config) -> None:
    """Asks whether the quota could be shared. Raises: ConfigurationError if not; it says why."""
    if config.shared_quota is None:
        return
    address = read_shared_quota(config.shared_quota)
    if address.url is None:
        try:
            FileCounts(Path(str(address.path)), 1, lambda _: True)
        except OSError as error:
            raise ConfigurationError(
                Code.SHARED_QUOTA_UNUSABLE,
                f"The file that Shared quota (shared_quota) names can't be used: {error.strerror or 'not ours'}. "
                "Correct its folder's permissions, or name another.",
            ) from None
        return
    client = redis_client(address)
    from redis import RedisError  # noqa: PLC0415 - it is there, since there is a client

    from destination_pinterest.api.redis_trouble import redis_trouble, try_redis  # noqa: PLC0415

    try:
        try_redis(client, f"{_PREFIX}{FORMAT}:check")
    except (RedisError, OSError) as error:
        raise redis_trouble(error) from None


def redis_client(address: SharedQuotaAddress) -> Redis:
    """Returns a client, which connects when it is used.

    Raises: ConfigurationError if its package is missing.
    """
    try:
        from redis import Redis  # noqa: PLC0415 - an extra
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ConfigurationError(
            Code.REDIS_PACKAGE_MISSING,
            "Shared quota (shared_quota) names a Redis, and its package is not installed. Install "
            'it by pip install "airbyte-destination-pinterest[redis]", or name a file of this machine.',
        ) from None
    trusted = trusted_certificates(os.environ) if str(address.url).startswith("rediss://") else None
    settings = {} if trusted is None else {"ssl_ca_path" if Path(trusted).is_dir() else "ssl_ca_certs": trusted}
    return Redis.from_url(
        str(address.url),
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),
        client_name="destination-pinterest",
        **settings,
    )


def _of_command(environment: Mapping[str, str]) -> SharedCounts | None:
    """The file by which the processes of one command share: whoever has started this process names it."""
    path = environment.get(QUOTA_PATH_VARIABLE)
    if path:
        with suppress(OSError):
            return FileCounts(Path(path), os.getpid(), process_is_running)
    return None


def _name(config: Config, address: SharedQuotaAddress) -> str:
    """What those have in common who share a quota, and from which nothing can be read."""
    if address.name is not None:
        return address.name
    credentials = config.credentials
    app = credentials.client_id if isinstance(credentials, OAuthCredentials) else credentials.access_token
    return hashlib.sha256(f"destination-pinterest {app}".encode()).hexdigest()[:32]
