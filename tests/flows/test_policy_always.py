"""Whatever comes, the bounds of the policy hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from extractors.records import FeedHints, FeedState, Fetched, ParsedFeed, Reason, State
from flows.policy import (
    DAY,
    WEEK,
    PollKind,
    PollOutcome,
    after_page,
    after_poll,
    outcome_of,
)
from tests.flows.policy_feeds import FEED, NEW_URL, NOW, URL, middle, wait_s

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
