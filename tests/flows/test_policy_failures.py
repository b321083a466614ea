"""Feeds that fail, move, are gone, come back, or lie about having changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from extractors.records import Reason
from flows.policy import (
    DAY,
    HOUR,
    WEEK,
    PollKind,
    PollOutcome,
    after_poll,
    changes,
    is_soft,
    validator_lied,
)
from tests.flows.policy_feeds import (
    FEED,
    NEW_URL,
    NOW,
    OFFLINE,
    UNCHANGED,
    URL,
    changed,
    failed,
    middle,
    wait_s,
)

# failures


def test_a_soft_failure_weighs_less_than_a_hard_one():
    soft = after_poll(FEED, failed(Reason.TIMEOUT), NOW, middle)
    hard = after_poll(FEED, failed(Reason.NOT_FOUND), NOW, middle)
    assert (soft.failures, hard.failures) == (1.0, 2.0)
    assert wait_s(soft) < wait_s(hard)


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.NOT_FOUND])
def test_failures_back_off_up_to_a_weekly_probe_and_never_further(reason):
    state, now, waits = FEED, NOW, []
    for _ in range(30):
        state = after_poll(state, failed(reason), now, middle)
        waits.append(wait_s(state, now))
        now = state.next_poll_at
    assert waits == sorted(waits)
    assert waits[0] <= 2 * HOUR
    assert 0.9 * WEEK <= waits[-1] <= WEEK
    assert state.interval_s == FEED.interval_s


def test_one_good_answer_revives_a_feed_that_failed_for_months():
    dead = replace(FEED, failures=40.0, gone=True, gone_days=2, gone_seen_at=NOW)
    after = after_poll(dead, changed(new=20), NOW, middle)
    assert (after.failures, after.gone, after.gone_days) == (0.0, False, 0)
    assert wait_s(after) == pytest.approx(3600)


def test_a_failure_keeps_the_validators_and_what_was_learnt():
    state = replace(FEED, etag='"a"', last_modified="x", body_hash="1:a", interval_s=1234)
    after = after_poll(state, failed(Reason.SERVER_ERROR), NOW, middle)
    kept = ("etag", "last_modified", "body_hash", "interval_s", "last_ok_at")
    assert [getattr(after, k) for k in kept] == [getattr(state, k) for k in kept]


@pytest.mark.parametrize("reason", [Reason.THROTTLED, Reason.SERVER_ERROR])
def test_retry_after_is_waited_for_and_a_little_longer(reason):
    after = after_poll(FEED, failed(reason, retry_after_s=5 * HOUR), NOW, middle)
    assert 5 * HOUR <= wait_s(after) <= 5.5 * HOUR


def test_retry_after_can_neither_shorten_the_backoff_nor_go_past_a_week():
    worn = replace(FEED, failures=6.0)
    short = after_poll(worn, failed(Reason.THROTTLED, retry_after_s=1), NOW, middle)
    assert wait_s(short) > DAY
    long = after_poll(FEED, failed(Reason.THROTTLED, retry_after_s=365 * DAY), NOW, middle)
    assert wait_s(long) <= WEEK


def test_our_own_outage_charges_nothing():
    state = replace(FEED, failures=1.0, etag='"a"')
    after = after_poll(state, OFFLINE, NOW, middle)
    assert replace(after, next_poll_at=state.next_poll_at) == state
    assert 900 <= wait_s(after) <= 1000


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_soft_or_hard_and_plans_the_next_poll(reason):
    after = after_poll(FEED, failed(reason), NOW, middle)
    assert after.failures == (1.0 if is_soft(reason) else 2.0)
    assert after.next_poll_at > NOW


@pytest.mark.parametrize(
    ("reason", "soft"),
    [
        (Reason.TIMEOUT, True),
        (Reason.DNS, True),
        (Reason.TLS, True),
        (Reason.SERVER_ERROR, True),
        (Reason.UNPARSABLE, True),
        (Reason.THROTTLED, True),
        (Reason.UNAUTHORIZED, False),
        (Reason.NOT_FOUND, False),
        (Reason.GONE, False),
        (Reason.NOT_A_FEED, False),
        (Reason.ADDRESS, False),
        (Reason.ROBOTS, False),
        (Reason.TOO_LARGE, False),
    ],
)
def test_soft_is_what_another_try_may_mend(reason, soft):
    assert is_soft(reason) is soft


# moved, gone, back


def test_a_permanent_redirect_is_adopted_after_three_different_days():
    state, moved = FEED, changed(permanent_redirect_to=NEW_URL)
    for day, url in ((0, URL), (0, URL), (1, URL), (1, URL), (2, NEW_URL)):
        state = after_poll(state, moved, NOW + timedelta(days=day, hours=1), middle)
        assert state.url == url
    assert (state.redirect_url, state.redirect_days) == (None, 0)


def test_sightings_must_agree():
    state = FEED
    for day, target in enumerate([NEW_URL, NEW_URL, URL + "2", NEW_URL, NEW_URL]):
        outcome = changed(permanent_redirect_to=target)
        state = after_poll(state, outcome, NOW + timedelta(days=day), middle)
    assert (state.url, state.redirect_days) == (URL, 2)


def test_a_poll_without_the_redirect_starts_the_count_again():
    moved = changed(permanent_redirect_to=NEW_URL)
    state = FEED
    for day, outcome in enumerate([moved, moved, UNCHANGED, moved, moved]):
        state = after_poll(state, outcome, NOW + timedelta(days=day), middle)
    assert (state.url, state.redirect_days) == (URL, 2)


def test_a_move_that_gives_up_encryption_is_not_adopted():
    state = FEED
    for day in range(5):
        outcome = changed(permanent_redirect_to="http://news.example/rss")
        state = after_poll(state, outcome, NOW + timedelta(days=day), middle)
    assert state.url == URL


def test_410_counts_as_gone_on_the_second_day_and_is_probed_weekly():
    gone = failed(Reason.GONE, status=410)
    first = after_poll(FEED, gone, NOW, middle)
    same_day = after_poll(first, gone, NOW + timedelta(hours=3), middle)
    assert not same_day.gone
    next_day = NOW + timedelta(days=1)
    second = after_poll(same_day, gone, next_day, middle)
    assert second.gone
    assert 0.9 * WEEK <= wait_s(second, next_day) <= WEEK
    back = after_poll(second, changed(new=1), NOW + timedelta(days=8), middle)
    assert not back.gone


def test_what_changed_is_told_in_words():
    moved = replace(FEED, url=NEW_URL, validators_off=True)
    assert len(changes(FEED, moved)) == 2
    assert "moved for good" in changes(FEED, moved)[0]
    assert changes(FEED, replace(FEED, gone=True)) == ("gone: it is asked once a week from now on",)
    assert changes(FEED, FEED) == ()


# validators


def test_validators_and_body_hash_move_forward_with_a_good_poll():
    outcome = changed(etag='"b"', last_modified="now", body_hash="1:b")
    after = after_poll(replace(FEED, etag='"a"', body_hash="1:a"), outcome, NOW, middle)
    assert (after.etag, after.last_modified, after.body_hash) == ('"b"', "now", "1:b")


def test_a_304_keeps_the_validators_it_does_not_repeat():
    state = replace(FEED, etag='"a"', last_modified="x", body_hash="1:a")
    after = after_poll(state, replace(UNCHANGED, etag='"b"'), NOW, middle)
    assert (after.etag, after.last_modified, after.body_hash) == ('"b"', "x", "1:a")


def test_a_body_without_validators_forgets_the_old_ones():
    after = after_poll(replace(FEED, etag='"a"'), changed(body_hash="1:b"), NOW, middle)
    assert after.etag is None


@pytest.mark.parametrize(
    ("before", "now", "lied"),
    [
        ({"etag": '"a"'}, {"etag": '"a"'}, True),
        ({"etag": '"a"'}, {"etag": '"b"'}, False),
        ({"last_modified": "x"}, {"last_modified": "x"}, True),
        ({"last_modified": "x"}, {"last_modified": "y"}, False),
        ({"etag": '"a"', "last_modified": "x"}, {"etag": '"b"', "last_modified": "x"}, False),
        ({}, {}, False),
    ],
)
def test_a_validator_repeated_over_a_changed_body_is_never_believed_again(before, now, lied):
    state = replace(FEED, body_hash="1:a", **before)
    outcome = changed(body_hash="1:b", **now)
    assert validator_lied(state, outcome) is lied
    after = after_poll(state, outcome, NOW, middle)
    assert after.validators_off is lied
    later = after_poll(after, changed(etag='"c"', body_hash="1:c"), NOW, middle)
    assert later.validators_off is lied
    assert (later.etag is None) is lied


def test_the_same_body_under_the_same_validator_is_no_lie():
    state = replace(FEED, etag='"a"', body_hash="1:a")
    assert not validator_lied(state, changed(etag='"a"', body_hash="1:a"))


def test_bytes_found_to_be_the_same_are_no_lie_whatever_they_are_hashed_with():
    state = replace(FEED, etag='"a"', body_hash="another recipe")
    same = PollOutcome(PollKind.UNCHANGED, status=200, etag='"a"', body_hash="1:a")
    after = after_poll(state, same, NOW, middle)
    assert not after.validators_off
    assert (after.etag, after.body_hash) == ('"a"', "1:a")
