"""What can be set about the sandbox, at the start or while it runs, each with the answer that is our default.

Where Pinterest documents nothing, the alternatives are here, so that a client can be tried against each.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Tier = Literal["standard", "trial", "none"]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Settings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """All settings; seconds are `_s`, milliseconds `_ms`.

    Attributes:
        tier: whose limits apply; `none` has no limits and sends no rate-limit headers.
        matching_delay_s: how long a customer list is PROCESSING after a write (24 to 48 hours at Pinterest).
        match_rate: share of the identifiers that belong to a Pinterest account. No figure is documented.
        latency_ms: how long each API request waits before it is worked on.
        object_spacing_ms: writes to one object closer than this are answered 429; 0 allows any.
        audience_floor: `refuse` answers 400 when an audience is made of a list that is PROCESSING or TOO_SMALL.
        rule_change: `refuse` answers 400 when an audience's rule is to be changed.
        listed_rules: `left_out` shows an audience's rule only to who asks for that audience.
        names: what becomes of the names of lists and audiences: `folded` trims them and makes one blank of several,
            `cut` keeps 100 characters.
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
    listed_rules: Literal["shown", "left_out"] = "shown"
    names: Literal["as_sent", "folded", "cut"] = "as_sent"
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
