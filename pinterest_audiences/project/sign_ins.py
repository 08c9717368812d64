"""The sign-ins of a project's audiences, and when they end if nobody uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from destination_pinterest.errors import ConnectorError
from pinterest_audiences.alerts.rules import SignIn
from pinterest_audiences.project.project import Audience
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
