"""The command `check`: tests whether a sync with these settings would work, and says what to change if not.

Source: Pinterest OpenAPI 5.23.0, BusinessAccessRole and Role; Segment, Adobe and Lytics ask for the roles owner, admin
or audience manager (read 2026-11-22). Unknown roles pass: Pinterest itself has the last word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from destination_pinterest.api.auth import RefreshingToken
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import AdAccount
from destination_pinterest.api.quota_sharing import check_sharing
from destination_pinterest.audiences.reached_accounts import (
    account_text,
    accounts_text,
    explained,
    reached_accounts,
)
from destination_pinterest.config import Config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    ConnectorError,
    InvalidConfigError,
    InvalidRequestError,
    MissingScopeError,
    NotFoundError,
    PermissionDeniedError,
)
from destination_pinterest.identity.identifier_like import names_a_person
from destination_pinterest.identity.mapping import check_columns
from destination_pinterest.object_storage.probe import probe
from destination_pinterest.object_storage.s3 import S3Bucket
from destination_pinterest.routing.audience_names import columns_of_names
from destination_pinterest.routing.audience_plan import check_expiry, uses_membership_store
from destination_pinterest.routing.decision import consent_rule, forgets_everywhere, operation_rule
from destination_pinterest.routing.plan import declared_identities
from destination_pinterest.session import PinterestSession
from destination_pinterest.specification import SCOPES
from destination_pinterest.vocabulary import Operation
from destination_pinterest.wording.plan_text import unused_store

_ROLES_WITHOUT_AUDIENCES: Final = frozenset(
    {
        *("ANALYST", "SOS_READER", "FINANCE_MANAGER", "FINANCE_VIEW", "FINANCE_EDIT", "CAMPAIGN_MANAGER"),
        *("CATALOGS_MANAGER", "CATALOGS_VIEWER", "PROFILE_MANAGER", "PROFILE_PUBLISHER"),
        *("RESOURCE_PINNER_LIST_READER", "BIZ_PINNER_LIST_SHARER", "RESOURCE_CONVERSION_TAGS_READER"),
    }
)
_NEEDED_SCOPES: Final = frozenset(SCOPES) - {"user_accounts:read"}
# If the scopes are unknown, only a write shows whether `ads:write` is granted. No list has this id, no one this digest.
_NO_LIST: Final = "0"
_NOBODY: Final = hashlib.sha256(b"destination-pinterest asks whether it may write").hexdigest()
REFRESH_EXPIRY_WARNING_S: Final = 14 * 86_400
# A person waits for a check, so a bucket is retried less than in a sync.
_BUCKET_ATTEMPTS: Final = 2


class ConnectionCheck:
    """Tests everything that a sync will need.

    Args:
        config: the settings.
        session: the session made from them.
        now: seconds since the epoch.
    """

    def __init__(self, config: Config, session: PinterestSession, *, now: Callable[[], float]) -> None:
        self._config = config
        self._clients = list(session.clients.values())
        self._sign_in = session.sign_in
        self._now = now

    def run(self) -> str:
        """Returns what was found, in a sentence or two.

        Raises:
            ConnectorError: what is wrong and what to do about it.
        """
        _check_settings(self._config)
        scopes_are_known = None
        accounts: list[AdAccount] = []
        refused: dict[str, ConnectorError] = {}
        for client in self._clients:
            try:
                account = _reached(client)
                if scopes_are_known is None:  # Only now: the first request has renewed the sign-in.
                    scopes_are_known = self._scopes_are_known()
                if not scopes_are_known:
                    _try_to_write(client)
                _check_role(account)
                next(client.audiences(), None)
                next(client.customer_lists(), None)
            except (NotFoundError, PermissionDeniedError) as failure:
                refused[client.ad_account_id] = failure
            else:
                accounts.append(account)
        if refused:
            raise _naming_all(refused)
        found = f"{self._found(accounts)}{self._others_reached(accounts)}"
        check_sharing(self._config)
        stores = (
            *_try_object_storage(self._config),
            *_try_membership_store(self._config),
            *_try_suppression_store(self._config),
        )
        return " ".join([found, *stores, *refresh_expiry(self._sign_in, self._now())])

    def look(self) -> str:
        """Tests what can be tested without a write at Pinterest or elsewhere; returns what was found.

        Raises:
            ConnectorError: what is wrong and what to do about it.
        """
        _check_settings(self._config)
        accounts, failures = [], []
        for client in self._clients:
            try:
                account = _reached(client)
                _check_role(account)
            except (NotFoundError, PermissionDeniedError) as failure:
                failures.append(failure)
            else:
                accounts.append(account)
        if not accounts:
            raise failures[0]
        self._scopes_are_known()
        said = [f"Not connected: {failure}" for failure in failures]
        return " ".join([self._found(accounts), *said, *refresh_expiry(self._sign_in, self._now())])

    def _found(self, accounts: Sequence[AdAccount]) -> str:
        names = " and ".join(account_text(account) for account in accounts)
        return f"Connected to the ad account{'s' if len(accounts) > 1 else ''} {names}{self._signed_in_as()}."

    def _others_reached(self, accounts: Sequence[AdAccount]) -> str:
        """Returns a sentence on the other ad accounts that the sign-in reaches; nothing if there are none."""
        try:
            reached = reached_accounts(self._clients[0])
        except ConnectorError:
            return ""  # Only a courtesy.
        ours = {account.id.lstrip("0") for account in accounts}
        others = [account for account in reached if account.id.lstrip("0") not in ours]
        return f" The sign-in also reaches {accounts_text(others)}." if others else ""

    def _scopes_are_known(self) -> bool:
        """Checks the scopes that were granted, if Pinterest says which."""
        granted = self._sign_in.scopes if self._sign_in else None
        if granted is None:
            return False
        check_scopes(granted)
        return True

    def _signed_in_as(self) -> str:
        try:
            user = self._clients[0].user_account()
        except ConnectorError:
            return ""  # Only a courtesy, which needs a scope that syncs don't.
        name = user.username or user.business_name
        return f" as {name}" if name else ""


def _naming_all(refused: Mapping[str, ConnectorError]) -> ConnectorError:
    """Returns the first failure, with the other ad accounts that can't be used either."""
    (_, first), *others = refused.items()
    if not others:
        return first
    named = ", ".join(f"{account} ({failure.code})" for account, failure in others)
    return first.with_message(f"{first.message} Refused too: ad account{'s' if len(others) > 1 else ''} {named}.")


def _reached(client: PinterestClient) -> AdAccount:
    """Returns the client's ad account; if the sign-in does not reach it, the error names those that it does."""
    try:
        return client.ad_account()
    except ConnectorError as failure:
        raise explained(client, failure) from None


def _try_to_write(client: PinterestClient) -> None:
    try:
        client.update_customer_list(_NO_LIST, Operation.REMOVE, _NOBODY, 1)
    except (NotFoundError, InvalidRequestError, PermissionDeniedError):
        # There is no such list, so the scope was granted. Pinterest may answer "not permitted" for a missing list;
        # that is not documented, and a check that fails without need would be worse than one that is too lenient.
        return


def check_scopes(granted: frozenset[str] | None) -> None:
    """Checks the scopes that were granted, if Pinterest says which.

    Raises:
        MissingScopeError: one is missing that a sync needs.
    """
    missing = [] if granted is None else sorted(_NEEDED_SCOPES - granted)
    if missing:
        raise MissingScopeError(
            Code.SCOPE_MISSING,
            f"The sign-in does not include the scope {' and '.join(missing)}. Sign in again and allow everything "
            "that Pinterest asks for.",
        )


def may_change_audiences(account: AdAccount) -> bool:
    """Whether the user's roles on an ad account allow changing audiences, as far as they are known."""
    return not (account.permissions and _ROLES_WITHOUT_AUDIENCES.issuperset(account.permissions))


def refresh_expiry(sign_in: RefreshingToken | None, now: float) -> list[str]:
    """Returns a sentence on when the sign-in ends if nothing runs; none if that is unknown."""
    if sign_in is None or sign_in.refresh_expires_at is None:
        return []
    moment = datetime.fromtimestamp(sign_in.refresh_expires_at, UTC).strftime("%Y-%m-%d")
    days = max(0, int((sign_in.refresh_expires_at - now) // 86_400))
    return [f"The sign-in ends on {moment} (in {days} days) unless a sync or check runs before that."]


def _try_object_storage(config: Config) -> list[str]:
    """Tests the bucket and returns a sentence on where rejected rows will be written."""
    if config.object_storage_config is None:
        return []
    bucket = S3Bucket(config.object_storage_config, attempts=_BUCKET_ATTEMPTS)
    probe(bucket)
    return [f"Rejected rows will be written to {bucket.address}."]


def _try_membership_store(config: Config) -> list[str]:
    """Tests the membership store and returns a sentence on where members will be remembered."""
    if config.membership_store is None:
        return []
    if not uses_membership_store(config):
        return list(unused_store(config))
    # Imports DuckDB and NumPy, which other checks don't need.
    from destination_pinterest.membership import open_membership_store  # noqa: PLC0415

    store = open_membership_store(config.membership_store, attempts=_BUCKET_ATTEMPTS)
    store.check()
    return [f"The audience's members will be remembered in {store.address}."]


def _try_suppression_store(config: Config) -> list[str]:
    """Tests the suppression store and returns a sentence on where forgotten people are kept."""
    if config.suppression_store is None:
        return []
    # Imports DuckDB and NumPy, which other checks don't need.
    from destination_pinterest.suppression.store import open_suppression_store  # noqa: PLC0415

    store = open_suppression_store(config.suppression_store)
    store.check()
    return [f"People who are suppressed in {store.address} are not added."]


def _check_settings(config: Config) -> None:
    """Finds contradictions in the settings that otherwise only a sync would find."""
    if config.identity_columns:
        check_columns(declared_identities(config))
    operation_rule(config)
    consent_rule(config)
    check_expiry(config)
    if forgets_everywhere(config) and config.suppression_store is None:
        raise InvalidConfigError(
            Code.SUPPRESSION_STORE_NOT_SET,
            "Remove from (remove_from) is everywhere, which needs a suppression store, so that later syncs don't "
            "bring people back. Set Suppression store (suppression_store).",
        )
    for column in columns_of_names(config):
        if names_a_person(column):
            raise InvalidConfigError(
                Code.AUDIENCE_COLUMN_IDENTIFIES,
                f'Audience column (audience_column) or Audience name (audience_name) has the column "{column}", which '
                "identifies people, and names are shown in many places. Choose a column that names groups.",
            )


def _check_role(account: AdAccount) -> None:
    if not may_change_audiences(account):
        raise PermissionDeniedError(
            Code.ROLE_MISSING,
            f"The signed-in user has the role {', '.join(account.permissions or ())} on the ad account {account.id}, "
            "which does not allow changing audiences. Ask the account's owner for the role Admin or Audience in "
            "Pinterest's business access.",
        )
