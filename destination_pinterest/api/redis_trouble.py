"""Whether a quota can be shared through a Redis, and if not, what to do.

What Redis and its client say is not repeated: it may hold parts of the address.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    AuthorizationError,
    NoPermissionError,
    ResponseError,
)

from destination_pinterest.api.counts_in_redis import RedisCounts
from destination_pinterest.api.presence_in_redis import Presence
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConfigurationError

if TYPE_CHECKING:
    from redis import Redis

_OWNER = "check"
# By no code of its own before Redis 7.2, "The user executing the script can't run this command or subcommand".
_OF_SCRIPT = "The user executing the script"


def try_redis(client: Redis, key: str) -> None:
    """Does everything once that sharing takes, under a key of its own. Raises: what the client raises."""
    presence = Presence(client, f"{key}:present", _OWNER, 1, lambda _level, _text: None)
    RedisCounts(client, key, _OWNER, presence, lambda _level, _text: None).try_out()
    presence.try_out()


def redis_trouble(error: Exception) -> ConfigurationError:
    """Returns what to raise for an error of the client."""
    kind = type(error).__name__
    if isinstance(error, NoPermissionError) or _OF_SCRIPT in str(error):
        return ConfigurationError(
            Code.REDIS_RIGHTS_MISSING,
            "The user of Redis, which Shared quota (shared_quota) names, lacks rights there. Give it those that the "
            "documentation lists under Many processes, one quota.",
        )
    if isinstance(error, (AuthenticationError, AuthenticationWrongNumberOfArgsError, AuthorizationError)):
        return ConfigurationError(
            Code.REDIS_SIGN_IN_REFUSED,
            f"Redis, which Shared quota (shared_quota) names, refuses the sign-in ({kind}). Correct the user and the "
            "password in the address.",
        )
    if _is_of_tls(error):
        return ConfigurationError(
            Code.REDIS_NOT_TRUSTED,
            "There is no trusted TLS connection to Redis, which Shared quota (shared_quota) names. Correct its host, "
            "name the authority of its certificate in SSL_CERT_FILE, or begin the address with redis:// if it has no "
            "TLS.",
        )
    if isinstance(error, ResponseError):
        return ConfigurationError(
            Code.SHARED_QUOTA_UNUSABLE,
            f"Redis, which Shared quota (shared_quota) names, can't be used ({kind}). Name a Redis of version 6.2 or "
            "later, or a Valkey, that can be written to, is no cluster and has the database of the address.",
        )
    return ConfigurationError(
        Code.SHARED_QUOTA_UNUSABLE,
        f"Redis, which Shared quota (shared_quota) names, does not answer ({kind}). See that it runs and can be "
        "reached, and whether it takes rediss:// (TLS) only.",
    )


def _is_of_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
