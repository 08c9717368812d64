from __future__ import annotations

from pathlib import Path

import pytest

from pinterest_audiences.history.location import default_history_path


@pytest.mark.parametrize(
    ("environment", "platform", "path"),
    [
        ({"HOME": "/home/ada"}, "linux", "/home/ada/.local/state/pinterest-audiences/history.sqlite3"),
        (
            {"HOME": "/home/ada", "XDG_STATE_HOME": "/var/state"},
            "linux",
            "/var/state/pinterest-audiences/history.sqlite3",
        ),
        (
            {"HOME": "/home/ada", "XDG_STATE_HOME": "relative"},
            "linux",
            "/home/ada/.local/state/pinterest-audiences/history.sqlite3",
        ),
        (
            {"HOME": "/Users/ada"},
            "darwin",
            "/Users/ada/Library/Application Support/pinterest-audiences/history.sqlite3",
        ),
        ({"HOME": "/home/ada", "PINTEREST_AUDIENCES_HOME": "/data"}, "linux", "/data/history.sqlite3"),
        ({"PINTEREST_AUDIENCES_HOME": "/data", "PINTEREST_AUDIENCES_HISTORY": "/h.db"}, "linux", "/h.db"),
    ],
)
def test_the_history_has_its_place(environment: dict[str, str], platform: str, path: str) -> None:
    assert default_history_path(environment, platform) == Path(path)


def test_the_history_can_be_switched_off() -> None:
    assert default_history_path({"PINTEREST_AUDIENCES_HISTORY": "OFF"}) is None
