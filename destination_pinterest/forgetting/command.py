"""The command `forget`: forgets the people whom the rows on standard input name, or lifts that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.config import Config
from destination_pinterest.delivery.sender import DeliverySender
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    ForgettingIncompleteError,
    InternalError,
    InvalidConfigError,
    NotFoundError,
)
from destination_pinterest.forgetting.account import AccountLists, lists_of_each
from destination_pinterest.forgetting.certificate import Certificate, ForgottenRows, LedgerEntry, ListEntry, moment
from destination_pinterest.forgetting.choice import Choice, Doubtful
from destination_pinterest.forgetting.overview import Overview, overview
from destination_pinterest.forgetting.reading import PeopleReader
from destination_pinterest.forgetting.removal import Removal
from destination_pinterest.forgetting.requests import RequestCount
from destination_pinterest.forgetting.stored import StoredParts, lists_by_account, stored_parts
from destination_pinterest.forgetting.taking_out import LISTS_AT_ONCE, Done, Log, Stores, TakingOut
from destination_pinterest.membership.lease import DEFAULT_TIMING, LeaseTiming
from destination_pinterest.membership.store import open_membership_store
from destination_pinterest.membership.store_key import STRETCHINGS, Scrypt, StoreKey
from destination_pinterest.routing.audience_names import template_of
from destination_pinterest.routing.decision import excludes
from destination_pinterest.session import PinterestSession
from destination_pinterest.suppression.store import SuppressionStore, open_suppression_store
from destination_pinterest.system import System

if TYPE_CHECKING:
    from destination_pinterest.membership import MembershipStore

# Every audience that hides its list is asked for: one of them may be for exclusion.
_MOST_ASKED: Final = 1_000_000


class ForgetRequest(msgspec.Struct, frozen=True):
    """What the command line asks for.

    Args:
        action: `forget` or `lift`.
        includes, exceptions: see Choice.
    """

    action: Literal["forget", "lift"] = "forget"
    includes: tuple[Doubtful, ...] = ()
    exceptions: tuple[str, ...] = ()


def read_forget_request(content: Mapping[str, Any]) -> ForgetRequest:
    """Reads a request from JSON's values.

    Raises:
        InternalError: it is none; the command line writes it.
    """
    try:
        return msgspec.convert(content, ForgetRequest)
    except msgspec.ValidationError as error:
        raise InternalError(
            Code.STORE_MISUSED, f"The request to forget people is not one ({error}). Please report this."
        ) from None


class Forgetting:
    """Forgets people, once; for the command and for syncs.

    Args:
        config: the settings.
        session: the session with Pinterest.
        requests: counts the session's requests.
        system: clock and time; sleeping can be interrupted.
        log: takes lines for people.
        stretchings: the cost of the store keys, by version.
        timing: the pace of the membership store's leases.

    Raises:
        InvalidConfigError: the settings name no suppression store.
    """

    def __init__(
        self,
        config: Config,
        session: PinterestSession,
        requests: RequestCount,
        system: System,
        log: Log,
        *,
        stretchings: Mapping[int, Scrypt] = STRETCHINGS,
        timing: LeaseTiming = DEFAULT_TIMING,
    ) -> None:
        if config.suppression_store is None:
            raise InvalidConfigError(
                Code.SUPPRESSION_STORE_NOT_SET,
                "The settings name no suppression store, which keeps people who are forgotten from coming back. Set "
                "Suppression store (suppression_store): a folder or a bucket, and a store key of its own.",
            )
        self._config = config
        self._session = session
        self._requests = requests
        self._system = system
        self._log = log
        self._rows_refused: dict[str, str] = {}
        self._suppression = open_suppression_store(config.suppression_store, stretchings=stretchings)
        self._membership = self._opened_membership(stretchings, timing)
        self._membership_key = (
            None if config.membership_store is None else StoreKey(config.membership_store.store_key, stretchings)
        )

    @property
    def suppression(self) -> SuppressionStore:
        """The suppression store."""
        return self._suppression

    def give_back(self) -> None:
        """Gives back the leases of the membership store, from any thread: the process is about to end."""
        if self._membership is not None:
            self._membership.give_back()

    def forget(self, reader: PeopleReader, choice: Choice) -> Certificate:
        """Forgets whom the rows name.

        Raises:
            ConnectorError: what ends the whole run; run again, it goes on from there.
        """
        begun = self._system.now()
        if not len(reader.people):
            return self._certificate(reader, None, begun, [], action="forget", changed=0)
        accounts: list[AccountLists] = []

        def parts() -> StoredParts:
            return stored_parts(self._config.membership_store, self._membership_key)

        def look(stored: StoredParts) -> list[AccountLists]:
            remembered, exclusions = lists_by_account(stored.ledgers), exclusions_of(self._config, stored)
            accounts[:] = lists_of_each(self._session.clients, remembered, exclusions, most_asked=_MOST_ASKED)
            return accounts

        if choice.exceptions:
            _require_known(choice, [known for account in look(parts()) for known in account.lists])
        stores = Stores(self._suppression, self._membership, parts)
        taking_out = TakingOut(
            self._session,
            self._removal_for,
            stores,
            choice,
            requests=self._requests,
            system=self._system,
            log=self._log,
        )
        done = taking_out.run(reader.people, look)
        notes = [
            f"Of {account.untold:,} audiences of the ad account {account.ad_account_id} Pinterest does not say which "
            "customer list they are made of."
            for account in accounts
            if account.untold
        ]
        notes += _not_sent(done.lists, self._rows_refused.values())
        if not done.left_to_do:
            self._suppression.end(done.job)
        changed = done.progress.newly_suppressed
        return self._certificate(reader, done, done.progress.begun, notes, action="forget", changed=changed)

    def lift(self, reader: PeopleReader) -> Certificate:
        """Lets syncs add again whom the rows name. Nobody is added by that."""
        changed = self._suppression.lift(reader.people) if len(reader.people) else 0
        return self._certificate(reader, None, self._system.now(), [], action="lift", changed=changed)

    def _certificate(
        self,
        reader: PeopleReader,
        done: Done | None,
        begun: float,
        notes: list[str],
        *,
        action: Literal["forget", "lift"],
        changed: int,
    ) -> Certificate:
        counts = reader.counts
        earlier = 0 if done is None else sum(entry.requests for entry in done.earlier)
        return Certificate(
            status="incomplete" if done is not None and done.left_to_do else "succeeded",
            action=action,
            forgetting=None if done is None else done.job,
            begun=moment(begun),
            ended=moment(self._system.now()),
            runs=1 if done is None else done.progress.runs,
            ad_accounts=[] if done is None else list(self._session.clients),
            rows=ForgottenRows(counts.entered, counts.used, dict(counts.not_synced), dict(counts.identifiers_refused)),
            identifiers=len(reader.people),
            newly_suppressed=changed,
            suppression_store=self._suppression.address,
            requests=self._requests.total + earlier,
            lists=[] if done is None else done.lists,
            ledgers=[] if done is None else done.ledgers,
            notes=notes,
        )

    def _removal_for(self, client: PinterestClient) -> Removal:
        lookup = AudienceLookup(client, now=self._system.now, installation=self._config.installation_name)
        creator = AudienceCreator(
            client, lookup, delay_s=self._session.lost_answer_delay_s, system=self._system
        )  # Nothing is created: there is a list.
        sender = DeliverySender(client, creator, self._config.batch_size)
        return Removal(client.ad_account_id, sender, creator, self._config.record_format, self._rows_refused)

    def _opened_membership(self, stretchings: Mapping[int, Scrypt], timing: LeaseTiming) -> MembershipStore | None:
        if self._config.membership_store is None:
            return None
        return open_membership_store(
            self._config.membership_store,
            sleep=self._system.sleep,
            clock=self._system.clock,
            open_ledgers=LISTS_AT_ONCE,
            stretchings=stretchings,
            timing=timing,
        )


def list_lists(config: Config, session: PinterestSession) -> Overview:
    """Returns all customer lists of the ad accounts.

    Raises:
        ConnectorError: they can't be listed, or the membership store can't be reached.
    """
    settings = config.membership_store
    key = None if settings is None else StoreKey(settings.store_key)
    stored = stored_parts(settings, key)
    return overview(lists_of_each(session.clients, lists_by_account(stored.ledgers), exclusions_of(config, stored)))


def exclusions_of(config: Config, stored: StoredParts) -> tuple[str, ...]:
    """Returns the names of audiences that the settings declare to be for exclusion, as far as it can be told."""
    if not excludes(config):
        return ()
    naming = template_of(config, "", None)
    if naming is not None:
        return tuple(name for group in stored.groups if group.template == naming.label for name in group.audiences)
    return () if "{" in config.audience_name else (config.audience_name,)


def require_complete(certificate: Certificate) -> None:
    """Raises what a command or a sync ends with that could not go through everything.

    Raises:
        ForgettingIncompleteError: lists or ledgers are left to do.
    """
    if certificate.status == "succeeded":
        return
    entries: list[ListEntry | LedgerEntry] = [*certificate.lists, *certificate.ledgers]
    failed = [entry for entry in entries if entry.state == "failed"]
    first = next((entry.error for entry in failed if entry.error), "")
    raise ForgettingIncompleteError(
        Code.FORGETTING_INCOMPLETE,
        f"{len(failed):,} customer lists or parts of the membership store could not be gone through; the people are "
        f"suppressed all the same. Run it again: it goes on with these (the first one says: {first}).",
    )


def _not_sent(lists: Iterable[ListEntry], refusals: Iterable[str]) -> list[str]:
    """Says what no request could carry."""
    without = [entry.not_sent for entry in lists if entry.not_sent]
    if not without:
        return []
    answer = next((f" ({answer})" for answer in refusals if answer), "")
    note = (
        f"Up to {max(without):,} phone numbers, customer IDs and envelopes could not be sent to {len(without):,} "
        f"customer lists, since only requests in the form records_v2 carry them, and Pinterest does not accept these"
        f"{answer} or record_format rules them out. Nothing shows that it ever took any of them in."
    )
    return [note]


def _require_known(choice: Choice, lists: Sequence[Any]) -> None:
    unknown = choice.unknown(lists)
    if unknown:
        named = ", ".join(f'"{name}"' for name in unknown)
        raise NotFoundError(
            Code.FORGET_EXCEPTION_UNKNOWN,
            f"There is no audience or customer list {named} to leave alone, so nothing was changed. Give names or IDs "
            "as `pinterest-audiences lists` shows them.",
        )
