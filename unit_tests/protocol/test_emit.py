from __future__ import annotations

import io
import json
import logging
import os
import threading
from typing import Any

import pytest

from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.emit import LogHandler, MessageWriter
from unit_tests.support.clock import Clock
from unit_tests.support.outbox import Outbox


def test_every_message_is_one_line_and_flushed_before_the_call_returns(messages: MessageWriter, outbox: Outbox) -> None:
    messages.message({"type": "SPEC", "spec": {"text": "two\nlines"}})
    assert outbox.messages == [{"type": "SPEC", "spec": {"text": "two\nlines"}}]
    messages.state(b'{"id":7,"n":1.10}')
    assert outbox.getvalue().splitlines()[1] == b'{"type":"STATE","state":{"id":7,"n":1.10}}'


def test_a_log_is_scrubbed() -> None:
    output = io.BytesIO()
    MessageWriter(output, now=lambda: 0.0, scrub=lambda text: text.replace("secret", "****")).log("WARN", "my secret")
    assert json.loads(output.getvalue()) == {"type": "LOG", "log": {"level": "WARN", "message": "my ****"}}


def test_every_text_of_an_error_is_scrubbed_and_the_kind_is_kept(clock: Clock) -> None:
    output = io.BytesIO()
    writer = MessageWriter(output, now=clock.now, scrub=lambda text: text.replace("secret", "****"))
    writer.error(
        "a secret", "config_error", internal="b secret", stack_trace="c secret", stream=StreamKey("shop", "users")
    )
    trace = json.loads(output.getvalue())["trace"]
    assert trace == {
        "type": "ERROR",
        "emitted_at": clock.epoch * 1000,
        "error": {
            "message": "a ****",
            "failure_type": "config_error",
            "internal_message": "b ****",
            "stack_trace": "c ****",
            "stream_descriptor": {"name": "users", "namespace": "shop"},
        },
    }


def test_what_an_error_lacks_is_left_out(messages: MessageWriter, outbox: Outbox) -> None:
    messages.error("x", "system_error")
    (trace,) = outbox.of("TRACE")
    assert trace["error"] == {"message": "x", "failure_type": "system_error"}


def test_a_control_carries_the_whole_config_as_it_is(messages: MessageWriter, outbox: Outbox, clock: Clock) -> None:
    config = {"credentials": {"refresh_token": "new"}, "foreign": [1, {"a": None}]}
    messages.control(config)
    assert outbox.of("CONTROL") == [
        {"type": "CONNECTOR_CONFIG", "emitted_at": clock.epoch * 1000, "connectorConfig": {"config": config}}
    ]


def test_a_stream_status_names_the_stream(messages: MessageWriter, outbox: Outbox) -> None:
    messages.stream_status(StreamKey(None, "users"), "RUNNING")
    assert outbox.stream_statuses == [{"stream_descriptor": {"name": "users"}, "status": "RUNNING"}]


def test_a_limited_stream_says_until_when_in_milliseconds(messages: MessageWriter, outbox: Outbox) -> None:
    messages.stream_status(StreamKey("shop", "users"), "RUNNING", rate_limited_until=1_800_000_060.25)
    (status,) = outbox.stream_statuses
    assert status["reasons"] == [{"type": "RATE_LIMITED", "rate_limited": {"quota_reset": 1_800_000_060_250}}]


def test_lines_of_many_threads_are_never_mixed(messages: MessageWriter, outbox: Outbox) -> None:
    def talk(letter: str) -> None:
        for _ in range(50):
            messages.log("INFO", f"{letter * 99} " * 5)

    threads = [threading.Thread(target=talk, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outbox.log_texts) == sorted(f"{letter * 99} " * 5 for letter in "abcd" for _ in range(50))


def test_when_nobody_listens_any_more_it_is_an_error_once_and_no_other_follows() -> None:
    source, sink = os.pipe()
    os.close(source)
    with os.fdopen(sink, "wb") as output:
        writer = MessageWriter(output, now=lambda: 0.0, scrub=lambda text: text)
        with pytest.raises(BrokenPipeError):
            writer.log("INFO", "x" * 100_000)
        writer.log("INFO", "the report")
        writer.error("the error", "system_error")


def test_an_output_that_is_no_file_may_break_too(clock: Clock) -> None:
    class Broken(io.BytesIO):
        def write(self, _: Any) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        MessageWriter(Broken(), now=clock.now, scrub=lambda text: text).log("INFO", "x")


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (logging.DEBUG, "DEBUG"),
        (logging.INFO, "INFO"),
        (logging.WARNING, "WARN"),
        (logging.ERROR, "ERROR"),
        (logging.CRITICAL, "FATAL"),
        (35, "INFO"),
    ],
)
def test_pythons_log_records_come_out_as_messages(
    messages: MessageWriter, outbox: Outbox, level: int, said: str
) -> None:
    LogHandler(messages).handle(logging.LogRecord("x", level, "f.py", 1, "hello %s", ("you",), None))
    assert outbox.of("LOG") == [{"level": said, "message": "hello you"}]


def test_a_traceback_stays_out_of_the_log(messages: MessageWriter, outbox: Outbox) -> None:
    try:
        raise ValueError("jane@example.com")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
        LogHandler(messages).handle(logging.LogRecord("x", logging.ERROR, "f.py", 1, "it broke", None, info))
    assert outbox.log_texts == ["it broke"]


def test_a_record_that_cannot_be_formatted_fails_nobody_and_is_printed_nowhere(
    messages: MessageWriter, outbox: Outbox, capsys: pytest.CaptureFixture[str]
) -> None:
    LogHandler(messages).handle(logging.LogRecord("x", logging.INFO, "f.py", 1, "%d", ("jane@example.com",), None))
    assert outbox.messages == []
    assert capsys.readouterr().err == ""
