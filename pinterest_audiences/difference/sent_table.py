"""What was last sent, as the warehouse keeps it: leased by one run at a time, and never ahead of what was accepted."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier
from pinterest_audiences.difference.statements import FORMAT, Statements
from pinterest_audiences.difference.warehouse import Session, Warehouse
from pinterest_audiences.failures import SourceError, UsageError, WarehouseBusyError

LEASE_S: Final = 90
# Stands for the list that a first fill is about to make, from before it is made until its id is known.
NEW_LIST: Final = "new"
_LOOK_AGAIN_S: Final = 2.0
_TELLING_APART: Final = 8
_KINDS: Final = {kind.value: kind for kind in Identifier}


@dataclass(frozen=True, slots=True)
class Fill:
    """How full the identity columns were: the rows, and the share of them with a usable identifier of each kind."""

    rows: int
    shares: Mapping[Identifier, float]

    def as_text(self) -> str:
        """As it is kept."""
        return json.dumps({"rows": self.rows, "shares": {kind.value: share for kind, share in self.shares.items()}})

    @classmethod
    def of_text(cls, text: str | None) -> Fill | None:
        """As it was kept; None if nothing was, or not by this version."""
        try:
            kept = json.loads(text or "")
            return cls(int(kept["rows"]), {Identifier(kind): float(each) for kind, each in kept["shares"].items()})
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of an audience when a run has taken it: the list that it was made of, and its fill then."""

    customer_list_id: str | None
    fill: Fill | None

    @property
    def is_being_filled(self) -> bool:
        """Whether a first fill has begun and has not said which list it made."""
        return self.customer_list_id == NEW_LIST


def looked_at(session: Session, statements: Statements, account: str, audience: str) -> tuple[str, Kept]:
    """Returns the epoch under which an audience's identifiers are kept, blank if none are, and what else is known.

    Raises: SourceError; UsageError without the right to read the tables, or if a later version has made them.
    """
    found = session.rows(statements.look(), account=account, audience=audience)
    if not found:
        return "", Kept(None, None)
    form, epoch, kept_list, _, _, fill, *_ = found[0]
    _check_form(int(form), statements)
    return str(epoch or ""), Kept(kept_list or None, Fill.of_text(fill))


def _check_form(form: int, statements: Statements) -> None:
    """Raises: UsageError if the tables are of a later version."""
    if form > FORMAT:
        raise UsageError(
            Code.DIFFERENCE_OF_LATER_VERSION,
            f"The tables of the difference in the schema {statements.schema!r} are of a later version of this program. "
            "Update this one, or name another schema by --difference-schema.",
        )


class Change(msgspec.Struct, frozen=True):
    """A change that is about to be sent. There are as many as people in a first fill, so it has to be cheap."""

    number: int
    operation: str
    kind: Identifier
    identifier: str

    def __repr__(self) -> str:
        """Without the identifier."""
        return f"Change({self.number}, {self.operation}, {self.kind})"


class SentTable:
    """The tables of one audience, as one run sees them.

    Args:
        warehouse: the database.
        statements: for its engine.
        account: the ad account.
        audience: the audience's name.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        statements: Statements,
        account: str,
        audience: str,
        *,
        sleep: Callable[[float], None],
    ) -> None:
        self._warehouse = warehouse
        self.statements = statements
        self._key = {"account": account, "audience": audience}
        self._sleep = sleep
        self._lease = secrets.token_hex(_TELLING_APART)
        self.epoch = ""

    def take(self, session: Session) -> Kept:
        """Creates the tables if they are not there, takes the audience, and settles what earlier runs left.

        Raises: UsageError if the tables are not ours or can't be created; WarehouseBusyError if another run is at it.
        """
        self._ensure(session)
        self._take(session)
        epoch, kept_list, begun, done, fill = self._look(session)[1:6]
        self.epoch = str(epoch or "")
        with session.transaction():
            self._fold(session, int(begun), int(done))
        return Kept(kept_list or None, Fill.of_text(fill))

    def begin_epoch(self, session: Session, customer_list_id: str | None) -> None:
        """Begins anew, with a customer list of which nothing is known. Raises: WarehouseBusyError."""
        before, self.epoch = self.epoch, secrets.token_hex(_TELLING_APART)
        with session.transaction():
            self._guarded(session, self.statements.keep_epoch(), epoch=self.epoch, list=customer_list_id or "")
        for statement in self.statements.drop_others():
            session.run(statement, epoch=before)

    def keep_list(self, session: Session, customer_list_id: str | None) -> None:
        """Notes which list the identifiers are in; none is a blank, as not every driver knows the type of a null.

        Raises: WarehouseBusyError.
        """
        with session.transaction():
            self._guarded(session, self.statements.keep_list(), list=customer_list_id or "")

    def keep_fill(self, session: Session, fill: Fill) -> None:
        """Notes how full the identity columns were. Raises: WarehouseBusyError."""
        with session.transaction():
            self._guarded(session, self.statements.keep_fill(), fill=fill.as_text())

    def advance(self, session: Session, begun: int, done: int, left_out: Iterable[int] = ()) -> None:
        """Notes that changes up to `begun` may be sent, and that those up to `done` were accepted.

        `left_out` are those among the latter that Pinterest was not told. Raises: WarehouseBusyError.
        """
        untold = list(left_out)
        with session.transaction():
            # In this order, since engines without transactions may end in between.
            if untold:
                self._check_lease(session)
            for number in untold:
                session.run(self.statements.forget_change(), epoch=self.epoch, number=number)
            self.advance_within(session, begun, done)

    def advance_within(self, session: Session, begun: int, done: int) -> None:
        """The same, as a part of a transaction. Raises: WarehouseBusyError."""
        self._guarded(session, self.statements.advance(), begun=begun, done=done, seconds=LEASE_S)

    def settle(self, session: Session, begun: int, done: int) -> int:
        """Makes what was accepted a part of what was sent; returns how many identifiers that are.

        Raises: WarehouseBusyError.
        """
        with session.transaction():
            self.advance_within(session, begun, done)
            self._fold(session, begun, done)
        return self.count(session)

    def count(self, session: Session) -> int:
        """Returns how many identifiers were sent."""
        return int(session.rows(self.statements.count_sent(), epoch=self.epoch)[0][0])

    def between(self, session: Session, after: int, last: int) -> Sequence[Change]:
        """Returns changes, in order."""
        found = session.rows(self.statements.changes_between(), epoch=self.epoch, after=after, last=last)
        return [Change(number, operation, _KINDS[kind], text) for number, operation, kind, text in found]

    def release(self, session: Session) -> None:
        """Lets others have it."""
        session.run(self.statements.release(), **self._key, lease=self._lease)

    def _ensure(self, session: Session) -> None:
        try:
            session.rows(self.statements.are_there())
        except (SourceError, UsageError):
            try:
                for statement in self.statements.creations():
                    session.run(statement)
                session.rows(self.statements.are_there())
            except (SourceError, UsageError):
                raise UsageError(
                    Code.DIFFERENCE_SCHEMA_UNUSABLE,
                    f"The tables of the difference can't be created in the schema {self.statements.schema!r} of "
                    f"{self._warehouse.label}. Grant the right to create and change tables there, or name another by "
                    "--difference-schema.",
                ) from None

    def _take(self, session: Session) -> None:
        found = session.rows(self.statements.look(), **self._key)
        if not found:
            try:
                session.run(self.statements.begin(), **self._key)
            except SourceError:  # Another run was quicker, which the lease tells.
                self._sleep(_LOOK_AGAIN_S)
        seen: int | None = None
        while True:
            with session.transaction():
                session.run(self.statements.lease(), **self._key, lease=self._lease, seconds=LEASE_S)
            form, *_, lease, until, now = self._look(session)
            if lease == self._lease:
                break
            if seen is not None and int(until) != seen:
                raise self._busy()
            seen = int(until)
            if int(now) > seen + _LOOK_AGAIN_S:
                continue
            self._sleep(_LOOK_AGAIN_S)
        _check_form(int(form), self.statements)

    def _look(self, session: Session) -> Sequence[Any]:
        found = session.rows(self.statements.look(), **self._key)
        if not found:
            raise self._taken_over()
        return found[0]

    def _guarded(self, session: Session, statement: str, **values: Any) -> None:
        """Runs a statement that does nothing if another run has the audience, and fails then."""
        session.run(statement, **self._key, lease=self._lease, **values)
        self._check_lease(session)

    def _check_lease(self, session: Session) -> None:
        found = session.rows(self.statements.holder(), **self._key)
        if not found or found[0][0] != self._lease:
            raise self._taken_over()

    def _fold(self, session: Session, begun: int, done: int) -> None:
        if begun:
            for statement in self.statements.fold():
                session.run(statement, epoch=self.epoch, begun=begun, done=done)
        else:
            session.run(self.statements.drop_changes(), epoch=self.epoch)
        self.advance_within(session, 0, 0)

    def _busy(self) -> WarehouseBusyError:
        return WarehouseBusyError(
            Code.DIFFERENCE_BUSY,
            f'Another run is sending the difference of the audience "{self._key["audience"]}". Wait for its end.',
        )

    def _taken_over(self) -> WarehouseBusyError:
        return WarehouseBusyError(
            Code.DIFFERENCE_TAKEN_OVER,
            f'Another run has taken the audience "{self._key["audience"]}" over, since this one had stood still for '
            "too long. Run the sync again once that one has ended.",
        )
