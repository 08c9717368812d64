from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.audience_creation import AudienceCreation, Creation, read_names
from destination_pinterest.audiences.creation import NOBODY
from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.session import PlatformConfig, open_session
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import AD_ACCOUNT, SISTER_ACCOUNT, FakePinterest
from unit_tests.support.raises import raises

Create = Callable[..., Creation]


@pytest.fixture
def create(raw_config: dict[str, Any], messages: MessageWriter, pinterest: FakePinterest, clock: Clock) -> Create:
    def run(*names: str, **settings: Any) -> Creation:
        raw = {**raw_config, **settings}
        session = open_session(
            read_config(raw), PlatformConfig(raw, messages), system=clock.system, observer=SilentObserver(),
            retry=RetryPolicy(20.0), open_wire=pinterest.open_wire,
        )  # fmt: skip
        return AudienceCreation(read_config(raw), session, clock.system).run(names)

    return run


def test_each_name_gets_an_audience_of_a_list_that_holds_nobody(create: Create, pinterest: FakePinterest) -> None:
    creation = create("VIP", "Lapsed", description="For campaigns")
    assert [(one.audience, one.outcome) for one in creation.audiences] == [("VIP", "created"), ("Lapsed", "created")]
    assert pinterest.members_of("VIP") == {NOBODY}
    first = pinterest.audiences[creation.audiences[0].audience_id]
    assert first["description"].startswith("For campaigns [dp1:m0,0,1,")


def test_what_is_there_already_stays_as_it_is(create: Create, pinterest: FakePinterest) -> None:
    audience_id = pinterest.add_audience("VIP", pinterest.add_list("VIP", "somebody"))
    (found,) = create("VIP").audiences
    assert (found.audience_id, found.outcome) == (audience_id, "found")
    assert [asked.method for asked in pinterest.asked if asked.method != "GET"] == []


def test_a_list_without_an_audience_is_used(create: Create, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("VIP", "somebody")
    (made,) = create("VIP").audiences
    assert (made.customer_list_id, made.outcome, len(pinterest.lists)) == (list_id, "created", 1)


def test_an_audience_that_pinterest_does_not_make_yet_is_an_error_that_may_pass(
    create: Create, pinterest: FakePinterest
) -> None:
    pinterest.refuse("POST", "audiences", 400, "Audience size too small")
    with raises(Code.AUDIENCE_NOT_BEGUN, match='"VIP" is there'):
        create("VIP")
    assert create("VIP").audiences[0].outcome == "created"
    assert len(pinterest.lists) == 1


def test_names_are_taken_once_and_there_must_be_some() -> None:
    assert read_names({"names": ["a", "b", "a"]}) == ["a", "b"]
    for wrong in ({}, {"names": []}, {"names": [1]}, {"names": "a"}):
        with raises(Code.COMMAND_WRONG):
            read_names(wrong)


def test_an_audience_is_created_in_every_ad_account_of_the_settings(create: Create, pinterest: FakePinterest) -> None:
    pinterest.reached.append(pinterest.sister)
    creation = create("VIP", also_in_ad_accounts=[SISTER_ACCOUNT])
    assert [(one.ad_account_id, one.outcome) for one in creation.audiences] == [
        (AD_ACCOUNT, "created"), (SISTER_ACCOUNT, "created"),
    ]  # fmt: skip
    assert [pinterest.owners.get(one.audience_id, AD_ACCOUNT) for one in creation.audiences] == [
        AD_ACCOUNT, SISTER_ACCOUNT,
    ]  # fmt: skip
