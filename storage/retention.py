"""What is old enough to go: polls, pages' rows, archive segments. Articles are never touched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage.archive import drop_segment
from storage.landing import transaction
from storage.session import Session as Connection
from storage.session import count_of

# Segments lie in the folder of the month they were begun in.
_MONTH = re.compile(r"(?P<year>\d{4})/(?P<month>\d{2})/")


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many polls and pages' rows and archive segments went."""

    polls: int = 0
    pages: int = 0
    segments: int = 0


def drop_polls(connection: Connection, before: datetime) -> int:
    """Delete polls made before that time, but for the last one of each feed; returns how many."""
    return count_of(
        connection,
        "DELETE FROM polls WHERE polled_at < ? AND (feed_id, polled_at) NOT IN "
        "(SELECT (feed_id, max(polled_at)) FROM polls GROUP BY feed_id)",
        [before],
    )


def drop_pages(connection: Connection, before: datetime) -> int:
    """Delete the rows of pages settled before that time; returns how many.

    Their entries and articles stay and name no page any more. A page that waits stays.
    """
    old = "SELECT page_id FROM pages WHERE state <> 'waiting' AND fetched_at < $before"
    with transaction(connection):
        for table in ("entries", "articles"):
            connection.execute(
                f"UPDATE {table} SET page_id = NULL WHERE page_id IN ({old})",  # noqa: S608
                {"before": before},
            )
        return count_of(
            connection,
            f"DELETE FROM pages WHERE page_id IN ({old})",  # noqa: S608
            {"before": before},
        )


def old_segments(root: Path, before: datetime) -> list[str]:
    """The segments of months that were over before that time, by name."""
    names = (path.relative_to(root).as_posix() for path in root.rglob("*.warc.gz"))
    return sorted(name for name in names if _over(name) <= before)


def drop_segments(connection: Connection, root: Path, names: list[str]) -> int:
    """Delete segments, after marking the rows that point to them; returns how many.

    A marked row has no `warc_file` and keeps its digest, so what its bytes were can be told from
    bytes that were never kept.
    """
    with transaction(connection):
        for table in ("pages", "polls"):
            connection.execute(
                f"UPDATE {table} SET warc_file = NULL, warc_offset = NULL "  # noqa: S608
                "WHERE warc_file IN (SELECT unnest(?::VARCHAR[]))",
                [names],
            )
    for name in names:
        drop_segment(root, name)
    return len(names)


def _over(name: str) -> datetime:
    """When the month a segment was begun in was over; never, for a name without a month."""
    found = _MONTH.match(name)
    if found is None:
        return datetime.max.replace(tzinfo=UTC)
    begun = datetime(int(found["year"]), int(found["month"]), 1, tzinfo=UTC)
    return (begun + timedelta(days=31)).replace(day=1)
