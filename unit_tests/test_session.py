from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.api.auth import TokenSet
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.config import read_config
from destination_pinterest.config.credentials import token_fingerprint
from destination_pinterest.connection_check import refresh_expiry
from destination_pinterest.error_codes import Code
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.session import PinterestSession, PlatformConfig, open_session, with_tokens
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import Asked, FakePinterest
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises

DAY_S = 86_400


MakeSession = Callable[..., PinterestSession]


@pytest.fixture
def make_session(messages: MessageWriter, clock: Clock, pinterest: FakePinterest) -> MakeSession:
    def make(raw: dict[str, Any], **more: Any) -> PinterestSession:
        retry = more.get("retry", RetryPolicy())
        return open_session(
            read_config(raw),
            PlatformConfig(raw, messages),
            system=clock.system,
            observer=SilentObserver(),
            retry=retry,
            open_wire=pinterest.open_wire,
        )

    return make


def test_nothing_is_sent_by_making_a_session(
    make_session: MakeSession, oauth_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    make_session(oauth_config)
    assert pinterest.asked == []


def test_a_pasted_token_is_used_as_it_is(
    make_session: MakeSession, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    session = make_session(raw_config)
    assert session.sign_in is None
    session.client.ad_account()
    assert [asked.authorization for asked in pinterest.asked] == ["Bearer pina_pasted"]


def test_a_rotated_token_goes_out_with_the_whole_config_before_it_is_used(
    make_session: MakeSession, oauth_config: dict[str, Any], pinterest: FakePinterest, outbox: Outbox, clock: Clock
) -> None:
    oauth_config["platform_key"] = {"kept": [1, None]}
    oauth_config["credentials"]["granted_by"] = "somebody"
    known_when_used: list[Any] = []

    def before(asked: Asked) -> None:
        if asked.authorization.startswith("Bearer"):
            known_when_used.append((asked.authorization, outbox.of("CONTROL")[-1]["connectorConfig"]["config"]))

    pinterest.before = before
    make_session(oauth_config).client.ad_account()
    kept = {
        **oauth_config,
        "credentials": {
            **oauth_config["credentials"],
            "access_token": "pina_new_1",
            "refresh_token": "pinr_new_1",
            "access_token_expires_at": int(clock.epoch) + 30 * DAY_S,
            "refresh_token_expires_at": int(clock.epoch) + 60 * DAY_S,
            "access_token_mark": token_fingerprint("pina_new_1"),
            "refresh_token_mark": token_fingerprint("pinr_new_1"),
        },
    }
    assert known_when_used == [("Bearer pina_new_1", kept)]
    assert oauth_config["credentials"]["refresh_token"] == "pinr_first"


def test_what_was_kept_can_be_read_again_and_is_not_renewed_without_need(
    make_session: MakeSession, oauth_config: dict[str, Any], pinterest: FakePinterest, outbox: Outbox, clock: Clock
) -> None:
    make_session(oauth_config).client.ad_account()
    (control,) = outbox.of("CONTROL")
    clock.pass_by(DAY_S)
    make_session(control["connectorConfig"]["config"]).client.ad_account()
    assert pinterest.refreshes == 1
    assert pinterest.asked[-1].authorization == "Bearer pina_new_1"


def test_a_refused_token_is_renewed_once(
    make_session: MakeSession, oauth_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    oauth_config["credentials"] |= {"access_token": "pina_old"}
    pinterest.refuse("GET", "ad_accounts", 401, "Authentication failed.", code=2)
    make_session(oauth_config).client.ad_account()
    authorizations = [asked.authorization for asked in pinterest.asked if asked.method == "GET"]
    assert authorizations == ["Bearer pina_old", "Bearer pina_new_1"]


@pytest.fixture
def kept_long_ago(
    make_session: MakeSession, oauth_config: dict[str, Any], pinterest: FakePinterest, outbox: Outbox, clock: Clock
) -> dict[str, Any]:
    """A config that a sync left, all of whose tokens have died since."""
    make_session(oauth_config).client.ad_account()
    (control,) = outbox.of("CONTROL")
    clock.pass_by(90 * DAY_S)
    pinterest.asked.clear()
    kept: dict[str, Any] = control["connectorConfig"]["config"]
    return kept


def test_a_new_sign_in_is_used_as_it_is_whatever_was_kept_of_the_earlier_one(
    make_session: MakeSession, kept_long_ago: dict[str, Any], pinterest: FakePinterest, outbox: Outbox
) -> None:
    kept_long_ago["credentials"] |= {"access_token": "pina_signed_in", "refresh_token": "pinr_signed_in"}
    session = make_session(kept_long_ago)
    session.client.ad_account()
    assert [asked.authorization for asked in pinterest.asked] == ["Bearer pina_signed_in"]
    assert (pinterest.refreshes, len(outbox.of("CONTROL"))) == (1, 1)
    assert session.sign_in is not None
    assert session.sign_in.refresh_expires_at is None


def test_a_new_sign_in_is_renewed_once_its_access_token_is_refused_and_known_from_then_on(
    make_session: MakeSession,
    kept_long_ago: dict[str, Any],
    pinterest: FakePinterest,
    outbox: Outbox,
    clock: Clock,
) -> None:
    kept_long_ago["credentials"] |= {"access_token": "pina_signed_in", "refresh_token": "pinr_signed_in"}
    pinterest.refuse("GET", "ad_accounts", 401, "Authentication failed.", code=2)
    make_session(kept_long_ago).client.ad_account()
    assert [asked.authorization.partition(" ")[0] for asked in pinterest.asked] == ["Bearer", "Basic", "Bearer"]
    again = make_session(outbox.of("CONTROL")[-1]["connectorConfig"]["config"])
    again.client.ad_account()
    assert pinterest.refreshes == 2
    assert again.sign_in is not None
    assert again.sign_in.refresh_expires_at == int(clock.now()) + 60 * DAY_S


def test_a_pasted_refresh_token_is_used_at_once_and_not_the_access_token_of_the_earlier_sign_in(
    make_session: MakeSession, oauth_config: dict[str, Any], pinterest: FakePinterest, outbox: Outbox
) -> None:
    make_session(oauth_config).client.ad_account()
    raw = outbox.of("CONTROL")[-1]["connectorConfig"]["config"]
    raw["credentials"]["refresh_token"] = "pinr_of_somebody_else"
    make_session(raw).client.ad_account()
    assert pinterest.asked[-1].authorization == "Bearer pina_new_2"
    assert pinterest.refreshes == 2


def test_a_refresh_token_that_has_expired_says_to_sign_in_again(
    make_session: MakeSession, oauth_config: dict[str, Any], pinterest: FakePinterest, outbox: Outbox
) -> None:
    pinterest.refuse("POST", "oauth/token", 400, "invalid grant", times=9)
    with raises(Code.SIGN_IN_NOT_RENEWED, match="Sign in again") as caught:
        make_session(oauth_config).client.ad_account()
    assert "pinr_first" not in str(caught.value)
    assert outbox.of("CONTROL") == []


def test_threads_that_need_a_token_at_once_renew_it_once(
    make_session: MakeSession, oauth_config: dict[str, Any], pinterest: FakePinterest, outbox: Outbox
) -> None:
    client = make_session(oauth_config).client
    threads = [threading.Thread(target=client.ad_account) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10.0)
    assert (pinterest.refreshes, len(outbox.of("CONTROL"))) == (1, 1)
    assert len(pinterest.asked_for("GET")) == 8


def test_an_interruption_ends_the_wait_for_another_try(
    make_session: MakeSession, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    session = make_session(raw_config)
    pinterest.refuse("GET", "ad_accounts", 503)
    session.pause.interrupt()
    with raises(Code.SYNC_STOPPED):
        session.client.ad_account()


def test_an_interruption_ends_the_wait_for_quota(
    make_session: MakeSession, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    session = make_session({**raw_config, "access_tier": "standard"})
    session.pause.interrupt()
    session.client.ad_account()
    with raises(Code.SYNC_STOPPED):
        session.client.ad_account()


def test_a_lost_creation_is_looked_up_after_the_waits_of_any_retry(
    make_session: MakeSession, raw_config: dict[str, Any]
) -> None:
    session = make_session(raw_config, retry=RetryPolicy(retry_s=10.0))
    assert [session.lost_answer_delay_s(attempt, 0.0) for attempt in (1, 2, 3)] == [1.0, 2.0, 4.0]
    assert session.lost_answer_delay_s(1, 9.5) is None


def test_tokens_are_put_into_a_copy_of_the_config(oauth_config: dict[str, Any]) -> None:
    kept = with_tokens(oauth_config, TokenSet("new access", 1_900_000_000.9, "new refresh", None))
    assert kept["credentials"] == {
        **oauth_config["credentials"],
        "access_token": "new access",
        "access_token_expires_at": 1_900_000_000,
        "refresh_token": "new refresh",
        "refresh_token_expires_at": None,
        "access_token_mark": token_fingerprint("new access"),
        "refresh_token_mark": token_fingerprint("new refresh"),
    }
    assert "access_token" not in oauth_config["credentials"]
    read_config(kept)


def test_what_the_platform_keeps_does_not_show_itself(raw_config: dict[str, Any], messages: MessageWriter) -> None:
    assert "pina_pasted" not in repr(PlatformConfig(raw_config, messages))


def test_a_renewal_that_is_not_needed_yet_is_a_warning(
    make_session: MakeSession, oauth_config: dict[str, Any], pinterest: FakePinterest, outbox: Outbox
) -> None:
    make_session(oauth_config).client.ad_account()
    kept = outbox.of("CONTROL")[-1]["connectorConfig"]["config"]
    kept["credentials"]["refresh_token_expires_at"] = kept["credentials"]["access_token_expires_at"] - DAY_S
    pinterest.refuse("POST", "oauth", 503, times=9)
    make_session(kept).client.ad_account()
    (warning,) = (log["message"] for log in outbox.of("LOG") if log["level"] == "WARN")
    assert "could not be renewed, which is not needed yet" in warning
    assert pinterest.asked[-1].authorization == "Bearer pina_new_1"


@pytest.mark.parametrize(
    "moment", [0, -1, 1e300, -1e300, 10**400, float("nan"), float("inf"), "soon", "", [], {}, None]
)
def test_a_config_that_holds_an_absurd_time_works_again(
    make_session: MakeSession, oauth_config: dict[str, Any], outbox: Outbox, moment: Any
) -> None:
    make_session(oauth_config).client.ad_account()
    kept = outbox.of("CONTROL")[-1]["connectorConfig"]["config"]
    kept["credentials"] |= {"access_token_expires_at": moment, "refresh_token_expires_at": moment}
    session = make_session(kept)
    session.client.ad_account()
    assert session.sign_in is not None
    assert refresh_expiry(session.sign_in, 0.0) == []


def test_a_sign_in_that_another_run_has_kept_is_found_where_the_config_is_kept(
    messages: MessageWriter, oauth_config: dict[str, Any], pinterest: FakePinterest, clock: Clock
) -> None:
    elsewhere = copy.deepcopy(oauth_config)
    elsewhere["ad_account_id"] = "${AD_ACCOUNT}"
    elsewhere["credentials"] |= {"refresh_token": "pinr_other", "client_secret": "${SECRET}"}
    pinterest.refuse("POST", "oauth", 401, code=2)
    session = open_session(
        read_config(oauth_config),
        PlatformConfig(oauth_config, messages, read_again=lambda: elsewhere),
        system=clock.system,
        observer=SilentObserver(),
        retry=RetryPolicy(),
        open_wire=pinterest.open_wire,
    )
    session.client.ad_account()
    asked = [each.body["refresh_token"] for each in pinterest.asked_for("POST", "oauth")]
    assert asked == [["pinr_first"], ["pinr_other"]]


@pytest.mark.parametrize(
    "elsewhere",
    [
        None,
        {},
        {"credentials": 5},
        {"credentials": {"refresh_token": "${TOKEN}"}},
        {"credentials": {"refresh_token": 5}},
    ],
)
def test_a_config_that_can_not_be_read_again_says_nothing(
    *,
    messages: MessageWriter,
    oauth_config: dict[str, Any],
    pinterest: FakePinterest,
    clock: Clock,
    elsewhere: dict[str, Any] | None,
) -> None:
    pinterest.refuse("POST", "oauth", 401, code=2)
    session = open_session(
        read_config(oauth_config),
        PlatformConfig(oauth_config, messages, read_again=lambda: elsewhere),
        system=clock.system,
        observer=SilentObserver(),
        retry=RetryPolicy(),
        open_wire=pinterest.open_wire,
    )
    with raises(Code.SIGN_IN_NOT_RENEWED):
        session.client.ad_account()
