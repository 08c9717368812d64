from __future__ import annotations

from pinterest_audiences.history.impersonal import REMOVED, impersonal


def test_names_of_members_are_as_impersonal_as_their_values() -> None:
    assert impersonal({"ada@example.com": ["of ada@example.com"], "synced": 1}) == {
        REMOVED: [f"of {REMOVED}"],
        "synced": 1,
    }
