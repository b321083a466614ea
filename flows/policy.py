"""Pure decisions: when to poll a feed next, when to try a page again, what an answer means.

State, outcome and time in; the next state out. Nothing here reads a clock or draws a number:
`now` is aware UTC and `rand` returns a float in [0, 1) for the jitter. Every interval is in
seconds. What an HTTP answer means for a feed is in `policy_outcome`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from extractors.records import FeedHints, FeedState, Reason, State
from flows.policy_outcome import (
    PollKind,
    PollOutcome,
    body_hash,
    is_soft,
    outcome_of,
    possible_gap,
    validator_lied,
)

__all__ = [
    "PollKind",
    "PollOutcome",
    "after_page",
    "after_poll",
    "body_hash",
    "changes",
    "is_soft",
    "outcome_of",
    "possible_gap",
    "validator_lied",
]

HOUR = 3_600
DAY = 86_400
WEEK = 7 * DAY

# Where the interval stays as it is: this share of a feed's entries new at each poll. A feed that
# lists twenty entries is then read about every third entry: often enough to lose none.
STEADY_SHARE = 0.15
LONGER = 1.5  # at most, by one poll that found nothing new
SHORTER = 0.5  # at most, by one poll that found nothing known
NEAR_S = 20 * 60  # a poll this far from its plan still counts as on time
NEAR_PART = 0.25  # or this part of the interval, when that is more

SOFT_WEIGHT = 1.0
HARD_WEIGHT = 2.0
MAX_FAILURES = 64.0  # the count stops here; the wait stopped growing long before
JITTER = 0.1

SIGHTINGS_TO_MOVE = 3  # days on which a permanent redirect was seen
SIGHTINGS_TO_BE_GONE = 2  # days on which a 410 was seen

PAGE_TRIES_H = (1.0, 6.0, 24.0)  # hours after the first try at which a page is tried again
PAGE_SOONEST_S = 600
OFFLINE_SOONEST_S = 900

Rand = Callable[[], float]


def after_poll(state: FeedState, outcome: PollOutcome, now: datetime, rand: Rand) -> FeedState:
    """Return the feed's next state after one poll.

    `next_poll_at` is always set and after `now`: inside the feed's bounds after a good poll and
    after our own outage; up to a week (or the upper bound, when that is longer) after a failure.
    Never raises.
    """
    if outcome.kind is PollKind.OFFLINE:
        low, _ = _bounds(state)
        wait = _spread(max(low, OFFLINE_SOONEST_S), rand, *_bounds(state))
        return replace(state, next_poll_at=_later(now, wait))
    if outcome.kind is PollKind.FAILED:
        return _after_failure(state, outcome, now, rand)
    return _after_success(state, outcome, now, rand)


def _after_success(state: FeedState, outcome: PollOutcome, now: datetime, rand: Rand) -> FeedState:
    """Keep the validators, learn the rhythm, follow the publisher's words; all is forgiven."""
    low, high = _bounds(state)
    hints = outcome.hints or state.hints
    distrust = state.validators_off or validator_lied(state, outcome)
    interval = _adapted(state, outcome, now)
    asked = min(high, _asked(outcome, hints, now))
    floor = max(low, asked)
    wait = _spread(max(interval, asked), rand, floor, high)
    moved = _redirected(state, outcome, now)
    return replace(
        moved,
        etag=None if distrust else outcome.etag or _kept(state.etag, outcome),
        last_modified=None
        if distrust
        else outcome.last_modified or _kept(state.last_modified, outcome),
        body_hash=outcome.body_hash or state.body_hash,
        validators_off=distrust,
        interval_s=interval,
        next_poll_at=_outside_skips(now, wait, hints, high),
        last_polled_at=now,
        last_ok_at=now,
        last_new_at=now if outcome.new_entries > 0 else state.last_new_at,
        failures=0.0,
        gone=False,
        gone_days=0,
        gone_seen_at=None,
        hints=hints,
    )


def _after_failure(state: FeedState, outcome: PollOutcome, now: datetime, rand: Rand) -> FeedState:
    """Charge the feed by weight and wait longer each time, up to a week; never for ever."""
    low, high = _bounds(state)
    weight = SOFT_WEIGHT if outcome.reason is None or is_soft(outcome.reason) else HARD_WEIGHT
    failures = min(MAX_FAILURES, max(0.0, state.failures) + weight)
    longest = max(WEEK, high)
    wait = _backoff(min(max(state.interval_s, low), high), failures)
    gone_days, gone_seen_at = state.gone_days, state.gone_seen_at
    if outcome.reason is Reason.GONE and _another_day(gone_seen_at, now):
        gone_days, gone_seen_at = gone_days + 1, now
    gone = state.gone or gone_days >= SIGHTINGS_TO_BE_GONE
    if gone:
        wait = WEEK
    wait = _spread(wait, rand, low, longest)
    if outcome.retry_after_s is not None:
        wait = min(longest, max(wait, outcome.retry_after_s * (1 + JITTER * _unit(rand))))
    return replace(
        state,
        failures=failures,
        next_poll_at=_later(now, wait),
        last_polled_at=now,
        gone=gone,
        gone_days=gone_days,
        gone_seen_at=gone_seen_at,
    )


def _adapted(state: FeedState, outcome: PollOutcome, now: datetime) -> int:
    """Move the interval by the share of new entries, if this poll can tell anything about it."""
    low, high = _bounds(state)
    interval = min(max(state.interval_s, low), high)
    if state.last_ok_at is None or state.failures > 0 or not _near_plan(state, interval, now):
        return interval
    seen = max(outcome.entries, 1)
    share = min(max(outcome.new_entries, 0) / seen, 1.0)
    if share < STEADY_SHARE:
        factor = math.pow(LONGER, 1 - share / STEADY_SHARE)
    elif _long_since(state, interval, now):
        factor = 1.0  # much that is new is no wonder after a wait that was not ours to choose
    else:
        factor = math.pow(SHORTER, (share - STEADY_SHARE) / (1 - STEADY_SHARE))
    return int(min(max(interval * factor, low), high))


def _near_plan(state: FeedState, interval: int, now: datetime) -> bool:
    if state.next_poll_at is None:
        return False
    off = abs((now - state.next_poll_at).total_seconds())
    return off <= max(NEAR_S, NEAR_PART * interval)


def _long_since(state: FeedState, interval: int, now: datetime) -> bool:
    """Tell whether the last poll lies further back than the interval (an outage, a long TTL)."""
    if state.last_polled_at is None:
        return True
    since = (now - state.last_polled_at).total_seconds()
    return since > interval + max(NEAR_S, NEAR_PART * interval)


def _asked(outcome: PollOutcome, hints: FeedHints | None, now: datetime) -> float:
    """Return the longest wait the publisher asks for, in seconds; 0 when nothing is asked."""
    expires = (outcome.expires - now).total_seconds() if outcome.expires is not None else 0.0
    said = hints or FeedHints()
    return max(0.0, outcome.max_age_s or 0, expires, said.ttl_s or 0, said.update_period_s or 0)


def _outside_skips(now: datetime, wait: float, hints: FeedHints | None, high: int) -> datetime:
    """Move the plan past the hours and days the publisher skips, as far as the bound allows."""
    at = _later(now, wait)
    if hints is None or not (hints.skip_hours or hints.skip_days):
        return at
    latest = _later(now, high)
    for _ in range(24 * 8):
        if at.hour not in hints.skip_hours and at.weekday() not in hints.skip_days:
            return at
        # The minutes are kept: they are this feed's place in the hour.
        at += timedelta(hours=1)
        if at > latest:
            break
    return latest


def _redirected(state: FeedState, outcome: PollOutcome, now: datetime) -> FeedState:
    """Count sightings of a permanent redirect on different days; move after the third."""
    target = outcome.permanent_redirect_to
    if target is None or target == state.url or _downgraded(state.url, target):
        return replace(state, redirect_url=None, redirect_days=0, redirect_seen_at=None)
    if target != state.redirect_url:
        return replace(state, redirect_url=target, redirect_days=1, redirect_seen_at=now)
    if not _another_day(state.redirect_seen_at, now):
        return state
    days = state.redirect_days + 1
    if days < SIGHTINGS_TO_MOVE:
        return replace(state, redirect_days=days, redirect_seen_at=now)
    return replace(state, url=target, redirect_url=None, redirect_days=0, redirect_seen_at=None)


def _downgraded(url: str, target: str) -> bool:
    """Tell whether a move would give up encryption; it is followed each time, never adopted."""
    return url.lower().startswith("https:") and not target.lower().startswith("https:")


def _backoff(interval: float, failures: float) -> float:
    """Double the interval with each unit of failure after the first, up to a week."""
    return min(float(WEEK), interval * math.pow(2.0, min(failures - 1.0, 20.0)))


def _bounds(state: FeedState) -> tuple[int, int]:
    """Return the feed's bounds, made sane: at least a minute, the upper not below the lower."""
    low = max(60, state.min_interval_s)
    return low, max(low, state.max_interval_s)


def _unit(rand: Rand) -> float:
    return min(max(rand(), 0.0), 1.0)


def _spread(wait: float, rand: Rand, low: float, high: float) -> float:
    """Jitter a wait by a tenth either way, inside [low, high], so that feeds do not bunch up."""
    shortest = min(max(wait * (1 - JITTER), low), high)
    longest = min(max(wait * (1 + JITTER), low * (1 + JITTER)), high)
    return shortest + (max(longest, shortest) - shortest) * _unit(rand)


def _later(now: datetime, wait: float) -> datetime:
    return now + timedelta(seconds=wait)


def _another_day(seen: datetime | None, now: datetime) -> bool:
    return seen is None or seen.date() != now.date()


def _kept(validator: str | None, outcome: PollOutcome) -> str | None:
    """Keep the old validator when nothing was sent anew: a 304 need not repeat it."""
    return validator if outcome.status == 304 else None


def after_page(
    attempts: int,
    first_at: datetime,
    reason: Reason,
    now: datetime,
    rand: Rand,
    *,
    retry_after_s: int | None = None,
) -> tuple[State, datetime | None]:
    """Decide about a page that could not be fetched.

    `attempts` counts the tries made, this one included; `first_at` is when the first was made.
    A soft failure gets three more tries, an hour, six hours and a day after the first; a hard
    one none. Our own outage is no try: the page waits, whatever `attempts` says. Returns WAITING
    and when to try again (after `now`), or FAILED and None.
    """
    if reason is Reason.OFFLINE:
        return State.WAITING, _later(now, OFFLINE_SOONEST_S * (1 + JITTER * _unit(rand)))
    if not is_soft(reason) or attempts > len(PAGE_TRIES_H):
        return State.FAILED, None
    planned = HOUR * PAGE_TRIES_H[max(attempts, 1) - 1]
    since_first = (now - first_at).total_seconds()
    soonest = max(PAGE_SOONEST_S, min(retry_after_s or 0, WEEK))
    wait = max(planned - since_first, soonest) if since_first >= 0 else max(planned, soonest)
    return State.WAITING, _later(now, wait * (1 + JITTER * _unit(rand)))


def changes(before: FeedState, after: FeedState) -> tuple[str, ...]:
    """Say in plain lines what of a feed's standing changed, for the log: moved, gone, back, …"""
    told = (
        (before.url != after.url, f"moved for good from {before.url} to {after.url}"),
        (after.gone and not before.gone, "gone: it is asked once a week from now on"),
        (before.gone and not after.gone, "back after it was gone"),
        (
            after.validators_off and not before.validators_off,
            "its validators are not believed any more: the body changed under the same one",
        ),
        (
            after.redirect_days > 0 and after.redirect_days != before.redirect_days,
            f"redirects for good to {after.redirect_url} (day {after.redirect_days})",
        ),
        (before.failures > 0 and after.failures == 0, "answers again"),
    )
    return tuple(words for changed, words in told if changed)
