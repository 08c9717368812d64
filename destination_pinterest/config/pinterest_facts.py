"""What `pinterest-audiences probe` has learned about Pinterest from a real account, as a setting.

It is text, so that it can be pasted into a form as it is into a config file: JSON with the number of this form, the
day, and the host that was asked. A question that was not asked, or not answered, is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from destination_pinterest.config.setting import Settings
from destination_pinterest.json_document import UnreadableDocumentError, decode_object

FORMAT: Final = 1

# Facts that one step learns together: what an earlier probe learned of them goes if one of them is learned anew.
_TOGETHER: Final = (
    frozenset({"counters", "counters_late_by_s"}),
    frozenset({"request_size", "request_size_refused"}),
)

Verdict = Literal["accepted", "refused"]


class PinterestFacts(Settings):
    """Answers to what Pinterest's documentation leaves open.

    Args:
        format: the number of this form.
        asked_on: the day, as 2026-11-27.
        host: the host that was asked.
        access_tier: the app's tier.
        rate_headers: the form of `x-ratelimit-limit`; `none` if there is no such header.
        retry_after: whether a refusal for quota had a Retry-After; None if there was none.
        names: what becomes of a name: `kept`, `folded` (its case or blanks), or `changed` in another way.
        longest_name: as many characters of a name are kept.
        listed_after_s: how long a new list was in no listing, in seconds.
        counters: whether a list's counters said what was sent at once (`exact`), later (`late`), or not (`inexact`).
        counters_late_by_s: how much later.
        request_size: the most identifiers in one request that Pinterest's counters counted, all of them.
        request_size_refused: the fewest that it refused, or did not count.
        audience_of_young_list: whether it makes an audience of a list that was just made.
        listings_have_rule: whether listings say which list an audience is made of.
        rule_change: whether an audience may be given another list.
        records_v2: whether it takes the form of API 5.28.
        records_v2_removal: whether it takes a removal in that form.
    """

    model_config = ConfigDict(title="What was learned of Pinterest")

    format: Literal[1]
    asked_on: str = Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    host: str
    access_tier: Literal["standard", "trial"] | None = None
    rate_headers: Literal["none", "plain", "envoy", "other"] | None = None
    retry_after: bool | None = None
    names: Literal["kept", "folded", "changed"] | None = None
    longest_name: int | None = Field(None, ge=1)
    listed_after_s: float | None = Field(None, ge=0)
    counters: Literal["exact", "late", "inexact"] | None = None
    counters_late_by_s: float | None = Field(None, ge=0)
    request_size: int | None = Field(None, ge=1)
    request_size_refused: int | None = Field(None, ge=1)
    audience_of_young_list: Verdict | None = None
    listings_have_rule: bool | None = None
    rule_change: Verdict | None = None
    records_v2: Verdict | None = None
    records_v2_removal: Verdict | None = None

    def as_text(self) -> str:
        """Returns the text of the setting: what is known, in one line."""
        return json.dumps(self.model_dump(exclude_none=True), separators=(",", ":"))


def merged(before: Any, learned: Mapping[str, Any], *, day: str, host: str) -> PinterestFacts | None:
    """Returns what is known once more was learned of a host; None if nothing was.

    Args:
        before: the setting as it was; what was learned of another host, or can't be read, is dropped.
        learned: the new facts.
        day: today, as 2026-11-27.
        host: the host that was asked.
    """
    if not learned:
        return None
    try:
        known = read_facts(before)
        earlier = {} if known is None else PinterestFacts.model_validate(known).model_dump()
    except (PydanticCustomError, ValidationError):
        earlier = {}
    if earlier.get("host") != host:
        earlier = {}
    replaced: frozenset[str] = frozenset().union(*(facts for facts in _TOGETHER if facts & learned.keys()))
    kept = {fact: value for fact, value in earlier.items() if fact not in replaced}
    return PinterestFacts.model_validate({**kept, **learned, "format": FORMAT, "asked_on": day, "host": host})


def read_facts(given: Any) -> Any:
    """Returns what the text of the setting holds; an object that was written by hand is taken as well.

    Raises:
        PydanticCustomError: it is not what the probe has written.
    """
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    if isinstance(given, PinterestFacts):
        return given
    content: Any = None
    with suppress(UnreadableDocumentError):
        content = decode_object(given.encode(errors="surrogatepass")) if isinstance(given, str) else given
    if not isinstance(content, Mapping):
        raise PydanticCustomError(
            "facts", "must be the whole text that `pinterest-audiences probe` has printed, or empty"
        )
    if isinstance(content.get("format"), int) and content["format"] > FORMAT:
        raise PydanticCustomError(
            "facts_format", "was written by a later version; use that version, or probe again with this one"
        )
    return content
