"""Fills the page: profiles, audiences, runs, and syncs under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from starlette.concurrency import run_in_threadpool

from destination_pinterest.errors import ConnectorError
from pinterest_audiences.failures import Failure
from pinterest_audiences.history.progress import progress_folder, running_syncs
from pinterest_audiences.history.records import RunRecord
from pinterest_audiences.history.store import History
from pinterest_audiences.kept_accounts import with_kept_accounts
from pinterest_audiences.page.audience_views import Histories, listed_audiences, lists_alone, remembered_audiences
from pinterest_audiences.page.listings import Key, Listed, Listings, key_of
from pinterest_audiences.page.run_views import (
    failing,
    outlooks_of,
    problem_view,
    quota_facts,
    run_view,
    running_view,
)
from pinterest_audiences.sign_in.profiles import Profile
from pinterest_page.view import Account, Audience, Content, Fact, LeftOver, Problem, Running

_SIZES_SINCE: Final = timedelta(days=90)
_MOST_RUNS: Final = 40


class PageSource:
    """Fills the page.

    Args:
        profiles: lists the profiles.
        history: what is remembered; None if the user wants nothing to be.
        listings: what Pinterest says now.
        now: the present moment, with a time zone.
    """

    def __init__(
        self,
        profiles: Callable[[], Sequence[Profile]],
        history: History | None,
        listings: Listings,
        now: Callable[[], datetime],
    ) -> None:
        self._profiles = profiles
        self._history = history
        self._listings = listings
        self._now = now

    async def content(self) -> Content:
        """See pinterest_page.view.Source."""
        return await run_in_threadpool(self._content)

    async def running(self) -> Sequence[Running] | None:
        """See pinterest_page.view.Source."""
        return None if self._history is None else await run_in_threadpool(self._running, self._history)

    def _running(self, history: History) -> Sequence[Running]:
        syncs = running_syncs(progress_folder(history.path))
        accounts = _account_names(self._profiles()) if syncs else {}
        return [running_view(each, accounts) for each in syncs]

    def _content(self) -> Content:
        histories, runs, fault = self._remembered()
        profiles = self._kept_profiles(fault)
        listed = self._listings.latest(profiles)
        accounts = _account_names(profiles)
        now_listed, left_over = _listed(listed, accounts, histories)
        outlooks = outlooks_of(runs)
        remembered = remembered_audiences(histories, now_listed, accounts, outlooks)
        day = [run for run in runs if run.finished_at >= self._now() - timedelta(days=1)]
        return Content(
            title="Pinterest audiences",
            note=self._note(listed),
            accounts=[self._account(profile, listed.get(key_of(profile))) for profile in profiles],
            audiences=[*now_listed.values(), *remembered],
            left_over=left_over,
            failing=[run_view(run) for run in failing(runs)],
            runs=None if self._history is None else [run_view(run) for run in runs[:_MOST_RUNS]],
            quota=[] if self._history is None else list(quota_facts(day)),
            problems=[] if fault is None else [fault],
            empty="There are none to show yet. Sign in by `pinterest-audiences login`, and run a sync or "
            "`pinterest-audiences observe`.",
        )

    def _kept_profiles(self, fault: Problem | None) -> Sequence[Profile]:
        history = None if fault else self._history
        return list(with_kept_accounts(self._profiles(), history, self._now()))

    def _remembered(self) -> tuple[Histories, Sequence[RunRecord], Problem | None]:
        """Returns what the history has, or why it can't be read: the rest of the page is worth as much without it."""
        if self._history is None:
            return Histories(()), (), None
        since = self._now() - _SIZES_SINCE
        try:
            return Histories(self._history.observations(since=since)), self._history.runs(since=since), None
        except ConnectorError as error:
            failure = Failure.of(error)
            return Histories(()), (), problem_view(failure.code, failure.text)

    def _note(self, listed: Mapping[Key, Listed]) -> str:
        if self._listings.is_asking():
            return "Pinterest is being asked for the present status of the audiences."
        asked = [each.listed_at for each in listed.values() if each.listed_at is not None]
        if not asked:
            return "Audiences are shown as the history on this machine knows them."
        return f"Pinterest was last asked at {min(asked):%H:%M}."

    def _account(self, profile: Profile, listed: Listed | None) -> Account:
        return Account(
            name=profile.account_name or profile.name,
            ad_account_id=profile.ad_account_id or "",
            facts=list(self._account_facts(profile, listed)),
            problem=_account_problem(profile, listed),
        )

    def _account_facts(self, profile: Profile, listed: Listed | None) -> Iterator[Fact]:
        yield Fact("Profile", profile.name)
        yield Fact("Ad account", profile.ad_account_id or "not chosen")
        days = profile.days_left(self._now())
        if days is not None and profile.expires_at is not None:
            left = f"in {days} day{'' if days == 1 else 's'}" if days else "today, or it has ended"
            yield Fact("Sign-in ends", f"{left} ({profile.expires_at:%Y-%m-%d}); each run renews it")
        others = {} if listed is None or listed.content is None else listed.content["other_audiences"]
        if others:
            yield Fact("Other audiences", ", ".join(f"{kind.lower()} {count:,}" for kind, count in others.items()))


def _account_names(profiles: Sequence[Profile]) -> dict[str, str]:
    reached = {account_id: name for each in profiles for account_id, name in each.reached.items()}
    own = {each.ad_account_id: each.account_name or each.name for each in profiles if each.ad_account_id is not None}
    return {account_id: f"{name} ({account_id})" for account_id, name in {**own, **reached}.items()}


def _account_problem(profile: Profile, listed: Listed | None) -> Problem | None:
    if profile.fault is not None:
        return Problem(None, f"The profile can't be used: {profile.fault}.")
    if listed is None or listed.failure is None:
        return None
    return problem_view(listed.failure.code, listed.failure.text)


def _listed(
    listed: Mapping[Key, Listed], accounts: Mapping[str, str], histories: Histories
) -> tuple[dict[tuple[str, str], Audience], list[LeftOver]]:
    """Returns the audiences that Pinterest lists, each once though several profiles may see it, and the lists alone."""
    audiences: dict[tuple[str, str], Audience] = {}
    left_over: dict[str, LeftOver] = {}
    for each in listed.values():
        if each.content is None or each.listed_at is None:
            continue
        for listing in (each.content, *each.content.get("further_ad_accounts", ())):
            account_id = str(listing["ad_account_id"])
            account = accounts.get(account_id, account_id)
            for audience in listed_audiences(account_id, account, listing, histories, each.listed_at):
                # What is foreseen is Pinterest's.
                audiences[account_id, audience.audience_id] = (
                    audience if each.is_pinterest else replace(audience, expected="")
                )
            left_over |= {alone.list_id: alone for alone in lists_alone(account, listing)}
    return audiences, list(left_over.values())
