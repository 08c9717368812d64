"""The command `create`: creates audiences before there is any row for them, so that campaigns can be set up.

Each gets a customer list with one identifier that is nobody's, since Pinterest has no empty lists. A sync into the
audience's name goes on with it. What is there already stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.description_text import filled
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import Config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import AudienceTooEarlyError, InvalidConfigError
from destination_pinterest.foreign_text import shown
from destination_pinterest.markers import CREATION_PREFIX
from destination_pinterest.session import PinterestSession
from destination_pinterest.system import System
from destination_pinterest.vocabulary import Identifier

SCHEMA_VERSION: Final = 1


class CreatedAudience(msgspec.Struct, frozen=True):
    """An audience: whether it was there, or was created now, and what is to be said of that."""

    audience: str
    audience_id: str
    customer_list_id: str | None
    outcome: Literal["found", "created"]
    notes: list[str]
    ad_account_id: str


class Creation(msgspec.Struct, frozen=True):
    """What was created, in the ad account of the settings and in the further ones. Keys are only ever added."""

    ad_account_id: str
    audiences: list[CreatedAudience]
    status: Literal["succeeded"] = "succeeded"
    schema_version: int = SCHEMA_VERSION

    def as_line(self) -> str:
        """Returns it as one line for a program."""
        return CREATION_PREFIX + msgspec.json.encode(self).decode()


class AudienceCreation:
    """Creates audiences by name.

    Args:
        config: the settings.
        session: the session made from them.
        system: clock and sleep.
    """

    def __init__(self, config: Config, session: PinterestSession, system: System) -> None:
        self._config = config
        self._session = session
        self._system = system
        self._text = filled(config.description, ())

    def run(self, names: Sequence[str]) -> Creation:
        """Creates what is missing, in every ad account of the settings.

        Raises:
            AudienceTooEarlyError: the customer list exists, and Pinterest makes no audience of it yet.
            ConnectorError: what else is wrong; what was created before is there.
        """
        clients = self._session.clients
        created = [audience for client in clients.values() for audience in self._create_in(client, names)]
        return Creation(self._session.client.ad_account_id, created)

    def _create_in(self, client: PinterestClient, names: Sequence[str]) -> Iterator[CreatedAudience]:
        config, session = self._config, self._session
        lookup = AudienceLookup(
            client, now=self._system.now, installation=config.installation_name, if_gone=config.if_audience_is_gone
        )
        creator = AudienceCreator(
            client,
            lookup,
            delay_s=session.lost_answer_delay_s,
            system=self._system.with_sleep(session.pause.sleep),
            installation=config.installation_name,
            notes_waiting=config.if_audience_is_gone != "recreate",
        )
        targets = [self._target(client.ad_account_id, name) for name in names]
        for update in lookup.find(targets):
            yield self._create(creator, update.target, update.notes)

    def _target(self, account: str, name: str) -> AudienceTarget:
        return AudienceTarget(
            name,
            frozenset({Identifier.EMAIL}),
            ad_account_id=account,
            names_account=len(self._session.clients) > 1,
            text=self._text,
        )

    def _create(self, creator: AudienceCreator, target: AudienceTarget, notes: Sequence[str]) -> CreatedAudience:
        update = creator.begin(target)
        after = update.target
        if after.audience_id is None:
            raise AudienceTooEarlyError(
                Code.AUDIENCE_NOT_BEGUN,
                f"The customer list of {target.title} is there ({after.list_id}), but Pinterest does not make an "
                "audience of it yet, which may need 100 matched people. The first sync goes on with the list and "
                "creates the audience as soon as Pinterest does so.",
            )
        outcome: Literal["found", "created"] = "created" if target.audience_id is None else "found"
        said = [shown(note) for note in (*notes, *update.notes)]
        return CreatedAudience(after.name, after.audience_id, after.list_id, outcome, said, target.ad_account_id)


def read_names(request: Mapping[str, Any]) -> list[str]:
    """Returns the names in a request of the command.

    Raises:
        InvalidConfigError: there are none.
    """
    names = request.get("names")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise InvalidConfigError(Code.COMMAND_WRONG, "The request names no audience. Give it a list of names.")
    return list(dict.fromkeys(names))
