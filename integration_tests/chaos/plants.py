"""Faults to plant into the connector, to see that stories find them. Each is called in the connector's process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.audiences import creation
from destination_pinterest.audiences.creation import AudienceCreator, CreatedList
from destination_pinterest.audiences.list_use import ListUse
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.audiences.waiting import is_note
from destination_pinterest.delivery import size_trial
from destination_pinterest.delivery.append import _Side
from destination_pinterest.delivery.growth import Outcome
from destination_pinterest.delivery.lane import AudienceLane, Delivery
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.delivery.sender import DeliverySender
from destination_pinterest.delivery.sink import Sink
from destination_pinterest.delivery.writer import SyncWriter
from destination_pinterest.errors import AmbiguousCreationError, ConnectionFailedError, ServerError
from destination_pinterest.protocol.completeness import Completeness
from destination_pinterest.session import PlatformConfig
from destination_pinterest.vocabulary import Operation

Plant = Callable[[], object]


def _replace(owner: object, name: str, by: object) -> None:
    """For the rest of the process; fails if nothing is called so."""
    mock.patch.object(owner, name, by).start()


def _states_go_back_at_once() -> None:
    """A state is returned when it comes, not when the rows before it have arrived."""
    _replace(SyncWriter, "_watermark", lambda writer: writer._source.position)


def _failed_deliveries_count() -> None:
    """A delivery that failed counts as one that arrived."""
    _replace(AudienceLane, "fail", lambda lane, delivery: lane.ack(delivery, len(delivery.identifiers)))


def _nothing_is_in_doubt() -> None:
    """What an ended sync may have sent, but was not told of, is taken for not sent."""
    from destination_pinterest.membership.holdings import Holdings  # noqa: PLC0415 - imports DuckDB

    resume = Holdings.resume

    def resumes(holdings: Any, identifiers: Any, changes: Any, accepted: Any, _begun: int) -> None:
        resume(holdings, identifiers, changes, accepted, max((last for _, last in accepted), default=0))

    _replace(Holdings, "resume", resumes)


def _ledger_is_committed_first() -> None:
    """The store takes for accepted what is only about to be sent."""
    from destination_pinterest.delivery.mirror import MirrorStrategy  # noqa: PLC0415 - imports DuckDB

    deliveries = MirrorStrategy._deliveries

    def counts(strategy: Any, part: Any, size: int) -> Any:
        list_id = strategy.lane.target.list_id
        if list_id is not None:
            strategy._ledger.advance(part.delta, [(0, part.last)], part.last, list_id)
        yield from deliveries(strategy, part, size)

    _replace(MirrorStrategy, "_deliveries", counts)


def _contradictions_travel_together() -> None:
    """What adds somebody and what removes them are in flight at once."""
    _replace(Delivery, "contradicts", lambda *_: False)


def _losses_are_not_retried() -> None:
    """A request without an answer is not sent again."""
    delay_s = RetryPolicy.delay_s

    def gives_up(policy: RetryPolicy, error: Any, *rest: Any) -> float | None:
        return None if isinstance(error, ConnectionFailedError) else delay_s(policy, error, *rest)

    _replace(RetryPolicy, "delay_s", gives_up)


def _server_errors_count_as_accepted() -> None:
    """A 5xx to a request that adds or removes people is taken for success."""
    update = PinterestClient.update_customer_list

    def updates(client: PinterestClient, *content: Any) -> Any:
        try:
            return update(client, *content)
        except (ServerError, ConnectionFailedError):
            return None

    _replace(PinterestClient, "update_customer_list", updates)


def _former_word_wins() -> None:
    """Of two waiting rows about one person, both are sent, additions first."""
    _replace(_Side, "supersede", lambda *_: None)


def _used_lists_are_adopted() -> None:
    """A list counts as free although another audience is made of it."""
    _replace(ListUse, "free", lambda _use, every_list, _needed: list(every_list))


def _creations_are_repeated() -> None:
    """A creation without an answer is sent again without a look."""

    def creates(creator: AudienceCreator, create: Callable[[], Any], _look_up: Any) -> Any:
        for _ in range(5):
            try:
                return create()
            except AmbiguousCreationError:
                creator._system.sleep(1.0)
        return create()

    _replace(AudienceCreator, "_create", creates)


def _found_lists_count_as_filled() -> None:
    """A list that was found after its creation had no answer is taken to hold its first members."""

    _replace(creation, "CreatedList", lambda list_id, **_: CreatedList(list_id, holds_records=True))


def _halves_replace() -> None:
    """An audience is replaced by what came, whole or not."""
    _replace(Completeness, "is_complete", lambda *_: True)
    _replace(Safeguards, "require_complete", lambda *_, **__: None)


def _tombstones_are_overlooked() -> None:
    """A row that says that somebody left changes nothing."""
    judge = StreamRoute._judge

    def judges(route: StreamRoute, sink: Sink, mapped: Any, decision: Any, row: Any, position: int) -> Any:
        taken = judge(route, sink, mapped, decision, row, position)
        return None if taken is Operation.REMOVE else taken

    _replace(StreamRoute, "_judge", judges)


def _last_piece_is_lost() -> None:
    """Of a delivery that Pinterest takes only in pieces, or of two and more people, the last one is not sent."""
    send = DeliverySender.send

    def sends(sender: DeliverySender, target: Any, delivery: Delivery, on_list: Any, **more: Any) -> int:
        people = list(delivery.identifiers)
        if len(people) > 1:
            delivery = Delivery(delivery.operation, dict.fromkeys(people[:-1]), delivery.rows, delivery.first_position)
        return send(sender, target, delivery, on_list, **more)

    _replace(DeliverySender, "send", sends)


def _cuts_are_overlooked() -> None:
    """A request that was larger than those before counts as taken whole, whatever the counters show."""

    def whole(_before: Any, after: Any, _operation: Operation, sent: int) -> Any:
        return size_trial._Answer(Outcome.EXACT, sent, after)

    _replace(size_trial, "_judged", whole)


def _unfinished_lists_are_taken_over() -> None:
    """An attempt that reads everything again goes on with the list of one that was killed."""
    with_shadow = AudienceLookup._with_shadow_list

    def resumes(finder: Any, target: Any, shadow: Any, names: Any, free: Any) -> Any:
        found = with_shadow(finder, target, shadow, names, free)
        begun = [one for one in finder._shadow_lists_of(target, names) if one.id in free and not is_note(one)]
        return replace(found, resumed=begun[0], list_id=begun[0].id) if begun and found.resumed is None else found

    _replace(AudienceLookup, "_with_shadow_list", resumes)


def _tokens_are_kept_to_itself() -> None:
    """The platform is not told of renewed tokens."""
    _replace(PlatformConfig, "keep", lambda *_: None)


def _rows_are_logged() -> None:
    """A row that is taken is written into the log."""
    take = StreamRoute._take_row

    def takes(route: StreamRoute, sink: Sink, row: Any, position: int) -> None:
        from logging import getLogger  # noqa: PLC0415

        getLogger("airbyte").info("took %s", route._read(row))
        take(route, sink, row, position)

    _replace(StreamRoute, "_take_row", takes)


def _stop_returns_every_state() -> None:
    """A sync that is told to stop hands back all states that it has."""
    watermark = SyncWriter._watermark

    def all_of_it(writer: SyncWriter) -> int:
        return writer._source.position if writer.is_stopped else watermark(writer)

    _replace(SyncWriter, "_watermark", all_of_it)


PLANTS: dict[str, Plant] = {
    plant.__name__.removeprefix("_").replace("_", "-"): plant
    for plant in (
        _states_go_back_at_once,
        _failed_deliveries_count,
        _nothing_is_in_doubt,
        _ledger_is_committed_first,
        _contradictions_travel_together,
        _losses_are_not_retried,
        _server_errors_count_as_accepted,
        _former_word_wins,
        _used_lists_are_adopted,
        _creations_are_repeated,
        _found_lists_count_as_filled,
        _halves_replace,
        _tombstones_are_overlooked,
        _last_piece_is_lost,
        _cuts_are_overlooked,
        _unfinished_lists_are_taken_over,
        _tokens_are_kept_to_itself,
        _rows_are_logged,
        _stop_returns_every_state,
    )
}


def planted(name: str | None) -> Plant:
    """What plants a fault into the process that it is called in."""
    return PLANTS[name] if name else lambda: None
