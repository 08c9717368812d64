"""Assembles a sync from the catalog's streams and the settings.

`sync.py` runs what is assembled here, and so do the tests' rigs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from os import environ
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from destination_pinterest.access_tiers import STANDARD_WRITES_A_MINUTE
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.wire import OpenWire, open_http_wire
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.description_text import filled
from destination_pinterest.audiences.desk import AudienceDesk
from destination_pinterest.audiences.drift import DriftGuard
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.reach import AudienceReach
from destination_pinterest.audiences.remembered import EXACT_UP_TO
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.audiences.shadow_list import new_shadow_list
from destination_pinterest.audiences.swap import AudienceSwapper
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import Config
from destination_pinterest.config.model import LARGEST_BATCH_SIZE
from destination_pinterest.dead_letters.announced import Announcements
from destination_pinterest.dead_letters.factory import DeadLetterStorage
from destination_pinterest.dead_letters.queue import MAX_FILES_IN_FLIGHT
from destination_pinterest.delivery.append import AppendStrategy, MembershipBatch
from destination_pinterest.delivery.by_account import AccountSinks
from destination_pinterest.delivery.by_column import ColumnStrategy, ColumnTools
from destination_pinterest.delivery.column_sink import ColumnSink
from destination_pinterest.delivery.fan_out import FanOut
from destination_pinterest.delivery.growth import RequestGrowth
from destination_pinterest.delivery.intake import IntakeCount
from destination_pinterest.delivery.isolation import AudienceIsolation, FailedAudience, combined
from destination_pinterest.delivery.journal import SyncJournal
from destination_pinterest.delivery.lane import MAX_IN_FLIGHT, AudienceLane
from destination_pinterest.delivery.mirror import Expiry, MirroredStreams, MirrorStrategy, Rhythm
from destination_pinterest.delivery.named_audiences import NamedAudiences
from destination_pinterest.delivery.precedence import precedence_of
from destination_pinterest.delivery.refused import RefusedStrategy
from destination_pinterest.delivery.route import Refusals, StreamRoute
from destination_pinterest.delivery.row_samples import RowSamples
from destination_pinterest.delivery.row_support import RowFilter, RowSupport, filter_for
from destination_pinterest.delivery.sender import DeliverySender
from destination_pinterest.delivery.sink import LaneSink, Sink
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.delivery.suppressor import Suppressor
from destination_pinterest.delivery.swap import SwapStrategy
from destination_pinterest.delivery.workers import WorkerPool
from destination_pinterest.delivery.writer import SyncWriter
from destination_pinterest.errors import ConfigurationError
from destination_pinterest.markers import AGAIN_VARIABLE, PROGRESS_VARIABLE, REJECTED_VALUES, REJECTED_VARIABLE
from destination_pinterest.object_storage.s3 import S3Bucket
from destination_pinterest.pause import Pause
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.protocol.checkpoint import CheckpointLedger
from destination_pinterest.protocol.completeness import Completeness
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.protocol.input import Input, MessageDecoder
from destination_pinterest.protocol.lines import Lines
from destination_pinterest.routing.audience_plan import (
    EPOCH_S,
    AudiencePlan,
    RefusedAudience,
    check_expiry,
    columns_told_apart,
    kinds_of_people,
    plan_audiences,
    refused_audiences,
)
from destination_pinterest.routing.decision import excludes
from destination_pinterest.routing.plan import StreamPlan, plan_streams
from destination_pinterest.routing.replacement import is_whole_pass
from destination_pinterest.routing.row_quality import RowQuality
from destination_pinterest.session import PinterestSession, PlatformConfig, open_session
from destination_pinterest.system import System
from destination_pinterest.vocabulary import ROWS_ONLY

if TYPE_CHECKING:  # It imports DuckDB and NumPy, which syncs without a store don't need.
    from destination_pinterest.membership.lease import LeaseTiming
    from destination_pinterest.membership.store_key import Scrypt
    from destination_pinterest.suppression.store import SuppressionStore

_MAX_THREADS: Final = 64
# The rate of requests to one list that is worth having in flight, by tier: the quota's own rate, Standard's as long as
# the tier is not known; for `none`, half of the 100 a second that Pinterest allows any app (developers.pinterest.com
# rate limits, read 2026-11-22).
_STANDARD_PER_S: Final = STANDARD_WRITES_A_MINUTE / 60
_RATE_PER_S: Final = {"auto": _STANDARD_PER_S, "standard": _STANDARD_PER_S, "trial": 1.0, "none": 50.0}
# Over all audiences that a column names, about 150 MB; and in each of them, within three percent.
_COUNTED_TOGETHER: Final = 1_500_000
_FEWEST_COUNTED: Final = 1_000
# Enough progress lines for a platform's log; a terminal's progress bar asks for more.
_PROGRESS_S: Final = 30.0


class SyncRequest(msgspec.Struct, frozen=True):
    """What a sync is asked to do.

    Args:
        config: the settings.
        platform_config: the config that the platform keeps; takes a rotated token.
        streams: the catalog's streams.
        lines: the input.
        messages: the output.
        open_wire: opens the wire to Pinterest.
    """

    config: Config
    platform_config: PlatformConfig
    streams: Sequence[ConfiguredStream]
    lines: Lines
    messages: MessageWriter
    open_wire: OpenWire = open_http_wire


class Tuning(msgspec.Struct, frozen=True):
    """What affects a sync's pace and cost, but not its outcome. Only tests change it.

    Args:
        epoch_s: see `MirrorStrategy`.
        stretchings: the cost of the store key by version, see membership.store_key; None for the real one.
        lease_timing: the pace of the store's leases; None for the real one.
    """

    epoch_s: float = EPOCH_S
    stretchings: Mapping[int, Scrypt] | None = None
    lease_timing: LeaseTiming | None = None


DEFAULT_TUNING: Final = Tuning()


class SyncParts(msgspec.Struct, frozen=True):
    """The parts of a sync.

    `audiences` and `strategies` have one item for each audience that can be kept, in the same order; `refused` has the
    others, which are to be given up. `desks` and `senders` are by ad account.
    """

    request: SyncRequest
    system: System
    session: PinterestSession
    plans: Sequence[StreamPlan]
    audiences: Sequence[AudiencePlan]
    strategies: Sequence[SyncStrategy]
    refused: Sequence[tuple[RefusedStrategy, ConfigurationError]]
    isolation: AudienceIsolation
    desks: Mapping[str, AudienceDesk]
    source: Input
    pool: WorkerPool
    senders: Mapping[str, DeliverySender]
    journal: SyncJournal
    writer: SyncWriter
    dead_letters: DeadLetterStorage | None
    rows: RowSupport
    tuning: Tuning
    suppressor: Suppressor | None

    @property
    def mirrors(self) -> list[MirrorStrategy]:
        """The strategies that have a ledger in the membership store."""
        return [strategy for strategy in self.strategies if isinstance(strategy, MirrorStrategy)]


MakePool = Callable[..., WorkerPool]


def assemble(
    request: SyncRequest,
    system: System,
    *,
    pause: Pause | None = None,
    make_pool: MakePool = WorkerPool,
    tuning: Tuning = DEFAULT_TUNING,
) -> SyncParts:
    """Assembles a sync. Nothing is sent yet.

    Args:
        request: what to do.
        system: clocks and chance.
        pause: sleeps, and can be interrupted.
        make_pool: creates the worker pool; tests have their own.
        tuning: pace and cost.

    Raises:
        ConfigurationError: the settings and the catalog contradict each other, for every audience.
    """
    config = request.config
    check_expiry(config)
    plans, refused = _planned(request)
    audiences = plan_audiences(plans, config)
    pause = pause or Pause()
    pool = make_pool(
        min(_MAX_THREADS, MAX_IN_FLIGHT * max(1, len(audiences)) + MAX_FILES_IN_FLIGHT),
        wake=request.lines.wake,
        interrupt=pause.interrupt,
    )
    session = open_session(
        config,
        request.platform_config,
        system=system,
        observer=pool,
        retry=RetryPolicy.from_hours(config.retry_hours),
        open_wire=request.open_wire,
        pause=pause,
        say=request.messages.log,
    )
    desks = _desks(config, session, system)
    senders = {
        account: DeliverySender(desk.pinterest, desk.creator, config.batch_size) for account, desk in desks.items()
    }
    suppressor = _suppressor(config, tuning)
    facts = config.pinterest_facts
    rows = RowSupport(
        config.record_format,
        datetime.fromtimestamp(system.now(), UTC).date(),
        probed_on=facts.asked_on if facts is not None and facts.records_v2 == "refused" else None,
    )
    make_strategy = _StrategyFactory(
        config, system, desks, senders, suppressor=suppressor, rows=rows, epoch_s=tuning.epoch_s
    )
    strategies = [make_strategy(audience) for audience in audiences]
    given_up = [(make_strategy.refused(audience), audience.failure) for audience in refused]
    every_strategy = [*strategies, *(strategy for strategy, _ in given_up)]
    journal = SyncJournal(
        request.messages,
        lambda: [*(strategy.lane for strategy in every_strategy), *make_strategy.named_lanes],
        system=system,
        progress_every_s=float(environ.get(PROGRESS_VARIABLE, _PROGRESS_S)),
    )
    ledger = CheckpointLedger()
    announcements = announcements_of(request.messages)
    announced = () if announcements is None else [announcements.columns(stream) for stream in request.streams]
    decoder = MessageDecoder(
        (column for columns in (*(plan.columns for plan in plans), *announced) for column in columns),
        (column for stream in request.streams for column in stream.columns),
        told_apart=columns_told_apart(audiences),
    )
    source = Input(
        request.lines,
        decoder,
        [stream.key for stream in request.streams],
        ledger,
        _completeness(audiences, config),
        sampler=RowSamples(() if environ.get(AGAIN_VARIABLE) == "1" else plans, config, request.messages.log),
    )
    dead_letters = _dead_letters(config, system)
    routes = _routes(
        config,
        audiences,
        strategies,
        rows=rows,
        decoder=decoder,
        ledger=ledger,
        dead_letters=dead_letters,
        announcements=announcements,
        suppressor=suppressor,
    )
    isolation = AudienceIsolation(every_strategy, routes, source, request.messages.log)
    writer = SyncWriter(
        source=source,
        isolation=isolation,
        pool=pool,
        senders=senders,
        journal=journal,
        dead_letters=dead_letters.queue if dead_letters else None,
        clock=system.clock,
    )
    return SyncParts(
        request,
        system,
        session,
        plans,
        audiences,
        strategies,
        given_up,
        isolation,
        desks,
        source,
        pool,
        senders,
        journal,
        writer,
        dead_letters,
        rows,
        tuning,
        suppressor,
    )


def _planned(request: SyncRequest) -> tuple[list[StreamPlan], list[RefusedAudience]]:
    """Returns the plans of streams whose audiences can be kept, and the audiences that can't.

    Raises:
        ConfigurationError: none can.
    """
    failures: dict[StreamKey, ConfigurationError] = {}

    def refuse(stream: ConfiguredStream, failure: ConfigurationError) -> None:
        failures[stream.key] = failure

    plans = plan_streams(request.streams, request.config, refuse)
    if not failures:
        return plans, []
    refused = refused_audiences(request.streams, request.config, failures)
    without = {stream.key for audience in refused for stream in audience.streams}
    left = [plan for plan in plans if plan.stream.key not in without]
    if not left:
        titles = dict.fromkeys((audience.name, audience.failure) for audience in refused)  # Once for all ad accounts.
        raise combined([FailedAudience(f'"{name}"', failure) for name, failure in titles], len(titles))
    return left, refused


def _desks(config: Config, session: PinterestSession, system: System) -> dict[str, AudienceDesk]:
    """Returns a desk for each ad account of the settings."""
    safeguards, facts = _safeguards(config), config.pinterest_facts

    def desk(client: PinterestClient) -> AudienceDesk:
        lookup = AudienceLookup(
            client,
            now=system.now,
            installation=config.installation_name,
            if_gone=config.if_audience_is_gone,
        )
        creator = AudienceCreator(
            client,
            lookup,
            delay_s=session.lost_answer_delay_s,
            system=system.with_sleep(session.pause.sleep),
            installation=config.installation_name,
            notes_waiting=config.if_audience_is_gone != "recreate",
        )
        swapper = AudienceSwapper(
            client,
            creator,
            safeguards,
            if_refused=config.refused_rule_change,
            refused_on=facts.asked_on if facts is not None and facts.rule_change == "refused" else None,
        )
        return AudienceDesk(client, lookup, creator, swapper, AudienceReach.of(config, client))

    return {account: desk(client) for account, client in session.clients.items()}


def _safeguards(config: Config) -> Safeguards:
    drift = DriftGuard(allows=config.allow_identity_drift)
    return Safeguards(
        config.max_removal_percent,
        config.allow_empty_audience,
        drift,
        max_addition_percent=config.max_addition_percent if config.used_for == "exclusion" else None,
    )


class _StrategyFactory:
    """Creates the strategy of an audience, by its name in the plan."""

    def __init__(
        self,
        config: Config,
        system: System,
        desks: Mapping[str, AudienceDesk],
        senders: Mapping[str, DeliverySender],
        *,
        suppressor: Suppressor | None,
        rows: RowSupport,
        epoch_s: float,
    ) -> None:
        self._config = config
        self._system = system
        self._desks = desks
        self._senders = senders
        self._suppressor = suppressor
        self._rows = rows
        self._epoch_s = epoch_s
        self._safeguards = _safeguards(config)
        self._make = {"append": self._append, "swap": self._swap, "mirror": self._mirror}
        # The lanes of all audiences that columns have named so far.
        self.named_lanes: list[AudienceLane] = []

    def __call__(self, audience: AudiencePlan) -> SyncStrategy:
        return self._column(audience) if audience.is_by_column else self._make[audience.keeping](audience)

    def refused(self, audience: RefusedAudience) -> RefusedStrategy:
        """Returns what stands for an audience that can't be kept."""
        target = AudienceTarget(
            audience.name,
            frozenset(),
            ad_account_id=audience.ad_account_id,
            names_account=self._names_account,
        )
        count = IntakeCount((), is_whole=False, day=datetime.fromtimestamp(self._system.now(), UTC).date())
        streams = tuple(stream.key for stream in audience.streams)
        return RefusedStrategy(AudienceLane(target, streams, _RATE_PER_S[self._config.access_tier], count))

    def _column(self, audience: AudiencePlan) -> SyncStrategy:
        """Returns what stands for all audiences that a column names."""
        desk = self._desks[audience.ad_account_id]
        creator, twins = desk.creator.for_many()

        def make(name: str) -> SyncStrategy:
            named = replace(audience, name=name)
            strategy = self._mirror(named, creator) if audience.keeping == "mirror" else self._append(named, creator)
            self.named_lanes.append(strategy.lane)
            return strategy

        audiences = NamedAudiences(audience.name, make, self._config.max_audiences)
        expires = self._config.expire_after_days is not None
        tools = ColumnTools(
            desk, creator, twins, self._safeguards, self._rows, suppressor=self._suppressor, expires=expires
        )
        return ColumnStrategy(self._lane(audience), audience, audiences, tools, epoch_s=self._epoch_s)

    def _append(self, audience: AudiencePlan, creator: AudienceCreator | None = None) -> SyncStrategy:
        return AppendStrategy(
            self._lane(audience),
            self._batch(),
            self._config.flush_seconds,
            creator or self._desks[audience.ad_account_id].creator,
            kinds_of_people(audience, self._config),
            precedence=precedence_of(audience.plans, self._config),
            safeguards=self._safeguards if self._safeguards.is_for_exclusion else None,
        )

    def _swap(self, audience: AudiencePlan) -> SyncStrategy:
        lane = self._lane(audience, is_shadowed=True)
        swapper = self._desks[audience.ad_account_id].swapper
        kinds, precedence = kinds_of_people(audience, self._config), precedence_of(audience.plans, self._config)
        return SwapStrategy(lane, self._batch(), self._config.flush_seconds, swapper, kinds, precedence=precedence)

    def _mirror(self, audience: AudiencePlan, creator: AudienceCreator | None = None) -> SyncStrategy:
        sender, after_days = self._senders[audience.ad_account_id], self._config.expire_after_days
        return MirrorStrategy(
            self._lane(audience),
            MirroredStreams(
                audience.streams,
                tuple(plan.stream for plan in audience.replaced),
                audience.also_in,
                audience.kinds_by_column,
                are_parted=audience.is_by_column,
            ),
            creator or self._desks[audience.ad_account_id].creator,
            self._safeguards,
            rows=self._rows,
            max_identifiers=lambda: sender.max_identifiers,
            rhythm=Rhythm(self._epoch_s, None if after_days is None else Expiry(after_days, self._system.now)),
        )

    @property
    def _most_counted(self) -> int:
        """How many identifiers are counted exactly in each of the audiences that a column names."""
        return min(EXACT_UP_TO, max(_FEWEST_COUNTED, _COUNTED_TOGETHER // self._config.max_audiences))

    @property
    def _names_account(self) -> bool:
        return len(self._desks) > 1

    def _batch(self) -> MembershipBatch:
        return MembershipBatch(self._config.batch_size)

    def _lane(self, audience: AudiencePlan, *, is_shadowed: bool = False) -> AudienceLane:
        shadow, now = None, self._system.now()
        if is_shadowed:
            chance = self._system.chance()
            shadow = new_shadow_list(
                audience.streams, audience.audience_id, now, chance, installation=self._config.installation_name
            )
        target = AudienceTarget(
            audience.name,
            audience.identifiers,
            ad_account_id=audience.ad_account_id,
            names_account=self._names_account,
            repeats_rows=audience.repeats_rows,
            chosen_id=audience.audience_id,
            only_removes=audience.only_removes or self._config.mode == "remove",
            ignores_case=audience.is_by_column,
            shadow=shadow,
            text=filled(self._config.description, [stream.key for stream in audience.streams]),
            is_begun_early=self._config.create_early,
        )
        streams = tuple(stream.key for stream in audience.streams)
        qualities = {
            stream.key: RowQuality(self._config.max_rejected_percent, is_whole=is_whole_pass(stream))
            for stream in audience.streams
        }
        count = IntakeCount(
            audience.identifiers,
            is_whole=all(is_whole_pass(stream) for stream in audience.streams),
            day=datetime.fromtimestamp(now, UTC).date(),
            most=self._most_counted if audience.is_by_column else EXACT_UP_TO,
        )
        rate_per_s = _RATE_PER_S[self._config.access_tier]
        return AudienceLane(target, streams, rate_per_s, count, qualities, growth=self._growth(audience))

    def _growth(self, audience: AudiencePlan) -> RequestGrowth | None:
        """Returns the sizes of requests to an audience's list; None if they stay as they are, as those of rows do."""
        if self._config.request_growth == "off" or not ROWS_ONLY.isdisjoint(audience.identifiers):
            return None
        sender = self._senders[audience.ad_account_id]
        return RequestGrowth(lambda: sender.max_identifiers, LARGEST_BATCH_SIZE)


def _routes(
    config: Config,
    audiences: Sequence[AudiencePlan],
    strategies: Sequence[SyncStrategy],
    *,
    rows: RowSupport,
    decoder: MessageDecoder,
    ledger: CheckpointLedger,
    dead_letters: DeadLetterStorage | None,
    announcements: Announcements | None,
    suppressor: Suppressor | None,
) -> dict[StreamKey, StreamRoute]:
    sinks: dict[StreamKey, dict[str, Sink]] = {}
    for audience, strategy in zip(audiences, strategies, strict=True):
        for plan in audience.plans:
            of_rows = filter_for(rows, plan.identities, config.advertising_id_case)
            sink = _sink(strategy, plan, config, of_rows)
            sinks.setdefault(plan.stream.key, {})[audience.ad_account_id] = sink

    def route(plan: StreamPlan) -> StreamRoute:
        letters = None
        identity_columns = tuple(identity.column for identity in plan.identities)
        if dead_letters is not None:
            letters = dead_letters.rows_of(plan.stream, plan.key_columns, identity_columns, decoder)
        announced = None
        if announcements is not None:
            announced = announcements.rows_of(plan.stream, identity_columns, decoder)
        tally = ledger.tally(plan.stream.key)
        refusals = Refusals(letters, announced, suppressor)
        return StreamRoute(plan, config, decoder, _joined(sinks[plan.stream.key], plan), tally, refusals=refusals)

    plans = {plan.stream.key: plan for audience in audiences for plan in audience.plans}
    return {stream: route(plan) for stream, plan in plans.items()}


def _sink(strategy: SyncStrategy, plan: StreamPlan, config: Config, rows: RowFilter | None) -> Sink:
    if isinstance(strategy, ColumnStrategy):
        return ColumnSink(strategy, plan, config.advertising_id_case, rows)
    return LaneSink(strategy, plan, config.advertising_id_case, rows)


def _joined(by_account: Mapping[str, Sink], plan: StreamPlan) -> Sink:
    """Returns one sink for a stream: each row goes to the ad account that it names, or to all."""
    if plan.account_column is not None:
        return AccountSinks(by_account)
    sinks = list(by_account.values())
    return sinks[0] if len(sinks) == 1 else FanOut(sinks)


def _completeness(audiences: Sequence[AudiencePlan], config: Config) -> Completeness:
    """Watches only streams whose completeness matters: not those whose rows are only appended."""
    watched = [stream for audience in audiences if audience.keeping != "append" for stream in audience.streams]
    return Completeness(watched, trust_end_markers=config.trust_end_markers)


def announcements_of(messages: MessageWriter) -> Announcements | None:
    """Returns what announces rejected rows to the command line, if that has asked for them."""
    wanted = environ.get(REJECTED_VARIABLE)
    return None if wanted is None else Announcements(messages.figures, include_values=wanted == REJECTED_VALUES)


def _suppressor(config: Config, tuning: Tuning) -> Suppressor | None:
    settings = config.suppression_store
    if settings is None:
        return None

    def open_store() -> SuppressionStore:
        # Imports NumPy and DuckDB, which other syncs don't need.
        from destination_pinterest.membership.store_key import STRETCHINGS  # noqa: PLC0415
        from destination_pinterest.suppression.store import open_suppression_store  # noqa: PLC0415

        return open_suppression_store(settings, stretchings=tuning.stretchings or STRETCHINGS)

    return Suppressor(open_store, for_exclusion=excludes(config))


def _dead_letters(config: Config, system: System) -> DeadLetterStorage | None:
    storage = config.object_storage_config
    if storage is None:
        return None
    return DeadLetterStorage(S3Bucket(storage), storage, system)
