"""'The same tables': what two runs that did the same work must have in common, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

# Who did it and when it was seen may differ, and where the bytes lie; nothing else may.
_LEFT_OUT = {
    "run_id",
    "first_seen_at",
    "changed_at",
    "first_attempt_at",
    "next_at",
    "fetched_at",
    "elapsed_ms",
    "replaced_at",
    "judged_at",
    "notified_at",
    "warc_file",
    "warc_offset",
    # Which of a backfill's units met it first, and which of several captures was taken.
    "unit_id",
    "fetch_url",
}
TABLES = (
    "entries",
    "pages",
    "articles",
    "article_dates",
    "article_candidates",
    "article_versions",
    "article_topics",
    "article_groups",
)


def tables_of(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Each table's rows, sorted, without what may differ."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return tables_in(connection)


def tables_in(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """The same out of an open connection."""
    return {table: _rows(connection, table) for table in TABLES}


def assert_same_tables(one: Path, other: Path) -> None:
    """Fail with the first rows that differ."""
    left, right = tables_of(one), tables_of(other)
    for table in TABLES:
        only_left = [row for row in left[table] if row not in right[table]][:2]
        only_right = [row for row in right[table] if row not in left[table]][:2]
        assert left[table] == right[table], f"{table}: {only_left} against {only_right}"


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    names = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
    kept = ", ".join(f'"{name}"' for name in names if name not in _LEFT_OUT)
    return sorted(connection.execute(f"SELECT {kept} FROM {table}").fetchall(), key=repr)
