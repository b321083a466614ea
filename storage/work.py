"""What is there to do: pages that wait, articles to judge again, news to announce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import itemgetter
from typing import Any

from storage.migrate import sql_text
from storage.rows import PageTask
from storage.session import Session as Connection
from storage.session import count_of, listed

Spans = tuple[tuple[datetime, datetime], ...]

# The pages first: the window over entries is to see theirs alone, however many there are.
_PAGES = """
WITH asked_for AS MATERIALIZED (
    SELECT p.page_id, p.url, p.attempts, p.first_attempt_at, p.first_seen_at, p.body_hash,
           p.fetch_url, p.unit_id
    FROM pages p WHERE {condition}
)
SELECT p.page_id, p.url, p.attempts, p.first_attempt_at, p.first_seen_at, p.body_hash,
       e.entry_id, e.guid, e.link, e.title, e.summary, e.content, e.authors, e.tags, e.image,
       e.language, e.published_at, e.published_raw, e.published_precision, e.modified_at,
       coalesce(e.source_kind, 'feed') AS source_kind,
       f.publisher AS feed_publisher, f.language AS feed_language, f.country AS feed_country,
       e.feed_id, p.fetch_url, p.unit_id
FROM asked_for p
LEFT JOIN (
    SELECT * FROM entries
    WHERE state IN ('landed', 'duplicate', 'rejected')
      AND page_id IN (SELECT page_id FROM asked_for)
    QUALIFY row_number() OVER (
        PARTITION BY page_id ORDER BY state = 'rejected', published_at NULLS LAST, entry_id
    ) = 1
) e USING (page_id)
LEFT JOIN feeds f USING (feed_id)
ORDER BY e.published_at DESC NULLS LAST, p.page_id
LIMIT $limit
"""


_FIELDS = [item.name for item in fields(PageTask) if item.name != "asked"]  # the last one
_AUTHORS, _TAGS = _FIELDS.index("authors"), _FIELDS.index("tags")


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page whose bytes are archived, with what its best entry says of it."""

    task: PageTask
    final_url: str | None
    fetched_at: datetime
    content_type: str | None
    last_modified: str | None
    warc_file: str
    warc_offset: int
    warc_digest: str
    state: str
    reason: str | None
    detail: str | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class ArticleText:
    """What a topic judges: the stored title and text, and what is known of them."""

    article_id: str
    title: str | None
    text: str
    text_hash: str
    language: str | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class OnTopic:
    """An article newly on a topic."""

    article_id: str
    url: str | None
    title: str | None
    publisher: str | None
    language: str | None
    published_at: datetime | None
    topic_id: str
    score: float


_HOST = "regexp_extract(coalesce(p.fetch_url, p.url), '^https?://([^/?#]+)', 1)"
_DUE = "p.state = 'waiting' AND p.next_at <= $now AND p.backlog IS NOT TRUE"
_DUE_BACKLOG = "p.state = 'waiting' AND p.next_at <= $now AND (p.backlog OR p.unit_id IS NOT NULL)"


def due_pages(
    connection: Connection, *, now: datetime, limit: int, hosts: Sequence[str] | None = None
) -> list[PageTask]:
    """Pages that wait and whose time has come, newest first; none that a backfill keeps back.

    With `hosts` ('host' or 'host:port'), only those that are fetched from these servers.
    """
    ours, bound = _of_servers(hosts)
    bound |= {"now": now, "limit": limit}
    return _tasks(connection, _PAGES.format(condition=_DUE + ours), bound)


def _of_servers(hosts: Sequence[str] | None) -> tuple[str, dict[str, object]]:
    """The condition that a page is fetched from these servers (None: any), and what it binds."""
    if hosts is None:
        return "", {}
    return f" AND {_HOST} IN (SELECT unnest($hosts::VARCHAR[]))", {"hosts": list(hosts)}


def waiting_hosts(connection: Connection, *, now: datetime, backlog: bool = False) -> list[str]:
    """The servers that pages which wait and are due are fetched from: 'host' or 'host:port'.

    With `backlog`, of the pages that backfills want.
    """
    due = _DUE_BACKLOG if backlog else _DUE
    query = f"SELECT DISTINCT {_HOST} FROM pages p WHERE {due}"  # noqa: S608  (our own text)
    return [row[0] for row in connection.execute(query, {"now": now}).fetchall()]


def backlog_pages(
    connection: Connection,
    *,
    now: datetime,
    limit: int,
    a_host: int,
    hosts: Sequence[str] | None = None,
) -> list[PageTask]:
    """Pages that backfills want and whose time has come, at most `a_host` from one server.

    With `hosts` ('host' or 'host:port'), only those that are fetched from these servers.
    """
    ours, bound = _of_servers(hosts)
    bound |= {"now": now, "limit": limit, "a_host": a_host}
    due = (
        f"p.page_id IN (SELECT p.page_id FROM pages p WHERE {_DUE_BACKLOG}{ours} QUALIFY "  # noqa: S608
        f"row_number() OVER (PARTITION BY {_HOST} ORDER BY p.next_at, p.page_id) <= $a_host)"
    )
    return _tasks(connection, _PAGES.format(condition=due), bound)


def tasks_without_bytes(
    connection: Connection, page_ids: Sequence[str], *, everything: bool = False
) -> list[PageTask]:
    """Those of these pages whose bytes are not in the archive, whatever became of them so far.

    With `everything`, the others as well.
    """
    wanted = "p.page_id IN (SELECT unnest($ids::VARCHAR[])) AND ($all OR p.warc_file IS NULL)"
    bound = {"ids": list(page_ids), "limit": len(page_ids), "all": everything}
    return _tasks(connection, _PAGES.format(condition=wanted), bound)


def stale_pages(
    connection: Connection, *, version: str, texts_version: str, after: str, limit: int
) -> list[StoredPage]:
    """Archived pages read by another extractor version, in page order after the id `after`.

    Dropped texts (files that are no HTML) have an extractor, and so a version, of their own.
    """
    stale = (
        "p.page_id > $after "
        "AND p.extractor_version IS DISTINCT FROM CASE WHEN starts_with(p.url, 'files:') "
        "AND p.content_type <> 'text/html' THEN $texts_version ELSE $version END"
    )
    bound = {"version": version, "texts_version": texts_version, "after": after, "limit": limit}
    return _stored(connection, stale, bound)


def revived_pages(connection: Connection, *, after: str, limit: int) -> list[StoredPage]:
    """Archived pages that a window had left out and that lie in one asked for since.

    In page order after the id `after`.
    """
    revived = (
        "p.page_id > $after AND p.article_state = 'skipped' "
        "AND p.article_reason = 'outside_window' AND EXISTS (SELECT 1 FROM entries e "
        "JOIN backfill_windows w USING (feed_id) WHERE e.page_id = p.page_id "
        "AND p.published_at >= w.from_at AND p.published_at < w.to_at)"
    )
    return _stored(connection, revived, {"after": after, "limit": limit})


def stored_pages(connection: Connection, page_ids: Sequence[str]) -> list[StoredPage]:
    """Those of these pages whose bytes are archived, in page order."""
    if not page_ids:
        return []
    wanted = "p.page_id IN (SELECT unnest($ids::VARCHAR[]))"
    return _stored(connection, wanted, {"ids": list(page_ids), "limit": len(page_ids)})


def _stored(connection: Connection, condition: str, bound: dict[str, object]) -> list[StoredPage]:
    columns = (
        "SELECT p.page_id, p.final_url, p.fetched_at, p.content_type, p.last_modified, "  # noqa: S608
        "p.warc_file, p.warc_offset, p.warc_digest, p.state, p.reason, p.detail, p.next_at "
        f"FROM pages p WHERE p.warc_file IS NOT NULL AND {condition} "
        "ORDER BY p.page_id LIMIT $limit"
    )
    found = {row[0]: row[1:] for row in connection.execute(columns, bound).fetchall()}
    if not found:
        return []
    sql = _PAGES.format(condition="p.page_id IN (SELECT unnest($ids::VARCHAR[]))")
    tasks = _tasks(connection, sql, {"ids": list(found), "limit": len(found)})
    ordered = sorted(tasks, key=lambda task: task.page_id)
    return [StoredPage(task, *found[task.page_id]) for task in ordered]


def unjudged_articles(
    connection: Connection, versions: dict[str, str], *, after: str, limit: int
) -> list[ArticleText]:
    """Articles some topic of `versions` (id → version) has not judged in that version and text."""
    rows = connection.execute(
        "WITH wanted AS (SELECT unnest($ids::VARCHAR[]) AS topic_id, "
        "unnest($versions::VARCHAR[]) AS topic_version), "
        "current AS (SELECT article_id, text_hash, count(*) AS topics FROM article_topics "
        "JOIN wanted USING (topic_id, topic_version) GROUP BY article_id, text_hash) "
        "SELECT a.article_id, a.title, a.text, a.text_hash, a.language, a.published_at "
        "FROM articles a LEFT JOIN current c USING (article_id, text_hash) "
        "WHERE a.article_id > $after AND coalesce(c.topics, 0) < len($ids::VARCHAR[]) "
        "ORDER BY a.article_id LIMIT $limit",
        {
            "ids": list(versions),
            "versions": list(versions.values()),
            "after": after,
            "limit": limit,
        },
    ).fetchall()
    return [ArticleText(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Standing:
    """A judgement as it stands: its verdict, and of which definition and text it is."""

    verdict: str
    topic_version: str
    text_hash: str


def judgements(
    connection: Connection, article_ids: Sequence[str]
) -> dict[tuple[str, str], Standing]:
    """The judgements that stand, by (article id, topic id)."""
    rows = connection.execute(
        "SELECT article_id, topic_id, verdict, topic_version, text_hash FROM article_topics "
        "WHERE article_id IN (SELECT unnest(?::VARCHAR[]))",
        [list(article_ids)],
    ).fetchall()
    return {(row[0], row[1]): Standing(*row[2:]) for row in rows}


def unannounced(connection: Connection, *, limit: int = 500) -> list[OnTopic]:
    """Articles from live feeds that are on a topic and were not announced yet, oldest first."""
    rows = connection.execute(
        "SELECT a.article_id, a.url, a.title, a.publisher, a.language, a.published_at, "
        "t.topic_id, t.score FROM article_topics t JOIN articles a USING (article_id) "
        "WHERE t.verdict = 'on' AND t.notified_at IS NULL AND a.source_kind = 'feed' "
        "ORDER BY a.published_at NULLS LAST, a.article_id, t.topic_id LIMIT ?",
        [limit],
    ).fetchall()
    return [OnTopic(*row) for row in rows]


def mark_announced(connection: Connection, items: Sequence[OnTopic], *, now: datetime) -> None:
    """Remember that these were announced."""
    connection.execute(
        "UPDATE article_topics SET notified_at = ? WHERE (article_id, topic_id) IN "
        "(SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]))",
        [now, [item.article_id for item in items], [item.topic_id for item in items]],
    )


def known_entries(connection: Connection, entry_ids: Sequence[str]) -> set[str]:
    """Which of these entries are stored already; what a window left out is news to a feed."""
    rows = connection.execute(
        "SELECT entry_id FROM entries WHERE entry_id IN (SELECT unnest(string_split(?, chr(31)))) "
        "AND reason IS DISTINCT FROM 'outside_window'",
        [listed(entry_ids)],
    ).fetchall()
    return {row[0] for row in rows}


def known_bodies(connection: Connection, page_ids: Sequence[str]) -> dict[str, str]:
    """The body digests of those of these pages that are stored, by page id."""
    rows = connection.execute(
        "SELECT page_id, body_hash FROM pages "
        "WHERE body_hash IS NOT NULL AND page_id IN (SELECT unnest(string_split(?, chr(31))))",
        [listed(page_ids)],
    ).fetchall()
    return dict(rows)


def known_hashes(connection: Connection, entry_ids: Sequence[str]) -> dict[str, str]:
    """The content hashes of those of these entries that are stored, by entry id."""
    rows = connection.execute(
        "SELECT entry_id, content_hash FROM entries "
        "WHERE entry_id IN (SELECT unnest(string_split(?, chr(31))))",
        [listed(entry_ids)],
    ).fetchall()
    return dict(rows)


def done_pages(connection: Connection, page_ids: Sequence[str]) -> set[str]:
    """Which of these pages do not wait to be fetched."""
    rows = connection.execute(
        "SELECT page_id FROM pages WHERE state <> 'waiting' "
        "AND page_id IN (SELECT unnest(string_split(?, chr(31))))",
        [listed(page_ids)],
    ).fetchall()
    return {row[0] for row in rows}


def forgotten_ids(connection: Connection) -> set[str]:
    """The ids of all pages and articles with a tombstone: their bytes are not to be kept."""
    rows = connection.execute(
        "SELECT page_id FROM tombstones WHERE page_id IS NOT NULL "
        "UNION SELECT article_id FROM tombstones WHERE article_id IS NOT NULL"
    ).fetchall()
    return {row[0] for row in rows}


def release_unlikely(connection: Connection, *, run_id: str, now: datetime) -> int:
    """Let the pages that the topic gate passed over wait to be fetched; returns how many entries.

    Their entries become sightings like any other.
    """
    bound = {"run_id": run_id, "now": now}
    connection.execute(
        "INSERT INTO pages BY NAME SELECT page_id, any_value(url) AS url, "
        "regexp_extract(any_value(url), '^https?://([^/?#]+)', 1) AS host, 'waiting' AS state, "
        "0 AS attempts, $now::TIMESTAMPTZ AS next_at, $now::TIMESTAMPTZ AS first_seen_at, "
        "$run_id AS run_id FROM entries WHERE reason = 'unlikely' "
        "AND page_id NOT IN (SELECT page_id FROM pages) GROUP BY page_id",
        bound,
    )
    released = count_of(
        connection,
        "UPDATE entries SET state = 'landed', reason = NULL, run_id = ?, "
        "article_id = (SELECT p.article_id FROM pages p WHERE p.page_id = entries.page_id) "
        "WHERE reason = 'unlikely'",
        [run_id],
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE stage_touched AS SELECT DISTINCT "
        "coalesce(article_id, page_id) AS story FROM entries WHERE run_id = ?",
        [run_id],
    )
    connection.execute(sql_text("landing", "sightings"))
    return released


def _tasks(connection: Connection, sql: str, bound: dict[str, object]) -> list[PageTask]:
    rows = connection.execute(sql, bound).fetchall()
    columns = [item[0] for item in connection.description]
    chosen = itemgetter(*map(columns.index, ("page_id", "unit_id", *_FIELDS)))
    placed = [chosen(row) for row in rows]
    asked = _asked(connection, [page_id for page_id, unit_id, *_ in placed if unit_id])
    return [_task(*row, asked=asked) for row in placed]


def _task(page_id: str, unit_id: str | None, *values: Any, asked: dict[str, Spans]) -> PageTask:
    given = list(values)
    given[_AUTHORS], given[_TAGS] = tuple(given[_AUTHORS] or ()), tuple(given[_TAGS] or ())
    given.append(asked.get(page_id, ()) if unit_id else None)
    return PageTask(*given)


def _asked(connection: Connection, page_ids: list[str]) -> dict[str, Spans]:
    """The windows asked of the sources that name these pages."""
    if not page_ids:
        return {}
    rows = connection.execute(
        "SELECT DISTINCT e.page_id, w.from_at, w.to_at FROM entries e "
        "JOIN backfill_windows w USING (feed_id) "
        "WHERE e.page_id IN (SELECT unnest(string_split(?, chr(31)))) ORDER BY ALL",
        [listed(page_ids)],
    ).fetchall()
    found: dict[str, Spans] = {}
    for page_id, start, end in rows:
        found[page_id] = (*found.get(page_id, ()), (start, end))
    return found
