"""What alerts are sent, and where to: the section `alerts` of a project file, and of one of its audiences.

Source: github.com/caronc/apprise/wiki (read 2026-11-27): a destination is a URL, and most hold a token or a password.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, WithJsonSchema

from pinterest_audiences.alerts.durations import duration, share

Duration = Annotated[
    timedelta,
    BeforeValidator(duration),
    WithJsonSchema({"type": ["string", "number"], "examples": ["90m", "26h", "7d"]}),
]
Share = Annotated[
    float,
    BeforeValidator(share),
    Field(gt=0, le=1),
    WithJsonSchema({"type": ["string", "number"], "examples": ["5%", 0.05]}),
]
Addresses = Annotated[
    tuple[SecretStr, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    WithJsonSchema({"type": ["array", "string"], "items": {"type": "string"}}),
]


class AlertSettings(BaseModel):
    """When people are told, and by what. Each condition can be changed, or switched off by false or null."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    notify: Addresses = Field(
        default=(),
        description="Where alerts go: URLs of Apprise, such as ${SLACK_ALERTS} or mailtos://…. They hold secrets, so "
        "take them from the environment. Without any, nothing is sent.",
    )
    failure: bool = Field(default=True, description="A run of an audience failed.")
    guard: bool = Field(default=True, description="A guard refused to change the audience.")
    empty_table: bool = Field(
        default=True, description="The table that is to replace an audience has no usable rows, and empties nothing."
    )
    rejected_share: Share | None = Field(
        default=0.1,
        description="More than this share of the rows could not be used (0.1 or 10%). Rows without consent, suppressed "
        "people and deletions of nobody don't count.",
    )
    size_drop: Share | None = Field(
        default=0.3,
        description="Pinterest's size of the audience is smaller by this share than its largest within `drop_window`.",
    )
    match_drop: Share | None = Field(
        default=0.3,
        description="The estimated match rate is smaller by this share than its largest within `drop_window`.",
    )
    drop_window: Duration = Field(
        default=timedelta(days=7),
        json_schema_extra={"default": "7d"},
        description="How far back sizes and match rates are compared.",
    )
    too_small_for: Duration | None = Field(
        default=timedelta(hours=48),
        json_schema_extra={"default": "48h"},
        description="Pinterest has called the audience too small to be targeted for so long. It matches within 24 to "
        "48 hours, so a new audience is small at first.",
    )
    sign_in_days: int | None = Field(
        default=14, ge=1, le=60, description="The sign-in ends within so many days, unless it is renewed or used."
    )
    stale_after: Duration | None = Field(
        default=None, description="No run has succeeded for so long (26h). `status --fail-if-stale` asks for it."
    )
    repeat_after: Duration = Field(
        default=timedelta(hours=24),
        json_schema_extra={"default": "24h"},
        description="While its reason lasts, an alert is sent again only after so long.",
    )
    recovered: bool = Field(default=True, description="Say when the reason of an alert is over.")

    def overlaid(self, own: Self | None) -> Self:
        """Returns these settings with what an audience says of its own in their place."""
        if own is None:
            return self
        return self.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})

    @property
    def addresses(self) -> tuple[str, ...]:
        """The URLs themselves. They are secret."""
        return tuple(each.get_secret_value() for each in self.notify)
