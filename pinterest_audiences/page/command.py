"""`pinterest-audiences ui`: shows a page with audiences and runs in the browser, on this machine alone."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from destination_pinterest.config.api_address import PINTEREST_API
from destination_pinterest.errors import ConnectorError
from pinterest_audiences.alerts.durations import read_duration
from pinterest_audiences.asked_listing import asked_listing
from pinterest_audiences.environment import API_BASE_URL
from pinterest_audiences.failures import EXIT_DONE, Failure, missing_extra
from pinterest_audiences.history.store import History
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.kept_accounts import listed_settings
from pinterest_audiences.page.listings import AskedListings, Listed, NoListings
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.sign_in.arguments import opened_config
from pinterest_audiences.sign_in.profiles import Profile, list_profiles

_PORT: Final = 8701
_REFRESH: Final = timedelta(minutes=10)
_STOPPING_S: Final = 10.0


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "ui",
        help="show audiences and runs as a page in the browser",
        description="Show the audiences of all profiles, their sizes over time, the last runs and what is running, as "
        "a page that only this machine can open, and only by the address that is printed. It changes nothing.",
    )
    add = parser.add_argument
    add("--port", type=_port, default=_PORT, metavar="N", help="port; 0 takes any free one (default: %(default)s)")
    add("--no-browser", action="store_true", help="only print the address")
    add(
        "--refresh",
        type=read_duration,
        default=_REFRESH,
        metavar="DURATION",
        help="how old what Pinterest said may become while somebody looks, such as 5m (default: 10m)",
    )
    add("--offline", action="store_true", help="ask Pinterest nothing; show what the history knows")
    parser.set_defaults(run=run, json=False)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    try:
        from pinterest_audiences.page.server import LOOPBACK, PageServer, application, bound  # noqa: PLC0415
        from pinterest_audiences.page.source import PageSource  # noqa: PLC0415 - no other command needs a web server
        from pinterest_page.protection import new_token  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    interruption, token, ticket = Interruption(), new_token(), new_token()
    asked = AskedListings(partial(_asked, interruption), arguments.refresh.total_seconds(), _now)
    source = PageSource(
        partial(list_profiles, os.environ),
        History.of(os.environ),
        NoListings() if arguments.offline else asked,
        _now,
    )
    listener = bound(arguments.port)
    here = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    show = None if arguments.no_browser else partial(webbrowser.open, f"{here}/{ticket}/")
    app = application(source, token, None if show is None else ticket)
    PageServer(app, partial(_said, f"{here}/{token}/", show)).run([listener])
    interruption.request(signal.SIGINT)
    asked.wait(_STOPPING_S)
    return EXIT_DONE


def _said(address: str, show: Callable[[], Any] | None) -> None:
    sys.stdout.write(
        f"The page is at {address}\nIt is for this machine alone, and needs its whole address. Ctrl-C ends it.\n"
    )
    sys.stdout.flush()
    if show is not None:
        show()


def _asked(interruption: Interruption, profile: Profile) -> Listed:
    """Returns what Pinterest lists of a profile's ad account, or why nothing."""
    begun = _now()
    try:
        config = opened_config(None, profile.name, os.environ)
        asked = asked_listing(config, QuietDisplay(sys.stderr), interruption, settings=listed_settings(profile))
    except ConnectorError as error:
        return Listed(begun, failure=Failure.of(error))
    server = config.content.get("api_base_url") or os.environ.get(API_BASE_URL) or PINTEREST_API
    return Listed(
        begun,
        asked.content,
        asked.failure,
        None if asked.content is None else begun,
        is_pinterest=str(server).rstrip("/") == PINTEREST_API.rstrip("/"),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 0 to 65535")
    return int(text)
