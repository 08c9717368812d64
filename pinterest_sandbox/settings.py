"""What can be set about the sandbox, at the start or while it runs, each with the answer that is our default.

Where Pinterest documents nothing, the alternatives are here, so that a client can be tried against each.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Tier = Literal["standard", "trial", "none"]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Settings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """All settings; seconds are `_s`, milliseconds `_ms`.

    Attributes:
        tier: whose limits apply; `none` has no limits and sends no rate-limit headers.
        matching_delay_s: how long a customer list is PROCESSING after a write (24 to 48 hours at Pinterest).
        match_rate: share of the identifiers that belong to a Pinterest account. No figure is documented.
        latency_ms: how long each API request waits before it is worked on.
        object_spacing_ms: writes to one object closer than this are answered 429; 0 allows any.
        audience_floor: `refuse` answers 400 when an audience is made of a list that is PROCESSING or TOO_SMALL, or an
            ACTALIKE of an audience that is not READY.
        rule_change: `refuse` answers 400 when an audience's rule is to be changed.
        max_records: most people in one request; 0 sets no limit. None is published.
        above_max_records: `refuse` answers 413, `refuse_with_400` answers 400; `cut` drops the rest without a word, and
            does not count it; `cut_and_count` counts it as well.
        slow_above_records: a request takes longer by `slow_ms_per_record` for each person beyond so many.
        slow_ms_per_record: see there.
        records_v2: `refuse` knows `records` only, as before API 5.28.
        removal_by: who leaves by a row with several identifiers: whoever has `any` of them, or only who has `all`.
        count_lag_s: by how much the counts of lists are behind what happened.
        names: `folded` keeps names in lower case, without blanks at the ends and with one in a row in between.
        longest_name: longer names are cut; 0 keeps them whole.
        created_status: the status of a successful creation and of a new token; API 5.28 has both.
        list_numbers: whether times and counts of lists are answered as `5` or as `5.0`.
        unknown_ad_account: `not_found` answers 404 with code 50, `not_permitted` 403 with code 29.
        rate_limit_headers: `envoy` is "400, 400;w=60", `plain` is "400", `none` leaves the headers out.
        empty_records: whether a request without a single record is refused with 400.
        rotate_refresh_tokens: whether a refresh gives a new refresh token and ends the old one.
        keep_bodies: whether the requests seen are kept with their bodies, for tests that search them.
    """

    tier: Tier = "standard"
    matching_delay_s: NotNegative = 5.0
    match_rate: Share = 0.6
    latency_ms: NotNegative = 0.0
    object_spacing_ms: NotNegative = 0.0
    audience_floor: Literal["allow", "refuse"] = "allow"
    rule_change: Literal["allow", "refuse"] = "allow"
    max_records: Count = 0
    above_max_records: Literal["refuse", "refuse_with_400", "cut", "cut_and_count"] = "refuse"
    slow_above_records: Count = 0
    slow_ms_per_record: NotNegative = 0.0
    records_v2: Literal["accept", "refuse"] = "accept"
    removal_by: Literal["any", "all"] = "any"
    count_lag_s: NotNegative = 0.0
    names: Literal["as_sent", "folded"] = "as_sent"
    longest_name: Count = 0
    created_status: Literal[200, 201] = 200
    list_numbers: Literal["integers", "floats"] = "integers"
    unknown_ad_account: Literal["not_found", "not_permitted"] = "not_found"
    rate_limit_headers: Literal["envoy", "plain", "none"] = "envoy"
    empty_records: Literal["refuse", "accept"] = "refuse"
    rotate_refresh_tokens: bool = True
    keep_bodies: bool = False


class SettingsInUse:
    """The settings of the moment; `change` and `restore` replace them as a whole."""

    def __init__(self, at_start: Settings) -> None:
        self._at_start = at_start
        self.now = at_start

    def change(self, changes: dict[str, object]) -> Settings:
        """Put changes over the present settings.

        Raises:
            msgspec.ValidationError: a name is unknown or a value is not one of those allowed.
        """
        self.now = msgspec.convert({**msgspec.structs.asdict(self.now), **changes}, Settings)
        return self.now

    def restore(self) -> None:
        """Go back to the settings of the start."""
        self.now = self._at_start
