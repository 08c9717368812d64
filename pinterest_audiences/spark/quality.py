"""Checks that enough of a DataFrame's rows can be used: the connector does not get to see the others."""

from __future__ import annotations

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import UnusableRowsError
from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.routing.row_quality import RowQuality
from pinterest_audiences.spark.chunks import Tally


def check_quality(tally: Tally, audience: str, max_rejected_percent: int, *, is_whole: bool) -> None:
    """Applies the rule of `max_rejected_percent`. Raises: UnusableRowsError."""
    quality = RowQuality(max_rejected_percent, is_whole=is_whole)
    quality.entered = tally.read
    for (column, reason), rows in tally.rejections.items():
        quality.refuse(Rejection(column, None, reason), 0, rows)
    if not quality.is_refused:
        return
    findings = "; ".join(quality.findings())
    if quality.refused == quality.with_values:
        raise UnusableRowsError(
            Code.NO_ROW_USABLE,
            f"None of the {quality.with_values:,} rows of the DataFrame that have values could be used for the "
            f'audience "{audience}": {findings}. Correct {quality.to_correct}, and sync again.',
        )
    raise UnusableRowsError(
        Code.TOO_MANY_ROWS_REJECTED,
        f"{quality.refused:,} of the {quality.with_values:,} rows of the DataFrame that have values could not be used "
        f'for the audience "{audience}", more than the {quality.limit} % of max_rejected_percent: {findings}. Correct '
        "the table or the settings, or raise that setting.",
    )
