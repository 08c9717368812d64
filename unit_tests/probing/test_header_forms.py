from __future__ import annotations

import pytest
from requests.structures import CaseInsensitiveDict

from destination_pinterest.api.wire import Lost, Message, Reply
from destination_pinterest.probing.header_forms import HeaderForms


class Answers:
    def __init__(self, *answers: tuple[int, dict[str, str]]) -> None:
        self.answers = list(answers)

    def exchange(self, message: Message) -> Reply | Lost:
        status, headers = self.answers.pop(0)
        return Reply(status, CaseInsensitiveDict(headers), b"", 0.0)


@pytest.mark.parametrize(
    ("limits", "form"),
    [
        ([None], "none"),
        (["400"], "plain"),
        (["400, 400;w=60"], "envoy"),
        (["400, 400;w=60", "400"], "envoy"),
        ([None, "400"], "plain"),
        (["lots"], "other"),
    ],
)
def test_the_most_telling_form_of_the_limit_is_noted(limits: list[str | None], form: str) -> None:
    answers = [(200, {} if limit is None else {"X-RateLimit-Limit": limit}) for limit in limits]
    forms = HeaderForms(Answers(*answers))
    for _ in limits:
        forms.exchange(Message("GET", "/", {}))
    assert (forms.limit, forms.retry_after, forms.exchanges) == (form, None, len(limits))


@pytest.mark.parametrize(("headers", "has_one"), [({}, False), ({"Retry-After": "3"}, True)])
def test_whether_a_refusal_for_quota_says_when_to_come_back_is_noted(headers: dict[str, str], has_one: bool) -> None:
    forms = HeaderForms(Answers((429, headers)))
    forms.exchange(Message("GET", "/", {}))
    assert forms.retry_after is has_one
