"""Taking an article out for good: rows and bytes go, a tombstone stays."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path

from extractors.records import WarcPosition
from storage.archive import drop_segment, read_record, remove_records, rewritten_segments
from storage.articles import take_out
from storage.errors import StorageError
from storage.landing import transaction
from storage.session import Session as Connection

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
    kept out too. Archived feed bodies that list it go with it. What is kept of a segment is written
    anew first; then the rows go and move in one transaction; the old segments go last, and what a
    crash leaves of them `finish_forgetting` deletes.
    """
    finish_forgetting(connection, root)
    found = connection.execute(_FIND, {"url": url, "article_id": article_id}).fetchall()
    pages = sorted({row[0] for row in found if row[0]})
    articles = sorted({row[1] for row in found if row[1]})
    records = connection.execute(
        "SELECT warc_file, warc_offset FROM pages "
        "WHERE page_id IN (SELECT unnest(?::VARCHAR[])) AND warc_file IS NOT NULL",
        [pages],
    ).fetchall()
    records += _feed_bodies(connection, root, pages, articles)
    moved = _without(root, records)
    with transaction(connection):
        _bury(connection, {*pages, page_id}, {*articles, article_id}, url, now)
        take_out(connection, articles)
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
        _move(connection, moved)
    for name in moved:
        drop_segment(root, name)
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


def finish_forgetting(connection: Connection, root: Path) -> int:
    """Delete what a removal that was killed left: segments written anew, or written and not used.

    Returns how many; one that a row points to is never touched.
    """
    left = [
        name
        for name in rewritten_segments(root)
        if not connection.execute(_POINTING, {"name": name}).fetchone()
    ]
    for name in left:
        drop_segment(root, name)
    return len(left)


_POINTING = """
SELECT 1 FROM pages WHERE warc_file = $name UNION ALL SELECT 1 FROM polls WHERE warc_file = $name
LIMIT 1
"""

Moves = dict[str, dict[int, tuple[str, int]]]


def _feed_bodies(
    connection: Connection, root: Path, pages: Sequence[str], articles: Sequence[str]
) -> list[tuple[str, int]]:
    """Where the archived bodies of feeds lie that list one of these, with its summary or text."""
    sightings = connection.execute(
        "SELECT feed_id, guid, link, url FROM entries "
        "WHERE page_id IN (SELECT unnest($pages::VARCHAR[])) "
        "OR article_id IN (SELECT unnest($articles::VARCHAR[]))",
        {"pages": pages, "articles": articles},
    ).fetchall()
    marks: dict[str, set[bytes]] = defaultdict(set)
    for feed_id, *names in sightings:
        for name in filter(None, names):
            marks[feed_id] |= {
                name.encode(),
                escape(name).encode(),
                json.dumps(name)[1:-1].encode(),
            }
    bodies = connection.execute(
        "SELECT feed_id, warc_file, warc_offset, warc_digest FROM polls "
        "WHERE warc_file IS NOT NULL AND feed_id IN (SELECT unnest(?::VARCHAR[]))",
        [list(marks)],
    ).fetchall()
    found = []
    for feed_id, name, offset, digest in bodies:
        try:
            body = read_record(root, WarcPosition(name, offset, digest)).body
        except StorageError:
            continue  # what cannot be read any more cannot be told from what is to go
        if any(mark in body for mark in marks[feed_id]):
            found.append((name, offset))
    return found


def _without(root: Path, records: Sequence[tuple[str, int]]) -> Moves:
    """Write the segments of these records anew without them; returns where the others moved."""
    by_file: dict[str, list[int]] = defaultdict(list)
    for name, offset in records:
        by_file[name].append(offset)
    return {
        name: remove_records(root, name, offsets)
        for name, offsets in by_file.items()
        if (root / name).exists()
    }


def _move(connection: Connection, moves: Moves) -> None:
    """Point rows at where their bytes are now; a poll whose body went keeps its row without."""
    for name, moved in moves.items():
        for table in ("pages", "polls"):
            kept = connection.execute(
                f"SELECT DISTINCT warc_offset FROM {table} WHERE warc_file = ?",  # noqa: S608
                [name],
            ).fetchall()
            for (old,) in kept:
                new_name, new_offset = moved.get(old, (None, None))
                connection.execute(
                    f"UPDATE {table} SET warc_file = ?, warc_offset = ? "  # noqa: S608
                    "WHERE warc_file = ? AND warc_offset = ?",
                    [new_name, new_offset, name, old],
                )
