"""A feed, what a poll of it may bring, and how long it waits then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from extractors.records import FeedState, Reason
from flows.policy import (
    PollKind,
    PollOutcome,
)

NOW = datetime(2023, 9, 13, 6, 0, tzinfo=UTC)  # a Wednesday
URL = "https://news.example/rss"
NEW_URL = "https://news.example/feed.xml"
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
