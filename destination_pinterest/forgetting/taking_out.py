"""Takes people out of customer lists and ledgers, and goes on where an earlier run ended.

First they are suppressed, so that a sync that begins from now on adds none of them. Then each list is sent all
identifiers for removal, under the lease of the ledger that knows it, and the ledger forgets them. So whatever a sync
with that store sends comes before, or is without them. Each list that is done is noted in the suppression store.

A sync that names audiences by a column leases their index first and their ledgers later, one by one. So the index is
leased all the while, and if a sync has it, the whole group is left to the next run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.description_mark import read_mark
from destination_pinterest.audiences.list_counts import records_in
from destination_pinterest.audiences.list_kinds import KnownList
from destination_pinterest.audiences.mark_keeper import MarkKeeper
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.delivery.isolation import concerns_one_audience
from destination_pinterest.delivery.lane import Delivery
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError, InternalError, InterruptedSyncError, InvalidRequestError
from destination_pinterest.forgetting.account import AccountLists
from destination_pinterest.forgetting.certificate import LedgerEntry, ListEntry, moment
from destination_pinterest.forgetting.choice import Choice
from destination_pinterest.forgetting.people import People
from destination_pinterest.forgetting.removal import Removal
from destination_pinterest.forgetting.requests import RequestCount
from destination_pinterest.forgetting.stored import StoredGroup, StoredLedger, StoredParts
from destination_pinterest.routing.audience_names import spelling_key
from destination_pinterest.session import PinterestSession
from destination_pinterest.suppression.progress import DoneLedger, DoneList, Progress
from destination_pinterest.suppression.store import SuppressionStore
from destination_pinterest.system import System
from destination_pinterest.vocabulary import Identifier

if TYPE_CHECKING:
    from destination_pinterest.membership import MembershipLedger, MembershipStore

# Lists that are worked on at once: Pinterest dislikes several writes to one, and the quota of 7 a second is in reach.
LISTS_AT_ONCE: Final = 4
# Identifiers that a ledger takes at once.
_PIECE: Final = 10_000

Log = Callable[[str, str], None]
# An audience, by its ad account and what the spellings of its name have in common.
_Named = tuple[str, str]


class Stores(msgspec.Struct, frozen=True):
    """The stores of a forgetting.

    Args:
        suppression: keeps people from coming back.
        membership: has ledgers, if the settings name one.
        parts: reads which ledgers and groups that one has now.
    """

    suppression: SuppressionStore
    membership: MembershipStore | None
    parts: Callable[[], StoredParts]


@dataclass(slots=True)
class Done:
    """What a run came to.

    Args:
        job: the name of the forgetting.
        progress: how far it has come.
        lists, ledgers: the certificate's entries.
        earlier: the lists that earlier runs have done.
    """

    job: str
    progress: Progress
    earlier: tuple[DoneList, ...] = ()
    lists: list[ListEntry] = field(default_factory=list)
    ledgers: list[LedgerEntry] = field(default_factory=list)

    @property
    def left_to_do(self) -> bool:
        """Whether anything failed."""
        entries: list[ListEntry | LedgerEntry] = [*self.lists, *self.ledgers]
        return any(entry.state == "failed" for entry in entries)


class _Item(msgspec.Struct, frozen=True):
    """A list to take people out of, with the ledgers that know it; without a list, a ledger that has none yet."""

    ad_account_id: str
    client: PinterestClient
    known: KnownList | None
    ledgers: tuple[StoredLedger, ...]


class _ItemDone(msgspec.Struct, frozen=True):
    requests: int
    not_sent: int
    members: tuple[int, ...]


class TakingOut:
    """Takes people out.

    Args:
        session: the session with Pinterest.
        removal_for: makes what takes identifiers out of the lists of an ad account.
        stores: the stores.
        choice: which lists are touched.
        requests: counts the session's requests.
        system: the time.
        log: takes a line for each list.
    """

    def __init__(
        self,
        session: PinterestSession,
        removal_for: Callable[[PinterestClient], Removal],
        stores: Stores,
        choice: Choice,
        *,
        requests: RequestCount,
        system: System,
        log: Log,
    ) -> None:
        self._session = session
        self._removal_for = removal_for
        self._stores = stores
        self._choice = choice
        self._requests = requests
        self._system = system
        self._log = log
        self._is_over = threading.Event()

    def run(self, people: People, look: Callable[[StoredParts], Sequence[AccountLists]]) -> Done:
        """Suppresses people, and takes them out of the lists of ad accounts and of the ledgers that know these.

        Args:
            people: whom; at least one.
            look: lists the lists, by what the membership store knows, once nobody can be added to a new one any more.

        Raises:
            ConnectorError: what ends the whole run. What was done stays done.
        """
        done = self._begun(people)
        with ExitStack() as held:
            busy = self._hold(self._stores.parts().groups, held, done)
            # Only now: a sync that was at work may have had more ledgers.
            parts = self._stores.parts()
            self._go_through(list(self._items(look(parts), parts, busy, done)), people, done)
        done.lists.sort(key=lambda entry: (entry.ad_account_id, -int(entry.customer_list_id)))
        return done

    def _hold(self, groups: Sequence[StoredGroup], held: ExitStack, done: Done) -> dict[_Named, ConnectorError]:
        """Leases the groups until `held` is closed; returns the ledgers of those that a sync has, and why."""
        busy: dict[_Named, ConnectorError] = {}
        for group in groups:
            if self._stores.membership is None or group.ad_account_id not in self._session.clients:
                continue
            try:
                held.enter_context(self._stores.membership.holding_placements(group.ad_account_id, group.template))
            except ConnectorError as failure:
                if not concerns_one_audience(failure):
                    raise
                done.ledgers.append(_failed_ledger(StoredLedger(group.ad_account_id, group.template, None), failure))
                busy |= {(group.ad_account_id, spelling_key(name)): failure for name in group.audiences}
        return busy

    def _go_through(self, items: Sequence[_Item], people: People, done: Done) -> None:
        with self._threads() as threads:
            running = {threads.submit(self._take_out, item, people): item for item in items}
            for number, future in enumerate(as_completed(running), start=1):
                item = running[future]
                try:
                    self._note(item, future.result(), len(people), done)
                except ConnectorError as failure:
                    if not concerns_one_audience(failure):
                        raise
                    _note_failure(item, failure, done)
                self._log("INFO", f"{_title(item)}: {number:,} of {len(items):,} done.")

    def _begun(self, people: People) -> Done:
        suppression = self._stores.suppression
        new = suppression.add(people, for_exclusion="exclusion_audiences" in self._choice.includes)
        job = suppression.job_of(people)
        known = suppression.progress_of(job)
        if known is None:
            progress = Progress(begun=self._system.now(), newly_suppressed=new)
        else:
            newly = known.newly_suppressed + new
            progress = msgspec.structs.replace(known, runs=known.runs + 1, newly_suppressed=newly)
        suppression.keep_progress(job, progress)
        return Done(job, progress, progress.lists)

    def _items(
        self,
        accounts: Sequence[AccountLists],
        parts: StoredParts,
        busy: Mapping[_Named, ConnectorError],
        done: Done,
    ) -> Iterator[_Item]:
        """Yields what is to be done, and notes what is done already, left alone or held by a sync."""
        of_list: dict[tuple[str, str], list[StoredLedger]] = {}
        for ledger in parts.ledgers:
            if ledger.problem is not None:
                done.ledgers.append(_failed_ledger(ledger, ledger.problem))
            elif ledger.ad_account_id not in self._session.clients:
                done.ledgers.append(LedgerEntry(ledger.ad_account_id, ledger.audience, "left_alone"))
            else:
                of_list.setdefault((ledger.ad_account_id, ledger.customer_list_id or ""), []).append(ledger)
        for account in accounts:
            for known in account.lists:
                ledgers = of_list.pop((account.ad_account_id, known.customer_list.id), [])
                for item in self._item(account.ad_account_id, known, tuple(ledgers), done):
                    yield from _unless_busy(item, busy, done)
        # Of lists that are gone, or not there yet: nobody is to be removed, but the ledger may hold people in doubt.
        for (ad_account_id, _), ledgers in of_list.items():
            item = _Item(ad_account_id, self._session.clients[ad_account_id], None, tuple(ledgers))
            yield from _unless_busy(item, busy, done)

    def _item(
        self, ad_account_id: str, known: KnownList, ledgers: tuple[StoredLedger, ...], done: Done
    ) -> Iterator[_Item]:
        before = done.progress.done(ad_account_id, known.customer_list.id)
        audiences = {(each.ad_account_id, each.audience) for each in ledgers}
        if before is not None:
            done.lists.append(_removed(before, known))
            of_these = (one for one in done.progress.ledgers if (one.ad_account_id, one.audience) in audiences)
            done.ledgers += [_removed_ledger(one) for one in of_these]
        elif (reason := self._choice.why_not(known)) is not None:
            entry = _entry(ad_account_id, known)
            done.lists.append(msgspec.structs.replace(entry, state="left_alone", left_alone_because=reason))
            done.ledgers += [LedgerEntry(each.ad_account_id, each.audience, "left_alone") for each in ledgers]
        else:
            yield _Item(ad_account_id, self._session.clients[ad_account_id], known, ledgers)

    @contextmanager
    def _threads(self) -> Iterator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(LISTS_AT_ONCE, thread_name_prefix="forgetting") as threads:
            try:
                yield threads
            except BaseException:
                self._is_over.set()
                self._session.pause.interrupt()
                threads.shutdown(cancel_futures=True)
                raise

    def _take_out(self, item: _Item, people: People) -> _ItemDone:
        with ExitStack() as opened:
            ledgers = [opened.enter_context(self._opened(each)) for each in item.ledgers]
            requests, not_sent = (0, 0) if item.known is None else self._send(item.client, item.known, people, ledgers)
            members = []
            for ledger in ledgers:
                members.append(ledger.forget(list(piece) for piece in people.pieces(_PIECE)))
                ledger.keep_counters(None)  # They have moved by more than the ledger knows.
            if item.known is not None:
                for ledger in ledgers:
                    requests += self._add_again(item.client, item.known, ledger)
                self._keep_count(item.client, item.known)
            return _ItemDone(requests, not_sent, tuple(members))

    def _add_again(self, client: PinterestClient, known: KnownList, ledger: MembershipLedger) -> int:
        """Adds again what left along with the people, as part of their rows; returns how many requests that took."""
        delta = ledger.added_again(lambda: int(self._system.now()))
        if delta is None:
            return 0
        list_id = known.customer_list.id
        before = self._requests.of(list_id)
        sender, target = self._removal_for(client).sender, _target_of(known)
        ledger.write_ahead(delta)
        try:
            for operation, piece, _ in ledger.pieces(delta, 0, delta.total, sender.max_identifiers):
                sender.send(target, Delivery(operation, dict.fromkeys(piece), 0, 0), lambda _list_id: None)
        except InvalidRequestError as failure:  # They stay in doubt in the ledger.
            self._log(
                "WARN",
                f'Identifiers that left the customer list "{known.customer_list.name}" in one row with forgotten ones '
                f"were not added again: {failure} The next sync tries again.",
            )
        else:
            ledger.commit(delta, list_id)
        return self._requests.of(list_id) - before

    def _send(
        self, client: PinterestClient, known: KnownList, people: People, ledgers: Sequence[MembershipLedger]
    ) -> tuple[int, int]:
        """Returns how many requests that took, and how many identifiers no request can carry."""
        list_id = known.customer_list.id
        before = self._requests.of(list_id)
        removal, target = self._removal_for(client), _target_of(known)
        may_hold_rows = any(ledger.sends_people for ledger in ledgers)
        not_sent = 0
        for piece in people.pieces(removal.sender.max_identifiers):
            if self._is_over.is_set():
                raise InterruptedSyncError(Code.SYNC_STOPPED, "Forgetting was stopped. Run it again: it goes on there.")
            not_sent += removal.remove(target, piece, may_hold_rows=may_hold_rows)
        return self._requests.of(list_id) - before, not_sent

    def _opened(self, ledger: StoredLedger) -> MembershipLedger:
        if self._stores.membership is None:
            raise InternalError(
                Code.STORE_MISUSED, "A ledger is to be opened without a membership store. Please report this."
            )
        return self._stores.membership.open(ledger.ad_account_id, ledger.audience)

    def _keep_count(self, client: PinterestClient, known: KnownList) -> None:
        """Keeps what the audience's mark says of its members in step with Pinterest's counters.

        They count a removal even if nobody was there. So the next replacement would take the audience for almost empty,
        and replace it by anything.
        """
        before, audience = known.customer_list, next(iter(known.audiences), None)
        remembered = read_mark(None if audience is None else audience.description)
        members = remembered.members
        if audience is None or members is None or not members.is_still_exact(before):
            return
        now = replace(members, records=records_in(client.customer_list(before.id)))
        target = AudienceTarget(
            audience.name or "", frozenset(), audience_id=audience.id, description=audience.description
        )
        for note in MarkKeeper(client).keep(target, replace(remembered, members=now)).notes:
            self._log("WARN", note)

    def _note(self, item: _Item, outcome: _ItemDone, identifiers: int, done: Done) -> None:
        """Notes that an item is done, first where a later run finds it."""
        at, progress = self._system.now(), done.progress
        ledgers = [
            DoneLedger(ledger.ad_account_id, ledger.audience, members, at)
            for ledger, members in zip(item.ledgers, outcome.members, strict=True)
        ]
        progress = msgspec.structs.replace(progress, ledgers=(*progress.ledgers, *ledgers))
        if item.known is not None:
            one = DoneList(
                item.ad_account_id,
                item.known.customer_list.id,
                item.known.customer_list.name or "",
                item.known.audience,
                item.known.kind,
                identifiers - outcome.not_sent,
                outcome.requests,
                at,
                outcome.not_sent,
            )
            progress = msgspec.structs.replace(progress, lists=(*progress.lists, one))
            done.lists.append(_removed(one, item.known))
        done.progress = progress
        self._stores.suppression.keep_progress(done.job, progress)
        done.ledgers += [_removed_ledger(ledger) for ledger in ledgers]


def _target_of(known: KnownList) -> AudienceTarget:
    return AudienceTarget(known.audience or "", frozenset({Identifier.EMAIL}), list_id=known.customer_list.id)


def _unless_busy(item: _Item, busy: Mapping[_Named, ConnectorError], done: Done) -> Iterator[_Item]:
    """Yields an item unless a sync has one of its ledgers, by the group that this is of."""
    names = ((ledger.ad_account_id, spelling_key(ledger.audience)) for ledger in item.ledgers)
    failure = next((busy[name] for name in names if name in busy), None)
    if failure is None:
        yield item
    else:
        _note_failure(item, failure, done)


def _note_failure(item: _Item, failure: ConnectorError, done: Done) -> None:
    if item.known is not None:
        entry = _entry(item.ad_account_id, item.known)
        said = {"state": "failed", "error": str(failure), "error_code": failure.code.value}
        done.lists.append(msgspec.structs.replace(entry, **said))
    done.ledgers += [_failed_ledger(ledger, failure) for ledger in item.ledgers]


def _entry(ad_account_id: str, known: KnownList) -> ListEntry:
    customer_list = known.customer_list
    name = customer_list.name or ""
    return ListEntry(ad_account_id, customer_list.id, name, known.audience, known.kind, "removed")


def _removed(done: DoneList, known: KnownList) -> ListEntry:
    return msgspec.structs.replace(
        _entry(done.ad_account_id, known),
        identifiers=done.identifiers,
        not_sent=done.not_sent,
        requests=done.requests,
        done_at=moment(done.at),
    )


def _removed_ledger(done: DoneLedger) -> LedgerEntry:
    return LedgerEntry(done.ad_account_id, done.audience, "removed", done.members, done_at=moment(done.at))


def _failed_ledger(ledger: StoredLedger, failure: ConnectorError) -> LedgerEntry:
    return LedgerEntry(
        ledger.ad_account_id, ledger.audience, "failed", error=str(failure), error_code=failure.code.value
    )


def _title(item: _Item) -> str:
    if item.known is None:
        return "Membership store: " + ", ".join(f'"{ledger.audience}"' for ledger in item.ledgers)
    return f'Customer list "{item.known.customer_list.name}" ({item.known.customer_list.id})'
