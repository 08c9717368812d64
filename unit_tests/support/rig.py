"""A sync's parts put together as sync.py does it, with an executor and a clock that tests own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from destination_pinterest.api.auth import StaticToken
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.limits import Limits
from destination_pinterest.api.observer import Observer
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.transport import Transport
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import read_config
from destination_pinterest.delivery.batch import MembershipBatch
from destination_pinterest.delivery.events import EventObserver, Events
from destination_pinterest.delivery.intake import RowIntake
from destination_pinterest.delivery.journal import SyncJournal
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.delivery.sender import DeliverySender
from destination_pinterest.delivery.writer import AudienceWriter
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey, parse_catalog
from destination_pinterest.protocol.checkpoint import CheckpointLedger
from destination_pinterest.protocol.completeness import Completeness
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.protocol.messages import MessageDecoder
from destination_pinterest.routing.plan import plan_stream
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest


class InlineExecutor(Executor):
    """Does at once what it is given."""

    def submit(self, work: Callable[..., Any], /, *arguments: object, **named: object) -> Future[Any]:
        work(*arguments, **named)
        return Future()


class HandExecutor(Executor):
    """Does what it is given when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], Any]] = []

    def submit(self, work: Callable[..., Any], /, *arguments: object, **named: object) -> Future[Any]:
        self.waiting.append(lambda: work(*arguments, **named))
        return Future()

    def do(self, number: int = 0) -> None:
        self.waiting.pop(number)()


Step = bytes | float | Callable[[], object]


class Script:
    """Standard input: chunks of lines, numbers for seconds of silence, and what else happens meanwhile."""

    def __init__(self, clock: Clock, *steps: Step) -> None:
        self._clock = clock
        self._steps = list(steps)
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

    @property
    def left(self) -> int:
        """Steps that were not read yet."""
        return len(self._steps)

    def wake(self) -> None:
        """Ends the silence for once; the rest of it comes later."""
        self._is_woken = True


class Rig:
    """An AudienceWriter with everything around it."""

    def __init__(
        self,
        raw_config: dict[str, Any],
        plans: tuple[ConfiguredStream, ...],
        make_client: Callable[..., PinterestClient],
        messages: MessageWriter,
        clock: Clock,
        executor: Executor,
    ) -> None:
        config = read_config(raw_config)
        ways = [plan_stream(plan, config) for plan in plans]
        self._scripts: list[Script] = []
        self.events = Events(self._wake)
        self.observer = EventObserver(self.events)
        self.client = make_client(observer=self.observer)
        finder = AudienceLookup(self.client, now=clock.now)
        self.provisioner = AudienceCreator(
            self.client, finder, delay_s=lambda attempt, _: float(attempt), sleep=clock.sleep, clock=clock.clock
        )
        self.lanes: dict[str, AudienceLane] = {}
        for way in ways:
            streams = tuple(other.plan.key for other in ways if other.audience == way.audience)
            identifiers = frozenset(identity.identifier for identity in way.identities)
            target = AudienceTarget(way.audience, identifiers)
            batch = MembershipBatch(config.batch_size)
            self.lanes.setdefault(way.audience, AudienceLane(target, batch, streams, 6.7))
        self.ledger = CheckpointLedger()
        self.completeness = Completeness(plans, trust_end_markers=True)
        self.journal = SyncJournal(
            messages, list(self.lanes.values()), clock=clock.clock, now=clock.now, progress_every_s=30.0
        )
        decoder = MessageDecoder(column for way in ways for column in way.columns)
        routes = [
            StreamRoute(way, config, decoder, self.lanes[way.audience], self.ledger.tally(way.plan.key)) for way in ways
        ]
        self.executor = executor
        self.writer = AudienceWriter(
            intake=RowIntake(
                decoder,
                {(route.way.plan.key.namespace, route.way.plan.key.name): route for route in routes},
                self.ledger,
                self.completeness,
                clock.clock,
            ),
            lanes=list(self.lanes.values()),
            ledger=self.ledger,
            completeness=self.completeness,
            sender=DeliverySender(self.client, self.provisioner, config.batch_size),
            executor=executor,
            events=self.events,
            observer=self.observer,
            journal=self.journal,
            clock=clock.clock,
            flush_s=config.flush_seconds,
            interrupt=self._interrupt,
        )
        self.interruptions = 0
        self.when_interrupted: Callable[[], object] = lambda: None
        self.clock = clock

    def script(self, *steps: Step) -> Script:
        script = Script(self.clock, *steps)
        self._scripts.append(script)
        return script

    def _wake(self) -> None:
        for script in self._scripts:
            script.wake()

    def run(self, *steps: Step) -> Iterator[bytes]:
        return self.writer.run(self.script(*steps))

    def _interrupt(self) -> None:
        self.interruptions += 1
        self.when_interrupted()


@pytest.fixture
def make_client(clock: Clock, pinterest: FakePinterest) -> Callable[..., PinterestClient]:
    """A client without limits; it sleeps on the tests' clock and is answered by the `pinterest` fixture."""

    def make(observer: Observer | None = None, retry_s: float = 3600.0) -> PinterestClient:
        watcher = observer or EventObserver(Events(lambda: None))
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
def make_rig(
    raw_config: dict[str, Any], make_client: Callable[..., PinterestClient], messages: MessageWriter, clock: Clock
) -> Callable[..., Rig]:
    """A rig for streams given by namespace and name, each with the columns that it has; settings by name."""

    def make(
        streams: dict[str, list[str]] | None = None,
        *,
        executor: Executor | None = None,
        **settings: object,
    ) -> Rig:
        plans = make_plans(streams or {"users": ["email"]})
        return Rig({**raw_config, **settings}, plans, make_client, messages, clock, executor or InlineExecutor())

    return make


def make_plans(streams: dict[str, list[str]]) -> tuple[ConfiguredStream, ...]:
    configured = []
    for key, columns in streams.items():
        namespace, _, name = key.rpartition(".")
        schema: dict[str, object] = {"properties": {column: {} for column in columns}}
        configured.append({"stream": {"name": name, "namespace": namespace or None, "json_schema": schema}})
    return parse_catalog(json.dumps({"streams": configured}).encode())


@pytest.fixture
def hand_executor() -> HandExecutor:
    return HandExecutor()


@pytest.fixture
def make_lane() -> Callable[..., AudienceLane]:
    def make(
        name: str = "VIP",
        *,
        list_id: str | None = "1",
        max_identifiers: int = 10,
        streams: tuple[StreamKey, ...] = (StreamKey(None, "users"),),
        rate_per_s: float = 6.7,
    ) -> AudienceLane:
        target = AudienceTarget(name, frozenset({Identifier.EMAIL}), list_id=list_id)
        return AudienceLane(target, MembershipBatch(max_identifiers), streams, rate_per_s)

    return make
