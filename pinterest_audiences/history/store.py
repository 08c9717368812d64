"""Keeps the history in an SQLite file, which any number of processes read and write at once.

Each operation opens the file and closes it again: runs last for minutes and write once, and a connection may not cross
threads. The file is for its owner alone.

What is the last is told by the order in which it was written, not by its time: a clock that was wrong for a while would
otherwise hide all that came after it.

Source: SQLite, "Write-Ahead Logging" and "Result and Error Codes" (read 2026-11-27): a change of the journal's mode may
    fail as busy without waiting.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from pinterest_audiences.failures import HistoryBusyError, HistoryError
from pinterest_audiences.history import form
from pinterest_audiences.history.impersonal import impersonal
from pinterest_audiences.history.location import default_history_path
from pinterest_audiences.history.moments import moment_of, moment_text
from pinterest_audiences.history.records import PARTIAL, Observation, RunRecord, observed_by
from pinterest_audiences.history.thinning import thin

PATIENCE_S: Final = 5.0
T = TypeVar("T")
_FILE_OF_OWNER: Final = 0o600
_FOLDER_OF_OWNER: Final = 0o700
_SMALLEST: Final = 512
# Of an extended code of SQLite.
_PRIMARY: Final = 0xFF
_RUN_COLUMNS: Final = tuple(each.name for each in fields(RunRecord))
_OBSERVATION_COLUMNS: Final = tuple(each.name for each in fields(Observation))
_RUN: Final = ", ".join(_RUN_COLUMNS)
_OBSERVATION: Final = ", ".join(_OBSERVATION_COLUMNS)
_INSERT_RUN: Final = f"INSERT INTO runs ({_RUN}) VALUES ({', '.join('?' * len(_RUN_COLUMNS))})"  # noqa: S608
_INSERT_OBSERVATION: Final = (
    f"INSERT INTO observations ({_OBSERVATION}) VALUES ({', '.join('?' * len(_OBSERVATION_COLUMNS))})"  # noqa: S608
)
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_NO_PLACE: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
    }
)


class History:
    """The history in a file, which need not exist: it is empty then, and the first record creates it.

    All methods raise HistoryError if the file can't be used, and HistoryBusyError if others use it for too long.

    Args:
        path: the file.
        patience_s: how long to wait while another process writes.
    """

    def __init__(self, path: Path, patience_s: float = PATIENCE_S) -> None:
        self.path = path
        self._patience_s = patience_s

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self | None:
        """The one that the environment names; None if the user wants none."""
        path = default_history_path(environment)
        return None if path is None else cls(path)

    def record_run(self, record: RunRecord) -> None:
        """Keeps one audience of a run, and what the run has read of it at Pinterest."""
        self.record_runs((record,))

    def record_runs(self, records: Iterable[RunRecord]) -> None:
        """Keeps all audiences of a run at once, and what the run has read of them at Pinterest."""
        records = tuple(records)
        if not records:
            return
        runs = [_run_row(record) for record in records]
        observations = [_observation_row(each) for each in observed_by(records)]
        with self._writing() as connection:
            connection.executemany(_INSERT_RUN, runs)
            connection.executemany(_INSERT_OBSERVATION, observations)
            thin(connection, max(record.finished_at for record in records))

    def record_observations(self, observations: Iterable[Observation]) -> None:
        """Keeps what Pinterest said of audiences."""
        observations = tuple(observations)
        if not observations:
            return
        rows = [_observation_row(each) for each in observations]
        with self._writing() as connection:
            connection.executemany(_INSERT_OBSERVATION, rows)
            thin(connection, max(each.seen_at for each in observations))

    def runs(
        self,
        name: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
        *,
        project: str | None = None,
        failed: bool | None = None,
    ) -> list[RunRecord]:
        """Returns runs, the latest first: of one name, from a moment on, at most so many; failed or succeeded ones."""
        outcome = None if failed is None else int(failed)
        equal = {"name": impersonal(name), "project": project, "exit_code <> 0": outcome}
        statement = f"SELECT {_RUN} FROM runs"  # noqa: S608
        return self._selected(_run, statement, equal, ("finished_at", since), limit)

    def last_run(self, name: str, *, project: str | None = None) -> list[RunRecord]:
        """Returns the records of the last whole run of that name: one for each audience at Pinterest."""
        where, values = _of_name(name, project)
        statement = (
            f"SELECT {_RUN} FROM runs WHERE {where} AND run_id = (SELECT run_id FROM runs WHERE {where} "  # noqa: S608
            "ORDER BY id DESC LIMIT 1) ORDER BY id"
        )
        return self._fetched(_run, statement, [*values, *values])

    def last_success(self, name: str, *, project: str | None = None, until: datetime | None = None) -> RunRecord | None:
        """Returns the last whole run of that name in which nothing failed, in no ad account; that had ended by then."""
        where, values = _of_name(name, project)
        ended, by = ("", []) if until is None else (" AND finished_at <= ?", [moment_text(until)])
        statement = (
            f"SELECT {_RUN} FROM runs WHERE {where}{ended} AND run_id NOT IN (SELECT run_id FROM runs WHERE {where} "  # noqa: S608
            "AND exit_code <> 0) ORDER BY id DESC LIMIT 1"
        )
        return next(iter(self._fetched(_run, statement, [*values, *by, *values])), None)

    def last_written(self) -> RunRecord | None:
        """Returns what was written last of all runs."""
        statement = f"SELECT {_RUN} FROM runs ORDER BY id DESC LIMIT 1"  # noqa: S608
        return next(iter(self._fetched(_run, statement, ())), None)

    def latest_runs(self, *, failed: bool | None = None) -> list[RunRecord]:
        """Returns the last run of each audience; the last that failed, or that succeeded."""
        chosen = "" if failed is None else f"WHERE (exit_code <> 0) = {int(failed)}"
        statement = (
            f"SELECT {_RUN} FROM (SELECT *, row_number() OVER (PARTITION BY project, name, audience, ad_account_id "  # noqa: S608
            f"ORDER BY id DESC) AS place FROM runs {chosen}) WHERE place = 1 "
            "ORDER BY project, name, audience, ad_account_id"
        )
        return self._fetched(_run, statement, ())

    def ad_accounts(self, profile: str, since: datetime) -> list[str]:
        """Returns the ad accounts in which runs with a profile have succeeded from a moment on."""
        statement = (
            "SELECT DISTINCT ad_account_id FROM runs WHERE profile = ? AND exit_code = 0 AND finished_at >= ? "
            "AND ad_account_id <> '' ORDER BY ad_account_id"
        )
        return self._fetched(lambda row: str(row[0]), statement, (profile, moment_text(since)))

    def observations(
        self,
        ad_account_id: str | None = None,
        audience_id: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
        *,
        audience: str | None = None,
    ) -> list[Observation]:
        """Returns what Pinterest said, the latest first: of one account, audience or name; from a moment on."""
        equal = {"ad_account_id": ad_account_id, "audience_id": audience_id, "audience": impersonal(audience)}
        statement = f"SELECT {_OBSERVATION} FROM observations"  # noqa: S608
        return self._selected(_observation, statement, equal, ("seen_at", since), limit)

    def latest_observations(self) -> list[Observation]:
        """Returns the last of each audience."""
        statement = (
            f"SELECT {_OBSERVATION} FROM (SELECT *, row_number() OVER (PARTITION BY ad_account_id, audience_id "  # noqa: S608
            "ORDER BY id DESC) AS place FROM observations) WHERE place = 1 "
            "ORDER BY ad_account_id, audience, audience_id"
        )
        return self._fetched(_observation, statement, ())

    def alert_sent_at(self, subject: str, kind: str, code: str | None = None) -> datetime | None:
        """Returns when an alert was last sent, one with that code if any is named; None if it was not, or is over."""
        statement = "SELECT sent_at FROM alerts WHERE subject = ? AND kind = ?"
        found = self._fetched(lambda row: moment_of(row[0]), statement, (subject, _kind(kind, code)))
        return found[0] if found else None

    def keep_alert(self, subject: str, kind: str, sent_at: datetime | None, code: str | None = None) -> None:
        """Keeps when an alert was sent; None says that its reason is over, whatever its code was."""
        with self._writing() as connection:
            if sent_at is None:
                statement = "DELETE FROM alerts WHERE subject = ? AND (kind = ? OR kind GLOB ?)"
                connection.execute(statement, (subject, kind, _kind(kind, "*")))
            else:
                # Earlier versions look for the kind alone.
                rows = [(subject, each, moment_text(sent_at)) for each in {kind, _kind(kind, code)}]
                connection.executemany("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?)", rows)

    def _selected(
        self,
        make: Callable[[tuple[Any, ...]], T],
        statement: str,
        equal: Mapping[str, str | int | None],
        since: tuple[str, datetime | None],
        limit: int | None,
    ) -> list[T]:
        """Returns what the rows stand for, the latest first: those with these values, where one is given."""
        conditions = [f"({column}) = ?" for column, value in equal.items() if value is not None]
        values = [value for value in equal.values() if value is not None]
        time, moment = since
        if moment is not None:
            conditions.append(f"{time} >= ?")
            values.append(moment_text(moment))
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        values.append(-1 if limit is None else limit)
        return self._fetched(make, f"{statement}{where} ORDER BY {time} DESC, id DESC LIMIT ?", values)

    def _fetched(self, make: Callable[[tuple[Any, ...]], T], statement: str, values: Sequence[Any]) -> list[T]:
        with self._translated():
            if not self.path.exists():
                return []
            with closing(self._connection()) as connection:
                if not form.check(connection):
                    return []
                return [make(row) for row in connection.execute(statement, values)]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Yields a connection within a transaction that is kept if nothing is raised."""
        with self._translated():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER_OF_OWNER)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_OF_OWNER))
            with closing(self._connection()) as connection:
                form.prepare(connection)
                with suppress(sqlite3.OperationalError):  # Another process does the same at this moment.
                    connection.execute("PRAGMA journal_mode = WAL").fetchone()
                connection.execute("BEGIN IMMEDIATE")
                with connection:
                    yield connection

    def _connection(self) -> sqlite3.Connection:
        # SQLite takes such a file for an empty one, and would write over it.
        if 0 < self.path.stat().st_size < _SMALLEST:
            raise ValueError
        address = f"{self.path.absolute().as_uri()}?mode=rw"
        return sqlite3.connect(address, uri=True, timeout=self._patience_s, isolation_level=None)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except form.NotOursError:
            raise HistoryError(
                Code.HISTORY_NOT_OURS,
                f"{self.path} is a database of something else. Name another file by PINTEREST_AUDIENCES_HISTORY.",
            ) from None
        except form.LaterVersionError:
            raise HistoryError(
                Code.HISTORY_LATER,
                f"The history {self.path} is of a later version of this program. Update this one, or name another "
                "file by PINTEREST_AUDIENCES_HISTORY.",
            ) from None
        except ValueError:
            raise self._broken("it holds what this program does not write") from None
        except OSError as error:
            raise self._unusable(error.strerror or type(error).__name__) from None
        except sqlite3.Error as error:
            raise self._refused(error) from None

    def _refused(self, error: sqlite3.Error) -> ConnectorError:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
        if code in _BUSY:
            return HistoryBusyError(
                Code.HISTORY_BUSY,
                f"Other processes have kept the history {self.path} locked for {self._patience_s:g} seconds. Run the "
                "command again.",
            )
        if code in _NO_PLACE:
            return self._unusable(str(error))
        return self._broken(str(error))

    def _broken(self, reason: str) -> HistoryError:
        return HistoryError(
            Code.HISTORY_BROKEN,
            f"The history {self.path} is damaged ({reason}). Move it away: the next run begins a new one.",
        )

    def _unusable(self, reason: str) -> HistoryError:
        return HistoryError(
            Code.HISTORY_UNUSABLE,
            f"The history {self.path} can't be used ({reason}). Make room, make it writable, or name another file by "
            "PINTEREST_AUDIENCES_HISTORY.",
        )


def _of_name(name: str, project: str | None) -> tuple[str, list[str]]:
    """A condition for whole runs of a name, in a project or in any, and its values."""
    where, values = f"name = ? AND command <> '{PARTIAL}'", [str(_storable(impersonal(name)))]
    return (where, values) if project is None else (f"{where} AND project = ?", [*values, project])


def _kind(kind: str, code: str | None) -> str:
    return kind if code is None else f"{kind} {code}"


def _run_row(record: RunRecord) -> tuple[Any, ...]:
    started_at, finished_at = moment_text(record.started_at), moment_text(record.finished_at)
    figures = json.dumps(record.figures, ensure_ascii=False)
    plain = {**asdict(replace(record, figures={})), "started_at": started_at, "finished_at": finished_at}
    plain["figures"] = figures
    return tuple(_storable(plain[column]) for column in _RUN_COLUMNS)


def _run(row: tuple[Any, ...]) -> RunRecord:
    plain = dict(zip(_RUN_COLUMNS, row, strict=True))
    started_at, finished_at = moment_of(plain["started_at"]), moment_of(plain["finished_at"])
    figures = json.loads(plain["figures"])
    return RunRecord(**{**plain, "started_at": started_at, "finished_at": finished_at, "figures": figures})


def _observation_row(observation: Observation) -> tuple[Any, ...]:
    plain = {**asdict(observation), "seen_at": moment_text(observation.seen_at)}
    return tuple(_storable(plain[column]) for column in _OBSERVATION_COLUMNS)


def _observation(row: tuple[Any, ...]) -> Observation:
    plain = dict(zip(_OBSERVATION_COLUMNS, row, strict=True))
    return Observation(**{**plain, "seen_at": moment_of(plain["seen_at"])})


def _storable(value: Any) -> Any:
    """Returns a value without half characters, which a name from the command line may have."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
