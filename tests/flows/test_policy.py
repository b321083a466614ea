"""When a feed is polled next: every rule with a feed that shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from extractors.records import FeedHints, FeedState
from flows.policy import (
    DAY,
    HOUR,
    WEEK,
    after_poll,
)
from tests.flows.policy_feeds import FEED, NOW, UNCHANGED, URL, changed, middle, wait_s

# adaptive both ways


def test_a_feed_full_of_news_is_polled_sooner():
    assert after_poll(FEED, changed(new=20), NOW, middle).interval_s == 1800


@pytest.mark.parametrize("outcome", [changed(new=0), UNCHANGED])
def test_a_feed_without_news_is_polled_later(outcome):
    assert after_poll(FEED, outcome, NOW, middle).interval_s == 5400


def test_a_feed_whose_news_keep_step_with_the_polls_keeps_its_interval():
    assert after_poll(FEED, changed(entries=20, new=3), NOW, middle).interval_s == 3600


def test_more_news_never_make_the_interval_longer():
    intervals = [
        after_poll(FEED, changed(entries=20, new=n), NOW, middle).interval_s for n in range(21)
    ]
    assert intervals == sorted(intervals, reverse=True)


def test_the_first_poll_teaches_nothing_because_everything_is_new():
    first = FeedState("f_1", URL, next_poll_at=NOW, last_polled_at=NOW - timedelta(hours=1))
    after = after_poll(first, changed(new=20), NOW, middle)
    assert after.interval_s == 3600
    assert after.last_new_at == NOW


@pytest.mark.parametrize("minutes_off", [-300, -40, 40, 600])
@pytest.mark.parametrize("new", [0, 20])
def test_a_poll_far_from_its_plan_moves_nothing(minutes_off, new):
    now = NOW + timedelta(minutes=minutes_off)
    assert after_poll(FEED, changed(new=new), now, middle).interval_s == 3600


def test_a_poll_without_a_plan_moves_nothing():
    unplanned = replace(FEED, next_poll_at=None)
    assert after_poll(unplanned, changed(new=20), NOW, middle).interval_s == 3600


def test_a_schedule_that_comes_a_quarter_of_an_hour_late_still_counts_as_on_time():
    now = NOW + timedelta(minutes=15)
    assert after_poll(FEED, changed(new=20), now, middle).interval_s == 1800


def test_much_news_after_a_long_silence_of_ours_do_not_shorten():
    away = replace(FEED, last_polled_at=NOW - timedelta(hours=10))
    assert after_poll(away, changed(new=20), NOW, middle).interval_s == 3600
    assert after_poll(away, changed(new=0), NOW, middle).interval_s == 5400


def test_the_first_good_poll_after_failures_moves_nothing():
    assert after_poll(replace(FEED, failures=3.0), changed(new=20), NOW, middle).interval_s == 3600


def test_the_interval_ends_at_the_feeds_own_bounds():
    state = FEED
    now = NOW
    for _ in range(20):
        state = after_poll(state, changed(new=20), now, middle)
        now = state.next_poll_at
    assert state.interval_s == 900
    for _ in range(20):
        state = after_poll(state, UNCHANGED, now, middle)
        now = state.next_poll_at
    assert state.interval_s == 86_400


def test_jitter_spreads_polls_by_a_tenth_either_way():
    steady = changed(entries=20, new=3)
    waits = [wait_s(after_poll(FEED, steady, NOW, lambda r=r: r)) for r in (0.0, 0.5, 1.0)]
    assert waits == [3240.0, 3600.0, 3960.0]


# what the publisher says


@pytest.mark.parametrize(
    "words",
    [
        {"max_age_s": 4 * HOUR},
        {"expires": NOW + timedelta(hours=4)},
        {"hints": FeedHints(ttl_s=4 * HOUR)},
        {"hints": FeedHints(update_period_s=4 * HOUR)},
        {"hints": FeedHints(ttl_s=4 * HOUR, update_period_s=60), "max_age_s": 2 * HOUR},
    ],
)
def test_the_longest_of_the_publishers_words_is_waited_for(words):
    for r in (0.0, 1.0):
        after = after_poll(FEED, changed(new=20, **words), NOW, lambda r=r: r)
        assert 4 * HOUR <= wait_s(after) <= 4.4 * HOUR
    assert after.interval_s == 1800  # what was learnt is kept apart from what was asked


def test_the_publishers_words_end_at_the_upper_bound():
    after = after_poll(FEED, changed(max_age_s=365 * DAY), NOW, middle)
    assert wait_s(after) == DAY


def test_words_shorter_than_our_own_interval_change_nothing():
    assert wait_s(after_poll(FEED, changed(new=3, max_age_s=60), NOW, middle)) == 3600


def test_the_ttl_is_remembered_for_polls_that_bring_no_body():
    first = after_poll(FEED, changed(hints=FeedHints(ttl_s=4 * HOUR)), NOW, middle)
    then = first.next_poll_at
    second = after_poll(first, UNCHANGED, then, lambda: 0.0)
    assert wait_s(second, then) >= 4 * HOUR
    third = after_poll(second, changed(new=3, hints=FeedHints()), second.next_poll_at, middle)
    assert wait_s(third, second.next_poll_at) < 4 * HOUR


def test_a_304_has_headers_that_count():
    outcome = replace(UNCHANGED, max_age_s=8 * HOUR)
    assert wait_s(after_poll(FEED, outcome, NOW, lambda: 0.0)) == 8 * HOUR


def test_skipped_hours_are_skipped_and_the_minute_is_kept():
    hints = FeedHints(skip_hours=tuple(range(7, 12)))
    after = after_poll(FEED, changed(new=3, hints=hints), NOW, lambda: 0.9)
    assert after.next_poll_at.hour == 12
    assert after.next_poll_at.minute == 4


def test_skipped_days_are_skipped_as_far_as_the_bound_allows():
    late = datetime(2023, 9, 15, 23, 30, tzinfo=UTC)  # a Friday
    hints = FeedHints(skip_days=(5, 6))
    week = replace(FEED, next_poll_at=late, max_interval_s=WEEK)
    assert after_poll(week, changed(new=3, hints=hints), late, middle).next_poll_at.weekday() == 0
    daily = replace(FEED, next_poll_at=late)
    assert wait_s(after_poll(daily, changed(new=3, hints=hints), late, middle), late) == DAY


def test_a_feed_that_skips_every_hour_is_still_polled_daily():
    hints = FeedHints(skip_hours=tuple(range(24)), skip_days=tuple(range(7)))
    assert wait_s(after_poll(FEED, changed(hints=hints), NOW, middle)) == DAY
