"""What a failure's first sentence is, which is all that the last line of a failed run has room for."""

from __future__ import annotations

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import Failure, first_sentence


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("It broke. Run it again.", "It broke."),
        ("It broke", "It broke"),
        ("It broke. [Pinterest answered HTTP 500 to GET /x]", "It broke."),
        ("Say what to read. --table NAME does.", "Say what to read."),
        ('The audience "V.I.P. Buyers. All" is gone. Choose another.', 'The audience "V.I.P. Buyers. All" is gone.'),
        ("api.pinterest.com gave 1.5 answers. Wait.", "api.pinterest.com gave 1.5 answers."),
        ("One setting is missing:\n- ad_account_id. Set it.", "One setting is missing: - ad_account_id."),
        ('A quotation mark " that never ends. More.', 'A quotation mark " that never ends. More.'),
    ],
)
def test_the_first_sentence_says_what_happened(text: str, first: str) -> None:
    assert first_sentence(text) == first


def test_the_gist_of_a_failure_has_its_code() -> None:
    failure = Failure.because(Code.ROWS_UNCONFIRMED, "The last rows were not confirmed. Run the sync again.")
    assert failure.gist == "PIN-CLI-014: The last rows were not confirmed."
