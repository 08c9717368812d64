from __future__ import annotations

from contextlib import closing

import pytest

from destination_pinterest.membership.workspace import Workspace


@pytest.mark.parametrize(("shared_by", "mib"), [(1, 160), (2, 80), (100, 48)])
def test_the_ledgers_of_a_sync_share_its_memory(shared_by: int, mib: int) -> None:
    with closing(Workspace(shared_by=shared_by)) as workspace:
        ((limit,),) = workspace.execute("SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'")
    assert limit == f"{mib}.0 MiB"
