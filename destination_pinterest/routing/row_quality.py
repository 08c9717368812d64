"""Counts how many of a stream's rows can be used, and what the values look like in those that can't.

Rows without any value don't count: that a person has no address is no fault. The counts serve a rule (`is_refused`)
that is applied at the end. Until then they hold back states, so that no state passes rows that are to be read again
once somebody has corrected a setting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.identity.value_form import form_of

# Fewer rows of an increment prove nothing: a connection must not be stopped by a single malformed row.
FEWEST_ROWS: Final = 100
# Rows that give no value at all.
BLANK_REASONS: Final = frozenset(
    {
        RejectionReason.NO_IDENTITY,
        RejectionReason.NO_IDENTITY_IN_DELETION,
        RejectionReason.VALUE_UNCHANGED,
        RejectionReason.NO_AUDIENCE,
    }
)
# What is to be corrected if a reason is the most frequent one; otherwise the identity columns are.
_TO_CORRECT: Final = MappingProxyType(
    dict.fromkeys(
        (
            RejectionReason.AUDIENCE_NAME_IDENTIFIES,
            RejectionReason.AUDIENCE_NAME_NOT_TEXT,
            RejectionReason.AUDIENCE_NAME_TOO_LONG,
            RejectionReason.TOO_MANY_AUDIENCES_IN_ROW,
        ),
        "the column that names the audiences (audience_column or audience_name)",
    )
    | dict.fromkeys(
        (
            RejectionReason.NO_AD_ACCOUNT,
            RejectionReason.INVALID_AD_ACCOUNT,
            RejectionReason.UNKNOWN_AD_ACCOUNT,
        ),
        "Ad account column (ad_account_column) or the ad accounts of the settings (also_in_ad_accounts)",
    )
    | {RejectionReason.UNKNOWN_OPERATION: "Operation column (operation_column)"}
)
# Values whose forms are counted, and columns that a sentence names.
_MOST_SAMPLES: Final = 100
_MOST_COLUMNS: Final = 3


class RowQuality:
    """The counts of one stream in one sync. `entered` is updated directly, since every run passes here.

    Args:
        max_rejected_percent: the percentage of rows with values that may be refused; 100 permits anything but a whole
            table of which no row can be used.
        is_whole: whether the rows are a whole table, so that few of them prove something too.
    """

    __slots__ = (
        "_first_refused",
        "_forms",
        "_is_settled",
        "_is_whole",
        "_reasons",
        "blank",
        "entered",
        "limit",
        "refused",
    )

    def __init__(self, max_rejected_percent: int, *, is_whole: bool) -> None:
        self.limit = max_rejected_percent
        self.entered = 0
        self.blank = 0
        self.refused = 0
        self._is_whole = is_whole
        self._reasons: dict[str | None, Counter[RejectionReason]] = {}
        self._forms: dict[str, Counter[str]] = {}
        self._first_refused: int | None = None
        self._is_settled = False

    def refuse(self, rejection: Rejection, position: int, rows: int = 1) -> None:
        """Counts rows that are refused and came after at least `position` records.

        One without consent is none of these: it is understood, and its identifiers leave.
        """
        if rejection.reason is RejectionReason.NO_CONSENT:
            return
        if rejection.reason in BLANK_REASONS:
            self.blank += rows
            return
        self.refused += rows
        self._reasons.setdefault(rejection.column, Counter())[rejection.reason] += rows
        if self._first_refused is None:
            self._first_refused = position

    def sample(self, column: str, value: object) -> None:
        """Takes the form of a value in a refused row."""
        form = form_of(value)
        if form is not None:
            self._forms.setdefault(column, Counter())[form.value] += 1

    @property
    def wants_samples(self) -> bool:
        """Whether more values are wanted."""
        return max((forms.total() for forms in self._forms.values()), default=0) < _MOST_SAMPLES

    @property
    def with_values(self) -> int:
        """Rows that have any value."""
        return self.entered - self.blank

    @property
    def is_refused(self) -> bool:
        """Whether too few of the rows can be used for the sync to succeed."""
        if not self.refused or not (self._is_whole or self.with_values >= FEWEST_ROWS):
            return False
        return self._is_above_limit or (self._is_whole and self.refused == self.with_values)

    @property
    def held_from(self) -> int | None:
        """The position from which on states wait for the rule; None if it would permit all that came so far."""
        if self._first_refused is None or self._is_settled:
            return None
        if not self._is_above_limit and not (self._is_whole and self.refused == self.with_values):
            self._first_refused = None
        return self._first_refused

    def take_rest(self) -> None:
        """Takes the rows for the rest of a table, of which an earlier attempt brought the most."""
        self._is_whole = False

    def settle(self) -> None:
        """Lets go of the states: the rule has been applied."""
        self._is_settled = True

    def findings(self) -> Iterator[str]:
        """Yields for each column, the worst first, what its values look like, or why they are refused."""
        columns = sorted(self._reasons, key=lambda column: -self._reasons[column].total())
        for column in columns[:_MOST_COLUMNS]:
            forms = self._forms.get(column) if column is not None else None
            if forms and RejectionReason.UNKNOWN_OPERATION not in self._reasons[column]:
                ((form, count),) = forms.most_common(1)
                yield f"column {column}: {count:,} of {forms.total():,} values look like {form}"
            else:
                ((reason, count),) = self._reasons[column].most_common(1)
                yield f"column {column}: {reason} in {count:,} rows"

    @property
    def to_correct(self) -> str:
        """Where somebody has to correct something, by the most frequent reason."""
        reasons: Counter[RejectionReason] = Counter()
        for counted in self._reasons.values():
            reasons += counted
        most = max(reasons, key=reasons.__getitem__, default=None)
        columns = "the columns or their formats under Identity columns (identity_columns)"
        return columns if most is None else _TO_CORRECT.get(most, columns)

    @property
    def _is_above_limit(self) -> bool:
        return self.refused * 100 > self.with_values * self.limit
