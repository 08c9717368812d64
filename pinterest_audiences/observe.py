"""`pinterest-audiences observe`: reads the size and status of every audience into the history, as a daily cron job."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from pinterest_audiences.after_run import AfterRun
from pinterest_audiences.alerts.arguments import add_alert_arguments
from pinterest_audiences.alerts.reading import alert_settings
from pinterest_audiences.alerts.rules import SignIn
from pinterest_audiences.asked_listing import asked_listing
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.failures import EXIT_DONE, Failure, UsageError, exit_code_of
from pinterest_audiences.history.records import Observation, match_share_of
from pinterest_audiences.history.store import History
from pinterest_audiences.history.view import as_json
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.kept_accounts import listed_settings, with_kept_accounts
from pinterest_audiences.printing import Printer
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.report_view import Line, estimated_size
from pinterest_audiences.sign_in.arguments import add_sign_in_arguments, opened_config
from pinterest_audiences.sign_in.profiles import list_profiles, read_profile
from pinterest_audiences.sync_record import sign_ins_of


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "observe",
        help="read sizes and statuses of all audiences into the history",
        description="Read the size and status of every audience into the history, and alert if one has become too "
        "small. It takes a few requests for each ad account, and changes nothing: run it once a day.",
    )
    add_sign_in_arguments(parser)
    parser.add_argument("--all-profiles", action="store_true", help="read the ad accounts of all profiles")
    add_alert_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    alerts = alert_settings(arguments.alerts, os.environ)
    display, interruption = QuietDisplay(sys.stderr), Interruption()
    with interruption.listening():
        seen = [each for name in _profiles(arguments) for each in _observed(arguments.config, name, interruption)]
    found = {(each.ad_account_id, each.audience_id): each for one in seen for each in one.observations}
    observations = list(found.values())
    failed = {one.sign_in: one.failure for one in seen if one.failure is not None}
    _print(Printer(sys.stdout, as_json=arguments.json), observations, list(failed.values()))
    sign_ins = dict.fromkeys(each for one in seen for each in one.sign_ins)
    AfterRun.of(os.environ, lambda _: alerts, display.log).observed(observations, sign_ins, failed)
    return max((one.exit_code for one in seen), default=EXIT_DONE)


def observed_in(listing: Mapping[str, Any], now: datetime) -> Iterator[Observation]:
    """Yields what a listing says of the audiences of its ad accounts."""
    for account in (listing, *listing.get("further_ad_accounts", ())):
        for each in account["audiences"]:
            yield Observation(
                str(account["ad_account_id"]),
                each["audience_id"],
                each["name"] or each["audience_id"],
                now,
                each["audience_size"],
                each["audience_status"],
                "observe",
                match_share_of(each),
            )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen with one sign-in, or why nothing was."""

    sign_in: str
    exit_code: int
    observations: Sequence[Observation] = ()
    failure: Failure | None = None
    sign_ins: Sequence[SignIn] = ()


def _profiles(arguments: argparse.Namespace) -> Sequence[str | None]:
    """Returns the profiles to read by; None is the one that is meant where none is named. Raises: UsageError."""
    if not arguments.all_profiles:
        return (arguments.profile,)
    if arguments.profile is not None:
        raise UsageError(Code.USAGE_WRONG, "--all-profiles and --profile contradict each other. Use one of them.")
    names = [profile.name for profile in list_profiles(os.environ)]
    if not names:
        raise UsageError(
            Code.PROFILE_UNKNOWN, "There are no profiles yet. Sign in by `pinterest-audiences login`, or use --config."
        )
    return names


def _observed(path: str | None, profile: str | None, interruption: Interruption) -> Iterator[_Seen]:
    """Asks with one sign-in. What goes wrong with it must not keep the others from being asked."""
    label = profile or path or "the environment's"
    try:
        config = opened_config(path, profile, os.environ)
        label = label if config.sign_in_path is None else config.sign_in_path.stem
        for settings in _settings(config):
            yield _listed(config, label, settings, interruption)
    except ConnectorError as error:
        yield _Seen(label, exit_code_of(error), failure=Failure.of(error))


def _settings(config: ConfigFile) -> Iterator[Mapping[str, Any]]:
    """Yields with which settings to ask: as they are, then for each ad account that runs with the profile have kept."""
    if config.profile is None or config.path is None or config.path != config.sign_in_path:
        yield {}
        return
    own = [read_profile(config.path)]
    yield from map(listed_settings, with_kept_accounts(own, History.of(os.environ), datetime.now(UTC)))


def _listed(config: ConfigFile, label: str, settings: Mapping[str, Any], interruption: Interruption) -> _Seen:
    if interruption.is_requested:
        failure = Failure.because(Code.STOPPED_BY_USER, "Stopped before everything was read.")
        return _Seen(label, interruption.exit_code, failure=failure)
    asked = asked_listing(config, QuietDisplay(sys.stderr), interruption, settings=settings)
    found = () if asked.content is None else tuple(observed_in(asked.content, datetime.now(UTC)))
    return _Seen(label, asked.exit_code, found, asked.failure, sign_ins_of(config.sign_in_path))


def _print(printer: Printer, observations: Sequence[Observation], failures: Sequence[Failure]) -> None:
    for failure in failures:
        sys.stderr.write(f"pinterest-audiences: {failure.text}\n")
    has_several = len({each.ad_account_id for each in observations}) > 1
    lines: list[Line] = [
        (f"{each.audience} ({each.ad_account_id})" if has_several else each.audience, _text(each))
        for each in observations
    ]
    ended = failures[0].as_json() if failures else {}
    content = {**as_json((), observations), **ended}
    if printer.as_json or observations:
        printer.counts(f"Audiences: {len(observations):,}", lines, content)
    elif not failures:
        sys.stdout.write("There are no audiences made from customer lists yet.\n")


def _text(observation: Observation) -> str:
    share = None if observation.match_share is None else {"share": observation.match_share}
    return f"{observation.status or 'status unknown'}, {estimated_size(observation.size, share)}"
