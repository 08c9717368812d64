"""A Redis with TLS, users and rights: a check says what to do, and no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from destination_pinterest.api.quota_sharing import check_sharing
from destination_pinterest.config import Config, read_config
from destination_pinterest.error_codes import Code
from integration_tests.airbyte_messages import config
from integration_tests.network.far_ends import Authority
from integration_tests.quota.redis_server import RedisServer, redis_server
from unit_tests.support.raises import raises

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
SECRET = "hid:den@word"
IN_ADDRESS = "hid%3Aden%40word"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[RedisServer]:
    authority.server("localhost")
    with redis_server(certificate=authority.bundle.with_name("localhost.pem")) as started:
        yield started


@pytest.fixture
def client(server: RedisServer) -> Redis:
    return Redis(unix_socket_path=str(server.socket_path))


@pytest.fixture(autouse=True)
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))


def settings(url: str) -> Config:
    return read_config(config("http://127.0.0.1:1", shared_quota=url))


def documented_rights() -> list[str]:
    found = re.search(r"^ACL SETUSER pinterest on >password (.*)$", PAGE.read_text(), re.MULTILINE)
    assert found is not None
    return found[1].split(" ")


def add_user(client: Redis, name: str, rights: list[str]) -> None:
    assert client.execute_command("ACL", "SETUSER", name, "reset", "on", f">{SECRET}", *rights)  # type: ignore[no-untyped-call]


def test_a_user_with_the_documented_rights_shares_through_tls(server: RedisServer, client: Redis) -> None:
    add_user(client, "pinterest", documented_rights())
    check_sharing(settings(f"rediss://pinterest:{IN_ADDRESS}@localhost:{server.tls_port}/0?processes=4"))


@pytest.mark.parametrize("taken", ["+evalsha", "+hset", "+xrange", "~pinterest-quota:*"])
def test_a_right_that_is_missing_is_said(server: RedisServer, client: Redis, taken: str) -> None:
    add_user(client, "poor", [right for right in documented_rights() if right != taken])
    with raises(Code.REDIS_RIGHTS_MISSING) as caught:
        check_sharing(settings(f"rediss://poor:{IN_ADDRESS}@localhost:{server.tls_port}"))
    assert "hid" not in _all_that_is_said(caught.value)


@pytest.mark.parametrize("sign_in", ["pinterest:{}x", "nobody:{}"])
def test_a_refused_sign_in_is_said_without_the_password(server: RedisServer, client: Redis, sign_in: str) -> None:
    add_user(client, "pinterest", documented_rights())
    with raises(Code.REDIS_SIGN_IN_REFUSED) as caught:
        check_sharing(settings(f"rediss://{sign_in.format(IN_ADDRESS)}@localhost:{server.tls_port}"))
    assert "hid" not in _all_that_is_said(caught.value)


def test_a_password_that_is_missing_is_said(server: RedisServer, client: Redis) -> None:
    client.config_set("requirepass", SECRET)
    try:
        with raises(Code.REDIS_SIGN_IN_REFUSED):
            check_sharing(settings(f"rediss://localhost:{server.tls_port}"))
        check_sharing(settings(f"rediss://:{IN_ADDRESS}@localhost:{server.tls_port}"))
    finally:
        Redis(unix_socket_path=str(server.socket_path), password=SECRET).config_set("requirepass", "")


@pytest.mark.parametrize(("host", "trusts"), [("localhost", False), ("127.0.0.1", True)])
def test_a_certificate_that_is_not_trusted_is_said(
    server: RedisServer, host: str, trusts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not trusts:
        monkeypatch.delenv("SSL_CERT_FILE")
    with raises(Code.REDIS_NOT_TRUSTED, match="SSL_CERT_FILE") as caught:
        check_sharing(settings(f"rediss://:{IN_ADDRESS}@{host}:{server.tls_port}"))
    assert "hid" not in _all_that_is_said(caught.value)


def test_plain_text_to_a_tls_port_is_said_to_be_perhaps_that(server: RedisServer) -> None:
    with raises(Code.SHARED_QUOTA_UNUSABLE, match="rediss://") as caught:
        check_sharing(settings(f"redis://:{IN_ADDRESS}@localhost:{server.tls_port}"))
    assert "hid" not in _all_that_is_said(caught.value)


@pytest.mark.parametrize("option", ["no_such=hidden", "socket_timeout=hidden"])
def test_an_option_that_is_unknown_is_said_without_what_it_is(option: str) -> None:
    with raises(Code.SETTINGS_INVALID, match="behind the question mark") as caught:
        check_sharing(settings(f"redis://:{IN_ADDRESS}@localhost?{option}"))
    assert "hid" not in _all_that_is_said(caught.value)


def test_a_database_that_is_not_there_is_said(server: RedisServer) -> None:
    with raises(Code.SHARED_QUOTA_UNUSABLE, match="database"):
        check_sharing(settings(f"{server.url}?db=99"))


def _all_that_is_said(error: BaseException | None) -> str:
    """Its text, and what a traceback of it would show."""
    said: list[Any] = []
    while error is not None:
        said += [*error.args, str(error)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return " ".join(map(str, said))
