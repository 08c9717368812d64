"""What a handler is given, and what it gives back: one API request after all general checks, and its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pinterest_sandbox.count_lag import CountLag
from pinterest_sandbox.entities import AccessToken, AdAccount
from pinterest_sandbox.faults import TooLarge
from pinterest_sandbox.lateness import Lateness
from pinterest_sandbox.matching import Matching
from pinterest_sandbox.quota import Category
from pinterest_sandbox.refusals import Refusal, invalid, not_found, not_permitted, rate_limited, too_large
from pinterest_sandbox.seen import SeenRequest
from pinterest_sandbox.settings import Settings
from pinterest_sandbox.spacing import ObjectSpacing
from pinterest_sandbox.world import World

# Roles that may change audiences. Source: partners' guides (Segment, Adobe, Lytics, Braze); Pinterest states no list.
_ROLES_THAT_WRITE = frozenset({"OWNER", "ADMIN", "AUDIENCE_MANAGER"})

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint. `scopes` are all needed; `client_tokens` says whether client_credentials tokens may call it."""

    id: str
    method: str
    path: str
    category: Category
    scopes: tuple[str, ...]
    handler: Callable[[Call], Json]
    query: tuple[str, ...] = ()
    required_query: tuple[str, ...] = ()
    client_tokens: bool = False
    basic_auth: bool = False


@dataclass(slots=True)
class Call:
    """One request. `seen` is its entry in the record of requests, to which handlers add what the body held."""

    operation: Operation
    world: World
    matching: Matching
    settings: Settings
    spacing: ObjectSpacing
    lateness: Lateness
    count_lag: CountLag
    path: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    seen: SeenRequest
    size_limit: TooLarge | None = None
    bearer: AccessToken | None = None

    @property
    def token(self) -> AccessToken:
        """The access token, which the general checks have found valid.

        Raises:
            RuntimeError: the operation takes no access token.
        """
        if self.bearer is None:
            raise RuntimeError(f"{self.operation.id} takes no access token")
        return self.bearer

    def now(self) -> int:
        """The world's time in whole unix seconds."""
        return int(self.world.now())

    def ad_account(self, ad_account_id: str | None = None) -> AdAccount:
        """The ad account of the path, or another one by id.

        Raises:
            Refusal: it is unknown, or the token's user has no role, or no writing role, in it.
        """
        ad_account = self.world.ad_accounts.get(ad_account_id or self.path["ad_account_id"])
        if ad_account is None:
            raise not_permitted() if self.settings.unknown_ad_account == "not_permitted" else not_found("AdAccount")
        roles = roles_of(ad_account, self.token.user_id)
        if not roles or ("ads:write" in self.operation.scopes and not _ROLES_THAT_WRITE & set(roles)):
            raise not_permitted()
        return ad_account

    def counts_identifiers(self, count: int, operation: str) -> None:
        """Take note of the identifiers in the body.

        Raises:
            Refusal: there are too many for a plan of faults.
        """
        self.seen.identifiers = count
        self.seen.operation = operation
        if self.size_limit is not None and count > self.size_limit.limit:
            if self.size_limit.status == 413:
                raise too_large(self.size_limit.limit)
            raise invalid(f"Invalid request: 'records' is too large, at most {self.size_limit.limit} are accepted")

    def writes_to(self, object_id: str) -> None:
        """Hold writes to one object apart.

        Raises:
            Refusal: 429; the previous write to it is too recent.
        """
        if not self.spacing.admits(object_id, self.settings.object_spacing_ms / 1000):
            raise rate_limited()


def roles_of(ad_account: AdAccount, user_id: str) -> list[str]:
    """What a user may be in an ad account; empty for a stranger."""
    return ["OWNER"] if ad_account.owner_user_id == user_id else ad_account.roles.get(user_id, [])


def foreign_or_missing(call: Call, owner_ad_account_id: str | None, what: str) -> Refusal:
    """The refusal for an object that is not in the path's ad account: a stranger's, or nobody's."""
    owner = call.world.ad_accounts.get(owner_ad_account_id) if owner_ad_account_id else None
    if owner is not None and not roles_of(owner, call.token.user_id):
        return not_permitted()
    return not_found(what)
