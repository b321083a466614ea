"""What polling recorded of each feed: material for judging a poll policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from extractors.records import FeedHints
from storage.feeds import hints_of
from storage.session import Session

# An entry found years after its publication was in the feed's first body, and tells no rhythm.
_HISTORY = """
WITH listed AS (
    SELECT feed_id, max(entries) AS most, count(*) AS polls FROM polls GROUP BY feed_id
),
born AS (
    SELECT feed_id, list(published_at ORDER BY published_at) AS times,
           avg(epoch(first_seen_at - published_at)) / 60 AS delay_min,
           min(published_at) AS first_at, max(published_at) AS last_at
    FROM entries
    WHERE published_precision = 'instant' AND published_at <= first_seen_at
      AND source_kind = 'feed'
    GROUP BY feed_id
)
SELECT f.feed_id, b.times, greatest(l.most, 1), f.hints, l.polls, b.delay_min
FROM feeds f JOIN listed l USING (feed_id) JOIN born b USING (feed_id)
WHERE f.kind = 'feed'
ORDER BY f.feed_id
"""


@dataclass(frozen=True, slots=True)
class RecordedFeed:
    """One feed's record: publication times (UTC, sorted), the most entries it listed at once, its
    own timing words, how often it was polled, and the mean minutes until an entry was found.
    """

    feed_id: str
    born: tuple[datetime, ...]
    listed: int
    hints: FeedHints | None
    polls: int
    delay_min: float


def recorded_feeds(connection: Session) -> list[RecordedFeed]:
    """Read the record of every feed that ever gave a dated entry."""
    rows = connection.execute(_HISTORY).fetchall()
    return [
        RecordedFeed(feed, tuple(born), listed, hints_of(hints), polls, delay)
        for feed, born, listed, hints, polls, delay in rows
    ]
