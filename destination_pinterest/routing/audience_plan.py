"""Plans how each audience of a sync is kept: added to, swapped as a whole, or mirrored with the membership store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Literal

import msgspec

from destination_pinterest.config import Config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConfigurationError, InvalidConfigError
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.routing.plan import Destination, StreamPlan, destination_of
from destination_pinterest.routing.replacement import obstacle, replaces, why_not_replaced
from destination_pinterest.vocabulary import ROWS_ONLY, Identifier

# How often the delta of a mirrored audience is sent while rows arrive, if no stream replaces anything. The platform
# expects states every 15 minutes, and comparing a large membership store takes a while.
EPOCH_S: Final = 600.0

# Rows are sent as they arrive; or fill a shadow list that is swapped in; or are compared, and the delta is sent.
Keeping = Literal["append", "swap", "mirror"]


class AudiencePlan(msgspec.Struct, frozen=True):
    """The plan of an audience in one ad account, made before its first row.

    Args:
        name: the audience's name.
        ad_account_id: the ad account.
        audience_id: the audience's id, if streams were pointed at an existing one.
        plans: the plans of its streams.
        keeping: which strategy keeps it; named like delivery's modules.
        replaced: the streams that replace what they added before: members that are in none of their rows are removed.
        why_not_replaced: why it is only added to although a stream asks to replace it, if so.
    """

    name: str
    ad_account_id: str
    audience_id: str | None
    plans: tuple[StreamPlan, ...]
    keeping: Keeping
    replaced: tuple[StreamPlan, ...]
    why_not_replaced: str | None

    @property
    def also_in(self) -> tuple[str, ...]:
        """The other ad accounts that the rows of its streams go to."""
        return tuple(account for account in self.plans[0].ad_account_ids if account != self.ad_account_id)

    @property
    def repeats_rows(self) -> bool:
        """Whether its rows are those of another ad account, too, which comes first: sums of rows leave them out."""
        first = self.plans[0]
        return first.account_column is None and self.ad_account_id != first.ad_account_ids[0]

    @property
    def key(self) -> tuple[str, ...]:
        """A key that no other audience of the sync has."""
        return (self.ad_account_id, *self.plans[0].lane_key)

    @property
    def streams(self) -> tuple[ConfiguredStream, ...]:
        """The audience's streams in the catalog."""
        return tuple(plan.stream for plan in self.plans)

    @property
    def is_by_column(self) -> bool:
        """Whether it stands for many audiences, of which the rows name theirs; `name` is the template then."""
        return self.plans[0].naming is not None

    @property
    def only_removes(self) -> bool:
        """Whether no stream ever adds anybody."""
        return all(plan.only_removes for plan in self.plans)

    @property
    def identifiers(self) -> frozenset[Identifier]:
        """The kinds of identifiers that its streams have."""
        return frozenset(identity.identifier for plan in self.plans for identity in plan.identities)

    @property
    def kinds_by_column(self) -> Mapping[str, Identifier]:
        """The kind of identifier of each column; without columns that streams of the audience use differently."""
        kinds: dict[str, set[Identifier]] = {}
        for plan in self.plans:
            for identity in plan.identities:
                kinds.setdefault(identity.column, set()).add(identity.identifier)
        return {column: found.pop() for column, found in kinds.items() if len(found) == 1}


class RefusedAudience(msgspec.Struct, frozen=True):
    """An audience that can't be kept since one of its streams can't be planned: half of its rows must not pass for all.

    `name` is the stream's own if the settings lead it nowhere; `failure` is that of the first such stream.
    """

    name: str
    ad_account_id: str
    streams: tuple[ConfiguredStream, ...]
    failure: ConfigurationError


def refused_audiences(
    streams: Iterable[ConfiguredStream], config: Config, failures: Mapping[StreamKey, ConfigurationError]
) -> list[RefusedAudience]:
    """Returns the audiences of streams that can't be planned, each with all of its streams, in each ad account.

    Args:
        streams: all streams of the sync.
        config: the settings.
        failures: why streams can't be planned.
    """
    sharing: dict[tuple[str, str], list[ConfiguredStream]] = {}
    destinations: dict[tuple[str, str], Destination] = {}
    for stream in streams:
        destination = destination_of(stream, config)
        sharing.setdefault(destination.lane_key, []).append(stream)
        destinations.setdefault(destination.lane_key, destination)
    refused = []
    for lane_key, together in sharing.items():
        failure = next((failures[stream.key] for stream in together if stream.key in failures), None)
        if failure is not None:
            to = destinations[lane_key]
            refused += [RefusedAudience(to.audience, one, tuple(together), failure) for one in to.ad_account_ids]
    return refused


def plan_audiences(plans: Iterable[StreamPlan], config: Config) -> list[AudiencePlan]:
    """Plans the audiences of a sync in each ad account, in the order of their first streams."""
    by_audience: dict[tuple[str, str], list[StreamPlan]] = {}
    for plan in plans:
        by_audience.setdefault(plan.lane_key, []).append(plan)
    return [
        _plan_audience(tuple(sharing), ad_account_id, config)
        for sharing in by_audience.values()
        for ad_account_id in sharing[0].ad_account_ids
    ]


def uses_membership_store(config: Config) -> bool:
    """Whether audiences are compared with the membership store, which only the mode mirror uses."""
    return config.mode == "mirror" and config.membership_store is not None


def kinds_of_people(audience: AudiencePlan, config: Config) -> Mapping[str, Identifier]:
    """Returns the kinds of identifiers by column if the audience's people may be sent as rows without a store.

    They may where nobody ever leaves by a row of this connection: in tables that are only added, and in those that
    replace an audience and have no column that says who left; and nobody's consent is asked for. A mirrored audience
    has its ledger for that.
    """
    if ROWS_ONLY.isdisjoint(audience.identifiers):
        return {}
    never_removes = config.mode == "additive" or (
        audience.keeping == "swap"
        and config.mode == "mirror"
        and not any(plan.deciding_columns for plan in audience.plans)
    )
    asks_for_consent = any(plan.consent_column is not None for plan in audience.plans)
    return audience.kinds_by_column if never_removes and not asks_for_consent and not audience.only_removes else {}


def check_expiry(config: Config) -> None:
    """Checks that something remembers when rows last came, if members are to expire, and that no harm comes of it.

    Raises:
        InvalidConfigError: nothing does, or who expires would be advertised to by mistake.
    """
    if config.expire_after_days is None:
        return
    if config.used_for == "exclusion":
        raise InvalidConfigError(
            Code.EXPIRY_OF_EXCLUDED,
            "Members of an exclusion audience would see ads again once they expire (expire_after_days). Take that "
            "setting out, or set What the audience is for (used_for) to targeting.",
        )
    if not uses_membership_store(config):
        raise InvalidConfigError(
            Code.EXPIRY_WITHOUT_STORE,
            "Members are to expire (expire_after_days), and without a membership store, or with another mode than "
            "mirror, nothing remembers when their rows last came. Set up a membership store, or take that setting out.",
        )


def columns_told_apart(audiences: Iterable[AudiencePlan]) -> Collection[str]:
    """Returns the columns in which a record that lacks them says something else than null: the row keeps its value."""
    plans = [plan for audience in audiences if audience.keeping == "mirror" for plan in audience.plans if plan.has_key]
    naming = {column for plan in plans if plan.naming is not None for column in plan.naming.columns}
    accounts = {plan.account_column for plan in plans if plan.account_column is not None}
    return (naming | accounts).union(identity.column for plan in plans for identity in plan.identities)


def _plan_audience(plans: tuple[StreamPlan, ...], ad_account_id: str, config: Config) -> AudiencePlan:
    keeping, replaced = _keeping(plans, config)
    return AudiencePlan(
        plans[0].audience,
        ad_account_id,
        plans[0].audience_id,
        plans,
        keeping,
        replaced,
        why_not_replaced(plans, config),
    )


def _keeping(plans: tuple[StreamPlan, ...], config: Config) -> tuple[Keeping, tuple[StreamPlan, ...]]:
    if uses_membership_store(config):
        return "mirror", tuple(plan for plan in plans if replaces(plan.stream) and obstacle([plan.stream]) is None)
    is_wanted = config.mode == "mirror" and any(replaces(plan.stream) for plan in plans)
    if is_wanted and obstacle([plan.stream for plan in plans]) is None:
        return "swap", plans
    return "append", ()
