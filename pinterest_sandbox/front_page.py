"""Fills the sandbox's front page: audiences and lists with how many people are really in them, and what has arrived.

It counts people and shows none; and it shows no token and no body.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Final, get_args

from pinterest_page.view import Account, Audience, Content, Fact, LeftOver, Mark, Problem, Request, Tone
from pinterest_sandbox import entities
from pinterest_sandbox.default_world import CLIENT_ID, USER_ID
from pinterest_sandbox.matching import Matching
from pinterest_sandbox.quota import Category
from pinterest_sandbox.seen import SeenRequest
from pinterest_sandbox.state import State

# Where the page's parts are.
FRONT_PAGE_PARTS: Final = "_page/"
_MOST_REQUESTS: Final = 100
_TONES: Final[dict[str, Tone]] = {
    "READY": "good",
    "ELIGIBLE": "good",
    "TOO_SMALL": "bad",
    "PERSONAS_INELIGIBLE_SIZE": "bad",
    "INITIALIZING": "wait",
    "PERSONAS_INITIALIZING": "wait",
    "PROCESSING": "wait",
}
_CATEGORIES: Final[dict[Category, str]] = {
    "ads_write": "Writes left",
    "ads_read": "Reads left",
    "org_read": "Sign-in requests left",
}


class FrontPage:
    """What a person with a browser sees of a sandbox. All times are the world's."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._matching = Matching(state.world, state.settings)

    async def content(self) -> Content:
        """See Source."""
        world, settings = self._state.world, self._state.settings.now
        return Content(
            title="Pinterest sandbox",
            note=f"A pretended Pinterest on this machine; nothing here reaches Pinterest. Its API is under `/v5`. "
            f"Matching takes {settings.matching_delay_s:g} seconds, and {settings.match_rate:.0%} of all people have "
            "an account.",
            accounts=[self._account(account) for account in list(world.ad_accounts.values())],
            audiences=[self._audience(audience) for audience in reversed(list(world.audiences.values()))],
            left_over=list(self._lists_alone()),
            quota=list(self._quota()),
            requests=[_request(seen) for seen in islice(reversed(list(self._state.seen.requests)), _MOST_REQUESTS)],
            problems=list(self._faults()),
            empty="There are none yet. A sync makes one: `pinterest-audiences sync`, with `api_base_url` in its config "
            "set to this address and `/v5`.",
        )

    async def running(self) -> None:
        """See Source: a sandbox knows of requests, not of syncs."""

    def _account(self, account: entities.AdAccount) -> Account:
        owner = self._state.world.users[account.owner_user_id].business_name
        roles = "owner" if account.owner_user_id == USER_ID else ", ".join(account.roles.get(USER_ID, [])).lower()
        return Account(
            account.name,
            account.id,
            [
                Fact("ID", account.id),
                Fact("Business", owner),
                Fact("Your role", roles.replace("_", " ") or "none: it is somebody else's"),
            ],
        )

    def _audience(self, audience: entities.Audience) -> Audience:
        status, size = self._matching.audience_status(audience), self._matching.audience_size(audience)
        list_id = audience.rule.get("customer_list_id")
        customer_list = self._state.world.customer_lists.get(str(list_id))
        facts = [Fact("ID", audience.id), Fact("Kind", audience.audience_type.replace("_", " ").lower())]
        if customer_list is not None:
            facts += self._of_list(customer_list)
        elif list_id is not None:
            facts.append(Fact("Customer list", f"{list_id}, which no longer exists"))
        return Audience(
            name=audience.name,
            audience_id=audience.id,
            account=self._state.world.ad_accounts[audience.ad_account_id].name,
            status=Mark(status.replace("_", " ").lower(), _TONES.get(status, "plain")),
            size="Size not known yet" if size is None else f"{size:,} people",
            facts=facts,
        )

    def _of_list(self, customer_list: entities.CustomerList) -> Iterator[Fact]:
        status = self._matching.list_status(customer_list)
        yield Fact("Customer list", f"{customer_list.id}, {status.replace('_', ' ').lower()}")
        yield Fact("In the list, exactly", f"{self._people(customer_list.id):,}")
        yield Fact("Records uploaded", f"{customer_list.num_uploaded_user_records:,}")
        yield Fact("Records removed", f"{customer_list.num_removed_user_records:,}")

    def _people(self, list_id: str) -> int:
        return len(self._state.world.members[list_id]) + len(self._state.world.rows[list_id])

    def _lists_alone(self) -> Iterator[LeftOver]:
        world = self._state.world
        used = {audience.rule.get("customer_list_id") for audience in list(world.audiences.values())}
        for each in reversed(list(world.customer_lists.values())):
            if each.id not in used:
                account = world.ad_accounts[each.ad_account_id].name
                people = self._people(each.id)
                inside = f"{people:,} {'person is' if people == 1 else 'people are'} in it."
                yield LeftOver(each.name, each.id, account, f"{each.num_uploaded_user_records:,}", inside)

    def _quota(self) -> Iterator[Fact]:
        yield Fact("Access tier", self._state.settings.now.tier)
        for category in get_args(Category):
            left = self._state.quota.left(category, CLIENT_ID, USER_ID)
            if left is not None:
                window = f"in {left.limit.window_s:,} seconds"
                yield Fact(_CATEGORIES[category], f"{left.remaining:,} of {left.limit.calls:,} {window}")

    def _faults(self) -> Iterator[Problem]:
        count = len(self._state.faults.active())
        if count:
            are = "1 plan of faults is" if count == 1 else f"{count} plans of faults are"
            yield Problem(None, f"{are} in force: some requests go wrong on purpose.")


def _request(seen: SeenRequest) -> Request:
    is_bad = seen.status is None or seen.status >= 400
    status = str(seen.status) if seen.status is not None else seen.outcome.replace("_", " ")
    return Request(
        number=seen.number,
        at=datetime.fromtimestamp(seen.at, UTC),
        method=seen.method,
        path=seen.path if seen.endpoint else "(not an address of the API)",
        status=Mark(status, "bad" if is_bad else "good"),
        operation=seen.operation or "",
        identifiers="" if seen.identifiers is None else f"{seen.identifiers:,}",
    )
