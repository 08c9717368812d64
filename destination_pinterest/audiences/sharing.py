"""Shares audiences with the ad accounts and businesses of the settings, and takes back what it shared itself.

Whom the connector has shared an audience with stands in the audience's description, in a mark of its own behind the
text, such as `[dp-shared1:a549755885176,b729090764583391195]`: ad accounts and businesses. It is written before
anything is shared, so that an interruption leaves nothing shared that nobody knows of. A recipient that was there
before is somebody else's, and is never revoked. Without the mark, nothing is.

Source: Pinterest OpenAPI 5.23.0, tag audience_sharing (read 2026-11-26): within one hierarchy, by an ad account that
owns the audience, with the scope ads:write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from destination_pinterest.api.client import AccountType, PinterestClient, Sharing
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.errors import ConfigurationError, ConnectorError, MissingScopeError

_MARK: Final = re.compile(r" ?\[dp-shared1:(?P<recipients>[ab0-9,]{0,600})\]")
_RECIPIENT: Final = re.compile(r"(?P<kind>[ab])(?P<id>[0-9]{1,20})")
_KINDS: Final[dict[str, AccountType]] = {"a": "AD_ACCOUNT", "b": "BUSINESS_ACCOUNT"}

Outcome = Literal["found", "shared", "revoked", "waiting", "failed", "foreseen", "foreseen_revoked"]


class Recipient(msgspec.Struct, frozen=True, order=True):
    """An ad account or a business."""

    kind: AccountType
    id: str

    def __str__(self) -> str:
        return f"{'ad account' if self.kind == 'AD_ACCOUNT' else 'business'} {self.id}"


class Shared(msgspec.Struct, frozen=True):
    """What became of one recipient; `foreseen…` is what a dry run says."""

    recipient: Recipient
    outcome: Outcome


class _Difference(msgspec.Struct, frozen=True):
    """What there is to do.

    Args:
        ours: whom the connector has shared it with.
        present: who has it.
        missing: who is to have it.
        superfluous: who is to lose it.
    """

    ours: frozenset[Recipient]
    present: frozenset[Recipient]
    missing: tuple[Recipient, ...]
    superfluous: tuple[Recipient, ...]


class AudienceSharing:
    """Keeps audiences shared with the recipients of the settings.

    Args:
        pinterest: the client.
        wanted: the recipients.
    """

    def __init__(self, pinterest: PinterestClient, wanted: Sequence[Recipient]) -> None:
        self._pinterest = pinterest
        owner = Recipient("AD_ACCOUNT", pinterest.ad_account_id)
        self._wanted = [one for one in dict.fromkeys(wanted) if one != owner]

    def settle(self, target: AudienceTarget) -> tuple[AudienceTarget, list[Shared], list[str]]:
        """Shares and takes back; returns the target, what became of each recipient, and notes."""
        ours = read_shared(target.description)
        if not self._wanted and not ours:
            return target, [], []
        if target.audience_id is None:
            return target, [Shared(one, "waiting") for one in self._wanted], []
        try:
            difference = self._difference(target.audience_id, ours)
            target = self._note(target, target.audience_id, ours.union(difference.missing))
        except ConnectorError as error:
            note = f"Everything was synced, but whom it is shared with could not be read or noted: {error}"
            return target, [Shared(one, "failed") for one in self._wanted], [note]
        return self._carry_out(target, target.audience_id or "", difference)

    def foresee(self, target: AudienceTarget) -> list[Shared]:
        """Returns what a sync would do."""
        ours = read_shared(target.description)
        if target.audience_id is None or not (self._wanted or ours):
            return [Shared(one, "foreseen") for one in self._wanted]
        try:
            difference = self._difference(target.audience_id, ours)
        except ConnectorError:
            return [Shared(one, "failed") for one in self._wanted]
        outcomes: dict[Recipient, Outcome] = dict.fromkeys(self._wanted, "found")
        outcomes |= dict.fromkeys(difference.missing, "foreseen")
        outcomes |= dict.fromkeys(difference.superfluous, "foreseen_revoked")
        return [Shared(one, outcome) for one, outcome in outcomes.items()]

    def _difference(self, audience_id: str, ours: frozenset[Recipient]) -> _Difference:
        kinds = dict.fromkeys(one.kind for one in (*self._wanted, *sorted(ours)))
        present = frozenset(
            Recipient(kind, account.account_id)
            for kind in kinds
            for account in self._pinterest.shared_with(audience_id, kind)
        )
        missing = tuple(one for one in self._wanted if one not in present)
        superfluous = tuple(sorted((ours & present).difference(self._wanted)))
        return _Difference(ours, present, missing, superfluous)

    def _carry_out(
        self, target: AudienceTarget, audience_id: str, difference: _Difference
    ) -> tuple[AudienceTarget, list[Shared], list[str]]:
        shared, notes = self._ask(audience_id, "SHARE", difference.missing)
        revoked, failures = self._ask(audience_id, "REVOKE", difference.superfluous)
        notes += failures
        kept = difference.ours.intersection(self._wanted) | shared
        kept |= set(difference.superfluous).difference(revoked)
        try:
            target = self._note(target, audience_id, kept)
        except ConnectorError as error:
            notes.append(f"Everything was synced, but whom it is shared with could not be noted: {error}")
        outcomes: dict[Recipient, Outcome] = dict.fromkeys(self._wanted, "found")
        outcomes |= {one: "shared" if one in shared else "failed" for one in difference.missing}
        outcomes |= {one: "revoked" if one in revoked else "failed" for one in difference.superfluous}
        return target, [Shared(one, outcome) for one, outcome in outcomes.items()], notes

    def _ask(
        self, audience_id: str, operation: Sharing, recipients: Sequence[Recipient]
    ) -> tuple[set[Recipient], list[str]]:
        """Shares with recipients, or takes it back; returns those of whom Pinterest took it, and notes on others."""
        taken: set[Recipient] = set()
        notes: list[str] = []
        for kind in _KINDS.values():
            together = [one for one in recipients if one.kind == kind]
            if together:
                some, failures = self._ask_for(audience_id, operation, together)
                taken |= some
                notes += failures
        return taken, notes

    def _ask_for(
        self, audience_id: str, operation: Sharing, recipients: Sequence[Recipient]
    ) -> tuple[set[Recipient], list[str]]:
        """Does the same for recipients of one kind; one that can't have it does not keep it from the others."""
        try:
            self._pinterest.share(audience_id, operation, recipients[0].kind, [one.id for one in recipients])
        except ConnectorError as error:
            is_of_one = isinstance(error, ConfigurationError) and not isinstance(error, MissingScopeError)
            if len(recipients) == 1 or not is_of_one:
                return set(), [_failure_note(operation, recipients, error)]
        else:
            return set(recipients), []
        each = [self._ask_for(audience_id, operation, [one]) for one in recipients]
        return set().union(*(taken for taken, _ in each)), [note for _, notes in each for note in notes]

    def _note(self, target: AudienceTarget, audience_id: str, recipients: Iterable[Recipient]) -> AudienceTarget:
        """Writes whom the connector has shared it with, if the description does not say so yet."""
        wanted = frozenset(recipients)
        if wanted == read_shared(target.description):
            return target
        present = self._pinterest.audience(audience_id).description
        description = with_shared(present, wanted)
        if description != (present or ""):
            self._pinterest.update_audience(audience_id, description=description)
        return target.described(description)


def _failure_note(operation: Sharing, recipients: Sequence[Recipient], error: ConnectorError) -> str:
    named = " and ".join(str(one) for one in recipients)
    what = "shared with" if operation == "SHARE" else "taken back from"
    return f"Everything was synced, but the audience could not be {what} the {named}: {error}"


def read_shared(description: str | None) -> frozenset[Recipient]:
    """Returns whom the connector has shared an audience with, as its description says."""
    found = _MARK.search(description or "")
    if found is None:
        return frozenset()
    parts = (_RECIPIENT.fullmatch(part) for part in found["recipients"].split(","))
    return frozenset(Recipient(_KINDS[part["kind"]], part["id"]) for part in parts if part is not None)


def with_shared(description: str | None, recipients: Iterable[Recipient]) -> str:
    """Returns a description that says whom the connector has shared the audience with."""
    letters = {kind: letter for letter, kind in _KINDS.items()}
    text = _MARK.sub("", description or "")
    named = ",".join(f"{letters[one.kind]}{one.id}" for one in sorted(recipients))
    return f"{text} [dp-shared1:{named}]".lstrip() if named else text
