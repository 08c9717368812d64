"""Where a quota is shared, as the settings say it."""

from __future__ import annotations

from typing import Any

import pytest

from destination_pinterest.config import read_config
from destination_pinterest.config.shared_quota import SharedQuotaAddress, UnusableOptionError, read_shared_quota
from destination_pinterest.error_codes import Code
from unit_tests.support.raises import raises


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("redis://host", SharedQuotaAddress("redis://host", None)),
        ("redis://:pass@host:6379/0", SharedQuotaAddress("redis://:pass@host:6379/0", None)),
        (
            "rediss://h/0?processes=4&name=shop&socket_keepalive=true",
            SharedQuotaAddress("rediss://h/0?socket_keepalive=true", None, "shop", 4),
        ),
        ("unix:///run/redis.sock?db=1", SharedQuotaAddress("unix:///run/redis.sock?db=1", None)),
        ("/var/lib/pinterest/quota file", SharedQuotaAddress(None, "/var/lib/pinterest/quota file")),
    ],
)
def test_a_redis_and_a_file_are_read(text: str, read: SharedQuotaAddress) -> None:
    assert read_shared_quota(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "", "quota", "./quota", "http://host", "redis://", "redis://h:99999", "redis://h:x", "redis://h?processes=0",
        "redis://h?processes=1001", "redis://h?name=a%20b", "/a\nb",
        "redis://" + "h" * 3000, "redis://h/abc", "redis://h/1/2", "redis://h/-1",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text, since the setting may hold a password
        read_shared_quota(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("redis://h?proceses=4", "may be only name, processes, db, username, password, protocol and socket_keepalive"),
        ("redis://h?db=one", "with values they can have"),
        ("redis://h?ssl_cert_reqs=none", "of redis:// may be only"),
        ("rediss://h?ssl_cert_reqs=never", "of rediss:// may be only"),
        ("unix:///run/redis.sock?socket_keepalive=true", "of unix:// may be only"),
        ("redis://user?hidden@host/0", "of redis:// may be only"),
        ("redis://h?processes=many", "processes must be a number from 1 to 1,000"),
        ("redis://h?name=a%20b", "letters, digits"),
        ("/var/lib/quota?name=shop", "a file takes no options"),
    ],
)
def test_an_option_that_would_be_ignored_or_break_the_client_is_refused_without_being_shown(
    text: str, said: str
) -> None:
    with pytest.raises(UnusableOptionError) as caught:
        read_shared_quota(text)
    assert said in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_settings_with_such_an_option_say_what_may_be_there(raw_config: dict[str, Any]) -> None:
    with raises(Code.SETTINGS_INVALID, "a file takes no options; name another file"):
        read_config({**raw_config, "shared_quota": "/var/lib/quota?name=shop"})
