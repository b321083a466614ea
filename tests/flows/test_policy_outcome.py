"""What a fetch means to the policy, and when a page is tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from extractors.records import FeedHints, Fetched, ParsedFeed, Reason, State
from flows.policy import (
    HOUR,
    PollKind,
    after_page,
    body_hash,
    is_soft,
    outcome_of,
    possible_gap,
)
from tests.flows.policy_feeds import FEED, NOW, URL, middle

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
