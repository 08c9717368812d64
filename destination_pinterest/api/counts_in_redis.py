"""Counts that processes of any number of machines share, through a stream in Redis.

Each process adds an entry when it sends a request and one when it is answered. A script adds that of a request only if
it finds no request of others behind where this process has read to, so that no two claim at once, and no lock is left
behind by one that is killed. Its answer brings what others have told meanwhile, so each step is one round trip.

Redis gives each entry its time. How long the answer takes that brings it here is added: what is counted as later than
it was leaves a window later, which is safe.

While Redis doesn't answer, each process keeps within its part of the limits, and those whom it still answers leave that
part free (presence_in_redis.py). What is sent meanwhile is told afterwards.

Source: redis.io/docs, commands XADD, XRANGE, EVALSHA, TIME; "Scripting with Lua": scripts are atomic, and what they did
    is replicated, not the script (since Redis 5; read 2026-11-27).
"""

from __future__ import annotations

import math
import time
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import Permit
from destination_pinterest.api.presence_in_redis import Presence, Say
from destination_pinterest.api.shared_counts import AHEAD_S, LOST_AFTER_S, OURS, Answered, Clock, Event, Sent, Wants

if TYPE_CHECKING:
    from redis import Redis

TIMEOUT_S: Final = 2.0
# Others may still send under what they knew, until a whole window has passed.
TOGETHER_AGAIN_AFTER_S: Final = 65.0
_TRY_AGAIN_AFTER_S: Final = 5.0
# At Standard quota, the last ten minutes; at Trial's, days.
_MOST_ENTRIES: Final = 20_000
_KEPT_MS: Final = 2 * 86_400_000
_PAGE: Final = 5_000
_BEGINNING: Final = b"0-0"
# The number of no request.
_WANTS: Final = 0
_MS: Final = 1_000
_FIELDS: Final = (b"o", b"n", b"w", b"a")

# 1: the stream. 1: what was read last of it. 2-5: who, which request, what, for how many milliseconds already; less
# than none if it will be. 6: 1 if others must not have claimed a request meanwhile. 7-9: how much is kept, and read.
# Returns the new entry's id, which is empty if nothing was added; what was added before it; and the server's time.
_ADD: Final = """
local unread = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[9])
local id = ''
local free = ARGV[6] ~= '1' or #unread < tonumber(ARGV[9])
if free and ARGV[6] == '1' then
  for _, entry in ipairs(unread) do
    local f = {}
    for i = 1, #entry[2], 2 do f[entry[2][i]] = entry[2][i + 1] end
    if f.n ~= '0' and f.w ~= '-' then free = false end
  end
end
if free then
  id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[7], '*',
    'o', ARGV[2], 'n', ARGV[3], 'w', ARGV[4], 'a', ARGV[5])
  redis.call('PEXPIRE', KEYS[1], ARGV[8])
end
return {id, unread, redis.call('TIME')}
"""


class RedisCounts:
    """Shares counts through Redis.

    Args:
        client: the client; it gives up after TIMEOUT_S.
        key: the stream's name; the same for all who share a quota.
        owner: a name that no other process has.
        presence: knows who else is there.
        say: takes a log level and a sentence.
    """

    def __init__(self, client: Redis, key: str, owner: str, presence: Presence, say: Say) -> None:
        self._client = client
        self._key = key
        self._owner = owner
        self._presence = presence
        weakref.finalize(self, presence.leave)
        self._say = say
        self._add = client.register_script(_ADD)
        self._read_to = _BEGINNING
        self._number = 0
        self._own: dict[Permit, int] = {}
        self._others: dict[tuple[bytes, bytes], Permit] = {}
        self._untold: deque[tuple[int, str, float]] = deque(maxlen=_MOST_ENTRIES)
        self._lost_since: float | None = None
        self._together_from = 0.0
        self._part = presence.part
        self._clock = 0.0
        self._read_clock: Clock = time.monotonic
        self._read_at = -math.inf
        self._brought: list[Event] = []

    @property
    def is_together(self) -> bool:
        """See SharedCounts."""
        return self._lost_since is None and self._clock >= self._together_from

    @property
    def share(self) -> Fraction:
        """See SharedCounts."""
        return self._presence.left if self.is_together else self._part

    def leave(self) -> None:
        """See SharedCounts."""
        self._presence.leave()

    def news(self, clock: Clock, within_s: float = 0.0) -> Sequence[Event]:
        """See SharedCounts."""
        self._read_clock = clock
        self._clock = clock()
        self._presence.begin()
        is_lost = self._lost_since is not None
        if self._lost_since is None or self._clock - self._lost_since >= _TRY_AGAIN_AFTER_S:
            try:
                if is_lost or self._clock - self._read_at >= within_s:
                    self._tell_untold()
                    self._read()
            except _failures() as error:
                self._lose(error)
            else:
                self._find_again()
        events, self._brought = self._brought, []
        return [*events, *self._ended(self._clock)]

    def claim(self, permit: Permit) -> bool:
        """See SharedCounts."""
        number = self._number + 1
        if self._lost_since is None:
            ahead_ms = math.ceil(max(0.0, permit.sent_at - self._read_clock()) * _MS)
            try:
                is_done = self._tell(number, permit.category.value, -ahead_ms, is_claim=True)
            except _failures() as error:
                # It may have been told or not. Told twice it would be counted twice, so it is told as another one.
                self._lose(error)
                self._number += 1
                return False
            if not is_done:
                return False
        else:
            self._untold.append((number, permit.category.value, permit.sent_at))
        self._number = number
        self._own[permit] = number
        return True

    def wants(self, category: Category) -> None:
        """See SharedCounts."""
        if self._lost_since is None:  # Otherwise nobody sees who waits.
            try:
                self._tell(_WANTS, category.value, 0)
            except _failures() as error:
                self._lose(error)

    def answered(self, permit: Permit) -> None:
        """See SharedCounts."""
        number = self._own.pop(permit, None)
        if number is None or permit.answered_at is None:
            return
        if self._lost_since is None:
            try:
                self._tell(number, "-", 0)
            except _failures() as error:
                self._lose(error)
            else:
                return
        self._untold.append((number, "-", permit.answered_at))

    def try_out(self) -> None:
        """Reads, and tells of a request that was answered. Raises: what the client raises."""
        self._read()
        self._tell(1, "-", 0)

    def _read(self) -> None:
        """Reads what was added since the last time."""
        while True:
            with self._client.pipeline(transaction=False) as pipeline:
                pipeline.xrange(self._key, b"(" + self._read_to, "+", count=_PAGE)
                pipeline.time()
                page, (seconds, microseconds) = pipeline.execute()
            self._bring(page, seconds * _MS + microseconds / _MS)
            if len(page) < _PAGE:
                return

    def _tell(self, number: int, what: str, age_ms: float, *, is_claim: bool = False) -> bool:
        """Adds an entry, and reads what was added before; False if that is a request, and this is a claim."""
        own = (self._owner, number, what, int(age_ms))
        kept = (int(is_claim), _MOST_ENTRIES, _KEPT_MS, _PAGE)
        entry, found, (seconds, microseconds) = self._add(keys=[self._key], args=(self._read_to, *own, *kept))
        if entry and _order(entry) < _order(self._read_to):
            # A Redis that keeps nothing, was started again and has an earlier clock. What others told is read from new.
            self._read_to = _BEGINNING
            return True
        page = [(id_, dict(zip(fields[::2], fields[1::2], strict=True))) for id_, fields in found]
        if entry and len(page) < _PAGE:  # Otherwise there is more between them.
            page.append((entry, {name: str(value).encode() for name, value in zip(_FIELDS, own, strict=True)}))
        self._bring(page, int(seconds) * _MS + int(microseconds) / _MS)
        return bool(entry)

    def _bring(self, page: Sequence[tuple[bytes, Mapping[bytes, bytes]]], server_ms: float) -> None:
        """Keeps what an answer of Redis has told, and when."""
        # Read after the answer: what it brings is older than that by what the server says, at least.
        self._clock = self._read_at = self._read_clock()
        if page:
            self._read_to = page[-1][0]
        self._brought += [event for entry, fields in page for event in self._events(entry, fields, server_ms)]

    def _tell_untold(self) -> None:
        while self._untold:
            number, what, at = self._untold[0]
            self._tell(number, what, max(0.0, self._clock - at) * _MS)
            self._untold.popleft()

    def _events(self, entry: bytes, fields: Mapping[bytes, bytes], server_ms: float) -> Iterator[Event]:
        # What no process of ours has written is nobody's.
        with suppress(KeyError, ValueError):
            owner, number, what = fields[b"o"], fields[b"n"], fields[b"w"].decode()
            told_ms = _order(entry)[0] + 1  # It says the whole milliseconds only.
            # Nothing is claimed for long after, even seen from far away: everybody would wait until then.
            ago_s = max(-2 * AHEAD_S, (server_ms - told_ms + int(fields[b"a"])) / _MS)
            is_ours = owner == self._owner.encode()
            if number == str(_WANTS).encode():
                yield Wants(Category(what), OURS if is_ours else owner)
                return
            if is_ours:
                return
            at = self._clock - ago_s
            if what == "-":
                permit = self._others.pop((owner, number), None)
                if permit is not None:
                    yield Answered(permit, max(permit.sent_at, at))
                return
            permit = self._others[owner, number] = Permit(Category(what), at)
            yield Sent(permit, owner)

    def _ended(self, now: float) -> Iterator[Event]:
        """What was under way with others for so long that nobody will tell of its answer."""
        for key, permit in list(self._others.items()):
            if now - permit.sent_at > LOST_AFTER_S or self._lost_since is not None:
                del self._others[key]
                yield Answered(permit, now)

    def _lose(self, error: Exception) -> None:
        if self._lost_since is None:
            self._presence.pause()
            self._part = self._presence.part
            self._say(
                "WARN",
                f"Redis (shared_quota) does not answer ({type(error).__name__}), so until it does this sync uses one "
                f"{_fraction(self._part.denominator)} of the request limits. See that it runs and can be reached; a "
                "check of the connection says what is wrong.",
            )
        self._lost_since = self._clock

    def _find_again(self) -> None:
        if self._lost_since is not None:
            self._lost_since = None
            self._presence.go_on()
            self._together_from = self._clock + TOGETHER_AGAIN_AFTER_S
            self._say("INFO", "Redis (shared_quota) answers again; the request limits are shared through it.")


def _failures() -> tuple[type[Exception], ...]:
    from redis import RedisError  # noqa: PLC0415 - loaded by whoever has made the client

    return (RedisError, OSError)


def _order(entry: bytes) -> tuple[int, int]:
    first, _, second = entry.partition(b"-")
    return int(first), int(second)


def _fraction(number: int) -> str:
    words = {1: "part in one", 2: "half", 3: "third", 4: "quarter"}
    return words.get(number, f"part in {number}")
