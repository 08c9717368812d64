from __future__ import annotations

import ast
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import PREVIEW_PREFIX, PROBE_PREFIX, REJECTED_PREFIX, REPORT_PREFIX
from pinterest_audiences import connector_answers
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.failures import Failure, UsageError


class Notes:
    """A watcher, and a keeper of states and configs, that notes what it is told."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.noted: list[tuple[str, Any]] = []
        self._failure = failure

    def read(self, rows: int) -> None:
        self.noted.append(("read", rows))

    def progressed(self, progress: Mapping[str, Any]) -> None:
        self.noted.append(("progress", dict(progress)))

    def waiting(self, until_s: float) -> None:
        self.noted.append(("waiting", until_s))

    def log(self, level: str, text: str) -> None:
        self.noted.append((level, text))

    def keep_state(self, state: Mapping[str, Any]) -> None:
        if self._failure:
            raise self._failure
        self.noted.append(("state", dict(state)))

    def keep_config(self, config: Mapping[str, Any]) -> None:
        if self._failure:
            raise self._failure
        self.noted.append(("config", dict(config)))


def taken(notes: Notes, *messages: dict[str, Any]) -> ConnectorAnswers:
    answers = ConnectorAnswers(notes, notes.keep_state, notes.keep_config)
    for message in messages:
        answers.take(json.dumps(message).encode() + b"\n")
    return answers


def test_events_of_a_probe_go_to_whoever_asked_for_them_and_are_no_lines_for_people() -> None:
    notes, events = Notes(), []
    answers = ConnectorAnswers(notes, notes.keep_state, notes.keep_config, on_probe=events.append)
    answers.take(json.dumps(log(PROBE_PREFIX + '{"event": "step", "step": "list"}')).encode())
    assert (events, notes.noted) == ([{"event": "step", "step": "list"}], [])


def log(text: str, level: str = "INFO") -> dict[str, Any]:
    return {"type": "LOG", "log": {"level": level, "message": text}, "state": None, "trace": None}


def status(status: str, *reasons: dict[str, Any]) -> dict[str, Any]:
    content = {"stream_descriptor": {"name": "s"}, "status": status, "reasons": list(reasons) or None}
    return {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1.0, "stream_status": content}}


def error(text: str | None) -> dict[str, Any]:
    return {"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": text}}}


def state(number: int, content: dict[str, Any]) -> dict[str, Any]:
    stream = {"stream_descriptor": {"name": "s"}, "stream_state": content}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": stream, "id": number}}


def control(config: object) -> dict[str, Any]:
    return {"type": "CONTROL", "control": {"type": "CONNECTOR_CONFIG", "connectorConfig": {"config": config}}}


def test_logs_progress_and_report_go_where_they_belong() -> None:
    notes = Notes()
    audience = {"entered": 5, "synced": 3, "not_synced": {"no_identity": 1, "invalid_email": 1}}
    report = {"status": "succeeded", "requests": 4, "waited_s": 0.5, "audiences": [audience, audience]}
    answers = taken(
        notes,
        log("Hello."),
        log("Careful.", "WARN"),
        log('pinterest_sync_progress: {"entered": 3}'),
        log(f"pinterest_sync_report: {json.dumps(report)}"),
    )
    assert notes.noted == [
        ("INFO", "Hello."),
        ("WARN", "Careful."),
        ("progress", {"entered": 3}),
        ("progress", {"entered": 10, "synced": 6, "not_synced": 4, "requests": 4, "waited_s": 0.5}),
    ]
    assert answers.report == report


@pytest.mark.parametrize("characters", [10_000, 1_000_000])
@pytest.mark.parametrize(
    "repeated", ['" (audience 1, customer list 1) from ', "pinterest_sync_report: ", "(" * 9, "  Note: "]
)
def test_a_line_is_logged_whole_however_long_and_alike_to_others_it_is(repeated: str, characters: int) -> None:
    text = f'Audience "{repeated * (characters // len(repeated))}'
    notes = Notes()
    started = time.process_time()
    taken(notes, log(text))
    assert time.process_time() - started < 1.0  # 10,000 characters took 9 s when lines were matched by a pattern
    assert notes.noted == [("INFO", text)]


def test_lines_are_told_apart_by_how_they_begin_and_by_no_pattern() -> None:
    imported = {
        name.name
        for node in ast.walk(ast.parse(Path(connector_answers.__file__).read_text()))
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert imported == {"msgspec"}


def test_a_listing_of_audiences_is_kept_and_not_said() -> None:
    notes = Notes()
    answers = taken(notes, log('pinterest_audiences: {"audiences": []}'))
    assert answers.listing == {"audiences": []}
    assert notes.noted == []


def test_a_preview_of_a_sync_is_kept_and_not_said() -> None:
    notes = Notes()
    answers = taken(notes, log(f'{PREVIEW_PREFIX}{{"account": "Shop"}}'))
    assert (answers.preview, notes.noted) == ({"account": "Shop"}, [])


def test_a_wait_for_quota_is_shown_until_it_is_over() -> None:
    notes = Notes()
    limited = {"type": "RATE_LIMITED", "rate_limited": {"quota_reset": 1_700_000_000_500}}
    taken(notes, status("RUNNING", limited), status("RUNNING"), status("STARTED"))
    assert notes.noted == [("waiting", 1_700_000_000.5), ("waiting", 0.0)]


def told(answers: ConnectorAnswers) -> str:
    assert answers.failure is not None
    return answers.failure.text


def test_states_are_kept_and_the_last_number_is_known() -> None:
    notes = Notes()
    answers = taken(notes, state(1, {"cursor": "1"}), state(2, {"cursor": "2"}))
    assert notes.noted == [("state", {"cursor": "1"}), ("state", {"cursor": "2"})]
    assert answers.last_state_number == 2


def test_states_that_come_back_without_their_number_are_counted() -> None:
    numberless = [state(1, {}), state(2, {}), state(3, {})]
    del numberless[0]["state"]["id"]
    numberless[1]["state"]["id"] = None
    assert taken(Notes(), *numberless[:2]).last_state_number == 2
    assert taken(Notes(), *numberless).last_state_number == 3
    assert taken(Notes(), state(2, {}), state(1, {})).last_state_number == 2


def test_a_state_that_can_not_be_kept_fails_the_sync_and_goes_on_reading() -> None:
    notes = Notes(OSError(28, "No space left on device"))
    answers = taken(notes, state(1, {}), log("Hello."))
    assert told(answers).startswith(Code.STATE_NOT_KEPT)
    assert "No space left on device" in told(answers)
    assert notes.noted == [("INFO", "Hello.")]


def test_a_config_to_keep_is_kept() -> None:
    notes = Notes()
    taken(notes, control({"credentials": {}}), control(None), {"type": "CONTROL", "control": {"type": "OTHER"}})
    assert notes.noted == [("config", {"credentials": {}})]


def test_a_token_that_can_not_be_kept_is_told_without_the_token() -> None:
    answers = taken(Notes(OSError(13, "denied")), control({"credentials": {"refresh_token": "pinr_new"}}))
    assert told(answers).startswith(Code.CREDENTIALS_NOT_KEPT)
    assert "(denied)" in told(answers)
    assert "sign in again" in told(answers)
    assert "pinr_new" not in told(answers)


def test_a_config_file_that_was_broken_meanwhile_is_told_without_its_content() -> None:
    answers = taken(Notes(ValueError("pinr_old")), control({"credentials": {"refresh_token": "pinr_new"}}))
    assert "(ValueError)" in told(answers)
    assert "pinr" not in told(answers)


def test_the_first_error_is_the_one_that_is_told() -> None:
    first = taken(Notes(), error("PIN-API-007: First."), error("PIN-API-008: Second."))
    assert first.failure == Failure("PIN-API-007: First.", Code.PINTEREST_FAULT, "system_error")


def test_a_connector_that_gives_no_code_or_no_message_is_given_one() -> None:
    assert told(taken(Notes(), error("Something."))) == f"{Code.CONNECTOR_GAVE_NO_CODE}: Something."
    assert told(taken(Notes(), error(None))).startswith(f"{Code.CONNECTOR_SILENT}: The connector failed without")


def test_lines_that_are_no_messages_are_counted_and_not_shown() -> None:
    notes = Notes()
    answers = taken(notes, {"type": "SPEC"}, {"no": "type"})
    answers.take(b"jane@example.com\n")
    assert answers.strange_lines == 2
    assert notes.noted == []


def rejected(line: int) -> dict[str, Any]:
    return log(REJECTED_PREFIX + json.dumps({"line": line, "reason": "invalid_email"}))


def test_a_rejected_row_is_given_to_who_wants_it_before_the_state_behind_it_and_is_not_logged() -> None:
    notes = Notes()
    answers = ConnectorAnswers(
        notes, notes.keep_state, notes.keep_config, lambda row: notes.noted.append(("rejected", row["line"]))
    )
    for message in (rejected(3), state(1, {"n": 1}), rejected(4)):
        answers.take(json.dumps(message).encode())
    assert notes.noted == [("rejected", 3), ("state", {"n": 1}), ("rejected", 4)]


def test_a_rejected_row_that_nobody_wants_is_not_logged() -> None:
    notes = Notes()
    taken(notes, rejected(3))
    assert notes.noted == []


def test_no_state_is_kept_after_a_rejected_row_that_could_not_be_written() -> None:
    notes = Notes()

    def fail(_row: Mapping[str, Any]) -> None:
        raise UsageError(Code.REJECTED_NOT_KEPT, "The disk is full.")

    answers = ConnectorAnswers(notes, notes.keep_state, notes.keep_config, fail)
    for message in (state(1, {"n": 1}), rejected(3), state(2, {"n": 2}), rejected(4)):
        answers.take(json.dumps(message).encode())
    assert notes.noted == [("state", {"n": 1})]
    assert answers.failure is not None
    assert (answers.failure.code, answers.failure.kind) == (Code.REJECTED_NOT_KEPT, "config_error")


@pytest.mark.parametrize(
    "message",
    [
        {"type": "TRACE", "trace": {"type": "ERROR", "error": "canary"}},
        {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": {"status": "RUNNING", "reasons": [1]}}},
        {"type": "STATE", "state": {"id": "canary"}},
        {"type": "STATE", "state": {"stream": ["canary"]}},
        {"type": "CONTROL", "control": {"connectorConfig": ["canary"]}},
        {"type": "LOG", "log": {"message": f"{REPORT_PREFIX}canary"}},
        {"type": "LOG", "log": {"message": f"{REPORT_PREFIX}{'[' * 100_000}"}},
    ],
)
def test_a_message_that_no_connector_of_ours_sends_fails_the_sync_and_is_not_quoted(message: dict[str, Any]) -> None:
    notes = Notes()
    answers = taken(notes, message, state(1, {"cursor": 1}))
    assert answers.failure is not None
    assert answers.failure.code == Code.ANSWER_NOT_TAKEN
    assert "canary" not in answers.failure.text
    assert answers.last_state_number == 1


@pytest.mark.parametrize("line", [b'{"type":"LOG","log":{"level":"\xff"}}', b'{"type":"X","x":' + b"[" * 100_000])
def test_a_line_that_is_no_text_or_too_deep_is_counted(line: bytes) -> None:
    answers = taken(Notes())
    answers.take(line)
    assert (answers.strange_lines, answers.failure) == (1, None)
