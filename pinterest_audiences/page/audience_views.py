"""What the page shows of audiences and lists: what Pinterest says now, else what the history knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pinterest_audiences.history.records import Observation
from pinterest_audiences.report_view import counts_text
from pinterest_page.view import Audience, Fact, LeftOver, Mark, Point, Tone

_TONES: Final[Mapping[str, Tone]] = {
    "READY": "good",
    "ELIGIBLE": "good",
    "TOO_SMALL": "bad",
    "INITIALIZING": "wait",
    "PROCESSING": "wait",
}

# The ad account and the id.
Key = tuple[str, str]


class Histories:
    """The sizes of audiences over time. Observations come the latest first."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self._by_audience: dict[Key, list[Observation]] = {}
        for each in observations:
            self._by_audience.setdefault((each.ad_account_id, each.audience_id), []).append(each)

    def sizes(self, key: Key) -> tuple[Point, ...]:
        """Returns the sizes of an audience, the oldest first."""
        seen = reversed(self._by_audience.get(key, ()))
        return tuple(Point(each.seen_at, each.size) for each in seen if each.size is not None)

    def latest(self) -> Iterator[Observation]:
        """Yields the last of each audience."""
        for seen in self._by_audience.values():
            yield seen[0]


def listed_audiences(
    account_id: str, account: str, listing: Mapping[str, Any], histories: Histories, listed_at: datetime
) -> Iterator[Audience]:
    """Yields the audiences of a listing."""
    for each in listing["audiences"]:
        name, audience_id = each["name"] or each["audience_id"], each["audience_id"]
        yield Audience(
            name=name,
            audience_id=audience_id,
            account=account,
            status=status_mark(each["audience_status"]),
            size=size_text(each["audience_size"]),
            facts=list(_facts(each)),
            expected=each["outlook"] or "",
            history=_with_present(histories.sizes((account_id, audience_id)), each["audience_size"], listed_at),
        )


def remembered_audiences(
    histories: Histories, known: Iterable[Key], accounts: Mapping[str, str], outlooks: Mapping[Key, str]
) -> Iterator[Audience]:
    """Yields the audiences that only the history knows, by name."""
    listed = set(known)
    for each in sorted(histories.latest(), key=lambda one: (one.audience, one.audience_id)):
        key = (each.ad_account_id, each.audience_id)
        if key in listed:
            continue
        facts = [Fact("ID", each.audience_id), Fact("Seen at", f"{each.seen_at:%Y-%m-%d %H:%M}")]
        if each.match_share is not None:
            facts.append(Fact("Match rate", f"about {each.match_share:.0%}"))
        yield Audience(
            name=each.audience,
            audience_id=each.audience_id,
            account=accounts.get(each.ad_account_id, each.ad_account_id),
            status=status_mark(each.status),
            size=size_text(each.size),
            facts=facts,
            expected=outlooks.get(key, ""),
            history=histories.sizes(key),
        )


def lists_alone(account: str, listing: Mapping[str, Any]) -> Iterator[LeftOver]:
    """Yields the lists without an audience."""
    for each in listing["customer_lists_without_audience"]:
        yield LeftOver(
            name=each["name"] or each["customer_list_id"],
            list_id=each["customer_list_id"],
            account=account,
            records="?" if each["counts"] is None else f"{each['counts']['records']:,}",
            text=_origin(each),
        )


def status_mark(status: str | None) -> Mark:
    """Returns a status of Pinterest's as it is shown."""
    if status is None:
        return Mark("status unknown")
    return Mark(status.replace("_", " ").lower(), _TONES.get(status, "plain"))


def size_text(size: int | None) -> str:
    """Words a size."""
    return "Size not known yet" if size is None else f"{size:,} {'person' if size == 1 else 'people'}"


def _with_present(sizes: Sequence[Point], size: int | None, listed_at: datetime) -> tuple[Point, ...]:
    if size is None or not sizes or sizes[-1].at >= listed_at:
        return tuple(sizes)
    return (*sizes, Point(listed_at, size))


def _facts(audience: Mapping[str, Any]) -> Iterator[Fact]:
    yield Fact("ID", audience["audience_id"])
    estimate = audience["match_estimate"]
    if estimate is not None:
        yield Fact("Match rate", f"about {estimate['share']:.0%}")
    customer_list = audience["customer_list"]
    if customer_list is not None:
        status = status_mark(customer_list["status"]).text
        yield Fact("Customer list", f"{customer_list['customer_list_id']}, {status}")
        if customer_list["counts"] is not None:
            yield Fact("Records", counts_text(customer_list["counts"]))
    if audience["updated"]:
        yield Fact("Updated", audience["updated"].replace("T", " ").replace("Z", ""))


def _origin(customer_list: Mapping[str, Any]) -> str:
    if customer_list["left_over_of"]:
        return f'Left over from replacing "{customer_list["left_over_of"]}". Pinterest can\'t delete lists.'
    if customer_list.get("awaits_audience"):
        return f'A sync into "{customer_list["awaits_audience"]}" goes on with it.'
    return "Nothing here made it, or its audience is gone."
