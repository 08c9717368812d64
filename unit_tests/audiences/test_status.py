from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.status import TargetStatus, read_status
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises


def target(**known: Any) -> AudienceTarget:
    return AudienceTarget("VIP", frozenset({Identifier.EMAIL}), **known)


@pytest.fixture
def client(make_client: Callable[..., PinterestClient]) -> PinterestClient:
    return make_client(retry_s=0.0)


def test_the_status_is_asked_of_what_there_is(client: PinterestClient, pinterest: FakePinterest) -> None:
    assert read_status(client, target()) == TargetStatus()
    assert pinterest.asked == []
    list_id = pinterest.add_list("VIP", "a", status="UPLOADING")
    only_list = read_status(client, target(list_id=list_id))
    assert (only_list.customer_list, only_list.audience, only_list.size) == ("UPLOADING", None, None)
    assert len(pinterest.asked) == 1
    both = read_status(client, target(list_id=list_id, audience_id=pinterest.add_audience("VIP", list_id)))
    assert (both.customer_list, both.audience, both.size) == ("UPLOADING", "READY", 120)
    for status in (only_list, both):
        assert status.written == client.customer_list(list_id)


def test_an_audience_may_be_made_of_another_list_than_the_one_that_is_written_to(
    client: PinterestClient, pinterest: FakePinterest
) -> None:
    live, written = pinterest.add_list("VIP"), pinterest.add_list("VIP [generation 7, job 12]")
    status = read_status(client, target(list_id=written, audience_id=pinterest.add_audience("VIP", live)))
    assert status.written is not None
    assert (status.written.id, status.made_of) == (written, live)


@pytest.mark.parametrize("has_audience", [True, False])
def test_what_pinterest_says_is_wrong_with_a_list_is_told(
    client: PinterestClient, pinterest: FakePinterest, has_audience: bool
) -> None:
    list_id = pinterest.add_list("VIP", exceptions={"bad": 3})
    audience_id = pinterest.add_audience("VIP", list_id) if has_audience else None
    assert read_status(client, target(list_id=list_id, audience_id=audience_id)).exceptions == '{"bad":3}'


@pytest.mark.parametrize("path", ["customer_lists/", "audiences/"])
def test_a_status_that_pinterest_does_not_tell_is_raised(
    client: PinterestClient, pinterest: FakePinterest, path: str
) -> None:
    list_id = pinterest.add_list("VIP")
    audience_id = pinterest.add_audience("VIP", list_id)
    pinterest.refuse("GET", path, 503, "down", times=9)
    with raises(Code.PINTEREST_FAULT):
        read_status(client, target(list_id=list_id, audience_id=audience_id))
