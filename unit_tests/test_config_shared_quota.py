"""Where a quota is shared, as the settings say it."""

from __future__ import annotations

import pytest

from destination_pinterest.config.shared_quota import SharedQuotaAddress, read_shared_quota


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
        "redis://h?processes=many", "redis://h?processes=1001", "redis://h?name=a b", "redis://h?name=a%20b", "/a\nb",
        "redis://" + "h" * 3000,
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it has no text, since the setting may hold a password
        read_shared_quota(text)
