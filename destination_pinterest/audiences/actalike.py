"""Actalike audiences of a synced one, its seed: one for each country and percentage of the settings.

They are declared, not commanded: what is there is found again, what is missing is created once Pinterest calls the seed
READY, by a later sync if need be. One is recognised by its rule, or where a listing leaves that out by a mark in its
description, such as `[dp-actalike1:3001,US,5]`: seed, country, percentage. So it may be renamed, and one that a person
made serves as well. None is ever removed, since campaigns may use it: those that the settings no longer ask for are
named.

Source: Pinterest OpenAPI 5.23.0, audiences/create and AudienceRule; `percentage` as an integer by the models of 5.28.0
(read 2026-11-26). Doubt: whether a seed must be READY is not documented; partners wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.audiences.typed import MOST_ASKED
from destination_pinterest.errors import AmbiguousCreationError, ConnectorError, InvalidRequestError, NotFoundError

ACTALIKE: Final = "ACTALIKE"
_READY: Final = "READY"
_MARK: Final = re.compile(r"\[dp-actalike1:(?P<seed>[0-9]{1,18}),(?P<country>[A-Z]{2}),(?P<percentage>[0-9]{1,2})\]")

Outcome = Literal["found", "made", "waiting", "failed", "foreseen"]


class Likeness(msgspec.Struct, frozen=True, order=True):
    """Which people of a country are in an actalike audience: so many per cent, the most alike."""

    country: str
    percentage: int

    def __str__(self) -> str:
        return f"{self.country} {self.percentage} %"


class Actalike(msgspec.Struct, frozen=True):
    """What became of one actalike audience; `foreseen` is what a dry run says of one that is missing."""

    likeness: Likeness
    outcome: Outcome
    audience_id: str | None = None


class ActalikeFindings(msgspec.Struct, frozen=True):
    """What there is of a seed's actalike audiences."""

    wanted: dict[Likeness, Audience]
    unwanted: dict[Likeness, Audience]
    hidden: list[Audience]


class ActalikeAudiences:
    """Keeps the actalike audiences of synced ones.

    Args:
        pinterest: the client.
        wanted: those that the settings ask for.
    """

    def __init__(self, pinterest: PinterestClient, wanted: Sequence[Likeness]) -> None:
        self._pinterest = pinterest
        self._wanted = list(dict.fromkeys(wanted))

    def settle(self, target: AudienceTarget, listed: Iterable[Audience]) -> tuple[list[Actalike], list[str]]:
        """Creates what is missing, if the seed is ready; returns what became of each, and notes.

        Args:
            target: the seed.
            listed: the ad account's audiences as they were listed when the sync began.
        """
        if target.audience_id is None:
            return [Actalike(likeness, "waiting") for likeness in self._wanted], []
        found = self._find(target.audience_id, listed)
        notes = _unwanted_notes(found)
        if all(likeness in found.wanted for likeness in self._wanted):
            return self._outcomes(found, {}), notes
        try:
            if self._pinterest.audience(target.audience_id).status != _READY:
                return self._outcomes(found, dict.fromkeys(self._wanted, "waiting")), notes
            # Another sync may have made it since; an account has room for thousands.
            found = self._revealed(self._find(target.audience_id, self._pinterest.audiences()), target.audience_id)
        except ConnectorError as error:
            notes.append(f"Whether its actalike audiences can be created could not be read: {error}")
            return self._outcomes(found, dict.fromkeys(self._wanted, "failed")), notes
        made, failures = self._make_missing(target.name, target.audience_id, found)
        return made, [*notes, *failures]

    def foresee(self, target: AudienceTarget, listed: Iterable[Audience]) -> list[Actalike]:
        """Returns what a sync would do, as far as the listing tells."""
        if target.audience_id is None:
            return [Actalike(likeness, "foreseen") for likeness in self._wanted]
        return self._outcomes(self._find(target.audience_id, listed), dict.fromkeys(self._wanted, "foreseen"))

    def _find(self, seed_id: str, listed: Iterable[Audience]) -> ActalikeFindings:
        findings = ActalikeFindings({}, {}, [])
        for audience in listed:
            if audience.audience_type not in {ACTALIKE, None}:
                continue
            self._sort_in(findings, seed_id, audience)
        return findings

    def _sort_in(self, findings: ActalikeFindings, seed_id: str, audience: Audience) -> None:
        marked = _MARK.search(audience.description or "")
        rule = audience.actalike
        if rule is not None:
            seeds, likeness = rule.seed_ids, Likeness(rule.country, rule.percentage)
        elif marked is not None:
            seeds, likeness = frozenset({marked["seed"]}), Likeness(marked["country"], int(marked["percentage"]))
        else:
            if audience.audience_type == ACTALIKE:
                findings.hidden.append(audience)
            return
        if seeds != {seed_id}:
            return
        if likeness in self._wanted:
            findings.wanted.setdefault(likeness, audience)
        elif marked is not None:  # Another one is a person's own.
            findings.unwanted[likeness] = audience

    def _revealed(self, found: ActalikeFindings, seed_id: str) -> ActalikeFindings:
        """Asks for those of which the listing says neither rule nor mark, as far as anything is missing."""
        for audience in found.hidden[:MOST_ASKED]:
            if all(likeness in found.wanted for likeness in self._wanted):
                break
            try:
                self._sort_in(found, seed_id, self._pinterest.audience(audience.id))
            except NotFoundError:
                continue  # It was removed since.
        return found

    def _make_missing(self, name: str, seed_id: str, found: ActalikeFindings) -> tuple[list[Actalike], list[str]]:
        outcomes: dict[Likeness, Outcome] = {}
        notes = []
        for likeness in self._wanted:
            if likeness in found.wanted:
                continue
            try:
                found.wanted[likeness] = self._create(name, seed_id, likeness)
                outcomes[likeness] = "made"
            except ConnectorError as error:
                outcomes[likeness] = "failed"
                notes.append(_failure_note(likeness, error))
                if not isinstance(error, InvalidRequestError):
                    break  # The next one would meet the same.
        failed: dict[Likeness, Outcome] = dict.fromkeys(self._wanted, "failed")
        return self._outcomes(found, failed | outcomes), notes

    def _create(self, name: str, seed_id: str, likeness: Likeness) -> Audience:
        mark = f"[dp-actalike1:{seed_id},{likeness.country},{likeness.percentage}]"
        return self._pinterest.create_actalike(
            f"{name} (actalike {likeness})",
            seed_id,
            country=likeness.country,
            percentage=likeness.percentage,
            description=f'{likeness.country}: people who are like those in "{name}". {mark}',
        )

    def _outcomes(self, found: ActalikeFindings, of_others: dict[Likeness, Outcome]) -> list[Actalike]:
        """Returns what became of each: those that exist were found, unless something else is said."""
        outcomes = []
        for likeness in self._wanted:
            audience = found.wanted.get(likeness)
            said = of_others.get(likeness, "found")
            if audience is None:
                outcomes.append(Actalike(likeness, said))
            else:
                outcomes.append(Actalike(likeness, "made" if said == "made" else "found", audience.id))
        return outcomes


def _failure_note(likeness: Likeness, error: ConnectorError) -> str:
    if isinstance(error, AmbiguousCreationError):
        return f"Whether the actalike audience {likeness} was created is not known, so the next sync looks: {error}"
    return f"Everything was synced, but the actalike audience {likeness} could not be created: {error}"


def _unwanted_notes(found: ActalikeFindings) -> list[str]:
    if not found.unwanted:
        return []
    named = ", ".join(f'"{one.name}" ({one.id})' for _, one in sorted(found.unwanted.items()))
    note = (
        f"Actalike audiences that the settings no longer ask for stay, since campaigns may use them: {named}. Remove "
        "what you don't need in Pinterest Ads Manager."
    )
    return [note]
