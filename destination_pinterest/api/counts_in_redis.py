"""Counts that processes of any number of machines share, through a stream in Redis.

Each process adds an entry when it sends a request and one when it is answered. A script adds that of a request only if
the stream ends where this process has read to, so that no two claim at once, and no lock is left behind by one that is
killed. Redis gives each entry its time. How long the answer takes that brings it here is added: what is counted as
later than it was leaves a window later, which is safe.

While Redis doesn't answer, each process keeps within its part of the limits: one by the number of processes that were
there in the last minutes, but at least by the number that the address says. What it sends meanwhile is told afterwards.

Source: redis.io/docs, commands XADD, XRANGE, EVALSHA, TIME; "Scripting with Lua": scripts are atomic, and what they did
    is replicated, not the script (since Redis 5; read 2026-11-27).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.limits import Permit
from destination_pinterest.api.shared_counts import LOST_AFTER_S, OURS, Answered, Clock, Event, Sent, Wants

if TYPE_CHECKING:
    from redis import Redis

TIMEOUT_S: Final = 2.0
# Others may still send under what they knew, until a whole window has passed.
TOGETHER_AGAIN_AFTER_S: Final = 65.0
_TRY_AGAIN_AFTER_S: Final = 5.0
_SEEN_LATELY_S: Final = 600.0
# At Standard quota, the last ten minutes; at Trial's, days.
_MOST_ENTRIES: Final = 20_000
_KEPT_MS: Final = 2 * 86_400_000
_PAGE: Final = 5_000
_BEGINNING: Final = b"0-0"
# The number of no request.
_WANTS: Final = 0
_MS: Final = 1_000

# 1: the stream. 1: where it must end, or empty. 2-5: who, which request, what, for how many milliseconds already.
# Returns the new entry's id; or where the stream ends, if that is elsewhere.
_ADD: Final = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local tip = last[1] and last[1][1] or '0-0'
if ARGV[1] ~= '' and ARGV[1] ~= tip then return {0, tip} end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[6], '*',
  'o', ARGV[2], 'n', ARGV[3], 'w', ARGV[4], 'a', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[7])
return {1, id, tip}
"""
Say = Callable[[str, str], None]


class RedisCounts:
    """Shares counts through Redis.

    Args:
        client: the client; it gives up after TIMEOUT_S.
        key: the stream's name; the same for all who share a quota.
        owner: a name that no other process has.
        sharers: how many processes there are at least, for when Redis can't tell.
        say: takes a log level and a sentence.
    """

    def __init__(self, client: Redis, key: str, owner: str, sharers: int, say: Say) -> None:
        self._client = client
        self._key = key
        self._owner = owner
        self._least_sharers = sharers
        self._say = say
        self._add = client.register_script(_ADD)
        self._read_to = _BEGINNING
        self._number = 0
        self._own: dict[Permit, int] = {}
        self._others: dict[tuple[bytes, bytes], Permit] = {}
        self._seen_at: dict[bytes, float] = {}
        self._untold: deque[tuple[int, str, float]] = deque(maxlen=_MOST_ENTRIES)
        self._lost_since: float | None = None
        self._together_from = 0.0
        self._sharers_alone = sharers
        self._clock = 0.0

    @property
    def sharers(self) -> int:
        """See SharedCounts."""
        alone = self._lost_since is not None or self._clock < self._together_from
        return self._sharers_alone if alone else 1

    def news(self, clock: Clock) -> Sequence[Event]:
        """See SharedCounts."""
        self._clock = clock()
        if self._lost_since is not None and self._clock - self._lost_since < _TRY_AGAIN_AFTER_S:
            return [*self._ended(self._clock)]
        entries: list[tuple[bytes, Mapping[bytes, bytes]]] = []
        server_ms = 0.0
        try:
            self._tell_untold()
            server_ms = self._read(entries)
        except _failures() as error:
            self._lose(error)
        else:
            self._find_again()
        # Read after the answer: what it brings is older than that by what the server says, at least.
        self._clock = clock()
        events = [event for id_, fields in entries for event in self._events(id_, fields, server_ms)]
        return [*events, *self._ended(self._clock)]

    def claim(self, permit: Permit) -> bool:
        """See SharedCounts."""
        number = self._number + 1
        if self._lost_since is None:
            try:
                done, entry, *_ = self._script(self._read_to, number, permit.category.value, 0)
            except _failures() as error:
                # It may have been told or not. Told twice it would be counted twice, so it is told as another one.
                self._lose(error)
                self._number += 1
                return False
            if not done:
                self._begin_anew_if_emptied(entry)
                return False
            self._read_to = entry
        else:
            self._untold.append((number, permit.category.value, permit.sent_at))
        self._number = number
        self._own[permit] = number
        return True

    def wants(self, category: Category) -> None:
        """See SharedCounts."""
        if self._lost_since is None:  # Otherwise nobody sees who waits.
            try:
                self._script(b"", _WANTS, category.value, 0)
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

    def _read(self, entries: list[tuple[bytes, Mapping[bytes, bytes]]]) -> float:
        """Reads what was added since the last time into `entries`; returns the server's time."""
        while True:
            with self._client.pipeline(transaction=False) as pipeline:
                pipeline.xrange(self._key, b"(" + self._read_to, "+", count=_PAGE)
                pipeline.time()
                page, (seconds, microseconds) = pipeline.execute()
            entries += page
            if page:
                self._read_to = page[-1][0]
            if len(page) < _PAGE:
                return float(seconds * _MS + microseconds / _MS)

    def _script(self, tip: bytes, number: int, what: str, age_ms: float) -> list[Any]:
        arguments = (tip, self._owner, number, what, int(age_ms), _MOST_ENTRIES, _KEPT_MS)
        answer: list[Any] = self._add(keys=[self._key], args=arguments)
        return answer

    def _tell(self, number: int, what: str, age_ms: float) -> None:
        _, entry, tip = self._script(b"", number, what, age_ms)
        if tip == self._read_to:  # Nobody has told anything since: what is read next begins behind this.
            self._read_to = entry

    def _tell_untold(self) -> None:
        while self._untold:
            number, what, at = self._untold[0]
            self._tell(number, what, max(0.0, self._clock - at) * _MS)
            self._untold.popleft()

    def _begin_anew_if_emptied(self, tip: bytes) -> None:
        """A Redis that keeps nothing, and was started again, has an older end than was read, or none."""
        if _order(tip) < _order(self._read_to):
            self._read_to = _BEGINNING

    def _events(self, entry: bytes, fields: Mapping[bytes, bytes], server_ms: float) -> Iterator[Event]:
        # What no process of ours has written is nobody's.
        with suppress(KeyError, ValueError):
            owner, number, what = fields[b"o"], fields[b"n"], fields[b"w"].decode()
            ago_s = max(0.0, server_ms - int(entry.split(b"-")[0]) + int(fields[b"a"])) / _MS
            is_ours = owner == self._owner.encode()
            if number == str(_WANTS).encode():
                yield Wants(Category(what), OURS if is_ours else owner)
                return
            if is_ours:
                return
            at = self._clock - ago_s
            self._seen_at[owner] = at
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
            others = sum(self._clock - at < _SEEN_LATELY_S for at in self._seen_at.values())
            self._sharers_alone = max(self._least_sharers, others + 1)
            self._say(
                "WARN",
                f"Redis (shared_quota) does not answer ({type(error).__name__}), so until it does this sync uses one "
                f"{_fraction(self._sharers_alone)} of the request limits. See that it runs and can be reached.",
            )
        self._lost_since = self._clock

    def _find_again(self) -> None:
        if self._lost_since is not None:
            self._lost_since = None
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
