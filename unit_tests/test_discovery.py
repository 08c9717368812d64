from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.config import read_config
from destination_pinterest.config.credentials import token_fingerprint
from destination_pinterest.discovery import Discovery, without_renewal
from destination_pinterest.error_codes import Code
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.session import PlatformConfig, open_session
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import AD_ACCOUNT, SISTER_ACCOUNT, FakePinterest
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises

DAY_S = 86_400


@pytest.fixture
def discover(messages: MessageWriter, clock: Clock, pinterest: FakePinterest) -> Callable[[dict[str, Any]], list[str]]:
    """The names of the objects that are found; nothing is tried twice."""

    def run(raw: dict[str, Any]) -> list[str]:
        config = read_config(raw)
        session = open_session(
            without_renewal(config, clock.now()),
            PlatformConfig(raw, messages),
            system=clock.system,
            observer=SilentObserver(),
            retry=RetryPolicy(retry_s=0.0),
            open_wire=pinterest.open_wire,
        )
        found = Discovery(config, session.clients).run().content["operations"]
        return list(dict.fromkeys(operation["object_name"] for operation in found))

    return run


Discover = Callable[[dict[str, Any]], list[str]]


def kept(oauth_config: dict[str, Any], **tokens: Any) -> dict[str, Any]:
    """The config as a check or sync left it, with the times of the very tokens in it."""
    credentials = {**oauth_config["credentials"], **tokens}
    marks = {f"{name}_mark": token_fingerprint(credentials.get(name, "")) for name in ("access_token", "refresh_token")}
    return {**oauth_config, "credentials": {**credentials, **marks}}


def test_audiences_of_all_pages_are_found(
    discover: Discover, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.page_size = 2
    ids = [pinterest.add_audience(f"A{number}", pinterest.add_list("x")) for number in range(5)]
    pinterest.add_audience("Visitors", None, "VISITOR")
    names = [f"A{number} (549755885175/{audience_id})" for number, audience_id in enumerate(ids)]
    assert discover(raw_config) == ["pinterest_audience", *names]


def test_the_operation_column_of_the_settings_is_offered(
    raw_config: dict[str, Any], messages: MessageWriter, clock: Clock, pinterest: FakePinterest
) -> None:
    config = read_config({**raw_config, "operation_column": {"mode": "column", "column": "op"}})
    session = open_session(
        config,
        PlatformConfig({}, messages),
        system=clock.system,
        observer=SilentObserver(),
        retry=RetryPolicy(retry_s=0.0),
        open_wire=pinterest.open_wire,
    )
    insert = Discovery(config, session.clients).run().content["operations"][0]
    assert "op" in insert["json_schema"]["properties"]


@pytest.mark.parametrize("left_s", [None, 3600])
def test_an_access_token_that_lives_is_used_and_nothing_is_renewed(
    discover: Discover,
    oauth_config: dict[str, Any],
    pinterest: FakePinterest,
    clock: Clock,
    outbox: Outbox,
    left_s: int | None,
) -> None:
    ends_at = None if left_s is None else int(clock.now()) + left_s
    # Half of the refresh token's life is over, which a sync would take for a reason to renew it.
    ends = int(clock.now()) + 10 * DAY_S
    raw = kept(oauth_config, access_token="pina_kept", access_token_expires_at=ends_at, refresh_token_expires_at=ends)
    assert discover(raw) == ["pinterest_audience"]
    assert {asked.authorization for asked in pinterest.asked} == {"Bearer pina_kept"}
    assert (pinterest.refreshes, outbox.messages) == (0, [])


@pytest.mark.parametrize("tokens", [{}, {"access_token": ""}, {"access_token": "pina_kept", "ends_in_s": 60}])
def test_a_refresh_token_is_not_spent_where_there_is_no_good_access_token(
    discover: Discover, oauth_config: dict[str, Any], pinterest: FakePinterest, clock: Clock, tokens: dict[str, Any]
) -> None:
    if "ends_in_s" in tokens:
        tokens = {"access_token": tokens["access_token"], "access_token_expires_at": int(clock.now()) + 60}
    with raises(
        Code.RENEWAL_DUE_IN_DISCOVERY, match=r"Test the destination once .* then refresh the list of objects\."
    ):
        discover(kept(oauth_config, **tokens))
    assert pinterest.asked == []


def test_a_new_sign_in_is_good_enough_whatever_was_kept_of_the_earlier_one(
    discover: Discover, oauth_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    raw = kept(oauth_config, access_token="pina_old", access_token_expires_at=1, refresh_token_expires_at=1)
    raw["credentials"] |= {"access_token": "pina_signed_in", "refresh_token": "pinr_signed_in"}
    assert discover(raw) == ["pinterest_audience"]
    assert {asked.authorization for asked in pinterest.asked} == {"Bearer pina_signed_in"}


def test_an_access_token_of_another_sign_in_is_not_used(
    discover: Discover, oauth_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    raw = kept(oauth_config, access_token="pina_old")
    raw["credentials"]["refresh_token"] = "pinr_of_somebody_else"
    with raises(Code.RENEWAL_DUE_IN_DISCOVERY, match="Test the destination once"):
        discover(raw)
    assert pinterest.asked == []


def test_a_refresh_token_is_not_spent_where_the_access_token_is_refused(
    discover: Discover, oauth_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.refuse("GET", "audiences", 401, "Authentication failed.", code=2)
    with raises(Code.RENEWAL_DUE_IN_DISCOVERY, match=r"Test the destination once .*HTTP 401"):
        discover(kept(oauth_config, access_token="pina_revoked"))
    assert pinterest.refreshes == 0


def test_a_pasted_token_that_is_refused_is_to_be_made_anew(
    discover: Discover, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.refuse("GET", "audiences", 401, "Authentication failed.", code=2)
    with raises(Code.ACCESS_TOKEN_REFUSED, match="Make a new one"):
        discover(raw_config)


def test_what_pinterest_fails_with_is_not_hidden(
    discover: Discover, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.refuse("GET", "audiences", 503)
    with raises(Code.PINTEREST_FAULT):
        discover(raw_config)


def test_what_a_check_renewed_is_good_enough_for_a_discover(
    discover: Discover,
    oauth_config: dict[str, Any],
    pinterest: FakePinterest,
    clock: Clock,
    messages: MessageWriter,
    outbox: Outbox,
) -> None:
    retry = RetryPolicy(retry_s=0.0)
    checked = open_session(
        read_config(oauth_config), PlatformConfig(oauth_config, messages), open_wire=pinterest.open_wire,
        system=clock.system, observer=SilentObserver(), retry=retry,
    )  # fmt: skip
    checked.client.ad_account()
    (control,) = outbox.of("CONTROL")
    assert discover(control["connectorConfig"]["config"]) == ["pinterest_audience"]
    assert pinterest.refreshes == 1


def test_an_audience_whose_listing_leaves_out_its_type_is_found(
    discover: Discover, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    ours = pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    other = pinterest.add_audience("Visitors", None, "VISITOR")
    listed = [{"id": ours, "name": "VIP"}, {"id": other, "name": "Visitors"}]
    pinterest.answer("GET", "audiences$", 200, {"items": listed})
    assert f"VIP (549755885175/{ours})" in (found := discover(raw_config))
    assert not [name for name in found if name.startswith("Visitors")]


def test_audiences_of_every_ad_account_are_found_each_with_its_own(
    discover: Discover, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    ids = [
        pinterest.add_audience("VIP", pinterest.add_list("VIP", account=account), account=account)
        for account in (AD_ACCOUNT, SISTER_ACCOUNT)
    ]
    assert discover({**raw_config, "also_in_ad_accounts": [SISTER_ACCOUNT]}) == [
        "pinterest_audience",
        f"VIP ({AD_ACCOUNT}/{ids[0]})",
        f"VIP ({SISTER_ACCOUNT}/{ids[1]})",
    ]
