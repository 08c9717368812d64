"""Whatever rows come and wherever syncs are killed: after a commit, Pinterest has those whom the tables hold.

A simulated list is driven by what the ledger says to send; a model of plain dictionaries says who should be in it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from destination_pinterest.membership import Delta, MembershipLedger
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import LIST, KilledError, MortalBlobs, Row, Shop, Withdrawal, person, record_all, sent
from unit_tests.support.examples import examples

ADD, REMOVE = Operation.ADD, Operation.REMOVE
# Of every way in which an identifier is written.
PEOPLE = [person("a"), person("b"), person("c"), "5d41402abc4b2a76b9719d911017c592", "XY-" * 40]
# In the list without us; rows may ask to remove them, and never to add them.
STRANGERS = [person("x"), person("y")]
KEYED = ["customers", "leads"]
KEYLESS = "newsletter"
# As real tables have them, and so small that these are compared part by part, and in files.
SIZES = [Sizes(), Sizes(in_memory=2, at_once=3, small_delta=0), Sizes(at_once=1)]


@dataclass(frozen=True)
class Epoch:
    rows: Sequence[Row | Withdrawal]
    replaced: frozenset[str]
    # None: it ends well. Otherwise the sync is killed at that change of the store, or after so many sent identifiers.
    kill_at_change: int | None = None
    kill_after_change: bool = False
    kill_after_sent: int | None = None
    gives_back: bool = False
    is_whole: bool = True
    # How many identifiers are sent before the ledger is told what was accepted.
    size: int = 99

    @property
    def withdrawn(self) -> Withdrawal:
        return frozenset().union(*(row for row in self.rows if isinstance(row, frozenset)))

    @property
    def removals(self) -> set[str]:
        """Whom rows ask to remove."""
        rows = (row for row in self.rows if not isinstance(row, frozenset) and row[2] is REMOVE)
        return {one for row in rows for one in row[3]}


@dataclass
class Model:
    """What the ledger should have, and the list at Pinterest."""

    holds: dict[tuple[str, object], frozenset[str]] = field(default_factory=dict)
    at_pinterest: set[str] = field(default_factory=lambda: set(STRANGERS))
    strangers: set[str] = field(default_factory=lambda: set(STRANGERS))
    # Of whom a sync that was killed may have left more or fewer than the tables hold.
    in_doubt: set[str] = field(default_factory=set)

    @property
    def members(self) -> set[str]:
        return set().union(*self.holds.values())

    def after(self, epoch: Epoch) -> dict[tuple[str, object], frozenset[str]]:
        holds = {holder: some for holder, some in self.holds.items() if holder[0] not in epoch.replaced}
        for row in epoch.rows:
            if isinstance(row, frozenset):
                continue
            stream, key, operation, identifiers = row
            holders = [(key, identifiers)] if key is not None else [(one, [one]) for one in identifiers]
            for holder, held in holders:
                holds[stream, holder] = frozenset(held if operation is ADD else ())
        return {holder: some - epoch.withdrawn for holder, some in holds.items()}

    def partly(self, epoch: Epoch, waiting: set[str]) -> dict[tuple[str, object], frozenset[str]]:
        """The same where these identifiers were not accepted: who is waiting is held as before."""
        after = self.after(epoch)
        return {
            holder: after.get(holder, frozenset()) - waiting | self.holds.get(holder, frozenset()) & waiting
            for holder in [*self.holds, *after]
        }


def rows() -> st.SearchStrategy[Row]:
    several = st.lists(st.sampled_from(PEOPLE), max_size=3).map(tuple)
    anybody = st.lists(st.sampled_from(PEOPLE + STRANGERS), max_size=2).map(tuple)
    keyed = st.tuples(st.sampled_from(KEYED), st.tuples(st.integers(0, 3)))
    keyless = st.tuples(st.just(KEYLESS), st.none())
    return st.one_of(
        st.tuples(st.one_of(keyed, keyless), st.just(ADD), several),
        st.tuples(st.one_of(keyed, keyless), st.just(REMOVE), anybody),
    ).map(lambda row: (*row[0], *row[1:]))


def withdrawals() -> st.SearchStrategy[Withdrawal]:
    return st.frozensets(st.sampled_from(PEOPLE + STRANGERS), min_size=1, max_size=2)


def epochs() -> st.SearchStrategy[Epoch]:
    well: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries({})
    killed = st.one_of(
        st.fixed_dictionaries({"kill_at_change": st.integers(1, 12), "kill_after_change": st.booleans()}),
        st.fixed_dictionaries({"kill_after_sent": st.integers(0, 6), "gives_back": st.booleans()}),
    )
    return st.builds(
        lambda rows, replaced, is_whole, size, end: Epoch(rows, replaced, is_whole=is_whole, size=size, **end),
        # As often a row as rows are shrunk to; a withdrawal in every ninth.
        st.lists(st.one_of(*[rows()] * 8, withdrawals()), max_size=8),
        st.frozensets(st.sampled_from([*KEYED, KEYLESS])),
        st.booleans(),
        st.integers(1, 4),
        st.one_of(well, killed),
    )


@given(st.lists(st.lists(epochs(), min_size=1, max_size=3), min_size=1, max_size=4), st.sampled_from(SIZES))
@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(
    [[Epoch([("leads", (1,), ADD, [PEOPLE[0]])], frozenset(), kill_after_sent=1)], [Epoch([], frozenset())]], SIZES[0]
)
@example(
    [
        [Epoch([("leads", (1,), ADD, [PEOPLE[0]])], frozenset())],
        [Epoch([], frozenset({"leads"}), kill_after_sent=1)],
        [Epoch([("leads", (1,), ADD, [PEOPLE[0]])], frozenset({"leads"}))],
    ],
    SIZES[1],
)
@example(
    [
        # One identifier in rows of three streams, of which one is replaced in the epoch that is killed on its way.
        [Epoch([(stream, (1,), ADD, PEOPLE[:2]) for stream in KEYED] + [(KEYLESS, None, ADD, PEOPLE)], frozenset())],
        [
            Epoch(
                [frozenset([PEOPLE[0], STRANGERS[0]]), ("leads", (1,), ADD, PEOPLE[:2])],
                frozenset({"leads"}),
                kill_after_sent=1,
            )
        ],
        [Epoch([("leads", (1,), ADD, PEOPLE[:2]), frozenset([PEOPLE[0], STRANGERS[0]])], frozenset({"leads"}))],
    ],
    SIZES[2],
)
def test_after_every_commit_the_list_holds_whom_the_tables_hold(syncs: list[list[Epoch]], sizes: Sizes) -> None:
    with tempfile.TemporaryDirectory() as root:
        shop, model = Shop(Path(root)), Model()
        shop.sizes = sizes
        for sync in syncs:
            _run(shop, model, sync)
        # The last one ends well, whatever was before.
        _run(shop, model, [Epoch([], frozenset())])
        assert {*shop.files()} <= {"base", "changes", "manifest.json"}


def _run(shop: Shop, model: Model, sync: Sequence[Epoch]) -> None:
    """Epochs until the sync ends, or is killed in one."""
    blobs = MortalBlobs(FolderBlobs(shop.root))
    ledger = shop.open(blobs=blobs)
    for epoch in sync:
        holds = model.after(epoch)
        blobs.kill_in, blobs.kill_after = epoch.kill_at_change, epoch.kill_after_change
        before, began, order = _manifest(shop), False, []
        added, removed = set[str](), set[str]()
        try:
            delta = _settle(ledger, model, epoch)
            added, removed = sent(delta)
            began = True
            _send(ledger, delta, model, epoch, order)
            ledger.commit(delta, LIST)
        except KilledError:
            now = _manifest(shop)
            if began:
                model.holds = _counted(model, epoch, before, now, order, {*added, *removed})
            model.in_doubt |= {*PEOPLE}
            if not epoch.gives_back:
                blobs.die()
            break
        model.holds = holds
        assert ledger.members == len(model.members)
        model.in_doubt -= {*PEOPLE} if epoch.is_whole else epoch.withdrawn | added | removed
        assert (model.at_pinterest & {*PEOPLE}) ^ model.members <= model.in_doubt
        assert ledger.is_in_doubt == bool(delta.in_doubt) <= (not epoch.is_whole)
        assert model.strangers <= model.at_pinterest
        assert not epoch.withdrawn & model.at_pinterest
    with suppress(KilledError):  # A kill that no epoch met comes while the ledger is given back.
        ledger.close()
    ledger.close()


def _settle(ledger: MembershipLedger, model: Model, epoch: Epoch) -> Delta:
    record_all(ledger, epoch.rows)
    delta = ledger.diff(epoch.replaced, is_whole=epoch.is_whole)
    after = set().union(*model.after(epoch).values())
    assert (delta.members_before, delta.members_after) == (len(model.members), len(after))
    assert delta.removals_by_absence + delta.removals_of_nonmembers <= delta.removals
    # Rows may name strangers, and whether those leave in a sync that is killed is open: no longer looked at.
    model.strangers -= epoch.removals | epoch.withdrawn
    return delta


def _send(ledger: MembershipLedger, delta: Delta, model: Model, epoch: Epoch, order: list[str]) -> None:
    """Sends in slices, and says beforehand in which order."""
    added, removed = sent(delta)
    assert epoch.withdrawn <= removed
    assert delta.removals_by_absence <= len(removed - epoch.withdrawn)
    ledger.write_ahead(delta, epoch.size)
    requests = [(operation, one) for operation, some, _ in ledger.pieces(delta, 0, delta.total, 2) for one in some]
    order += [one for _, one in requests]
    assert (len(order), {*order}) == (delta.total, added | removed)
    for number, (operation, identifier) in enumerate(requests):
        if number and number % epoch.size == 0:
            ledger.advance(delta, [(0, number)], number + epoch.size, LIST)
        if number == epoch.kill_after_sent:
            raise KilledError
        if operation is ADD:
            model.at_pinterest.add(identifier)
        else:
            model.at_pinterest.discard(identifier)
    if epoch.kill_after_sent is not None:
        raise KilledError


def _counted(
    model: Model, epoch: Epoch, before: dict[str, Any], now: dict[str, Any], order: list[str], sent: set[str]
) -> dict[tuple[str, object], frozenset[str]]:
    """What the ledger has after a kill: all if it was committed, and else what was accepted of what was begun."""
    was, sending = before["sending"], now["sending"]
    if sending is not None and (was is None or sending["identifiers"] != was["identifiers"]):
        accepted = {one for first, last in sending["accepted"] for one in order[first:last]}
        return model.partly(epoch, sent - accepted)
    # What an ended sync was sending is stored for itself first.
    is_committed = sending is None and now["sequence"] - before["sequence"] > (was is not None)
    return model.after(epoch) if is_committed else model.holds


def _manifest(shop: Shop) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((shop.folder / "manifest.json").read_bytes())["manifest"]
    return content
