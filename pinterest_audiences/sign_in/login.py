"""`pinterest-audiences login`: signs in with Pinterest in a browser, and writes a profile."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from destination_pinterest.config.api_address import PINTEREST_API
from destination_pinterest.error_codes import Code
from destination_pinterest.foreign_text import shown
from pinterest_audiences.config_file import read_settings
from pinterest_audiences.environment import API_BASE_URL
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, Failure, UsageError
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.printing import Printer
from pinterest_audiences.sign_in.account_choice import NOT_ALLOWED, account_text, chosen_account
from pinterest_audiences.sign_in.app import DEFAULT_PORT, App, Redirected, port_here, redirect_uri_of
from pinterest_audiences.sign_in.arguments import add_profile_argument
from pinterest_audiences.sign_in.asking import Asking
from pinterest_audiences.sign_in.expiry import expiry_json, expiry_sentence
from pinterest_audiences.sign_in.keyring_store import (
    ABOUT,
    PLACEHOLDER,
    check_keyring,
    forget_secret,
    is_in_keyring,
    keep_secret,
    left_behind,
)
from pinterest_audiences.sign_in.profile_file import check_writable, write_account, write_sign_in
from pinterest_audiences.sign_in.profiles import (
    DEFAULT_NAME,
    PROFILE_VARIABLE,
    expiry_of,
    profile_path,
    read_about,
)
from pinterest_audiences.sign_in.secrets_asked import app_keys

_REDIRECT_URI: Final = "PINTEREST_REDIRECT_URI"
_OAUTH: Final = "oauth2.0"
# Where the connector's settings must have one, and there is none yet.
_NO_TOKEN: Final = "pinr_none_yet"  # noqa: S105
_NO_ACCOUNT: Final = "0"


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "login",
        help="sign in with Pinterest in a browser, and keep that as a profile",
        description="Sign in with Pinterest in a browser with an app of your own, choose an ad account, and keep both "
        "as a profile that every command can use. docs/sign-in.md says how to get an app.",
    )
    add_profile_argument(parser)
    add = parser.add_argument
    add("--client-id", metavar="ID", help="the app's ID (also PINTEREST_CLIENT_ID; otherwise you are asked)")
    add(
        "--client-secret-file",
        metavar="FILE",
        help="a file with the app's secret alone (also PINTEREST_CLIENT_SECRET; otherwise you are asked)",
    )
    add("--account", metavar="ID|NAME", help="the ad account to use (default: you are asked, if there are several)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--port",
        type=int,
        metavar="N",
        help=f"the port of the redirect URI http://localhost:N/ that the app has (default: {DEFAULT_PORT})",
    )
    where.add_argument(
        "--redirect-uri",
        metavar="URL",
        help="the redirect URI that is registered in the app, if it is another (also PINTEREST_REDIRECT_URI)",
    )
    add(
        "--no-browser",
        action="store_true",
        help="for a machine without a browser: open the printed address elsewhere, and paste the address to which that "
        "browser is sent back",
    )
    add(
        "--keyring",
        action="store_true",
        help="keep the app's secret in this machine's keyring, not in the profile's file (needs the extra keyring)",
    )
    add(
        "--api-base-url",
        metavar="URL",
        help="another API than Pinterest's, such as a sandbox's (also " + API_BASE_URL + ")",
    )
    add(
        "--timeout",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="how long to wait for the browser (default: 600)",
    )
    add("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    name = arguments.profile or os.environ.get(PROFILE_VARIABLE) or DEFAULT_NAME
    path = profile_path(name, os.environ)
    kept = read_settings(path) if path.exists() else {}
    check_writable(path, os.environ)
    if arguments.keyring:
        check_keyring(path)
    interruption = Interruption()
    with interruption.listening():
        return _Login(arguments, path, kept, _app_of(arguments, path, kept), interruption).run()


def _app_of(arguments: argparse.Namespace, path: Path, kept: Mapping[str, Any]) -> App:
    credentials = kept.get("credentials")
    client_id, client_secret = app_keys(
        arguments.client_id,
        arguments.client_secret_file,
        os.environ,
        credentials if isinstance(credentials, dict) else {},
    )
    uri = arguments.redirect_uri or (redirect_uri_of(arguments.port) if arguments.port is not None else None)
    uri = uri or os.environ.get(_REDIRECT_URI) or read_about(path).get("redirect_uri") or redirect_uri_of(DEFAULT_PORT)
    server = arguments.api_base_url or os.environ.get(API_BASE_URL) or kept.get("api_base_url") or PINTEREST_API
    return App(client_id, client_secret, str(server).rstrip("/"), str(uri))


class _Login:
    def __init__(
        self,
        arguments: argparse.Namespace,
        path: Path,
        kept: Mapping[str, Any],
        app: App,
        interruption: Interruption,
    ) -> None:
        self._arguments = arguments
        self._path = path
        self._kept = kept
        self._app = app
        self._interruption = interruption
        self._printer = Printer(sys.stdout, as_json=arguments.json)
        self._signed_in: Mapping[str, Any] | None = None

    def run(self) -> int:
        """Runs it. Returns the exit code. Raises: ConnectorError."""
        redirected = self._consent()
        if redirected is None:
            return self._failed(self._not_answered())
        if redirected.code is None:
            return self._failed(
                Failure.because(
                    Code.LOGIN_DENIED,
                    f"Pinterest gave no access ({shown(redirected.error or 'no reason')}). Sign in again, and allow "
                    "what is asked for.",
                )
            )
        return self._exchange(redirected.code)

    def _consent(self) -> Redirected | None:
        """Has a person let the app in. Returns what Pinterest answers; None if it does not."""
        state = secrets.token_urlsafe(32)
        address = self._app.consent_address(state)
        port = port_here(self._app.redirect_uri)
        if self._arguments.no_browser or port is None:
            return self._pasted(address, state)
        from pinterest_audiences.sign_in.listener import RedirectListener  # noqa: PLC0415 - loads a server

        with RedirectListener.listening(self._app.redirect_uri, port, state) as listener:
            opened = _open_browser(address)
            _say(f"{'The browser opens' if opened else 'Open'} this address; sign in there, and allow access:")
            _say(f"\n{address}\n")
            if not opened:
                _say("No browser could be opened here. If it is on another machine, add --no-browser.")
            return listener.wait(self._arguments.timeout, self._interruption)

    def _pasted(self, address: str, state: str) -> Redirected | None:
        _say(f"Open this address in any browser, sign in there, and allow access:\n\n{address}\n")
        _say(
            f"The browser is then sent to {self._app.redirect_uri}, where perhaps nothing answers. Copy its whole "
            "address, which holds the code, and paste it here."
        )
        while not self._interruption.is_requested:
            sys.stderr.write("Address: ")
            sys.stderr.flush()
            line = sys.stdin.readline() if sys.stdin is not None else ""
            if not line:
                return None
            redirected = Redirected.of(line)
            if (redirected.code or redirected.error) and secrets.compare_digest(
                (redirected.state or "").encode(), state.encode()
            ):
                return redirected
            _say("That is not the address to which this sign-in leads. Paste it whole, with code= and state=.")
        return None

    def _not_answered(self) -> Failure:
        if self._interruption.is_requested:
            return Failure.because(Code.STOPPED_BY_USER, "Stopped before anybody had signed in.")
        return Failure.because(
            Code.LOGIN_NOT_ANSWERED,
            "Nobody has signed in. Check that the redirect URI "
            f"{self._app.redirect_uri} is registered in the app, and run `pinterest-audiences login` again.",
        )

    def _exchange(self, code: str) -> int:
        asking = Asking(self._interruption, self._take)
        failure = asking.run(
            "sign-in",
            {
                "config": {
                    "credentials": {
                        "auth_method": _OAUTH,
                        "client_id": self._app.client_id,
                        "client_secret": self._app.client_secret,
                        "refresh_token": _NO_TOKEN,
                    },
                    "ad_account_id": _NO_ACCOUNT,
                    "api_base_url": self._app.api_base_url,
                },
                "request": {"code": code, "redirect_uri": self._app.redirect_uri},
            },
        )
        if failure is not None:
            if self._signed_in is not None:
                again = f"pinterest-audiences accounts --profile {self._path.stem}"
                failure = failure.followed_by(f"The sign-in itself is kept: run `{again}`.")
            return self._failed(failure)
        return self._choose(asking.answers.accounts or {})

    def _take(self, config: Mapping[str, Any]) -> None:
        """Keeps the sign-in at once: what follows may fail, and the code is good only once."""
        about: dict[str, Any] = {
            "redirect_uri": self._app.redirect_uri,
            "signed_in_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        credentials = dict(config["credentials"])
        if self._arguments.keyring:
            keep_secret(self._path, self._app.client_secret)
            credentials["client_secret"] = PLACEHOLDER
        about[ABOUT] = self._arguments.keyring
        settings = {"credentials": credentials, "api_base_url": self._app.api_base_url}
        had_secret_there = is_in_keyring(self._path)
        write_sign_in(self._path, settings, about, os.environ)
        self._signed_in = config
        if had_secret_there and not self._arguments.keyring:
            try:
                forget_secret(self._path)
            except UsageError as error:
                _say(left_behind(self._path, error))

    def _choose(self, found: Mapping[str, Any]) -> int:
        accounts = found.get("ad_accounts") or []
        before = self._kept.get("ad_account_id")
        account = chosen_account(accounts, self._arguments.account, before, self._path.stem)
        write_account(self._path, account, accounts)
        expires_at, now = expiry_of(self._signed_in or {}), datetime.now(UTC)
        content = {
            "schema_version": 1,
            "status": "succeeded",
            "ad_account_id": account["ad_account_id"],
            "ad_account_name": account["name"],
            "roles": account["roles"],
            "signed_in_as": found.get("signed_in_as"),
            "scopes": found.get("scopes"),
            "path": str(self._path),
            "sign_in": expiry_json(self._path.stem, expires_at, now),
            "ad_accounts": accounts,
        }
        who = f" as {found['signed_in_as']}" if found.get("signed_in_as") else ""
        roles = f", in the role {', '.join(account['roles'])}" if account["roles"] else ""
        others = (
            f" It also reaches {len(accounts) - 1:,} more; see `pinterest-audiences accounts`." if accounts[1:] else ""
        )
        self._printer.sentence(
            f"Signed in{who} for the ad account {account_text(account)}{roles}.{others} The profile is "
            f"{self._path.stem}, in {self._path}. {expiry_sentence(expires_at, now)}",
            content,
        )
        if not account["may_change_audiences"]:
            _say(NOT_ALLOWED)
        return EXIT_DONE

    def _failed(self, failure: Failure) -> int:
        self._printer.failure(failure)
        if self._interruption.is_requested:
            return self._interruption.exit_code
        return EXIT_USAGE if failure.kind == "config_error" else EXIT_FAILED


def _open_browser(address: str) -> bool:
    with suppress(webbrowser.Error, OSError):
        return webbrowser.open(address)
    return False


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
