from __future__ import annotations

from contextlib import closing

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.page.server import bound


def test_the_page_listens_on_this_machine_alone() -> None:
    with closing(bound(0)) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_said_with_a_way_out() -> None:
    with closing(bound(0)) as taken:
        taken.listen()
        with pytest.raises(UsageError, match="--port") as caught:
            bound(taken.getsockname()[1])

    assert caught.value.code == Code.PAGE_PORT_TAKEN
