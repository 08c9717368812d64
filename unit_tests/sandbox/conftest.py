from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pinterest_sandbox.in_process import InProcess
from pinterest_sandbox.sandbox import Sandbox
from pinterest_sandbox.settings import Settings
from pinterest_sandbox.storage import Memory, Sqlite
from unit_tests.sandbox.person import FakeClock, Person


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def start(clock: FakeClock) -> Iterator[Callable[..., Person]]:
    """Starts a sandbox with settings; `store` and `with_control` may be given too."""
    clients = []

    def start_one(store: Memory | Sqlite | None = None, *, with_control: bool = True, **settings: Any) -> Person:
        sandbox = Sandbox(
            Settings(**settings),
            store or Memory(),
            with_control=with_control,
            clock=clock,
            sleep=clock.sleep,
            chance=random.Random(1),
        )
        client = InProcess(sandbox)
        clients.append(client)
        return Person(sandbox, client)

    yield start_one
    for client in clients:
        client.close()


@pytest.fixture
def person(start: Callable[..., Person]) -> Person:
    return start()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Callable[..., Sqlite]]:
    """Opens the test's one database file, and closes what was opened before."""
    opened: list[Sqlite] = []

    def open_again(**settings: int) -> Sqlite:
        for store in opened:
            store.close()
        opened.append(Sqlite(str(tmp_path / "world.db"), **settings))
        return opened[-1]

    yield open_again
    for store in opened:
        store.close()


def enough_people(count: int = 400) -> str:
    return ",".join(f"person{number}@example.com" for number in range(count))
