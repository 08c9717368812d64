"""A sync assembled as the connector assembles it, with workers, sleep and a clock that tests own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from destination_pinterest.api.auth import StaticToken
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.limits import Limits
from destination_pinterest.api.observer import Observer, SilentObserver
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.transport import Transport
from destination_pinterest.assembly import SyncRequest, Tuning, assemble
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import read_config
from destination_pinterest.delivery.intake import IntakeCount
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.workers import Event, WorkerPool
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InterruptedSyncError
from destination_pinterest.membership.store_key import Scrypt
from destination_pinterest.pause import Pause
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey, parse_catalog
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.protocol.lines import Lines
from destination_pinterest.session import PlatformConfig
from destination_pinterest.sync import Sync
from destination_pinterest.system import System
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import AD_ACCOUNT, FakePinterest

# The real cost of the store key is a tenth of a second for each ledger, which would make the tests slow.
CHEAP = Tuning(stretchings={1: Scrypt(n=2, r=8, p=1)})


class InlinePool(WorkerPool):
    """Does at once what it is given."""

    def submit(self, job: Callable[[], Event], lane: AudienceLane | None = None) -> None:
        self.do(job, lane)


class HandPool(WorkerPool):
    """Does what it is given when it is told to."""

    def __init__(self, most: int, *, wake: Callable[[], None], interrupt: Callable[[], None]) -> None:
        super().__init__(most, wake=wake, interrupt=interrupt)
        self.submitted: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], Event], lane: AudienceLane | None = None) -> None:
        self.submitted.append(lambda: self.do(job, lane))

    def do_next(self, number: int = 0) -> None:
        self.submitted.pop(number)()


class ClockPause(Pause):
    """Sleeps on the tests' clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.interruptions = 0
        self.when_interrupted: Callable[[], object] = lambda: None

    def sleep(self, seconds: float) -> None:
        if self.interruptions:
            raise InterruptedSyncError(Code.SYNC_STOPPED, "stopped")
        self._clock.sleep(seconds)

    def interrupt(self) -> None:
        self.interruptions += 1
        self.when_interrupted()


Step = bytes | float | Callable[[], object]


class Script:
    """Standard input: chunks of lines, numbers for seconds of silence, and what else happens meanwhile."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._steps: list[Step] = []
        self._is_woken = False
        self.patience_s: list[float] = []

    def read(self, timeout_s: float) -> bytes | None:
        self.patience_s.append(timeout_s)
        if not self._steps:
            return None
        step = self._steps.pop(0)
        if isinstance(step, bytes):
            return step
        if callable(step):
            step()
            return b""
        waited = 0.0 if self._is_woken else min(step, timeout_s)
        self._is_woken = False
        self._clock.pass_by(waited)
        if waited < step:
            self._steps.insert(0, step - waited)
        return b""

    def append(self, *steps: Step) -> None:
        """More to come."""
        self._steps += steps

    @property
    def left(self) -> int:
        """Steps that were not read yet."""
        return len(self._steps)

    def wake(self) -> None:
        """Ends the silence for once; the rest of it comes later."""
        self._is_woken = True


class Rig:
    """A sync's writer with everything around it. No audience has been looked up."""

    def __init__(
        self,
        raw_config: dict[str, Any],
        streams: tuple[ConfiguredStream, ...],
        messages: MessageWriter,
        clock: Clock,
        pool: type[WorkerPool],
        pinterest: FakePinterest,
    ) -> None:
        self.clock = clock
        self.pause = ClockPause(clock)
        self.script = Script(clock)
        platform_config = PlatformConfig(raw_config, messages)
        config = read_config(raw_config)
        request = SyncRequest(config, platform_config, streams, self.script, messages, pinterest.open_wire)
        self.parts = assemble(request, clock.system, pause=self.pause, make_pool=pool)
        self.writer = self.parts.writer
        self.pool = self.parts.pool
        self.client = self.parts.session.client
        self.lanes = {strategy.lane.target.name: strategy.lane for strategy in self.parts.strategies}

    @property
    def hands(self) -> HandPool:
        """The pool of a rig whose work is done by hand."""
        assert isinstance(self.pool, HandPool)
        return self.pool

    def run(self, *steps: Step) -> Iterator[bytes]:
        self.script.append(*steps)
        return self.writer.run()


def new_sync(
    raw: Mapping[str, Any],
    streams: Sequence[ConfiguredStream],
    lines: Lines,
    messages: MessageWriter,
    pinterest: FakePinterest,
    *,
    system: System,
    tuning: Tuning = CHEAP,
    pause: Pause | None = None,
) -> Sync:
    """A sync into `pinterest` that keeps changed configs in its messages. Unless given, its pause really waits."""
    platform_config = PlatformConfig(raw, messages)
    request = SyncRequest(read_config(raw), platform_config, streams, lines, messages, pinterest.open_wire)
    return Sync(assemble(request, system, tuning=tuning, pause=pause))


@pytest.fixture
def make_client(clock: Clock, pinterest: FakePinterest) -> Callable[..., PinterestClient]:
    """A client without limits; it sleeps on the tests' clock and is answered by the `pinterest` fixture."""

    def make(observer: Observer | None = None, retry_s: float = 3600.0) -> PinterestClient:
        watcher = observer or SilentObserver()
        transport = Transport(
            pinterest,
            Quota(Limits(), longest_wait_s=retry_s, system=clock.system, observer=watcher),
            RetryPolicy(retry_s=retry_s),
            system=clock.system,
            observer=watcher,
        )
        return PinterestClient(pinterest.account["id"], StaticToken("pina_token"), transport)

    return make


@pytest.fixture
def make_creator(clock: Clock) -> Callable[[PinterestClient], AudienceCreator]:
    """What creates lists and audiences, with a second more before each look for what an unanswered creation made."""

    def make(client: PinterestClient) -> AudienceCreator:
        lookup = AudienceLookup(client, now=clock.now)
        return AudienceCreator(client, lookup, delay_s=lambda attempt, _: float(attempt), system=clock.system)

    return make


@pytest.fixture
def make_rig(
    raw_config: dict[str, Any], pinterest: FakePinterest, messages: MessageWriter, clock: Clock
) -> Callable[..., Rig]:
    """A rig for streams given by namespace and name, each with the columns that it has; settings by name."""

    def make(
        streams: dict[str, list[str]] | None = None, *, pool: type[WorkerPool] = InlinePool, **settings: Any
    ) -> Rig:
        configured = make_streams(streams or {"users": ["email"]})
        return Rig({**raw_config, **settings}, configured, messages, clock, pool, pinterest)

    return make


def new_count(target: AudienceTarget, *, is_whole: bool = True) -> IntakeCount:
    """What counts who comes in for a target, by default in a whole pass."""
    return IntakeCount(target.identifiers, is_whole=is_whole, day=date(2026, 11, 22))


def make_streams(streams: dict[str, list[str]]) -> tuple[ConfiguredStream, ...]:
    configured = []
    for key, columns in streams.items():
        namespace, _, name = key.rpartition(".")
        properties: dict[str, object] = {column: {} for column in columns}
        configured.append(
            {"stream": {"name": name, "namespace": namespace or None, "json_schema": {"properties": properties}}}
        )
    return parse_catalog(json.dumps({"streams": configured}).encode())


@pytest.fixture
def make_lane() -> Callable[..., AudienceLane]:
    def make(
        name: str = "VIP",
        *,
        list_id: str | None = "1",
        streams: tuple[StreamKey, ...] = (StreamKey(None, "users"),),
        rate_per_s: float = 6.7,
    ) -> AudienceLane:
        target = AudienceTarget(name, frozenset({Identifier.EMAIL}), AD_ACCOUNT, list_id=list_id)
        return AudienceLane(target, streams, rate_per_s, new_count(target))

    return make
