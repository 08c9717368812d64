"""The connector: assembles what each command needs and decides nothing itself.

It runs without the CDK, whose import takes longer than all else that a process does before its first row;
destination.py is the same for callers with the CDK's objects.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from destination_pinterest.account_listing import Accounts, list_accounts, read_code_request
from destination_pinterest.api.auth import RefreshingToken, scopes_of
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.wire import OpenWire, open_http_wire
from destination_pinterest.assembly import SyncRequest, assemble
from destination_pinterest.audience_creation import AudienceCreation, Creation, read_names
from destination_pinterest.audience_listing import AudienceListing, Listing
from destination_pinterest.commands import parse_command
from destination_pinterest.config import (
    Config,
    migrate,
    read_config,
    unknown_keys,
    with_facts,
)
from destination_pinterest.connection_check import ConnectionCheck, check_scopes
from destination_pinterest.discovery import Discovery, without_renewal
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError, InternalError, InvalidConfigError, ProtocolError
from destination_pinterest.foreign_text import shown
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, decode_object, read_bytes
from destination_pinterest.markers import CONFIG_PATH_VARIABLE, LOCK_PATH_VARIABLE
from destination_pinterest.notification import Ending, Notification, Notifying
from destination_pinterest.preview import Preview, SyncPreview
from destination_pinterest.probing.conversation import LineConversation
from destination_pinterest.probing.header_forms import HeaderForms
from destination_pinterest.probing.probe import Probe, ProbeReport
from destination_pinterest.probing.questions import Questions
from destination_pinterest.protocol.catalog import ConfiguredStream, read_catalog
from destination_pinterest.protocol.emit import LogHandler, MessageWriter
from destination_pinterest.protocol.lines import LineReader, Lines
from destination_pinterest.routing.decision import forgets_everywhere
from destination_pinterest.secrets import Secrets, secrets_in
from destination_pinterest.session import PinterestSession, PlatformConfig, open_session, redeem_code, with_tokens
from destination_pinterest.sigterm import die_of_sigterm, ending_at_sigterm
from destination_pinterest.specification import connector_specification
from destination_pinterest.sync import RENEWAL_WAIT_S, Sync
from destination_pinterest.system import System
from destination_pinterest.thread_faults import telling_of_thread_faults
from destination_pinterest.wording.probe_text import STEPS, Step

if TYPE_CHECKING:
    from destination_pinterest.forgetting_sync import ForgettingRun

_STDIN: Final = 0
# The platform gives a check or discover nine minutes, and a person waits for it.
CHECK_RETRY_S: Final = 20.0
CHECK_EXCHANGE_S: Final = 20.0
CHECK_LISTING_S: Final = 240.0
# Airbyte's number of the attempt within a job. Each attempt gets the settings as they are kept when it starts.
# Source: airbytehq/airbyte-platform, WorkerEnvConstants.WORKER_JOB_ATTEMPT (read 2026-11-27).
ATTEMPT_VARIABLE: Final = "WORKER_JOB_ATTEMPT"
_FIRST_ATTEMPT: Final = "0"
# Where there must be an ID, and none is chosen yet.
_NO_AD_ACCOUNT: Final = "0"


class Connector:
    """Pinterest as an Airbyte destination, as a program.

    Args:
        system: clocks, sleep and chance.
        open_wire: opens the wire to Pinterest.
    """

    def __init__(
        self,
        system: System | None = None,
        *,
        open_wire: OpenWire = open_http_wire,
        check_retry_s: float = CHECK_RETRY_S,
    ) -> None:
        self._check_retry_s = check_retry_s
        self._config_path: Path | None = None
        self._renewals = _Renewals()
        self._secrets = Secrets()
        self._system = system or System()
        self._open_wire = open_wire

    def run(self, args: list[str]) -> None:
        """Runs a command; everything on standard output is an Airbyte message. Exits with 1 after any failure."""
        messages = self._messages()
        _log_to(messages)
        try:
            with telling_of_thread_faults(messages.log):
                self._run_command(args, messages)
        except ConnectorError as error:
            # PyAirbyte shows only the internal message to its user.
            messages.error(str(error), error.failure_kind, internal=f"{type(error).__name__}: {error}")
            sys.exit(1)
        except Exception as error:  # noqa: BLE001 - the process's edge: any failure must be reported to the platform
            messages.error(
                str(_crashed(error)),
                Code.CRASHED.failure_kind,
                internal=type(error).__name__,
                stack_trace="".join(traceback.format_tb(error.__traceback__)),
            )
            sys.exit(1)

    def check(self, config: Mapping[str, Any]) -> tuple[bool, str]:
        """Says whether a sync with these settings would work, and what was found or has to be changed."""
        try:
            return True, shown(self._check(config, self._messages()))
        except ConnectorError as error:
            return False, str(error)

    def sync(
        self, config: Mapping[str, Any], streams: tuple[ConfiguredStream, ...], lines: Lines
    ) -> Sync | ForgettingRun:
        """Assembles a sync for callers that feed it themselves.

        Raises:
            ConnectorError: the settings can't be used, or not with these streams.
        """
        return self._sync(config, streams, lines, self._messages())

    def _run_command(self, args: list[str], messages: MessageWriter) -> None:
        if not args:
            raise InvalidConfigError(
                Code.COMMAND_WRONG,
                "No command was given. Type spec, check --config FILE, discover --config FILE, or write --config FILE "
                "--catalog FILE.",
            )
        arguments = parse_command(args)
        if arguments.command == "spec":
            messages.message({"type": "SPEC", "spec": connector_specification()})
            return
        config = _read_config_file(Path(arguments.config))
        self._config_path = Path(os.environ.get(CONFIG_PATH_VARIABLE) or arguments.config)
        self._secrets.replace(secrets_in(migrate(config)))
        if arguments.command == "write":
            self._write(config, read_catalog(Path(arguments.catalog)), messages)
        elif arguments.command == "store":
            request = _read_config_file(Path(arguments.request))
            self._secrets.replace([*secrets_in(migrate(config)), *_secrets_of(request)])
            self._care_for_store(config, request, messages)
        elif arguments.command == "forget":
            self._forget(config, _read_config_file(Path(arguments.request)), arguments.catalog, messages)
        else:
            with ending_at_sigterm(self._renewals):
                self._answer(arguments, config, messages)

    def _answer(self, arguments: argparse.Namespace, config: dict[str, Any], messages: MessageWriter) -> None:
        """Answers a command that a person waits for."""
        if arguments.command == "check":
            succeeded, message = self.check(config)
            if succeeded:
                messages.log("INFO", message)
            status = "SUCCEEDED" if succeeded else "FAILED"
            content = {"status": status, "message": shown(message, self._secrets.scrub)}
            messages.message({"type": "CONNECTION_STATUS", "connectionStatus": content})
        elif arguments.command == "discover":
            messages.message({"type": "DESTINATION_CATALOG", "destination_catalog": self._discover(config, messages)})
        elif arguments.command == "audiences":
            messages.figures("INFO", self._list_audiences(config, messages).as_line())
        elif arguments.command == "probe":
            messages.figures("INFO", self._probe(config, arguments.steps or STEPS, messages).as_line())
        elif arguments.command == "lists":
            messages.figures("INFO", self._list_lists(config, messages))
        elif arguments.command == "accounts":
            messages.figures("INFO", self._list_accounts(config, messages).as_line())
        elif arguments.command == "sign-in":
            messages.figures(
                "INFO", self._sign_in(config, _read_config_file(Path(arguments.request)), messages).as_line()
            )
        elif arguments.command == "create":
            names = read_names(_read_config_file(Path(arguments.request)))
            messages.figures("INFO", self._create_audiences(config, names, messages).as_line())
        else:
            messages.figures("INFO", self._preview(config, read_catalog(Path(arguments.catalog)), messages).as_line())

    def _check(self, raw: Mapping[str, Any], messages: MessageWriter) -> str:
        config = _known_config(raw, messages)
        return ConnectionCheck(config, self._session(config, raw, messages), now=self._system.now).run()

    def _discover(self, raw: Mapping[str, Any], messages: MessageWriter) -> dict[str, Any]:
        config = _known_config(raw, messages)
        session = self._session(without_renewal(config, self._system.now()), raw, messages)
        catalog = Discovery(config, session.clients).run()
        if catalog.left_out:
            messages.log(
                "WARN",
                "There are more audiences than Airbyte can take at once: "
                f"the {catalog.left_out:,} oldest{' of the last ad accounts' if len(session.clients) > 1 else ''} are "
                "left out.",
            )
        if catalog.untold:
            messages.log(
                "WARN",
                f"Audiences whose type Pinterest does not tell are left out: {catalog.untold:,}. To fill one all the "
                "same, give its name in audience_name.",
            )
        return catalog.content

    def _list_audiences(self, raw: Mapping[str, Any], messages: MessageWriter) -> Listing:
        """Lists audiences. Unlike `discover`, it may renew the sign-in: the caller keeps the CONTROL message."""
        config = _known_config(raw, messages)
        clients = self._session(config, raw, messages).clients.values()
        first, *further = [AudienceListing(client, config.installation_name).run() for client in clients]
        return msgspec.structs.replace(first, further_ad_accounts=further)

    def _list_accounts(self, raw: Mapping[str, Any], messages: MessageWriter) -> Accounts:
        """Lists ad accounts; none needs to be chosen yet."""
        raw = {**raw, "ad_account_id": raw.get("ad_account_id") or _NO_AD_ACCOUNT}
        return list_accounts(self._session(_known_config(raw, messages), raw, messages))

    def _sign_in(self, raw: Mapping[str, Any], asked: Mapping[str, Any], messages: MessageWriter) -> Accounts:
        """Exchanges the code that a person's consent gave. The caller keeps the CONTROL message."""
        request = read_code_request(asked)
        self._secrets.replace([*secrets_in(migrate(raw)), request.code])
        tokens = redeem_code(
            _known_config(raw, messages),
            request.code,
            request.redirect_uri,
            system=self._system,
            open_wire=self._open_wire,
        )
        check_scopes(scopes_of(tokens))
        signed_in = with_tokens(raw, tokens)
        _SecretConfigSink(messages, raw, self._secrets).control(signed_in)
        scopes = scopes_of(tokens)
        accounts = self._list_accounts(signed_in, messages)
        return accounts if scopes is None else msgspec.structs.replace(accounts, scopes=sorted(scopes))

    def _probe(self, raw: Mapping[str, Any], steps: tuple[Step, ...], messages: MessageWriter) -> ProbeReport:
        """Asks Pinterest what is not documented; a person permits each step."""
        config = _known_config(raw, messages)
        wires: list[HeaderForms] = []

        def open_watched(base_url: str, system: System) -> HeaderForms:
            wires.append(HeaderForms(self._open_wire(base_url, system)))
            return wires[-1]

        session = self._session(config, raw, messages, open_watched)
        questions = Questions(session.client, wires[0], access_tier=session.access_tier, system=self._system)
        conversation = LineConversation(messages.figures, LineReader(_STDIN))
        host = urlsplit(config.api_base_url).netloc
        probe = Probe(questions, conversation, host=host, before=config.pinterest_facts, now=self._system.now)
        return probe.run(steps, lambda: wires[0].exchanges)

    def _create_audiences(self, raw: Mapping[str, Any], names: list[str], messages: MessageWriter) -> Creation:
        config = _known_config(raw, messages)
        return AudienceCreation(config, self._session(config, raw, messages), self._system).run(names)

    def _preview(
        self, raw: Mapping[str, Any], streams: tuple[ConfiguredStream, ...], messages: MessageWriter
    ) -> Preview:
        """Says what a sync would do. A person waits for it, and nothing is written: neither audiences nor rows."""
        changes = {"retry_hours": self._check_retry_s / 3600, "object_storage_config": None}
        config = _known_config(raw, messages).model_copy(update=changes)
        if forgets_everywhere(config):
            raise InvalidConfigError(
                Code.REMOVAL_PLACE_UNUSED,
                "A dry run does not tell what Remove from (remove_from) everywhere would do. See the lists by "
                "`pinterest-audiences lists`.",
            )
        lines = LineReader(_STDIN)
        request = SyncRequest(config, self._platform_config(raw, messages), streams, lines, messages, self._open_wire)
        parts = assemble(request, self._system)
        self._renewals.sign_in = parts.session.sign_in
        return SyncPreview(parts).run()

    def _care_for_store(self, raw: Mapping[str, Any], request: Mapping[str, Any], messages: MessageWriter) -> None:
        # Imports DuckDB and NumPy, which other commands don't need.
        from destination_pinterest.store_upkeep import StoreUpkeep, read_request  # noqa: PLC0415

        upkeep = StoreUpkeep(raw, read_request(request), self._system)
        with ending_at_sigterm(upkeep):
            messages.figures("INFO", upkeep.run().as_line())

    def _list_lists(self, raw: Mapping[str, Any], messages: MessageWriter) -> str:
        # Imports DuckDB and NumPy, which other commands don't need.
        from destination_pinterest.forgetting.command import list_lists  # noqa: PLC0415

        config = _known_config(raw, messages)
        return list_lists(config, self._session(config, raw, messages)).as_line()

    def _forget(self, raw: Mapping[str, Any], asked: Mapping[str, Any], catalog: str, messages: MessageWriter) -> None:
        # Imports DuckDB and NumPy, which other commands don't need.
        from destination_pinterest.forgetting.command import read_forget_request  # noqa: PLC0415
        from destination_pinterest.forgetting_sync import ForgettingRun  # noqa: PLC0415

        request = read_forget_request(asked)
        streams = read_catalog(Path(catalog))
        run = ForgettingRun(self._request(raw, streams, LineReader(_STDIN), messages), self._system, request)
        with ending_at_sigterm(run):
            for _ in run.run():
                pass  # Nobody waits for states.

    def _session(
        self,
        config: Config,
        raw: Mapping[str, Any],
        messages: MessageWriter,
        open_wire: OpenWire | None = None,
    ) -> PinterestSession:
        """Opens a session for a command that a person waits for."""
        session = open_session(
            config,
            self._platform_config(raw, messages),
            system=self._system,
            observer=SilentObserver(),
            retry=RetryPolicy(self._check_retry_s, exchange_s=CHECK_EXCHANGE_S, listing_s=CHECK_LISTING_S),
            open_wire=open_wire or self._open_wire,
            say=messages.log,
        )
        self._renewals.sign_in = session.sign_in
        return session

    def _write(self, config: Mapping[str, Any], streams: tuple[ConfiguredStream, ...], messages: MessageWriter) -> None:
        if sys.stdin is None:
            raise ProtocolError(
                Code.INPUT_CLOSED,
                "Standard input is closed, so no records can come. Start `write` with a pipe or a file.",
            )
        notification = Notification(
            migrate(config), partial(messages.log, "WARN"), now=self._system.now, scrub=self._secrets.scrub
        )
        with ending_at_sigterm(Notifying(None, notification)), _told_of(notification):
            sync = self._sync(config, streams, LineReader(_STDIN), messages)
        with ending_at_sigterm(Notifying(sync, notification)):
            with _told_of(notification, sync):
                for state in sync.run():
                    messages.state(state)
            notification.send(Ending(sync.report, is_stopped=sync.is_stopped))
        if sync.is_stopped:
            die_of_sigterm()

    def _sync(
        self, raw: Mapping[str, Any], streams: tuple[ConfiguredStream, ...], lines: Lines, messages: MessageWriter
    ) -> Sync | ForgettingRun:
        request = self._request(raw, streams, lines, messages)
        if forgets_everywhere(request.config):
            # Imports DuckDB and NumPy, which other syncs don't need.
            from destination_pinterest.forgetting_sync import ForgettingRun  # noqa: PLC0415

            return ForgettingRun(request, self._system)
        return Sync(assemble(request, self._system))

    def _request(
        self, raw: Mapping[str, Any], streams: tuple[ConfiguredStream, ...], lines: Lines, messages: MessageWriter
    ) -> SyncRequest:
        config = _known_config(raw, messages)
        return SyncRequest(config, self._platform_config(raw, messages), streams, lines, messages, self._open_wire)

    def _platform_config(self, raw: Mapping[str, Any], messages: MessageWriter) -> PlatformConfig:
        content = migrate(raw)
        sink = _SecretConfigSink(messages, content, self._secrets)
        return PlatformConfig(
            content,
            sink,
            read_again=lambda: None if self._config_path is None else sink.read_again(self._config_path),
            is_tried_again=os.environ.get(ATTEMPT_VARIABLE) == _FIRST_ATTEMPT,
            lock_path=Path(os.environ[LOCK_PATH_VARIABLE]) if os.environ.get(LOCK_PATH_VARIABLE) else None,
        )

    def _messages(self) -> MessageWriter:
        return MessageWriter(sys.stdout.buffer, now=self._system.now, scrub=self._secrets.scrub)


@contextmanager
def _told_of(notification: Notification, sync: Sync | ForgettingRun | None = None) -> Iterator[None]:
    """Whatever ends a sync, whoever is to be notified is."""
    try:
        yield
    except Exception as error:
        failure = error if isinstance(error, ConnectorError) else _crashed(error)
        report, is_stopped = (None, False) if sync is None else (sync.report, sync.is_stopped)
        notification.send(Ending(report, failure, is_stopped=is_stopped))
        raise


def _crashed(error: Exception) -> ConnectorError:
    return InternalError(
        Code.CRASHED,
        f"The connector failed with a fault of its own ({type(error).__name__}). Run the sync again, since returned "
        "states are safe; if it fails again, report the stack trace to its maintainers.",
    )


class _Renewals:
    """Hands over a sign-in that is being renewed before SIGTERM ends a command."""

    def __init__(self) -> None:
        self.sign_in: RefreshingToken | None = None

    def stop(self) -> bool:
        """Returns False: what a person waits for does not end sooner by itself."""
        return False

    def give_back(self) -> None:
        """Waits for the renewal."""
        if self.sign_in is not None:
            self.sign_in.wait_for_renewal(RENEWAL_WAIT_S)


class _SecretConfigSink:
    """Sends a changed config to the platform, once its secrets are among those to scrub."""

    def __init__(self, messages: MessageWriter, config: Mapping[str, Any], secrets: Secrets) -> None:
        self._messages = messages
        self._secrets = secrets
        secrets.add(secrets_in(config))

    def log(self, level: str, text: str) -> None:
        """See `ConfigSink.log`."""
        self._messages.log(level, text)

    def control(self, config: Mapping[str, Any]) -> None:
        """See `ConfigSink.control`. The replaced secrets may still be in use, so they are still scrubbed."""
        self._scrub(config)
        self._messages.control(config)

    def read_again(self, path: Path) -> Mapping[str, Any] | None:
        """Reads the config's file, which may have changed; None if it can't be read."""
        try:
            config = _read_config_file(path)
        except InvalidConfigError:
            return None
        self._scrub(config)
        return config

    def _scrub(self, config: Mapping[str, Any]) -> None:
        self._secrets.add(secrets_in(migrate(config)))


def _known_config(raw: Mapping[str, Any], messages: MessageWriter) -> Config:
    config = read_config(raw)
    unknown = unknown_keys(config)
    if unknown:
        messages.log("WARN", f"Unknown settings are ignored: {', '.join(unknown)}.")
    learned = with_facts(config)
    for level, text in learned.said:
        messages.log(level, text)
    return learned.config


def _read_config_file(path: Path) -> dict[str, Any]:
    try:
        return decode_object(read_bytes(path, SMALL_BYTES))
    except OSError as error:
        raise InvalidConfigError(
            Code.CONFIG_FILE_UNUSABLE,
            f"The config file {path} can't be read: {error.strerror}. Correct the path or the file's permissions.",
        ) from None
    except UnreadableDocumentError as error:
        raise InvalidConfigError(
            Code.CONFIG_FILE_UNUSABLE,
            f"The config file {path} does not hold a JSON object. Correct its content: it {error}.",
        ) from None


def _secrets_of(request: Mapping[str, Any]) -> list[str]:
    """The secrets in a request of the command `store`."""
    keys = [request.get(name) for name in ("old_key", "new_key")]
    target = {"membership_store": request.get("target") or {}}
    return [key for key in keys if isinstance(key, str) and key] + secrets_in(target)


def _log_to(messages: MessageWriter) -> None:
    """Turns Python's logging into messages, and removes the CDK's own handlers, which would print otherwise."""
    handler = LogHandler(messages)
    for name in ("", "airbyte"):
        logger = logging.getLogger(name)
        logger.handlers = [handler] if not name else []
        logger.setLevel(logging.INFO)
        logger.propagate = True
