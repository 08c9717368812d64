"""Connections, their jobs, and the attempts of a job: what a host keeps between two runs of a destination.

Acknowledged states are kept, also those of an attempt that failed or was killed, and the next attempt's source starts
from them. At its first attempt a job begins a new generation of every full-refresh stream and forgets its state. At
each later attempt the platform does so again, except for resumable streams where the host resumes full refreshes.
Incremental streams stay in their generation, and so does a refresh of one over all attempts of its job.

Source: AttemptHandler.kt, GenerationBumper.kt, CatalogGenerationSetter.kt, CatalogTransforms.kt
(airbytehq/airbyte-platform 310e6cb6, read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from integration_tests.orchestrator.hosts import Host, SyncIds
from integration_tests.orchestrator.interruption import Interruption
from integration_tests.orchestrator.orchestrator import Destination, run_attempt
from integration_tests.orchestrator.sent import SentState
from integration_tests.orchestrator.source import EmptySource, KeptStates, Source
from integration_tests.orchestrator.streams import Descriptor, GlobalState, Stream, StreamState
from integration_tests.orchestrator.verdict import Verdict


@dataclass
class Connection:
    """A source, a destination, and what was configured between them.

    `destination` and `streams` may be changed between jobs, as a user would. `next_job_id` is the next job's id, which
    becomes its sync_id: ids are the host's, shared with other connections.
    """

    host: Host
    destination: Destination
    streams: Sequence[Stream]
    next_job_id: int = 41
    _states: dict[Descriptor, str] = field(default_factory=dict)
    _global_state: str | None = None
    _generations: dict[Descriptor, int] = field(default_factory=dict)

    @property
    def states(self) -> KeptStates:
        """The states that are kept now."""
        return KeptStates(dict(self._states), self._global_state)

    def job(self, source: Source, *, refreshed: Collection[Stream] = (), truncates: bool = True) -> Job:
        """A sync, or with `refreshed` streams a refresh of them: all rows again, the earlier ones dropped or not."""
        descriptors = {stream.descriptor for stream in refreshed}
        anew = descriptors | {stream.descriptor for stream in self.streams if stream.is_full_refresh}
        return self._job(source, self.streams, anew, truncated=descriptors if truncates else set())

    def clear(self, *cleared: Stream) -> Job:
        """A clear of these streams: no rows, and the shape of an overwrite. Other streams are not in its catalog."""
        emptied = [
            replace(stream, sync_mode="full_refresh", destination_sync_mode="overwrite")
            for stream in self.streams
            if stream in cleared
        ]
        descriptors = [stream.descriptor for stream in emptied]
        return self._job(EmptySource(tuple(descriptors)), emptied, set(descriptors), truncated=set(descriptors))

    def begin_again(self, streams: Collection[Descriptor], *, counts: bool = True) -> None:
        """These streams without their states; if it `counts`, in a new generation."""
        for stream in streams:
            self._generations[stream] = self._generations.get(stream, 0) + counts
            self._states.pop(stream, None)
        if {stream.descriptor for stream in self.streams} <= set(streams):
            self._global_state = None

    def keep(self, acknowledged: Iterable[SentState]) -> None:
        """Keeps what came back."""
        for sent in acknowledged:
            state = sent.state
            if isinstance(state, GlobalState):
                self._global_state = state.content
            elif isinstance(state, StreamState) and state.blob is not None:
                self._states[state.stream] = state.blob
            elif isinstance(state, StreamState):
                self._states.pop(state.stream, None)

    def ids(self, sync_id: int, streams: Iterable[Stream], truncated: Collection[Descriptor]) -> SyncIds:
        """The ids that an attempt gets now."""
        generations = {stream.descriptor: self._generations.get(stream.descriptor, 0) for stream in streams}
        minimum = {stream: generation if stream in truncated else 0 for stream, generation in generations.items()}
        return SyncIds(sync_id, generations, minimum)

    def _job(self, source: Source, streams: Sequence[Stream], anew: set[Descriptor], truncated: set[Descriptor]) -> Job:
        self.next_job_id += 1
        overwritten = {
            stream.descriptor
            for stream in streams
            if stream.is_full_refresh and stream.destination_sync_mode in {"overwrite", "overwrite_dedup"}
        }
        return Job(self, source, streams, anew, truncated | overwritten, self.next_job_id - 1)


@dataclass
class Job:
    """One sync, refresh or clear, until an attempt of it succeeds or nobody tries any more."""

    connection: Connection
    source: Source
    streams: Sequence[Stream]
    anew: Collection[Descriptor]
    truncated: Collection[Descriptor]
    sync_id: int
    attempts: list[Verdict] = field(default_factory=list)

    def attempt(
        self,
        *,
        source: Source | None = None,
        interruption: Interruption | None = None,
        hold_open_s: float | None = None,
    ) -> Verdict:
        """Runs the destination once more, in a process of its own, from the states that are kept.

        `source` stands in for the job's own in this attempt: one that fails, for instance. For the rest see
        `run_attempt`.
        """
        connection, reader = self.connection, source or self.source
        connection.begin_again(self._begun_again(), counts=not self.attempts or connection.host.counts_attempts)
        ids = connection.ids(self.sync_id, self.streams, self.truncated)
        verdict = run_attempt(
            connection.destination,
            connection.host.catalog(self.streams, ids),
            connection.host.relay(reader, connection.states, self.streams),
            environment=connection.host.environment(len(self.attempts)),
            source_exit_code=reader.exit_code,
            interruption=interruption,
            hold_open_s=hold_open_s,
        )
        connection.keep(verdict.acknowledged)
        self.attempts.append(verdict)
        return verdict

    def _begun_again(self) -> Collection[Descriptor]:
        if not self.attempts:
            return self.anew
        return {
            stream.descriptor
            for stream in self.streams
            if stream.is_full_refresh and not (stream.is_resumable and self.connection.host.resumes_full_refreshes)
        }
