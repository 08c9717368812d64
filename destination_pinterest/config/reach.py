"""Settings for what is made of an audience beside it: actalike audiences, and who else may use it."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from destination_pinterest.config.setting import Settings, setting

# What was shared is remembered in the audience's description, which should stay short.
MOST_RECIPIENTS: Final = 20

Percentage = Annotated[int, Field(ge=1, le=10)]
AccountId = Annotated[
    str, Field(pattern=r"^[0-9]{1,18}$", json_schema_extra={"pattern_descriptor": "an ID of up to 18 digits"})
]


class ActalikeSetting(Settings):
    """Audiences of people who are like those in the synced one: one for each country and percentage."""

    model_config = ConfigDict(title="Actalike audiences")

    countries: tuple[Literal["US", "CA", "GB"], ...] = setting(
        (),
        description="The countries whose people are compared: US, CA and GB, as Pinterest offers them.",
        title="Countries",
        order=0,
    )
    percentages: tuple[Percentage, ...] = setting(
        (),
        description=(
            "How much of a country's people an actalike audience has, in per cent from 1 to 10. 1 has those who are "
            "most alike."
        ),
        title="Percentages",
        order=1,
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.countries) != bool(self.percentages):
            raise PydanticCustomError("incomplete", "it needs both countries and percentages")
        return self


class ShareWithSetting(Settings):
    """Ad accounts and businesses of the same hierarchy that may use the audience, too."""

    model_config = ConfigDict(title="Share with")

    ad_accounts: tuple[AccountId, ...] = setting(
        (),
        description="IDs of ad accounts, up to 18 digits each.",
        title="Ad accounts",
        order=0,
    )
    businesses: tuple[AccountId, ...] = setting(
        (),
        description="IDs of businesses, up to 18 digits each.",
        title="Businesses",
        order=1,
    )

    @model_validator(mode="after")
    def _are_few(self) -> Self:
        if len(set(self.ad_accounts)) + len(set(self.businesses)) > MOST_RECIPIENTS:
            raise PydanticCustomError("too_many", f"it may have {MOST_RECIPIENTS} ids at most")
        return self
