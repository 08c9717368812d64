"""The errors of the connector, grouped by what should happen next.

    ConnectorError
    ├── ConfigurationError        config_error: somebody must change something; retrying can't help
    │   ├── InvalidConfigError        the connection's settings contradict each other or the data
    │   ├── IdentityColumnsError      a stream has no usable identity column
    │   ├── SyncModeError             a stream asks for a sync mode that is not offered
    │   ├── AuthenticationError       the token is expired, revoked or garbage
    │   ├── MissingScopeError         the token was granted too little
    │   ├── PermissionDeniedError     the person behind the token may not do this
    │   ├── NotFoundError             the ad account, list or audience is not there
    │   ├── InvalidRequestError       Pinterest refuses what was asked
    │   ├── AudienceConflictError     an audience of that name exists and is of another kind
    │   ├── RemovalGuardError         more people would leave an audience than the settings permit
    │   ├── UnusableRowsError         too few of a stream's rows can be used
    │   ├── IdentityDriftError        rows lack identifiers that the last sync had
    │   ├── RuleChangeRefusedError    Pinterest does not let an audience be made of another customer list
    │   ├── StorageRefusedError       a bucket or folder is not there, or may not be used
    │   ├── StoreMismatchError        the membership store is damaged, foreign, or under another key
    │   └── AudiencesFailedError      several audiences failed for different reasons, and retrying helps none of them
    ├── TransientError            transient_error: the same again later may succeed
    │   ├── RateLimitedError          429: the quota of the app and user is used up
    │   │   ├── ObjectBusyError           429: several writes to one object within a short time
    │   │   └── SpamFilterError           429: the spam filter; not to be hammered
    │   ├── ServerError               5xx
    │   ├── ConnectionFailedError     no answer: refused, reset, timed out
    │   ├── ConflictError             409
    │   ├── AmbiguousCreationError    a creation had no answer: it may or may not exist now
    │   ├── IncompleteStreamError     a stream that was to replace an audience ended without proof that it is whole
    │   ├── AudienceTooEarlyError     no audience is made of a customer list yet, and a sync can't leave it at that
    │   ├── StorageFailedError        a bucket or folder did not answer as it should
    │   ├── SignInRaceError           another process may have renewed the sign-in
    │   ├── StoreBusyError            another sync uses the membership store
    │   ├── ForgettingIncompleteError  people are suppressed, but not yet out of every customer list
    │   ├── InterruptedSyncError      the sync is being stopped; what was waiting gives up
    │   └── AudiencesFailedForNowError  several audiences failed for different reasons, some of which may pass
    ├── RequestTooLargeError      413 or a 400 about size: to be sent again in smaller pieces
    └── InternalError             system_error: a fault of the connector, the platform or Pinterest
        ├── ProtocolError             the platform sent what is not an Airbyte message
        └── UnexpectedAnswerError     Pinterest answered what its description does not allow

A message is one sentence or two: what happened and where, and what the user does about it. In front of it stands the
error's code (see error_codes.py), by which programs and the page tell errors apart. No error ever holds a request's
body, a person's data or a secret: the only things of Pinterest's that are kept are its status, code, message and
request id.
"""

from __future__ import annotations

from copy import copy
from typing import ClassVar, Self

import msgspec

from destination_pinterest.error_codes import Code, FailureKind
from destination_pinterest.foreign_text import cleaned


class Answer(msgspec.Struct, frozen=True):
    """What is kept of a refusal by Pinterest.

    `message` is Pinterest's text, cut and cleaned by the client before it comes here; `endpoint` is a method and a
    path template ("PATCH /ad_accounts/{ad_account_id}/customer_lists/{customer_list_id}"), never a URL with a query.
    """

    endpoint: str
    status: int
    code: int | None = None
    message: str = ""
    request_id: str | None = None

    def __str__(self) -> str:
        code = "" if self.code is None else f", code {self.code}"
        text = f": {self.message}" if self.message else ""
        rid = f" (request id {self.request_id})" if self.request_id else ""
        return f"Pinterest answered HTTP {self.status}{code} to {self.endpoint}{text}{rid}"


class ConnectorError(Exception):
    """Any failure that the connector understands. `str()` of it is what the user reads: code, sentence, answer."""

    failure_kind: ClassVar[FailureKind] = "system_error"

    def __init__(self, code: Code, message: str, *, answer: Answer | None = None) -> None:
        self.message = cleaned(message)
        super().__init__(code, self.message)
        self.code = code
        self.answer = answer

    def __str__(self) -> str:
        said = f"{self.code}: {self.message}"
        return said if self.answer is None else f"{said} [{self.answer}]"

    def with_message(self, message: str) -> Self:
        """Returns the same error with another sentence."""
        other = copy(self)
        other.message = message
        other.args = (self.code, message)
        return other


class ConfigurationError(ConnectorError):
    """Somebody must change something before it is worth trying again."""

    failure_kind = "config_error"


class InvalidConfigError(ConfigurationError):
    """The connection's settings contradict each other or the data."""


class IdentityColumnsError(ConfigurationError):
    """A stream has no usable identity column."""


class SyncModeError(ConfigurationError):
    """A stream asks for a sync mode that is not offered."""


class AuthenticationError(ConfigurationError):
    """The token is expired, revoked or garbage, and can't be refreshed."""


class MissingScopeError(ConfigurationError):
    """The token was granted too little."""


class PermissionDeniedError(ConfigurationError):
    """The person behind the token, or the app, may not do this."""


class NotFoundError(ConfigurationError):
    """The ad account, list or audience is not there (any more)."""


class InvalidRequestError(ConfigurationError):
    """Pinterest refuses what was asked, and would refuse it again."""


class AudienceConflictError(ConfigurationError):
    """An audience of that name exists and is of another kind."""


class RemovalGuardError(ConfigurationError):
    """More people would leave an audience at once than the settings permit."""


class UnusableRowsError(ConfigurationError):
    """Too few of a stream's rows can be used."""


class IdentityDriftError(ConfigurationError):
    """The rows lack identifiers that the last sync had, so people would leave who may still be in the table."""


class RuleChangeRefusedError(ConfigurationError):
    """Pinterest does not let an audience be made of another customer list."""


class StorageRefusedError(ConfigurationError):
    """A bucket or folder is not there, or may not be used with these credentials."""


class StoreMismatchError(ConfigurationError):
    """The membership store is damaged, another audience's, of a later version, or encrypted with another key."""


class AudiencesFailedError(ConfigurationError):
    """Several audiences failed for different reasons, and somebody must change something for each of them."""


class TransientError(ConnectorError):
    """The same again, later, may succeed."""

    failure_kind = "transient_error"


class RateLimitedError(TransientError):
    """429: the quota of this app and user is used up. `retry_after_s` is what Pinterest asked for, if it did."""

    def __init__(
        self, code: Code, message: str, *, answer: Answer | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(code, message, answer=answer)
        self.retry_after_s = retry_after_s


class ObjectBusyError(RateLimitedError):
    """429 while quota is left: several writes to one object within a short time."""


class SpamFilterError(RateLimitedError):
    """429 by the spam filter: asking again soon makes it worse."""


class ServerError(TransientError):
    """5xx. `retry_after_s` is what Pinterest asked for, if it did."""

    def __init__(
        self, code: Code, message: str, *, answer: Answer | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(code, message, answer=answer)
        self.retry_after_s = retry_after_s


class ConnectionFailedError(TransientError):
    """No usable answer came: refused, reset, timed out, cut off. The request may or may not have taken effect."""


class ConflictError(TransientError):
    """409: the object changed meanwhile."""


class AmbiguousCreationError(TransientError):
    """A creation had no usable answer: the object may exist now. Look by name before creating again."""


class IncompleteStreamError(TransientError):
    """A stream that was to replace an audience ended without proof that all of it came."""


class AudienceTooEarlyError(TransientError):
    """Pinterest does not make an audience of a customer list yet, and a sync can't leave it at that."""


class StorageFailedError(TransientError):
    """A bucket or folder did not answer as it should; later it may."""


class SignInRaceError(TransientError):
    """The refresh token is refused; another process with the same settings may have renewed it."""


class StoreBusyError(TransientError):
    """Another sync uses the membership store."""


class ForgettingIncompleteError(TransientError):
    """People are suppressed, but not yet out of every customer list and ledger."""


class InterruptedSyncError(TransientError):
    """The sync is being stopped; whatever was waiting gives up."""


class AudiencesFailedForNowError(TransientError):
    """Several audiences failed for different reasons, of which some may have passed when the sync runs again."""


class RequestTooLargeError(ConnectorError):
    """413, or a 400 that speaks of size: to be sent again in smaller pieces."""

    failure_kind = "config_error"


class InternalError(ConnectorError):
    """A fault of the connector, the platform or Pinterest that nobody can configure away."""


class ProtocolError(InternalError):
    """The platform sent what is not an Airbyte message. Names the line's number, never its content."""


class UnexpectedAnswerError(InternalError):
    """Pinterest answered what its own description does not allow."""
