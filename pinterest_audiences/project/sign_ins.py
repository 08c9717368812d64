"""The sign-ins of a project's audiences, and when they end if nobody uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir
from pathlib import Path

from destination_pinterest.errors import ConnectorError
from pinterest_audiences.alerts.rules import SignIn
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.failures import Failure
from pinterest_audiences.project.project import Audience, read_project
from pinterest_audiences.sign_in.profiles import expiry_of


def sign_ins(audiences: Sequence[Audience], environment: Mapping[str, str]) -> Sequence[SignIn]:
    """Returns each sign-in once. One that can't be read is left out: its audiences say so."""
    return tuple(dict.fromkeys(_found(audiences, environment)))


def _found(audiences: Sequence[Audience], environment: Mapping[str, str]) -> Iterator[SignIn]:
    for audience in audiences:
        try:
            config = audience.config_file(environment)
        except ConnectorError:
            continue
        path = config.sign_in_path
        yield SignIn("environment" if path is None else path.stem, expiry_of(config.content))


def configs_of_file(path: Path, environment: Mapping[str, str]) -> Iterator[ConfigFile | Failure]:
    """Yields the settings by which a project file signs in, each sign-in and ad account once, or why there are none."""
    seen = set()
    try:
        with chdir(path.parent):
            for audience in read_project(path, environment).audiences:
                try:
                    config = audience.config_file(environment)
                except ConnectorError as error:
                    found: ConfigFile | Failure = Failure.of(error)
                    key: object = found
                else:
                    found, key = config, config.sign_in_path or (config.path, "environment")
                if key not in seen:
                    seen.add(key)
                    yield found
    except ConnectorError as error:
        yield Failure.of(error)
