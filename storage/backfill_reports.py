"""What backfills did and how they stand, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from storage.backfill import Group
from storage.columnar import arriving, arrow_of
from storage.session import Session as Connection


@dataclass(frozen=True, slots=True)
class SourceLine:
    """The units of one source that a backfill is about; counts are of all of them together."""

    source: str
    planned: int
    running: int
    done: int
    failed: int
    skipped: int
    found: int
    new: int
    outside: int
    passed: int
    on_topic: int

    @property
    def units(self) -> int:
        """How many there are."""
        return self.planned + self.running + self.done + self.failed + self.skipped


@dataclass(frozen=True, slots=True)
class FailedUnit:
    """A unit that failed, and why."""

    source: str
    url: str
    reason: str
    detail: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class DayLine:
    """The articles of one day of publication (UTC; None when not known) that a run landed."""

    day: date | None
    articles: int
    on_topic: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A possible gap: nothing that a feed showed at `before_at` had been seen at `after_at`."""

    feed_id: str
    after_at: datetime
    before_at: datetime


def source_lines(connection: Connection, groups: Sequence[Group]) -> tuple[SourceLine, ...]:
    """Sum up the units of these groups by source."""
    with arriving(connection, groups=arrow_of(Group, list(groups))):
        rows = connection.execute(
            "SELECT source, count(*) FILTER (state = 'planned'), "
            "count(*) FILTER (state = 'running'), count(*) FILTER (state = 'done'), "
            "count(*) FILTER (state = 'failed'), count(*) FILTER (state = 'skipped'), "
            "coalesce(sum(found), 0)::BIGINT, "
            "coalesce(sum(new), 0)::BIGINT, coalesce(sum(outside), 0)::BIGINT, "
            "coalesce(sum(passed), 0)::BIGINT, coalesce(sum(on_topic), 0)::BIGINT "
            "FROM backfill_units JOIN arriving_groups USING (family, from_at, to_at) "
            "GROUP BY source ORDER BY source"
        ).fetchall()
    return tuple(SourceLine(*row) for row in rows)


def failed_units(
    connection: Connection, groups: Sequence[Group], limit: int = 50
) -> tuple[FailedUnit, ...]:
    """The failed units of these groups."""
    with arriving(connection, groups=arrow_of(Group, list(groups))):
        rows = connection.execute(
            "SELECT source, url, reason, detail, attempts FROM backfill_units "
            "JOIN arriving_groups USING (family, from_at, to_at) "
            "WHERE state = 'failed' ORDER BY source, url LIMIT ?",
            [limit],
        ).fetchall()
    return tuple(FailedUnit(*row) for row in rows)


def day_lines(connection: Connection, run_id: str) -> tuple[DayLine, ...]:
    """The articles that a run landed, by the day of publication in UTC."""
    rows = connection.execute(
        "SELECT (a.published_at AT TIME ZONE 'UTC')::DATE AS day, count(DISTINCT a.article_id), "
        "count(DISTINCT t.article_id) FROM articles a LEFT JOIN article_topics t "
        "ON t.article_id = a.article_id AND t.verdict = 'on' WHERE a.run_id = ? "
        "GROUP BY day ORDER BY day NULLS LAST",
        [run_id],
    ).fetchall()
    return tuple(DayLine(*row) for row in rows)


def backlog_sizes(connection: Connection, now: datetime) -> tuple[int, int]:
    """How many pages of backfills wait: those due now, and those to be tried again later."""
    row = connection.execute(
        "SELECT count(*) FILTER (next_at <= $now), count(*) FILTER (next_at > $now) FROM pages "
        "WHERE state = 'waiting' AND (backlog OR unit_id IS NOT NULL)",
        {"now": now},
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def recorded_gaps(connection: Connection) -> tuple[Gap, ...]:
    """The possible gaps that polls have noted, oldest first; a first poll cannot tell any."""
    rows = connection.execute(
        "SELECT feed_id, after_at, before_at FROM possible_gaps "
        "WHERE after_at IS NOT NULL AND before_at > after_at ORDER BY after_at, feed_id"
    ).fetchall()
    return tuple(Gap(*row) for row in rows)


def entries_a_day(connection: Connection, feed_ids: Sequence[str]) -> dict[str, float]:
    """How many entries a day each of these feeds has lately published, where that is known."""
    rows = connection.execute(
        "SELECT feed_id, count(*) / (1 + date_diff('day', min(published_at), max(published_at))) "
        "FROM entries WHERE feed_id IN (SELECT unnest(?::VARCHAR[])) "
        "AND published_at IS NOT NULL AND source_kind = 'feed' GROUP BY 1 HAVING count(*) >= 3",
        [list(feed_ids)],
    ).fetchall()
    return dict(rows)
