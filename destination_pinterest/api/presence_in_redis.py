"""Who shares a quota through Redis just now, so that the part of one that has lost Redis can be left free for it.

Each process says every few seconds that it is there, and which part of the limits it will use if it loses Redis. If it
says nothing any more, it was killed or goes on alone, and nobody else can tell which: so its part is left free for some
minutes. A process that ends says so.

In Redis it is a hash: of each process, when it was there last, by the server's clock, and among how many it divides.

Source: redis.io/docs, commands HSET, HGETALL, EVALSHA (read 2026-11-27).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from redis import Redis

BEAT_S: Final = 5.0
# In beats: two, and a while for the second. Until everybody has noticed, after a third one, at most 120 writes are sent
# at 7 a second, and those are within the part of 200 or more that the others have anyhow.
_MISSED_AFTER: Final = 2.4
_MS: Final = 1_000
_LEFT_FREE_MS: Final = 600_000

# 1: the hash. 1: who. 2: how many there are at least. 3: for how many milliseconds one may be missed.
# Returns the server's time, and of everybody: who, and "when number".
_BEAT: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' 1')
local all = redis.call('HGETALL', KEYS[1])
local there = 0
for i = 1, #all, 2 do
  local at = tonumber(string.match(all[i + 1], '^%d+'))
  if at and now - at <= tonumber(ARGV[3]) then there = there + 1 else redis.call('HDEL', KEYS[1], all[i]) end
end
local number = math.max(there, tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %d', now, number))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {string.format('%.0f', now), redis.call('HGETALL', KEYS[1])}
"""
Say = Callable[[str, str], None]


class Presence:
    """Says that this process is there, from a thread of its own once begun, and knows who is missed.

    Args:
        client: the client; used by other threads at the same time.
        key: the hash's name; the same for all who share a quota.
        owner: a name that no other process has.
        least: how many processes there are at least.
        say: takes a log level and a sentence, from another thread.
        beat_s: how often it says so.
    """

    def __init__(self, client: Redis, key: str, owner: str, least: int, say: Say, *, beat_s: float = BEAT_S) -> None:
        self._client = client
        self._key = key
        self._owner = owner
        self._least = least
        self._say = say
        self._beat_s = beat_s
        self._script = client.register_script(_BEAT)
        self._lock = threading.Lock()
        self._has_begun = False
        self._ended = threading.Event()
        self._is_paused = False
        self._missed: frozenset[bytes] = frozenset()
        self.part = Fraction(1, least)
        """What this process may use of the limits while it can't tell others."""
        self.left = Fraction(1)
        """What those who can tell one another may use together."""

    def begin(self) -> None:
        """Begins to say so."""
        if not self._has_begun:
            self._has_begun = True
            threading.Thread(target=self._keep_on, name="presence in Redis", daemon=True).start()

    def pause(self) -> None:
        """Says nothing, since this process goes on alone: others have to leave its part free."""
        self._is_paused = True

    def go_on(self) -> None:
        """Says so again."""
        self._is_paused = False

    def beat(self) -> None:
        """Says so once, and learns who is missed. Raises: what the client raises."""
        now, pairs = self._script(keys=[self._key], args=(self._owner, self._least, _LEFT_FREE_MS))
        told = dict(zip(pairs[::2], (value.split(b" ") for value in pairs[1::2]), strict=True))
        own = self._owner.encode()
        self.part = Fraction(1, int(told[own][1]))
        missed = {
            owner: Fraction(1, int(number))
            for owner, (at, number) in told.items()
            if int(now) - int(at) > _MISSED_AFTER * self._beat_s * _MS
        }
        self.left = max(self.part, 1 - sum(missed.values(), Fraction(0)))
        if not missed.keys() <= self._missed:
            self._say(
                "INFO",
                "A process that shares the quota tells nothing any more. It may have lost Redis (shared_quota), so its "
                "part of the request limits is left free for ten minutes at most.",
            )
        self._missed = frozenset(missed)

    def try_out(self) -> None:
        """Says that this process is there and that it has ended. Raises: what the client raises."""
        self.beat()
        self._client.hdel(self._key, self._owner)

    def leave(self) -> None:
        """Says that this process has ended, so that nobody leaves anything free for it."""
        with self._lock:
            self._ended.set()
            if self._has_begun and not self._is_paused:
                with suppress(*_failures()):
                    self._client.hdel(self._key, self._owner)

    def _keep_on(self) -> None:
        while not self._ended.is_set():
            with self._lock, suppress(*_failures()):
                if not self._is_paused and not self._ended.is_set():
                    self.beat()
            self._ended.wait(self._beat_s)


def _failures() -> tuple[type[Exception], ...]:
    from redis import RedisError  # noqa: PLC0415 - loaded by whoever has made the client

    # What no process of ours has written can't be read either.
    return (RedisError, OSError, ValueError)
