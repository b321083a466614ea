"""A day of polling 200 feeds of different rhythms, on a simulated clock, against a fixed interval.

Feeds publish by a Poisson process that sleeps at night; each lists only its newest entries, so
that what is not read in time is lost. The scheduler comes every quarter of an hour. The first
day is for learning, the second is measured. `pytest -s` prints the curve.
"""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from extractors.records import FeedHints, FeedState
from flows.net.limits import NetSettings
from flows.net.politeness import Politeness
from flows.policy import DAY, HOUR, PollKind, PollOutcome, after_poll

SEED = 20230913
FEEDS, HOSTS, TICK_S = 200, 40, 900
PER_DAY = (0.2, 1, 3, 10, 30, 80, 200, 500)  # the mix of rhythms, in equal parts
WINDOWS = (10, 20, 30, 50)
TTLS = (None, None, None, 30 * 60, 2 * HOUR)
ANSWER_S = 0.3  # how long a request takes


@dataclass(frozen=True)
class Feed:
    host: str
    born: tuple[float, ...]  # when each entry was published, in seconds from the start
    window: int
    ttl_s: int | None

    def read(self, seen: int, at: float) -> tuple[int, int, int]:
        """Return how many exist, the first that is new and still listed, how many are listed."""
        exist = bisect_right(self.born, at)
        return exist, max(exist - self.window, seen), min(exist, self.window)


def _feeds() -> list[Feed]:
    rnd = random.Random(SEED)
    feeds = []
    for n in range(FEEDS):
        per_day, born, at = PER_DAY[n % len(PER_DAY)], [], 0.0
        while at < 2 * DAY:
            awake = 1.2 if at % DAY >= 6 * HOUR else 0.4
            at += rnd.expovariate(per_day * awake / DAY)
            born.append(at)
        window, ttl_s = rnd.choice(WINDOWS), rnd.choice(TTLS)
        feeds.append(Feed(f"h{n % HOSTS}.example", tuple(born), window, ttl_s))
    return feeds


@dataclass
class Tally:
    """What the measured day cost and brought."""

    requests: int = 0
    delays: list[float] = field(default_factory=list)
    lost: int = 0

    def note(self, feed: Feed, seen: int, at: float) -> None:
        exist, first, _ = feed.read(seen, at)
        self.requests += 1
        self.lost += sum(born >= DAY for born in feed.born[seen:first])
        self.delays += [at - born for born in feed.born[first:exist] if born >= DAY]

    @property
    def delay_min(self) -> float:
        return sum(self.delays) / len(self.delays) / 60


def _at_fixed_interval(feeds: list[Feed], every_s: float) -> Tally:
    rnd, tally = random.Random(SEED), Tally()
    for feed in feeds:
        at, seen = rnd.random() * every_s, 0
        while at < 2 * DAY:
            if at >= DAY:
                tally.note(feed, seen, at)
            seen, at = feed.read(seen, at)[0], at + every_s
    return tally


class Desk:
    """Polls what is due at each tick, through the real policy and the real politeness."""

    def __init__(self, kit, feeds: list[Feed]) -> None:
        self.time = kit.FakeTime()
        self.start = self.time.now()
        self.zero = kit.NOW.replace(hour=0)
        self.polite = Politeness(NetSettings(), now=self.time.now, sleep=self.time.sleep)
        self.rnd = random.Random(SEED)
        self.feeds = feeds
        self.states = [
            FeedState(
                str(n), "", next_poll_at=self.zero + timedelta(seconds=self.rnd.random() * HOUR)
            )
            for n in range(len(feeds))
        ]
        self.seen = [0] * len(feeds)
        self.tally = Tally()
        self.starts: dict[str, list[float]] = {}
        self.at_once: dict[str, int] = {}
        self.most_at_once = 0
        self.polled: list[list[float]] = [[] for _ in feeds]

    @property
    def now_s(self) -> float:
        return self.time.now() - self.start

    async def poll(self, n: int) -> None:
        feed = self.feeds[n]
        async with self.polite.slot(feed.host):
            self._count(feed.host, 1)
            self.starts.setdefault(feed.host, []).append(self.now_s)
            at = self.now_s
            await self.time.sleep(ANSWER_S)
            self._count(feed.host, -1)
        self.polled[n].append(at)
        if at >= DAY:
            self.tally.note(feed, self.seen[n], at)
        exist, first, listed = feed.read(self.seen[n], at)
        body = exist > first or len(self.polled[n]) == 1  # else a 304, which says no TTL
        self.seen[n] = exist
        outcome = PollOutcome(
            PollKind.CHANGED if body else PollKind.UNCHANGED,
            entries=listed if body else 0,
            new_entries=exist - first,
            hints=FeedHints(ttl_s=feed.ttl_s) if body else None,
        )
        now = self.zero + timedelta(seconds=at)
        self.states[n] = after_poll(self.states[n], outcome, now, self.rnd.random)

    def _count(self, host: str, change: int) -> None:
        self.at_once[host] = self.at_once.get(host, 0) + change
        self.most_at_once = max(self.most_at_once, self.at_once[host])

    async def two_days(self) -> None:
        for tick in range(0, 2 * DAY, TICK_S):
            if tick > self.now_s:
                await self.time.run(self.time.sleep(tick - self.now_s))
            now = self.zero + timedelta(seconds=tick)
            due = [n for n, state in enumerate(self.states) if state.next_poll_at <= now]
            await self.time.run(*(self.poll(n) for n in due))


def test_a_day_of_polling_is_polite_obeys_ttls_and_beats_a_fixed_interval(kit):
    feeds = _feeds()
    desk = Desk(kit, feeds)
    asyncio.run(desk.two_days())
    ours = desk.tally
    fixed = _at_fixed_interval(feeds, FEEDS * DAY / ours.requests)

    print(f"\n{'':>16} requests  delay min  lost")
    for every_s in (900, 1800, 3600, 7200, 14_400):
        curve = _at_fixed_interval(feeds, every_s)
        print(f"fixed {every_s:>8} s {curve.requests:>9} {curve.delay_min:>10.1f} {curve.lost:>5}")
    for name, tally in (("same requests", fixed), ("adaptive", ours)):
        print(f"{name:>16} {tally.requests:>9} {tally.delay_min:>10.1f} {tally.lost:>5}")

    assert desk.most_at_once <= 2
    for starts in desk.starts.values():
        assert all(later - earlier >= 1.0 - 1e-6 for earlier, later in pairwise(starts))
    for feed, polled in zip(feeds, desk.polled, strict=True):
        asked = (feed.ttl_s or 0) - 1.0  # a poll may wait a second for its host's turn
        assert all(later - earlier >= asked for earlier, later in pairwise(polled))
    assert abs(fixed.requests - ours.requests) <= 0.02 * ours.requests
    assert ours.delay_min < 0.75 * fixed.delay_min
    assert ours.lost < 0.5 * fixed.lost
