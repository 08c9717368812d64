from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pinterest_audiences.difference.duckdb_warehouse import DuckDBWarehouse
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.duckdb_source import DuckDBSource
from pinterest_audiences.sources.duckdb_turns import Turns

FILE, OTHER = Path("people.duckdb"), Path("others.duckdb")


@pytest.mark.parametrize(
    ("first", "second"), [(Turns.alone, Turns.alone), (Turns.alone, Turns.share), (Turns.share, Turns.alone)]
)
def test_who_has_a_file_alone_shares_it_with_nobody(
    first: Callable[[Turns, Path], Callable[[], None]], second: Callable[[Turns, Path], Callable[[], None]]
) -> None:
    turns, got = Turns(), threading.Event()
    release = first(turns, FILE)

    def wait() -> None:
        second(turns, Path.cwd() / FILE)()
        got.set()

    other = threading.Thread(target=wait, daemon=True)
    other.start()
    second(turns, OTHER)()
    assert not got.is_set()
    release()
    other.join(30)
    assert got.is_set()


def test_readers_share_a_file_and_who_gives_it_back_twice_gives_back_his_own_alone() -> None:
    turns = Turns()
    one, two = turns.share(FILE), turns.share(FILE)
    one()
    one()
    other = threading.Thread(target=lambda: turns.alone(FILE), daemon=True)
    other.start()
    other.join(0.1)
    assert other.is_alive()
    two()
    other.join(30)
    assert not other.is_alive()


def test_a_database_is_read_compared_and_read_again_in_one_process(tmp_path: Path) -> None:
    """DuckDB itself refuses to open a file twice in different ways."""
    path = tmp_path / "people.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE people (email VARCHAR)")
    outcomes: list[str] = []

    def use(opens: Callable[[Path], DuckDBSource | DuckDBWarehouse]) -> None:
        with closing(opens(path)) as opened:
            outcomes.append(opened.label)

    ways = (DuckDBSource.of_database, DuckDBWarehouse.of_database, DuckDBSource.of_database)
    threads = [threading.Thread(target=use, args=(way,)) for way in ways * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes == [f"duckdb:///{path}"] * 9


def test_what_can_t_be_opened_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "text.duckdb"
    path.write_text("no database")
    for opens in (DuckDBSource.of_database, DuckDBWarehouse.of_database) * 2:
        with pytest.raises(UsageError):
            opens(path)
