"""What a run did and how things stand, in numbers; for reports, `status` and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.rows import StageCount
from storage.session import Session as Connection


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One feed of a run that was slow or failed."""

    feed_id: str
    publisher: str | None
    url: str
    reason: str | None
    detail: str | None
    elapsed_ms: int


@dataclass(frozen=True, slots=True)
class TopicLine:
    """How many articles this run put on a topic, or found mentioning it."""

    topic_id: str
    on: int
    mention: int


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article this run put on a topic."""

    title: str | None
    url: str | None
    publisher: str | None
    topic_id: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run, summed up. `stages` are its balance by stage; reasons are counted by word."""

    run_id: str
    stages: dict[str, StageCount]
    entries_found: int
    entries_new: int
    rejected: dict[str, int]
    pages_failed: dict[str, int]
    topics: tuple[TopicLine, ...]
    new_on_topic: tuple[NewArticle, ...]
    failing: tuple[FeedLine, ...]
    slowest: tuple[FeedLine, ...]
    files_failed: tuple[tuple[str, str, str], ...]  # item, reason, detail
    waiting: int

    @property
    def changed(self) -> bool:
        """Whether anything but the run log and the polls changed."""
        moved = ("landed", "duplicate", "skipped", "rejected", "failed", "waiting")
        counts = [c for name, c in self.stages.items() if name != "poll"]
        return any(getattr(count, word) for count in counts for word in moved)


def run_report(connection: Connection, run_id: str) -> RunReport:
    """Sum one run up out of its rows."""
    stages = connection.execute(
        "SELECT stage, taken, landed, known, duplicate, skipped, rejected, failed, waiting "
        "FROM run_balance WHERE run_id = ?",
        [run_id],
    ).fetchall()
    found = connection.execute(
        "SELECT coalesce(sum(entries), 0), coalesce(sum(new_entries), 0) FROM polls "
        "JOIN feeds USING (feed_id) WHERE run_id = ? AND kind = 'feed'",
        [run_id],
    ).fetchone() or (0, 0)
    return RunReport(
        run_id=run_id,
        stages={row[0]: StageCount(*row) for row in stages},
        entries_found=found[0],
        entries_new=found[1],
        rejected=_reasons(connection, "article_reason", "article_state = 'rejected'", run_id),
        pages_failed=_reasons(connection, "reason", "state IN ('failed', 'waiting')", run_id),
        topics=_topics(connection, run_id),
        new_on_topic=_new_on_topic(connection, run_id),
        failing=_feeds(connection, run_id, "p.state = 'failed'", "f.feed_id", 1000),
        slowest=_feeds(
            connection,
            run_id,
            "p.elapsed_ms >= 1000 AND p.state <> 'failed'",
            "p.elapsed_ms DESC",
            5,
        ),
        files_failed=tuple(
            connection.execute(
                "SELECT item, reason, detail FROM failures WHERE run_id = ? AND stage = 'entry' "
                "ORDER BY item LIMIT 20",
                [run_id],
            ).fetchall()
        ),
        waiting=_one(connection, "SELECT count(*) FROM pages WHERE state = 'waiting'"),
    )


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run as `status` shows it."""

    run_id: str
    kind: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    detail: str | None
    landed: int


@dataclass(frozen=True, slots=True)
class Status:
    """How a desk stands."""

    runs: tuple[RunLine, ...]
    waiting: dict[str, int]  # reason ('new' when never tried) → pages
    feeds: dict[str, int]  # health → feeds
    failing: tuple[tuple[str, str | None, str | None], ...]  # url, reason, detail
    articles: int
    on_topic: dict[str, int]
    newest: datetime | None


def status_of(connection: Connection, runs: int = 8) -> Status:
    """Read how things stand out of a published copy."""
    lines = connection.execute(
        "SELECT r.run_id, r.kind, r.state, r.started_at, r.ended_at, r.detail, "
        "coalesce((SELECT sum(landed) FROM run_balance b WHERE b.run_id = r.run_id "
        "AND b.stage = 'article'), 0)::BIGINT FROM runs r ORDER BY r.started_at DESC LIMIT ?",
        [runs],
    ).fetchall()
    waiting = connection.execute(
        "SELECT coalesce(reason, 'new'), count(*) FROM waiting GROUP BY 1 ORDER BY 2 DESC"
    ).fetchall()
    feeds = connection.execute(
        "SELECT health, count(*) FROM feed_health GROUP BY 1 ORDER BY 2 DESC"
    ).fetchall()
    failing = connection.execute(
        "SELECT url, reason, detail FROM feed_health WHERE health IN ('failing', 'gone') "
        "ORDER BY failures DESC, url LIMIT 10"
    ).fetchall()
    topics = connection.execute(
        "SELECT topic_id, count(*) FROM topic_articles WHERE verdict = 'on' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    newest = connection.execute("SELECT max(first_seen_at) FROM articles").fetchone()
    return Status(
        runs=tuple(RunLine(*row) for row in lines),
        waiting=dict(waiting),
        feeds=dict(feeds),
        failing=tuple(failing),
        articles=_one(connection, "SELECT count(*) FROM news"),
        on_topic=dict(topics),
        newest=newest[0] if newest else None,
    )


def _one(connection: Connection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _reasons(connection: Connection, column: str, condition: str, run_id: str) -> dict[str, int]:
    rows = connection.execute(
        f"SELECT {column}, count(*) FROM pages WHERE run_id = ? AND {condition} "  # noqa: S608
        f"AND {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1",
        [run_id],
    ).fetchall()
    return dict(rows)


def _topics(connection: Connection, run_id: str) -> tuple[TopicLine, ...]:
    rows = connection.execute(
        "SELECT topic_id, count(*) FILTER (verdict = 'on'), count(*) FILTER (verdict = 'mention') "
        "FROM article_topics t JOIN news USING (article_id) WHERE t.run_id = ? "
        "GROUP BY 1 ORDER BY 1",
        [run_id],
    ).fetchall()
    return tuple(TopicLine(*row) for row in rows)


def _new_on_topic(connection: Connection, run_id: str) -> tuple[NewArticle, ...]:
    rows = connection.execute(
        "SELECT a.title, a.url, a.publisher, t.topic_id FROM article_topics t "
        "JOIN news a USING (article_id) WHERE t.run_id = ? AND t.verdict = 'on' "
        "ORDER BY t.topic_id, a.published_at DESC NULLS LAST, a.article_id LIMIT 50",
        [run_id],
    ).fetchall()
    return tuple(NewArticle(*row) for row in rows)


def _feeds(
    connection: Connection, run_id: str, condition: str, order: str, limit: int
) -> tuple[FeedLine, ...]:
    rows = connection.execute(
        "SELECT f.feed_id, f.publisher, p.url, p.reason, p.detail, coalesce(p.elapsed_ms, 0) "  # noqa: S608
        "FROM polls p JOIN feeds f USING (feed_id) WHERE p.run_id = ? AND f.kind = 'feed' "
        f"AND {condition} ORDER BY {order} LIMIT {limit}",
        [run_id],
    ).fetchall()
    return tuple(FeedLine(*row) for row in rows)
