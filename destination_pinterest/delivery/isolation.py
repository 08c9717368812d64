"""Gives up the audiences that fail, so that the others are finished, and says at the end which they were.

Rows of an audience that was given up are read, counted as errored and dropped, and so are the states behind them: the
next sync reads these rows again. What is wrong with an ad account gives up all of its audiences, if the sync has other
accounts. What is wrong with more ends the sync at once, and so does the failure of the last audience that was left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final, Protocol

import msgspec

from destination_pinterest.api import endpoints
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AudiencesFailedError,
    AudiencesFailedForNowError,
    AuthenticationError,
    ConnectorError,
    InterruptedSyncError,
    InvalidConfigError,
    MissingScopeError,
    NotFoundError,
    ObjectBusyError,
    RateLimitedError,
    StorageFailedError,
    StorageRefusedError,
)
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.input import Input, RowRun

# The token, the quota, the place of the store, and what stands between here and Pinterest.
_OF_THE_WHOLE: Final = (
    AuthenticationError,
    InterruptedSyncError,
    InvalidConfigError,
    MissingScopeError,
    StorageFailedError,
    StorageRefusedError,
)
_CODES_OF_THE_WHOLE: Final = frozenset({Code.STORE_KEY_WRONG})
# A proxy or an address in between answers everything alike; a fault of our own is nobody's but the whole sync's.
_INTERNAL_OF_ONE: Final = frozenset({Code.ANSWER_UNEXPECTED})
# A column may name thousands of audiences, and a message is read by people.
_MOST_SAID: Final = 10
_MOST_NAMED: Final = 20


class FailedAudience(msgspec.Struct, frozen=True):
    """An audience that was given up, by its title, and why."""

    title: str
    error: ConnectorError


def concerns_one_audience(error: ConnectorError) -> bool:
    """Whether a failure while one audience was worked on says nothing about the others."""
    return concerns_one_account(error) and not _concerns_whole_account(error)


def concerns_one_account(error: ConnectorError) -> bool:
    """Whether a failure while one audience was worked on says nothing about those of other ad accounts."""
    if isinstance(error, _OF_THE_WHOLE) or error.code in _CODES_OF_THE_WHOLE:
        return False
    if isinstance(error, RateLimitedError):
        return isinstance(error, ObjectBusyError)
    return error.failure_kind != "system_error" or error.code in _INTERNAL_OF_ONE


def _concerns_whole_account(error: ConnectorError) -> bool:
    if error.code is Code.AD_ACCOUNT_DISAPPROVED:
        return True
    if not isinstance(error, NotFoundError) or error.answer is None:
        return False
    return error.answer.endpoint == str(endpoints.CREATE_CUSTOMER_LIST)  # What is not found is the ad account.


class Route(Protocol):
    """The way of one stream's rows."""

    def take(self, run: RowRun, now_s: float) -> None:
        """Takes a run of rows."""

    def without(self, lane: AudienceLane) -> Route:
        """Returns the way of further rows once a lane was given up."""


class LostRows:
    """Takes the rows of a stream whose audiences have failed: they are counted, and the next sync reads them again.

    Args:
        lanes: the audiences' lanes.
    """

    def __init__(self, lanes: Sequence[AudienceLane]) -> None:
        self._lanes = lanes

    def take(self, run: RowRun, now_s: float) -> None:  # noqa: ARG002 - the rows go nowhere
        """See `Route.take`."""
        for lane in self._lanes:
            lane.leave_out(len(run.rows))

    def without(self, lane: AudienceLane) -> Route:
        """See `Route.without`."""
        return self if lane in self._lanes else LostRows((*self._lanes, lane))


class AudienceIsolation:
    """Gives up the audiences of a sync that fail.

    Its attributes are read for every run of rows: `strategies`, one for each audience, or for all of a column;
    `healthy`, those of them that have not failed; `active`, which may have something to send; and `routes`, each
    stream's route. The audiences of a column are admitted while they are settled, and are at rest before and after.

    Args:
        strategies: see above.
        routes: see above; an audience that fails is taken out of the routes of its streams.
        source: the input, which holds the states.
        log: takes a level and a line for people.
    """

    def __init__(
        self,
        strategies: Sequence[SyncStrategy],
        routes: Mapping[StreamKey, Route],
        source: Input,
        log: Callable[[str, str], None],
    ) -> None:
        self.strategies = list(strategies)
        self.healthy = list(strategies)
        self.active = list(strategies)
        self.routes = dict(routes)
        self._of_lane = {strategy.lane: strategy for strategy in strategies}
        self._source = source
        self._log = log

    @property
    def every(self) -> list[SyncStrategy]:
        """The strategies, each followed by those of its column's audiences."""
        return [one for strategy in self.strategies for one in (strategy, *strategy.branches)]

    def admit(self, branch: SyncStrategy) -> None:
        """Takes up one of a column's audiences, which is to be settled."""
        self._of_lane[branch.lane] = branch
        self.active.append(branch)

    def rest(self, branch: SyncStrategy) -> None:
        """Lets one of a column's audiences rest, which has nothing to send any more."""
        self.active.remove(branch)

    @property
    def failed(self) -> list[FailedAudience]:
        """The audiences that have failed."""
        return [
            FailedAudience(strategy.lane.target.title, strategy.lane.failure)
            for strategy in self.every
            if strategy.lane.failure is not None
        ]

    def take(self, lane: AudienceLane, error: Exception) -> None:
        """Takes a failure that came up while an audience was worked on.

        Raises:
            Exception: the failure itself, if it concerns the whole sync; or what `give_up` raises.
        """
        if isinstance(error, ConnectorError):
            if concerns_one_audience(error):
                self.give_up(lane, error)
                return
            if self._has_other_accounts(lane) and concerns_one_account(error):
                for strategy in self.strategies:
                    if strategy.lane.target.ad_account_id == lane.target.ad_account_id:
                        self.give_up(strategy.lane, error)
                return
        raise error

    def give_up(self, lane: AudienceLane, error: ConnectorError) -> None:
        """Gives an audience up for a failure that concerns it alone.

        Raises:
            ConnectorError: no audience is left; see `combined`.
        """
        strategy = self._of_lane[lane]
        strategy.drain()
        is_news = lane.failure is None
        lane.give_up(error)
        for branch in strategy.branches:
            if branch.lane.failure is None:
                branch.lane.give_up(error)
        for stream in lane.streams:
            route = self.routes.get(stream)  # None: the stream can't be planned.
            self.routes[stream] = LostRows((lane,)) if route is None else route.without(lane)
        # A state that comes from now on stands for this audience too, though its streams may have no further row.
        behind, lost_from = self._source.position - 1, lane.lost_from
        self._source.drop_states(lane.streams, behind if lost_from is None else min(behind, lost_from))
        self.healthy = [other for other in self.healthy if other is not strategy]
        if not self.healthy:
            self.raise_failures()
        if is_news:
            self._log("ERROR", f"{_about([lane.target.title], error)} The other audiences go on.")

    def _has_other_accounts(self, lane: AudienceLane) -> bool:
        return any(other.lane.target.ad_account_id != lane.target.ad_account_id for other in self.strategies)

    def raise_failures(self) -> None:
        """Ends the sync if any audience has failed.

        Raises:
            ConnectorError: see `combined`.
        """
        failed = self.failed
        if failed:
            raise combined(failed, len(self.every))


def combined(failed: Sequence[FailedAudience], audiences: int) -> ConnectorError:
    """Returns one error for all audiences that have failed, with the name, the code and the remedy of each.

    Failures of one code keep it. Others get a code of their own, whose kind is transient as soon as one of them may
    pass: the platform tries again then, and what succeeds needs nobody. Only if nothing can pass is it told not to.

    Args:
        failed: these, at least one.
        audiences: how many audiences the sync has.
    """
    first = failed[0].error
    if audiences == 1:
        return first
    titles: dict[str, list[str]] = {}
    errors: dict[str, ConnectorError] = {}
    for one in failed:
        titles.setdefault(str(one.error), []).append(one.title)
        errors[str(one.error)] = one.error
    if len(errors) == 1:
        return first.with_message(_about(titles[str(first)], first, with_code=False))
    left = audiences - len(failed)
    others = "" if not left else "; the other is synced" if left == 1 else f"; the other {left:,} are synced"
    said = " ".join(_about(titles[text], error) for text, error in islice(errors.items(), _MOST_SAID))
    if len(errors) > _MOST_SAID:
        said += f" The log has the other {len(errors) - _MOST_SAID:,} failures."
    message = f"{len(failed):,} of {audiences:,} audiences failed{others}. {said}"
    if len({error.code for error in errors.values()}) == 1:
        alike = first.with_message(message)
        alike.answer = None  # Each stands behind its audience.
        return alike
    if all(error.failure_kind == "config_error" for error in errors.values()):
        return AudiencesFailedError(Code.AUDIENCES_FAILED, message)
    return AudiencesFailedForNowError(Code.AUDIENCES_FAILED_FOR_NOW, message)


def _about(titles: Sequence[str], error: ConnectorError, *, with_code: bool = True) -> str:
    """Words a failure with the titles of its audiences, unless it names the only one already."""
    said = str(error) if with_code else error.message
    if len(titles) == 1 and titles[0] in error.message:
        return said
    named = ", ".join(titles[:_MOST_NAMED])
    if len(titles) > _MOST_NAMED:
        named += f" and {len(titles) - _MOST_NAMED:,} more"
    return f"{'Audience' if len(titles) == 1 else 'Audiences'} {named}: {said}"
