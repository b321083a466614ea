"""Recorded poll history replayed under a policy, so that a change of policy is judged by numbers.

Pure: what a feed published and how many entries it lists are known from the warehouse; the policy
of `flows.policy` (or a fixed interval) is let loose on them on a simulated clock.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from extractors.records import FeedHints, FeedState
from flows.policy import PollKind, PollOutcome, after_poll


@dataclass(frozen=True, slots=True)
class FeedHistory:
    """One feed as it was seen: when its entries were published (sorted, aware UTC), how many of
    them it lists at a time, and what it says about when to come back.
    """

    feed_id: str
    born: tuple[datetime, ...]
    listed: int
    hints: FeedHints | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy cost and brought: requests sent, entries found, entries that scrolled away
    unread, and the mean time from publication to discovery in minutes (None without any found).
    """

    policy: str
    requests: int
    found: int
    missed: int
    delay_min: float | None


# When to come back: the state, how many entries are new, how many are listed, the poll's time.
Decide = Callable[[FeedState, int, int, datetime], FeedState]


def adaptive(hints: FeedHints | None, rand: Callable[[], float]) -> Decide:
    """The project's own policy."""

    def decide(state: FeedState, new: int, listed: int, now: datetime) -> FeedState:
        outcome = PollOutcome(
            PollKind.CHANGED if new else PollKind.UNCHANGED,
            entries=listed if new else 0,
            new_entries=new,
            hints=hints if new else None,
        )
        return after_poll(state, outcome, now, rand)

    return decide


def fixed(every_s: int) -> Decide:
    """The same pause after every poll."""

    def decide(state: FeedState, new: int, listed: int, now: datetime) -> FeedState:
        del new, listed
        return FeedState(state.feed_id, state.url, next_poll_at=now + timedelta(seconds=every_s))

    return decide


def replay(
    histories: Sequence[FeedHistory],
    *,
    start: datetime,
    end: datetime,
    tick_s: int,
    bounds: tuple[int, int, int],
    fixed_s: int | None = None,
    seed: int = 0,
) -> Outcome:
    """Poll these feeds from `start` to `end` and count.

    A scheduler comes every `tick_s` seconds; `bounds` are the shortest, longest and first interval
    in seconds. With `fixed_s` every feed is polled at that interval instead of by the policy.
    """
    dice = random.Random(seed)  # noqa: S311  (jitter, no secret)
    requests = found = missed = 0
    waited = timedelta(0)
    for history in histories:
        decide = fixed(fixed_s) if fixed_s else adaptive(history.hints, dice.random)
        first_s = fixed_s or bounds[2]
        one = _replay_one(history, decide, start, end, tick_s, bounds, dice.random() * first_s)
        requests += one[0]
        found += one[1]
        missed += one[2]
        waited += one[3]
    delay = waited.total_seconds() / found / 60 if found else None
    name = f"fixed {fixed_s} s" if fixed_s else f"adaptive {bounds[0]} to {bounds[1]} s"
    return Outcome(name, requests, found, missed, delay)


def _replay_one(
    history: FeedHistory,
    decide: Decide,
    start: datetime,
    end: datetime,
    tick_s: int,
    bounds: tuple[int, int, int],
    first_s: float,
) -> tuple[int, int, int, timedelta]:
    shortest, longest, first = bounds
    due = start + timedelta(seconds=first_s)
    state = FeedState(
        history.feed_id,
        "",
        interval_s=first,
        min_interval_s=shortest,
        max_interval_s=longest,
        next_poll_at=due,
    )
    seen = bisect_right(history.born, start)
    requests = found = missed = 0
    waited = timedelta(0)
    tick = timedelta(seconds=tick_s)
    now = start
    while now < end:
        if state.next_poll_at is None or state.next_poll_at <= now:
            exist = bisect_right(history.born, now)
            oldest_listed = max(exist - history.listed, seen)
            missed += oldest_listed - seen
            fresh = history.born[oldest_listed:exist]
            waited += sum((now - born for born in fresh), timedelta(0))
            found += len(fresh)
            requests += 1
            state = decide(state, len(fresh), min(exist, history.listed), now)
            seen = exist
        now += tick
    return requests, found, missed, waited
