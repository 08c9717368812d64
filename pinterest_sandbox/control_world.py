"""The control side of the world: accounts, apps and tokens, and what no client of Pinterest can see: a list's members.

Mounted under /_sandbox only when the sandbox was started with `--control`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pinterest_sandbox.contract import NumericId
from pinterest_sandbox.control import ControlError, answer, read
from pinterest_sandbox.default_world import CLIENT_ID, USER_ID
from pinterest_sandbox.entities import AdAccount, App, AudienceStatus, AudienceType, CustomerList
from pinterest_sandbox.matching import count_people
from pinterest_sandbox.members import Member, member_lines, member_text
from pinterest_sandbox.oauth import SCOPES, new_access_token, new_refresh_token
from pinterest_sandbox.rows import Row
from pinterest_sandbox.state import State

# Source: OpenAPI 5.23.0, BusinessAccessRole (those that concern an ad account).
_Role = Literal[
    "OWNER", "ADMIN", "ANALYST", "FINANCE_MANAGER", "AUDIENCE_MANAGER", "CAMPAIGN_MANAGER", "CATALOGS_MANAGER"
]


class _NewAdAccount(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    owner_user_id: NumericId = USER_ID
    country: str = "US"
    currency: str = "USD"
    roles: dict[str, list[_Role]] = {}


class _NewApp(msgspec.Struct, forbid_unknown_fields=True):
    client_secret: str
    name: str = "App"
    redirect_uris: list[str] = []


class _NewToken(msgspec.Struct, forbid_unknown_fields=True):
    kind: Literal["access", "refresh"] = "access"
    token: str | None = None
    scopes: tuple[str, ...] = SCOPES
    expires_in_s: float | None = None
    client_id: str = CLIENT_ID
    user_id: str = USER_ID


class _AudienceChange(msgspec.Struct, forbid_unknown_fields=True):
    audience_type: AudienceType | UnsetType = UNSET
    status: AudienceStatus | UnsetType | None = UNSET


class ControlOfWorld:
    """What can be asked of, and done to, the world of a running sandbox."""

    def __init__(self, state: State) -> None:
        self._world = state.world
        self._settings = state.settings

    def routes(self) -> list[Route]:
        """The endpoints, below /_sandbox."""
        return [
            Route("/ad_accounts", self._show_ad_accounts, methods=["GET"]),
            Route("/ad_accounts/{id:int}", self._put_ad_account, methods=["PUT"]),
            Route("/apps/{client_id}", self._put_app, methods=["PUT"]),
            Route("/tokens", self._show_tokens, methods=["GET"]),
            Route("/tokens", self._issue_token, methods=["POST"]),
            Route("/tokens/{token}/{end:str}", self._end_token, methods=["POST"]),
            Route("/customer_lists", self._show_lists, methods=["GET"]),
            Route("/customer_lists/{id}", self._delete_list, methods=["DELETE"]),
            Route("/customer_lists/{id}/members", self._show_members, methods=["GET"]),
            Route("/audiences", self._show_audiences, methods=["GET"]),
            Route("/audiences/{id}", self._change_audience, methods=["PATCH"]),
        ]

    async def _show_ad_accounts(self, _: Request) -> Response:
        return answer(
            {"ad_accounts": list(self._world.ad_accounts.values()), "users": list(self._world.users.values())}
        )

    async def _put_ad_account(self, request: Request) -> Response:
        new = await read(request, _NewAdAccount)
        if new.owner_user_id not in self._world.users:
            raise ControlError(400, f"there is no user {new.owner_user_id}")
        now = int(self._world.now())
        account = AdAccount(
            id=str(request.path_params["id"]),
            name=new.name,
            owner_user_id=new.owner_user_id,
            country=new.country,
            currency=new.currency,
            created_time=now,
            updated_time=now,
            roles={user_id: list(roles) for user_id, roles in new.roles.items()},
        )
        self._world.save(account)
        self._world.commit()
        return answer(account)

    async def _put_app(self, request: Request) -> Response:
        new = await read(request, _NewApp)
        app = App(request.path_params["client_id"], new.client_secret, new.name, new.redirect_uris)
        self._world.save(app)
        self._world.commit()
        return answer(app)

    async def _show_tokens(self, _: Request) -> Response:
        return answer(
            {
                "access_tokens": list(self._world.access_tokens.values()),
                "refresh_tokens": list(self._world.refresh_tokens.values()),
            }
        )

    async def _issue_token(self, request: Request) -> Response:
        wanted = await read(request, _NewToken)
        if wanted.user_id not in self._world.users or wanted.client_id not in self._world.apps:
            raise ControlError(400, "there is no such user or app")
        make = new_access_token if wanted.kind == "access" else new_refresh_token
        token = make(self._world, wanted.client_id, wanted.user_id, wanted.scopes, wanted.token)
        if wanted.expires_in_s is not None:
            token.expires_at = self._world.now() + wanted.expires_in_s
        self._world.save(token)
        self._world.commit()
        return answer(token, 201)

    async def _end_token(self, request: Request) -> Response:
        """`/revoke` as if the user had taken it back, `/expire` as if its time were over."""
        text, end = request.path_params["token"], request.path_params["end"]
        token = self._world.access_tokens.get(text) or self._world.refresh_tokens.get(text)
        if token is None or end not in {"revoke", "expire"}:
            raise ControlError(404, "there is no such token, or no such way to end it (revoke, expire)")
        if end == "revoke":
            token.revoked = True
        else:
            token.expires_at = self._world.now()
        self._world.save(token)
        self._world.commit()
        return answer(token)

    async def _show_lists(self, _: Request) -> Response:
        return answer({"customer_lists": [self._summary(found) for found in self._world.customer_lists.values()]})

    async def _delete_list(self, request: Request) -> Response:
        """Make a list vanish, which no call of Pinterest's can do."""
        if not self._world.drop_list(request.path_params["id"]):
            raise ControlError(404, "there is no such customer list")
        self._world.commit()
        return answer({"deleted": request.path_params["id"]})

    async def _show_members(self, request: Request) -> Response:
        """Exactly who is in a list, in no order: JSON, or with `format=text` one a line, streamed; rows as JSON."""
        members = self._world.members.get(request.path_params["id"])
        if members is None:
            raise ControlError(404, "there is no such customer list")
        rows = tuple(self._world.rows[request.path_params["id"]])
        if request.query_params.get("format") == "text":
            # Copies: a write during the streaming must not break it.
            return StreamingResponse(_lines(tuple(members), rows), media_type="text/plain; charset=utf-8")
        return answer(
            {
                "count": len(members) + len(rows),
                "members": [member_text(member) for member in members],
                "rows": [dict(row) for row in rows],
            }
        )

    async def _show_audiences(self, _: Request) -> Response:
        return answer({"audiences": list(self._world.audiences.values()), "shares": list(self._world.shares.values())})

    async def _change_audience(self, request: Request) -> Response:
        """Give an audience a type or a status that no call of Pinterest's gives it, or take the status back (null)."""
        wanted = await read(request, _AudienceChange)
        audience = self._world.audiences.get(request.path_params["id"])
        if audience is None:
            raise ControlError(404, "there is no such audience")
        if wanted.audience_type is not UNSET:
            audience.audience_type = wanted.audience_type
        if wanted.status is not UNSET:
            audience.pinned_status = wanted.status
        self._world.save(audience)
        self._world.commit()
        return answer(audience)

    def _summary(self, found: CustomerList) -> dict[str, Any]:
        people = len(self._world.members[found.id]) + len(self._world.rows[found.id])
        matched = count_people(self._world, found, self._settings.now.match_rate)
        return {**msgspec.structs.asdict(found), "members": people, "matched": matched}


async def _lines(members: tuple[Member, ...], rows: tuple[Row, ...]) -> AsyncIterator[str]:
    for chunk in member_lines(members):
        yield chunk
    for row in rows:
        yield msgspec.json.encode(dict(row)).decode() + "\n"
