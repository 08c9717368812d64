"""Performs one call: quota, token, request, meaning of the answer, retries. Knows no endpoint by name.

Neither its reports to the observer nor its errors contain a body or a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

import msgspec

from destination_pinterest.api import answers
from destination_pinterest.api.endpoints import Endpoint
from destination_pinterest.api.fresh import FreshObjects
from destination_pinterest.api.models import ForeignAnswerError
from destination_pinterest.api.observer import Exchange, Observer, RetryNotice
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.retry import RetryPolicy, given_up, may_repeat
from destination_pinterest.api.scrub import clean_request_id
from destination_pinterest.api.wire import Lost, Message, Reply, Wire
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AmbiguousCreationError,
    Answer,
    AuthenticationError,
    ConnectionFailedError,
    ConnectorError,
    ObjectBusyError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from destination_pinterest.system import System

T = TypeVar("T")

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
USER_AGENT: Final = "airbyte-destination-pinterest"
_NO_CONTENT: Final = 204


class Credentials(Protocol):
    """The value of the Authorization header, and its renewal when Pinterest refuses it."""

    def authorization(self) -> str:
        """Returns the header's value."""

    def renew(self, rejected: str) -> str:
        """Returns another value, after Pinterest refused `rejected`.

        Raises:
            AuthenticationError: there is none.
        """


@dataclass(frozen=True, slots=True, repr=False)
class Call(Generic[T]):
    """A request to make. `path` is the endpoint's template filled in, with the query.

    `decode` reads the body of a 2xx answer (models.decoder). `object_id` is what the path names, for the observer;
    `names` are the ids of all objects that path or body name, which may be too fresh to be seen.
    `records` and `secrets` are parts of the body that Pinterest might quote and that must be scrubbed.
    `on_lost_answer` is called when Pinterest may have acted but the answer was lost. `retry` takes the place of the
    transport's. Never printed.
    """

    endpoint: Endpoint
    path: str
    decode: Callable[[bytes], T]
    body: bytes | None = None
    content_type: str = JSON
    object_id: str | None = None
    names: tuple[str, ...] = ()
    records: str = ""
    secrets: tuple[str, ...] = ()
    on_lost_answer: Callable[[], None] | None = None
    retry: RetryPolicy | None = None


class _Failure(msgspec.Struct, frozen=True):
    """A failed attempt. `may_have_acted`: the request may have taken effect."""

    error: ConnectorError
    may_have_acted: bool


class _Result(msgspec.Struct, Generic[T], frozen=True):
    """A successful attempt."""

    value: T


class Transport:
    """Sends calls to one server for one app and user. Thread-safe.

    `quota` and `retry` say when a request may be sent (again); share them and the wire among everything that acts for
    the same app and user. The system's `sleep` may raise to end a wait.
    """

    def __init__(
        self,
        wire: Wire,
        quota: Quota,
        retry: RetryPolicy,
        *,
        system: System,
        observer: Observer,
    ) -> None:
        self._wire = wire
        self._quota = quota
        self._retry = retry
        self._system = system
        self._observer = observer
        self.fresh = FreshObjects(system.clock)

    @property
    def retry(self) -> RetryPolicy:
        """How long and how often a request is tried."""
        return self._retry

    @property
    def clock(self) -> Callable[[], float]:
        """Monotonic seconds."""
        return self._system.clock

    def perform(self, call: Call[T], credentials: Credentials) -> T:
        """Sends `call` until it succeeds, until the retries are used up, or until it must not be sent again.

        Raises:
            AmbiguousCreationError: a creation may have taken effect, but its answer was lost.
            ConnectorError: whatever else Pinterest's answer means, see answers.MEANINGS.
        """
        sendings = 0
        failed_at: float | None = None
        renewed = False
        while True:
            authorization = credentials.authorization()
            outcome = self._sent(call, authorization, is_repeat=sendings > 0 or renewed)
            if isinstance(outcome, _Result):
                if self.fresh.silent:
                    self.fresh.answered(call.names)
                return outcome.value
            error = outcome.error
            if outcome.may_have_acted and call.on_lost_answer is not None:
                call.on_lost_answer()
            if not renewed and answers.concerns_token(error):
                _renew(credentials, authorization, error)
                renewed = True
                continue
            is_late = self.fresh.may_appear(call.names, error)
            if not is_late and not may_repeat(call.endpoint.effect, error, may_have_acted=outcome.may_have_acted):
                raise _ambiguous(call.endpoint, error) if outcome.may_have_acted else error
            sendings += 1
            failed_at = self._system.clock() if failed_at is None else failed_at
            elapsed_s = self._system.clock() - failed_at
            if is_late:
                delay_s = self._retry_of(call).appearance_delay_s(sendings, elapsed_s)
            else:
                delay_s = self._retry_of(call).delay_s(error, sendings, elapsed_s, self._system.chance())
            self._wait_to_retry(call, error, sendings, elapsed_s, delay_s)

    def _sent(self, call: Call[T], authorization: str, *, is_repeat: bool) -> _Result[T] | _Failure:
        permit = self._quota.acquire(call.endpoint.category)
        started_s = self._system.clock()
        reply: Reply | Lost | None = None
        try:
            reply = self._wire.exchange(_message(call, authorization, self._retry_of(call).exchange_s))
        finally:
            self._quota.learn(permit, *((reply.headers, reply.status) if isinstance(reply, Reply) else ()))
        if isinstance(reply, Lost):
            elapsed_s = self._system.clock() - started_s
            self._observer.sent(Exchange(call.endpoint, call.object_id, None, elapsed_s, is_repeat))
            return _Failure(reply.error, reply.may_have_acted)
        self._observer.sent(Exchange(call.endpoint, call.object_id, reply.status, reply.elapsed_s, is_repeat))
        if 200 <= reply.status < 300:
            return _read(call, reply)
        secrets = (*call.secrets, authorization.partition(" ")[2])
        error = answers.refusal(
            call.endpoint,
            reply.status,
            reply.headers,
            reply.body,
            self._system.now(),
            records=call.records,
            secrets=secrets,
        )
        return _Failure(error, may_have_acted=isinstance(error, ServerError | ConnectionFailedError))

    def _retry_of(self, call: Call[T]) -> RetryPolicy:
        return call.retry or self._retry

    def _wait_to_retry(
        self, call: Call[T], error: ConnectorError, sendings: int, elapsed_s: float, delay_s: float | None
    ) -> None:
        if isinstance(error, RateLimitedError) and not isinstance(error, ObjectBusyError):
            self._quota.block(call.endpoint.category, delay_s or error.retry_after_s or 0.0)
        if delay_s is None:
            raise given_up(error, sendings, elapsed_s, self._system.now())
        self._observer.retrying(RetryNotice(call.endpoint, call.object_id, error, sendings, delay_s))
        self._system.sleep(delay_s)


def _message(call: Call[T], authorization: str, limit_s: float) -> Message:
    headers = {
        "Authorization": authorization,
        "Accept": JSON,
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": USER_AGENT,
    }
    if call.body is not None:
        headers["Content-Type"] = call.content_type
    return Message(call.endpoint.method, call.path, headers, call.body, limit_s)


def _read(call: Call[T], reply: Reply) -> _Result[T] | _Failure:
    """Returns the result of a 2xx answer. If it is not JSON, it came from a proxy or was cut off."""
    try:
        return _Result(call.decode(reply.body))
    except msgspec.ValidationError as misfit:
        # Names fields and types, never values.
        fault: str | None = str(misfit)
    except (msgspec.DecodeError, UnicodeDecodeError):
        fault = "no content" if reply.status == _NO_CONTENT else None
    except ForeignAnswerError:
        return _Failure(_of_another(call, reply), may_have_acted=True)
    answer = Answer(str(call.endpoint), reply.status, request_id=clean_request_id(reply.headers.get("x-pinterest-rid")))
    if fault is None:
        unreadable = (
            "Pinterest's API gave an answer that is not JSON, or was cut off. Check api_base_url and the proxy."
        )
        return _Failure(ConnectionFailedError(Code.ANSWER_UNREADABLE, unreadable, answer=answer), may_have_acted=True)
    unexpected = f"Pinterest's answer is not what its description says ({fault}). Please report this."
    return _Failure(UnexpectedAnswerError(Code.ANSWER_UNEXPECTED, unexpected, answer=answer), may_have_acted=True)


def _of_another(call: Call[T], reply: Reply) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(
        Code.ANSWER_OF_ANOTHER,
        f"Pinterest's answer is about another {call.endpoint.subject} than was asked for. Please report this; if a "
        "proxy here keeps answers, switch that off.",
        answer=Answer(
            str(call.endpoint), reply.status, request_id=clean_request_id(reply.headers.get("x-pinterest-rid"))
        ),
    )


def _renew(credentials: Credentials, rejected: str, error: ConnectorError) -> None:
    """Renews the credentials; if they can't be, the failure carries Pinterest's answer."""
    try:
        credentials.renew(rejected)
    except AuthenticationError as failure:
        final = failure
    else:
        return
    raise AuthenticationError(final.code, final.message, answer=final.answer or error.answer)


def _ambiguous(endpoint: Endpoint, error: ConnectorError) -> AmbiguousCreationError:
    return AmbiguousCreationError(
        Code.CREATION_IN_DOUBT,
        f"It is not known whether Pinterest has created the {endpoint.subject}. The next sync looks for it by name "
        f"before it creates another. [after {error.code}: {error.message}]",
        answer=error.answer,
    )
