"""The consent column: which rows may be advertised to."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from destination_pinterest.config.column_name import ColumnName
from destination_pinterest.config.setting import Settings, setting


class NoConsentColumn(Settings):
    """Every row may be added: consent is settled where the data comes from."""

    model_config = ConfigDict(title="No column")

    consent: Literal["none"] = setting("none", order=0)


class ConsentColumnSetting(Settings):
    """A column says whether the person consents to advertising. Who does not is not added, and leaves."""

    model_config = ConfigDict(title="Use a column")

    consent: Literal["column"] = setting("column", order=0)
    column: ColumnName = setting(
        min_length=1,
        description=(
            "The column's name, which every stream must have; upper and lower case count. Null, blank and unknown "
            "values are no consent."
        ),
        examples=["marketing_consent", "consented_purposes"],
        title="Column",
        order=1,
    )
    permits: tuple[str, ...] = setting(
        (),
        description=(
            "The values that permit advertising. If the column has a list of purposes (an array, JSON, or a text "
            "separated by commas, semicolons or bars), the purposes of which one suffices. Leave it empty for true, 1, "
            "yes, y, granted, opt-in and a time. Upper and lower case are the same."
        ),
        examples=[["granted"], ["advertising", "marketing"]],
        title="Values that permit",
        order=2,
    )
