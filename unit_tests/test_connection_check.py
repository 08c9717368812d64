from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.config import read_config
from destination_pinterest.connection_check import ConnectionCheck, refresh_expiry
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AuthenticationError,
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
)
from destination_pinterest.membership import open_membership_store
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.session import PlatformConfig, open_session
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import SISTER_ACCOUNT, FakePinterest
from unit_tests.support.raises import raises

AD_ACCOUNT = "549755885175"
DAY_S = 86_400


@pytest.fixture
def run(messages: MessageWriter, clock: Clock, pinterest: FakePinterest) -> Callable[[dict[str, Any]], str]:
    """Checks a config; nothing is tried twice."""

    def check(raw: dict[str, Any]) -> str:
        config, system = read_config(raw), clock.system
        retry = RetryPolicy(retry_s=0.0)
        session = open_session(
            config,
            PlatformConfig(raw, messages),
            system=system,
            observer=SilentObserver(),
            retry=retry,
            open_wire=pinterest.open_wire,
        )
        return ConnectionCheck(config, session, now=clock.now).run()

    return check


Run = Callable[[dict[str, Any]], str]


def test_a_good_sign_in_names_the_account_the_person_and_the_end_of_the_sign_in(
    run: Run, oauth_config: dict[str, Any]
) -> None:
    assert run(oauth_config) == (
        'Connected to the ad account "Shop" (549755885175) as owner. '
        "The sign-in ends on 2027-03-16 (in 60 days) unless a sync or check runs before that."
    )


def test_a_pasted_token_has_no_end_that_is_known(run: Run, raw_config: dict[str, Any]) -> None:
    assert run(raw_config) == 'Connected to the ad account "Shop" (549755885175) as owner.'


def test_an_account_without_a_name_goes_by_its_number(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.account["name"] = None
    assert run(raw_config) == "Connected to the ad account 549755885175 as owner."


def test_a_sign_in_without_the_right_to_know_the_persons_name_works(
    run: Run, oauth_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.granted_scope = "ads:read ads:write"
    pinterest.refuse("GET", "user_account", 403, code=3)
    assert run(oauth_config).startswith('Connected to the ad account "Shop" (549755885175). The sign-in ends')


@pytest.mark.parametrize(
    ("account", "shown"),
    [({}, ""), ({"username": None, "business_name": "Shop Ltd"}, " as Shop Ltd"), ({"username": 5}, ""), ([], "")],
)
def test_a_persons_name_is_only_a_courtesy(
    *, run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, account: object, shown: str
) -> None:
    pinterest.answer("GET", "user_account", 200, account)
    assert run(raw_config) == f'Connected to the ad account "Shop" (549755885175){shown}.'


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_a_check_does_not_fail_by_the_persons_name(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, status: int
) -> None:
    pinterest.refuse("GET", "user_account", status)
    assert run(raw_config) == 'Connected to the ad account "Shop" (549755885175).'


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ("ads:read,user_accounts:read", "ads:write"),
        ("ads:write", "ads:read"),
        ("", "ads:read and ads:write"),
    ],
)
def test_a_scope_that_was_not_granted_is_named(
    run: Run, oauth_config: dict[str, Any], pinterest: FakePinterest, granted: str, missing: str
) -> None:
    pinterest.granted_scope = granted
    with raises(Code.SCOPE_MISSING, match=f"does not include the scope {missing}\\. Sign in again"):
        run(oauth_config)


def test_where_the_scopes_are_not_told_a_write_that_changes_nothing_tells(
    run: Run, raw_config: dict[str, Any], oauth_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    run(raw_config)
    (probe,) = pinterest.asked_for("PATCH")
    assert probe.path.endswith("/customer_lists/0")
    assert probe.body["operation_type"] == "REMOVE"
    pinterest.granted_scope = None
    run(oauth_config)
    assert len(pinterest.asked_for("PATCH")) == 2


def test_a_pasted_token_without_the_right_to_write_is_refused(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.refuse("PATCH", "customer_lists", 401, "missing scope", code=3)
    with raises(Code.SCOPE_MISSING, match="ads:write"):
        run(raw_config)


def test_a_write_that_is_refused_for_another_reason_shows_that_the_scope_is_there(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.refuse("PATCH", "customer_lists", 400, "bad customer list id")
    assert run(raw_config).startswith("Connected")


def test_a_token_that_is_refused_only_for_writing_fails_the_check(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.refuse("PATCH", "customer_lists", 401, "Authentication failed.")
    with raises(Code.ACCESS_TOKEN_REFUSED):
        run(raw_config)


@pytest.mark.parametrize("roles", [["OWNER"], ["ANALYST", "AUDIENCE_MANAGER"], ["A_ROLE_OF_TOMORROW"], [], None])
def test_roles_that_may_change_audiences_or_are_not_known_are_let_through(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, roles: list[str] | None
) -> None:
    pinterest.account["permissions"] = roles
    assert run(raw_config).startswith("Connected")


def test_roles_that_may_not_change_audiences_are_named(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.account["permissions"] = ["ANALYST", "FINANCE_MANAGER"]
    with raises(Code.ROLE_MISSING, match=r"has the role ANALYST, FINANCE_MANAGER .* Ask the account's owner"):
        run(raw_config)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(401, 2, AuthenticationError), (403, 29, PermissionDeniedError), (404, 4, NotFoundError)],
)
def test_an_account_that_can_not_be_reached_says_why(
    run: Run,
    raw_config: dict[str, Any],
    pinterest: FakePinterest,
    status: int,
    code: int,
    error: type[ConfigurationError],
) -> None:
    pinterest.refuse("GET", "ad_accounts/[0-9]+$", status, code=code, times=9)
    with pytest.raises(error) as caught:
        run(raw_config)
    assert "pina_pasted" not in str(caught.value)


@pytest.mark.parametrize("path", ["audiences$", "customer_lists$"])
def test_both_kinds_of_things_must_be_readable(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, path: str
) -> None:
    pinterest.refuse("GET", path, 403, code=29)
    with raises(Code.ROLE_MISSING):
        run(raw_config)


def test_a_network_that_is_down_is_a_failure_that_may_pass(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.lose("GET", "", acted=False, times=9)
    with raises(Code.PINTEREST_UNREACHABLE) as caught:
        run(raw_config)
    assert caught.value.failure_kind == "transient_error"


def test_identity_columns_that_make_no_sense_are_found_without_asking_pinterest(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    column = {"column": "email", "identifier": "EMAIL"}
    with raises(Code.IDENTITY_COLUMN_MISDECLARED, match="given twice"):
        run({**raw_config, "identity_columns": [column, column]})
    with raises(Code.IDENTITY_FORMAT_UNKNOWN, match="does not exist"):
        run({**raw_config, "identity_columns": [{"column": "a", "identifier": "LR_ID", "format": "md5"}]})
    assert pinterest.asked == []
    run({**raw_config, "identity_columns": [column]})


def test_a_column_that_identifies_people_and_was_to_name_audiences_is_found_without_asking_pinterest(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    for settings in ({"audience_column": "email"}, {"audience_name": "VIP {Phone Number}"}):
        with raises(Code.AUDIENCE_COLUMN_IDENTIFIES, match="Choose a column that names groups"):
            run({**raw_config, **settings})
    assert pinterest.asked == []


@pytest.mark.parametrize("words", [{"add_values": ["x"], "remove_values": ["X"]}, {"add_values": [" "]}])
def test_operation_values_that_make_no_sense_are_found_without_asking_pinterest(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, words: dict[str, Any]
) -> None:
    with raises(Code.OPERATION_VALUES_INVALID, match="operation value"):
        run({**raw_config, "operation_column": {"column": "op", **words}})
    assert pinterest.asked == []


def test_the_end_of_a_sign_in_is_told_in_whole_days(run: Run, oauth_config: dict[str, Any], clock: Clock) -> None:
    class SignIn:
        refresh_expires_at = clock.epoch + 3.7 * DAY_S

    sign_in: Any = SignIn()
    assert refresh_expiry(sign_in, clock.epoch) == [
        "The sign-in ends on 2027-01-19 (in 3 days) unless a sync or check runs before that."
    ]
    assert "(in 0 days)" in refresh_expiry(sign_in, clock.epoch + 5 * DAY_S)[0]
    sign_in.refresh_expires_at = None
    assert refresh_expiry(sign_in, clock.epoch) == []
    assert refresh_expiry(None, clock.epoch) == []


# --- the membership store ---------------------------------------------------------------------------------------------


def remembering(folder: Path, **changes: Any) -> dict[str, Any]:
    store = {"store_type": "local", "path": str(folder), "store_key": "a key that only tests know", **changes}
    return {"membership_store": store}


def test_a_check_reaches_the_membership_store_and_leaves_nothing_there(
    run: Run, raw_config: dict[str, Any], tmp_path: Path
) -> None:
    found = run({**raw_config, **remembering(tmp_path)})
    assert found.endswith(f"The audience's members will be remembered in {tmp_path}.")
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_membership_store_that_is_not_there_fails_the_check(
    run: Run, raw_config: dict[str, Any], tmp_path: Path
) -> None:
    with raises(Code.STORE_FOLDER_REFUSED, match="Create or mount it"):
        run({**raw_config, **remembering(tmp_path / "not mounted")})


def test_a_membership_store_under_another_key_fails_the_check(
    run: Run, raw_config: dict[str, Any], tmp_path: Path
) -> None:
    settings = read_config({**raw_config, **remembering(tmp_path)}).membership_store
    assert settings is not None
    open_membership_store(settings).open(AD_ACCOUNT, "users").close()
    run({**raw_config, **remembering(tmp_path)})
    with raises(Code.STORE_KEY_WRONG, match="another store key"):
        run({**raw_config, **remembering(tmp_path, store_key="another key, of enough letters")})


def test_without_a_folder_to_work_in_the_check_names_the_variable(
    run: Run, raw_config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    with raises(Code.NO_LOCAL_FOLDER, match="TMPDIR"):
        run({**raw_config, **remembering(tmp_path)})


@pytest.mark.parametrize("mode", ["additive", "remove"])
def test_a_membership_store_that_is_not_used_is_not_asked(
    run: Run, raw_config: dict[str, Any], tmp_path: Path, mode: str
) -> None:
    found = run({**raw_config, **remembering(tmp_path / "not mounted"), "mode": mode})
    assert found.endswith(f"The membership store is not used, since What the table does (mode) is {mode}.")


def test_whoever_only_looks_writes_nothing_and_learns_the_same_of_the_account(
    messages: MessageWriter, clock: Clock, pinterest: FakePinterest, raw_config: dict[str, Any]
) -> None:
    session = open_session(
        read_config(raw_config),
        PlatformConfig(raw_config, messages),
        system=clock.system,
        observer=SilentObserver(),
        retry=RetryPolicy(retry_s=0.0),
        open_wire=pinterest.open_wire,
    )
    check = ConnectionCheck(read_config(raw_config), session, now=clock.now)
    assert check.look() == 'Connected to the ad account "Shop" (549755885175) as owner.'
    assert {asked.method for asked in pinterest.asked} == {"GET"}
    pinterest.account["permissions"] = ["ANALYST"]
    with raises(Code.ROLE_MISSING):
        check.look()


# --- several ad accounts ----------------------------------------------------------------------------------------------


def test_every_ad_account_of_the_settings_is_checked_and_named(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    found = run({**raw_config, "also_in_ad_accounts": [SISTER_ACCOUNT]})
    assert found == f'Connected to the ad accounts "Shop" ({AD_ACCOUNT}) and "Sister" ({SISTER_ACCOUNT}) as owner.'
    for account in (AD_ACCOUNT, SISTER_ACCOUNT):
        assert pinterest.asked_for("GET", f"{account}/audiences$")
        assert pinterest.asked_for("PATCH", f"{account}/customer_lists/0$")


def test_the_other_ad_accounts_that_the_sign_in_reaches_are_named(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.reached.append(pinterest.sister)
    assert run(raw_config).endswith(f' as owner. The sign-in also reaches "Sister" ({SISTER_ACCOUNT}).')


@pytest.mark.parametrize(("status", "code"), [(404, 50), (403, 29)])
def test_a_wrong_id_is_named_with_the_accounts_that_are_reached(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest, status: int, code: int
) -> None:
    pinterest.reached.append(pinterest.sister)
    pinterest.refuse("GET", "/ad_accounts/549755885715$", status, code=code)
    wrong = {**raw_config, "also_in_ad_accounts": ["549755885715"]}
    with raises(Code.AD_ACCOUNT_NOT_REACHED) as caught:
        run(wrong)
    assert "does not reach the ad account 549755885715; it reaches " in str(caught.value)
    assert all(name in str(caught.value) for name in (f'"Shop" ({AD_ACCOUNT})', f'"Sister" ({SISTER_ACCOUNT})'))


def test_all_ad_accounts_that_can_not_be_used_are_named_at_once(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.reached.append(pinterest.sister)
    for wrong in ("549755885715", "549755885716"):
        pinterest.refuse("GET", f"/ad_accounts/{wrong}$", 404, code=50, times=9)
    settings = {**raw_config, "also_in_ad_accounts": ["549755885715", SISTER_ACCOUNT, "549755885716"]}
    with raises(Code.AD_ACCOUNT_NOT_REACHED, match=r"Refused too: ad account 549755885716 \(PIN-") as caught:
        run(settings)
    assert "does not reach the ad account 549755885715" in str(caught.value)


def test_of_a_sign_in_that_reaches_no_account_that_is_said(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.reached.clear()
    pinterest.refuse("GET", f"/ad_accounts/{AD_ACCOUNT}$", 404, code=50)
    with raises(Code.AD_ACCOUNT_NOT_REACHED, match=f"reach the ad account {AD_ACCOUNT}, nor any other"):
        run(raw_config)


def test_of_hundreds_of_accounts_some_are_named(run: Run, raw_config: dict[str, Any], pinterest: FakePinterest) -> None:
    pinterest.reached += [{"id": str(number), "name": f"Client {number}"} for number in range(100, 112)]
    assert run(raw_config).endswith('"Client 109" (109) and 2 more.')


def test_a_listing_of_accounts_that_fails_does_not_fail_the_check(
    run: Run, raw_config: dict[str, Any], pinterest: FakePinterest
) -> None:
    pinterest.refuse("GET", "/ad_accounts$", 403, code=3, times=9)
    assert run(raw_config) == 'Connected to the ad account "Shop" (549755885175) as owner.'


def test_the_role_is_checked_on_every_account(run: Run, raw_config: dict[str, Any], pinterest: FakePinterest) -> None:
    pinterest.sister["permissions"] = ["ANALYST"]
    with raises(Code.ROLE_MISSING, match=f"on the ad account {SISTER_ACCOUNT}"):
        run({**raw_config, "also_in_ad_accounts": [SISTER_ACCOUNT]})
