"""When a feed is polled next: every rule with a feed that shows it, and bounds that always hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.records import FeedHints, FeedState, Fetched, ParsedFeed, Reason, State
from flows.policy import (
    DAY,
    HOUR,
    WEEK,
    PollKind,
    PollOutcome,
    after_page,
    after_poll,
    body_hash,
    changes,
    is_soft,
    outcome_of,
    possible_gap,
    validator_lied,
)

NOW = datetime(2023, 9, 13, 6, 0, tzinfo=UTC)  # a Wednesday
URL = "https://news.example/rss"
FEED = FeedState(
    "f_1",
    URL,
    next_poll_at=NOW,
    last_polled_at=NOW - timedelta(hours=1),
    last_ok_at=NOW - timedelta(hours=1),
)


def middle() -> float:
    return 0.5


def changed(entries=20, new=0, **more):
    return PollOutcome(PollKind.CHANGED, status=200, entries=entries, new_entries=new, **more)


def failed(reason, **more):
    return PollOutcome(PollKind.FAILED, reason=reason, **more)


UNCHANGED = PollOutcome(PollKind.UNCHANGED, status=304)
OFFLINE = PollOutcome(PollKind.OFFLINE, reason=Reason.OFFLINE)


def wait_s(state, now=NOW):
    return (state.next_poll_at - now).total_seconds()


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

NEW_URL = "https://news.example/feed.xml"


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


# out of a fetch


def fetched(status=200, body=b"<rss/>", headers=(), **more):
    return Fetched(URL, URL, status, tuple(headers), body, fetched_at=NOW, **more)


def test_a_parsed_body_is_a_change_with_its_counts_and_words():
    parsed = ParsedFeed("rss20", hints=FeedHints(ttl_s=60))
    headers = [
        ("etag", '"a"'),
        ("last-modified", "Tue, 12 Sep 2023 06:00:00 GMT"),
        ("cache-control", "max-age=600"),
        ("age", "100"),
        ("date", "Wed, 13 Sep 2023 09:00:00 GMT"),
        ("expires", "Wed, 13 Sep 2023 10:00:00 GMT"),
    ]
    outcome = outcome_of(fetched(headers=headers), parsed, 3, 17)
    assert outcome.kind is PollKind.CHANGED
    assert (outcome.entries, outcome.new_entries) == (20, 3)
    assert outcome.hints == FeedHints(ttl_s=60)
    assert outcome.max_age_s == 500
    assert outcome.expires == NOW + timedelta(hours=1)  # by the server's own, wrong, clock
    assert (outcome.etag, outcome.body_hash) == ('"a"', body_hash(b"<rss/>"))


@pytest.mark.parametrize("status", [304, 200])
def test_nothing_parsed_and_nothing_wrong_is_unchanged(status):
    outcome = outcome_of(fetched(status, b"" if status == 304 else b"same"), None, 0, 0)
    assert (outcome.kind, outcome.entries, outcome.hints) == (PollKind.UNCHANGED, 0, None)
    assert (outcome.body_hash is None) is (status == 304)


def test_what_the_network_or_the_parser_says_is_a_failure():
    net = outcome_of(fetched(503, reason=Reason.THROTTLED, retry_after_s=9), None, 0, 0)
    assert (net.kind, net.reason, net.retry_after_s) == (PollKind.FAILED, Reason.THROTTLED, 9)
    bad = outcome_of(fetched(), ParsedFeed("", reason=Reason.NOT_A_FEED, detail="HTML"), 0, 0)
    assert (bad.kind, bad.reason, bad.detail) == (PollKind.FAILED, Reason.NOT_A_FEED, "HTML")
    off = outcome_of(fetched(None, reason=Reason.OFFLINE), None, 0, 0)
    assert off.kind is PollKind.OFFLINE


A, B, C = (f"https://news.example/{x}" for x in "abc")


@pytest.mark.parametrize(
    ("hops", "target"),
    [
        ((), None),
        (((301, A),), C),
        (((308, A), (301, B)), C),
        (((301, A), (302, B)), B),
        (((302, A), (301, B)), None),
        (((307, A),), None),
        (((303, A),), None),
    ],
)
def test_only_an_unbroken_row_of_permanent_redirects_leads_to_a_new_address(hops, target):
    answer = Fetched(A, C, 200, body=b"x", hops=hops, fetched_at=NOW)
    assert outcome_of(answer, ParsedFeed("rss20"), 0, 0).permanent_redirect_to == target


def test_a_failure_behind_a_redirect_is_no_sighting():
    answer = Fetched(A, C, 404, hops=((301, A),), reason=Reason.NOT_FOUND, fetched_at=NOW)
    assert outcome_of(answer, None, 0, 0).permanent_redirect_to is None


def test_a_lie_is_noticed_when_the_previous_state_is_given():
    state = replace(FEED, etag='"a"', body_hash=body_hash(b"old"))
    answer = fetched(headers=[("etag", '"a"')])
    outcome = outcome_of(answer, ParsedFeed("rss20"), 0, 0, previous=state)
    assert outcome.validator_repeated_but_body_changed


@pytest.mark.parametrize(
    ("before", "now", "gap"),
    [("abc", "def", True), ("abc", "cde", False), ("", "def", False), ("abc", "", False)],
)
def test_a_poll_that_overlaps_nothing_may_have_lost_something(before, now, gap):
    assert possible_gap(before, now) is gap


# pages


def test_a_soft_failure_of_a_page_gets_three_more_tries_over_a_day():
    tries, now = [], NOW
    for attempts in range(1, 5):
        state, then = after_page(attempts, NOW, Reason.TIMEOUT, now, middle)
        tries.append((state, then and round((then - NOW).total_seconds() / HOUR, 1)))
        now = then or now
    assert [state for state, _ in tries] == [State.WAITING] * 3 + [State.FAILED]
    hours = [at for _, at in tries[:3]]
    assert hours[0] < 1.2
    assert 5.9 < hours[1] < 6.6
    assert 24 <= hours[2] < 25.5


@pytest.mark.parametrize("reason", [r for r in Reason if not is_soft(r)])
def test_a_hard_failure_of_a_page_gets_no_other_try(reason):
    assert after_page(1, NOW, reason, NOW, middle) == (State.FAILED, None)


def test_a_page_that_our_own_outage_hit_waits_whatever_was_tried():
    state, then = after_page(9, NOW - timedelta(days=3), Reason.OFFLINE, NOW, middle)
    assert state is State.WAITING
    assert timedelta(minutes=15) <= then - NOW <= timedelta(minutes=17)


def test_a_page_waits_as_long_as_its_server_asked():
    _, then = after_page(1, NOW, Reason.THROTTLED, NOW, middle, retry_after_s=3 * HOUR)
    assert timedelta(hours=3) <= then - NOW <= timedelta(hours=3.3)


def test_a_page_whose_plan_is_long_past_is_tried_soon_and_not_at_once():
    _, then = after_page(2, NOW - timedelta(days=30), Reason.DNS, NOW, middle)
    assert timedelta(minutes=10) <= then - NOW <= timedelta(minutes=11)


# whatever comes

_TIMES = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
_SECONDS = st.integers(-10, 2 * 366 * DAY)
_HINTS = st.builds(
    FeedHints,
    ttl_s=st.none() | _SECONDS,
    skip_hours=st.lists(st.integers(0, 23), max_size=24).map(tuple),
    skip_days=st.lists(st.integers(0, 6), max_size=7).map(tuple),
    update_period_s=st.none() | _SECONDS,
)
_URLS = st.sampled_from([URL, NEW_URL, "http://news.example/", ""])
_STATES = st.builds(
    FeedState,
    feed_id=st.just("f_1"),
    url=_URLS,
    etag=st.none() | st.text(max_size=3),
    body_hash=st.sampled_from([None, "1:a", "1:b"]),
    validators_off=st.booleans(),
    interval_s=st.integers(-5, 10 * WEEK),
    min_interval_s=st.integers(-5, 2 * WEEK),
    max_interval_s=st.integers(-5, 2 * WEEK),
    next_poll_at=st.none() | _TIMES,
    last_polled_at=st.none() | _TIMES,
    last_ok_at=st.none() | _TIMES,
    failures=st.floats(-5, 1e9),
    redirect_url=st.none() | _URLS,
    redirect_days=st.integers(0, 5),
    redirect_seen_at=st.none() | _TIMES,
    gone_days=st.integers(0, 5),
    gone_seen_at=st.none() | _TIMES,
    gone=st.booleans(),
    hints=st.none() | _HINTS,
)
_OUTCOMES = st.builds(
    PollOutcome,
    kind=st.sampled_from(PollKind),
    reason=st.none() | st.sampled_from(Reason),
    status=st.sampled_from([None, 200, 304, 404]),
    entries=st.integers(-1, 3000),
    new_entries=st.integers(-1, 3000),
    hints=st.none() | _HINTS,
    max_age_s=st.none() | _SECONDS,
    expires=st.none() | _TIMES,
    retry_after_s=st.none() | _SECONDS,
    permanent_redirect_to=st.none() | _URLS,
    etag=st.none() | st.text(max_size=3),
    body_hash=st.sampled_from([None, "1:a", "1:b"]),
    validator_repeated_but_body_changed=st.booleans(),
)


@given(_STATES, _OUTCOMES, _TIMES, st.floats(0, 1, exclude_max=True))
def test_whatever_comes_the_next_poll_is_planned_inside_the_bounds(state, outcome, now, r):
    after = after_poll(state, outcome, now, lambda: r)
    low = max(60, state.min_interval_s)
    high = max(low, state.max_interval_s)
    longest = max(high, WEEK) if outcome.kind is PollKind.FAILED else high
    assert low - 0.001 <= wait_s(after, now) <= longest + 0.001
    if outcome.kind in (PollKind.CHANGED, PollKind.UNCHANGED):
        assert low <= after.interval_s <= high
        assert after.failures == 0
    assert (after.feed_id, after.min_interval_s, after.max_interval_s) == (
        state.feed_id,
        state.min_interval_s,
        state.max_interval_s,
    )
    assert after_poll(state, outcome, now, lambda: r) == after


@given(
    st.integers(-3, 20),
    _TIMES,
    st.sampled_from(Reason),
    _TIMES,
    st.floats(0, 1, exclude_max=True),
    st.none() | _SECONDS,
)
def test_whatever_comes_a_page_waits_for_a_later_time_or_has_failed(
    attempts, first_at, reason, now, r, retry
):
    state, then = after_page(attempts, first_at, reason, now, lambda: r, retry_after_s=retry)
    if state is State.WAITING:
        assert now < then <= now + timedelta(days=8)
    else:
        assert (state, then) == (State.FAILED, None)


@given(
    st.sampled_from([None, 200, 304, 404]),
    st.binary(max_size=20),
    st.lists(
        st.tuples(
            st.sampled_from(["cache-control", "expires", "date", "age", "etag"]),
            st.one_of(st.text(max_size=30), st.just("Fri, 31 Dec 9999 23:59:59 GMT")),
        ),
        max_size=5,
    ),
    st.lists(st.tuples(st.sampled_from([301, 302, 307, 308]), _URLS), max_size=4).map(tuple),
)
def test_whatever_a_server_sends_there_is_an_outcome_to_plan_with(status, body, headers, hops):
    answer = Fetched(URL, NEW_URL, status, tuple(headers), body, fetched_at=NOW, hops=hops)
    outcome = outcome_of(answer, ParsedFeed("rss20"), 1, 2, previous=FEED)
    assert after_poll(FEED, outcome, NOW, middle).next_poll_at > NOW
