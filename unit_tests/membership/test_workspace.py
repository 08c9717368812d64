from __future__ import annotations

from contextlib import closing

import pytest

from destination_pinterest.membership.workspace import Workspace
from unit_tests.membership.shop import limit_of


@pytest.mark.parametrize(("shared_by", "mib"), [(1, 160), (2, 80), (100, 48)])
def test_the_ledgers_of_a_sync_share_its_memory(shared_by: int, mib: int) -> None:
    with closing(Workspace(shared_by=shared_by)) as workspace:
        assert limit_of(workspace) == f"{mib}.0 MiB"


def test_the_ledger_at_work_has_all_of_it_until_it_is_done() -> None:
    with closing(Workspace(shared_by=4)) as workspace:
        workspace.take_room()
        assert limit_of(workspace) == "160.0 MiB"
        workspace.execute("CREATE TABLE numbers AS SELECT range AS number FROM range(100000)")
        workspace.leave_room()
        assert limit_of(workspace) == "48.0 MiB"
        assert workspace.number("SELECT count(*) FROM numbers") == 100_000
