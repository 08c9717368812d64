"""Whether a database that can't be reached is worth another try."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import Selection
from pinterest_audiences.sources.sqlalchemy_engine import _said_without_secrets
from pinterest_audiences.sources.unreachable import may_be_reached_later
from unit_tests.support.raises import raises


def caused_by(cause: BaseException) -> Exception:
    error = RuntimeError("could not connect")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError('connection to server at "db", port 5432 failed: Connection refused'),
        RuntimeError('connection to server at "db" failed: FATAL:  the database system is starting up'),
        RuntimeError("FATAL:  sorry, too many clients already"),
        RuntimeError(1040, "Too many connections"),
        RuntimeError(2013, "Lost connection to MySQL server during query"),
        caused_by(ConnectionResetError()),
        caused_by(TimeoutError()),
        caused_by(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")),
    ],
)
def test_what_passes_by_itself_is_worth_another_try(error: Exception) -> None:
    assert may_be_reached_later(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError('connection failed: FATAL:  password authentication failed for user "timed out"'),
        RuntimeError('FATAL:  database "shop" does not exist'),
        RuntimeError(1045, "Access denied for user"),
        RuntimeError("something else"),
        caused_by(socket.gaierror(socket.EAI_NONAME, "Name or service not known")),
    ],
)
def test_what_somebody_has_to_set_right_is_not(error: Exception) -> None:
    assert not may_be_reached_later(error)


def test_a_database_that_is_locked_is_something_to_wait_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE people (email TEXT)")
        connect = sqlite3.connect
        monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: connect(*given, timeout=0.0, **more))
        with closing(open_source(f"sqlite:///{path}")) as source:
            other.execute("BEGIN EXCLUSIVE")
            with raises(Code.SOURCE_UNREACHABLE, match="locked by another program"):
                list(source.open_rows(Selection(table="people"), 10).batches)


@pytest.mark.parametrize("quoted", ["p@s's", "p%40s%27s", "p%40s's", "p%40S%27S".lower(), "p@s\\'s"])
def test_a_password_is_in_no_message_in_whatever_form_a_driver_quotes_it(quoted: str) -> None:
    url = sa.make_url("postgresql://u:p%40s%27s@db/shop")
    assert _said_without_secrets(RuntimeError(f'invalid dsn "u:{quoted}@db"'), url) == "RuntimeError"
    assert _said_without_secrets(RuntimeError(f"no such host\nin u:{quoted}@db"), url) == "RuntimeError"
    assert _said_without_secrets(RuntimeError("no such host"), url) == "no such host"
