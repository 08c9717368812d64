"""A connection as its host runs it, while Pinterest, its machine and its users do what they like."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from destination_pinterest.error_codes import Code
from integration_tests.chaos.attempt import NoInput, ProcessRun, Watch
from integration_tests.chaos.audiences import DisturbedAudience
from integration_tests.chaos.bucket import Bucket
from integration_tests.chaos.canary import Canary
from integration_tests.chaos.far_end import ChaoticPinterest
from integration_tests.chaos.input import ChaosInput, GloballyReadSource, stream_of
from integration_tests.chaos.process import ProcessClock
from integration_tests.chaos.setups import SEGMENT, SEGMENTS, ChaosSetup
from integration_tests.chaos.stories import Trouble
from integration_tests.orchestrator.interruption import kill, terminate
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.judgement import Recording, judge
from integration_tests.orchestrator.streams import Stream
from integration_tests.orchestrator.verdict import Verdict
from integration_tests.property.audiences import BrokenPromiseError
from integration_tests.property.far_end import AD_ACCOUNT_ID, API_BASE_URL
from integration_tests.property.input import PlacedState
from integration_tests.property.machine import _STARTED_AT_S, Clock
from integration_tests.property.tables import Table, TableSource, email, identifiers_of, sha256_of
from integration_tests.property.world import OpenJob
from pinterest_sandbox.profiles import PROFILES

_STORE_KEY = "the key of the chaotic store"
_PORTIONS_S = 10 * 601.0
# What says that the connector itself is at fault.
_OWN_FAULTS = frozenset({Code.CRASHED.value, "none"})
OWN_FAULT = "it failed with a fault of its own"
_NEEDS_A_PERSON = "AUTH"


def place_of(ad_account_id: str, audience: str) -> str:
    """Names an audience, the first ad account's by its own name alone."""
    return audience if ad_account_id == AD_ACCOUNT_ID else f"{audience} in {ad_account_id}"


class TrueClock(Clock):
    """Pinterest's own clock: nobody sets it. It is as late as the machine's monotonic one."""

    def __init__(self, machine: ProcessClock) -> None:
        super().__init__()
        self._machine = machine

    def now(self) -> float:
        return _STARTED_AT_S + self._machine.monotonic_s

    def pass_by(self, seconds: float) -> None:
        self._machine.pass_by(seconds)


class World:
    """A connection, its tables, its Pinterest, and its disk, which is `folder`."""

    def __init__(
        self, setup: ChaosSetup, folder: Path, bucket: Bucket | None, plant: Callable[[], object] = lambda: None
    ) -> None:
        self.setup = setup
        self.clock = ProcessClock()
        self.pinterest = ChaoticPinterest(TrueClock(self.clock), PROFILES[setup.profile])
        for account in setup.also_in:
            self.pinterest.let(account, reads=True, writes=True)
        if setup.tier != "none":
            self.pinterest.change(tier=setup.tier)
        self.tables = [Table(shape) for shape in setup.shapes]
        self.streams = [shape.stream for shape in setup.shapes]
        self.absent: list[Stream] = []
        self._folder = folder
        self._plant = plant
        self._bucket = bucket
        for name in ("tmp", "store", "given"):
            (folder / name).mkdir()
        self._connection = Connection(setup.host, None, self.streams)  # type: ignore[arg-type]  # runs here
        self.job: OpenJob | None = None
        self.attempts = 0
        self.tokens_are_at_risk = False
        self.needs_a_person = False
        self.told: list[str] = []
        self.credentials = self._first_credentials()
        self.canary = Canary([_STORE_KEY, "sandbox-secret", "pina_sandbox", "pinr_sandbox"])
        self.audiences = self._watch_audiences()
        if setup.is_too_small or setup.profile == "pessimist":
            self.pinterest.change(audience_floor="refuse")
        self.pinterest.change(**dict(setup.far_end))

    def close(self) -> None:
        self.pinterest.close()

    def _first_credentials(self) -> dict[str, Any]:
        if not self.setup.signs_in:
            return {"auth_method": "access_token", "access_token": "pina_sandbox"}
        return {
            "auth_method": "oauth2.0",
            "client_id": "1234567",
            "client_secret": "sandbox-secret",
            "refresh_token": "pinr_sandbox",
        }

    def _watch_audiences(self) -> dict[str, DisturbedAudience]:
        """The audiences in all ad accounts."""
        by_name: dict[str, list[Stream]] = {}
        for stream in self.streams:
            for name in self.setup.audiences_of(stream):
                by_name.setdefault(name, []).append(stream)
        if self.setup.were_there is not None:
            self.pinterest.change(audience_floor="allow")
            for name in by_name:
                self.pinterest.add_audience(name, frozenset(sha256_of(email(n)) for n in self.setup.were_there))
        return {
            place_of(account, name): DisturbedAudience(name, self.pinterest.within(account), self.setup, streams)
            for account in (AD_ACCOUNT_ID, *self.setup.also_in)
            for name, streams in by_name.items()
        }

    def audiences_of(self, stream: Stream) -> list[DisturbedAudience]:
        """All that a stream leads to, in all ad accounts."""
        names = self.setup.audiences_of(stream)
        return [audience for audience in self.audiences.values() if audience.name in names]

    # What its users do.

    def changes(self, which: int, key: int, row: dict[str, Any] | None) -> None:
        table = self.tables[which % len(self.tables)]
        if row is None:
            table.delete(key)
        else:
            columns = table.shape.stream.columns
            table.put(key, {column: value for column, value in row.items() if column in columns})

    def begins_job(self, what: str, which: int) -> None:
        stream = self.present[which % len(self.present)]
        if what == "clear" and self.setup.knows_refreshes and not self.setup.global_states:
            self.job = OpenJob.of(self._connection.clear(stream))
        elif what.startswith("refresh") and self.setup.knows_refreshes and not stream.is_full_refresh:
            if not self.setup.global_states or len(self.present) == 1:
                job = self._connection.job(self._source(), refreshed=[stream], truncates=what == "refresh")
                self.job = OpenJob.of(job)
        else:
            self.job = None

    def stream_leaves(self, which: int) -> None:
        if len(self.present) > 1:
            self.absent.append(self.present[which % len(self.present)])
            self._reconfigure()

    def stream_returns(self) -> None:
        """As a stream that was never there: the platform has forgotten its state."""
        if self.absent:
            back = [stream.descriptor for stream in self.absent]
            self.absent = []
            self._reconfigure()
            self._connection.begin_again([s.descriptor for s in self.streams] if self.setup.global_states else back)

    def _reconfigure(self) -> None:
        self.job = None
        self._connection.streams = self.present

    @property
    def present(self) -> list[Stream]:
        return [stream for stream in self.streams if stream not in self.absent]

    def meddles(self, what: str, which: int) -> None:
        audience = self.audiences[sorted(self.audiences)[which % len(self.audiences)]]
        if what == "lowers the floor":
            self.pinterest.change(audience_floor="allow")
            return
        if what == "spends":
            if self.setup.tier == "trial":
                self.pinterest.spend_writes(295)
            return
        other = f"{audience.name}, renamed at {self.clock.monotonic_s:.0f}"
        if audience.renames(other) if what == "renames" else audience.goes():
            audience.is_meddled_with = True
            self.pinterest.meddled_with.add(audience.name)
            self.needs_a_person = self.needs_a_person or self.setup.has_store or what == "renames"

    def tokens_age(self, seconds_left: float) -> None:
        """The access token lives only so much longer; a pasted one stays."""
        token = self.pinterest.world.access_tokens.get(str(self.credentials.get("access_token")))
        if self.setup.signs_in and token is not None:
            token.expires_at = self.pinterest.world.now() + seconds_left
            self.credentials["access_token_expires_at"] = int(token.expires_at)

    def _signs_in_again(self) -> None:
        self.credentials = {**self._first_credentials(), "refresh_token": self.pinterest.token("refresh")["token"]}
        self.canary.secrets.add(self.credentials["refresh_token"].encode())
        self.tokens_are_at_risk = False

    def correct_tables(self) -> None:
        """Somebody sees to it that a table names anybody, for each audience that its rows lead to."""
        by_column = self.setup.by_column
        for table in self.tables:
            named = [row for row in table.rows.values() if identifiers_of(row)]
            if not named or (by_column and {*SEGMENTS} - {name for row in named for name in row[SEGMENT]}):
                # The whole row: of a column that it lacked, the former row's people would stay.
                row = {**dict.fromkeys(table.shape.stream.columns), "id": 0, "email": email(0)}
                table.put(0, row | ({SEGMENT: [*SEGMENTS]} if by_column else {}))

    # What its host does.

    def command(self, what: str, trouble: Trouble) -> None:
        """A user runs a command of the connector that reads no rows.

        Raises:
            BrokenPromiseError: there was no answer, or not the right one.
        """
        self._set_faults(trouble)
        process = self._process(trouble, NoInput(), most_s=2 * 3600.0)
        process.go([what, "--config", self._given("config", self._settings())], random.Random(trouble.seed))
        self._tell(process, what)
        self._raise_broken(process)
        messages = [json.loads(line) for line in process.lines]
        kind = "CONNECTION_STATUS" if what == "check" else "DESTINATION_CATALOG"
        answers = sum(message["type"] == kind for message in messages)
        is_refused = what == "discover" and process.exit_code == 1 and len(process.failure_codes) == 1
        if answers != 1 - is_refused or _OWN_FAULTS & set(process.failure_codes) or process.stderr:
            raise BrokenPromiseError(f"{what} gave {answers} answers and ended with {process.exit_code}")
        controls = [m["control"]["connectorConfig"]["config"] for m in messages if m["type"] == "CONTROL"]
        self._keep_tokens(controls, trouble)

    def attempt(self, trouble: Trouble, after_s: float) -> str:
        """Runs an attempt of the job under way, or of a new one. How it ended: succeeded, failed, killed or stopped.

        Raises:
            BrokenPromiseError: at any moment of it, something was not as promised.
        """
        job = self.job = self.job or OpenJob.of(self._connection.job(self._source()))
        self.attempts += 1
        self.clock.pass_by(after_s)
        job.begins_attempt()
        source = self._source(trouble.fails_after)
        reader = source if isinstance(job.source, TableSource | GloballyReadSource) else job.source
        watch = SyncWatch(self, job, reader, trouble)
        self._set_faults(trouble)
        # Each of a few requests may be retried for so long, and so may the rows wait.
        most_s = 12 * self.setup.retry_hours * 3600 + _PORTIONS_S + 7200.0
        process = self._process(trouble, watch, most_s=most_s)
        arguments = ["write", "--config", self._given("config", self._settings())]
        process.go([*arguments, "--catalog", self._given("catalog", watch.catalog)], watch.chance)
        return self._judge(process, watch, job, reader.exit_code)

    def _judge(self, process: ProcessRun, watch: SyncWatch, job: OpenJob, source_exit_code: int) -> str:
        trouble = watch.trouble
        verdict = watch.verdict(process, source_exit_code)
        self._connection.keep(verdict.acknowledged)
        ending = _ending(process)
        self._tell(process, f"attempt {self.attempts} {ending}")
        self._keep_tokens(verdict.controls, trouble)
        if ending == "killed":
            self.tokens_are_at_risk = self.tokens_are_at_risk or self.setup.signs_in
        self._raise_broken(process)
        # One that is told to stop may just have failed, and say so.
        problems = [problem for problem in verdict.problems if not (verdict.errors and "After SIGTERM" in problem)]
        if problems:
            crash = process.stderr.decode(errors="replace") if process.exit_code < 0 else ""
            raise BrokenPromiseError(f"protocol: {problems[0]}\n{crash}".rstrip())
        is_done = ending == "succeeded"
        for audience in watch.audiences:
            audience.ends(watch.safe[audience], is_done=is_done, is_due=not source_exit_code)
        if own := _OWN_FAULTS & set(process.failure_codes):
            raise BrokenPromiseError(f"{OWN_FAULT} ({', '.join(own)}): {verdict.message}")
        if is_done and not source_exit_code:
            self.job = None
        self._judge_failure(ending, verdict, watch)
        return ending

    def _judge_failure(self, ending: str, verdict: Verdict, watch: SyncWatch) -> None:
        if ending != "failed" or watch.trouble.may_fail or self.needs_a_person or not watch.is_judged:
            return
        if verdict.message.startswith(str(Code.NO_ROW_USABLE.value)) and not all(watch.named_anybody):
            return
        if self._lost_its_tokens(verdict) or self._waits_for_quota(verdict):
            return
        raise BrokenPromiseError(f"nothing was in the way, and the sync failed: {verdict.message}")

    def _lost_its_tokens(self, verdict: Verdict) -> bool:
        """Whether the sign-in is over for a reason; then a user signs in again."""
        if not self.setup.signs_in or _NEEDS_A_PERSON not in verdict.message[:12]:
            return False
        if not self.tokens_are_at_risk or self.pinterest.lives(str(self.credentials["refresh_token"])):
            return False
        self._signs_in_again()
        return True

    def _waits_for_quota(self, verdict: Verdict) -> bool:
        return self.setup.tier == "trial" and verdict.failure_type == "transient_error"

    def _keep_tokens(self, controls: Sequence[dict[str, Any]], trouble: Trouble) -> None:
        if controls and trouble.loses_control:
            self.tokens_are_at_risk = True
        elif controls:
            self.credentials = controls[-1]["credentials"]
        faults = [fault for fault in trouble.faults if fault.endpoint == "*"]
        self.tokens_are_at_risk = self.tokens_are_at_risk or bool(faults)
        named = (self.credentials.get("access_token"), self.credentials.get("refresh_token"))
        self.canary.secrets |= {str(token).encode() for token in named if token}

    def _set_faults(self, trouble: Trouble) -> None:
        self.pinterest.no_faults()
        self.pinterest.world.access_tokens["pina_sandbox"].expires_at = None  # Somebody has made it anew.
        for fault in trouble.faults:
            self.pinterest.fault(fault.action, endpoint=fault.endpoint, after=fault.after, times=fault.times)

    def _process(self, trouble: Trouble, watch: Watch, *, most_s: float) -> ProcessRun:
        return ProcessRun(
            self.pinterest,
            self.clock,
            self._folder,
            trouble,
            watch,
            self.canary,
            most_s=most_s,
            answers_in_s=self.setup.answers_in_s,
            plant=self._plant,
        )

    def _raise_broken(self, process: ProcessRun) -> None:
        if process.broken is not None:
            raise process.broken
        for name in ("store", "tmp"):
            if found := self.canary.in_folder(self._folder / name):
                raise BrokenPromiseError(f"the folder {name} holds {found}")

    def is_tidy(self) -> bool:
        """Whether nothing is left over in the folder for temporary files."""
        return not any((self._folder / "tmp").iterdir())

    def _source(self, fails_after: int | None = None) -> Any:
        tables = [table for table in self.tables if table.shape.stream in self.present]
        source = TableSource(tables, self.setup.in_turns, fails_after)
        return GloballyReadSource(source) if self.setup.global_states else source

    def _given(self, name: str, content: object) -> str:
        path = self._folder / "given" / f"{name}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    def _settings(self) -> dict[str, Any]:
        store: dict[str, Any] = {}
        if self.setup.store == "folder":
            store = {"store_type": "local", "path": str(self._folder / "store"), "store_key": _STORE_KEY}
        elif self._bucket is not None:
            store = {"store_type": "s3", "store_key": _STORE_KEY, **self._bucket.access()}
        return {
            "credentials": self.credentials,
            "ad_account_id": AD_ACCOUNT_ID,
            "api_base_url": API_BASE_URL,
            **({"membership_store": store} if store else {}),
            **self.setup.settings(),
        }

    def _tell(self, process: ProcessRun, what: str) -> None:
        said = [json.loads(line) for line in process.lines]
        notes = [m["log"]["message"] for m in said if m["type"] == "LOG" and m["log"]["level"] in {"WARN", "ERROR"}]
        errors = [m["trace"]["error"]["message"] for m in said if m["type"] == "TRACE" and "error" in m["trace"]]
        stack = [
            m["trace"]["error"].get("stack_trace", "") for m in said if m["type"] == "TRACE" and "error" in m["trace"]
        ]
        self.told.append(
            f"{what} (exit code {process.exit_code}, {process.moments} moments, at {self.clock.monotonic_s:.0f} s)"
        )
        self.told += [f"    {text}" for text in (*notes[:6], *errors, *stack, process.stderr.decode()) if text]


class SyncWatch(Watch):
    """A sync, watched."""

    def __init__(self, world: World, job: OpenJob, source: Any, trouble: Trouble) -> None:
        self._world = world
        self.trouble = trouble
        self.chance = random.Random(f"{trouble.seed}, attempt {world.attempts}")
        by_stream = {str(stream.descriptor): world.audiences_of(stream) for stream in job.streams}
        self.audiences = list(dict.fromkeys(audience for led_to in by_stream.values() for audience in led_to))
        # How many rows are safe, by audience.
        self.safe = dict.fromkeys(self.audiences, 0)
        self._by_stream = by_stream
        for audience in self.audiences:
            leading = [stream for stream in job.streams if audience in by_stream[str(stream.descriptor)]]
            audience.begins(job, leading, world.attempts)
        connection = job.connection
        ids = connection.ids(job.sync_id, job.streams, job.truncated)
        self.catalog = connection.host.catalog(job.streams, ids)
        relayed = connection.host.relay(source, connection.states, job.streams)
        self._input = ChaosInput(relayed, job.streams, world.setup, by_stream, world.clock, self.chance)
        self._seen = 0
        self._left_out: set[str | None] = set()

    def read(self, timeout_s: float) -> bytes | None:
        return self._input.read(timeout_s)

    def on_state(self, content: bytes) -> None:
        placed = self._sent_as(content)
        placed.check(content)
        stream = stream_of(placed.state)
        for audience in self.audiences if stream is None else self._by_stream[stream]:
            self.safe[audience] = placed.position
            audience.is_safe(placed.position)

    def _sent_as(self, content: bytes) -> PlacedState:
        """The state that came back. Of an audience that has failed, none does any more; all others keep their order."""
        for placed in self._input.states[self._seen :]:
            self._seen += 1
            stream = stream_of(placed.state)
            if placed.is_in(content):
                if stream in self._left_out:
                    raise BrokenPromiseError(f"a state of {stream} came back, and an earlier one did not")
                return placed
            self._left_out.add(stream)
        raise BrokenPromiseError("a state came back that does not wait")

    def after_request(self) -> None:
        for audience in self.audiences:
            audience.looks_right()

    @property
    def named_anybody(self) -> list[bool]:
        return list(self._input.named_anybody.values())

    @property
    def is_judged(self) -> bool:
        return all(audience.is_judged for audience in self.audiences)

    def verdict(self, process: ProcessRun, source_exit_code: int) -> Verdict:
        interruption = kill() if process.was_killed else terminate() if process.was_told_to_stop else None
        return judge(
            Recording(
                sent=self._input.sent,
                is_fed=self._input.is_fed,
                source_exit_code=source_exit_code,
                interruption=interruption,
                exit_code=process.exit_code,
                lines=process.lines,
                stderr=process.stderr,
                problems=(),
                seconds_to_end=0.0,
            )
        )


def _ending(process: ProcessRun) -> str:
    if process.was_killed:
        return "killed"
    if process.exit_code < 0:
        return "stopped"
    return "failed" if process.exit_code else "succeeded"
