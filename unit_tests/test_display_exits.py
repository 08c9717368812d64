"""Every way in which text of others reaches people: none shows what a terminal obeys, what nobody sees, or too much.

Each exit gets a hostile name of every kind that it shows. What programs get keeps the names as they are.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from destination_pinterest import connector
from destination_pinterest.api.answers import refusal
from destination_pinterest.api.endpoints import AD_ACCOUNT as ACCOUNT_ENDPOINT
from destination_pinterest.commands import parse_command
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import NotFoundError
from destination_pinterest.foreign_text import NAME_CHARS, SENTENCE_CHARS
from destination_pinterest.markers import LISTING_PREFIX, PREVIEW_PREFIX, REPORT_PREFIX
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.emit import LogHandler, MessageWriter
from pinterest_audiences import __main__ as command_line
from pinterest_audiences.failures import Failure, UsageError
from pinterest_audiences.file_findings import FileFindings
from pinterest_audiences.printing import Printer
from pinterest_audiences.progress import PlainDisplay, QuietDisplay
from pinterest_audiences.progress_bar import BarDisplay
from pinterest_audiences.sources.source import RefusedRow, Remark, RowBatch
from unit_tests.support.fake_pinterest import AD_ACCOUNT, FakePinterest
from unit_tests.support.outbox import Outbox

HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
LONG = 1_500


def hostile(kind: str) -> str:
    """A name that moves the cursor, sets a title, turns the direction, hides letters, breaks the line, and is long."""
    return f"{kind}\x1b[2J\x1b]0;title\x07\x9b1m\u202e\u2066\u200b\ufeff\u2028\r\n\t\x00\U000e0041 {'x' * LONG}"


def assert_clean(text: str, *kinds: str) -> None:
    """All kinds are shown in a text, of lines of its own, and none as it is."""
    hidden = {hex(ord(one)) for one in text if unicodedata.category(one) in HIDDEN_CATEGORIES and one != "\n"}
    assert hidden == set()
    assert [kind for kind in kinds if kind not in text] == []
    assert "x" * (NAME_CHARS + 1) not in text
    assert "title" not in text or "\x1b" not in text
    assert max(map(len, text.split("\n"))) <= 2 * SENTENCE_CHARS


def assert_messages_are_clean(outbox: Outbox, *kinds: str) -> None:
    """All kinds are in texts for people; the output has nothing that a terminal obeys, whatever the texts are for."""
    raw = outbox.getvalue().decode()
    assert {hex(ord(one)) for one in raw if unicodedata.category(one) in HIDDEN_CATEGORIES and one != "\n"} == set()
    markers = (REPORT_PREFIX, LISTING_PREFIX, PREVIEW_PREFIX)
    texts = [text for text in outbox.log_texts if not text.startswith(markers)]
    for trace in outbox.of("TRACE"):
        texts += [text for key, text in trace.get("error", {}).items() if key.endswith(("message", "trace"))]
    texts += [said["connectionStatus"]["message"] for said in outbox.messages if said["type"] == "CONNECTION_STATUS"]
    assert_clean("\n".join(texts), *kinds)


def figures(outbox: Outbox, prefix: str) -> Any:
    """What a line for programs holds."""
    (line,) = [text for text in outbox.log_texts if text.startswith(prefix)]
    assert_hidden_is_escaped(line)
    return json.loads(line.removeprefix(prefix))


def assert_hidden_is_escaped(text: str) -> None:
    assert {hex(ord(one)) for one in text if unicodedata.category(one) in HIDDEN_CATEGORIES and one != "\n"} == set()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(params=[io.StringIO, Terminal])
def output(request: pytest.FixtureRequest) -> io.StringIO:
    made: io.StringIO = request.param()
    return made


# --- the connector's messages -----------------------------------------------------------------------------------------


def test_a_log_line_an_error_and_pythons_own_logging(messages: MessageWriter, outbox: Outbox) -> None:
    messages.log("WARN", f'The audience "{hostile("audience")}" has the column {hostile("column")}.')
    messages.error(
        hostile("message"), "system_error", internal=hostile("internal"), stack_trace=f"{hostile('file')}\n  line 2"
    )
    record = logging.LogRecord("x", logging.INFO, "f.py", 1, "%s", (hostile("library"),), None)
    LogHandler(messages).handle(record)
    assert_messages_are_clean(outbox, "audience", "column", "message", "internal", "file", "line 2", "library")


def test_a_status_names_its_stream_as_it_is(messages: MessageWriter, outbox: Outbox) -> None:
    stream = StreamKey(hostile("namespace"), hostile("stream"))
    messages.stream_status(stream, "RUNNING")
    messages.error("It broke.", "system_error", stream=stream)
    assert_messages_are_clean(outbox)
    named = {"namespace": stream.namespace, "name": stream.name}
    assert outbox.stream_statuses[0]["stream_descriptor"] == named
    assert outbox.of("TRACE")[1]["error"]["stream_descriptor"] == named


def test_a_config_to_keep_is_the_same_config(messages: MessageWriter, outbox: Outbox) -> None:
    config = {hostile("key"): hostile("value"), "half": "\ud800"}
    messages.control(config)
    assert_messages_are_clean(outbox)
    assert outbox.of("CONTROL")[0]["connectorConfig"]["config"] == config


def test_a_secret_in_disguise_is_masked_in_every_text(outbox: Outbox) -> None:
    messages = MessageWriter(outbox, now=lambda: 0.0, scrub=lambda text: text.replace("pina_secret", "****"))
    messages.log("INFO", "token pi\u200bna_secret")
    messages.error("\uff50ina_secret", "system_error", internal="pina%5fsecret", stack_trace="pina\\u005fsecret")
    assert outbox.log_texts == ["token ****"]
    (trace,) = outbox.of("TRACE")
    assert {trace["error"][key] for key in ("message", "internal_message", "stack_trace")} == {"****"}


@pytest.fixture
def run(tmp_path: Path, outbox: Outbox, pinterest: FakePinterest, raw_config: dict[str, Any]) -> Iterator[Any]:
    """Runs a command of the connector in this process."""
    loggers = [logging.getLogger(), logging.getLogger("airbyte")]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    standard_input = os.dup(0)

    def run_command(command: str, catalog: Any = None, lines: bytes = b"", **settings: Any) -> None:
        source, sink = os.pipe()
        os.write(sink, lines)
        os.close(sink)
        os.dup2(source, 0)
        os.close(source)
        args = [command]
        for name, content in (("config", {**raw_config, **settings}), ("catalog", catalog)):
            if content is not None:
                (tmp_path / name).write_text(json.dumps(content))
                args += [f"--{name}", str(tmp_path / name)]
        with _standard_output(outbox), pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "exit", lambda code: None)
            connector.Connector(open_wire=pinterest.open_wire).run(args)

    yield run_command
    os.dup2(standard_input, 0)
    os.close(standard_input)
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.level, logger.propagate = handlers, level, propagate


@contextmanager
def _standard_output(outbox: Outbox) -> Iterator[None]:
    wrapped = io.TextIOWrapper(outbox, write_through=True)
    try:
        with redirect_stdout(wrapped):
            yield
    finally:
        wrapped.detach()


def test_check(run: Any, outbox: Outbox, pinterest: FakePinterest) -> None:
    pinterest.account["name"] = hostile("account")
    pinterest.username = hostile("username")
    run("check", **{hostile("setting"): 1})
    assert_messages_are_clean(outbox, "account", "username", "setting", "Unknown settings")


def test_check_with_a_refusal(run: Any, outbox: Outbox, pinterest: FakePinterest) -> None:
    pinterest.refuse("GET", "", 403, hostile("pinterest"), times=100)
    run("check")
    assert_messages_are_clean(outbox, "pinterest", "PIN-AUTH")


def test_discover_names_objects_as_they_are(run: Any, outbox: Outbox, pinterest: FakePinterest) -> None:
    audience_id = pinterest.add_audience(hostile("audience"), pinterest.add_list("list"))
    run("discover")
    assert_messages_are_clean(outbox)
    (catalog,) = [each["destination_catalog"] for each in outbox.messages if each["type"] == "DESTINATION_CATALOG"]
    names = {operation["object_name"] for operation in catalog["operations"]}
    assert f"{hostile('audience')} ({AD_ACCOUNT}/{audience_id})" in names


def _catalog(*columns: str) -> dict[str, Any]:
    stream = {
        "name": hostile("stream"),
        "namespace": hostile("namespace"),
        "json_schema": {"properties": {column: {"type": "string"} for column in columns}},
        "supported_sync_modes": ["full_refresh"],
    }
    return {"streams": [{"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}]}


def _record(email: str) -> bytes:
    record = {"stream": hostile("stream"), "namespace": hostile("namespace"), "emitted_at": 1, "data": {"email": email}}
    return json.dumps({"type": "RECORD", "record": record}).encode() + b"\n"


def test_a_sync_shows_its_names_and_reports_them_as_they_are(
    run: Any, outbox: Outbox, pinterest: FakePinterest
) -> None:
    run("write", _catalog("email", "deleted_at", hostile("column is_deleted")), _record("ada@example.com"))
    assert_messages_are_clean(outbox, "stream", "namespace", "email", "1 rows entered")
    (audience,) = figures(outbox, REPORT_PREFIX)["audiences"]
    assert audience["audience"] == hostile("stream")
    assert pinterest.members_of(hostile("stream"))


def test_a_record_of_an_unknown_stream(run: Any, outbox: Outbox) -> None:
    catalog = _catalog("email")
    catalog["streams"][0]["stream"]["name"] = "other"
    run("write", catalog, _record("ada@example.com"))
    assert_messages_are_clean(outbox, "PIN-PROTO-002", "namespace", "stream", "Refresh")


def test_the_columns_of_a_stream_without_an_identity(run: Any, outbox: Outbox) -> None:
    run("write", _catalog(hostile("column"), "other"))
    assert_messages_are_clean(outbox, "PIN-IDENT-001", "column", "stream")


def test_the_connectors_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_command([hostile("command")])
    assert_clean(capsys.readouterr().err, "command")


def test_an_answer_of_pinterest() -> None:
    body = json.dumps({"code": 1, "message": hostile("pinterest")}).encode()
    assert_clean(str(refusal(ACCOUNT_ENDPOINT, 400, {"x-pinterest-rid": hostile("rid")}, body, 0.0)), "pinterest")


# --- the command line -------------------------------------------------------------------------------------------------


def test_the_listing(run: Any, outbox: Outbox, pinterest: FakePinterest, output: io.StringIO) -> None:
    pinterest.add_audience(hostile("audience"), pinterest.add_list("x"), status=hostile("status"))
    pinterest.add_audience("other", None, kind=hostile("kind"))
    pinterest.add_list(hostile("list"), exceptions={"why": hostile("exceptions")})
    run("audiences")
    listing = figures(outbox, LISTING_PREFIX)
    assert listing["audiences"][0]["name"] == hostile("audience")
    Printer(output).listing(listing)
    assert_clean(output.getvalue(), "audience", "status", "list", "kind")
    as_json = io.StringIO()
    Printer(as_json, as_json=True).listing(listing)
    assert_hidden_is_escaped(as_json.getvalue())
    assert json.loads(as_json.getvalue()) == listing


def test_the_report(run: Any, outbox: Outbox, output: io.StringIO) -> None:
    run("write", _catalog("email"), _record("ada@example.com"))
    report = figures(outbox, REPORT_PREFIX)
    report["audiences"][0]["notes"] = [hostile("note")]
    report["audiences"][0]["not_synced"] = {hostile("reason"): 1}
    Printer(output).report(report)
    assert_clean(output.getvalue(), "stream", "namespace", "note", "reason")
    as_json = io.StringIO()
    Printer(as_json, as_json=True).report(report)
    assert_hidden_is_escaped(as_json.getvalue())
    assert json.loads(as_json.getvalue()) == report


def test_a_preview_and_a_dry_run(run: Any, outbox: Outbox, pinterest: FakePinterest, output: io.StringIO) -> None:
    from pinterest_audiences.airbyte_messages import StreamDescription  # noqa: PLC0415 - loads what plans
    from pinterest_audiences.dry_run import DryRun  # noqa: PLC0415
    from pinterest_audiences.dry_run_view import dry_run_lines, dry_run_result  # noqa: PLC0415

    pinterest.account["name"] = hostile("account")
    pinterest.username = hostile("username")
    run("preview", _catalog("email"), _record("ada@example.com"))
    preview = figures(outbox, PREVIEW_PREFIX)
    raw = {"credentials": {"access_token": "x"}, "ad_account_id": "1", "audience_name": "A \u202e"}
    columns = ("email", hostile("column is_deleted"))
    described = StreamDescription(hostile("stream"), {column: {} for column in columns})
    dry_run = DryRun(described, columns, connector.read_config(raw))
    dry_run.count([("ada@example.com", None)])
    result = dry_run_result(dry_run, 2, preview)
    Printer(output).counts(f"Dry run: {hostile('source')}", list(dry_run_lines(result, 2)), result)
    assert_clean(output.getvalue(), "source", "stream", "account", "username")
    as_json = io.StringIO()
    Printer(as_json, as_json=True).counts("", [], result)
    assert_hidden_is_escaped(as_json.getvalue())
    for line in json.loads(as_json.getvalue())["plan"]:
        assert_clean(line["message"])


FAILURES: dict[str, Callable[[], Failure]] = {
    "name": lambda: Failure.of(NotFoundError(Code.NOT_FOUND, f'There is no audience "{hostile("name")}".')),
    "database": lambda: Failure.of(UsageError(Code.QUERY_REFUSED, f"It refuses the query: {hostile('database')}")),
    "file": lambda: Failure.of(UsageError(Code.SOURCE_NOT_OPENED, f"There is no file {hostile('file')}. Name one.")),
    "connector": lambda: Failure.reported(hostile("connector"), None),
    "coded": lambda: Failure.reported(f"PIN-AUD-001: {hostile('coded')}", "config_error"),
    "sentence": lambda: Failure.because(Code.CONNECTOR_SILENT, hostile("sentence")),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_failure(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    failure = FAILURES[kind]()
    assert_clean(failure.text, kind, failure.code)
    assert_clean(failure.one_line, kind)
    assert_clean(failure.as_json()["error"], kind)
    for as_json in (False, True):
        Printer(sys.stdout, as_json=as_json).failure(failure)
        shown = capsys.readouterr()
        assert_clean(shown.err, kind)
        assert_hidden_is_escaped(shown.out)


def test_a_command_that_fails_before_it_begins(capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--json"]):
        assert command_line.main(["audiences", "--config", hostile("file").replace("\x00", ""), *more]) == 2
        shown = capsys.readouterr()
        assert_clean(shown.err, "file", "PIN-CLI")
        assert_hidden_is_escaped(shown.out)


def test_the_command_lines_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command_line.main([hostile("command")])
    assert_clean(capsys.readouterr().err, "command")


@pytest.mark.parametrize(
    "make",
    [
        QuietDisplay,
        lambda output: PlainDisplay(output, lambda: 0.0),
        lambda output: BarDisplay(Console(file=output), "Syncing"),
    ],
)
def test_a_line_while_a_sync_runs(make: Callable[[io.StringIO], Any]) -> None:
    output = io.StringIO()
    display = make(output)
    display.log("WARN", hostile("line"))
    FileFindings(display.log).take(RowBatch((), remarks=(Remark(hostile("remark"), "WARN"),), file=hostile("file")))
    findings = FileFindings(display.log)
    findings.take(RowBatch((), refused=(RefusedRow(1, hostile("reason")),), file=hostile("file")))
    findings.finish(100, replaces=False)
    assert_clean(output.getvalue(), "line", "remark", "reason")
