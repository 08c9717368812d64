"""The counts of a process that shares through a Redis."""

from __future__ import annotations

from collections.abc import Callable

from destination_pinterest.api.counts_in_redis import RedisCounts
from destination_pinterest.api.presence_in_redis import BEAT_S, Presence
from destination_pinterest.api.quota_sharing import redis_client
from destination_pinterest.config.shared_quota import read_shared_quota

KEY = "test"


def redis_counts(url: str, owner: str, say: Callable[[str, str], None], beat_s: float = BEAT_S) -> RedisCounts:
    address = read_shared_quota(url)
    client = redis_client(address)
    presence = Presence(client, f"{KEY}:present", owner, address.processes, say, beat_s=beat_s)
    return RedisCounts(client, KEY, owner, presence, say)
