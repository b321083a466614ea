"""Taking an article out for good: rows and bytes go, a tombstone stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from storage.archive import drop_segment, remove_records
from storage.landing import transaction

Connection = duckdb.DuckDBPyConnection

_OF_ARTICLES = (
    "articles",
    "article_versions",
    "article_dates",
    "article_candidates",
    "article_topics",
    "article_groups",
    "article_signatures",
    "article_bands",
)

_FIND = """
WITH named AS (
    SELECT article_id FROM articles WHERE url = $url OR canonical_url = $url
    UNION SELECT article_id FROM pages WHERE url = $url OR final_url = $url
    UNION SELECT $article_id
)
SELECT DISTINCT p.page_id, p.article_id FROM pages p
WHERE p.article_id IN (SELECT article_id FROM named WHERE article_id IS NOT NULL)
   OR p.url = $url OR p.final_url = $url
UNION SELECT NULL, article_id FROM articles WHERE article_id IN (SELECT article_id FROM named)
"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was taken out."""

    articles: int
    pages: int
    records: int


def forget(
    connection: Connection,
    root: Path,
    *,
    url: str,
    page_id: str,
    article_id: str,
    now: datetime,
) -> Forgotten:
    """Remove the article at a cleaned URL with everything made of it, and leave a tombstone.

    `page_id` and `article_id` are the ids that the URL would have, so that one that never landed is
    kept out too. The bytes go last: their rows are gone by then, and what is kept of a segment has
    its rows pointed to the new one before the old one is deleted.
    """
    found = connection.execute(_FIND, {"url": url, "article_id": article_id}).fetchall()
    pages = sorted({row[0] for row in found if row[0]})
    articles = sorted({row[1] for row in found if row[1]})
    records = connection.execute(
        "SELECT warc_file, warc_offset FROM pages "
        "WHERE page_id IN (SELECT unnest(?::VARCHAR[])) AND warc_file IS NOT NULL",
        [pages],
    ).fetchall()
    with transaction(connection):
        _bury(connection, {*pages, page_id}, {*articles, article_id}, url, now)
        for table in _OF_ARTICLES:
            connection.execute(
                f"DELETE FROM {table} WHERE article_id IN (SELECT unnest(?::VARCHAR[]))",  # noqa: S608
                [articles],
            )
        connection.execute(
            "UPDATE entries SET state = 'skipped', reason = 'forgotten', title = NULL, "
            "summary = NULL, content = NULL, authors = NULL, tags = NULL, image = NULL, "
            "article_id = NULL, page_id = NULL "
            "WHERE page_id IN (SELECT unnest($pages::VARCHAR[])) "
            "OR article_id IN (SELECT unnest($articles::VARCHAR[]))",
            {"pages": [*pages, page_id], "articles": articles},
        )
        connection.execute(
            "DELETE FROM pages WHERE page_id IN (SELECT unnest(?::VARCHAR[]))", [pages]
        )
    _cut(connection, root, records)
    return Forgotten(len(articles), len(pages), len(records))


def _bury(
    connection: Connection, pages: set[str], articles: set[str], url: str, now: datetime
) -> None:
    connection.execute(
        "INSERT INTO tombstones BY NAME SELECT page_id, article_id, ? AS url, "
        "?::TIMESTAMPTZ AS forgotten_at FROM (SELECT unnest(?::VARCHAR[]) AS page_id, "
        "NULL AS article_id UNION ALL SELECT NULL, unnest(?::VARCHAR[])) n "
        "WHERE NOT EXISTS (SELECT 1 FROM tombstones t WHERE t.page_id = n.page_id "
        "OR t.article_id = n.article_id)",
        [url, now, sorted(pages), sorted(articles)],
    )


def _cut(connection: Connection, root: Path, records: Sequence[tuple[str, int]]) -> None:
    by_file: dict[str, list[int]] = defaultdict(list)
    for name, offset in records:
        by_file[name].append(offset)
    for name, offsets in by_file.items():
        if not (root / name).exists():
            continue
        moved = remove_records(root, name, offsets)
        with transaction(connection):
            for table in ("pages", "polls"):
                for old, (new_name, new_offset) in moved.items():
                    connection.execute(
                        f"UPDATE {table} SET warc_file = ?, warc_offset = ? "  # noqa: S608
                        "WHERE warc_file = ? AND warc_offset = ?",
                        [new_name, new_offset, name, old],
                    )
        drop_segment(root, name)
