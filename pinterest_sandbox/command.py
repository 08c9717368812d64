"""Starts the sandbox with what was typed behind `pinterest-sandbox`."""

from __future__ import annotations

import argparse
import random
import sys
import time
from typing import get_args

import msgspec

from pinterest_sandbox.default_world import ACCESS_TOKEN, AD_ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from pinterest_sandbox.other_sites import OtherSites
from pinterest_sandbox.pauses import Pauses
from pinterest_sandbox.profiles import PROFILES, Profile
from pinterest_sandbox.sandbox import Sandbox
from pinterest_sandbox.server import ServerError, bind, serve
from pinterest_sandbox.settings import Settings, Tier
from pinterest_sandbox.storage import Memory, Sqlite, StorageError

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def run(argv: list[str] | None = None) -> int:
    """Run the sandbox until it is told to stop.

    Returns:
        The exit status: 0 after SIGTERM or SIGINT, 1 if it could not start (the reason is on stderr).
    """
    options = _parser().parse_args(argv)
    pauses = Pauses()
    try:
        profile = _profile(options)
        store = Sqlite(options.db) if options.db else Memory()
        sandbox = _sandbox(profile, store, pauses, with_control=options.control)
        listener = bind(options.host, options.port)
    except (ServerError, StorageError, msgspec.ValidationError) as error:
        print(f"pinterest-sandbox: {error}", file=sys.stderr)  # noqa: T201
        return 1
    tier, port = profile.settings.tier, listener.getsockname()[1]
    guarded = OtherSites(sandbox, only_this_machine=options.host in _LOOPBACK)
    serve(guarded, listener, lambda: _say_where(options, tier, port), pauses.end)
    if isinstance(store, Sqlite):
        store.close()
    return 0


def _sandbox(profile: Profile, store: Memory | Sqlite, pauses: Pauses, *, with_control: bool) -> Sandbox:
    return Sandbox(
        profile.settings,
        store,
        with_control=with_control,
        clock=time.time,
        sleep=pauses.sleep,
        chance=random.Random(),  # noqa: S311 - numbers requests
        plans=profile.plans,
    )


def _parser() -> argparse.ArgumentParser:
    # None where an option is left out: the profile decides.
    defaults = Settings()
    parser = argparse.ArgumentParser(
        prog="pinterest-sandbox",
        description="Pinterest's API v5 (tokens, ad accounts, customer lists, audiences) on your own machine.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s, this machine only)")
    add("--port", type=int, default=8700, help="port to listen on; 0 takes any free one (default: %(default)s)")
    add(
        "--profile",
        choices=PROFILES,
        default="default",
        help="what to answer where Pinterest documents nothing: our guess, or the worst (default: %(default)s)",
    )
    add("--tier", choices=get_args(Tier), help=f"whose rate limits apply (default: {defaults.tier})")
    add("--db", metavar="FILE", help="keep everything in this SQLite file (default: in memory)")
    add("--control", action="store_true", help="open the control side under /_sandbox")
    add("--matching-delay-s", type=float, help=f"seconds (default: {defaults.matching_delay_s})")
    add("--match-rate", type=float, help=f"share from 0 to 1 (default: {defaults.match_rate})")
    add("--latency-ms", type=float, help=f"added to each request (default: {defaults.latency_ms})")
    add(
        "--rotate-refresh-tokens",
        action=argparse.BooleanOptionalAction,
        help="a refresh gives a new refresh token and ends the old one (default: it does)",
    )
    add(
        "--keep-bodies",
        action="store_true",
        default=None,
        help="keep the bodies of the requests seen, for the control side",
    )
    add("--quiet", action="store_true", help="print nothing but the line that says where it listens")
    return parser


def _profile(options: argparse.Namespace) -> Profile:
    """The profile that is asked for, with the settings that other options overrule, held to their bounds.

    Raises:
        msgspec.ValidationError: one is out of bounds.
    """
    profile = PROFILES[options.profile]
    settings = msgspec.structs.asdict(profile.settings)
    overruled = {name: value for name in settings if (value := getattr(options, name, None)) is not None}
    return Profile(msgspec.convert(settings | overruled, Settings), profile.plans)


def _say_where(options: argparse.Namespace, tier: Tier, port: int) -> None:
    here = f"http://{options.host}:{port}"
    print(  # noqa: T201
        f"pinterest-sandbox listening on {here}/v5 (ad account {AD_ACCOUNT_ID}, access token {ACCESS_TOKEN})",
        flush=True,
    )
    if options.quiet:
        return
    profile = f"profile {options.profile}; " if options.profile != "default" else ""
    kept = f"kept in {options.db}" if options.db else "kept in memory"
    print(  # noqa: T201
        f"app {CLIENT_ID}, secret {CLIENT_SECRET}, refresh token {REFRESH_TOKEN}; consent page {here}/oauth/\n"
        f"{profile}tier {tier}; {kept}; control side {f'under {here}/_sandbox' if options.control else 'closed'}; "
        "Ctrl-C stops it",
        flush=True,
    )
    if options.host not in _LOOPBACK:
        print("pinterest-sandbox: other machines can reach this, and its tokens are known to all", file=sys.stderr)  # noqa: T201
