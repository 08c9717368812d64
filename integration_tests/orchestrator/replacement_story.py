"""One connection with a table of each kind, as a host runs it up to three times.

First from a source that breaks off, then against the guard, and then with the guard's setting raised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from integration_tests.airbyte_messages import address
from integration_tests.orchestrator.airbyte_platform import (
    CURRENT_PLATFORM,
    CUSTOM_CONNECTOR,
    PLATFORM_THAT_RESUMES_FULL_REFRESHES,
)
from integration_tests.orchestrator.hosts import Host
from integration_tests.orchestrator.interruption import cancel
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE, PYAIRBYTE_WITHOUT_CACHE
from integration_tests.orchestrator.source import ScriptedSource, scripted
from integration_tests.orchestrator.streams import SourceMessage, Stream
from integration_tests.orchestrator.verdict import Verdict
from integration_tests.orchestrator.watched_audiences import (
    People,
    Watch,
    audience_with,
    list_of,
    people,
)
from integration_tests.sandbox_process import RunningSandbox

HOSTS: dict[str, Host] = {
    "platform": CURRENT_PLATFORM,
    "platform that resumes full refreshes": PLATFORM_THAT_RESUMES_FULL_REFRESHES,
    "custom connector": CUSTOM_CONNECTOR,
    "PyAirbyte": PYAIRBYTE,
    "PyAirbyte without cache": PYAIRBYTE_WITHOUT_CACHE,
}
RESUMING = "platform that resumes full refreshes"
# Those that count generations.
PLATFORMS = ("platform", RESUMING)
# PyAirbyte's cache keeps what a failing source says to itself.
BREAKING = tuple(host for host in HOSTS if host != "PyAirbyte")
# Those whose story goes on after the guard: what follows costs a process, and no host has a say in it.
LONG = ("custom connector",)

OLD, NEW, FEW, MORE = people(range(1, 9)), people(range(5, 13)), people(range(1, 4)), people(range(1, 13))
Connector = Callable[..., Destination]


@dataclass
class Story:
    """What one host saw of its tables in up to three runs.

    `ids` and `lists` are the audiences' and their lists' before the first run, and `after` holds who was in each
    audience after each of them.
    """

    host: str
    pinterest: RunningSandbox
    broken: Verdict | None = None
    guarded: Verdict | None = None
    raised: Verdict | None = None
    after: dict[str, dict[str, People]] = field(default_factory=dict)
    seen: set[People] = field(default_factory=set)
    ids: dict[str, str] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.table = self._overwritten("table")
        self.paged = self._overwritten("paged", is_resumable=True)
        self.marked = self._overwritten("marked")
        self.empty = self._overwritten("empty")
        self.shrunk = self._overwritten("shrunk")
        self.log = Stream(f"log of the {self.host}")
        self.refreshed = Stream(f"refreshed of the {self.host}")

    @property
    def streams(self) -> list[Stream]:
        return [self.log, self.refreshed, self.table, self.paged, self.marked, self.empty, self.shrunk]

    @property
    def beginning(self) -> list[SourceMessage]:
        """What a source that breaks off says: of some tables the half, and no table's end."""
        tables = [each.record(email=address(n)) for n in range(5, 9) for each in (self.table, self.marked)]
        return [
            self.log.record(email=address(9)),
            self.log.state('{"cursor":1}'),
            *(self.paged.record(email=address(n)) for n in range(5, 9)),
            self.paged.state('{"page":1}'),
            *(self.refreshed.record(email=address(n)) for n in range(5, 9)),
            self.refreshed.state('{"cursor":1}'),
            *tables,
            self.shrunk.record(email=address(1)),
        ]

    @property
    def rest(self) -> list[SourceMessage]:
        whole = (self.table, self.paged, self.marked)
        tables = [each.record(email=address(n)) for n in range(9, 13) for each in whole]
        return [
            *(self.shrunk.record(email=address(n)) for n in (2, 3)),
            self.shrunk.state('{"__ab_full_refresh_sync_complete":true}'),
            *(self.refreshed.record(email=address(n)) for n in range(9, 13)),
            self.refreshed.state('{"cursor":2}'),
            *tables,
            self.marked.state('{"__ab_no_cursor_state_message":true}'),
            self.paged.state('{"page":2,"__ab_full_refresh_sync_complete":true}'),
            *(stream.status("COMPLETE") for stream in self.streams),
        ]

    @property
    def replaced(self) -> list[Stream]:
        """The streams that replace their audience in this host."""
        more = [self.paged, self.refreshed] if self.host in PLATFORMS else []
        return [self.table, self.marked, *more]

    @property
    def added_to(self) -> list[Stream]:
        """Those that could not tell a rest from a whole, or don't want to."""
        return [stream for stream in (self.paged, self.refreshed) if stream not in self.replaced]

    @property
    def attempts(self) -> int:
        """How often its destination ran."""
        return sum(verdict is not None for verdict in (self.broken, self.guarded, self.raised))

    def run(self, connector: Connector) -> Story:
        for stream in self.streams:
            self.ids[stream.name] = audience_with(self.pinterest, stream.name, OLD)
            self.lists[stream.name] = list_of(self.pinterest, stream.name)
        connection = Connection(HOSTS[self.host], connector(batch_size=3), self.streams)
        source = scripted(*self.beginning, *self.rest)
        job = connection.job(source, refreshed=[self.refreshed] if self.host in PLATFORMS else [])
        with Watch(self.pinterest, self.table.name) as watch:
            if self.host == "platform":
                rows = sum(message in self.beginning for message in source.script if hasattr(message, "data"))
                self.broken = job.attempt(interruption=cancel(after_records=rows)).correct()
            elif self.host in BREAKING:
                self.broken = job.attempt(source=ScriptedSource(tuple(self.beginning), exit_code=1)).correct()
            self._look("broken")
            self.guarded = job.attempt().correct()
            self._look("guarded")
            if self.host in LONG:
                connection.destination = connector(batch_size=3, max_removal_percent=70, allow_empty_audience=True)
                self.raised = connection.job(source).attempt().succeeded()
                self._look("raised")
        self.seen = watch.seen[self.table.name]
        return self

    def _look(self, moment: str) -> None:
        names = [stream.name for stream in self.streams]
        self.after[moment] = {name: frozenset(self.pinterest.members_of(name)) for name in names}

    def _overwritten(self, kind: str, *, is_resumable: bool = False) -> Stream:
        return Stream(
            f"{kind} of the {self.host}",
            sync_mode="full_refresh",
            destination_sync_mode="overwrite",
            is_resumable=is_resumable,
        )
