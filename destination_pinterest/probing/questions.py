"""The questions of a probe: each does one thing at Pinterest and says in a sentence what that showed.

Whoever probes an account that is in use must not be in anybody's way: everything here is about objects that the probe
has made itself, but for a look at a listing. What can't be told from Pinterest's answers is said to be so.

Source: Pinterest OpenAPI 5.23.0, customer_lists/* and audiences/*; `records_v2`: API 5.28.0. Nothing reads the members
of a list back, so counters are all there is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import msgspec

from destination_pinterest.api.client import PAGE_SIZE, PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.config.pinterest_facts import Verdict
from destination_pinterest.errors import ConnectorError, InvalidRequestError, RequestTooLargeError
from destination_pinterest.probing.header_forms import HeaderForms
from destination_pinterest.probing.nobody import nobodies
from destination_pinterest.system import System
from destination_pinterest.vocabulary import Identifier, Operation

SIZES: Final = (1_900, 5_000, 10_000)
# Asked only if the first of the others is too large.
SMALLER_SIZES: Final = (1_000, 500)
_FEW: Final = 100
_LONG_NAME: Final = 200
_LOOKS_S: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_COUNTER_LOOKS_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)


class Finding(msgspec.Struct, frozen=True):
    """What a question showed: a sentence, and the facts.

    `is_conclusive`: whether it was answered; `enables`: whether what needs the step can be asked.
    """

    says: str
    facts: dict[str, Any]
    is_conclusive: bool = True
    enables: bool = True


class Questions:
    """Asks, about a throw-away list and a throw-away audience.

    Args:
        client: the client of the ad account.
        forms: the wire that the client uses.
        access_tier: returns what is known of the app's tier.
        system: clocks and sleep.

    `list_ids` are the lists that were made; `audience_id` the audience, while there is one.
    """

    def __init__(
        self,
        client: PinterestClient,
        forms: HeaderForms,
        *,
        access_tier: Callable[[], str | None],
        system: System,
    ) -> None:
        self._client = client
        self._forms = forms
        self._access_tier = access_tier
        self._system = system
        self._sent = 0
        self._counters: str | None = None
        self._row: dict[str, str] = {}
        # Two blanks and capital letters, to see what becomes of them.
        day = datetime.fromtimestamp(system.now(), UTC)
        self._name = f"Destination-Pinterest  PROBE {day:%Y-%m-%d} {nobodies(1)[0][:6].upper()}"
        self.list_ids: list[str] = []
        self.audience_id: str | None = None

    def make_list(self) -> Finding:
        """Makes the throw-away list."""
        made = self._new_list(self._name)
        self._sent = 1
        if made.name is None:
            return Finding(
                f"List {made.id} was made; Pinterest does not say under which name.", {}, is_conclusive=False
            )
        names = "kept" if made.name == self._name else "folded" if _is_folded(made.name, self._name) else "changed"
        becomes = "as they are sent" if names == "kept" else f'otherwise than they are sent: "{made.name}"'
        return Finding(f'List {made.id} was made as "{self._name}". Names are kept {becomes}.', {"names": names})

    def visible(self) -> Finding:
        """Looks when the new list is listed."""
        began_s = self._system.clock()
        for pause_s in _LOOKS_S:
            self._system.sleep(pause_s)
            newest = islice(self._client.customer_lists(), PAGE_SIZE)
            if any(found.id == self._list_id for found in newest):
                late_s = round(self._system.clock() - began_s, 1)
                when = "at once" if late_s < 1 else f"after {late_s:g} s at the latest"
                return Finding(f"A new list is in listings {when}.", {"listed_after_s": late_s})
        return _unanswered("The new list was in no listing within a minute. How long that takes is not known.")

    def counters(self) -> Finding:
        """Looks whether counters say what was sent."""
        answer = self._add(_FEW)
        if answer.num_uploaded_user_records is None:
            self._counters = "inexact"
            return Finding("Lists have no counters.", {"counters": "inexact"})
        if answer.num_uploaded_user_records == self._sent:
            self._counters = "exact"
            return Finding("Counters say at once how many identifiers were sent.", {"counters": "exact"})
        began_s = self._system.clock()
        if self._counted():
            late_s = round(self._system.clock() - began_s, 1)
            self._counters = "late"
            facts = {"counters": "late", "counters_late_by_s": late_s}
            return Finding(f"Counters say how many identifiers were sent, but only after {late_s:g} s or less.", facts)
        self._counters = "inexact"
        counted = self._client.customer_list(self._list_id).num_uploaded_user_records
        return Finding(
            f"Counters are no measure: {self._sent:,} identifiers were sent, {counted} counted.",
            {"counters": "inexact"},
        )

    def size(self) -> Finding:
        """Sends larger and larger requests, or smaller and smaller ones if the first is too large."""
        taken = 0
        for size in SIZES:
            fault = self._fault_of(size)
            if fault is not None:
                return self._size_found(taken or self._largest_that_is_smaller(), size, fault)
            taken = size
        if self._counters == "inexact":
            return _unanswered(
                f"Requests of {taken:,} identifiers are accepted. Whether all of them are taken in can't be told, "
                "since counters are no measure."
            )
        return Finding(
            f"Requests of {taken:,} identifiers are accepted and counted in full. A list can't be read back, so this "
            "does not prove that all were kept.",
            {"request_size": taken},
        )

    def v2(self) -> Finding:
        """Sends a row of API 5.28."""
        self._row = {"email": nobodies(1)[0], "external_id": nobodies(1)[0]}
        return self._verdict(
            lambda: self._client.update_customer_list(self._list_id, Operation.ADD, [self._row], 1),
            "records_v2",
            "records_v2, the form of API 5.28,",
        )

    def removal(self) -> Finding:
        """Removes a row of API 5.28 by two identifiers, of which one is in the list."""
        row = {"email": self._row["email"], "external_id": nobodies(1)[0]}
        found = self._verdict(
            lambda: self._client.update_customer_list(self._list_id, Operation.REMOVE, [row], 1),
            "records_v2_removal",
            "A removal in that form",
        )
        unknown = "Whether such a row removes somebody by any of its identifiers or only by all can't be told."
        return Finding(f"{found.says} {unknown}", found.facts, is_conclusive=False)

    def audience(self) -> Finding:
        """Makes an audience of the young list."""

        def make() -> None:
            self.audience_id = self._client.create_audience(self._name, self._list_id).id

        return self._verdict(make, "audience_of_young_list", "An audience of a list that was just made")

    def listing(self) -> Finding:
        """Looks whether a listing of audiences has their rules."""
        told = [
            audience.customer_list_id is not None
            for audience in islice(self._client.audiences(), PAGE_SIZE)
            if audience.audience_type in {None, "CUSTOMER_LIST"}
        ]
        if not told:
            return _unanswered(
                "There is no audience of a customer list to look at, so it is not known what listings say."
            )
        if all(told):
            return Finding("Listings say which list each audience is made of.", {"listings_have_rule": True})
        if any(told):
            return _unanswered(
                f"Listings say for {sum(told):,} of {len(told):,} audiences which list they are made of."
            )
        return Finding("Listings don't say which list an audience is made of.", {"listings_have_rule": False})

    def names(self) -> Finding:
        """Looks how much is kept of a long name."""
        name = f"{self._name} ".ljust(_LONG_NAME, "x")
        try:
            stored = self._client.update_audience(self._audience_id, name=name).name
        except InvalidRequestError as refusal:
            return _unanswered(
                f"A name of {_LONG_NAME} characters is refused ({_short(refusal)}); shorter ones were not tried."
            )
        if stored is None:
            return _unanswered("Pinterest does not say what it kept of a long name.")
        kept = "in full" if len(stored) >= len(" ".join(name.split())) else f"to its first {len(stored):,} characters"
        return Finding(f"A name of {_LONG_NAME} characters is kept {kept}.", {"longest_name": len(stored)})

    def rule(self) -> Finding:
        """Asks that the audience be made of another list."""
        other = self._new_list(f"{self._name} 2")
        try:
            answer = self._client.update_audience(self._audience_id, customer_list_id=other.id)
        except InvalidRequestError as refusal:
            return Finding(f"An audience can't be given another list ({_short(refusal)}).", {"rule_change": "refused"})
        made_of = answer.customer_list_id or self._client.audience(self._audience_id).customer_list_id
        if made_of is None:
            return _unanswered(
                "Pinterest accepts another list for an audience, but does not say which it is made of now."
            )
        verdict: Verdict = "accepted" if made_of == other.id else "refused"
        kept = "is made of it at once" if verdict == "accepted" else "keeps the one it had, although nothing is refused"
        return Finding(f"An audience that is given another list {kept}.", {"rule_change": verdict})

    def headers(self) -> Finding:
        """Says what was seen of the quota."""
        facts = {
            "rate_headers": self._forms.limit,
            "retry_after": self._forms.retry_after,
            "access_tier": tier if (tier := self._access_tier()) in {"standard", "trial"} else None,
        }
        known = {key: value for key, value in facts.items() if value is not None}
        form = {"none": "have no headers of the quota", None: "were not seen"}.get(
            self._forms.limit, f"say the quota in the form {self._forms.limit}"
        )
        app = (
            f"The app has {str(tier).capitalize()} access."
            if "access_tier" in known
            else "They don't show the app's tier."
        )
        return Finding(f"Answers {form}. {app}", known, is_conclusive="access_tier" in known)

    def end(self) -> Finding:
        """Removes the throw-away audience."""
        if self.audience_id is None:
            return Finding("There is no throw-away audience to remove.", {})
        self._client.remove_audience(self.audience_id)
        removed, self.audience_id = self.audience_id, None
        return Finding(f"The throw-away audience {removed} was removed.", {})

    @property
    def _list_id(self) -> str:
        return self.list_ids[0]

    @property
    def _audience_id(self) -> str:
        return self.audience_id or ""

    def _new_list(self, name: str) -> CustomerList:
        made = self._client.create_customer_list(name, nobodies(1)[0], Identifier.EMAIL)
        self.list_ids.append(made.id)
        return made

    def _add(self, count: int) -> CustomerList:
        answer = self._client.update_customer_list(self._list_id, Operation.ADD, ",".join(nobodies(count)), count)
        self._sent += count
        return answer

    def _counted(self) -> bool:
        """Whether the counter comes to what was sent, soon enough."""
        for pause_s in _COUNTER_LOOKS_S:
            self._system.sleep(pause_s)
            if self._client.customer_list(self._list_id).num_uploaded_user_records == self._sent:
                return True
        return False

    def _fault_of(self, size: int) -> str | None:
        """Returns why a request of so many identifiers is too large, as far as answers show it; None if it is not."""
        try:
            answer = self._add(size)
        except (InvalidRequestError, RequestTooLargeError) as refusal:
            return f"refused {size:,} ({_short(refusal)})"
        if self._counters == "inexact" or answer.num_uploaded_user_records == self._sent:
            return None
        if self._counters == "late" and self._counted():
            return None
        # The next request is compared with what there is now.
        self._sent = self._client.customer_list(self._list_id).num_uploaded_user_records or self._sent
        return f"took {size:,}, but did not count them all"

    def _largest_that_is_smaller(self) -> int:
        """Returns the largest of the smaller sizes that is right; 0 if none is."""
        return next((size for size in SMALLER_SIZES if self._fault_of(size) is None), 0)

    @staticmethod
    def _size_found(right: int, refused: int, what: str) -> Finding:
        facts = {"request_size_refused": refused, **({"request_size": right} if right else {})}
        smaller = (
            f"{right:,} identifiers in one request are right."
            if right
            else f"{' and '.join(f'{size:,}' for size in SMALLER_SIZES)} were not right either."
        )
        return Finding(f"Pinterest {what}. {smaller}", facts)

    @staticmethod
    def _verdict(ask: Callable[[], object], fact: str, subject: str) -> Finding:
        try:
            ask()
        except (InvalidRequestError, RequestTooLargeError) as refusal:
            return Finding(f"{subject} is refused ({_short(refusal)}).", {fact: "refused"}, enables=False)
        return Finding(f"{subject} is accepted.", {fact: "accepted"})


def _unanswered(says: str) -> Finding:
    return Finding(says, {}, is_conclusive=False)


def _short(error: ConnectorError) -> str:
    """Words a refusal in brackets: what Pinterest said, without ids of requests."""
    answer = error.answer
    return (
        str(error.code) if answer is None else f"HTTP {answer.status}{f': {answer.message}' if answer.message else ''}"
    )


def _is_folded(stored: str, name: str) -> bool:
    return " ".join(stored.casefold().split()) == " ".join(name.casefold().split())
