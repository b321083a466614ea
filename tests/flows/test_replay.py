"""A policy is judged by numbers: what it asks, what it misses, how late it finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from flows.replay import FeedHistory, replay

START = datetime(2023, 9, 10, tzinfo=UTC)
END = START + timedelta(days=3)
HOUR = 3600


def every(minutes: int, listed: int) -> FeedHistory:
    count = 3 * 24 * 60 // minutes
    born = tuple(START + timedelta(minutes=minutes * (n + 1)) for n in range(count))
    return FeedHistory(f"every-{minutes}", born, listed)


play = partial(replay, start=START, end=END, tick_s=900, bounds=(900, 86400, HOUR))


def test_a_fixed_interval_asks_as_often_as_it_says() -> None:
    outcome = play([every(60, 50)], fixed_s=4 * HOUR)
    assert outcome.requests == 18
    assert outcome.missed == 0


def test_entries_that_scroll_away_between_two_polls_are_missed() -> None:
    outcome = play([every(10, 6)], fixed_s=2 * HOUR)
    assert outcome.missed > 0
    assert outcome.found + outcome.missed <= 3 * 24 * 6


def test_the_policy_finds_news_of_a_busy_feed_sooner_than_a_fixed_interval_as_costly() -> None:
    feeds = [every(20, 30), every(24 * 60, 30)]
    ours = play(feeds)
    same = play(feeds, fixed_s=round(2 * 3 * 86400 / ours.requests))
    assert ours.delay_min is not None
    assert same.delay_min is not None
    assert ours.delay_min < same.delay_min


def test_without_any_entry_there_is_no_delay() -> None:
    assert play([FeedHistory("silent", (), 1)]).delay_min is None


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_gives_the_same_numbers(seed: int) -> None:
    assert play([every(45, 20)], seed=seed) == play([every(45, 20)], seed=seed)
