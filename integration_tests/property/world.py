"""A connection as its host runs it: jobs and their attempts, each a whole sync in this process."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from destination_pinterest.assembly import SyncRequest, Tuning, assemble
from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from destination_pinterest.membership.lease import LeaseTiming
from destination_pinterest.membership.store_key import Scrypt
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.session import PlatformConfig
from destination_pinterest.sync import Sync
from integration_tests.orchestrator.jobs import Connection, Job
from integration_tests.orchestrator.sent import SentState
from integration_tests.orchestrator.streams import Stream
from integration_tests.property.audiences import BrokenPromiseError, WatchedAudience
from integration_tests.property.far_end import (
    AD_ACCOUNT_ID,
    API_BASE_URL,
    KilledError,
    Moments,
    Pinterest,
    WatchedWire,
    disk_writes_are,
)
from integration_tests.property.input import Input, PlacedState
from integration_tests.property.machine import Clock, Machine
from integration_tests.property.setups import Setup
from integration_tests.property.tables import Table, TableSource, email, sha256_of
from pinterest_sandbox.profiles import PROFILES, Profile

_BETWEEN_ATTEMPTS_S = 60.0
# What is expensive about the store's key has no part in the promise.
# The lease is kept alive by a thread that no clock here moves.
_CHEAP = Tuning(stretchings={1: Scrypt(n=2, r=8, p=1)}, lease_timing=LeaseTiming(believed_for_s=1e9))


@dataclass(frozen=True)
class Fault:
    """Something goes wrong with requests; see pinterest_sandbox.faults.FaultPlan."""

    action: Mapping[str, Any]
    endpoint: str
    after: int
    times: int


@dataclass(frozen=True)
class Trouble:
    """What an attempt meets.

    `kill_at`: the moment of its death; `fails_after`: the source ends badly after so many messages; `stops_after`: it
    is told to end after so many portions of input; `seed`: who runs when, and what comes together.
    """

    faults: tuple[Fault, ...] = ()
    kill_at: int | None = None
    fails_after: int | None = None
    stops_after: int | None = None
    seed: int = 0

    @property
    def may_fail(self) -> bool:
        """Whether the attempt may end in any way but well. Faults alone pass."""
        return self.kill_at is not None or self.fails_after is not None or self.stops_after is not None


@dataclass
class Said:
    """What the connector says, for a failure's sake."""

    texts: list[str] = field(default_factory=list)

    def log(self, level: str, text: str) -> None:
        self.texts.append(f"{level} {text}")

    def figures(self, level: str, text: str) -> None:
        self.texts.append(f"{level} {text}")

    def stream_status(self, *_: Any, **__: Any) -> None:
        pass

    def control(self, config: Mapping[str, Any]) -> None:
        raise AssertionError("A pasted token was renewed.")


class OpenJob(Job):
    """A job whose attempts run in this process."""

    def begins_attempt(self) -> None:
        self.connection.begin_again(self._begun_again())
        self.attempts.append(None)  # type: ignore[arg-type]  # only their number matters

    @classmethod
    def of(cls, job: Job) -> OpenJob:
        return cls(job.connection, job.source, job.streams, job.anew, job.truncated, job.sync_id)


class World:
    """A connection, its tables, its Pinterest. `folder` is where the membership store is; `profile` as in Pinterest."""

    def __init__(self, setup: Setup, folder: Path, profile: Profile = PROFILES["default"]) -> None:
        self.setup = setup
        self.clock = Clock()
        self.pinterest = Pinterest(self.clock, profile)
        self.tables = [Table(shape) for shape in setup.shapes]
        self.streams = [shape.stream for shape in setup.shapes]
        self._folder = folder
        self._connection = Connection(setup.host, None, self.streams)  # type: ignore[arg-type]  # runs here
        self.job: OpenJob | None = None
        self._attempts = 0
        self.said = Said()
        self.audiences = self._watch_audiences()
        self.pinterest.change(**dict(setup.far_end))

    def close(self) -> None:
        self.pinterest.close()

    def _watch_audiences(self) -> dict[str, WatchedAudience]:
        by_name: dict[str, list[Stream]] = {}
        for stream in self.streams:
            by_name.setdefault(self.setup.audience_of(stream), []).append(stream)
        if self.setup.were_there is not None:
            for name in by_name:
                self.pinterest.add_audience(name, frozenset(sha256_of(email(n)) for n in self.setup.were_there))
        return {name: WatchedAudience(name, self.pinterest, self.setup, streams) for name, streams in by_name.items()}

    @property
    def refreshable(self) -> list[Stream]:
        return [stream for stream in self.streams if self.setup.knows_refreshes and not stream.is_full_refresh]

    def refresh(self, stream: Stream, *, truncates: bool) -> None:
        """The next attempt is the first of a refresh of this stream."""
        self.job = OpenJob.of(self._connection.job(self._source(), refreshed=[stream], truncates=truncates))

    def clear(self, stream: Stream) -> None:
        self.job = OpenJob.of(self._connection.clear(stream))

    def give_up(self) -> None:
        """The next attempt is the first of an ordinary job."""
        self.job = None

    def _source(self) -> TableSource:
        return TableSource(self.tables, self.setup.in_turns)

    def attempt(self, trouble: Trouble) -> str:
        """Runs an attempt of the job under way, or of a new one. How it ended: succeeded, failed, killed or cut.

        Raises:
            BrokenPromiseError: at any moment of it, something was not as promised.
        """
        job = self.job = self.job or OpenJob.of(self._connection.job(self._source()))
        self._attempts += 1
        self.clock.pass_by(_BETWEEN_ATTEMPTS_S)
        job.begins_attempt()
        if isinstance(job.source, TableSource):
            job.source = replace(self._source(), fails_after=trouble.fails_after)
        attempt = Attempt(self, job, trouble, self._attempts)
        ending = attempt.run()
        self._connection.keep(attempt.returned)
        if ending == "succeeded" and not job.source.exit_code:
            self.job = None
        elif not trouble.may_fail and not attempt.had_nobody_usable:
            raise BrokenPromiseError(f"Nothing was in the way, and the sync {ending}: {attempt.failure}")
        return ending

    def watched(self, streams: Sequence[Stream]) -> dict[str, WatchedAudience]:
        """The audiences that these streams lead to, by stream."""
        return {stream.name: self.audiences[self.setup.audience_of(stream)] for stream in streams}

    def settings(self) -> dict[str, Any]:
        store = {"store_type": "local", "path": str(self._folder), "store_key": "the property's store key"}
        return {
            "credentials": {"auth_method": "access_token", "access_token": "pina_sandbox"},
            "ad_account_id": AD_ACCOUNT_ID,
            "api_base_url": API_BASE_URL,
            "access_tier": "none",
            **({"membership_store": store} if self.setup.has_store else {}),
            **self.setup.settings(),
        }

    def keep_folder(self) -> None:
        """The process dies: this is what its disk holds."""
        shutil.copytree(self._folder, self._kept_folder)

    def put_folder_back(self) -> None:
        shutil.rmtree(self._folder)
        self._kept_folder.rename(self._folder)

    @property
    def _kept_folder(self) -> Path:
        return self._folder.with_name(self._folder.name + ".kept")


class Attempt:
    """One sync, from its catalog to its end."""

    def __init__(self, world: World, job: OpenJob, trouble: Trouble, number: int) -> None:
        self._world = world
        self._job = job
        self._trouble = trouble
        self._chance = random.Random(f"{trouble.seed}, attempt {number}")
        self._moments = Moments(trouble.kill_at, world.keep_folder)
        self._watched = world.watched(job.streams)
        self._broken: BrokenPromiseError | None = None
        self.returned: list[SentState] = []
        # How many rows are safe, by audience; how many states were looked at; and the streams whose states were not
        # returned though later ones of other streams were.
        self._safe = dict.fromkeys(self._watched.values(), 0)
        self._seen = 0
        self._left_out: set[str] = set()
        self.failure: Exception | None = None
        for audience in set(self._watched.values()):
            leading = [stream for stream in job.streams if self._watched[stream.name] is audience]
            audience.begins(job, leading, number)
        connection = job.connection
        ids = connection.ids(job.sync_id, job.streams, job.truncated)
        self._catalog = connection.host.catalog(job.streams, ids)
        relayed = connection.host.relay(job.source, connection.states, job.streams)
        self._input = Input(
            relayed, job.streams, world.setup, self._watched, self._moments, world.clock, self._chance,
            stops_after=trouble.stops_after,
        )  # fmt: skip

    @property
    def had_nobody_usable(self) -> bool:
        """Whether it failed because of a stream of which no row named anybody, which is no success."""
        if isinstance(self.failure, ConnectorError) and self.failure.code is Code.NOBODY_CONSENTS:
            return self._world.setup.asks_for_consent
        is_refused = isinstance(self.failure, ConnectorError) and self.failure.code is Code.NO_ROW_USABLE
        return is_refused and not all(self._input.named_anybody.values())

    def run(self) -> str:
        """How it ended."""
        world = self._world
        world.pinterest.no_faults()
        for fault in self._trouble.faults:
            world.pinterest.fault(fault.action, endpoint=fault.endpoint, after=fault.after, times=fault.times)
        machine = Machine(world.clock, self._chance)
        with ExitStack() as stack:
            stack.enter_context(disk_writes_are(self._moments))
            ending = self._synced(machine)
        if self._moments.is_dead:
            world.put_folder_back()
            ending = "killed"
        if self._broken is not None:
            raise self._broken
        is_done = ending == "succeeded"
        if is_done and not self._trouble.may_fail and len(self.returned) < len(self._input.states):
            raise BrokenPromiseError(f"{len(self._input.states) - len(self.returned)} states never came back")
        for audience in set(self._watched.values()):
            audience.ends(self._safe[audience], is_done=is_done, is_due=not self._job.source.exit_code)
        return "cut" if is_done and self._trouble.stops_after is not None else ending

    def _synced(self, machine: Machine) -> str:
        raw = self._world.settings()
        try:
            request = SyncRequest(
                read_config(raw),
                PlatformConfig(raw, self._world.said),
                parse_catalog(json.dumps(self._catalog).encode()),
                self._input,
                self._world.said,
                lambda *_: WatchedWire(self._world.pinterest.wire, self._moments, self._look),
            )
            parts = assemble(request, machine.system, pause=machine.pause, make_pool=machine.pool, tuning=_CHEAP)
            sync = Sync(parts)
            self._input.stop = sync.stop
            self._take(sync.run())
        except KilledError:
            return "killed"
        except ConnectorError as error:
            self.failure = error
            return "failed"
        return "stopped" if sync.is_stopped else "succeeded"

    def _take(self, states: Iterator[bytes]) -> None:
        for state in states:
            try:
                sent = self._sent_as(state)
                self.returned.append(sent.state)
                sent.check(state)
                audience = self._watched[sent.stream]
                self._safe[audience] = sent.position
                audience.is_safe(sent.position)
            except BrokenPromiseError as broken:
                self._broken = self._broken or broken
            self._moments.comes()

    def _sent_as(self, state: bytes) -> PlacedState:
        """The state that came back. Of an audience that has failed, none does any more; all others keep their order.

        Raises:
            BrokenPromiseError: there is none, or an earlier one of its stream did not come back.
        """
        for sent in self._input.states[self._seen :]:
            self._seen += 1
            if sent.is_in(state):
                if sent.stream in self._left_out:
                    raise BrokenPromiseError(f"A state of {sent.stream} came back, and an earlier one did not")
                return sent
            self._left_out.add(sent.stream)
        raise BrokenPromiseError(f"What came back is no state that waits: {state!r}")

    def _look(self) -> None:
        try:
            for audience in set(self._watched.values()):
                audience.looks_right()
        except BrokenPromiseError as broken:
            self._broken = self._broken or broken
