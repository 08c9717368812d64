"""Asks Pinterest for the audiences of the ad accounts of a config, through the connector's process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers, Watcher
from pinterest_audiences.connector_process import OWN_CONNECTOR, ConnectorProcess
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, Failure, ended_silently
from pinterest_audiences.interruption import Interruption


@dataclass(frozen=True, slots=True)
class AskedListing:
    """What Pinterest listed, or why it is not known, and the exit code of a command that is for nothing else."""

    content: Mapping[str, Any] | None
    failure: Failure | None
    exit_code: int


def asked_listing(
    config: ConfigFile,
    watcher: Watcher,
    interruption: Interruption,
    *,
    settings: Mapping[str, Any] | None = None,
    variables: Mapping[str, str] | None = None,
) -> AskedListing:
    """Asks, and keeps a sign-in that is renewed.

    `settings` take the place of the config's, `variables` are added to the connector's environment.
    Raises: ConnectorError if the connector can't be started.
    """
    for warning in config.warnings:
        watcher.log("WARN", warning)
    answers = ConnectorAnswers(watcher, lambda _: None, config.keep_credentials)
    with ConnectorProcess.running(
        OWN_CONNECTOR,
        "audiences",
        files={"config": config.overlaid(**(settings or {}))},
        answers=answers,
        watcher=watcher,
        interruption=interruption,
        variables={**config.variables, **(variables or {})},
    ) as connector:
        exit_code = connector.wait()
    failure = _failure(answers, interruption, exit_code)
    if failure is None:
        return AskedListing(answers.listing, None, EXIT_DONE)
    return AskedListing(None, failure, interruption.exit_code if interruption.is_requested else EXIT_FAILED)


def _failure(answers: ConnectorAnswers, interruption: Interruption, exit_code: int) -> Failure | None:
    if interruption.is_requested:
        return Failure.because(Code.STOPPED_BY_USER, "Stopped before everything was read.")
    if answers.failure is not None:
        return answers.failure
    if exit_code != 0 or answers.listing is None:
        return ended_silently(exit_code)
    return None
