from __future__ import annotations

import io
import json
import logging
import os
import runpy
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import AirbyteMessageSerializer, ConfiguredAirbyteCatalogSerializer, Status

import destination_pinterest
from destination_pinterest import __main__ as program
from destination_pinterest.destination import DestinationPinterest
from destination_pinterest.error_codes import Code
from destination_pinterest.markers import ACCOUNTS_PREFIX
from destination_pinterest.routing.destination_catalog import destination_catalog
from destination_pinterest.specification import connector_specification
from unit_tests.support.fake_pinterest import Asked, FakePinterest
from unit_tests.support.outbox import Outbox
from unit_tests.support.webhook import webhook

CANARY = "canary.person@example.com"
CATALOG = {
    "streams": [
        {
            "stream": {
                "name": "users",
                "json_schema": {"type": "object", "properties": {"id": {}, "email": {}}},
                "supported_sync_modes": ["full_refresh"],
            },
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append",
        }
    ]
}


@dataclass
class Ran:
    """How a command ended; None: it returned."""

    exit_code: int | str | None
    outbox: Outbox

    def error(self) -> dict[str, Any]:
        """The only error that was told."""
        (error,) = [trace["error"] for trace in self.outbox.of("TRACE") if trace["type"] == "ERROR"]
        return dict(error)


@pytest.fixture(autouse=True)
def _logging_and_secrets_as_they_were() -> Iterator[None]:
    loggers = [logging.getLogger(), logging.getLogger("airbyte")]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.level, logger.propagate = handlers, level, propagate


@contextmanager
def standard_output_into(outbox: Outbox) -> Iterator[None]:
    """Standard output as it is in a process of its own. (A fixture would not do: pytest sets its own before a test.)"""
    output = io.TextIOWrapper(outbox, write_through=True)
    try:
        with redirect_stdout(output):
            yield
    finally:
        output.detach()


@pytest.fixture
def standard_input() -> Iterator[Callable[..., None]]:
    """Puts bytes, and their end unless more is to come, into this process's standard input."""
    before = os.dup(0)

    sinks: list[int] = []

    def put(content: bytes, *, ends: bool = True) -> None:
        source, sink = os.pipe()
        os.write(sink, content)
        os.close(sink) if ends else sinks.append(sink)
        os.dup2(source, 0)
        os.close(source)

    put(b"")
    yield put
    os.dup2(before, 0)
    for descriptor in (before, *sinks):
        os.close(descriptor)


@pytest.fixture
def run(
    tmp_path: Path, standard_input: Callable[..., None], outbox: Outbox, pinterest: FakePinterest
) -> Callable[..., Ran]:
    """Runs a command in this process; a config or catalog that is not bytes is written as JSON."""

    def run_command(
        command: str = "",
        config: Any = None,
        lines: bytes = b"",
        catalog: Any = CATALOG,
        request: Path | None = None,
        *,
        input_ends: bool = True,
        **given: float,
    ) -> Ran:
        standard_input(lines, ends=input_ends)
        args = [command] if command else []
        for name, content in (("config", config), ("catalog", catalog if command == "write" else None)):
            if content is not None:
                path = tmp_path / f"{name}.json"
                path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
                args += [f"--{name}", str(path)]
        args += [] if request is None else ["--request", str(request)]
        with standard_output_into(outbox):
            try:
                DestinationPinterest(open_wire=pinterest.open_wire, **given).run(args)
            except SystemExit as end:
                return Ran(end.code, outbox)
        return Ran(None, outbox)

    return run_command


Run = Callable[..., Ran]


# --- spec -------------------------------------------------------------------------------------------------------------


def test_spec_prints_one_message(run: Run) -> None:
    ran = run("spec")
    assert ran.exit_code is None
    assert ran.outbox.messages == [{"type": "SPEC", "spec": connector_specification()}]


def test_the_cdks_own_spec_is_the_same() -> None:
    found = DestinationPinterest().spec(logging.getLogger("airbyte"))
    assert found.connectionSpecification == connector_specification()["connectionSpecification"]
    assert found.advanced_auth is not None


# --- check ------------------------------------------------------------------------------------------------------------


def test_a_check_that_succeeds_says_what_it_found(run: Run, raw_config: dict[str, Any]) -> None:
    ran = run("check", raw_config)
    found = 'Connected to the ad account "Shop" (549755885175) as owner.'
    assert ran.exit_code is None
    assert ran.outbox.messages == [
        {"type": "LOG", "log": {"level": "INFO", "message": found}},
        {"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED", "message": found}},
    ]


def test_a_check_that_fails_is_an_answer_and_no_failure(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.refuse("GET", "ad_accounts", 401, "Authentication failed.", code=2)
    ran = run("check", raw_config)
    assert ran.exit_code is None
    (status,) = [m["connectionStatus"] for m in ran.outbox.messages if m["type"] == "CONNECTION_STATUS"]
    assert status["status"] == "FAILED"
    assert status["message"].startswith("PIN-AUTH-001: Pinterest refuses the access token")


def test_a_check_of_bad_settings_names_them(run: Run, raw_config: dict[str, Any], pinterest: FakePinterest) -> None:
    ran = run("check", {**raw_config, "ad_account_id": "12a"})
    (message,) = ran.outbox.messages
    assert message["connectionStatus"] == {
        "status": "FAILED",
        "message": "PIN-CONF-001: The settings can't be used: Ad account ID (`ad_account_id`) must be up to 18 digits. "
        "Correct what is named.",
    }
    assert pinterest.asked == []


@pytest.mark.parametrize("credentials", ["text", None, [], 5])
def test_a_check_of_settings_of_the_wrong_kind_is_an_answer_too(
    run: Run, raw_config: dict[str, Any], credentials: Any
) -> None:
    ran = run("check", {**raw_config, "credentials": credentials})
    assert [message["type"] for message in ran.outbox.messages] == ["CONNECTION_STATUS"]
    assert "`credentials`" in ran.outbox.messages[0]["connectionStatus"]["message"]


def test_a_check_keeps_a_token_that_it_rotated(run: Run, oauth_config: dict[str, Any]) -> None:
    ran = run("check", {**oauth_config, "platform_key": 1})
    kinds = [message["type"] for message in ran.outbox.messages]
    assert kinds == ["LOG", "CONTROL", "LOG", "CONNECTION_STATUS"]
    (control,) = ran.outbox.of("CONTROL")
    config = control["connectorConfig"]["config"]
    assert (config["platform_key"], config["credentials"]["refresh_token"]) == (1, "pinr_new_1")


def test_a_check_works_through_the_cdks_own_method(
    raw_config: dict[str, Any], pinterest: FakePinterest, outbox: Outbox
) -> None:
    destination, logger = DestinationPinterest(open_wire=pinterest.open_wire), logging.getLogger("airbyte")
    with standard_output_into(outbox):
        assert destination.check(logger, raw_config).status is Status.SUCCEEDED
        assert destination.check(logger, {}).status is Status.FAILED


# --- discover ---------------------------------------------------------------------------------------------------------


def test_a_discover_prints_the_catalog_and_nothing_else(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    audience_id = pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    ran = run("discover", raw_config)
    assert ran.exit_code is None
    (message,) = ran.outbox.messages
    assert set(message) == {"type", "destination_catalog"}
    (catalog,) = ran.outbox.of("DESTINATION_CATALOG")
    names = [operation["object_name"] for operation in catalog["operations"]]
    assert names == ["pinterest_audience"] * 3 + [f"VIP (549755885175/{audience_id})"] * 3


def test_a_discover_never_asks_for_a_config_to_be_kept(
    run: Run, oauth_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    ran = run("discover", oauth_config)
    assert (ran.exit_code, ran.error()["failure_type"]) == (1, "config_error")
    assert "The sign-in has to be renewed" in ran.error()["message"]
    assert (ran.outbox.of("CONTROL"), pinterest.asked) == ([], [])


@pytest.mark.parametrize(("status", "kind"), [(401, "config_error"), (503, "transient_error")])
def test_a_discover_that_fails_is_a_failure(
    run: Run,
    raw_config: dict[str, Any],
    pinterest: FakePinterest,
    status: int,
    kind: str,
) -> None:
    pinterest.refuse("GET", "audiences", status, code=2, times=9)
    ran = run("discover", raw_config, check_retry_s=0.0)
    assert (ran.exit_code, ran.error()["failure_type"]) == (1, kind)
    assert ran.outbox.of("DESTINATION_CATALOG") == []


def test_a_discover_names_settings_that_are_wrong(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    ran = run("discover", {**raw_config, "ad_account_id": "12a"})
    assert (ran.exit_code, ran.error()["failure_type"]) == (1, "config_error")
    assert "`ad_account_id`" in ran.error()["message"]
    assert pinterest.asked == []


def test_a_discover_says_how_many_audiences_it_had_to_leave_out(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        pinterest.add_audience(name, pinterest.add_list(name))
    whole = len(json.dumps(run("discover", raw_config).outbox.of("DESTINATION_CATALOG")[0]))
    monkeypatch.setitem(destination_catalog.__kwdefaults__, "max_bytes", whole // 2)
    ran = run("discover", raw_config)
    assert "the 2 oldest are left out" in ran.outbox.log_texts[-1]


def test_a_discover_says_of_how_many_audiences_it_was_not_told_the_type(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.add_audience("a", pinterest.add_list("a"))
    pinterest.add_audience("b", None, audience_type=None)
    ran = run("discover", raw_config)
    assert "does not tell are left out: 1." in ran.outbox.log_texts[-1]
    assert len(ran.outbox.of("DESTINATION_CATALOG")) == 1


# --- write ------------------------------------------------------------------------------------------------------------


def test_a_write_returns_states_as_they_came_and_reports(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, scenario: Callable[[str], bytes]
) -> None:
    lines = scenario("state_with_exact_blob")
    ran = run("write", raw_config, lines)
    assert ran.exit_code is None
    assert pinterest.members_of("users") == {sha256(b"a@example.com").hexdigest()}
    (state,) = [line for line in ran.outbox.getvalue().splitlines() if b'"STATE"' in line]
    stats = b',"destinationStats":{"recordCount":1.0,"rejectedRecordCount":0.0}}}'
    assert state == lines.splitlines()[1].removesuffix(b"}}") + stats
    assert ran.outbox.log_texts[-1].startswith("pinterest_sync_report: {")
    assert ran.outbox.messages[-1]["type"] == "LOG"


def test_a_state_is_out_before_the_next_request_is_made(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, scenario: Callable[[str], bytes], outbox: Outbox
) -> None:
    """What is flushed only at the end is lost when the process is killed."""
    out_before_the_audience: list[int] = []

    def before(asked: Asked) -> None:
        if asked.method == "POST" and asked.path.endswith("audiences"):
            out_before_the_audience.append(len(outbox.of("STATE")))

    pinterest.before = before
    run("write", raw_config, scenario("state_before_full"))
    assert out_before_the_audience == [1]


def test_settings_that_are_not_known_are_named_without_their_values(run: Run, raw_config: dict[str, Any]) -> None:
    ran = run("write", {**raw_config, "platform_key": CANARY})
    warnings = [log["message"] for log in ran.outbox.of("LOG") if log["level"] == "WARN"]
    assert warnings == ["Unknown settings are ignored: platform_key."]
    assert CANARY.encode() not in ran.outbox.getvalue()


@pytest.mark.parametrize(
    ("status", "code", "kind"), [(401, 2, "config_error"), (403, 29, "config_error"), (503, 0, "transient_error")]
)
def test_a_failure_is_told_with_its_kind_and_the_exit_code_is_one(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, status: int, code: int, kind: str
) -> None:
    pinterest.refuse("GET", "audiences", status, code=code, times=9)
    ran = run("write", {**raw_config, "retry_hours": 0})
    assert ran.exit_code == 1
    assert ran.error()["failure_type"] == kind
    assert "stack_trace" not in ran.error()
    assert ran.outbox.messages[-1]["type"] == "TRACE"


@pytest.mark.parametrize(
    "name", ["garbage_line", "legacy_state", "stream_not_in_the_catalog", "record_without_a_record"]
)
def test_wrong_input_fails_the_sync_and_quotes_nobody(
    run: Run, raw_config: dict[str, Any], scenario: Callable[[str], bytes], name: str
) -> None:
    ran = run("write", raw_config, scenario(name))
    assert (ran.exit_code, ran.error()["failure_type"]) == (1, "system_error")
    assert b"canary" not in ran.outbox.getvalue()
    assert all(state["id"] == 1 for state in ran.outbox.of("STATE"))


@pytest.mark.parametrize("command", ["check", "discover", "write"])
def test_a_fault_of_our_own_is_told_without_its_text(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, command: str
) -> None:
    def broken(_: Asked) -> None:
        raise ZeroDivisionError(f"division of {CANARY} by pina_pasted")

    pinterest.before = broken
    ran = run(command, raw_config)
    error = ran.error()
    assert (ran.exit_code, error["failure_type"], error["internal_message"]) == (1, "system_error", "ZeroDivisionError")
    assert error["message"].startswith(
        f"{Code.CRASHED}: The connector failed with a fault of its own (ZeroDivisionError)"
    )
    assert "in broken" in error["stack_trace"]
    for secret in (CANARY, "pina_pasted"):
        assert secret.encode() not in ran.outbox.getvalue()


@pytest.mark.parametrize("is_flat", [False, True])
def test_secrets_are_taken_out_of_whatever_is_logged(
    run: Run, oauth_config: dict[str, Any], pinterest: FakePinterest, is_flat: bool
) -> None:
    secrets = [oauth_config["credentials"][name] for name in ("client_secret", "refresh_token")]
    if is_flat:
        oauth_config |= oauth_config.pop("credentials")
    pinterest.before = lambda _: logging.getLogger("urllib3").warning("sent %s and %s", *secrets)
    ran = run("check", oauth_config)
    assert "sent **** and ****" in ran.outbox.log_texts
    for line in ran.outbox.getvalue().splitlines():
        if b'"CONTROL"' not in line:
            assert not any(secret.encode() in line for secret in secrets)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (b"{", "does not hold a JSON object"),
        (b"\xff", "does not hold a JSON object"),
        (b"[]", "does not hold a JSON object"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "does not hold a JSON object"),
        (b'{"a":1,"a":2}', "does not hold a JSON object"),
        (b" " * 10_000_001, "does not hold a JSON object"),
    ],
)
def test_a_config_file_that_can_not_be_read_is_named_and_not_quoted(run: Run, config: bytes, said: str) -> None:
    ran = run("check", config)
    assert (ran.exit_code, ran.error()["failure_type"]) == (1, "config_error")
    assert ran.error()["message"].startswith(Code.CONFIG_FILE_UNUSABLE)
    assert f"config.json {said}." in ran.error()["message"]


def test_a_byte_order_mark_in_a_file_is_read_past(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    config, catalog = (b"\xef\xbb\xbf" + json.dumps(content).encode() for content in (raw_config, CATALOG))
    record = {"type": "RECORD", "record": {"stream": "users", "emitted_at": 1, "data": {"email": "a@example.com"}}}
    ran = run("write", config, b"\xef\xbb\xbf" + json.dumps(record).encode(), catalog)
    assert ran.exit_code is None
    assert len(pinterest.members_of("users")) == 1


def test_files_that_are_not_there_are_named(
    tmp_path: Path, outbox: Outbox, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(raw_config))
    for args in (
        ["check", "--config", str(tmp_path / "none.json")],
        ["write", "--config", str(config), "--catalog", str(tmp_path / "none.json")],
    ):
        with standard_output_into(outbox), pytest.raises(SystemExit) as end:
            DestinationPinterest(open_wire=pinterest.open_wire).run(args)
        assert end.value.code == 1
    said = [trace["error"]["message"] for trace in outbox.of("TRACE")]
    assert len(said) == 2
    assert all("none.json can't be read: No such file" in message for message in said)
    assert said[0].startswith(Code.CONFIG_FILE_UNUSABLE)
    assert said[1].startswith(Code.CATALOG_UNUSABLE)


def test_a_write_without_an_input_says_so(
    tmp_path: Path, outbox: Any, raw_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
    config.write_text(json.dumps(raw_config))
    catalog.write_text('{"streams": []}')
    monkeypatch.setattr(sys, "stdin", None)
    with standard_output_into(outbox), pytest.raises(SystemExit) as end:
        DestinationPinterest().run(["write", "--config", str(config), "--catalog", str(catalog)])
    assert end.value.code == 1
    (trace,) = outbox.of("TRACE")
    assert trace["error"]["message"].startswith(f"{Code.INPUT_CLOSED}: Standard input is closed")


def test_a_catalog_that_is_none_fails_the_sync(run: Run, raw_config: dict[str, Any], pinterest: FakePinterest) -> None:
    ran = run("write", raw_config, catalog={"streams": 5})
    assert "not a ConfiguredAirbyteCatalog" in ran.error()["message"]
    assert pinterest.asked == []


def test_a_command_that_does_not_exist_prints_nothing_to_standard_output(run: Run) -> None:
    ran = run("read")
    assert (ran.exit_code, ran.outbox.getvalue()) == (2, b"")


def test_no_command_is_answered_with_the_commands_there_are(run: Run) -> None:
    ran = run()
    assert ran.exit_code == 1
    assert ran.error()["failure_type"] == "config_error"
    assert "spec, check --config FILE, discover --config FILE, or write" in ran.error()["message"]


def test_the_signal_handler_of_before_is_put_back(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    during: list[Any] = []
    pinterest.before = lambda _: during.append(signal.getsignal(signal.SIGTERM))
    run("write", raw_config)
    assert during[0] is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_sync_that_is_cancelled_sends_what_it_has_reports_and_dies_of_the_signal(
    run: Run,
    raw_config: dict[str, Any],
    pinterest: FakePinterest,
    scenario: Callable[[str], bytes],
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    deaths: list[tuple[int, Any, list[str]]] = []

    def cancel(asked: Asked) -> None:
        if asked.method == "POST" and asked.path.endswith("customer_lists"):
            signal.raise_signal(signal.SIGTERM)

    pinterest.before = cancel
    monkeypatch.setattr(
        os, "kill", lambda pid, sent: deaths.append((pid, signal.getsignal(sent), [m["type"] for m in outbox.messages]))
    )
    try:
        # Its input does not end, so that it is still under way when the signal has found its way.
        settings = {**raw_config, "retry_hours": 0, "flush_seconds": 0.1}
        ran = run("write", settings, scenario("state_before_full"), input_ends=False)
    finally:
        signal.signal(signal.SIGTERM, before)
    ((pid, handler, told),) = deaths
    assert (ran.exit_code, pid, handler) == (143, os.getpid(), signal.SIG_DFL)
    assert "TRACE" not in told
    assert '"status":"failed"' in outbox.log_texts[-1]


def test_a_fault_of_the_connectors_own_is_posted_too(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, scenario: Callable[[str], bytes]
) -> None:
    def breaks(_: Asked) -> None:
        raise RuntimeError("ada@example.com")

    pinterest.before = breaks
    with webhook() as server:
        ran = run("write", {**raw_config, "notify_url": f"http://{server.host}/"}, scenario("state_before_full"))
    assert ran.exit_code == 1
    (content,) = [each.json() for each in server.posted]
    assert (content["status"], content["error_code"]) == ("failed", Code.CRASHED)
    assert "ada@example.com" not in content["error"]


def test_everything_that_is_printed_is_a_message(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, scenario: Callable[[str], bytes]
) -> None:
    pinterest.before = lambda _: logging.getLogger("another.package").error("two\nlines")
    for name in ("two_streams_interleaved", "all_rejected", "empty", "full_of_nulls", "garbage_line"):
        run("write", raw_config, scenario(name))
    ran = run("spec")
    kinds = {message["type"] for message in ran.outbox.messages}
    assert kinds <= {"STATE", "LOG", "TRACE", "SPEC"}
    assert ran.outbox.getvalue().endswith(b"\n")


def test_a_sync_works_through_the_cdks_own_method(
    raw_config: dict[str, Any], pinterest: FakePinterest, outbox: Outbox
) -> None:
    record = {"type": "RECORD", "record": {"stream": "users", "data": {"email": "a@example.com"}, "emitted_at": 1}}
    descriptor = {"name": "users"}
    content = {"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": {"cursor": 1}}}
    inputs = [AirbyteMessageSerializer.load(message) for message in (record, {"type": "STATE", "state": content})]
    catalog = ConfiguredAirbyteCatalogSerializer.load(CATALOG)
    with standard_output_into(outbox):
        written = list(DestinationPinterest(open_wire=pinterest.open_wire).write(raw_config, catalog, iter(inputs)))
    states = [AirbyteMessageSerializer.dump(message) for message in written]
    assert len(states) == 1
    assert states[0]["state"]["stream"]["stream_descriptor"]["name"] == "users"
    assert states[0]["state"]["destinationStats"]["recordCount"] == 1.0
    assert len(pinterest.members_of("users")) == 1


def test_integers_of_any_size_come_back_exactly_through_the_cdks_own_method(
    raw_config: dict[str, Any], pinterest: FakePinterest, outbox: Outbox
) -> None:
    data = {"email": "a@example.com", "id": 10**40, "half": "\ud800"}
    record = {"type": "RECORD", "record": {"stream": "users", "data": data, "emitted_at": 1}}
    state = {"lsn": 123456789012345678901234567890, "minus": -(10**30)}
    content = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "users"}, "stream_state": state}}
    inputs = [AirbyteMessageSerializer.load(message) for message in (record, {"type": "STATE", "state": content})]
    catalog = ConfiguredAirbyteCatalogSerializer.load(CATALOG)
    with standard_output_into(outbox):
        (written,) = DestinationPinterest(open_wire=pinterest.open_wire).write(raw_config, catalog, iter(inputs))
    assert AirbyteMessageSerializer.dump(written)["state"]["stream"]["stream_state"] == state
    assert len(pinterest.members_of("users")) == 1


# --- the package ------------------------------------------------------------------------------------------------------


def test_hosts_find_the_connector_in_the_package() -> None:
    assert destination_pinterest.DestinationPinterest is DestinationPinterest
    with pytest.raises(AttributeError, match="has no attribute 'SourcePinterest'"):
        _ = destination_pinterest.SourcePinterest


def test_the_console_script_runs_the_arguments(monkeypatch: pytest.MonkeyPatch, outbox: Outbox) -> None:
    monkeypatch.setattr(sys, "argv", ["destination-pinterest", "spec"])
    monkeypatch.delitem(sys.modules, "destination_pinterest.__main__")
    with standard_output_into(outbox):
        program.main()
        runpy.run_module("destination_pinterest", run_name="__main__")
    assert [message["type"] for message in outbox.messages] == ["SPEC", "SPEC"]


def test_the_keys_of_a_request_about_the_store_are_masked_wherever_they_stand(
    run: Callable[..., Ran], tmp_path: Path, outbox: Outbox
) -> None:
    new_key, its_key = "canary-new-key", "canary-key-of-the-copy"
    store = {"store_type": "local", "path": f"/nowhere/{new_key}/{its_key}", "store_key": "a key of the store"}
    sign_in = {"auth_method": "access_token", "access_token": "not needed"}
    config = {"credentials": sign_in, "ad_account_id": "549755885175", "membership_store": store}
    request = {"action": "copy", "new_key": new_key, "target": {**store, "store_key": its_key}}
    (tmp_path / "request.json").write_text(json.dumps(request))
    run("store", config, request=tmp_path / "request.json")
    assert "/nowhere/****/****" in json.dumps(outbox.messages)
    assert "canary" not in json.dumps(outbox.messages)


# --- sign-in and accounts ---------------------------------------------------------------------------------------------


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "request.json"
    path.write_text('{"code": "c0de-canary", "redirect_uri": "http://localhost:8085/"}')
    return path


def accounts_told(ran: Ran) -> dict[str, Any]:
    (line,) = [log["message"] for log in ran.outbox.of("LOG") if log["message"].startswith(ACCOUNTS_PREFIX)]
    return dict(json.loads(line.removeprefix(ACCOUNTS_PREFIX)))


def test_a_code_becomes_a_sign_in_that_goes_out_before_anything_else_is_asked(
    run: Run, oauth_config: dict[str, Any], code: Path, pinterest: FakePinterest
) -> None:
    pinterest.refuse("GET", "ad_accounts", 403, code=29)
    ran = run("sign-in", oauth_config, request=code)
    assert ran.exit_code == 1
    (control,) = ran.outbox.of("CONTROL")
    assert control["connectorConfig"]["config"]["credentials"]["refresh_token"] == "pinr_new_1"
    assert "c0de-canary" not in json.dumps(ran.outbox.messages)


def test_a_sign_in_tells_the_accounts_that_it_reaches(run: Run, oauth_config: dict[str, Any], code: Path) -> None:
    ran = run("sign-in", oauth_config, request=code)
    assert ran.exit_code is None
    told = accounts_told(ran)
    assert told["scopes"] == ["ads:read", "ads:write", "user_accounts:read"]
    assert [one["ad_account_id"] for one in told["ad_accounts"]] == [oauth_config["ad_account_id"]]


def test_a_sign_in_that_was_granted_too_little_is_not_kept(
    run: Run, oauth_config: dict[str, Any], code: Path, pinterest: FakePinterest
) -> None:
    pinterest.granted_scope = "ads:read"
    ran = run("sign-in", oauth_config, request=code)
    assert ran.error()["message"].startswith(f"{Code.SCOPE_MISSING}: ")
    assert ran.outbox.of("CONTROL") == []


def test_a_code_needs_the_app_that_it_was_given_to(run: Run, raw_config: dict[str, Any], code: Path) -> None:
    assert run("sign-in", raw_config, request=code).error()["message"].startswith(f"{Code.COMMAND_WRONG}: ")


def test_a_request_without_a_code_is_refused(run: Run, oauth_config: dict[str, Any], code: Path) -> None:
    code.write_text('{"redirect_uri": "http://localhost:8085/"}')
    assert run("sign-in", oauth_config, request=code).error()["message"].startswith(f"{Code.COMMAND_WRONG}: ")


def test_accounts_are_listed_before_one_is_chosen(run: Run, raw_config: dict[str, Any]) -> None:
    chosen = raw_config.pop("ad_account_id")
    told = accounts_told(run("accounts", raw_config))
    assert [one["ad_account_id"] for one in told["ad_accounts"]] == [chosen]
    assert (told["sign_in_ends_at"], told["scopes"]) == (None, None)
