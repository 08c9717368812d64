"""What a failure's first sentence is, and what the last line of a failed run says."""

from __future__ import annotations

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import Answer, InternalError
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


def failed(answer: Answer) -> Failure:
    return Failure.of(InternalError(Code.REQUEST_REFUSED, "Pinterest refuses it. Change [this].", answer=answer))


def test_the_one_line_of_a_failure_has_its_code_what_happened_and_what_to_do() -> None:
    failure = Failure.because(Code.ROWS_UNCONFIRMED, "The last rows:\n- were not confirmed. Run the sync again.")
    assert failure.one_line == "PIN-CLI-014: The last rows: - were not confirmed. Run the sync again."


def test_the_one_line_of_a_failure_keeps_a_short_answer_and_leaves_out_a_long_one() -> None:
    short = failed(Answer("GET /ad_accounts", 403))
    long = failed(Answer("GET /ad_accounts", 403, code=29, message="[Forbidden] " * 10, request_id="1"))
    assert short.one_line == short.text
    assert short.text.endswith(" [Pinterest answered HTTP 403 to GET /ad_accounts]")
    assert long.one_line == "PIN-API-002: Pinterest refuses it. Change [this]."
