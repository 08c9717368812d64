"""Values that SQL and the mapper have to judge alike, and the comparison of the two."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from destination_pinterest.identity.identifiers import IDENTIFIERS
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.vocabulary import LetterCase
from pinterest_audiences.difference.dialects import Dialect
from pinterest_audiences.difference.judging import BLANK, ODD, SENT_AS_DIGESTS, Judgement, judgement_of
from pinterest_audiences.difference.trust import HARD_VALUES

# What the database says of each value: how it is judged, and what is sent.
Judge = Callable[[Judgement], Sequence[tuple[str, str | None]]]

KINDS = [(kind, value_format) for kind in sorted(SENT_AS_DIGESTS) for value_format in IDENTIFIERS[kind].formats]
DIGEST = hashlib.sha256(b"ada@example.com").hexdigest()
UUID = "f7b3A5c1-8d2e-4f6a-9b0c-1d2e3f4a5b6c"
SIGNS = st.sampled_from(
    [*"abAZ09._%+-@ '\"<>;,\t\n\r{}[]()\\ü\u212a\u0131\u017f", "example", ".com", ".test", "@", "\x00"]
)
ADDRESSES = st.builds(
    "{}{}@{}.{}{}".format,
    st.sampled_from(["", " ", "'", "\t"]),
    st.text("abcXYZ019._+-%'", max_size=12),
    st.text("abcXYZ019.-", max_size=14),
    st.sampled_from(["com", "COM", "test", "de", "c", "invalid", "co1", "co-m"]),
    st.sampled_from(["", " ", "\n", ",", "\u00a0"]),
)
DIGESTS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", " ", "0x", "\n"]),
    st.sampled_from([32, 40, 63, 64, 65]).flatmap(lambda n: st.text("0123456789abcdefABCDEF", min_size=n, max_size=n)),
    st.sampled_from(["", " ", "\n"]),
)
VALUES = st.one_of(st.sampled_from(HARD_VALUES), ADDRESSES, DIGESTS, st.lists(SIGNS, max_size=20).map("".join))


def check(dialect: Dialect, judge: Judge, values: Sequence[str | None], case: LetterCase) -> None:
    """Compares what a database says of values in the column `email` with what the mapper does."""
    for kind, value_format in KINDS:
        column = IdentityColumn("email", kind, value_format, "DE")
        one = judgement_of(column, case, dialect)
        map_row = IdentityMapper([column], maid_case=case).map
        for value, (way, sent) in zip(values, judge(one), strict=True):
            mapped = map_row((value,))
            if way not in {BLANK, ODD}:
                assert mapped.identifiers == (sent,), (kind, value_format, value)
                assert not mapped.rejections
            if way == BLANK:
                assert [each.reason for each in mapped.rejections] == ["no_identity"], (kind, value_format, value)
