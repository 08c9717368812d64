from __future__ import annotations

import sys

from destination_pinterest.error_codes import Code
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.connector_process import OWN_CONNECTOR, ConnectorProcess
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.progress import QuietDisplay
from unit_tests.support.full_disk import room_for
from unit_tests.support.raises import raises


def test_a_temporary_folder_without_room_is_told_and_no_process_started() -> None:
    display = QuietDisplay(sys.stderr)
    process = ConnectorProcess.running(
        OWN_CONNECTOR,
        "check",
        files={"config": {"ad_account_id": "7"}},
        answers=ConnectorAnswers(display, lambda _: None, lambda _: None),
        watcher=display,
        interruption=Interruption(),
    )
    with room_for(0), raises(Code.TEMPORARY_FOLDER_UNUSABLE, match="name another by TMPDIR"), process:
        raise AssertionError("it was started")
